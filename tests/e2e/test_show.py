"""`evac report`, `evac export` and `evac watch`: nothing is simulated, and what they hand on works by itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pyogrio
import pytest

from evac import sumo
from evac.cli import run_guarded
from evac.report import watch
from evac.study import jobs

TOWN = Path(__file__).parents[1] / "fixtures" / "town"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("workspace")
    options = ["--vehicles", "1", "--no-sensitivity", "--workspace", str(folder)]
    assert run_guarded(["run", str(TOWN), *options]) == 0

    def no_simulation(*_: object, **__: object) -> Path:
        raise AssertionError("a simulation was started")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "run_job", no_simulation)
        yield folder


def _run_folder(workspace: Path) -> Path:
    (run,) = (workspace / ".evac" / "runs").iterdir()
    return run


def test_the_report_is_written_again_from_the_cache(workspace: Path) -> None:
    page = workspace / "reports" / "town" / "index.html"
    before = page.read_bytes()
    page.unlink()
    assert run_guarded(["report", str(TOWN), "--workspace", str(workspace)]) == 0
    assert page.read_bytes() == before


def test_what_is_missing_is_told(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--seed", "1", "--seed", "2", "--workspace", str(workspace)]
    assert run_guarded(["report", str(TOWN), *options]) == 0
    assert "not simulated: 1 vehicle per household" in capsys.readouterr().out
    missing = pd.read_csv(workspace / "reports" / "town" / "tables" / "missing.csv")
    assert set(missing["why"]) == {"not simulated"}
    assert 2 in set(missing["seed"])
    assert "are missing from this report" in (workspace / "reports" / "town" / "index.html").read_text()


def test_a_report_of_nothing_is_refused(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["report", str(TOWN), "--seed", "77", "--workspace", str(workspace)]) == 2
    assert "simulate them with evac run" in capsys.readouterr().err


def test_an_exported_run_runs_by_itself_in_plain_sumo(workspace: Path, tmp_path: Path) -> None:
    given = tmp_path / "given"
    assert run_guarded(["export", str(TOWN), str(given), "--vehicles", "1", "--workspace", str(workspace)]) == 0
    elsewhere = tmp_path / "elsewhere"
    shutil.move(given, elsewhere)
    sumo.run("sumo", ["-c", "run.sumocfg", "--statistic-output", "statistics.xml"], cwd=elsewhere)
    vehicles = ET.parse(elsewhere / "statistics.xml").getroot().find("vehicles")
    manifest = json.loads((_run_folder(workspace) / "manifest.json").read_text())
    assert vehicles is not None
    assert int(vehicles.get("inserted", "0")) == manifest["planned"] == manifest["evacuated"]
    assert vehicles.get("running") == "0"
    assert json.loads((elsewhere / "results" / "manifest.json").read_text()) == manifest
    streets = pyogrio.read_dataframe(elsewhere / "run.gpkg", layer="streets_by_time")
    edges = pd.read_parquet(_run_folder(workspace) / "edges.parquet")
    assert len(streets) == len(edges)
    assert streets["queue_veh"].sum() == pytest.approx(edges["queue_veh"].sum(), rel=1e-5)
    assert "plain SUMO" in (elsewhere / "README.txt").read_text()


def test_an_export_replaces_nothing(workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["export", str(TOWN), str(tmp_path), "--workspace", str(workspace)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_a_run_that_was_not_simulated_is_named(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--vehicles", "1.5", "--workspace", str(workspace)]
    assert run_guarded(["watch", str(TOWN), *options]) == 2
    assert "not simulated: 1.5 vehicles per household" in capsys.readouterr().err


def test_without_a_screen_there_is_nothing_to_watch(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert run_guarded(["watch", str(TOWN), "--vehicles", "1", "--workspace", str(workspace)]) != 0
    assert "there is no screen" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="xvfb-run is missing: apt-get install xvfb")
def test_sumo_gui_takes_the_settings_and_leaves_the_results(workspace: Path, tmp_path: Path) -> None:
    run, settings = _run_folder(workspace), tmp_path / "view.xml"
    ET.ElementTree(watch.view_settings()).write(settings)
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    command = ["xvfb-run", "-a", *watch.command(run, settings), "--end", "120", "--delay", "0", "--quit-on-end"]
    done = subprocess.run(
        command, env=sumo.child_environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "rror" not in done.stderr
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before
