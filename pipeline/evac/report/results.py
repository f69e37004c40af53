"""The results table, a row a run, and the cases that the page shows: one source for text, tables and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pandas as pd

from evac.demand.drivers import LESS_CAPACITY, MORE_CAPACITY
from evac.errors import EvacError
from evac.measure.clearance import SHARES_PERCENT
from evac.mixed_fidelity import mixed_difference, mixed_interval
from evac.moderated import Prior, priors_of
from evac.report import text
from evac.report.inputs import ReportInput, ReportRun
from evac.report.words import mark, say
from evac.schema.scenario import vehicles_label
from evac.simulate.job import Case
from evac.statistics import Interval, mean_interval

COUNTS = (
    *("planned", "evacuated", "in_refuge", "driving", "waiting", "no_route"),
    *("shadow", "shadow_evacuated", "exposed"),
)
"""The counts of vehicles in a run's row."""
_CENTRE_PERCENT = 90
"""Where there are several seeds, the run in the middle by this clearance is shown (the one that decisions use:
NUREG/CR-7002): the middle one of the plan that all are compared with, so that all plans show the same seed."""

_Group = tuple[str, str, str, str]
"""Plan, departures, vehicles per household and fidelity."""


@dataclass(frozen=True)
class Result:
    """A run in figures: vehicles as counts, clearance times in seconds after the order (None: not cleared).

    Households not out, under a hazard, have a vehicle that is neither out nor in a refuge (None: no hazard). Times at
    best are those before which the share can't be out under this plan (None: never, or not known).
    """

    plan: str
    vehicles_per_household: str
    departure: str
    seed: int
    fidelity: str
    capacity_factor: float
    signals: str | None
    planned: int
    evacuated: int
    in_refuge: int
    driving: int
    waiting: int
    no_route: int
    shadow: int
    shadow_evacuated: int
    exposed: int
    exposed_vehicle_min: float
    households_not_out: int | None
    t50_s: float | None
    t90_s: float | None
    t95_s: float | None
    t100_s: float | None
    t50_at_best_s: float | None
    t90_at_best_s: float | None
    t95_at_best_s: float | None
    t100_at_best_s: float | None
    trusted: bool
    reasons: tuple[str, ...]
    caveats: tuple[str, ...]
    job: str

    @property
    def doubt(self) -> str:
        """Why the run's numbers aren't trusted, in a line; nothing when they are."""
        return "; ".join(self.reasons)


@dataclass(frozen=True)
class CaseResult:
    """One case: its runs over the seeds, the one that is shown, and one seed's with less and more lane capacity.

    `assumed` is the run that `less` and `more` are to be compared with: that of their own seed as assumed. So is
    `signals`, the run of that seed with the other kind of signal programs. `priors` has by percentage what the study's
    other cases tell of how much the clearance time varies (`evac.moderated`).
    """

    shown: Result
    run: ReportRun
    seeds: tuple[Result, ...]
    less: Result | None
    assumed: Result | None
    more: Result | None
    signals: Result | None = None
    coarse: tuple[Result, ...] = ()
    sequential: bool = False
    priors: Mapping[int, Prior | None] = field(default_factory=dict)

    @property
    def capacity_seed(self) -> int | None:
        """The seed simulated with less or more lane capacity; None where none was."""
        return next((result.seed for result in (self.less, self.more) if result is not None), None)

    @property
    def label(self) -> str:
        """The vehicles-per-household case in words."""
        return vehicles_text(self.shown.vehicles_per_household)

    @property
    def doubt(self) -> str:
        """Why the case's numbers aren't trusted: the reasons of all of its seeds; nothing when all are trusted."""
        if len(self.seeds) == 1:
            return self.shown.doubt
        return "; ".join(
            f"{say('seed {seed}', seed=result.seed)}: {result.doubt}" for result in self.seeds if not result.trusted
        )

    def estimate(self, percent: int) -> Interval:
        """Return the mean clearance time of the seeds with its interval (s); no mean where any didn't get there.

        Coarse runs of the case help, where there are any and they do.
        """
        return mixed_interval(*self._by_seed(percent), sequential=self.sequential, prior=self.priors.get(percent))

    def _by_seed(self, percent: int) -> tuple[dict[int, float | None], dict[int, float | None]]:
        """Return the clearance times by seed (s): of the runs, and of the coarse ones."""
        fine, coarse = ({one.seed: clearance_s(one, percent) for one in some} for some in (self.seeds, self.coarse))
        return fine, coarse

    def at_best_s(self, percent: int) -> float | None:
        """Return the mean over the seeds of when a percentage can be out at best (s); None where any can't be."""
        return mean_interval([getattr(result, f"t{percent}_at_best_s") for result in self.seeds]).mean

    def later_than(self, other: CaseResult, percent: int) -> Interval:
        """Return how much later than another case a percentage is out (s), pair by pair of the same seed."""
        priors = self.priors.get(percent), other.priors.get(percent)
        both = self._by_seed(percent), other._by_seed(percent)
        return mixed_difference(*both, sequential=self.sequential, priors=priors)

    def later_shown(self, other: CaseResult, percent: int) -> Interval:
        """Return `later_than` with the mean that adds up with the two times as they are shown, to the minute."""
        return self.later_than(other, percent).as_shown(self.estimate(percent), other.estimate(percent))

    def spread(self, percent: int) -> tuple[float | None, float | None]:
        """Return the shortest and longest clearance time of the seeds (s), None being longest of all."""
        times = sorted((clearance_s(result, percent) for result in self.seeds), key=_none_last)
        return times[0], times[-1]


def vehicles_text(label: str) -> str:
    """Return `1.5 vehicles per household` for `1.5`, and a named distribution's name as it is."""
    try:
        number = float(label)
    except ValueError:
        return label
    if number == 1:
        return say("{number} vehicle per household", number=label)
    return say("{number} vehicles per household", number=label)


_PROGRAMS = {"static": mark("fixed signal programs"), "actuated": mark("actuated signal programs")}


def programs(kind: str) -> str:
    """Return a kind of signal programs in words."""
    return say(_PROGRAMS[kind])


def clearance_s(result: Result, percent: int) -> float | None:
    """Return a run's clearance time at a percentage of its planned vehicles (s)."""
    time: float | None = getattr(result, f"t{percent}_s")
    return time


def result_of(run: ReportRun) -> Result:
    """Return a run's row of the results table, from its manifest and its ledger."""
    case, manifest, ledger = run.case, run.manifest, run.ledger
    at_best = manifest["at_best"] or {}
    times: dict[str, Any] = {f"t{percent}_s": manifest[f"t{percent}_s"] for percent in SHARES_PERCENT}
    times |= {f"t{percent}_at_best_s": at_best.get(f"t{percent}_s") for percent in SHARES_PERCENT}
    return Result(
        plan=case.plan,
        vehicles_per_household=case.vehicles_per_household,
        departure=case.departure,
        seed=case.seed,
        fidelity=case.fidelity,
        capacity_factor=case.capacity_factor,
        signals=case.signals,
        **{name: int(manifest[name]) for name in COUNTS},
        exposed_vehicle_min=float(manifest["exposed_vehicle_min"]),
        households_not_out=manifest.get("households_not_out"),
        **times,
        trusted=ledger["trusted"],
        reasons=tuple(ledger["reasons"]),
        caveats=tuple(ledger["caveats"]),
        job=run.job,
    )


def results_table(report: ReportInput) -> pd.DataFrame:
    """Return the results table: a row a run, a column a measure (times in seconds, missing when not cleared)."""
    rows = [asdict(result_of(run)) for run in sorted(report.runs, key=lambda run: _order(report, run))]
    table = pd.DataFrame(rows)
    numbers = {f"t{percent}{kind}_s": "float64" for percent in SHARES_PERCENT for kind in ("", "_at_best")}
    numbers["households_not_out"] = "Int64"
    return table.astype(numbers).assign(
        reasons=table["reasons"].map("; ".join), caveats=table["caveats"].map("; ".join)
    )


def case_results(report: ReportInput) -> list[CaseResult]:
    """Return the cases in the scenario's order, the headline plan first.

    Raises
    ------
    EvacError
        No run at the calibrated capacity: there is nothing to show.
    """
    groups: dict[_Group, list[ReportRun]] = {}
    for run in sorted(report.runs, key=lambda run: _order(report, run)):
        case = run.case
        groups.setdefault((case.plan, case.departure, case.vehicles_per_household, case.fidelity), []).append(run)
    plain = {group: found for group, runs in groups.items() if (found := _plain(runs))}
    cases = [_case_result(report, groups[group], _shown(report, plain, group)) for group in plain]
    if not cases:
        raise EvacError(f"{report.scenario.name}: no run has ended well, so there is nothing to report")
    return _with_priors(cases) if report.moderated else cases


def _with_priors(cases: Sequence[CaseResult]) -> list[CaseResult]:
    """Return the cases with what each tells the others of how much clearance times vary."""
    by_percent = {
        percent: priors_of([{one.seed: clearance_s(one, percent) for one in case.seeds} for case in cases])
        for percent in SHARES_PERCENT
    }
    return [
        replace(case, priors={percent: priors[number] for percent, priors in by_percent.items()})
        for number, case in enumerate(cases)
    ]


def headline(report: ReportInput, cases: Sequence[CaseResult]) -> CaseResult:
    """Return the case that figures of a single case show: the plan's middle one by vehicles."""
    of_plan = [case for case in cases if case.shown.plan == report.plan] or list(cases)
    of_curve = [case for case in of_plan if case.shown.departure == of_plan[0].shown.departure]
    by_vehicles = sorted(of_curve, key=lambda case: case.shown.planned)
    return by_vehicles[(len(by_vehicles) - 1) // 2]


def counterpart(report: ReportInput, cases: Iterable[CaseResult], case: CaseResult) -> CaseResult | None:
    """Return the same case under the plan that the report compares with."""
    if report.compared_with == case.shown.plan:
        return None
    return next((other for other in same_case(cases, case) if other.shown.plan == report.compared_with), None)


def other_capacities(cases: Sequence[CaseResult]) -> bool:
    """Return whether any case was simulated with more and less lane capacity too."""
    return any(case.less and case.more for case in cases)


def several_plans(cases: Iterable[CaseResult]) -> bool:
    """Return whether cases are of more than one plan."""
    return len({case.shown.plan for case in cases}) > 1


def same_case(cases: Iterable[CaseResult], case: CaseResult) -> list[CaseResult]:
    """Return a case under all plans, itself included."""
    return [other for other in cases if _same_but_plan(other, case)]


def _same_but_plan(one: CaseResult, other: CaseResult) -> bool:
    columns = ("vehicles_per_household", "departure", "fidelity")
    return all(getattr(one.shown, column) == getattr(other.shown, column) for column in columns)


def _plain(runs: Sequence[ReportRun]) -> list[ReportRun]:
    return [run for run in runs if run.case.is_as_assumed]


def _shown(report: ReportInput, plain: Mapping[_Group, list[ReportRun]], group: _Group) -> ReportRun:
    """Return the run of a group that is shown: of the same seed under all plans, so that chance cancels."""
    mine, reference = plain[group], report.compared_with or report.plan
    compared = plain.get((reference, *group[1:]), mine)
    # The seed that all plans have, so that a picture of two plans differs by the plan alone.
    common = set.intersection(
        *({run.case.seed for run in runs} for other, runs in plain.items() if other[1:] == group[1:])
    )
    shared = [run for run in compared if run.case.seed in common]
    if not shared:
        return _middle(mine)
    seed = _middle(shared).case.seed
    return next(run for run in mine if run.case.seed == seed)


def _case_result(report: ReportInput, runs: Sequence[ReportRun], run: ReportRun) -> CaseResult:
    by_capacity = _by_capacity(runs, run.case.seed)
    return CaseResult(
        shown=result_of(run),
        run=run,
        seeds=tuple(result_of(other) for other in _plain(runs)),
        less=by_capacity.get(LESS_CAPACITY),
        assumed=by_capacity.get(1.0),
        more=by_capacity.get(MORE_CAPACITY),
        signals=next((result_of(other) for other in runs if other.case.signals is not None), None),
        coarse=tuple(result_of(other) for other in report.coarse if _same_but_model(other.case, run.case)),
        sequential=report.sequential,
    )


def _same_but_model(one: Case, other: Case) -> bool:
    """Tell whether two cases are the same but for their seeds and SUMO's model."""
    columns = ("plan", "vehicles_per_household", "departure")
    return all(getattr(one, column) == getattr(other, column) for column in columns)


def _by_capacity(runs: Sequence[ReportRun], shown_seed: int) -> dict[float, Result]:
    """Return one seed's runs by capacity factor: the seed with most of them, rather the shown one, then the lowest."""
    by_seed: dict[int, dict[float, Result]] = {}
    for run in (run for run in runs if run.case.signals is None):
        by_seed.setdefault(run.case.seed, {})[run.case.capacity_factor] = result_of(run)
    return by_seed[max(by_seed, key=lambda seed: (len(by_seed[seed]), seed == shown_seed, -seed))]


def _middle(runs: Sequence[ReportRun]) -> ReportRun:
    # An even number has no middle: the faster of the two, so that the shown run is one that was made.
    ordered = sorted(runs, key=lambda run: _none_last(run.manifest[f"t{_CENTRE_PERCENT}_s"]))
    return ordered[(len(ordered) - 1) // 2]


def _none_last(time_s: float | None) -> tuple[bool, float]:
    return time_s is None, time_s or 0.0


def _order(report: ReportInput, run: ReportRun) -> tuple[Any, ...]:
    scenario, case = report.scenario, run.case
    place = _place_in([report.plan, report.compared_with or report.plan])
    curves = _place_in([departure.name for departure in scenario.departures])
    vehicles = _place_in([vehicles_label(value) for value in scenario.vehicles_per_household])
    return (
        place(case.plan),
        case.plan,
        curves(case.departure),
        case.departure,
        vehicles(case.vehicles_per_household),
        case.vehicles_per_household,
        case.fidelity,
        case.capacity_factor,
        case.signals or "",
        case.seed,
    )


def _place_in(names: Sequence[str]) -> Callable[[str], int]:
    return lambda name: names.index(name) if name in names else len(names)


def case_words(report: ReportInput, case: CaseResult | Result) -> str:
    """Return what tells a case from the others of this report: plan, vehicles, departures, fidelity."""
    shown = case.shown if isinstance(case, CaseResult) else case
    words = [vehicles_text(shown.vehicles_per_household)]
    if len({run.case.plan for run in report.runs}) > 1:
        words.insert(0, say("plan “{plan}”", plan=shown.plan))
    if len({run.case.departure for run in report.runs}) > 1:
        words.append(say("departures “{departure}”", departure=shown.departure))
    if shown.fidelity != "micro":
        words.append(say("{fidelity} (coarse) simulation", fidelity=shown.fidelity))
    return text.plain(", ".join(words))
