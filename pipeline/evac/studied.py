"""A study: runs of several plans and cases side by side, as tables with units in the names, and their report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evac.errors import EvacError, Problem, SimulationError, UserError
from evac.outcome import Run
from evac.plans.reading import load_plan
from evac.study.cases import Selection, case_name
from evac.study.comparing import cells_of_study, means, verdicts
from evac.study.runs import Failure
from evac.study.runs import Study as Found
from evac.watching import Cancel, OnProgress, Progress, Watch
from evac.written import Report

if TYPE_CHECKING:
    from evac.place import Place
    from evac.report.inputs import ReportInput
    from evac.study.under_plan import UnderPlan


@dataclass(frozen=True)
class Study:
    """Runs of several plans and cases side by side. Made by `Place.study` and `Place.finished`.

    Parameters
    ----------
    place
        The place.
    laid
        Its plans, laid over the network, by their keys.
    with_homes
        The same study with new homes, where the report that it was read for tells of them.
    """

    place: Place
    laid: Mapping[str, UnderPlan]
    _selection: Selection
    _found: Found
    _compare: tuple[str, str] | None = None
    with_homes: Study | None = None

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The finished runs."""
        return tuple(Run(self, run) for run in self._found.runs)

    def __repr__(self) -> str:
        """Return what it is of, and how far: its fields are pages long."""
        plans = ", ".join(self.laid)
        return f"Study({plans} in {self.place.name}; runs: {len(self.runs)}, missing: {len(self.missing)})"

    def __iter__(self) -> Iterator[Run]:
        """Iterate over the finished runs."""
        return iter(self.runs)

    @property
    def notes(self) -> tuple[str, ...]:
        """What holds for all runs, where coarse ones don't help, and where the precision asked for wasn't reached."""
        return (*self._found.notes, *(item.words for item in self._found.unhelped), *self.imprecise)

    @property
    def imprecise(self) -> tuple[str, ...]:
        """Where the precision that was asked for was not reached."""
        return tuple(item.words for item in self._found.imprecise)

    @property
    def missing(self) -> tuple[str, ...]:
        """The cases without a finished run, in words; `failures` says why."""
        return tuple(case_name(item.case) for item in self._found.failures)

    def sentences(self) -> tuple[str, ...]:
        """Return the results of several seeds, and of each plan against the first, in a sentence each."""
        return (*means(self._found), *verdicts(self._found))

    def only_run(self) -> Run:
        """Return the run of a study that has one.

        Raises
        ------
        SimulationError
            It failed.
        """
        if not self.runs:
            raise SimulationError("; ".join(item.message for item in self._found.failures))
        return self.runs[0]

    def middle_run(self, plan: str) -> Run:
        """Return the run of a plan that stands for it: the middle one by vehicles, of the first departures and seed.

        Raises
        ------
        UserError
            It has no finished run; the message says what is missing.
        """
        from evac.report.from_cache import pick_run  # noqa: PLC0415

        return Run(self, pick_run(self._found, plan))

    def failures(self) -> pd.DataFrame:
        """Return the runs that failed or weren't simulated: the case's columns as in `results`, and `why`."""
        rows = [{**_case_row(item), "why": item.message} for item in self._found.failures]
        return pd.DataFrame(rows, columns=[*_CASE_COLUMNS, "why"])

    def results(self) -> pd.DataFrame:
        """Return a row a run, the columns of the report's `results.parquet` (docs/results.md).

        `plan`, `vehicles_per_household`, `departure`, `seed`, `fidelity`, `capacity_factor`, `signals`, counts of
        vehicles (`planned`, `evacuated`, `in_refuge`, `driving`, `waiting`, `no_route`, `shadow`, `shadow_evacuated`,
        `exposed`), `exposed_vehicle_min`, `households_not_out` (missing: no hazard), `t50_s`, `t90_s`, `t95_s`,
        `t100_s` (missing: not cleared), the same `_at_best_s` (before then it can't be), `trusted`, `reasons`,
        `caveats`, `job`.
        """
        from evac.report.results import results_table  # noqa: PLC0415

        return results_table(self.report_input()) if self.runs else pd.DataFrame(columns=[*_CASE_COLUMNS, "t90_s"])

    def clearance(self) -> pd.DataFrame:
        """Return the 90 % clearance of each plan and case over its seeds, and against the first plan, seed by seed.

        Columns `plan`, `vehicles_per_household`, `departure`, `fidelity`, `seeds`, `coarse_runs` (by which the mean is
        known as well), `t90_s` (the mean; missing where a seed isn't cleared), `t90_half_width_s` (of its 95 %
        interval; missing with one seed), `saved_s` (by how much sooner than under the first plan),
        `saved_half_width_s`, `untrusted` (number of runs).
        """
        cells, rows = cells_of_study(self._found), []
        for cell in cells:
            first = next(other for other in cells if other.is_comparable(cell))
            mean, saved = cell.interval, first.less(cell)
            rows.append(
                {
                    "plan": cell.plan,
                    "vehicles_per_household": cell.vehicles_per_household,
                    "departure": cell.departure,
                    "fidelity": cell.fidelity,
                    "seeds": len(cell.t90_s),
                    "coarse_runs": mean.coarse,
                    "t90_s": mean.mean,
                    "t90_half_width_s": mean.half_width,
                    "saved_s": saved.mean,
                    "saved_half_width_s": saved.half_width,
                    "untrusted": len(cell.untrusted),
                }
            )
        return pd.DataFrame(rows, columns=_CLEARANCE_COLUMNS)

    def report(
        self,
        folder: str | Path | None = None,
        *,
        compare: tuple[str, str] | None = None,
        with_homes: Study | None = None,
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
    ) -> Report:
        """Write the report: a page, the same as PDF, figures and tables.

        Parameters
        ----------
        folder
            Where; the place's `report_folder` when left out. The report of another study there is moved beside it.
        compare
            The plan that it shows, and the one that it compares it with; when left out those of the report that the
            study was read for (`Place.reported`), else the last and the first.
        with_homes
            The same study of `Place.with_new_homes`: the report tells what the new homes do to the times.
        on_progress, cancel
            As for `Place.study`; asked once, before the report is written.

        Raises
        ------
        EvacError
            No run has ended well.
        UserError
            One of the plans to compare has no finished run.
        """
        from evac.report.at_best import at_best  # noqa: PLC0415
        from evac.report.dark_signals import dark_words  # noqa: PLC0415
        from evac.report.from_cache import Asked, set_aside, write_asked  # noqa: PLC0415
        from evac.report.from_study import with_bounds  # noqa: PLC0415
        from evac.report.hazard_answers import read_answers  # noqa: PLC0415
        from evac.report.publish import write_report  # noqa: PLC0415
        from evac.study.cases import as_run  # noqa: PLC0415
        from evac.study.development import development_of  # noqa: PLC0415

        compare, with_homes = compare or self._compare, with_homes or self.with_homes
        if not self.runs:
            raise EvacError("no run has ended well: " + "; ".join({item.message for item in self._found.failures}))
        self._require_both(compare)
        Watch(on_progress, cancel).send(Progress("reporting", 0.0, "Writing the report"))
        target = self.place.report_folder if folder is None else Path(folder)
        cases = [*(run.case for run in self._found.runs), *(item.case for item in self._found.failures)]
        homes = {} if with_homes is None else dict(with_homes.place.scenario.households.new_homes)
        selection = as_run(self._selection, self.place.loaded.model, cases, [run.case for run in self._found.coarse])
        asked = Asked(tuple(self.laid), selection, compare, homes)
        # Before anything is written: a report of another study in this folder is kept beside it.
        kept = set_aside(asked, target)
        prepared = self.place.stages.prepared()
        given = with_bounds(self.report_input(compare), prepared, self.laid)
        given = replace(given, answers=read_answers(target, prepared, self.laid))
        if with_homes is not None:
            with_runs = with_homes._found.runs  # noqa: SLF001 - another of the same kind
            given = replace(given, development=development_of(homes, self._found.runs, with_runs))
        page = write_report(given, target)
        write_asked(asked, target)
        return Report(page, kept, at_best(given.bounds), dark_words(given))

    def _require_both(self, compare: tuple[str, str] | None) -> None:
        for plan in compare or ():
            if not any(run.plan == plan for run in self.runs):
                remedy = "simulate it with evac run, or name others with --compare"
                raise UserError(Problem(f"plan '{plan}'", "is to be compared and has no finished run", remedy))

    def report_input(self, compare: tuple[str, str] | None = None) -> ReportInput:
        """Return what `evac.report` makes a report from: for figures and pages of one's own.

        Parameters
        ----------
        compare
            As for `report`.
        """
        from evac.report.from_study import report_input  # noqa: PLC0415

        prepared = self.place.stages.prepared()
        return report_input(prepared, self.laid, self._found, compare or self._compare)


_CASE_COLUMNS = ["plan", "vehicles_per_household", "departure", "seed", "fidelity", "capacity_factor", "signals"]
_CLEARANCE_COLUMNS = [
    *("plan", "vehicles_per_household", "departure", "fidelity", "seeds", "coarse_runs"),
    *("t90_s", "t90_half_width_s", "saved_s", "saved_half_width_s", "untrusted"),
]


def finished_study(
    place: Place,
    plans: Iterable[str | Path],
    selection: Selection,
    watch: Watch,
    *,
    compare: tuple[str, str] | None = None,
    with_homes: Study | None = None,
) -> Study:
    """Return a study of a place from its finished runs; what is missing is among its failures."""
    laid = place.stages.lay(place.stages.plans(plans), watch)
    return Study(place, laid, selection, place.stages.finished(laid, selection, watch), compare, with_homes)


def reported_study(
    place: Place, plans: Iterable[str | Path], seeds: Iterable[int], compare: tuple[str, str] | None, watch: Watch
) -> Study:
    """Return the study that a place's report is of, or another that is asked for, as `Place.reported`."""
    from evac.report.from_cache import what_to_report  # noqa: PLC0415

    asked = what_to_report(place.report_folder, tuple(map(str, plans)), tuple(seeds), place.plan_names, compare)
    wanted = (asked.plans, asked.selection)
    with_homes = None
    if asked.new_homes:
        with_homes = finished_study(place.with_new_homes(asked.new_homes), *wanted, watch)
    return finished_study(place, *wanted, watch, compare=asked.compare, with_homes=with_homes)


def finished_run(place: Place, plan: str | Path, selection: Selection, watch: Watch) -> Run:
    """Return a finished run of a plan, of those that were simulated together with it, as `Place.finished_run`."""
    from evac.report.from_cache import read_asked  # noqa: PLC0415

    last = read_asked(place.report_folder)
    together = last.plans if last and str(plan) in last.plans else (plan,)  # plans of a study share a router
    study = finished_study(place, together, selection, watch)
    return study.middle_run(load_plan(str(plan), place.loaded.plans_folder).key)


def _case_row(item: Failure) -> dict[str, Any]:
    return {name: getattr(item.case, name) for name in _CASE_COLUMNS}
