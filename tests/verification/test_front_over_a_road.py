"""A front runs over a straight road at a known speed: when it closes, who still gets through, who stands.

The road runs east from x = 0 in pieces of 1,000 m. The front is at x after (x - 500) / 2.5 s + 400 s, so the pieces
are reached at 400 s + 200 s (x = 1,000), 1,000 s (x = 2,000), ... and everything west of x = 500 never is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evac.hazards.arrivals import reached_roads
from evac.hazards.effects import under_hazard
from evac.measure.exposure import exposures
from evac.measure.trips import read_trips
from evac.network import read_net
from evac.overlay import Overlay
from evac.plans.timetable import Program
from evac.schema.hazard import Hazard
from hazard_files import CELL_M, write_raster
from plan_town import Town, cars, town

SPEED_MPS = 2.5


def _times(x: np.ndarray, _: np.ndarray) -> np.ndarray:
    return np.where(x > 500.0, 400.0 + (x - 500.0) / SPEED_MPS, np.nan)


def _against(x: np.ndarray, _: np.ndarray) -> np.ndarray:
    """The front comes the other way, from x = 3,500 at 400 s, and stops at x = 1,500."""
    return np.where(x > 1500.0, 400.0 + (3500.0 - x) / SPEED_MPS, np.nan)


def _place(folder: Path, *, side: bool) -> Town:
    nodes = {"a": (0.0, 0.0), "b": (1000.0, 0.0), "c": (2000.0, 0.0), "d": (3000.0, 0.0), "e": (1000.0, 2000.0)}
    streets = [("a b c d", "Main", 1), *([("b e", "Side", 1)] if side else [])]
    return town(folder / "town", nodes, streets, {"East": "cd", **({"North": "be"} if side else {})})


def _burning(place: Town, time: Callable[[Any, Any], Any], **settings: Any) -> Overlay:
    file = write_raster(place.folder / "toa.tif", time)
    arrival = {"form": "raster", "file": file, "unit": "seconds"}
    hazard = Hazard.model_validate({"name": "Fire", "arrival": arrival, **settings})
    normal, net = place.normally(), read_net(place.network.net_file)
    reached = reached_roads(hazard, place.network, net, place.folder / ".evac", where="scenario.yaml")
    return replace(normal, timetable=under_hazard(normal.timetable, hazard, reached, net))


def _closed_s(run: Path) -> list[float]:
    return [event["time_s"] for event in json.loads((run / "controls.json").read_text()) if event["what"] == "closed"]


@pytest.mark.parametrize("notice_min", [0.0, 3.0])
def test_roads_close_in_the_second_in_which_the_front_comes_less_the_notice(tmp_path: Path, notice_min: float) -> None:
    place = _place(tmp_path, side=False)
    overlay = _burning(place, _times, notice_min=notice_min)
    net = read_net(place.network.net_file)
    _, run = place.drive(overlay, cars("ab", 3, every_s=2.0, length_m=900.0), router="CCH")
    expected = set()
    for edge in ("ab", "bc", "cd"):
        west = min(x for x, _ in net.getEdge(edge).getShape())
        cell = np.floor((west + 200.0) / CELL_M) * CELL_M - 200.0 + CELL_M / 2.0  # the middle of the cell that it is in
        first = max(cell, 510.0)  # the first cell that ever burns
        expected.add(np.floor(400.0 + (first - 500.0) / SPEED_MPS - 60.0 * notice_min))
    closings = {item.from_s for item in overlay.timetable.closings}
    assert closings == expected
    late = [time_s for time_s in sorted(closings) if time_s < 300.0]  # the cars are out after that
    assert [time_s for time_s in _closed_s(run) if time_s < 300.0] == late


def test_nobody_enters_a_road_that_the_front_has_reached(tmp_path: Path) -> None:
    place = _place(tmp_path, side=False)
    overlay = _burning(place, _against)
    closes_s = {lane: item.from_s for item in overlay.timetable.closings for lane in item.lanes}
    trips, run = place.drive(overlay, cars("ab", 290, every_s=2.0, length_m=900.0), router="CCH")
    events = json.loads((run / "controls.json").read_text())
    on_it = next(event["on_it"] for event in events if event["what"] == "closed")
    out = trips["arrived_s"].dropna()
    assert (out > closes_s["cd_0"]).sum() <= on_it  # who was on it drove off
    assert out.max() < closes_s["cd_0"] + 1000.0 / 13.9 * 1.5
    assert len(out) < len(trips)
    ending = json.loads((run / "ending.json").read_text())
    assert ending["reason"] == "standstill"
    assert {road for road, _ in ending["left"].values()} <= {"ab", "bc"}


def test_whose_way_is_cut_takes_the_other_way(tmp_path: Path) -> None:
    place = _place(tmp_path, side=True)
    trips, run = place.drive(_burning(place, _against), cars("ab", 290, every_s=2.0, length_m=900.0), router="CCH")
    events = json.loads((run / "controls.json").read_text())
    first = next(event for event in events if event["what"] == "closed")
    assert first["sent_elsewhere"] > 0
    turned = set(json.loads((run / "ending.json").read_text())["turned_round"])
    assert len(turned) >= first["sent_elsewhere"]
    out = trips[trips["vehicle"].isin(turned) & trips["arrived_s"].notna()]
    assert set(out["arrival_lane"]) == {"be_0"}  # who turned round came out at the other end
    assert trips["arrived_s"].isna().sum() == first["held"]  # who had passed the turning stands before the fire
    assert (trips["arrival_lane"] == "be_0").sum() > (trips["arrival_lane"] == "cd_0").sum()


def _exposed(run: Path, arrival_s: dict[str, float]) -> pd.DataFrame:
    trips = read_trips(run / "sumo" / "tripinfo.xml")
    done = pd.DataFrame({"vehicle": trips["vehicle"], "zone": "A"})
    end_s = json.loads((run / "ending.json").read_text())["time_s"]
    return exposures(run / "sumo" / "vehroutes.xml", done, arrival_s, end_s)


def test_exposure_is_what_a_lone_car_spends_on_the_road_that_burns(tmp_path: Path) -> None:
    """One car at 50 km/h is on `cd` from the minute in which it drives onto it; the front comes while it is there."""
    place = _place(tmp_path, side=False)
    lone = cars("ab", 1, every_s=1.0, length_m=900.0).assign(speed_factor=1.0)
    trips, _ = place.drive(place.normally(), lone, router="CCH")
    left_s = float(trips["arrived_s"].iloc[0])
    length_m = read_net(place.network.net_file).getEdge("cd").getLength()
    reached_s = round(left_s - 30.0)  # 30 s before it is out, 417 m before the exit line

    def front(x: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.where(x > 2060.0, reached_s + (x - 2070.0) / SPEED_MPS, np.nan)

    overlay = _burning(place, front)
    arrival_s = {"cd": min(item.from_s for item in overlay.timetable.closings)}
    assert arrival_s["cd"] == reached_s
    trips, run = place.drive(overlay, lone, router="CCH")
    assert float(trips["arrived_s"].iloc[0]) == left_s  # it drives on as if nothing were
    exposed = _exposed(run, arrival_s)
    assert exposed["exposed_s"].sum() == pytest.approx(left_s - reached_s, abs=1.0)
    assert exposed["exposed_s"].sum() < length_m / 13.9
    assert exposed.groupby("minute")["exposed_s"].sum().le(60.0).all()


def test_who_stands_in_the_fire_is_exposed_to_the_end(tmp_path: Path) -> None:
    place = _place(tmp_path, side=False)
    overlay = _burning(place, _against)
    closes_s = {lane.removesuffix("_0"): item.from_s for item in overlay.timetable.closings for lane in item.lanes}
    _, run = place.drive(overlay, cars("ab", 290, every_s=2.0, length_m=900.0), router="CCH")
    ending = json.loads((run / "ending.json").read_text())
    exposed = _exposed(run, closes_s)
    held = [vehicle for vehicle, (road, _) in ending["left"].items() if road == "bc"]
    assert held
    spent_s = exposed[exposed["edge"] == "bc"].groupby("vehicle")["exposed_s"].sum()
    for vehicle in held:
        assert spent_s[vehicle] == pytest.approx(ending["time_s"] - closes_s["bc"], abs=1.0)
    assert set(exposed["minute"]) <= set(range(int(ending["time_s"] // 60) + 1))


def test_an_officer_leaves_when_the_front_comes(tmp_path: Path) -> None:
    place = _place(tmp_path, side=False)
    officer = Program("Officer", 0.0, None, "T", "officer", "normal", officer=True, before="", after="")
    plan = replace(place.normally().timetable, programs=(officer,))

    class _Reached:
        arrival_s: dict[str, float] = {}
        signals_s = {"T": 777.0}
        slowed = pd.DataFrame({"edge": []})

    hazard = Hazard.model_validate({"name": "Fire", "arrival": {"form": "raster", "file": "x.tif"}})
    joined = under_hazard(plan, hazard, _Reached(), read_net(place.network.net_file))  # type: ignore[arg-type]
    assert [(item.from_s, item.until_s) for item in joined.programs] == [(0.0, 777.0)]


def test_a_road_that_the_front_has_reached_before_the_order_is_closed_from_the_order_on(tmp_path: Path) -> None:
    def long_ago(x: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.where(x > 2500.0, (3990.0 - x) / SPEED_MPS, np.nan)

    place = _place(tmp_path, side=True)
    file = write_raster(place.folder / "toa.tif", long_ago)
    arrival = {"form": "raster", "file": file, "unit": "seconds", "starts_min": -60.0}
    hazard = Hazard.model_validate({"name": "Fire", "arrival": arrival, "reached_before_order": "closed"})
    normal, net = place.normally(), read_net(place.network.net_file)
    reached = reached_roads(hazard, place.network, net, place.folder / ".evac", where="scenario.yaml")
    overlay = replace(normal, timetable=under_hazard(normal.timetable, hazard, reached, net))
    assert {item.from_s for item in overlay.timetable.closings} == {0.0}
    trips, _ = place.drive(overlay, cars("ab", 40, every_s=5.0, from_s=2.0, length_m=900.0), router="CCH")
    assert set(trips["arrival_lane"]) == {"be_0"}
