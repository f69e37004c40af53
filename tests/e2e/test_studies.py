"""Studies are resumed, looked at, cut into parts for a batch system, and grow until they are precise."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from evac.archive import basis
from evac.cli import run_guarded
from evac.simulate.job import Job
from evac.study import jobs

ROOT = Path(__file__).parents[2]
TOWN = ROOT / "tests" / "fixtures" / "town"
PLANS = ["--plan", "baseline", "--plan", "waves"]
ONE_CASE = ["--vehicles", "1", "--no-sensitivity"]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the town whose plans may be changed, with a finished study of two plans."""
    folder = tmp_path_factory.mktemp("studies")
    shutil.copytree(TOWN, folder / "scenarios" / "town", ignore=shutil.ignore_patterns("plans"))
    shutil.copytree(TOWN / "plans", folder / "plans" / "town")
    assert run_guarded(["run", str(folder / "scenarios" / "town"), *PLANS, *ONE_CASE]) == 0
    return folder


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The plans whose runs are started."""
    found: list[str] = []
    real = jobs.run_job

    def noting(job: Job, *rest: object) -> Path:
        found.append(job.case.plan)
        return real(job, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "run_job", noting)
    return found


def command(town: Path, name: str, *options: str) -> int:
    return run_guarded([name, str(town / "scenarios" / "town"), *options])


def words_of(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_a_changed_plan_runs_only_that_plan_again(
    town: Path, started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(town, "status") == 0
    assert "has changed" not in words_of(capsys)
    plan = town / "plans" / "town" / "waves.yaml"
    plan.write_text(plan.read_text().replace("offset_min: 30", "offset_min: 20"))
    assert command(town, "status", "--plan", "waves") == 0
    assert "The plan waves has changed since" in words_of(capsys)
    assert command(town, "run", *PLANS, *ONE_CASE) == 0
    assert started == ["waves"]


def test_status_tells_which_runs_are_of_older_inputs(
    town: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, roads = (town / "scenarios" / "town" / name for name in ("scenario.yaml", "town.osm"))
    before = scenario.read_text(), roads.read_bytes()
    scenario.write_text(f"# what no run depends on\n{before[0]}")
    assert command(town, "status") == 0
    words = words_of(capsys)
    assert "Changed since" not in words
    assert "waves │ 1 │ 0 │ 0 │ 0 │ 0" in words
    scenario.write_text(before[0].replace("{end_h: 4}", "{end_h: 4, gridlock_after_s: 301}"))
    assert command(town, "status") == 0
    assert "Changed since: the settings in scenario.yaml" in words_of(capsys)
    scenario.write_text(before[0])
    roads.write_bytes(before[1] + b"<!-- another day's map -->")
    assert command(town, "status") == 0
    words = words_of(capsys)
    assert "Changed since: town.osm" in words
    assert "waves │ 0 │ 1 │ 0 │ 0 │ 0" in words
    assert "Time left: about" in words
    roads.write_bytes(before[1])
    with monkeypatch.context() as patch:
        patch.setattr(basis, "fingerprint", lambda: "another version")
        assert command(town, "status") == 0
    assert "Changed since: the toolkit:" in words_of(capsys)


def test_nothing_has_changed_after_a_study_with_a_plan_that_acts_during_the_run(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = town / "plans" / "town" / "closing.yaml"
    action = "{do: close, where: {street: Main Street, towards: east}, when: {from_min: 3, until_min: 9}}"
    plan.write_text(f"name: Closing\nactions:\n  - {action}\n")
    asked = ["--plan", "baseline", "--plan", "closing", *ONE_CASE]
    assert command(town, "run", *asked) == 0
    capsys.readouterr()
    assert command(town, "status", "--plan", "closing") == 0
    words = words_of(capsys)
    assert "closing │ 1 │ 0 │ 0 │ 0 │ 0" in words
    assert "hanged" not in words


def test_status_tells_what_is_missing_and_why(
    town: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object) -> Path:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "run_job", failing)
        assert command(town, "run", *PLANS, *ONE_CASE, "--seed", "1", "--seed", "7") == 1
    capsys.readouterr()
    assert command(town, "status") == 0
    words = words_of(capsys)
    assert "failed: 1 vehicle per household · 90 % within 60 min · seed 7: RuntimeError: the disk is full" in words
    assert "baseline │ 1 │ 0 │ 0 │ 1 │ 0" in words
    assert command(town, "run", *PLANS, *ONE_CASE, "--engine", "serial", "--seed", "1", "--seed", "7") == 0
    assert "(95 % CI of the difference" in (words := words_of(capsys))
    assert "2 seeds)" in words
    assert command(town, "status") == 0
    assert "failed:" not in words_of(capsys)


def test_seeds_are_added_until_the_interval_is_narrow(
    town: Path, started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(town, "run", *ONE_CASE, "--until", "50%", "--max-seeds", "3") == 0
    words = words_of(capsys)
    assert "precision not reached" not in words
    assert "3 seeds)" in words
    results = pd.read_csv(town / "reports" / "town" / "results.csv")
    assert sorted(results["seed"]) == [1, 2, 3]
    assert started == ["baseline", "baseline"]
    assert len(set(results["t90_s"])) > 1


def test_the_report_says_where_the_precision_was_not_reached(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = "baseline, 1 vehicle per household, 90 % within 60 min: ±"
    said = f"precision not reached for {case}"
    assert command(town, "run", *ONE_CASE, "--until", "0.1%", "--max-seeds", "2") == 0
    assert said in words_of(capsys)
    page = town / "reports" / "town" / "index.html"
    page.unlink()
    assert command(town, "report") == 0
    assert said in words_of(capsys)
    first_page = page.read_text().partition("</section>")[0]
    assert "less precise than the study was asked to make them" in first_page
    assert case.replace(" %", "\u00a0%") in first_page


def test_the_tasks_of_an_array_do_all_of_it_together(town: Path, tmp_path: Path, started: list[str]) -> None:
    evac = tmp_path / "bin" / "evac"
    evac.parent.mkdir()
    evac.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from evac.cli import main; main()" "$@"\n')
    evac.chmod(evac.stat().st_mode | stat.S_IXUSR)
    options = [str(town / "scenarios" / "town"), "--no-sensitivity", "--workspace", str(tmp_path)]
    environment = {**os.environ, "PATH": f"{evac.parent}:{os.environ['PATH']}", "SLURM_ARRAY_TASK_COUNT": "2"}
    for task in ("1", "2"):
        array = {**environment, "SLURM_ARRAY_TASK_ID": task}
        subprocess.run(["sh", "setup/study.sbatch", *options], cwd=ROOT, env=array, check=True, timeout=300)
        assert len(list((tmp_path / ".evac" / "runs").iterdir())) == int(task)
    assert not (tmp_path / "reports").exists()
    assert run_guarded(["run", *options]) == 0
    assert started == []
    assert len(pd.read_csv(tmp_path / "reports" / "town" / "results.csv")) == 2


def test_what_each_change_buys_and_what_may_go_wrong(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(town, "ablate", "waves", "--vehicles", "1") == 0
    words = words_of(capsys)
    assert "What each change buys" in words
    assert "zones Hill" in words
    assert command(town, "stress", "waves", "--vehicles", "1") == 0
    words = words_of(capsys)
    assert "in the worst case: East lost" in words or "in the worst case: West lost" in words
    assert "these can't be late in the model" in words


def test_cleaning_lists_first_and_spares_what_the_report_shows(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = town / ".evac" / "runs"
    shown = set(pd.read_csv(town / "reports" / "town" / "results.csv")["job"])
    before = {path.name for path in runs.iterdir()}
    assert run_guarded(["clean", "--study", "town", "--workspace", str(town)]) == 0
    assert "Nothing has been removed" in words_of(capsys)
    assert {path.name for path in runs.iterdir()} == before > shown
    assert run_guarded(["clean", "--study", "town", "--yes", "--workspace", str(town)]) == 0
    after = {path.name for path in runs.iterdir()}
    assert shown <= after < before
    job = json.loads((runs / min(shown) / "job.json").read_text())
    assert (town / ".evac" / "nets" / job["inputs"]["net"]).is_dir()


def test_a_quick_look_keeps_record_and_report_of_the_big_study(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(town, "run", *PLANS, *ONE_CASE, "--seed", "1", "--seed", "7") == 0
    big = set(pd.read_csv(town / "reports" / "town" / "results.csv")["job"])
    assert command(town, "run", *PLANS, *ONE_CASE, "--seed", "1") == 0
    assert "The report of another study is kept" in words_of(capsys)
    kept = [set(pd.read_csv(path)["job"]) for path in (town / "reports").glob("town-*/results.csv")]
    assert big in kept
    assert command(town, "status") == 0
    words = words_of(capsys)
    assert "Study of baseline, waves; vehicles per household 1; seeds 1; 2 runs" in words
    assert "Earlier: baseline, waves; vehicles per household 1; seeds 1, 7; 4 runs" in words
    assert run_guarded(["clean", "--older-than", "0", "--yes", "--workspace", str(town)]) == 0
    assert big <= {path.name for path in (town / ".evac" / "runs").iterdir()}
