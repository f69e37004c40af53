"""Which ways out a plan or a hazard closes, and when: a map that shows such an exit as open would send people there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sumolib.net import Net

from evac import clock
from evac.network.exits.resolved import ResolvedExit
from evac.plans.timetable import States, admits_drivers, at
from evac.report.words import say
from evac.sumo import CAR_CLASS


@dataclass(frozen=True)
class ClosedExit:
    """An exit that nobody can leave by for a time.

    Parameters
    ----------
    name
        The exit.
    from_s, until_s
        When (s after the order); infinite when it stays closed.
    """

    name: str
    from_s: float
    until_s: float = math.inf

    def holds(self, time_s: float) -> bool:
        """Return whether it is closed at a time (s after the order)."""
        return self.from_s <= time_s < self.until_s

    @property
    def words(self) -> str:
        """When it is closed, for people."""
        begins, ends = clock.clock(self.from_s), clock.clock(self.until_s) if self.until_s < math.inf else ""
        if not ends:
            return say("closed from {time} on", time=begins) if self.from_s > 0 else say("closed")
        if self.from_s <= 0:
            return say("closed until {time}", time=ends)
        return say("closed from {time} until {end}", time=begins, end=ends)


def closed_exits(exits: Sequence[ResolvedExit], net: Net, states: States) -> tuple[ClosedExit, ...]:
    """Return when each exit is closed: none of its lanes admits a driver.

    Parameters
    ----------
    exits, net
        A plan's net, and the exits on it.
    states
        What holds when on this net, under the hazard too.
    """
    return tuple(ClosedExit(item.name, *spell) for item in exits for spell in _spells(item, net, states))


def closed_words(closed: Iterable[ClosedExit], name: str) -> str:
    """Return when an exit is closed, for people; empty where it never is."""
    return ", ".join(item.words for item in closed if item.name == name)


def _spells(item: ResolvedExit, net: Net, states: States) -> list[tuple[float, float]]:
    lanes = [lane for edge in item.edges for lane in net.getEdge(edge).getLanes()]
    known = {lane.getID(): states.lanes[lane.getID()] for lane in lanes if lane.getID() in states.lanes}
    times = sorted({0.0, *(state.from_s for some in known.values() for state in some)})

    def is_open(time_s: float) -> bool:
        return any(
            admits_drivers(at(known[lane.getID()], time_s)) if lane.getID() in known else lane.allows(CAR_CLASS)
            for lane in lanes
        )

    found: list[tuple[float, float]] = []
    for from_s, until_s in pairwise([*times, math.inf]):
        if is_open(from_s):
            continue
        if found and found[-1][1] == from_s:
            from_s = found.pop()[0]  # noqa: PLW2901
        found.append((from_s, until_s))
    return found
