"""`evac run --fidelity meso` on the test town: fitted to microscopic runs, labelled with its error, without lanes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from evac.cli import run_guarded
from evac.simulate.meso import Meso

TOWN = Path(__file__).parents[1] / "fixtures" / "town"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    options = ["--vehicles", "1", "--no-sensitivity", "--fidelity", "meso", "--workspace", str(folder)]
    assert run_guarded(["run", str(TOWN), *options]) == 0
    return folder


def test_results_are_labelled_and_have_no_lanes(workspace: Path) -> None:
    results = pd.read_csv(workspace / "reports" / "town" / "results.csv")
    assert results["fidelity"].tolist() == ["meso"]
    assert results["evacuated"].tolist() == results["planned"].tolist() == [300]
    run = workspace / ".evac" / "runs" / results["job"][0]
    manifest, ledger = (json.loads((run / f"{name}.json").read_text()) for name in ("manifest", "ledger"))
    assert manifest["lanes"] == manifest["found_bottlenecks"] == []
    assert pd.read_parquet(run / "bottlenecks.parquet").empty
    assert not pd.read_parquet(run / "edges.parquet").empty
    assert any("coarse (mesoscopic)" in text for text in ledger["caveats"])
    page = (workspace / "reports" / "town" / "index.html").read_text()
    assert "A coarse simulation knows streets, not lanes" in page
    assert "No queue stands" not in page, "it can't know"


def test_the_report_is_made_again_from_the_cache(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = (workspace / "reports" / "town" / "results.csv").read_text()
    (workspace / "reports" / "town" / "results.csv").unlink()
    assert run_guarded(["report", str(TOWN), "--workspace", str(workspace)]) == 0
    assert (workspace / "reports" / "town" / "results.csv").read_text() == first
    (fit,) = (workspace / ".evac" / "meso").iterdir()
    fit.rename(workspace / "fit.json")
    try:
        assert run_guarded(["report", str(TOWN), "--workspace", str(workspace)]) == 2
        assert "no fit of their model" in capsys.readouterr().err
    finally:
        (workspace / "fit.json").rename(fit)


def test_its_error_is_measured_on_a_run_that_it_was_not_fitted_to(workspace: Path) -> None:
    (path,) = (workspace / ".evac" / "meso").iterdir()
    found = json.loads(path.read_text())
    assert found["fitted_to"] == ["baseline, 1 vehicle per household, seed 1"]
    assert found["checked_on"] == "baseline, 1 vehicle per household, seed 2"
    assert abs(found["t90_error"]) < 0.1
    assert found["doubts"] == []


def test_a_plan_that_acts_during_the_run_is_followed(workspace: Path, tmp_path: Path) -> None:
    plan = tmp_path / "later.yaml"
    plan.write_text("name: Later\nactions:\n  - {do: close, exit: West, when: {from_min: 10}, accept_cut_off: true}\n")
    options = ["--plan", str(plan), "--fidelity", "meso", "--vehicles", "1", "--no-sensitivity"]
    assert run_guarded(["run", str(TOWN), *options, "--workspace", str(workspace)]) == 0
    results = pd.read_csv(workspace / "reports" / "town" / "results.csv")
    run = workspace / ".evac" / "runs" / results["job"][0]
    vehicles = pd.read_parquet(run / "vehicles.parquet")
    assert vehicles["evacuated_s"].notna().all()
    assert vehicles.loc[vehicles["exit"] == "West", "evacuated_s"].max() < 15 * 60


def test_options_of_the_model() -> None:
    options = Meso("full", free=1.25, jam=0.8).options()
    assert options[:2] == ["--mesosim", "--no-internal-links"]
    assert "--meso-junction-control" in options
    numbers = [option for option in options[2:] if option != "--meso-junction-control"]
    values = dict(zip(numbers[::2], numbers[1::2], strict=True))
    assert values == {
        "--device.rerouting.adaptation-interval": "120",
        "--meso-tauff": "1.412",
        "--meso-taufj": "1.412",
        "--meso-taujf": "1.384",
        "--meso-taujj": "1.120",
    }


@pytest.mark.slow
def test_a_mixed_study_runs_both_models_with_the_same_seeds_and_says_what_its_times_are_known_by(
    tmp_path: Path,
) -> None:
    options = ["--vehicles", "1", "--no-sensitivity", "--fidelity", "mixed", "--until", "0.2%", "--max-seeds", "12"]
    assert run_guarded(["run", str(TOWN), *options, "--workspace", str(tmp_path)]) == 0
    runs = [json.loads(path.read_text())["case"] for path in (tmp_path / ".evac" / "runs").glob("*/job.json")]
    micro, meso = ({run["seed"] for run in runs if run["fidelity"] == fidelity} for fidelity in ("micro", "meso"))
    assert set(range(1, 9)) <= micro & meso
    results = pd.read_csv(tmp_path / "reports" / "town" / "results.csv")
    assert set(results["fidelity"]) == {"micro"}
    table = tmp_path / "reports" / "town" / "tables" / "clearance.csv"
    (row,) = pd.read_csv(table).to_dict("records")
    assert row["seeds"] == len(results)
    assert row["coarse_runs"] in {0, len(meso)}
    page = (tmp_path / "reports" / "town" / "index.html").read_text()
    assert ("Coarse simulations were tried" in page) is (row["coarse_runs"] == 0)
    first = table.read_text()
    table.unlink()
    assert run_guarded(["report", str(TOWN), "--workspace", str(tmp_path)]) == 0
    assert table.read_text() == first


def test_a_mixed_study_needs_a_precision(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["run", str(TOWN), "--fidelity", "mixed", "--workspace", str(tmp_path)]) == 2
    assert "--until" in capsys.readouterr().err


def test_the_cases_of_a_mixed_study_tell_each_other_how_much_they_vary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--plan", "baseline", "--plan", "waves", "--no-sensitivity", "--fidelity", "mixed"]
    study = ["run", str(TOWN), *options, "--until", "20%", "--workspace", str(tmp_path)]
    assert run_guarded(study) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "2 seeds, spread by the other cases too" in said
    assert "the interval also rests on how much the other cases vary" in said
    report = tmp_path / "reports" / "town"
    rows = pd.read_csv(report / "tables" / "clearance.csv")
    assert len(rows) >= 4
    assert set(rows["seeds"]) == {2}
    assert rows["t90_low_s"].notna().all()
    page = (report / "index.html").read_text()
    assert "from how much the other cases vary" in page
    assert "the interval also rests on how much the other cases vary" in page
    first = (report / "tables" / "clearance.csv").read_text()
    (report / "tables" / "clearance.csv").unlink()
    assert run_guarded(["report", str(TOWN), "--workspace", str(tmp_path)]) == 0
    assert (report / "tables" / "clearance.csv").read_text() == first
