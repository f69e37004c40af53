"""A junction with signals as a plan sees it: its arms, the movements between them, and which of them conflict.

Whatever letter a signal shows, a driver who must yield in SUMO yields to the links in the `response` of the net's
`<request>`, and to no others: capital letters go ahead, small ones wait for a gap among those links.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.errors import PlaceError, Problem
from evac.network.place_names import near_names, normal_name
from evac.network.places import (
    StreetIndex,
    angle_between_deg,
    compass_point,
    end_bearing_deg,
    heads,
    leaves,
    start_bearing_deg,
)
from evac.plans.model import Movement

_INSIDE_M = 100.0  # a road between two nodes of one signal that is shorter than this is part of the junction
_OPPOSING_DEG = 120.0


@dataclass(frozen=True)
class Link:
    """A way from one lane into another that a signal controls.

    Parameters
    ----------
    number
        Its place in the signal's state.
    connection
        sumolib's connection.
    ways
        The arms between which traffic uses it: the edge that arrives and the edge that leaves.
    """

    number: int
    connection: Any
    ways: frozenset[tuple[Edge, Edge]]

    @property
    def source(self) -> Edge:
        """Return the edge that it comes from."""
        return self.connection.getFrom()

    @property
    def target(self) -> Edge:
        """Return the edge that it leads into."""
        return self.connection.getTo()

    @property
    def turns(self) -> str:
        """Return SUMO's letter for its direction, in lower case: `s`, `l`, `r` or `t` (turning round)."""
        return str(self.connection.getDirection()).lower()


class SignalJunction:
    """The links of one signal, which may control several nodes.

    Parameters
    ----------
    net
        The compiled net, with foes.
    tls
        The signal's id.
    index
        Street names.
    """

    def __init__(self, net: Net, tls: str, index: StreetIndex) -> None:
        self.tls = tls
        self.index = index
        controlled = [(number, _connection(source, target)) for source, target, number in _entries(net, tls)]
        self.size = max(number for number, _ in controlled) + 1
        ways = _ways([connection for _, connection in controlled])
        self.links = [
            Link(number, connection, frozenset(ways[position]))
            for position, (number, connection) in enumerate(controlled)
        ]
        self.programs = net.getTLS(tls).getPrograms()

    def arrivals(self) -> list[Edge]:
        """Return the edges by which traffic arrives."""
        return list(dict.fromkeys(arrives for link in self.links for arrives, _ in _sorted(link.ways)))

    def movement(self, movement: Movement, where: str) -> list[Link]:
        """Return the links of a movement.

        Raises
        ------
        PlaceError
            A street doesn't meet here, or no traffic goes that way.
        """
        for street, side in ((movement.street, 0), (movement.into, 1)):
            self._check_street(street, side, where)
        found = [link for link in self.links if any(self._fits(way, movement) for way in link.ways)]
        if found:
            return found
        what = f"no traffic goes {_asked(movement)} at this junction"
        raise PlaceError(Problem(where, what, f"it goes {'; '.join(self.describe(self.links))}"))

    def describe(self, links: Iterable[Link]) -> list[str]:
        """Return the movements that use links, in words, each once."""
        ways = [way for link in links for way in _sorted(link.ways)]
        return list(dict.fromkeys(self._words(*way) for way in ways))

    def conflict(self, one: Link, other: Link) -> bool:
        """Return whether the paths of two links cross or merge."""
        places = self._places(one, other)
        return places is not None and bool(places[0].areFoes(*places[1:]))

    def yields(self, one: Link, other: Link) -> bool:
        """Return whether a driver on `one` who must yield yields to `other`."""
        places = self._places(one, other)
        return places is not None and bool(places[0].forbids(other.connection, one.connection))

    def crosses(self, one: Link, other: Link) -> bool:
        """Return whether streams cross that can't be let go together: neither merge, nor wait for each other's gaps.

        A turn across the opposing stream may wait for a gap in it, as may drivers who turn round. Who turns off from
        the lane beside the one that a plan closes at times, or adds, crosses that lane's stream, which drives his way:
        netconvert's own programs let them go together.
        """
        if not self.conflict(one, other) or one.target is other.target or "t" in one.turns + other.turns:
            return False
        if one.source is other.source:
            return False
        return angle_between_deg(end_bearing_deg(one.source), end_bearing_deg(other.source)) <= _OPPOSING_DEG

    def must_wait(self, link: Link, others: Iterable[Link]) -> bool:
        """Return whether a link has to yield to one of the others."""
        return any(self.yields(link, other) for other in others if other.source is not link.source)

    def _places(self, one: Link, other: Link) -> tuple[Any, int, int] | None:
        node = one.source.getToNode()
        if one is other or node is not other.source.getToNode():
            return None
        return node, one.connection.getJunctionIndex(), other.connection.getJunctionIndex()

    def _check_street(self, street: str | None, side: int, where: str) -> None:
        if street is None:
            return
        names = [self.index.names(way[side]) for link in self.links for way in _sorted(link.ways)]
        known = list(dict.fromkeys(name for group in names for name in group))
        if normal_name(street) in map(normal_name, known):
            return
        near = near_names(street, known)
        verb = ("arrives on", "leaves into")[side]
        guess = f"did you mean {_listed(near)}? " if near else ""
        raise PlaceError(
            Problem(where, f"no traffic {verb} '{street}' at this junction", f"{guess}it {verb} {_listed(known)}")
        )

    def _fits(self, way: tuple[Edge, Edge], movement: Movement) -> bool:
        source, target = way
        return (
            (movement.street is None or self.index.is_called(source, movement.street))
            and (movement.into is None or self.index.is_called(target, movement.into))
            and (movement.heading is None or heads(source, movement.heading))
            and (movement.leaving is None or leaves(target, movement.leaving))
        )

    def _words(self, source: Edge, target: Edge) -> str:
        came = f"from {self.index.label(source)} heading {compass_point(end_bearing_deg(source))}"
        return f"{came} to {self.index.label(target)} leaving {compass_point(start_bearing_deg(target))}"


def _entries(net: Net, tls: str) -> list[Any]:
    return sorted(net.getTLS(tls).getConnections(), key=lambda entry: int(entry[2]))


def _connection(source: Any, target: Any) -> Any:
    return next(connection for connection in source.getOutgoing() if connection.getToLane() is target)


def _ways(connections: Sequence[Any]) -> list[set[tuple[Edge, Edge]]]:
    """Return for each connection the arms between which traffic uses it, across all nodes of the signal."""
    inside = {connection.getFrom() for connection in connections} & {connection.getTo() for connection in connections}
    inside = {edge for edge in inside if edge.getLength() < _INSIDE_M}
    ways: list[set[tuple[Edge, Edge]]] = [set() for _ in connections]
    for number, connection in enumerate(connections):
        if connection.getFrom() not in inside:
            for path in _paths(connections, [number], inside):
                for step in path:
                    ways[step].add((connection.getFrom(), connections[path[-1]].getTo()))
    return ways


def _paths(connections: Sequence[Any], path: list[int], inside: set[Edge]) -> Iterator[list[int]]:
    end = connections[path[-1]].getTo()
    if end not in inside:
        yield path
        return
    for number, connection in enumerate(connections):
        if connection.getFrom() is end and number not in path:
            yield from _paths(connections, [*path, number], inside)


def _sorted(ways: Iterable[tuple[Edge, Edge]]) -> list[tuple[Edge, Edge]]:
    return sorted(ways, key=lambda way: (way[0].getID(), way[1].getID()))


def _asked(movement: Movement) -> str:
    parts = (
        ("from", movement.street),
        ("heading", movement.heading),
        ("to", movement.into),
        ("leaving", movement.leaving),
    )
    return " ".join(f"{word} {value}" for word, value in parts if value is not None)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "roads without a name"
