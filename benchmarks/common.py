"""What several benchmarks share: a scenario prepared in a cache of its own, runs without a display, CPU seconds."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass, replace
from pathlib import Path

from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.simulate.driving import Progress
from evac.study import Selection, Study, run_study
from evac.study.plans import Plans
from evac.study.prepare import Prepared, prepare
from evac.study.tasks import Engine
from evac.study.under_plan import under_plan

ROOT = Path(__file__).parents[1]
REAL_DATA = ROOT.parent / "shared" / "data"


class Quiet:
    """Shows nothing."""

    def begin(self, name: str, planned: int) -> None:
        """Show nothing."""

    def update(self, name: str, state: Progress) -> None:
        """Show nothing."""

    def finish(self, name: str, result: str) -> None:
        """Show nothing but failures."""
        if result.startswith("failed"):
            print(f"{name}: {result}")

    def tell(self, text: str) -> None:
        """Show nothing."""


class Weighing(Quiet):
    """Notes the peak memory of this process's children (MB) each simulated minute.

    `ru_maxrss` of children has what their parent used when it started them.
    """

    peak_mb = 0.0

    def update(self, name: str, state: Progress) -> None:  # noqa: ARG002 - only the time matters
        """Look at the children."""
        for tasks in Path("/proc/self/task").glob("*/children"):
            for pid in tasks.read_text().split():
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                peaks = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
                self.peak_mb = max(self.peak_mb, *peaks, 0.0)


@dataclass(frozen=True)
class Used:
    """CPU seconds (user and system) of this process and of its children that have ended, and wall seconds."""

    own_s: float
    children_s: float
    wall_s: float

    @classmethod
    def so_far(cls) -> Used:
        """Return what has been used so far."""
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime, time.monotonic())

    def since(self, before: Used) -> Used:
        """Return what has been used since then."""
        return Used(self.own_s - before.own_s, self.children_s - before.children_s, self.wall_s - before.wall_s)

    @property
    def cpu_s(self) -> float:
        """CPU seconds in all."""
        return self.own_s + self.children_s


def prepared_in(cache: Path, scenario: Path, until_h: float | None = None) -> tuple[Prepared, Plans]:
    """Return a prepared scenario, which may end early, and its baseline."""
    prepared = prepare(load_scenario(scenario), cache, lambda _: None)
    model = prepared.loaded.model
    if until_h is not None:
        simulation = model.simulation.model_copy(update={"end_h": until_h})
        loaded = replace(prepared.loaded, model=model.model_copy(update={"simulation": simulation}))
        prepared = replace(prepared, loaded=loaded)
    return prepared, {BASELINE: under_plan(prepared, load_plan(BASELINE, cache), cache)}


def run_cases(
    prepared: Prepared, plans: Plans, cache: Path, engine: Engine, selection: Selection, *, display: Quiet | None = None
) -> Study:
    """Run cases, and refuse failures."""
    study = run_study(prepared, plans, selection, cache, engine=engine, display=display or Quiet())
    if study.failures:
        raise SystemExit(f"failed: {study.failures[0].message}")
    return study
