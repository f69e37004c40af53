"""`evac run --plan` on the test town: plans beside the baseline, each with what it changes and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from evac.cli import run_guarded
from evac.plan import LoadedPlan, load_plan
from evac.scenario import load_scenario
from evac.study import router_of
from evac.study.prepare import Prepared, prepare
from evac.study.under_plan import under_plan

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
TABLES = ("vehicles.parquet", "curve.parquet", "bottlenecks.parquet", "edges.parquet", "ledger.json")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    options = ["--vehicles", "1", "--no-sensitivity", "--workspace", str(folder)]
    plans = [item for name in ("baseline", "empty", "waves") for item in ("--plan", name)]
    assert run_guarded(["run", str(TOWN), *plans, *options]) == 0
    return folder


def _runs(workspace: Path) -> dict[str, Path]:
    results = pd.read_csv(workspace / "reports" / "town" / "results.csv")
    return {plan: workspace / ".evac" / "runs" / job for plan, job in zip(results["plan"], results["job"], strict=True)}


def test_empty_plan_gives_the_baselines_results_to_the_byte(workspace: Path) -> None:
    runs = _runs(workspace)
    for name in TABLES:
        assert (runs["empty"] / name).read_bytes() == (runs["baseline"] / name).read_bytes(), name


def test_every_household_of_the_baseline_departs_under_the_plan(workspace: Path) -> None:
    runs = _runs(workspace)
    households = [set(pd.read_parquet(runs[plan] / "vehicles.parquet")["household"]) for plan in ("baseline", "waves")]
    assert households[0] == households[1]
    assert (pd.read_parquet(runs["waves"] / "vehicles.parquet")["status"] == "evacuated").all()


def test_waves_come_later_by_their_offset(workspace: Path) -> None:
    runs = _runs(workspace)
    before, after = (pd.read_parquet(runs[plan] / "vehicles.parquet") for plan in ("baseline", "waves"))
    later = (after["departure_s"] - before["departure_s"]).round(1).groupby(before["zone"]).unique()
    assert sorted(float(value) for values in later for value in values) == [0.0, 1800.0]
    assert json.loads((runs["waves"] / "controls.json").read_text()) == []


@pytest.fixture(scope="module")
def prepared(workspace: Path) -> Prepared:
    return prepare(load_scenario(TOWN), workspace / ".evac", lambda _: None)


def _plan(text: str, folder: Path) -> LoadedPlan:
    (folder / "p.yaml").write_text(f"name: p\nactions:\n{text}")
    return load_plan("p", folder)


def test_roads_that_close_during_the_run_get_a_router_that_sees_it(prepared: Prepared, tmp_path: Path) -> None:
    name = prepared.exits[0].name
    text = f"  - {{do: close, exit: '{name}', when: {{from_min: 10}}, accept_cut_off: true}}\n"
    closing = under_plan(prepared, _plan(text, tmp_path), tmp_path)
    normal = under_plan(prepared, load_plan("baseline", tmp_path), tmp_path)
    assert prepared.loaded.model.simulation.router == "CCH"
    assert router_of(prepared.loaded.model, {"baseline": normal}) == "CCH"
    assert router_of(prepared.loaded.model, {"baseline": normal, "p": closing}) == "dijkstra"
