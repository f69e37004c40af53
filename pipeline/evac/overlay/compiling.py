"""A plan's actions, all together, on plain XML; with what they leave to do while the simulation runs.

Each kind of change has a module of its own (`lanes`, `turns`, `limits`, `signalling`, `approaches`): it takes in what
its actions ask for, and what they claim, then builds all of it, and leaves to the timetable what happens during the
run. The order of the actions in the file means nothing: they are taken in an order of their own, and contradictions are
refused before anything is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from sumolib.net import Net

from evac import clock
from evac.errors import Mend, PlaceError, Problem, ScenarioError
from evac.network.exits import ResolvedExit
from evac.network.places import StreetIndex
from evac.overlay.approaches import Approaches
from evac.overlay.lanes import LaneChanges
from evac.overlay.limits import SpeedLimits
from evac.overlay.plain import PlainNet
from evac.overlay.signalling import SignalChanges
from evac.overlay.turns import Turns
from evac.overlay.where import Where
from evac.plans.action import Action
from evac.plans.contradictions import Claim, contradictions
from evac.plans.reading import LoadedAction
from evac.plans.timetable import States, Timetable, admits_car, at


class Part(Protocol):
    """A kind of change to the net."""

    ACTIONS: ClassVar[tuple[type[Action], ...]]
    """The actions that it takes in."""

    def take(self, item: LoadedAction, action: Any) -> list[Claim]:
        """Find the places of an action, and return what it claims to do there."""

    def build(self) -> None:
        """Build what all actions together ask for."""


@dataclass
class Compiling:
    """A plan on its way into a net.

    Parameters
    ----------
    plain
        The net; changed by `lay`.
    where
        Finds places on the baseline's net.
    exits
        The exits on the baseline's net.
    """

    plain: PlainNet
    where: Where
    exits: Sequence[ResolvedExit]
    lanes: LaneChanges = field(init=False)
    turns: Turns = field(init=False)
    limits: SpeedLimits = field(init=False)
    signals: SignalChanges = field(init=False)
    approaches: Approaches = field(init=False)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin without any action."""
        self.lanes = LaneChanges(self.plain, self.where, self.exits)
        self.turns = Turns(self.plain, self.where)
        self.limits = SpeedLimits(self.plain, self.where)
        self.signals = SignalChanges(self.plain, self.where)
        self.approaches = Approaches(self.where, self.exits)

    def lay(self, actions: Iterable[LoadedAction]) -> None:
        """Lay all actions over the net.

        Raises
        ------
        ScenarioError
            Places aren't found, actions make no sense, or contradict each other: all problems at once.
        """
        problems: list[Problem] = []
        claims: list[Claim] = []
        for item in actions:
            with _noting(problems):
                claims += self._part(item).take(item, item.action)
        problems += [self._problem(one, other) for one, other in contradictions(claims)]
        for part in self._parts:
            with _noting(problems):
                if not problems:
                    part.build()
        if not problems:
            states = self.lanes.states()
            problems += [problem for item, lanes in self.turns.exclusive() for problem in _shut(item, lanes, states)]
        if problems:
            raise ScenarioError(problems)

    @property
    def _parts(self) -> tuple[Part, ...]:
        """The kinds of change, in the order in which they are built."""
        return self.lanes, self.turns, self.limits, self.signals, self.approaches

    def _part(self, item: LoadedAction) -> Part:
        return next(part for part in self._parts if isinstance(item.action, part.ACTIONS))

    def finish(self, net: Net, index: StreetIndex, net_file: Path) -> tuple[Timetable, list[str]]:
        """Return the timetable, and the elements of SUMO's additional file, for the compiled net in `net_file`."""
        timetable = replace(
            self.lanes.timetable(net, net_file),
            limits=self.limits.spans(),
            programs=tuple(self.signals.spans(net, index)),
            diversions=self.approaches.spans(net),
            turns=self.turns.spans(),
        )
        self.warnings += [*self.lanes.warnings(), *self.signals.warnings]
        return timetable, list(self.signals.elements.values())

    def _problem(self, one: Claim, other: Claim) -> Problem:
        first, second = sorted((one, other), key=lambda claim: claim.where)
        what = f"'{first.action}' and '{second.action}' contradict each other on {self._describe(one.place)}"
        where = f"{first.where}; {second.where}"
        return Problem(where, what, "leave one out, or give them times that don't overlap")

    def _describe(self, place: str) -> str:
        """Return an edge, a lane of it, a movement from it, or a signal in words."""
        net, index = self.where.index.net, self.where.index
        source = place.split(">", maxsplit=1)[0]
        for name in (source, source.rsplit("_", 1)[0]):
            if net.hasEdge(name):
                return index.describe(net.getEdge(name))
        node = next(node for node, element in self.plain.nodes.items() if place in (element.get("tl"), node))
        return f"the junction at {self.where.link(net.getNode(node))}"


def _shut(item: LoadedAction, lanes: Sequence[str], states: States) -> Iterator[Problem]:
    """Give a problem where the lanes that alone lead into a street are all closed at a time: who goes there stands."""
    found = [states.lanes.get(lane) for lane in lanes]
    for time_s in sorted({state.from_s for of_lane in found if of_lane for state in of_lane}):
        if all(of_lane is not None and not admits_car(at(of_lane, time_s)) for of_lane in found):
            when = clock.while_words(time_s) or "at the order"
            what = f"{when} no lane would lead there: the plan has closed all that '{item.label}' leaves to that"
            yield Problem(item.where, what, "leave out 'exclusive', or keep a lane of them open", Mend.BY_HAND)
            return


@contextmanager
def _noting(problems: list[Problem]) -> Iterator[None]:
    """Note what is wrong instead of ending at the first problem."""
    try:
        yield
    except (PlaceError, ScenarioError) as error:
        problems += error.problems
