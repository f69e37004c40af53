"""A road closes while cars are late on their way, in the coarse model: all get out, and who drove where is recorded.

SUMO 1.28 ends with SIGSEGV there when it writes that, where a car looks for yet another way on the same road.

Main Street runs from a0 to a20 in pieces of 300 m. From there a road of 100 m goes to each of three exits.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from evac.overlay import Overlay
from evac.plans.timetable import FLEEING, Closing, Timetable
from evac.simulate.meso import Meso
from plan_town import Town, cars, town
from stays import stays

PIECES, CARS = 20, 60
EXITS = {"n": (300.0 * PIECES, 100.0), "e": (300.0 * PIECES + 100.0, 0.0), "s": (300.0 * PIECES, -100.0)}


def _place(folder: Path) -> Town:
    main = {f"a{number}": (300.0 * number, 0.0) for number in range(PIECES + 1)}
    last = f"a{PIECES}"
    streets = [(" ".join(main), "Main", 1), *((f"{last} {end}", end.upper(), 1) for end in EXITS)]
    return town(folder / "town", main | EXITS, streets, {end.upper(): f"{last}{end}" for end in EXITS})


@pytest.mark.parametrize("end", EXITS)
def test_who_is_sent_elsewhere_late_on_the_way_gets_out_and_has_driven_each_road_once(tmp_path: Path, end: str) -> None:
    place, last = _place(tmp_path), f"a{PIECES}"
    closing = Closing("front", 480.0, None, (f"{last}{end}_0", f"{end}{last}_0"), (FLEEING,))
    overlay = Overlay(place.network, Timetable(closings=(closing,)), ())
    trips, run = place.drive(overlay, cars("a0a1", CARS, every_s=5.0, length_m=200.0), router="CCH", meso=Meso())
    assert len(trips) == CARS
    assert trips["arrived_s"].notna().all()
    straight = [f"a{number}a{number + 1}" for number in range(PIECES)]
    driven = Counter(stay.edge for stay in stays(run))
    assert {edge: driven[edge] for edge in straight} == dict.fromkeys(straight, CARS)


@pytest.mark.parametrize(("first", "second"), [("n", "e"), ("n", "s"), ("e", "s"), ("e", "n"), ("s", "e"), ("s", "n")])
def test_who_would_be_sent_elsewhere_twice_on_one_road_is_told_of_the_second_on_the_next(
    tmp_path: Path, first: str, second: str
) -> None:
    """Two of the three exits close four seconds apart, while everybody is on the way: all leave by the third."""
    place, last = _place(tmp_path), f"a{PIECES}"
    closings = [
        Closing("front", at_s, None, (f"{last}{end}_0", f"{end}{last}_0"), (FLEEING,))
        for at_s, end in ((350.0, first), (354.0, second))
    ]
    overlay = Overlay(place.network, Timetable(closings=tuple(closings)), ())
    trips, run = place.drive(overlay, cars("a0a1", CARS, every_s=5.0, length_m=200.0), router="CCH", meso=Meso())
    assert trips["arrived_s"].notna().all()
    straight = [f"a{number}a{number + 1}" for number in range(PIECES)]
    driven = Counter(stay.edge for stay in stays(run))
    assert {edge: driven[edge] for edge in straight} == dict.fromkeys(straight, CARS)
    (third,) = set(EXITS) - {first, second}
    assert driven[f"{last}{third}"] == CARS
