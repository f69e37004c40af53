"""Stage `study`: every case of a scenario run once, side by side, a failed run without losing the others."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evac.archive.basis import basis_of
from evac.archive.records import (
    StudyRecord,
    Wanted,
    forget_failure,
    note_failure,
    note_study,
    now,
)
from evac.errors import EvacError
from evac.seals import has_entry
from evac.simulate.job import Case, Job
from evac.study.cases import (
    Selection,
    case_name,
    cases_of,
    from_few_to_many,
    mean_vehicles,
    middle_cases,
    told_apart,
    vehicles_case,
)
from evac.study.comparing import cells_of
from evac.study.ground import Ground, ground_of
from evac.study.jobs import Jobs, run_folder
from evac.study.mixing import more_mixed_cases, unhelped
from evac.study.plans import Plans, all_lanes
from evac.study.precision import Precision, Shortfall, more_cases, shortfalls
from evac.study.prepare import Prepared
from evac.study.runs import Aside, Display, Failure, Run, Study, in_words, read_manifest, took_s
from evac.study.same_lanes import measure_same_lanes
from evac.study.screening import calibrate, screened, town_of
from evac.study.signals import with_other_signals
from evac.study.tasks import Engine, Outcome, Task

__all__ = [
    "Display",
    "Failure",
    "Plans",
    "Precision",
    "Run",
    "Selection",
    "Study",
    "run_study",
]

_LOG = logging.getLogger(__name__)


def run_study(
    prepared: Prepared,
    plans: Plans,
    selection: Selection,
    cache: Path,
    *,
    engine: Engine,
    display: Display,
    aside: Plans | None = None,
) -> Study:
    """Run the selected cases that the cache doesn't have.

    Parameters
    ----------
    prepared
        The scenario.
    plans
        The plans to compare, the baseline among them where it is wanted.
    selection
        Which cases to run.
    cache
        The cache's folder.
    engine
        What runs them.
    display
        Where progress is shown.
    aside
        Variants of the plans, of which the case is run as well in which assumptions are varied. They are no plans of
        the study: no lane is measured because of them.

    Raises
    ------
    ScenarioError
        The selection names a case that the scenario doesn't have.
    KeyboardInterrupt
        All simulations have been ended, and nothing half-done is left that could be taken for done.
    """
    aside, model, place = aside or {}, prepared.loaded.model, str(prepared.loaded.path)
    cases = cases_of(model, selection, place, list(plans))
    beside = middle_cases(model, selection, place, list(aside))
    work = _Work(prepared, {**plans, **aside}, cache, engine, display, told_apart(selection, model), beside)
    if selection.fidelity == "meso":
        work.screen(cases)
    cases, imprecise = _all_run(work, cases, selection)
    mixed = selection.fidelity == "mixed"
    runs = work.measured(cases, plans)
    coarse = [run for run in runs if mixed and run.case.fidelity == "meso"]
    runs = [run for run in runs if run not in coarse]
    return Study(
        tuple(runs),
        tuple(work.failures[case] for case in (*cases, *beside) if case in work.failures),
        () if mixed else work.notes,
        tuple(imprecise),
        tuple(coarse),
        sequential=selection.until is not None,
        moderated=mixed,
        unhelped=tuple(unhelped(cells_of(runs, coarse, moderated=mixed))),
        aside=tuple(Aside(case, work.jobs[case].digest, work.folders[case]) for case in beside if case in work.folders),
    )


def _all_run(work: _Work, cases: list[Case], selection: Selection) -> tuple[list[Case], Sequence[Shortfall]]:
    """Run the cases, those with other signals, and more seeds as long as it takes; return all, and what is imprecise.

    A part of a study adds none: what its runs show isn't known of the others.
    """
    work.run(cases, selection.part)
    other_signals = with_other_signals(work.prepared.loaded.model, cases, work.folders)
    if other_signals and selection.part is None:
        cases = [*cases, *other_signals]
        work.run(cases, None)
    until = selection.until
    if until is None:
        return cases, ()
    while more := work.more_cases(until, cases, mixed=selection.fidelity == "mixed"):
        cases = [*cases, *more]
        work.run(cases, None)
    return cases, shortfalls(until, cases, work.t90_s(), moderated=selection.fidelity == "mixed")


@dataclass
class _Work:
    """The runs of a study as they are done; `beside` are run with the first cases."""

    prepared: Prepared
    plans: Plans
    cache: Path
    engine: Engine
    display: Display
    selected: Mapping[str, Any]
    beside: Sequence[Case] = ()
    grounds: dict[str, Ground] = field(init=False)
    coarse: dict[str, Ground] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    jobs: dict[Case, Job] = field(default_factory=dict)
    folders: dict[Case, Path] = field(default_factory=dict)
    failures: dict[Case, Failure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.grounds = {key: ground_of(self.prepared, plan) for key, plan in self.plans.items()}

    def screen(self, cases: Sequence[Case]) -> None:
        """Fit the mesoscopic model to the first plan, take it for all, and note what a reader must know."""
        first = cases[0]
        town = town_of(self.grounds, first, self.cache, self.engine, self.display)
        found = calibrate(town, from_few_to_many(self.prepared.loaded.model, cases), first)
        self.coarse = screened(self.grounds, found, self.cache)
        self.notes = found.label, *found.doubts

    def more_cases(self, until: Precision, cases: Sequence[Case], *, mixed: bool) -> list[Case]:
        """Return the cases to run next; before the first coarse ones beside others, their model is fitted."""
        if not mixed:
            return more_cases(until, cases, self.t90_s())
        took = {case: took_s(folder) for case, folder in self.folders.items()}
        found = more_mixed_cases(until, cases, self.t90_s(), took)
        if not self.coarse and any(case.fidelity == "meso" for case in found):
            self.screen([case for case in cases if case.is_as_assumed])
        return found

    def run(self, cases: Sequence[Case], part: tuple[int, int] | None) -> None:
        """Run the cases that have not been run, and of these only those of the part, where one is given."""
        cases = [*cases, *self.beside]
        jobs = {
            (key, fidelity): Jobs(ground.terms)
            for fidelity, grounds in (("micro", self.grounds), ("meso", self.coarse))
            for key, ground in grounds.items()
        }
        self.jobs |= {case: jobs[case.plan, case.fidelity].of(case) for case in cases if case not in self.jobs}
        self.note_study(cases, ())
        largest_first = sorted(cases, key=lambda case: -self._vehicles(case))  # so that no long run is left for the end
        mine = largest_first[part[0] - 1 :: part[1]] if part else largest_first
        new = [case for case in mine if case not in self.folders and case not in self.failures]
        done = [case for case in new if has_entry(run_folder(self.jobs[case], self.cache))]
        for case in done:
            self._note(case, run_folder(self.jobs[case], self.cache))
        tasks = [Task(self.jobs[case], self._ground(case)) for case in new if case not in self.folders]
        with closing(self.engine.run(tasks, self.cache, self.display)) as outcomes:
            for job, outcome in outcomes:
                self._note(job.case, outcome)

    def measured(self, cases: Sequence[Case], plans: Plans) -> list[Run]:
        """Measure the runs at the lanes that any of the study's plans has, note what it needs, and return them."""
        done = [case for case in cases if case in self.folders]
        folders = {self.jobs[case].digest: self.folders[case] for case in done}
        nets = {self.jobs[case].digest: plans[case.plan].net for case in done}
        lanes = measure_same_lanes(all_lanes(plans), folders, nets, self.cache)
        self.note_study([*cases, *self.beside], sorted({f"lanes/{folder.name}" for folder in lanes.values()}))
        return [Run(case, job := self.jobs[case].digest, folders[job], lanes[job]) for case in done]

    def _ground(self, case: Case) -> Ground:
        return (self.coarse if case.fidelity == "meso" else self.grounds)[case.plan]

    def t90_s(self) -> dict[Case, float | None]:
        """Return the 90 % clearance of the runs that are done (s)."""
        return {case: read_manifest(folder)["t90_s"] for case, folder in self.folders.items()}

    def _note(self, case: Case, outcome: Outcome) -> None:
        if isinstance(outcome, Path):
            self.folders[case] = outcome
            forget_failure(self.cache, self.jobs[case].digest)
            self.display.finish(case_name(case), in_words(outcome))
            return
        _LOG.debug("run failed", exc_info=outcome)
        message = str(outcome) if isinstance(outcome, EvacError) else f"{type(outcome).__name__}: {outcome}"
        self.failures[case] = Failure(case, message)
        note_failure(self.cache, self.jobs[case].digest, message)
        self.display.finish(case_name(case), f"failed: {message}")

    def note_study(self, cases: Sequence[Case], lanes: Sequence[str]) -> None:
        """Write down what the study asks for, and the folders of the cache that it needs."""
        given = self.prepared.given
        terms = [ground.terms for ground in (*self.grounds.values(), *self.coarse.values())]
        nets = {self.prepared.network.digest, *(item.network.digest for item in terms)}
        nets |= {item.staged.network.digest for item in terms if item.staged}
        record = StudyRecord(
            place=given.place_id,
            basis=basis_of(given, {key: under.document for key, under in self.plans.items()}, self.prepared.digests),
            begun=now(),
            runs=tuple(
                Wanted(self.jobs[case].digest, case_name(case), case.plan, case.vehicles_per_household, case.departure)
                for case in cases
            ),
            folders=(
                f"maps/{self.prepared.street_map.digest}",
                f"households/{self.prepared.households.digest}",
                *(f"nets/{digest}" for digest in sorted(nets)),
                *sorted({f"hazards/{under.reached.made_of}" for under in self.plans.values() if under.reached}),
                *lanes,
            ),
            selected=self.selected,
        )
        note_study(self.cache, record)

    def _vehicles(self, case: Case) -> float:
        return mean_vehicles(vehicles_case(self.prepared.loaded.model, case.vehicles_per_household))
