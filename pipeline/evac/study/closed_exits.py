"""Which ways out a plan or the hazard closes, and when: nobody who lives there gets to them any more."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.network.exits import ResolvedExit
from evac.plans.timetable import Timetable
from evac.study.ways_out import RoadState, road_states
from evac.sumo import CAR_CLASS


@dataclass(frozen=True)
class ClosedExit:
    """A way out that nobody reaches for a time.

    Parameters
    ----------
    exit
        Its name.
    from_s, until_s
        From when until when after the order (s); infinite: to the end.
    """

    exit: str
    from_s: float
    until_s: float = math.inf

    def holds(self, time_s: float) -> bool:
        """Return whether it is closed at a time (s after the order)."""
        return self.from_s <= time_s < self.until_s


def closed_exits(
    net: Net, exits: Iterable[ResolvedExit], timetable: Timetable, homes: Collection[str]
) -> tuple[ClosedExit, ...]:
    """Return when each exit is closed, or all ways to it are, from the edges on which people live.

    Parameters
    ----------
    net, exits
        The plan's net, and the exits on it.
    timetable
        What closes and opens, the hazard's included.
    homes
        The edges on which the households start under normal rules, as far as the net has them.
    """
    states = road_states(net, timetable)
    ends_s = [*(state.from_s for state in states[1:]), math.inf]
    homes = frozenset(homes)
    found: list[ClosedExit] = []
    for item in exits:
        edges = [net.getEdge(edge) for edge in item.edges if net.hasEdge(edge)]
        for state, until_s in zip(states, ends_s, strict=True):
            if _is_reached(edges, state, homes):
                continue
            if found and found[-1].exit == item.name and found[-1].until_s == state.from_s:
                found[-1] = ClosedExit(item.name, found[-1].from_s, until_s)
            else:
                found.append(ClosedExit(item.name, state.from_s, until_s))
    return tuple(found)


def _is_reached(edges: Iterable[Edge], state: RoadState, homes: frozenset[str]) -> bool:
    """Search back from an exit over roads that are open, until somebody lives there."""
    ahead = [edge for edge in edges if _is_open(edge, state)]
    seen = set(ahead)
    while ahead:
        edge = ahead.pop()
        if edge.getID() in homes:
            return True
        before = {other for other in edge.getIncoming() if other not in seen and _is_open(other, state)}
        seen |= before
        ahead += before
    return False


def _is_open(edge: Edge, state: RoadState) -> bool:
    name = edge.getID()
    return name in state.opened or (name not in state.closed and edge.allows(CAR_CLASS))
