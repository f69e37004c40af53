"""A town as a graph for flows: junctions, roads between them, exit lines before one sink, and where cars start.

A junction where every road leads on into every other is one vertex. Where turns are missing, have fewer lanes than the
roads, or wait for a signal, and next to such junctions, each road has a vertex of its own before the junction and
behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evac.graphs import quickest_from
from evac.limits.passing import Gate
from evac.limits.roads import Road, Turn
from evac.network.exits import ResolvedExit

SINK = 0
"""The vertex behind all exit lines."""
_UNLIMITED_VEH_PER_H = 1e7
_ZERO_S = 1e-6  # the shortest ways are found with times above 0

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Graph:
    """Vertices and the arcs between them.

    Parameters
    ----------
    vertices
        How many there are.
    tail, head, time_s, veh_per_h
        The arcs.
    gates
        For arcs whose rate changes with time, how it does.
    roads
        The road whose end an arc stands for; an empty text for other arcs.
    starts
        For each road, the vertices at which a car that starts on it may be next: at the road's end, and with a second
        one at its start, where it may turn and drive the other way.
    """

    vertices: int
    tail: Integers
    head: Integers
    time_s: Floats
    veh_per_h: Floats
    gates: Mapping[int, Gate]
    roads: Sequence[str]
    starts: Mapping[str, tuple[int, ...]]

    def to_sink_s(self) -> Floats:
        """Return the shortest time from each vertex to the sink (s); infinite where no way leads."""
        order = np.lexsort((self.time_s, self.tail, self.head))
        tail, head, time_s = self.tail[order], self.head[order], self.time_s[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
        found, _ = quickest_from(SINK, head[first], tail[first], time_s[first] + _ZERO_S, self.vertices)
        return found - _ZERO_S * self.vertices  # less than any way's, so that rounding makes no time of it


@dataclass
class _Builder:
    """A graph as it is put together."""

    numbers: dict[tuple[str, str], int] = field(default_factory=lambda: {("sink", ""): SINK})
    arcs: list[tuple[int, int, float, float, str]] = field(default_factory=list)
    gates: dict[int, Gate] = field(default_factory=dict)
    starts: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def vertex(self, kind: str, name: str) -> int:
        return self.numbers.setdefault((kind, name), len(self.numbers))

    def arc(
        self, tail: int, head: int, time_s: float, veh_per_h: float, *, gate: Gate | None = None, road: str = ""
    ) -> None:
        if gate is not None:
            self.gates[len(self.arcs)] = gate
        self.arcs.append((tail, head, time_s, veh_per_h, road))

    def line(self, item: ResolvedExit) -> int:
        """Return the vertex before an exit line: one of its own where the exit takes only so many vehicles."""
        if item.veh_per_h is None:
            return SINK
        known = ("exit", item.name) in self.numbers
        vertex = self.vertex("exit", item.name)
        if not known:
            self.arc(vertex, SINK, 0.0, item.veh_per_h)
        return vertex

    def road(self, road: Road, tail: int, head: int, *, is_busy: bool) -> int:
        """Add a road; return the vertex at which cars that start on it are next."""
        if not is_busy:
            self.arc(tail, head, road.time_s, road.veh_per_h, gate=road.gate, road=road.edge)
            return head
        before_end = self.vertex("on", road.edge)
        self.arc(tail, before_end, road.time_s, _UNLIMITED_VEH_PER_H)
        self.arc(before_end, head, 0.0, road.veh_per_h, gate=road.gate, road=road.edge)
        return before_end

    def graph(self) -> Graph:
        columns = list(zip(*self.arcs, strict=True)) or [()] * 5
        tail, head = (np.array(column, dtype=np.int64) for column in columns[:2])
        time_s, veh_per_h = (np.array(column, dtype=float) for column in columns[2:4])
        return Graph(len(self.numbers), tail, head, time_s, veh_per_h, self.gates, columns[4], self.starts)


def directed_graph(
    roads: Mapping[str, Road],
    turns: Sequence[Turn],
    exits: Sequence[ResolvedExit],
    busy: Collection[str],
    *,
    turn_round: bool,
) -> Graph:
    """Return the graph of roads as they are driven.

    Parameters
    ----------
    roads, turns
        The roads by their edges, and the movements between them.
    exits
        The ways out.
    busy
        Roads on which more cars start than pass their end in a minute: these share the end with those who pass. On
        others they enter behind it, which spares a vertex each.
    turn_round
        Whether cars may leave their driveways in the other direction of their road as well.
    """
    made = _Builder()
    lines = {edge: item for item in exits for edge in item.edges}
    free = _free_junctions(roads, turns, lines)
    at_start, at_end = {}, {}
    for road in roads.values():
        at_start[road.edge] = made.vertex("at", road.start) if road.start in free else made.vertex("into", road.edge)
        if road.edge in lines:
            at_end[road.edge] = made.line(lines[road.edge])
        else:
            at_end[road.edge] = made.vertex("at", road.end) if road.end in free else made.vertex("from", road.edge)
    next_after = {
        road.edge: made.road(road, at_start[road.edge], at_end[road.edge], is_busy=road.edge in busy)
        for road in roads.values()
    }
    for turn in turns:
        if roads[turn.origin].end not in free and turn.origin not in lines:
            made.arc(at_end[turn.origin], at_start[turn.target], 0.0, turn.veh_per_h, gate=turn.gate)
    opposite = _opposite(roads) if turn_round else {}
    for edge, vertex in next_after.items():
        others = (next_after[other] for other in opposite.get(edge, ()))
        made.starts[edge] = tuple(dict.fromkeys((vertex, *others)))
    return made.graph()


def undirected_graph(
    roads: Mapping[str, Road], exits: Sequence[ResolvedExit], busy: Collection[str], inbound: Mapping[str, ResolvedExit]
) -> Graph:
    """Return the graph in which each direction of a road has the lanes of both, and every turn is free.

    Whatever lanes a plan reverses, its flow is one in this graph (Rebennack, Arulselvan, Elefteriadou and Pardalos,
    J. Combinatorial Optimization 19, 2010).

    Parameters
    ----------
    roads, exits, busy
        As for `directed_graph`.
    inbound
        Roads that come in from beyond the map beside an exit, whose lanes may lead out as well.
    """
    made = _Builder()
    lines = {edge: (roads[edge].end, item) for item in exits for edge in item.edges if edge in roads}
    lines |= {edge: (roads[edge].start, item) for edge, item in inbound.items()}
    by_ends: dict[tuple[str, str], list[Road]] = defaultdict(list)
    for road in roads.values():
        by_ends[min(road.start, road.end), max(road.start, road.end)].append(road)
    for (one, other), both in by_ends.items():
        name, time_s = both[0].edge, min(road.time_s for road in both)
        asphalt = Road(name, one, other, time_s, 0, sum(road.veh_per_h for road in both))
        leads_out = dict(lines[road.edge] for road in both if road.edge in lines)
        is_busy = any(road.edge in busy for road in both)
        nexts = []
        for tail, head in ((one, other), (other, one)):
            behind = made.line(leads_out[head]) if head in leads_out else made.vertex("at", head)
            nexts.append(made.road(asphalt, made.vertex("at", tail), behind, is_busy=is_busy))
        for road in both:
            made.starts[road.edge] = tuple(dict.fromkeys(nexts))
    return made.graph()


def _opposite(roads: Mapping[str, Road]) -> Mapping[str, list[str]]:
    by_ends: dict[tuple[str, str], list[str]] = defaultdict(list)
    for road in roads.values():
        by_ends[road.start, road.end].append(road.edge)
    return {road.edge: by_ends.get((road.end, road.start), []) for road in roads.values()}


def _free_junctions(roads: Mapping[str, Road], turns: Sequence[Turn], lines: Collection[str]) -> set[str]:
    """Return the junctions at which no turn is missing, narrower than its roads, or held by a signal."""
    into: dict[str, list[Road]] = defaultdict(list)
    out_of: dict[str, list[Road]] = defaultdict(list)
    for road in roads.values():
        out_of[road.start].append(road)
        if road.edge not in lines:
            into[road.end].append(road)
    by_roads = {(turn.origin, turn.target): turn for turn in turns}

    def is_free(origin: Road, target: Road) -> bool:
        if origin.start == target.end:  # turning round gains nothing
            return True
        turn = by_roads.get((origin.edge, target.edge))
        return turn is not None and not turn.signalled and turn.veh_per_h >= min(origin.veh_per_h, target.veh_per_h)

    complete = {
        junction
        for junction in {*into, *out_of}
        if all(is_free(origin, target) for origin in into[junction] for target in out_of[junction])
    }
    # Next to a junction that isn't free it matters who can turn round: that's a way around a signal or a banned turn.
    return {
        junction
        for junction in complete
        if all(road.end in complete for road in out_of[junction]) and all(x.start in complete for x in into[junction])
    }
