"""What the page's map shows: streets, places and plans, and the state of every street at each time step.

Packed so that a county of 10,000 edges and 100 steps fits into a page: coordinates in micro-degrees, states as one or
two bytes, all compressed. The page unpacks it with the browser's own DecompressionStream. See `templates/map.js`.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from importlib import resources
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from evac import clock
from evac.driving_side import drives_on_left
from evac.report import tables, text
from evac.report.closed_exits import when_closed
from evac.report.danger import for_map, front_for_map
from evac.report.inputs import ReportInput
from evac.report.movement import evacuated
from evac.report.packing import pack
from evac.report.results import CaseResult, case_words, same_case
from evac.seals import require_file

_MOST_PLANS = 8
"""Plans on the map; further ones are in the tables only, and the page says so."""
_MOST_STEPS = 120
_WINDOW_S = 300
_MICRO_DEGREES = 1e6
_SPEED_STEP_MPS = 0.25
_NOBODY = 255
"""Stands for a street on which nobody drove; speeds are below it (63 m/s)."""
_TENTHS = 10.0
_SHAPE_TOLERANCE_DEG = 3e-6
"""A third of a metre: less than a pixel when zoomed to a street."""
_SLOWEST = 8
_LIBRARY = "deck.gl-9.4.0.min.js"
LIBRARY_SHA256 = "2eb6a1ae0d58604b1378682cd1136f8793478ba801e43dae48b3807e48758a6b"
"""Of the file as published (npm, deck.gl 9.4.0, dist.min.js)."""


def scripts(*ours: str) -> list[str]:
    """Return the page's scripts: the library as published, and ours by their file names."""
    package = resources.files("evac.report")
    files = (package / "vendor" / _LIBRARY, *(package / "templates" / name for name in ours))
    return [file.read_text(encoding="utf-8") for file in files]


def content_hash(script: str) -> str:
    """Return what a page's Content-Security-Policy calls a script: only the scripts that it names run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def shown_cases(cases: Sequence[CaseResult], centre: CaseResult) -> list[CaseResult]:
    """Return the headline's case under each plan, the headline first."""
    others = [case for case in same_case(cases, centre) if case is not centre]
    return [centre, *others][:_MOST_PLANS]


def map_json(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> str:
    """Return the map's content as JSON that is safe inside a page's script element."""
    shown = shown_cases(cases, centre)
    return text.page_json(_content(report, shown))


def _content(report: ReportInput, shown: Sequence[CaseResult]) -> dict[str, Any]:
    edges = report.edges.reset_index(drop=True)
    windows = _steps(shown)
    names, name_of = np.unique([text.plain(name, 80) for name in edges["name"]], return_inverse=True)
    units = report.units
    return {
        "steps_s": windows.tolist(),
        "window_s": _WINDOW_S,
        "speed_step_mps": _SPEED_STEP_MPS,
        "nobody": _NOBODY,
        "lefthand": drives_on_left(report.scenario.traffic.country),
        "units": {
            "speed": units.speed_name,
            "speed_factor": units.speed_factor,
            "density": units.density_name,
            "density_factor": units.density_factor,
        },
        "bounds": [round(float(value), 6) for value in _bounds(report)],
        "names": names.tolist(),
        "edges": {
            "name": pack(name_of.astype("<i4")),
            "lanes": pack(edges["lanes"].to_numpy().astype("u1")),
            "limit_mps": pack((edges["speed_kph"] / 3.6).to_numpy().astype("<f4")),
            **_shapes(edges.geometry),
        },
        "zones": _zones(report),
        "exits": [{"name": text.plain(item.name, 80), "at": [item.lon, item.lat]} for item in report.exits],
        "cut_off": _cut_off(report),
        "hazard": _hazard(report),
        "plans": [_plan(report, case, edges, windows) for case in shown],
    }


def _steps(shown: Sequence[CaseResult]) -> NDArray[np.int64]:
    """Return when the windows that are shown begin (s after the order): all of them, or every second and so on."""
    end_s = max(float(case.run.manifest["end_s"]) for case in shown)
    count = max(1, math.ceil(end_s / _WINDOW_S))
    return np.arange(0, count, math.ceil(count / _MOST_STEPS), dtype=np.int64) * _WINDOW_S


def _hazard(report: ReportInput) -> dict[str, Any] | None:
    """Return what the hazard is, and where its front is when; None without one."""
    hazard = report.scenario.hazard
    if hazard is None:
        return None
    return {"name": text.plain(hazard.name, 80), "kind": hazard.kind, "front": front_for_map(report.front_lines)}


def _bounds(report: ReportInput) -> NDArray[np.float64]:
    """Return west, south, east, north of the zones, the households and the exits: where the map opens."""
    exits = gpd.GeoSeries([shapely.Point(item.lon, item.lat) for item in report.exits], crs="EPSG:4326")
    found: NDArray[np.float64] = pd.concat([report.households.geometry, exits]).total_bounds
    return found


def _shapes(lines: gpd.GeoSeries) -> dict[str, str]:
    """Return the lines' points in micro-degrees, each as the step from the one before, and how many each line has."""
    simple = lines.simplify(_SHAPE_TOLERANCE_DEG)
    points = np.rint(shapely.get_coordinates(simple.to_numpy()) * _MICRO_DEGREES).astype(np.int64)
    steps = np.diff(points, axis=0, prepend=0).astype("<i4")
    return {"points": pack(steps), "counts": pack(shapely.get_num_coordinates(simple.to_numpy()).astype("<u2"))}


def _zones(report: ReportInput) -> list[dict[str, Any]]:
    return [
        {"zone": text.plain(row.zone, 80), "households": int(row.households), "rings": _rings(row.geometry)}
        for row in report.zones.itertuples()
        if not row.geometry.is_empty
    ]


def _rings(shape: shapely.Geometry) -> list[list[list[float]]]:
    simple = shape.simplify(1e-5)
    outlines = [part.exterior for part in shapely.get_parts(simple) if part.geom_type == "Polygon"]
    return [np.round(shapely.get_coordinates(ring), 6).tolist() for ring in outlines]


def _cut_off(report: ReportInput) -> list[list[float]]:
    """Return the households that no street connects."""
    homes = report.households[~report.households["connected"].astype(bool)]
    points: list[list[float]] = np.round(shapely.get_coordinates(homes.geometry.to_numpy()), 6).tolist()
    return points


def _plan(report: ReportInput, case: CaseResult, edges: gpd.GeoDataFrame, windows: NDArray[np.int64]) -> dict[str, Any]:
    known = report.plans.get(case.shown.plan)
    manifest = case.run.manifest
    return {
        "plan": text.plain(case.shown.plan, 80),
        "name": text.plain(known.name if known else case.shown.plan, 80),
        "case": case_words(report, case),
        "doubt": text.plain(case.doubt, 400),
        "planned": case.shown.planned,
        "counts": _counts(case, windows),
        "closed_exits": _closed_exits(report, case),
        "zones": {text.plain(zone, 80): times["t90_s"] for zone, times in manifest["zones"].items()},
        "exits": _exit_curves(case, windows),
        "bottlenecks": _bottlenecks(report, case, windows),
        "slowest": _slowest(report, case),
        "changes": _changes(report, case),
        "danger": None if known is None else for_map(known.danger, edges["edge"].tolist()),
        **_states(case, edges, windows),
    }


def _closed_exits(report: ReportInput, case: CaseResult) -> list[dict[str, Any]]:
    """Return which exits are closed when (s; no end: to the end of the run), and that in words."""
    return [
        {
            "name": text.plain(item.exit, 80),
            "from_s": item.from_s,
            "until_s": item.until_s if item.until_s < math.inf else None,
            "words": when_closed(item),
        }
        for item in report.closed_exits(case.shown.plan)
    ]


def _counts(case: CaseResult, windows: NDArray[np.int64]) -> dict[str, list[int]]:
    """Return the planned vehicles of each column of the curve at the end of each step."""
    curve = pd.read_parquet(require_file(case.run.folder / "curve.parquet")).set_index("minute")
    at = np.minimum((windows + _WINDOW_S) // clock.MINUTE_S, curve.index.max())
    return {str(name): curve[name].loc[at].astype(int).tolist() for name in curve}


def _exit_curves(case: CaseResult, windows: NDArray[np.int64]) -> dict[str, list[int]]:
    """Return, for each exit, planned vehicles that have left by it at the end of each step."""
    out = evacuated(case)
    found = {}
    for name in case.run.manifest["exits"]:
        times = np.sort(out.loc[out["exit"] == name, "evacuated_s"].to_numpy())
        found[text.plain(name, 80)] = np.searchsorted(times, windows + _WINDOW_S, side="right").tolist()
    return found


def _bottlenecks(report: ReportInput, case: CaseResult, windows: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return the bottlenecks with the rate of each lane at each step (vehicles per minute)."""
    places = tables.held_at(report)
    minutes = tables.lane_minutes(case.run)
    step_s = int(windows[1] - windows[0]) if len(windows) > 1 else _WINDOW_S
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for lane in tables.lane_rates(case.run):
        if lane.edge not in places:
            continue
        rows = minutes[(minutes["edge"] == lane.edge) & (minutes["lane"] == lane.lane)]
        step = (rows["minute"] * clock.MINUTE_S // step_s).to_numpy()
        passed = np.bincount(step, weights=rows["vehicles"], minlength=len(windows))[: len(windows)]
        place: dict[str, Any] = {
            "name": text.plain(lane.bottleneck, 80),
            "at": list(places[lane.edge]),
            "lanes": [],
        }
        place = found.setdefault((lane.bottleneck, lane.edge), place)
        rates = np.round(passed / (step_s / clock.MINUTE_S), 1).tolist()
        place["lanes"].append({"lane": lane.lane, "mean": lane.mean_veh_per_min, "rates": rates})
    return list(found.values())


def _slowest(report: ReportInput, case: CaseResult) -> list[dict[str, Any]]:
    """Return the streets with the longest queues: name, where, how many vehicles, and when."""
    queued = tables.queues(case.run, report.edges)
    middles = {row.edge: row.geometry.interpolate(0.5, normalized=True) for row in queued.itertuples()}
    return [
        {
            "name": text.plain(row["street"], 80),
            "at": [round(middles[row["edge"]].x, 6), round(middles[row["edge"]].y, 6)],
            "queue_veh": round(float(row["queue_veh"])),
            "at_s": round(float(row["at_min"]) * clock.MINUTE_S),
        }
        for row in tables.worst_streets(queued, _SLOWEST)
    ]


def _changes(report: ReportInput, case: CaseResult) -> dict[str, list[dict[str, Any]]]:
    """Return the streets and spots that the plan changes, and what changes."""
    plan = report.plans.get(case.shown.plan)
    if plan is None or plan.picture is None:
        return {"roads": [], "spots": [], "cut_off": []}
    roads = [
        {
            "kind": row.kind,
            "words": text.plain(f"{row.street} {row.towards}: {row.words}", 200),
            "path": np.round(shapely.get_coordinates(line), 6).tolist(),
        }
        for row in plan.picture.roads.itertuples()
        for line in shapely.get_parts(row.geometry)
    ]
    spots = [
        {"kind": row.kind, "words": text.plain(row.words, 200), "at": [row.geometry.x, row.geometry.y]}
        for row in plan.picture.spots.itertuples()
    ]
    cut_off = np.round(shapely.get_coordinates(plan.picture.cut_off.geometry.to_numpy()), 6).tolist()
    return {"roads": roads, "spots": spots, "cut_off": cut_off}


def _states(case: CaseResult, edges: gpd.GeoDataFrame, windows: NDArray[np.int64]) -> dict[str, str]:
    """Return speed (quarters of m/s), queue and density (tenths) of each edge at each step, step by step."""
    table = pd.read_parquet(require_file(case.run.folder / "edges.parquet")).astype({"edge": str})
    row = pd.Series(np.arange(len(edges)), index=edges["edge"])
    table = table[table["from_s"].isin(windows) & table["edge"].isin(row.index)]
    at = np.searchsorted(windows, table["from_s"]), row.loc[table["edge"]].to_numpy()
    shape = (len(windows), len(edges))
    speed = np.full(shape, _NOBODY, dtype="u1")
    known = table["speed_mps"].fillna(0.0)
    speed[at] = np.clip(np.rint(known / _SPEED_STEP_MPS), 0, _NOBODY - 1).astype("u1")
    queue, density = np.zeros(shape, dtype="<u2"), np.zeros(shape, dtype="<u2")
    queue[at] = _tenths(table["queue_veh"])
    density[at] = _tenths(table["density_veh_per_km"])
    return {"speed": pack(speed), "queue": pack(queue), "density": pack(density)}


def _tenths(values: pd.Series) -> NDArray[np.uint16]:
    return np.clip(np.rint(values.to_numpy(dtype=float) * _TENTHS), 0, 65535).astype("<u2")
