"""`evac run` on the test town: what it writes, what it doesn't do twice, and what makes results the same or others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from evac.cli import run_guarded
from evac.simulate.job import Job
from evac.study import jobs

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
TABLES = ("vehicles.parquet", "curve.parquet", "bottlenecks.parquet", "edges.parquet", "ledger.json", "manifest.json")


def _run(workspace: Path, *options: str) -> int:
    return run_guarded(["run", str(TOWN), "--workspace", str(workspace), *options])


def _results(workspace: Path) -> pd.DataFrame:
    return pd.read_csv(workspace / "reports" / "town" / "results.csv")


def _tables(workspace: Path) -> dict[str, bytes]:
    runs = workspace / ".evac" / "runs"
    return {f"{run.name}/{name}": (run / name).read_bytes() for run in sorted(runs.iterdir()) for name in TABLES}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    assert _run(folder) == 0
    return folder


def test_a_report_and_a_row_a_run(workspace: Path) -> None:
    report = workspace / "reports" / "town"
    assert (report / "index.html").is_file()
    assert {path.suffix for path in (report / "figures").iterdir()} == {".png", ".svg", ".gif"}
    results = _results(workspace)
    cases = list(zip(results["vehicles_per_household"], results["capacity_factor"], strict=True))
    assert cases == [(1.0, 0.85), (1.0, 1.0), (1.0, 1.15), (1.5, 1.0)]
    assert pd.read_parquet(report / "results.parquet")["job"].tolist() == results["job"].tolist()


def test_every_planned_vehicle_is_accounted_for_and_out(workspace: Path) -> None:
    results = _results(workspace)
    assert (results["planned"] == results[["evacuated", "driving", "waiting", "no_route"]].sum(axis=1)).all()
    assert (results["evacuated"] == results["planned"]).all()
    assert results.loc[results["vehicles_per_household"] == 1.5, "planned"].tolist() == [450]
    assert results["trusted"].all()


def test_less_capacity_never_clears_sooner(workspace: Path) -> None:
    of_middle = _results(workspace).query("vehicles_per_household == 1").set_index("capacity_factor")
    assert of_middle.loc[0.85, "t90_s"] >= of_middle.loc[1.0, "t90_s"] >= of_middle.loc[1.15, "t90_s"]


def test_what_is_done_is_not_run_again(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_simulation(*_: object, **__: object) -> Path:
        raise AssertionError("a finished run was started again")

    before = _tables(workspace)
    monkeypatch.setattr(jobs, "run_job", no_simulation)
    assert _run(workspace) == 0
    assert _tables(workspace) == before


def test_the_same_job_elsewhere_gives_the_same_bytes(workspace: Path, tmp_path: Path) -> None:
    assert _run(tmp_path, "--vehicles", "1.5", "--no-sensitivity") == 0
    here, there = _tables(workspace), _tables(tmp_path)
    assert len(there) == len(TABLES)
    assert there == {name: here[name] for name in there}


def test_another_seed_gives_another_run(workspace: Path) -> None:
    assert _run(workspace, "--vehicles", "1.5", "--no-sensitivity", "--seed", "2") == 0
    results = _results(workspace)
    assert results["seed"].tolist() == [2]
    runs = workspace / ".evac" / "runs"
    departures = [pd.read_parquet(run / "vehicles.parquet", columns=["departure_s"]) for run in runs.iterdir()]
    assert len({tuple(table["departure_s"]) for table in departures if len(table) == 450}) == 2


def test_a_failed_run_is_reported_and_the_others_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = jobs.run_job

    def failing(job: Job, *rest: object) -> Path:
        if job.case.vehicles_per_household == "1":
            raise RuntimeError("the disk is full")
        return real(job, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "run_job", failing)
    assert _run(tmp_path, "--no-sensitivity") == 1
    assert "1 of 2 runs failed" in capsys.readouterr().err
    assert _results(tmp_path)["vehicles_per_household"].tolist() == [1.5]
    assert "the disk is full" in (tmp_path / "reports" / "town" / "index.html").read_text()


def test_an_unknown_case_is_a_mistake_of_the_user(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path, "--vehicles", "3") == 2
    assert "known: 1, 1.5" in capsys.readouterr().err


def test_the_workspace_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run(Path("here"), "--vehicles", "1", "--no-sensitivity") == 0
    assert _results(tmp_path / "here")["planned"].tolist() == [300]


def test_check_names_the_exits_and_the_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["check", str(TOWN), "--workspace", str(tmp_path)]) == 0
    words = capsys.readouterr().out
    assert "300 households in 2 zones, 300 can leave by a street" in words
    assert "exit West: 1 lane" in words
    assert "The map doesn't say how many lanes Main Street has" in words


def test_a_job_names_what_it_depends_on_and_no_path_of_the_machine(workspace: Path) -> None:
    for run in (workspace / ".evac" / "runs").iterdir():
        text = (run / "job.json").read_text()
        assert json.loads(text)["inputs"].keys() == {"net", "households"}
        assert str(workspace) not in text
        assert str(TOWN) not in text


def test_departures_that_were_edited_during_a_run_and_restored_are_those_that_the_run_is_named_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache would otherwise serve, for good, a run of other departures under the name of these."""
    scenario = tmp_path / "scenarios" / "town"
    shutil.copytree(TOWN, scenario)
    curves = {"slow": "minute,left\n0,0\n60,1\n", "quick": "minute,left\n0,0\n10,1\n"}
    for name, text in curves.items():
        (scenario / f"{name}.csv").write_text(text)
    listed = [f"  - {{name: {name}, curve: {{form: measured, file: {name}.csv}}}}" for name in curves]
    with (scenario / "scenario.yaml").open("a") as file:
        file.write("\n".join(["departures:", *listed, ""]))
    real = jobs.run_job

    def editing(job: Job, *rest: object) -> Path:
        if job.case.departure == "slow":
            (scenario / "quick.csv").write_text("minute,left\n0,0\n100,1\n")
        done = real(job, *rest)  # type: ignore[arg-type]
        if job.case.departure == "quick":
            (scenario / "quick.csv").write_text(curves["quick"])
        return done

    monkeypatch.setattr(jobs, "run_job", editing)
    command = ["run", str(scenario), "--vehicles", "1", "--jobs", "1", "--no-sensitivity"]
    assert run_guarded(command) == 0
    latest_s = {}
    for run in (tmp_path / ".evac" / "runs").iterdir():
        name = json.loads((run / "job.json").read_text())["case"]["departure"]
        latest_s[name] = pd.read_parquet(run / "vehicles.parquet")["departure_s"].max()
    assert latest_s["quick"] <= 600.0 < latest_s["slow"]
