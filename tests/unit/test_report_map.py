"""The page's map: what is packed into it is what the runs have, and it stays small in a large town."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString

import evac.report
import report_data
from evac import tables
from evac.report import moments, moving_map, results
from evac.report.inputs import ReportInput, ReportPlan
from evac.report.moving_map import LIBRARY_SHA256
from evac.seals import seal
from report_data import Case

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    folder = tmp_path_factory.mktemp("runs")
    runs = (
        report_data.write_run(folder, Case(plan="baseline")),
        report_data.write_run(folder, Case(plan="final"), speedup=1.25, reasons=("moved <b>",)),
    )
    plans = {"final": ReportPlan("final", "Final </script>")}
    return report_data.report_input(folder, runs, plan="final", compared_with="baseline", plans=plans)


@pytest.fixture(scope="module")
def content(report: ReportInput) -> dict[str, Any]:
    cases = results.case_results(report)
    found: dict[str, Any] = json.loads(moving_map.map_json(report, cases, results.headline(report, cases)))
    return found


def _unpack(packed: str, kind: str) -> Any:
    return np.frombuffer(gzip.decompress(base64.b64decode(packed)), dtype=kind)


def test_states_are_those_of_the_runs(report: ReportInput, content: dict[str, Any]) -> None:
    plan = content["plans"][0]
    run = next(run for run in report.runs if run.case.plan == plan["plan"])
    edges, shape = list(report.edges["edge"]), (len(content["steps_s"]), len(report.edges))
    queue = _unpack(plan["queue"], "<u2").reshape(shape) / 10
    speed = _unpack(plan["speed"], "u1").reshape(shape) * content["speed_step_mps"]
    for row in pd.read_parquet(run.folder / "edges.parquet").itertuples():
        at = content["steps_s"].index(row.from_s), edges.index(row.edge)
        assert queue[at] == pytest.approx(row.queue_veh, abs=0.051)
        assert speed[at] == pytest.approx(row.speed_mps, abs=0.126)


def test_a_street_where_nobody_drove_is_not_a_slow_one(report: ReportInput, content: dict[str, Any]) -> None:
    driven = pd.read_parquet(report.runs[0].folder / "edges.parquet")["edge"].nunique()
    speed = _unpack(content["plans"][0]["speed"], "u1").reshape(len(content["steps_s"]), len(report.edges))
    assert ((speed == content["nobody"]).all(axis=0)).sum() == len(report.edges) - driven


def test_shapes_are_the_streets_to_a_pixel(report: ReportInput, content: dict[str, Any]) -> None:
    points = np.cumsum(_unpack(content["edges"]["points"], "<i4").reshape(-1, 2), axis=0) / 1e6
    counts = _unpack(content["edges"]["counts"], "<u2").astype(int)
    assert len(counts) == len(report.edges)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    for start, count, line in zip(starts, counts, report.edges.geometry, strict=True):
        assert line.hausdorff_distance(LineString(points[start : start + count])) < 5e-6


def test_counts_and_exits_end_at_the_manifest(report: ReportInput, content: dict[str, Any]) -> None:
    for plan in content["plans"]:
        manifest = next(run for run in report.runs if run.case.plan == plan["plan"]).manifest
        assert plan["counts"]["evacuated"][-1] == manifest["evacuated"]
        assert {name: curve[-1] for name, curve in plan["exits"].items()} == manifest["exits"]
        assert plan["zones"] == {name: times["t90_s"] for name, times in manifest["zones"].items()}


def test_the_front_and_the_smoke_are_where_they_are_when_they_are_there(report: ReportInput) -> None:
    burning = report_data.under_fire(report)
    cases = results.case_results(burning)
    content = json.loads(moving_map.map_json(burning, cases, results.headline(burning, cases)))
    danger = next(plan["danger"] for plan in content["plans"] if plan["plan"] == "final")
    edges = list(burning.edges["edge"])
    reached = _unpack(danger["reached_s"], "<i4")
    assert {edges[k]: int(reached[k]) for k in np.flatnonzero(reached >= 0)} == {edges[0]: 1800, edges[1]: 0}
    slowed = danger["slowed"]
    columns = [(slowed["edge"], "<i4"), (slowed["from_s"], "<i4"), (slowed["until_s"], "<i4"), (slowed["kph"], "<f4")]
    spells = list(zip(*(_unpack(packed, kind).tolist() for packed, kind in columns), strict=True))
    assert spells == [(2, 600, 1200, 20.0), (2, 1200, 2**31 - 1, 5.0)]
    assert [line["at_s"] for line in content["hazard"]["front"]] == [600, 1800]
    assert next(plan["danger"] for plan in content["plans"] if plan["plan"] == "baseline") is None


def test_a_report_without_a_hazard_has_none(content: dict[str, Any]) -> None:
    assert content["hazard"] is None
    assert all(plan["danger"] is None for plan in content["plans"])


def test_doubt_goes_with_the_plan_and_markup_stays_text(report: ReportInput, content: dict[str, Any]) -> None:
    assert [plan["doubt"] for plan in content["plans"]] == ["moved <b>", ""]
    assert content["plans"][0]["name"] == "Final </script>"
    cases = results.case_results(report)
    packed = moving_map.map_json(report, cases, results.headline(report, cases))
    assert not {"<", ">", "&"} & set(packed)


def test_the_library_is_the_one_that_was_published() -> None:
    vendor = Path(evac.report.__file__).parent / "vendor"
    (library,) = vendor.glob("*.js")
    assert hashlib.sha256(library.read_bytes()).hexdigest() == LIBRARY_SHA256
    assert "Permission is hereby granted" in library.with_name("deck.gl-9.4.0.LICENSE").read_text()
    assert "</script" not in moving_map.scripts()[0]


def test_moments_end_when_nearly_all_are_out(report: ReportInput) -> None:
    case = results.case_results(report)[0]
    at = moments.moments(case)
    assert len(at) == 4
    assert at[-1] == math.ceil(case.shown.t95_s / 300) * 5
    words = moments.moments_alt(report, case)
    assert "Not trusted: moved <b>" in words
    out = pd.read_parquet(case.run.folder / "curve.parquet").set_index("minute")["evacuated"]
    assert f"{out.loc[at[0]]:,} vehicles out" in words


def large_town(report: ReportInput, folder: Path, edges: int = 10_000, steps: int = 100) -> ReportInput:
    """Return a report of a made-up town of `edges` streets in which every street has a state at every step."""
    rng = np.random.default_rng(1)
    start = np.column_stack([rng.uniform(-122.6, -122.4, edges), rng.uniform(37.8, 38.0, edges)])
    walk = np.cumsum(rng.normal(0, 3e-4, (edges, 5, 2)), axis=1) + start[:, None, :]
    names = [f"e{number}" for number in range(edges)]
    columns = {"edge": names, "name": [f"Street {number % 2000}" for number in range(edges)], "lanes": 1}
    table = gpd.GeoDataFrame(
        {**columns, "speed_kph": 50.0, "length_m": 150.0}, geometry=[LineString(way) for way in walk], crs="EPSG:4326"
    )
    busy = rng.random((steps, edges)) < 0.35  # of Paradise's edges and steps a third has a vehicle
    step, edge = np.nonzero(busy)
    states = pd.DataFrame(
        {
            "edge": np.array(names)[edge],
            "from_s": step * 300,
            "flow_veh_per_h": 600.0,
            "speed_mps": rng.uniform(0, 14, len(edge)),
            "density_veh_per_km": rng.exponential(30, len(edge)),
            "queue_veh": rng.exponential(3, len(edge)),
        }
    )
    runs = []
    for run in report.runs:
        target = folder / run.job
        target.mkdir(parents=True)
        for name in ("curve.parquet", "vehicles.parquet", "bottlenecks.parquet"):
            (target / name).symlink_to(run.folder / name)
        tables.write_table(states, tables.EDGES, target / "edges.parquet")
        seal(target)
        runs.append(replace(run, folder=target, manifest={**run.manifest, "end_s": steps * 300.0}))
    return replace(report, runs=tuple(runs), edges=table)


def test_ten_thousand_streets_and_a_hundred_steps_fit(report: ReportInput, tmp_path: Path) -> None:
    large = large_town(report, tmp_path)
    cases = results.case_results(large)
    packed = moving_map.map_json(large, cases, results.headline(large, cases))
    # Random states can't be compressed: a real town's need a third or less.
    assert len(packed) < 12_000_000
