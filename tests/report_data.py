"""A made-up town with made-up runs, in exactly the tables that the report reads.

Vehicles arrive at bottleneck lanes along a Rayleigh departure curve and pass them one at a time, so that the curves
have the shape of a queueing town: they follow the departures first and the lanes' capacity later.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, MultiLineString, Point, box

from evac import measure, tables
from evac.audit.findings import Finding
from evac.limits.bound import Bound
from evac.measure import clearance, exposure
from evac.measure.bottlenecks import mean_rates
from evac.network.exits.record import NONE, RoadOut, WaysOutRecord
from evac.network.exits.resolved import ResolvedExit
from evac.report.danger import RoadsInDanger
from evac.report.inputs import FailedRun, ReportInput, ReportRun, WaysOut
from evac.schema.scenario import Scenario
from evac.schema.trust import Trust
from evac.seals import seal
from evac.simulate import job
from evac.study.bounds import Bounds, HoldingStreet

LON, LAT, STEP = -122.55, 37.90, 0.002
HOUSEHOLDS = 1200
LANES = (
    ("Mill Street at the ramps", 0, 2.0),
    ("Mill Street at the ramps", 1, 2.5),
    ("Shore Road", 0, 3.0),
    ("Ridge Way", 0, 0.75),
)
"""Bottleneck, lane and vehicles per minute that it passes."""
EXITS = ("North ramps", "North ramps", "South ramps", "Ridge")
ZONES = ("Old Town", "Hillside", "Marsh")


def Case(**changes: Any) -> job.Case:  # noqa: N802 - reads as the class that it makes
    """Return a case; what isn't given is the plain one."""
    return job.Case(**{"vehicles_per_household": "1", "departure": "90 % within 60 min", "seed": 1, **changes})


def scenario(**changes: Any) -> Scenario:
    content = {
        "name": "Millbrook",
        "note": "A made-up town for tests.",
        "osm": {"file": "roads.osm.pbf"},
        "households": {"zones": {"file": "zones.geojson", "count": "households"}},
    }
    return Scenario.model_validate({**content, **changes})


def write_run(
    folder: Path,
    case: job.Case,
    *,
    zones: tuple[str, ...] = ZONES,
    lanes: tuple[tuple[str, int, float], ...] = LANES,
    stranded: int = 0,
    waiting: int = 0,
    reasons: tuple[str, ...] = (),
    caveats: tuple[str, ...] = (),
    speedup: float = 1.0,
) -> ReportRun:
    """Write one run's tables. `stranded` vehicles have no route, `waiting` never entered; `speedup` is of capacity."""
    vehicles, lane = _vehicles(case, zones, speedup, stranded, waiting)
    end_s = float(np.ceil(vehicles["evacuated_s"].max() / 60) * 60)
    minutes = _bottlenecks(vehicles, lane, lanes, end_s)
    rates = mean_rates(minutes, clearance.clearance_s(vehicles["evacuated_s"], 95) or end_s)
    manifest = {
        **clearance.headline(vehicles, end_s),
        **clearance.shadow_counts(vehicles),
        **exposure.NOBODY,
        "at_best": {f"t{percent}_s": 600.0 for percent in clearance.SHARES_PERCENT},
        "exits": {name: int((vehicles["exit"] == name).sum()) for name in dict.fromkeys(EXITS)},
        "zones": clearance.zone_clearance(vehicles),
        "lanes": measure.records(rates),
        "found_bottlenecks": _found(rates),
    }
    digest = hashlib.sha256(repr((case, lanes, zones)).encode()).hexdigest()
    run_dir = folder / digest
    run_dir.mkdir(parents=True)
    tables.write_table(vehicles, tables.VEHICLES, run_dir / "vehicles.parquet")
    tables.write_table(clearance.curve(vehicles, end_s), tables.CURVE, run_dir / "curve.parquet")
    tables.write_table(minutes, tables.BOTTLENECKS, run_dir / "bottlenecks.parquet")
    tables.write_table(_edge_queues(vehicles, lane, end_s), tables.EDGES, run_dir / "edges.parquet")
    seal(run_dir)
    return ReportRun(
        case, digest, manifest, _ledger(manifest["planned"], reasons, caveats), run_dir, run_dir / "bottlenecks.parquet"
    )


def _found(rates: pd.DataFrame) -> list[dict[str, Any]]:
    """Return records of found bottlenecks: the measured lanes with a queue, those with most vehicles in it first."""
    held = rates[rates["queue_min"] > 0].assign(queued=rates["queue_min"] * rates["queued_veh_per_min"])
    return [
        {
            "name": row.bottleneck,
            "edge": row.edge,
            "lanes": [int(row.lane)],
            "place": row.bottleneck,
            "reason": "merge",
            "queue_min": int(row.queue_min),
            "vehicles": int(row.vehicles),
            "delay_veh_h": round(float(row.queued) / 10, 3),
            "where": "stop line",
        }
        for row in held.sort_values("queued", ascending=False).itertuples()
    ]


def _vehicles(
    case: job.Case, zones: tuple[str, ...], speedup: float, stranded: int, waiting: int
) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(case.seed)
    planned = int(HOUSEHOLDS * float(case.vehicles_per_household))
    departure_s = np.sort(3600 / np.sqrt(-2 * np.log(0.1)) * np.sqrt(-2 * np.log(rng.uniform(size=planned))))
    lane = rng.choice(len(LANES), size=planned, p=(0.3, 0.3, 0.3, 0.1))
    evacuated_s = np.full(planned, np.nan)
    for number, (_, _, veh_per_min) in enumerate(LANES):
        free_s = 0.0
        for vehicle in np.flatnonzero(lane == number):
            free_s = max(departure_s[vehicle] + 180, free_s + 60 / (veh_per_min * speedup * case.capacity_factor))
            evacuated_s[vehicle] = free_s
    status = np.full(planned, "evacuated", dtype=object)
    unlucky = rng.choice(planned, size=stranded + waiting, replace=False)
    status[unlucky[:stranded]], status[unlucky[stranded:]], evacuated_s[unlucky] = "no_route", "waiting", np.nan
    table = pd.DataFrame(
        {
            "vehicle": [f"h{number % HOUSEHOLDS}v{number // HOUSEHOLDS}" for number in range(planned)],
            "household": np.arange(planned) % HOUSEHOLDS,
            "zone": np.array(zones)[rng.choice(len(zones), size=planned)],
            "vehicle_number": np.arange(planned) // HOUSEHOLDS,
            "ordered": True,
            "departure_s": departure_s,
            "edge": "home",
            "pos_m": 1.0,
            "informed": True,
            "exit_assigned": None,
            "status": status,
            "reason": None,
            "entered_s": np.where(np.isnan(evacuated_s), np.nan, departure_s),
            "evacuated_s": evacuated_s,
            "in_refuge_s": np.nan,
            "exit": np.where(status == "evacuated", np.array(EXITS, dtype=object)[lane], None),
            "delay_s": evacuated_s - departure_s - 180,
        }
    )
    return table, lane


def _bottlenecks(
    vehicles: pd.DataFrame, lane: np.ndarray, lanes: tuple[tuple[str, int, float], ...], end_s: float
) -> pd.DataFrame:
    last = int(end_s // 60)
    parts = []
    for number, (name, index, _) in enumerate(lanes):
        mine = vehicles[lane == number].dropna(subset="evacuated_s")
        passed = np.bincount((mine["evacuated_s"] // 60).astype(int), minlength=last)[:last]
        arrived = np.bincount(((mine["departure_s"] + 180) // 60).astype(int), minlength=last)[:last]
        queue = np.cumsum(arrived) - np.cumsum(passed)
        parts.append(
            pd.DataFrame(
                {
                    "bottleneck": name,
                    "edge": f"e{number}a",
                    "lane": index,
                    "minute": np.arange(last),
                    "vehicles": passed,
                    "speed_mps": 5.0,
                    "occupancy_percent": 30.0,
                    "queued": queue > 3,
                }
            )
        )
    return pd.concat(parts)


def _edge_queues(vehicles: pd.DataFrame, lane: np.ndarray, end_s: float) -> pd.DataFrame:
    starts = np.arange(0, int(end_s), 300)
    parts = []
    for number in range(len(LANES)):
        mine = vehicles[lane == number].dropna(subset="evacuated_s")
        arrived = np.searchsorted(mine["departure_s"] + 180, starts)
        waiting = arrived - np.searchsorted(np.sort(mine["evacuated_s"]), starts)
        for part, (low, high) in {"a": (0, 40), "b": (40, 100), "c": (100, 112)}.items():
            parts.append(pd.DataFrame({"from_s": starts, "queue_veh": np.clip(waiting, low, high) - low}))
            parts[-1]["edge"] = f"e{number}{part}"
    return pd.concat(parts).assign(flow_veh_per_h=600.0, speed_mps=4.0, density_veh_per_km=60.0)


def _ledger(planned: int, reasons: tuple[str, ...], caveats: tuple[str, ...]) -> dict[str, Any]:
    return {
        "vehicles": planned,
        "planned": planned,
        "shadow": 0,
        "households": HOUSEHOLDS,
        "unconnected_households": 4,
        "households_not_ordered": 0,
        "households_unasked": 0,
        "teleports": 0,
        "teleports_by_cause": {"jam": 0},
        "collisions": 0,
        "emergency_stops": 1,
        "gridlock_events": 1,
        "gridlock_vehicles": 2,
        "warnings": {"Vehicle '…' performs emergency braking": 3},
        "limits": Trust().model_dump(),
        "trusted": not reasons,
        "reasons": list(reasons),
        "caveats": list(caveats),
    }


def _streets() -> gpd.GeoDataFrame:
    rows = [
        ("Mill Street", "primary", [(0, 5), (10, 5)]),
        ("Shore Road", "secondary", [(4, 5), (4, 0), (10, -1)]),
        ("Ridge Way", "tertiary", [(4, 5), (3, 11)]),
        *((f"{number}th Street", "residential", [(number, 1), (number, 9)]) for number in range(1, 8)),
        *((f"Row {number}", "residential", [(0.5, number), (8, number)]) for number in (2, 3, 7, 8)),
        ("Freeway", "motorway", [(10, -4), (10, 12)]),
    ]
    return gpd.GeoDataFrame(
        {"way_id": range(len(rows)), "name": [row[0] for row in rows], "highway": [row[1] for row in rows]},
        geometry=[_line(row[2]) for row in rows],
        crs="EPSG:4326",
    )


def _line(corners: list[tuple[float, float]]) -> LineString:
    return LineString([(LON + x * STEP, LAT + y * STEP) for x, y in corners])


def _edges() -> gpd.GeoDataFrame:
    ways = {
        "e0": [(9.9, 5), (8, 5), (6, 5), (4, 5)],
        "e1": [(9.8, 5.1), (8, 5.1), (6, 5.1), (4, 5.1)],
        "e2": [(10, -1), (7, -0.5), (4, 0), (4, 3)],
        "e3": [(3, 11), (3.3, 9), (3.6, 7), (4, 5)],
    }
    names = {"e0": "Mill Street", "e1": "Mill Street", "e2": "Shore Road", "e3": "Ridge Way"}
    rows = [(edge + "abc"[k], names[edge], _line(way[k : k + 2][::-1])) for edge, way in ways.items() for k in range(3)]
    columns = {"edge": [row[0] for row in rows], "name": [row[1] for row in rows]}
    return gpd.GeoDataFrame(
        {**columns, "lanes": 1, "speed_kph": 50.0, "length_m": 400.0},
        geometry=[row[2] for row in rows],
        crs="EPSG:4326",
    )


def _households(number: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(7)
    connected = np.arange(number) % 300 != 0
    points = [Point(LON + x * STEP, LAT + y * STEP) for x, y in rng.uniform((0.4, 0.8), (8.2, 9.2), size=(number, 2))]
    return gpd.GeoDataFrame(
        {
            "household": range(number),
            "zone": [ZONES[k % 3] for k in range(number)],
            "placed_on": "building",
            "connected": connected,
            "reason": np.where(connected, None, "no street within 250 m"),
        },
        geometry=points,
        crs="EPSG:4326",
    )


def _zones(names: tuple[str, ...], households: int) -> gpd.GeoDataFrame:
    share = households // len(names)
    return gpd.GeoDataFrame(
        {
            "zone": names,
            "households_given": share + 20,
            "households": share,
            "clipped_by": "dwellings",
            "connected": share - 1,
        },
        geometry=[
            box(LON + k * 3 * STEP, LAT + STEP * 0.5, LON + (k + 1) * 3 * STEP, LAT + 9.5 * STEP)
            for k in range(len(names))
        ],
        crs="EPSG:4326",
    )


def _accounts() -> pd.DataFrame:
    """Return accounts in which two zones lose households, and one may have some of another's."""
    frame = pd.DataFrame({"zone": ZONES[:3], "given": [120.0, 100.0, 100.0], "planned": [100, 92, 100]})
    lost = {
        "no_geometry": 0.0,
        "outside_area": [20.0, 0, 0],
        "off_map": 0.0,
        "over_water": 0.0,
        "no_street": [0, 8.0, 0],
    }
    return frame.assign(**lost, rounding=0.0, counted_twice=[0.0, 0.0, 31.0], lon=LON, lat=LAT)


def spot(name: str, x: float, y: float) -> Any:
    return SimpleNamespace(name=name, lon=LON + x * STEP, lat=LAT + y * STEP)


def ways_out(*names: str) -> WaysOut:
    """Return exits at the town's edge, one of them a ferry, and a road that is none."""
    exits = [ResolvedExit(name, ("e",), 1 + number, LON, LAT, None) for number, name in enumerate(names)]
    ferry = ResolvedExit("Landing", ("f",), 1, LON, LAT + 10 * STEP, 60.0)
    road = RoadOut(names[-1], "primary", 7, LON + 10 * STEP, LAT, NONE, "it ends")
    reach_m = dict.fromkeys(("north", "east", "south", "west"), 900.0)
    outline = box(LON - 2 * STEP, LAT - 2 * STEP, LON + 12 * STEP, LAT + 12 * STEP)
    record = WaysOutRecord((), (), (road,), (), reach_m, declared=True, outline=outline)
    return WaysOut(record, (*exits, ferry))


def finding(severity: Any, text: str) -> Finding:
    return Finding(severity, "guessed_lanes", text, LON, LAT, 0.5)


def report_input(folder: Path, runs: tuple[ReportRun, ...] | None = None, **changes: Any) -> ReportInput:
    """Return a whole report's input: three vehicles-per-household cases, and the middle one at ± 15 % capacity."""
    if runs is None:
        runs = tuple(
            write_run(folder, Case(vehicles_per_household=vehicles, capacity_factor=factor))
            for vehicles, factor in (("1", 1.0), ("1.5", 1.0), ("1.5", 0.85), ("1.5", 1.15), ("2", 1.0))
        )
    given = ReportInput(
        scenario=scenario(),
        runs=runs,
        streets=_streets(),
        households=_households(1200),
        zones=_zones(ZONES, 1200),
        accounts=_accounts(),
        edges=_edges(),
        exits=(spot("North ramps", 10, 5), spot("South ramps", 10, -1), spot("Ridge", 3, 11)),
        findings=(
            finding("warning", "Ridge Way: the number of lanes is guessed (1)"),
            finding("note", "2 signals on the way out have guessed programs"),
        ),
        sources={"roads": "© OpenStreetMap contributors, ODbL; made up", "households": "made up"},
        versions={"evac": "0.1.0", "SUMO": "1.28.0"},
        ways_out=ways_out("North ramps", "Ridge"),
    )
    return replace(given, **changes)


def under_fire(report: ReportInput) -> ReportInput:
    """Return a report whose plan `final` has smoke, and fire on two streets from the order and after half an hour."""
    edges = list(report.edges["edge"])
    slowed = pd.DataFrame(
        {"edge": [edges[2]] * 2, "from_s": [600.0, 1200.0], "until_s": [1200.0, np.nan], "speed_kph": [20.0, 5.0]}
    )
    west, south, _, north = report.edges.total_bounds
    lines = [MultiLineString([[(west + x, south), (west + x, north)]]) for x in (0.0, 0.001)]
    fire = {"name": "Grass fire", "arrival": {"form": "raster", "file": "toa.tif"}}
    danger = RoadsInDanger({edges[0]: 1800.0, edges[1]: -60.0}, slowed)
    return replace(
        report,
        scenario=scenario(hazard=fire),
        plans={**report.plans, "final": replace(report.plans["final"], danger=danger)},
        front_lines=gpd.GeoDataFrame({"minute": [10.0, 30.0]}, geometry=lines, crs="EPSG:4326"),
    )


def failed(case: job.Case, message: str) -> FailedRun:
    return FailedRun(case=case, message=message)


def bounds(*streets: str) -> Bounds:
    """Return bounds by which all are out at minute 10, made by some streets."""
    best = Bound(HOUSEHOLDS, np.concatenate([np.zeros(10, dtype=np.int64), [HOUSEHOLDS]]))
    holding = [HoldingStreet(street, (street,), LON, LAT, 1, 900, 40, number) for number, street in enumerate(streets)]
    return Bounds("final", best, best, best, best, tuple(holding))
