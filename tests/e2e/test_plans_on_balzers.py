"""Plans of several actions on one road or junction of Balzers: what they mean is their union, in whichever order."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from evac.cli import run_guarded
from evac.errors import ScenarioError
from evac.plans.reading import load_plan
from evac.plans.timetable import States, admits_car
from evac.scenario import load_scenario
from evac.study.prepare import Prepared, prepare
from evac.study.under_plan import under_plan
from evac.tables import read_lanes

BALZERS = Path(__file__).parents[2] / "scenarios" / "balzers"
PLANS = Path(__file__).parents[1] / "fixtures" / "balzers_plans"
TABLES = ("vehicles.parquet", "curve.parquet", "bottlenecks.parquet", "edges.parquet", "ledger.json")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("balzers")
    names = ("touch-ab", "touch-ba", "narrow", "sig", "fx")
    plans = [item for name in names for item in ("--plan", str(PLANS / f"{name}.yaml"))]
    options = ["--vehicles", "1", "--no-sensitivity", "--workspace", str(folder)]
    assert run_guarded(["run", str(BALZERS), *plans, *options]) == 0
    return folder


@pytest.fixture(scope="module")
def runs(workspace: Path) -> dict[str, Path]:
    results = pd.read_csv(workspace / "reports" / "balzers" / "results.csv")
    return {plan: workspace / ".evac" / "runs" / job for plan, job in zip(results["plan"], results["job"], strict=True)}


@pytest.fixture(scope="module")
def prepared(workspace: Path) -> Prepared:
    return prepare(load_scenario(BALZERS), workspace / ".evac", lambda _: None)


def _states(prepared: Prepared, workspace: Path, name: str) -> States:
    plan = load_plan(str(PLANS / f"{name}.yaml"), PLANS)
    return under_plan(prepared, plan, workspace / ".evac").overlay.timetable.states()


def _controls(run: Path) -> list[dict[str, object]]:
    return list(json.loads((run / "controls.json").read_text()))


def test_everybody_is_out_and_runs_are_trusted_but_those_with_lanes_that_serve_nobody(runs: dict[str, Path]) -> None:
    """From the border northward nobody drives: contraflow that way is contraflow on paper."""
    for name, run in runs.items():
        manifest, ledger = (json.loads((run / f"{file}.json").read_text()) for file in ("manifest", "ledger"))
        assert manifest["evacuated"] == manifest["planned"] == 2000, name
        assert ledger["trusted"] == (name != "fx"), (name, ledger["reasons"])
        assert all("contraflow on paper only" in reason for reason in ledger["reasons"])


def test_closures_that_touch_give_the_same_result_to_the_byte_in_either_order(runs: dict[str, Path]) -> None:
    for name in TABLES:
        assert (runs["touch-ab"] / name).read_bytes() == (runs["touch-ba"] / name).read_bytes(), name
    assert _controls(runs["touch-ab"]) == _controls(runs["touch-ba"])


@pytest.mark.parametrize("name", ["touch-ab", "touch-ba", "narrow", "fx"])
def test_nobody_enters_a_lane_while_any_action_closes_it(
    prepared: Prepared, workspace: Path, runs: dict[str, Path], name: str
) -> None:
    """But those who were on it, live on it, or have no other way out, whom the controller counts."""
    lanes = read_lanes(runs[name] / "sumo" / "lanes.parquet")
    let_in = sum(int(item.get(key, 0)) for item in _controls(runs[name]) for key in ("on_it", "let_through"))  # type: ignore[call-overload]
    found = 0
    for lane, states in _states(prepared, workspace, name).lanes.items():
        for state in states:
            if admits_car(state.holds) or lane.startswith(":"):
                continue
            found += 1
            there = lanes[lanes["lane_id"] == lane]
            from_min = state.from_s / 60 + 1
            until_min = min(state.until_s / 60, there["minute"].max() + 1 if len(there) else math.inf)
            assert there.loc[there["minute"].between(from_min, until_min - 1), "vehicles"].sum() <= let_in
    assert found > 0


def test_the_union_of_two_closures_is_one(prepared: Prepared, workspace: Path) -> None:
    for name in ("touch-ab", "touch-ba", "narrow"):
        for states in _states(prepared, workspace, name).lanes.values():
            assert [(s.from_s / 60, s.until_s / 60, admits_car(s.holds)) for s in states] == [
                (0, 10, True),
                (10, 90, False),
                (90, math.inf, True),
            ]


def test_an_officer_who_relieves_another_stays_until_the_later_one_goes(
    prepared: Prepared, workspace: Path, runs: dict[str, Path]
) -> None:
    (states,) = _states(prepared, workspace, "sig").signals.values()
    assert [(s.from_s / 60, s.until_s / 60, s.holds.officer) for s in states] == [
        (0, 5, False),
        (5, 120, True),
        (120, math.inf, False),
    ]
    done = [(item["time_s"], item["what"]) for item in _controls(runs["sig"])]
    assert done[0] == (300.0, "officer on duty")
    assert set(done[1:]) <= {(7200.0, "signal as normal")}


def test_a_road_has_no_more_lanes_than_it_is_wide(prepared: Prepared, workspace: Path) -> None:
    """One lane a direction: contraflow one way, then the other, never gives more than both of them."""
    plan = load_plan(str(PLANS / "fx.yaml"), PLANS)
    changes = under_plan(prepared, plan, workspace / ".evac").overlay.changes
    assert {(row.before, row.after) for row in changes if row.kind == "lanes"} == {("1", "2"), ("1", "0")}


@pytest.mark.parametrize("name", ["bt", "sh2"])
def test_what_contradicts_itself_is_refused(prepared: Prepared, workspace: Path, name: str) -> None:
    with pytest.raises(ScenarioError, match="contradict each other on"):
        _states(prepared, workspace, name)
