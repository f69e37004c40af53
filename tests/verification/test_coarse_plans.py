"""The mesoscopic model follows plans that act during the run: each lane that opens or closes counts from then on."""

from __future__ import annotations

import json
import math
import random
from bisect import bisect_right
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from evac.network import read_net
from evac.network.reach import cost_by_exit
from evac.overlay import Overlay, exits_under
from evac.simulate.meso import Meso, RoadHeadway
from evac.study.capacities import headway_factor, lane_factor
from evac.study.ways_out import road_states
from plan_town import Town, cars, discharge_veh_per_h, town
from random_plans import random_cars, random_plan, random_town

NODES = {"w": (0, 0), "v": (1500, 0), "u": (3000, 0), "a": (4500, 0), "b": (5500, 0), "n": (5500, 300), "d": (6500, 0)}
STREETS = [("w v u a", "Wide Road", 2), ("a b d", "Main Street", 1), ("n b", "Side Street", 1)]
# More than two slow lanes take, so that a queue stands before Main Street all the time.
DEMAND = pd.concat([cars(edge, 500, every_s=2.0, length_m=1400.0, name=edge) for edge in ("wv", "vu", "ua")])


@pytest.fixture(scope="module")
def slow_street(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return town(tmp_path_factory.mktemp("out"), NODES, STREETS, {"east": "bd"}, speeds_mps={"Main Street": 7.0})


def _per_min(trips: pd.DataFrame, from_min: int, until_min: int) -> float:
    return trips["arrived_s"].between(60 * from_min, 60 * until_min).sum() / (until_min - from_min)


def test_contraflow_counts_from_its_time_on_and_no_longer_than_it_holds(slow_street: Town) -> None:
    plan = """
  - do: contraflow
    where: {street: Main Street, from: Wide Road, towards: east}
    when: {from_min: 10, setup_min: 5, until_min: 25}
"""
    overlay = slow_street.under(plan)
    trips, run = slow_street.drive(overlay, DEMAND.sort_values("departure_s"), meso=Meso("free"), end_h=2.0)
    assert trips["arrived_s"].notna().all()
    # It takes 5 minutes to drive through the street.
    one, two, again = (_per_min(trips, *span) for span in ((8, 15), (21, 27), (34, 60)))
    assert two / one == pytest.approx(2.0, rel=0.08)
    assert again / one == pytest.approx(1.0, rel=0.08)
    assert {event["what"] for event in json.loads((run / "controls.json").read_text())} >= {"closed", "opened again"}


def test_nobody_uses_a_road_while_it_is_closed(tmp_path: Path) -> None:
    nodes = {**NODES, "s": (4500, -3000), "e": (6500, -3000)}
    streets = [*STREETS, ("a s e", "Long Way", 1)]
    place = town(tmp_path, nodes, streets, {"east": "bd", "far": "se"})
    overlay = place.under("  - {do: close, exit: east, when: {from_min: 5, until_min: 15}}")
    trips, _ = place.drive(overlay, cars("ua", 600, every_s=2.0, length_m=1400.0), meso=Meso("free"))
    assert trips["arrived_s"].notna().all()
    out = trips.assign(road=trips["arrival_lane"].str[:2], minute=trips["arrived_s"] // 60)
    assert (out["road"] == "se").sum() > 100
    driven = out.loc[out["road"] == "bd", "minute"]
    assert driven.between(0, 4).any()
    assert not driven.between(8, 14).any()  # who was on it at minute 5 is off it by then
    assert driven.gt(15).any()


def test_a_lane_passes_what_drivers_do_and_a_bottleneck_what_was_measured(tmp_path: Path) -> None:
    place = town(tmp_path, NODES, STREETS, {"east": "bd"})
    road = RoadHeadway("bd", headway_factor(1000.0, 13.89, "normal"))
    for roads, expected in (((), 1615.0), ((road,), 1000.0)):
        meso = replace(Meso.of_lane("free", lane_factor("normal")), roads=roads)
        trips, _ = place.drive(place.normally(), DEMAND.sort_values("departure_s"), meso=meso)
        assert discharge_veh_per_h(trips) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("meso", [None, Meso("free")], ids=["micro", "meso"])
def test_who_waits_to_get_onto_a_street_goes_elsewhere_when_the_exit_that_they_are_held_to_closes(
    tmp_path: Path, meso: Meso | None
) -> None:
    nodes = {**NODES, "s": (4500, -1000), "e": (6500, -1000)}
    place = town(tmp_path, nodes, [*STREETS, ("a s e", "Long Way", 1)], {"east": "bd", "far": "se"})
    overlay = place.under("  - {do: close, exit: east, when: {from_min: 5}}")
    # A lane takes half of them in five minutes: the others still stand in their driveways.
    held = cars("ab", 250, every_s=1.0, length_m=900.0).assign(exit="east")
    trips, _ = place.drive(overlay, held, meso=meso)
    assert trips["arrived_s"].notna().all()
    assert 50 < (trips["arrival_lane"] == "bd_0").sum() < 200


SLOW = [pytest.param(seed, marks=pytest.mark.slow) for seed in (5, *range(60, 100), *range(101, 160))]


def _held_as_demand_has_it(
    place: Town, overlay: Overlay, vehicles: pd.DataFrame, chance: random.Random
) -> pd.DataFrame:
    """Hold cars to random exits; nobody sets out for one to which no way is open when he leaves (`demand.starts`).

    SUMO 1.28 crashes where a trip to a closed exit begins.
    """
    net = read_net(overlay.network.net_file)
    states = road_states(net, overlay.timetable)
    from_s = [state.from_s for state in states]
    reach = [cost_by_exit(net, exits_under(place.exits, net), state.closed, state.opened) for state in states]
    held = [chance.choice([*(item.name for item in place.exits), None, None]) for _ in range(len(vehicles))]
    now = [reach[bisect_right(from_s, time_s) - 1] for time_s in vehicles["departure_s"]]
    leads = [
        name is not None and edge in ways.index and bool(ways.loc[edge, name] < math.inf)
        for edge, name, ways in zip(vehicles["edge"], held, now, strict=True)
    ]
    return vehicles.assign(exit=pd.Series(held, index=vehicles.index).where(leads, None))


@pytest.mark.parametrize("seed", [1, 100, *SLOW])
def test_everybody_gets_out_of_random_towns_under_random_plans(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    place = random_town(tmp_path, chance)
    overlay, _, streets = random_plan(place, chance)
    vehicles = random_cars(streets, chance)
    if len(place.exits) > 1:
        vehicles = _held_as_demand_has_it(place, overlay, vehicles, chance)
    meso = Meso(chance.choice(["free", "limited", "full"]), packet=chance.choice([1, 1, 2, 4]))
    trips, _ = place.drive(overlay, vehicles, seed=seed, router=chance.choice(["dijkstra", "CCH"]), meso=meso)
    assert trips["arrived_s"].notna().all(), f"{trips['arrived_s'].isna().sum()} of {len(trips)} not out"
