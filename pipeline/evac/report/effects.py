"""What each plan buys, and what would move the answer most: differences of the 90 % time, told only where shown.

A plan's benefit is *shown* when the 95 % interval of its paired differences excludes zero. With one simulation of each
plan there is no interval: a difference of two minutes or more is told as that of one simulation, a smaller one isn't.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evac import clock
from evac.report import text
from evac.report.comparing import plan_before
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, Result, clearance_s, programs, same_case, vehicles_text
from evac.report.words import say
from evac.statistics import Interval

LEAST_TOLD_S = 120.0
"""The smallest difference that is told when there is one simulation of each plan (s): the spread over seeds is of this
order where several were run (docs/studies.md)."""
_PERCENT = 90

State = Literal["reference", "sooner", "later", "not shown", "not trusted", "no number"]


@dataclass(frozen=True)
class Effect:
    """A plan's 90 % time, and what it buys against another plan.

    Parameters
    ----------
    case
        The headline's case under the plan.
    against
        The same case under the plan that it extends, else under the one that all are compared with; None for that one.
    change
        How much later 90 % are out than under `against`, as the two times are shown (s); None for the reference.
    state
        What can be said of it.
    """

    case: CaseResult
    against: CaseResult | None
    change: Interval | None
    state: State

    @property
    def doubt(self) -> str:
        """Why the comparison isn't trusted; nothing when it is."""
        return "; ".join(dict.fromkeys(case.doubt for case in (self.case, self.against) if case and case.doubt))

    @property
    def words(self) -> str:
        """What the plan buys, in a few words."""
        if self.change is None:
            return say("what the others are held against")
        if self.state == "not trusted":
            return say("no number: a simulation isn't trusted")
        if self.state == "no number":
            return say("no number: 90 % aren't out by the end")
        if self.state == "not shown":
            return say("no demonstrated benefit")
        shown = abs(self.change.mean or 0.0)
        size = clock.span(shown) if clock.minutes(shown) else say("less than a minute")
        return say("{time} sooner", time=size) if self.state == "sooner" else say("{time} later", time=size)

    @property
    def basis(self) -> str:
        """What the words rest on: the interval, or one simulation."""
        found = self.change
        if found is None or found.mean is None or self.state in {"not trusted", "no number"}:
            return ""
        if found.low is None or found.high is None:
            return say("one simulation of each")
        if self.state == "not shown":
            ends = {"low": clock.change(found.low), "high": clock.change(found.high)}
            return say("95 % interval {low} to {high}, {number} seeds", **ends, number=found.runs)
        low, high = sorted((abs(found.low), abs(found.high)))
        return say(
            "95 % interval {low} to {high}, {number} seeds",
            low=clock.span(low), high=clock.span(high), number=found.runs,
        )  # fmt: skip


@dataclass(frozen=True)
class Lever:
    """Something that isn't known or can be chosen, and how the 90 % time moves with it (s; negative: sooner)."""

    name: str
    moves: tuple[tuple[str, float], ...]
    doubt: str = ""

    @property
    def size_s(self) -> float:
        """The largest move, either way."""
        return max(abs(move) for _, move in self.moves)

    @property
    def words(self) -> str:
        """What moves it by how much: `15 % fewer: +12 min; 15 % more: \u22128 min`."""
        return "; ".join(f"{name}: {clock.change(move)}" for name, move in self.moves)


def effects(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> list[Effect]:
    """Return what each plan buys in the headline's case, the plan that all are compared with first."""
    same = {case.shown.plan: case for case in same_case(cases, centre)}
    reference = same.get(report.compared_with or centre.shown.plan)
    keys = [*report.plans, *same]  # as they were named; a report may lack what its runs' plans are
    ordered = sorted(same.values(), key=lambda case: (case is not reference, keys.index(case.shown.plan)))
    return [_effect(case, plan_before(report, cases, case) or reference) for case in ordered]


def with_other_vehicles(cases: Sequence[CaseResult], effect: Effect) -> str:
    """Return what the plan buys with other numbers of vehicles per household, whether that is shown or not."""
    if effect.against is None:
        return ""
    beside = {case.shown.vehicles_per_household: case for case in _but(cases, effect.against, "vehicles_per_household")}
    others = _but(cases, effect.case, "vehicles_per_household")
    found = [
        (case, _effect(case, beside[case.shown.vehicles_per_household]).words)
        for case in sorted(others, key=lambda case: case.shown.planned)
        if case.shown.vehicles_per_household in beside
    ]
    return "; ".join(
        say("{case}: {effect}", case=vehicles_text(case.shown.vehicles_per_household), effect=words)
        for case, words in found
    )


def _effect(case: CaseResult, against: CaseResult | None) -> Effect:
    if against is None or against is case:
        return Effect(case, None, None, "reference")
    exact = case.later_than(against, _PERCENT)
    return Effect(case, against, case.later_shown(against, _PERCENT), _state(case, against, exact))


def _state(case: CaseResult, against: CaseResult, exact: Interval) -> State:
    if case.doubt or against.doubt:
        return "not trusted"
    if exact.mean is None:
        return "no number"
    told = abs(exact.mean) >= LEAST_TOLD_S if exact.low is None else exact.excludes_zero
    if not told:
        return "not shown"
    return "sooner" if exact.mean < 0 else "later"


def levers(cases: Sequence[CaseResult], centre: CaseResult) -> list[Lever]:
    """Return what moves the headline's 90 % time, the most first: capacity, signals, vehicles, departures, chance.

    Plans are left out: `effects` has them.
    """
    found = [
        *_capacity(centre),
        *_signals(centre),
        *_vehicles(cases, centre),
        *_departures(cases, centre),
        *_chance(centre),
    ]
    return sorted(found, key=lambda lever: -lever.size_s)


def _capacity(centre: CaseResult) -> Iterator[Lever]:
    assumed = centre.assumed
    if assumed is None:
        return
    named = ((say("15 % fewer"), centre.less), (say("15 % more"), centre.more))
    moves = [(name, move) for name, other in named if (move := _move(other, assumed)) is not None]
    if moves:
        doubt = "; ".join(dict.fromkeys(other.doubt for _, other in named if other is not None and other.doubt))
        yield Lever(say("How many vehicles a lane passes"), tuple(moves), doubt)


def _signals(centre: CaseResult) -> Iterator[Lever]:
    """Yield what the other kind of signal programs does, which is a guess where the map doesn't say how signals run."""
    other, assumed = centre.signals, centre.assumed
    move = None if assumed is None else _move(other, assumed)
    if other is not None and other.signals is not None and move is not None:
        yield Lever(say("How the signals run"), ((programs(other.signals), move),), other.doubt)


def _move(other: Result | None, assumed: Result) -> float | None:
    if other is None or other.t90_s is None or assumed.t90_s is None:
        return None
    return clock.between(other.t90_s, assumed.t90_s)


def _vehicles(cases: Sequence[CaseResult], centre: CaseResult) -> Iterator[Lever]:
    others = sorted(_but(cases, centre, "vehicles_per_household"), key=lambda case: case.shown.planned)
    moves = _moves(
        others, centre, lambda case: say("with {number}", number=text.plain(case.shown.vehicles_per_household))
    )
    if moves:
        here = centre.shown.vehicles_per_household
        yield Lever(say("Vehicles per household ({number} here)", number=text.plain(here)), moves, _doubts(others))


def _departures(cases: Sequence[CaseResult], centre: CaseResult) -> Iterator[Lever]:
    others = _but(cases, centre, "departure")
    moves = _moves(others, centre, lambda case: f"“{text.plain(case.shown.departure)}”")
    if moves:
        here = text.plain(centre.shown.departure)
        yield Lever(say("When people leave (“{curve}” here)", curve=here), moves, _doubts(others))


def _chance(centre: CaseResult) -> Iterator[Lever]:
    times = [time for result in centre.seeds if (time := clearance_s(result, _PERCENT)) is not None]
    mean = centre.estimate(_PERCENT).mean
    if len(times) > 1 and mean is not None:
        named = ((say("best seed"), min(times)), (say("worst seed"), max(times)))
        moves = tuple((name, clock.between(time, mean)) for name, time in named)
        yield Lever(say("Chance, over {number} seeds", number=len(times)), moves)


def _but(cases: Sequence[CaseResult], centre: CaseResult, what: str) -> list[CaseResult]:
    """Return the cases that differ from the headline's in one thing only."""
    alike = [name for name in ("plan", "vehicles_per_household", "departure", "fidelity") if name != what]
    mine = centre.shown
    return [
        case
        for case in cases
        if case is not centre and all(getattr(case.shown, name) == getattr(mine, name) for name in alike)
    ]


def _moves(
    others: Sequence[CaseResult], centre: CaseResult, name: Callable[[CaseResult], str]
) -> tuple[tuple[str, float], ...]:
    return tuple((name(case), mean) for case in others if (mean := case.later_shown(centre, _PERCENT).mean) is not None)


def _doubts(cases: Sequence[CaseResult]) -> str:
    return "; ".join(dict.fromkeys(case.doubt for case in cases if case.doubt))
