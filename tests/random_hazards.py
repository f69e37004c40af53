"""Drawn towns under hazards, refuges and plans at random: scenarios as people write them, and their runs."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import yaml
from pyproj import Transformer

from drawn_map import LAT, LON, DrawnMap, Spot, box, degrees, straight
from evac.errors import UserError
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.study import Selection, run_study
from evac.study.engines import Serial
from evac.study.prepare import Prepared, prepare
from evac.study.runs import Silent
from evac.study.under_plan import UnderPlan, under_plan
from hazard_files import CRS, EAST_M, NORTH_M, write_raster

_BLOCK_M, _SIDE_M = 200.0, 400.0
_REACH_M = 1_200.0
"""How far the map goes beyond the town."""
_ROADS: dict[str, tuple[Spot, Spot]] = {
    "North Road": ((200, 400), (200, 2000)),
    "East Road": ((400, 200), (2000, 200)),
    "South Road": ((200, 0), (200, -1600)),
    "West Road": ((0, 200), (-1600, 200)),
}
_ZONES = {"West": (-40.0, -40.0, 190.0, 440.0), "East": (210.0, -40.0, 440.0, 440.0)}


@dataclass(frozen=True)
class Driven:
    """A run of a scenario drawn at random.

    Parameters
    ----------
    folder
        The run's folder.
    laid
        The scenario under its plan.
    manifest
        The run's manifest.
    told
        Scenario and plan, as written.
    """

    folder: Path
    laid: UnderPlan
    manifest: dict[str, Any]
    told: str


def drawn(folder: Path, seed: int) -> tuple[Prepared, UnderPlan, str]:
    """Draw a town with a hazard, refuges and a plan; return it prepared, under the plan, and both as written."""
    chance = random.Random(seed)
    text = _scenario(folder, chance)
    prepared = prepare(load_scenario(folder), folder / ".evac", lambda _: None)
    laid, plan = _plan(prepared, folder, chance)
    return prepared, laid, f"town {seed}:\n{text}\n{plan}"


def drive(folder: Path, seed: int) -> Driven:
    """Draw a town with a hazard, refuges and a plan, and drive its vehicles."""
    prepared, laid, told = drawn(folder, seed)
    study = run_study(
        prepared, {"plan": laid}, Selection(sensitivity=False), folder / ".evac", engine=Serial(), display=Silent()
    )
    assert not study.failures, f"{study.failures[0].message}\n{told}"
    (run,) = study.runs
    return Driven(run.folder, laid, run.manifest(), told)


def _scenario(folder: Path, chance: random.Random) -> str:
    roads = chance.sample(sorted(_ROADS), chance.randint(1, 3))
    sides = -_REACH_M, -_REACH_M, _SIDE_M + _REACH_M, _SIDE_M + _REACH_M
    drawn = DrawnMap(sides).streets(0, 0, _SIDE_M, _SIDE_M, _BLOCK_M)
    for name in roads:
        drawn.road(name, "secondary", straight(*_ROADS[name]), lanes="2")
    drawn.write(folder / "map.osm")
    zones = {"name": list(_ZONES), "households": [chance.randint(40, 140) for _ in _ZONES]}
    gpd.GeoDataFrame(zones, geometry=[box(*sides) for sides in _ZONES.values()], crs="EPSG:4326").to_file(
        folder / "zones.geojson"
    )
    refuges = [_refuge(number, chance) for number in range(chance.randint(0, 3))]
    walks = {"walking": {"people_per_household": 2.3}} if any("people" in item for item in refuges) else {}
    scenario = {
        "name": "Town",
        "osm": {"file": "map.osm"},
        "households": {"zones": {"file": "zones.geojson", "count": "households", "name": "name"}},
        "exits": {},
        "traffic": {"country": "CH"},
        "vehicles_per_household": [{"name": "some", "distribution": {0: 0.15, 1: 0.5, 2: 0.35}}],
        "departures": [{"name": "curve", "curve": {"form": "uniform", "until_min": chance.choice([10, 25, 50])}}],
        "seeds": [chance.randint(1, 1000)],
        "simulation": {"end_h": 2},
        "hazard": {
            "name": "Fire",
            "arrival": _arrival(folder, chance.choice(roads), chance),
            "roads_within_m": chance.choice([0, 30]),
            "notice_min": chance.choice([0, 0, 3]),
            "reached_before_order": "closed",
        },
        **({"refuges": refuges} if refuges else {}),
        **walks,
    }
    text = yaml.safe_dump(scenario, sort_keys=False)
    (folder / "scenario.yaml").write_text(text)
    return text


def _refuge(number: int, chance: random.Random) -> dict[str, Any]:
    """Return a refuge in the middle of a block's side; each number has its own row."""
    lon, lat = degrees(_BLOCK_M * chance.choice([0.5, 1.5]), _BLOCK_M * number)
    on_foot = {"people": chance.randint(5, 60)} if chance.random() < 0.5 else {}
    return {"name": f"Refuge {number}", "at": {"lon": lon, "lat": lat}, "vehicles": chance.randint(3, 60), **on_foot}


def _arrival(folder: Path, road: str, chance: random.Random) -> dict[str, Any]:
    """Return a fire that comes over one of the roads out and the town: a straight front, or one around a spot."""
    begins_min, speed_m_per_min = chance.uniform(3.0, 20.0), chance.uniform(10.0, 80.0)
    begins, ends = np.array(_ROADS[road])
    start = begins + (ends - begins) * chance.uniform(0.0, 0.6) + [chance.uniform(-150.0, 150.0) for _ in "xy"]
    angle = np.arctan2(*(_SIDE_M / 2.0 - start)[::-1]) + chance.uniform(-1.0, 1.0)
    ahead = np.array([np.cos(angle), np.sin(angle)])
    if chance.random() < 0.4:
        to_utm = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
        east, north = np.subtract(to_utm.transform(LON, LAT), (EAST_M, NORTH_M))

        def time_min(x: np.ndarray, y: np.ndarray) -> np.ndarray:
            gone_m = (x - east - start[0]) * ahead[0] + (y - north - start[1]) * ahead[1]
            return np.where(gone_m >= 0.0, begins_min + gone_m / speed_m_per_min, np.nan)

        around = east - 2_000.0, north - 2_000.0, east + 2_400.0, north + 2_400.0
        file = write_raster(folder / "front.tif", time_min, box=around)
        return {"form": "raster", "file": file.name, "unit": "minutes"}
    minutes = [begins_min, *(begins_min + gap for gap in accumulate(chance.uniform(2.0, 15.0) for _ in range(4)))]
    if chance.random() < 0.5:
        spots = [start + ahead * speed_m_per_min * (minute - begins_min) for minute in minutes]
        shapes = [shapely.Point(degrees(*spot)) for spot in spots]
        kind = {"form": "points", "reach_m": chance.uniform(100.0, 400.0)}
    else:
        radii = [50.0 + speed_m_per_min * (minute - begins_min) for minute in minutes]
        shapes = [shapely.transform(shapely.Point(start).buffer(radius), _in_degrees) for radius in radii]
        kind = {"form": "perimeters", "between": chance.choice(["earlier", "distance", "later"])}
    gpd.GeoDataFrame({"minute": minutes}, geometry=shapes, crs="EPSG:4326").to_file(folder / "front.geojson")
    return {**kind, "file": "front.geojson", "time": "minute", "written": "minutes"}


def _in_degrees(spots: np.ndarray) -> np.ndarray:
    return np.array([degrees(x, y) for x, y in spots])


def _plan(prepared: Prepared, folder: Path, chance: random.Random) -> tuple[UnderPlan, str]:
    """Return the scenario under a plan that can be carried out, and its text; an empty one where none of five can."""
    names = sorted({edge.getName() for edge in prepared.net.getEdges(withInternal=False)} - {""})
    for _ in range(5):
        actions = [_action(names, chance) for _ in range(chance.randint(1, 3))]
        text = json.dumps({"name": "plan", "actions": actions})
        (folder / "plan.yaml").write_text(text)
        try:
            return under_plan(prepared, load_plan(str(folder / "plan.yaml"), folder), folder / ".evac"), text
        except UserError:
            continue
    (folder / "plan.yaml").write_text("name: plan\nactions: []\n")
    return under_plan(prepared, load_plan(str(folder / "plan.yaml"), folder), folder / ".evac"), ""


def _action(names: list[str], chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.4:
        return {"do": "phase", "zones": [chance.choice(list(_ZONES))], "offset_min": chance.choice([5, 20, 45])}
    name = chance.choice(names)
    along = ["north", "south"] if name.startswith(("Column", "North", "South")) else ["east", "west"]
    where = {"street": name, "towards": chance.choice(along)}
    from_min = chance.randint(1, 15)
    when = {} if chance.random() < 0.5 else {"when": {"from_min": from_min, "until_min": from_min + 20}}
    kinds: list[dict[str, Any]] = [
        {"do": "close", "accept_cut_off": True},
        {"do": "contraflow"},
        {"do": "speed", "kph": chance.choice([30, 60])},
    ]
    return {**chance.choice(kinds), "where": where, **when}
