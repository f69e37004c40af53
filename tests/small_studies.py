"""Whole runs of small scenarios, from the scenario's file to the run directory."""

from __future__ import annotations

from pathlib import Path

from evac.plans.reading import BASELINE, load_plan
from evac.scenario import LoadedScenario
from evac.study import Selection, run_study
from evac.study.engines import Serial
from evac.study.prepare import prepare
from evac.study.under_plan import under_plan


class Silent:
    """A display that shows nothing."""

    def begin(self, name, planned): ...

    def update(self, name, state): ...

    def finish(self, name, result): ...

    def tell(self, text): ...


def run_folder_of(loaded: LoadedScenario, cache: Path, plan: str = BASELINE) -> Path:
    """Run the first case of a scenario under a plan, and return its directory."""
    prepared = prepare(loaded, cache, lambda _: None)
    plans = {plan: under_plan(prepared, load_plan(plan, loaded.plans_folder), cache)}
    study = run_study(prepared, plans, Selection(sensitivity=False), cache, engine=Serial(), display=Silent())
    assert not study.failures, study.failures
    return study.runs[0].folder
