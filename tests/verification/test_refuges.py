"""Refuges against theory: who ends where when a front takes the only way out, and a refuge has room for c of N cars.

Main Street runs from a over b and c to the exit at d; Side Street from b to the refuge at e, and on to a second one at
f. The front takes c-d. Of N cars that are still to come then, c find a place in the first refuge, and the others are
turned on: to the second one, or, where there is none, they stand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evac.demand.starts import ANY_REFUGE
from evac.hazards.refuges import ResolvedRefuge
from evac.measure.trips import vehicle_results
from evac.overlay import Overlay
from evac.plans.timetable import FLEEING, Closing, Timetable
from evac.simulate.meso import Meso
from plan_town import Town, cars, town

CARS, CLOSES_S = 120, 300.0
NODES = {"a": (0.0, 0.0), "b": (1000.0, 0.0), "c": (1500.0, 0.0), "d": (2500.0, 0.0), "e": (1000.0, 400.0)}
NODES |= {"f": (1000.0, 900.0)}


def _place(folder: Path) -> Town:
    return town(folder / "town", NODES, [("a b c d", "Main", 1), ("b e f", "Side", 1)], {"East": "cd"})


def _refuge(edge: str, vehicles: int) -> ResolvedRefuge:
    return ResolvedRefuge(f"at {edge[-1]}", (edge,), vehicles, 9.0, 47.0)


def _closing(place: Town) -> Overlay:
    closing = Closing("front", CLOSES_S, None, ("cd_0", "dc_0"), (FLEEING,))
    return Overlay(place.network, Timetable(closings=(closing,)), ())


def _leaving() -> pd.DataFrame:
    """Cars of which those that leave once the road is closed know it, as `demand.build_demand` has them."""
    vehicles = cars("ab", CARS, every_s=5.0, length_m=900.0)
    return vehicles.assign(exit=vehicles["departure_s"].lt(CLOSES_S - 60.0).map({True: None, False: ANY_REFUGE}))


def _ends(
    place: Town, overlay: Overlay, vehicles: pd.DataFrame, refuges: list[ResolvedRefuge], **how: Any
) -> tuple[pd.DataFrame, dict[str, Any]]:
    trips, run = place.drive(overlay, vehicles, router="CCH", refuges=refuges, **how)
    ending = json.loads((run / "ending.json").read_text())
    known = vehicles.assign(reason=None)
    return vehicle_results(known, trips, place.exits, ending["time_s"], refuges), ending


@pytest.mark.parametrize("meso", [None, Meso()])
def test_as_many_are_in_a_refuge_as_it_has_room_for_and_the_next_one_takes_the_rest(
    tmp_path: Path, meso: Meso | None
) -> None:
    place = _place(tmp_path)
    room = 25
    done, ending = _ends(place, _closing(place), _leaving(), [_refuge("be", room), _refuge("ef", 500)], meso=meso)
    ends = done["status"].value_counts()
    assert ends.sum() == CARS
    where = done["refuge"].value_counts()
    assert where["at e"] == room
    out = done[done["status"] == "evacuated"]
    assert out["evacuated_s"].max() < CLOSES_S + 120.0
    turned_on = set(ending["turned_on"]["at e"])
    in_second = set(done.loc[done["refuge"] == "at f", "vehicle"])
    assert turned_on <= in_second  # who found the first one full is in the second
    assert len(turned_on) > 0
    assert where["at f"] == CARS - room - len(out) - ends.get("driving", 0)
    assert ends.get("driving", 0) + ends.get("waiting", 0) <= 4  # past the turning, before the closed road
    assert done["in_refuge_s"].min() > CLOSES_S


@pytest.mark.parametrize("meso", [None, Meso()])
def test_who_finds_no_place_anywhere_isnt_safe(tmp_path: Path, meso: Meso | None) -> None:
    place = _place(tmp_path)
    done, ending = _ends(place, _closing(place), _leaving(), [_refuge("be", 25)], meso=meso)
    ends = done["status"].value_counts()
    assert ends["in_refuge"] == 25
    assert ends["evacuated"] + ends["driving"] + ends.get("waiting", 0) == CARS - 25
    assert len(ending["turned_on"]["at e"]) > 30


def test_who_waits_to_get_onto_the_street_when_the_way_out_is_cut_goes_to_the_refuge(tmp_path: Path) -> None:
    """Everybody wants to leave in the first minute, so that most stand at their driveways when the front comes."""
    place = _place(tmp_path)
    vehicles = cars("ab", 80, every_s=0.7, length_m=900.0)
    done, _ = _ends(place, _closing(place), vehicles, [_refuge("be", 200)])
    out = int((done["status"] == "evacuated").sum())
    stand = int(done["status"].isin(["driving", "waiting"]).sum())
    assert stand <= 30  # on the 500 m between the turning and the road that closes there is room for 66
    assert (done["status"] == "in_refuge").sum() == 80 - out - stand


def test_while_there_is_a_way_out_nobody_takes_refuge(tmp_path: Path) -> None:
    place = _place(tmp_path)
    done, ending = _ends(place, place.normally(), cars("ab", 40, every_s=5.0, length_m=900.0), [_refuge("be", 25)])
    assert (done["status"] == "evacuated").all()
    assert ending["turned_on"] == {"at e": []}


def test_who_is_bound_for_a_refuge_from_the_start_drives_on_to_the_exit_when_it_is_full(tmp_path: Path) -> None:
    place = _place(tmp_path)
    vehicles = cars("ab", 60, every_s=5.0, length_m=900.0).assign(exit="at e")
    done, _ = _ends(place, place.normally(), vehicles, [_refuge("be", 25)])
    assert done["status"].value_counts().to_dict() == {"in_refuge": 25, "evacuated": 35}
    first = done.sort_values("in_refuge_s")["in_refuge_s"].dropna()
    assert first.is_monotonic_increasing
    assert done.loc[done["status"] == "evacuated", "evacuated_s"].min() > first.iloc[-1] - 60.0


def test_who_passes_a_refuge_isnt_in_it(tmp_path: Path) -> None:
    place = _place(tmp_path)
    passing = cars("ab", 30, every_s=5.0, length_m=900.0)
    done, _ = _ends(place, place.normally(), passing, [_refuge("bc", 25)])
    assert (done["status"] == "evacuated").all()
