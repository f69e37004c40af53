"""What a plan does over time: one truth about each lane, speed limit, signal, approach and movement.

Every action leaves spans: what it does to which lanes from when until when. `Timetable.states` puts the spans of all
actions together, whatever their order in the file, and says for each thing what holds in which interval:

- a lane closes while any action closes it, to all but those whom each of them admits, and otherwise is open where the
  road is, or while any action opens it;
- a speed limit, a signal's program and an exit that drivers are sent to (from a lane) are those of the action that sets
  them; no two do at once (`evac.plans.contradictions`).

Actions that touch are one: what holds before and after a time at which nothing changes is one interval. Whatever reads
a plan reads the states: the net's compiler, the controller of a run, the diff, the ways out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import Any, Generic, Self, TypeVar

from evac.sumo import CAR_CLASS, RESIDENT_CLASS

ADMITTED = ("army", "authority", "emergency")
"""SUMO's vehicle classes that a closed lane admits; `authority` are vehicles that are let through."""

FLEEING = "army"
"""SUMO's class of those on a road that a hazard has reached, until they are off it: all that such a road admits. Every
other closed lane admits them too, because nobody stands in a fire before a barrier."""

CLEAR_WITHIN_S = 600.0
"""Asphalt that changes its direction is driven empty before the other direction opens; after this long officers open it
in any case, and who still stands there is led off. Without an end to it nobody could say when people may leave."""

_JUST_BEFORE_S = 2.0
"""Who means to leave between two of SUMO's steps of a second gets onto the street in the next one."""

Thing = TypeVar("Thing", bound=Hashable)
Value = TypeVar("Value")
What = TypeVar("What")


@dataclass(frozen=True)
class Span:
    """An action from when until when (s after the order); for ever when `until_s` is None."""

    action: str
    from_s: float
    until_s: float | None

    @property
    def end_s(self) -> float:
        """When it ends; infinite for ever."""
        return math.inf if self.until_s is None else self.until_s

    def overlaps(self, other: Span) -> bool:
        """Return whether both hold at some time; spans that touch don't."""
        return self.from_s < other.end_s and other.from_s < self.end_s


@dataclass(frozen=True)
class Closing(Span):
    """Lanes that are closed to all but the vehicle classes that it admits."""

    lanes: tuple[str, ...]
    admits: tuple[str, ...] = ADMITTED


@dataclass(frozen=True)
class Opening(Span):
    """Lanes, closed under normal rules, that are open."""

    lanes: tuple[str, ...]


@dataclass(frozen=True)
class Limit(Span):
    """A speed limit on lanes."""

    lanes: tuple[str, ...]
    speed_mps: float


@dataclass(frozen=True)
class Program(Span):
    """A signal's program other than its `normal` one, or an officer's; `before`, `after`: for people."""

    tls: str
    program: str
    normal: str
    officer: bool
    before: str
    after: str


@dataclass(frozen=True)
class Diversion(Span):
    """Vehicles that pass an edge are sent to one exit.

    Parameters
    ----------
    edges
        Where they are told.
    exit_edges
        The exit's last edges.
    compliance
        Share of the vehicles that follow, drawn by the vehicle's name and the seed.
    by
        Edges, one of which the way to the exit uses; any way when empty.
    lanes
        The lanes whose drivers are sent, by number; those of all when empty.
    """

    edges: tuple[str, ...]
    exit_edges: tuple[str, ...]
    compliance: float
    by: tuple[str, ...] = ()
    lanes: tuple[int, ...] = ()

    @property
    def lead(self) -> Lead:
        """What drivers are told."""
        return Lead(self.exit_edges, self.compliance, self.by, self.lanes)


@dataclass(frozen=True)
class Turn(Span):
    """A movement from an edge into another that is allowed, or forbidden."""

    from_edge: str
    to_edge: str
    allowed: bool


@dataclass(frozen=True)
class Opposed:
    """Lanes on the same asphalt in opposite directions: neither opens before the other is closed and empty."""

    lanes: tuple[str, ...]
    reversed_lanes: tuple[str, ...]


@dataclass(frozen=True)
class State(Generic[What]):
    """What holds from when until when, and by which actions; none of them under normal rules."""

    from_s: float
    until_s: float
    holds: What
    actions: tuple[str, ...]


Admits = tuple[str, ...] | None
"""Who may use a lane: these vehicle classes only, or, when None, whoever may use it when it is open."""


@dataclass(frozen=True)
class Run:
    """The program that a signal runs."""

    program: str
    officer: bool = False
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Lead:
    """Where drivers on an approach are sent; see `Diversion`."""

    exit_edges: tuple[str, ...]
    compliance: float
    by: tuple[str, ...]
    lanes: tuple[int, ...] = ()

    def concerns(self, lane: int) -> bool:
        """Return whether it is for drivers in a lane."""
        return not self.lanes or lane in self.lanes


@dataclass(frozen=True)
class States:
    """What holds when, for each thing that a plan touches: its states from the order on, without gaps.

    Parameters
    ----------
    lanes
        Who may drive on a lane (SUMO's id).
    limits
        The speed on a lane (m/s); the normal one when None.
    signals
        The program of a signal.
    approaches
        Where drivers on an edge are sent, each from other lanes; nowhere when empty.
    movements
        Whether traffic may go from an edge into another.
    normally_closed
        Lanes that are closed to cars under normal rules, and that an action opens.
    normal_programs
        The program that each signal of `signals` runs under normal rules.
    opposed
        Lanes on the same asphalt in opposite directions.
    """

    lanes: Mapping[str, tuple[State[Admits], ...]]
    limits: Mapping[str, tuple[State[float | None], ...]]
    signals: Mapping[str, tuple[State[Run], ...]]
    approaches: Mapping[str, tuple[State[tuple[Lead, ...]], ...]]
    movements: Mapping[tuple[str, str], tuple[State[bool], ...]]
    normally_closed: frozenset[str] = frozenset()
    normal_programs: Mapping[str, str] = field(default_factory=dict)
    opposed: tuple[Opposed, ...] = ()

    @property
    def of_roads(self) -> bool:
        """Whether lanes open or close during the run: then drivers need a router that sees it."""
        return any(map(is_timed, self.lanes.values()))

    @property
    def changing(self) -> bool:
        """Whether anything is to be done while the simulation runs (speed limits change by themselves)."""
        return self.of_roads or bool(self.signals or self.approaches)

    @property
    def lost(self) -> frozenset[str]:
        """Lanes that traffic loses for a time or for good: those that go to the other direction aren't lost."""
        turned: dict[str, set[str]] = defaultdict(set)
        for item in self.opposed:
            actions = {action for lane in item.reversed_lanes for state in self.lanes[lane] for action in state.actions}
            for lane in item.lanes:
                turned[lane] |= actions
        return frozenset(
            lane
            for lane, states in self.lanes.items()
            if any(not admits_car(state.holds) and not turned[lane].issuperset(state.actions) for state in states)
        )


@dataclass(frozen=True)
class Timetable:
    """All that a plan's actions do to roads and signals; `states` puts it together."""

    closings: tuple[Closing, ...] = ()
    openings: tuple[Opening, ...] = ()
    opposed: tuple[Opposed, ...] = ()
    limits: tuple[Limit, ...] = ()
    programs: tuple[Program, ...] = ()
    diversions: tuple[Diversion, ...] = ()
    turns: tuple[Turn, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything to do while the simulation runs."""
        return self.states().changing

    @property
    def under_hazard(self) -> bool:
        """Whether a hazard closes roads: then some may have no way left."""
        return any(item.admits == (FLEEING,) for item in self.closings)

    def hazard_in_steps(self, step_s: float) -> Self:
        """Return a timetable whose hazard closes roads at whole steps of time only, up to a step early (s).

        Two seconds early at the least: who leaves just before a road closes gets onto the street when it has closed.
        """
        steps = [
            replace(item, from_s=max(item.from_s - _JUST_BEFORE_S, 0.0) // step_s * step_s)
            if item.admits == (FLEEING,)
            else item
            for item in self.closings
        ]
        return replace(self, closings=tuple(steps))

    def states(self) -> States:
        """Return what holds when."""
        return self._states

    @cached_property
    def _states(self) -> States:
        opened = {lane for item in self.openings for lane in item.lanes}
        of_lanes: list[tuple[str, Span, Admits]] = [
            (lane, item, item.admits) for item in self.closings for lane in item.lanes
        ]
        of_lanes += [(lane, item, None) for item in self.openings for lane in item.lanes]
        programs = [(item.tls, item, item) for item in self.programs]
        normal = {item.tls: item.normal for item in self.programs}
        leads = [(edge, item, item.lead) for item in self.diversions for edge in item.edges]
        limits = [(lane, item, item.speed_mps) for item in self.limits for lane in item.lanes]
        turns = [((item.from_edge, item.to_edge), item, item.allowed) for item in self.turns]
        return States(
            lanes=_each(of_lanes, lambda lane, values: _who_may_drive(values, normally=lane not in opened)),
            limits=_each(limits, lambda _, values: min(values, default=None)),
            signals=_each(programs, lambda tls, values: _runs(values, Run(normal[tls]))),
            approaches=_each(leads, lambda _, values: tuple(dict.fromkeys(values))),
            movements=_each(turns, lambda _, values: all(values)),
            normally_closed=frozenset(opened),
            normal_programs=normal,
            opposed=self.opposed,
        )

    def document(self) -> dict[str, Any]:
        """Return the timetable as plain JSON values."""
        return {name: [asdict(item) for item in getattr(self, name)] for name in _KINDS}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """Return the timetable of `document`."""
        return cls(
            **{
                name: tuple(kind(**{key: _tuples(value) for key, value in item.items()}) for item in document[name])
                for name, kind in _KINDS.items()
            }
        )


_KINDS: Mapping[str, Callable[..., Any]] = {
    "closings": Closing,
    "openings": Opening,
    "opposed": Opposed,
    "limits": Limit,
    "programs": Program,
    "diversions": Diversion,
    "turns": Turn,
}


def is_timed(of_lane: Sequence[State[Admits]]) -> bool:
    """Return whether a lane opens or closes during the run: what holds all the time is in the net, but for a hazard."""
    return len(of_lane) > 1 or of_lane[0].holds == (FLEEING,)


def admits_car(admits: Admits, vclass: str = CAR_CLASS) -> bool:
    """Return whether cars, or the vehicles of another class, may drive where these are admitted."""
    return admits is None or vclass in admits


def admits_drivers(admits: Admits) -> bool:
    """Return whether any driver may drive where these are admitted, residents as well as all."""
    return admits_car(admits) or admits_car(admits, RESIDENT_CLASS)


def edge_of(lane: str) -> str:
    """Return the id of a lane's edge; SUMO's lanes are called by their edge and their number."""
    return lane.rsplit("_", 1)[0]


def at(states: Sequence[State[What]], time_s: float) -> What:
    """Return what holds at a time (s)."""
    return next(state.holds for state in reversed(states) if state.from_s <= time_s)


def _who_may_drive(values: Sequence[Admits], *, normally: bool) -> Admits:
    """Return who may use a lane while actions close it to all but some, or open it (None)."""
    closed = [set(value) for value in values if value is not None]
    if closed:
        return tuple(sorted(set.intersection(*closed)))
    return None if normally or values else ADMITTED


def _runs(values: Sequence[Program], normal: Run) -> Run:
    runs = [Run(item.program, item.officer, item.before, item.after) for item in values]
    return next(iter(runs), normal)


def _each(
    spans: Iterable[tuple[Thing, Span, Value]], put_together: Callable[[Thing, list[Value]], What]
) -> dict[Thing, tuple[State[What], ...]]:
    """Return the states of each thing that spans are about."""
    by_thing: dict[Thing, list[tuple[Span, Value]]] = defaultdict(list)
    for thing, span, value in spans:
        by_thing[thing].append((span, value))
    return {thing: _sweep(found, partial(put_together, thing)) for thing, found in by_thing.items()}


def _sweep(spans: Sequence[tuple[Span, Value]], put_together: Callable[[list[Value]], What]) -> tuple[State[What], ...]:
    """Return what holds in each interval between the beginnings and ends of spans; equal neighbours are one."""
    times = sorted({0.0, *(time for span, _ in spans for time in (span.from_s, span.end_s) if time < math.inf)})
    found: list[State[What]] = []
    for from_s, until_s in pairwise([*times, math.inf]):
        now = [(span, value) for span, value in spans if span.from_s <= from_s < span.end_s]
        holds, actions = put_together([value for _, value in now]), {span.action for span, _ in now}
        if found and found[-1].holds == holds:
            before = found.pop()
            from_s, actions = before.from_s, actions | set(before.actions)  # noqa: PLW2901
        found.append(State(from_s, until_s, holds, tuple(sorted(actions))))
    return tuple(found)


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
