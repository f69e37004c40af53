"""A measured departure curve that is edited while a study runs, and restored: no result is taken for another's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.study import Selection, jobs, run_study
from evac.study.engines import Serial
from evac.study.prepare import prepare
from evac.study.runs import Silent
from evac.study.under_plan import under_plan

CURVES = Path(__file__).parents[1] / "fixtures" / "measured_curves"
EDITED = "minute,left\n0,0\n120,1\n"


def _latest_min(town: Path, cache: Path) -> dict[str, float]:
    """Run the cases that the cache hasn't, and return by departure curve when the last vehicle means to leave."""
    prepared = prepare(load_scenario(town), cache, lambda _: None)
    plans = {BASELINE: under_plan(prepared, load_plan(BASELINE, town), cache)}
    study = run_study(prepared, plans, Selection(sensitivity=False), cache, engine=Serial(), display=Silent())
    assert not study.failures, study.failures
    latest = {run.case.departure: pd.read_parquet(run.folder / "vehicles.parquet")["departure_s"] for run in study.runs}
    return {name: float(departure_s.max() / 60.0) for name, departure_s in latest.items()}


def test_a_curve_that_is_edited_during_a_run_and_restored_leaves_no_wrong_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, cache = Path(shutil.copytree(CURVES, tmp_path / "town")), tmp_path / ".evac"
    second = town / "c2.csv"
    as_it_was = second.read_text()
    real = jobs.run_job

    def editing(*given: Any) -> Path:
        """Run the first job, while somebody edits the curve of the second one."""
        second.write_text(EDITED)
        return real(*given)

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "run_job", editing)
        assert _latest_min(town, cache) == pytest.approx({"first": 60, "second": 10}, abs=1), "as it was read"
    assert _latest_min(town, cache) == pytest.approx({"first": 60, "second": 120}, abs=1), "a run of its own"
    second.write_text(as_it_was)
    assert _latest_min(town, cache) == pytest.approx({"first": 60, "second": 10}, abs=1)
    assert len(list((cache / "runs").iterdir())) == 3
