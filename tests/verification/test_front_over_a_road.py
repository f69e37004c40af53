"""A front runs over a straight road at a known speed: when it closes, who still gets through, who stands.

The road runs east from x = 0 in pieces of 1,000 m. The front is at x after (x - 500) / 2.5 s + 400 s, so the pieces
are reached at 400 s + 200 s (x = 1,000), 1,000 s (x = 2,000), ... and everything west of x = 500 never is.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from evac.hazards.arrivals import Reached, reached_roads
from evac.hazards.effects import under_hazard
from evac.measure.exposure import exposures
from evac.measure.trips import read_trips
from evac.network import read_net
from evac.overlay import Overlay
from evac.plans.timetable import Program, Timetable
from evac.schema.hazard import Hazard
from hazard_files import CELL_M, write_features, write_raster
from plan_town import Town, cars, town
from stays import stays

SPEED_MPS = 2.5


def _times(x: np.ndarray, _: np.ndarray) -> np.ndarray:
    return np.where(x > 500.0, 400.0 + (x - 500.0) / SPEED_MPS, np.nan)


def _against(x: np.ndarray, _: np.ndarray) -> np.ndarray:
    """The front comes the other way, from x = 3,500 at 400 s, and stops at x = 1,500."""
    return np.where(x > 1500.0, 400.0 + (3500.0 - x) / SPEED_MPS, np.nan)


def _front_at_random(
    chance: random.Random, at_s: float, past: tuple[float, float], *, steepest_deg: float = 180.0
) -> Callable[[Any, Any], Any]:
    """Return a straight front that runs at any speed in any direction, or not far from east, and is past a place."""
    speed_mps, angle = chance.uniform(0.3, 2.4), math.radians(chance.uniform(-steepest_deg, steepest_deg))

    def times_s(x: Any, y: Any) -> Any:
        return at_s + ((x - past[0]) * math.cos(angle) + (y - past[1]) * math.sin(angle)) / speed_mps

    return times_s


def _place(folder: Path, *, side: bool) -> Town:
    nodes = {"a": (0.0, 0.0), "b": (1000.0, 0.0), "c": (2000.0, 0.0), "d": (3000.0, 0.0), "e": (1000.0, 2000.0)}
    streets = [("a b c d", "Main", 1), *([("b e", "Side", 1)] if side else [])]
    return town(folder / "town", nodes, streets, {"East": "cd", **({"North": "be"} if side else {})})


def _burning(place: Town, time: Callable[[Any, Any], Any], *, under: Overlay | None = None, **settings: Any) -> Overlay:
    file = write_raster(place.folder / "toa.tif", time)
    arrival = {"form": "raster", "file": file, "unit": "seconds"}
    hazard = Hazard.model_validate({"name": "Fire", "arrival": arrival, **settings})
    overlay = under or place.normally()
    net = read_net(overlay.network.net_file)
    reached = reached_roads(hazard, overlay.network, net, place.folder / ".evac", where="scenario.yaml")
    return replace(overlay, timetable=under_hazard(overlay.timetable, hazard, reached, net))


def _closed_s(run: Path) -> list[float]:
    return [event["time_s"] for event in json.loads((run / "controls.json").read_text()) if event["what"] == "closed"]


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return _place(tmp_path_factory.mktemp("road"), side=False)


@pytest.mark.parametrize("seed", range(20))
def test_a_front_at_random_closes_each_road_in_its_second_and_exposes_who_is_on_it(
    road: Town, tmp_path: Path, seed: int
) -> None:
    """Known at the corners of a box around the road, the front is a plane in time: each piece is reached at an end."""
    chance = random.Random(seed)
    front = _front_at_random(chance, chance.uniform(20_000.0, 30_000.0), (chance.uniform(0.0, 3_000.0), 0.0))
    corners = [(x, y) for x in (-900.0, 3900.0) for y in (-700.0, 800.0)]
    times_s = [float(front(x, y)) for x, y in corners]
    file = write_features(tmp_path / "reports.gpkg", [shapely.Point(at) for at in corners], after=times_s)
    arrival = {"form": "points", "file": file, "time": "after", "written": "seconds", "between": "linear"}
    hazard = Hazard.model_validate({"name": "Fire", "arrival": arrival, "notice_min": chance.choice([0.0, 7.0])})
    net = read_net(road.network.net_file)
    reached = reached_roads(hazard, road.network, net, tmp_path, where="scenario.yaml")
    ends = {edge.getID(): (edge.getShape()[0], edge.getShape()[-1]) for edge in net.getEdges(withInternal=False)}
    expected_s = {edge: min(front(x, y) for x, y in places) for edge, places in ends.items()}
    assert reached.arrival_s == pytest.approx(expected_s, abs=0.01)
    timetable = under_hazard(Timetable(), hazard, reached, net)
    closes_s = {lane: item.from_s for item in timetable.closings for lane in item.lanes}
    for edge, time_s in expected_s.items():
        assert -0.01 <= time_s - 60.0 * hazard.notice_min - closes_s[f"{edge}_0"] < 1.01
    _check_exposure_of_a_stream(tmp_path, ends, reached, chance)


def _check_exposure_of_a_stream(folder: Path, ends: dict[str, Any], reached: Reached, chance: random.Random) -> None:
    """Hold the exposure of cars that pass at one speed against counting ten times a second who is in the fire."""
    speed_mps, every_s = chance.uniform(5.0, 25.0), chance.uniform(20.0, 90.0)
    way = ["ab", "bc", "cd"]
    marks_m = np.array([ends[way[0]][0][0], *(ends[edge][1][0] for edge in way)])
    first_s = min(reached.arrival_s.values()) - chance.uniform(0.0, 1_000.0)
    enters_s = first_s + every_s * np.arange(40)
    vehicles = [
        f'<vehicle id="h{number}v0" depart="{start_s:.3f}"><route edges="{" ".join(way)}" exitTimes="'
        + " ".join(f"{start_s + gone_m / speed_mps:.3f}" for gone_m in marks_m[1:] - marks_m[0])
        + '"/></vehicle>'
        for number, start_s in enumerate(enters_s)
    ]
    (folder / "sumo").mkdir()
    (folder / "sumo" / "vehroutes.xml").write_text("<routes>" + "".join(vehicles) + "</routes>")
    done = pd.DataFrame({"vehicle": [f"h{number}v0" for number in range(len(enters_s))], "zone": "A"})
    exposed = exposures(folder, done, reached.arrival_s, end_s=1e6)
    step_s = 0.1
    time_s = np.arange(first_s, enters_s[-1] + 3_500.0 / speed_mps, step_s) + step_s / 2.0
    at_m = marks_m[0] + (time_s[:, None] - enters_s) * speed_mps
    in_fire = sum(
        ((at_m >= west) & (at_m < east)).sum(axis=1) * (time_s >= reached.arrival_s[edge])
        for edge, west, east in zip(way, marks_m, marks_m[1:], strict=False)
    )
    counted = Counter[int]()
    for minute, cars_then in zip((time_s // 60.0).astype(int).tolist(), in_fire.tolist(), strict=True):
        counted[minute] += cars_then
    by_minute_s = exposed.groupby("minute")["exposed_s"].sum()
    assert by_minute_s.sum() > 0.0
    for minute in set(counted) | set(by_minute_s.index):
        assert by_minute_s.get(minute, 0.0) == pytest.approx(step_s * counted[minute], abs=1.0)
    assert by_minute_s.sum() == pytest.approx(step_s * counted.total(), rel=0.01, abs=5.0)


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


def test_a_contraflow_that_is_there_from_the_order_on_closes_with_its_road(tmp_path: Path) -> None:
    place = _place(tmp_path, side=False)
    contraflow = place.under("  - {do: contraflow, where: {street: Main, towards: east}}")
    overlay = _burning(place, _against, under=contraflow)
    closes_s = {lane: item.from_s for item in overlay.timetable.closings for lane in item.lanes}
    _, run = place.drive(overlay, cars("ab", 290, every_s=2.0, length_m=900.0), router="CCH")
    late = [stay for stay in stays(run) if stay.edge == "cd" and stay.enters_s > closes_s["cd_1"]]
    before = [stay for stay in stays(run) if stay.edge == "cd" and stay.enters_s <= closes_s["cd_1"]]
    assert closes_s["cd_1"] == closes_s["cd_0"]
    assert len(before) > 0
    assert not late


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
    return exposures(run, done, arrival_s, end_s)


@pytest.mark.parametrize("seed", range(3))
def test_exposure_is_what_a_lone_car_spends_on_roads_that_burn(road: Town, tmp_path: Path, seed: int) -> None:
    """One car at 50 km/h drives east, and a front that comes from behind or aside is over the piece that it is on."""
    chance = random.Random(seed)
    lone = cars("ab", 1, every_s=1.0, length_m=900.0).assign(speed_factor=1.0)
    later = _burning(replace(road, folder=tmp_path), lambda x, y: _times(x, y) + 3_600.0)
    trips, run = road.drive(later, lone, router="CCH")
    left_s = float(trips["arrived_s"].iloc[0])
    ways = {stay.edge: stay for stay in stays(run)}
    caught = ways[chance.choice(["bc", "cd"])]
    reached_s = round(chance.uniform(caught.enters_s + 1.0, caught.leaves_s - 10.0))
    begins = read_net(road.network.net_file).getEdge(caught.edge).getShape()[0]
    front = _front_at_random(chance, reached_s, tuple(map(_middle_of_cell, begins)), steepest_deg=80.0)

    def from_there_on(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where((x > begins[0] - CELL_M) & (front(x, y) >= 0.0), front(x, y), np.nan)

    overlay = _burning(replace(road, folder=tmp_path), from_there_on)
    arrival_s = {lane.removesuffix("_0"): item.from_s for item in overlay.timetable.closings for lane in item.lanes}
    assert arrival_s[caught.edge] == reached_s
    trips, run = road.drive(overlay, lone, router="CCH")
    assert float(trips["arrived_s"].iloc[0]) == left_s  # it drives on as if nothing were
    expected_s = sum(
        max(0.0, stay.leaves_s - max(stay.enters_s, arrival_s.get(stay.edge, math.inf))) for stay in ways.values()
    )
    assert expected_s >= 10.0
    exposed = _exposed(run, arrival_s)
    assert exposed["exposed_s"].sum() == pytest.approx(expected_s, abs=1.0)
    assert exposed.groupby("minute")["exposed_s"].sum().le(60.0).all()


def _middle_of_cell(at_m: float) -> float:
    return (math.floor(at_m / CELL_M) + 0.5) * CELL_M


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
