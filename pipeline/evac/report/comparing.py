"""Two cases beside each other: who gains and who loses by zone, and what changes at the exits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evac import clock
from evac.report import text
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, counterpart, same_case
from evac.report.words import say
from evac.statistics import BY_OTHERS, LESS_THAN_A_MINUTE, Interval, finding


@dataclass(frozen=True)
class ZoneChange:
    """A zone under two plans: when 90 % of its vehicles are out (s after the order; None: never), and the change."""

    zone: str
    vehicles: int
    before_s: float | None
    after_s: float | None

    @property
    def later_s(self) -> float | None:
        """How much later than before, as the two are shown (s); negative: the zone gains. None: one never got there."""
        return None if self.before_s is None or self.after_s is None else clock.between(self.after_s, self.before_s)


@dataclass(frozen=True)
class ExitChange:
    """Planned vehicles that took an exit, under two plans."""

    exit: str
    before: int
    after: int


@dataclass(frozen=True)
class Comparison:
    """A case against another, zone by zone and exit by exit in runs of the same seed.

    `seed` is None, and there are no zones and exits, where the runs that are shown differ in their seeds: what they
    differ in would be chance as much as the plan.
    """

    before: CaseResult
    after: CaseResult
    seed: int | None
    zones: tuple[ZoneChange, ...] = ()
    exits: tuple[ExitChange, ...] = ()

    @property
    def doubt(self) -> str:
        """Why the comparison isn't trusted."""
        named = ((self.before.shown.plan, self.before.doubt), (self.after.shown.plan, self.after.doubt))
        return "; ".join(f"{plan}: {doubt}" for plan, doubt in named if doubt)

    @property
    def verdict(self) -> str:
        """What the pairs of runs of all seeds say of the two plans' 90 % clearance times, in words."""
        return self.verdict_of(text.plain(self.after.shown.plan), text.plain(self.before.shown.plan))

    def verdict_of(self, after: str, before: str) -> str:
        """Return the verdict with other names for the two cases."""
        difference = self.after.later_shown(self.before, 90)
        words, values = finding(difference)
        if values.get("size") == LESS_THAN_A_MINUTE:
            values["size"] = say(LESS_THAN_A_MINUTE)
        said = say(words, plan=after, other=before, **values)
        if difference.coarse:
            helping = say(
                "coarse simulations of each that help to tell: {number}", number=text.count(difference.coarse)
            )
            said = f"{said}; {helping}"
        if difference.moderated:
            said = f"{said}; {say(BY_OTHERS)}"
        if difference.runs + difference.missing == 0 or not difference.unpaired:
            return said
        left_out = say("seeds left out, because only one of the two has a run: {number}", number=difference.unpaired)
        return f"{said}; {left_out}"

    @property
    def gaining(self) -> int:
        """Zones that have 90 % out a minute or more sooner."""
        return sum(zone.later_s is not None and zone.later_s <= -_LEAST_CHANGE_S for zone in self.zones)

    @property
    def losing(self) -> int:
        """Zones that have 90 % out a minute or more later, or no longer."""
        return sum(
            zone.before_s is not None and (zone.later_s is None or zone.later_s >= _LEAST_CHANGE_S)
            for zone in self.zones
        )


_LEAST_CHANGE_S, _THE_SAME_S = 60.0, 30.0


def compare(before: CaseResult, after: CaseResult) -> Comparison:
    """Return what differs between the shown runs of two cases, which must be of one seed."""
    seed = after.shown.seed
    if before.shown.seed != seed:
        return Comparison(before, after, None)
    zones, others = after.run.manifest["zones"], before.run.manifest["zones"]
    exits, others_exits = after.run.manifest["exits"], before.run.manifest["exits"]
    return Comparison(
        before,
        after,
        seed,
        tuple(
            ZoneChange(
                name,
                zones.get(name, others.get(name))["planned"],
                others.get(name, {}).get("t90_s"),
                zones.get(name, {}).get("t90_s"),
            )
            for name in dict.fromkeys([*others, *zones])
        ),
        tuple(
            ExitChange(name, others_exits.get(name, 0), exits.get(name, 0))
            for name in dict.fromkeys([*others_exits, *exits])
        ),
    )


def comparisons(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> list[Comparison]:
    """Return the headline's case under each plan against the plan that the report compares with.

    Where the headline's plan extends another one of the report, it is compared with that too: the plan before it.
    """
    same = {case.shown.plan: case for case in same_case(cases, centre)}
    against = same.get(report.compared_with or "")
    pairs = [(against, case) for case in same.values() if case is not against] if against else []
    before = plan_before(report, cases, centre)
    if before is not None and before is not against:
        pairs.insert(1, (before, centre))
    return [compare(one, other) for one, other in pairs]


def later(report: ReportInput, cases: Sequence[CaseResult], case: CaseResult) -> Interval | None:
    """Return how much later 90 % are out than under the plan compared with (s), as the two times are shown."""
    against = counterpart(report, cases, case)
    return None if against is None else case.later_shown(against, 90)


def plan_before(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> CaseResult | None:
    """Return the headline's case under the plan that its plan extends; None where the report has no such runs."""
    plan = report.plans.get(centre.shown.plan)
    return next((case for case in same_case(cases, centre) if plan and case.shown.plan == plan.extends), None)


def later_words(later_s: float | None) -> str:
    """Return a change of a clearance time in words: `12 min later`, `the same`; a dash where there is none."""
    if later_s is None:
        return text.NONE
    if abs(later_s) < _THE_SAME_S:
        return say("the same")
    size = clock.span(abs(later_s))
    return say("{time} later", time=size) if later_s > 0 else say("{time} sooner", time=size)
