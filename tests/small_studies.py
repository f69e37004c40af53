"""Whole runs of small scenarios, from the scenario's file to the run directory."""

from __future__ import annotations

import shutil
from pathlib import Path

from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.scenario import LoadedScenario
from evac.study import Selection, run_study
from evac.study.engines import Serial
from evac.study.prepare import prepare
from evac.study.runs import Silent
from evac.study.under_plan import under_plan
from evac.verify.running import suite_folder


def town_of(test: str, folder: Path) -> Path:
    """Copy the scenario, map and plans of a verification test into a folder, and return it."""
    return Path(shutil.copytree(suite_folder() / test, folder, dirs_exist_ok=True))


def run_folder_of(loaded: LoadedScenario, cache: Path, plan: str = BASELINE) -> Path:
    """Run the first case of a scenario under a plan, and return its directory."""
    prepared = prepare(loaded, cache, lambda _: None)
    plans = {plan: under_plan(prepared, load_plan(plan, loaded.plans_folder), cache)}
    study = run_study(prepared, plans, Selection(sensitivity=False), cache, engine=Serial(), display=Silent())
    assert not study.failures, study.failures
    return study.runs[0].folder
