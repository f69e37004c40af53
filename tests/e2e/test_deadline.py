"""A run that is too late to be of use ends there, and leaves nothing but that; one that is in time is as without."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from evac.errors import GivenUp
from evac.files import digest_file
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.simulate.job import Case
from evac.study.engines import Serial, engine_of
from evac.study.ground import ground_of
from evac.study.jobs import Deadline, job_of
from evac.study.prepare import prepare
from evac.study.runs import Silent, read_manifest
from evac.study.tasks import Engine, Outcome, Task
from evac.study.under_plan import under_plan

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
TABLES = ("vehicles.parquet", "curve.parquet", "edges.parquet", "manifest.json")


def task_in(cache: Path) -> Task:
    loaded = load_scenario(TOWN)
    prepared = prepare(loaded, cache, lambda _: None)
    plan = load_plan("waves", loaded.plans_folder)
    ground = ground_of(prepared, under_plan(prepared, plan, cache))
    case = Case(vehicles_per_household="1", departure=loaded.model.departures[0].name, seed=1, plan=plan.key)
    return Task(job_of(ground.terms, case), ground)


def outcome_of(task: Task, cache: Path, engine: Engine | None = None) -> Outcome:
    with closing((engine or Serial()).run([task], cache, Silent())) as outcomes:
        ((_, outcome),) = outcomes
    return outcome


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of the run without a deadline."""
    cache = tmp_path_factory.mktemp("finished") / ".evac"
    outcome = outcome_of(task_in(cache), cache)
    assert isinstance(outcome, Path)
    return outcome


@pytest.mark.parametrize("percent", [50, 90])
def test_a_run_is_given_up_where_it_is_late_and_nowhere_else(finished: Path, tmp_path: Path, percent: int) -> None:
    task, out_s = task_in(tmp_path), read_manifest(finished)[f"t{percent}_s"]
    late = outcome_of(replace(task, deadline=Deadline(percent, out_s - 61.0)), tmp_path)
    assert isinstance(late, GivenUp)
    assert late.by_s == out_s - 61.0
    assert not list(tmp_path.glob("runs/*"))
    assert not list(tmp_path.glob("failed/*"))
    in_time = outcome_of(replace(task, deadline=Deadline(percent, out_s)), tmp_path)
    assert isinstance(in_time, Path)
    assert in_time.name == finished.name
    assert [digest_file(in_time / name) for name in TABLES] == [digest_file(finished / name) for name in TABLES]


@pytest.mark.slow
def test_a_worker_gives_up_what_is_late(finished: Path, tmp_path: Path) -> None:
    task, out_s = task_in(tmp_path), read_manifest(finished)["t90_s"]
    late = outcome_of(replace(task, deadline=Deadline(90, out_s - 61.0)), tmp_path, engine_of("dask", 1))
    assert isinstance(late, GivenUp)
    assert not list(tmp_path.glob("failed/*"))
    in_time = outcome_of(replace(task, deadline=Deadline(90, out_s)), tmp_path, engine_of("dask", 1))
    assert isinstance(in_time, Path)
    assert [digest_file(in_time / name) for name in TABLES] == [digest_file(finished / name) for name in TABLES]
