"""A measured departure curve that is edited while a study runs, and restored: no result is taken for another's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evac.cli import run_guarded
from evac.study import jobs

CURVES = Path(__file__).parents[1] / "fixtures" / "measured_curves"
EDITED = "minute,left\n0,0\n120,1\n"


def _latest_min(workspace: Path, departure: str) -> float:
    """Return when the last vehicle means to leave in the case of the report."""
    results = pd.read_csv(workspace / "reports" / "town" / "results.csv").set_index("departure")
    run = workspace / ".evac" / "runs" / results.loc[departure, "job"]
    return float(pd.read_parquet(run / "vehicles.parquet")["departure_s"].max() / 60.0)


def test_a_curve_that_is_edited_during_a_run_and_restored_leaves_no_wrong_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = shutil.copytree(CURVES, tmp_path / "town")
    second = town / "c2.csv"
    restored = second.read_text()
    real = jobs.run_job

    def editing(*given: Any) -> Path:
        """Run the first job, with the curve of the second one edited meanwhile for good."""
        second.write_text(EDITED)
        return real(*given)

    command = ["run", str(town), "--engine", "serial", "--no-sensitivity", "--workspace", str(tmp_path)]
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "run_job", editing)
        assert run_guarded(command) == 0
    assert _latest_min(tmp_path, "first") == pytest.approx(60, abs=2)
    assert _latest_min(tmp_path, "second") == pytest.approx(10, abs=1), "as it was when the study began"

    assert run_guarded(command) == 0
    assert _latest_min(tmp_path, "second") == pytest.approx(120, abs=3), "the edited curve has a run of its own"

    second.write_text(restored)
    assert run_guarded(command) == 0
    assert _latest_min(tmp_path, "second") == pytest.approx(10, abs=1)
    assert len(list((tmp_path / ".evac" / "runs").iterdir())) == 3
