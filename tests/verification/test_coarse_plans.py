"""The mesoscopic model follows plans that act during the run: each lane that opens or closes counts from then on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from evac.simulate.meso import Meso, RoadHeadway
from evac.study.capacities import headway_factor, lane_factor
from plan_town import Town, cars, discharge_veh_per_h, town

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
