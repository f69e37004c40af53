"""Ways out: free-flow seconds from every edge of a net to beyond the nearest exit line.

The graph has a node an edge of the net, and an arc for each pair that a connection joins and the vehicle class may
drive: turn bans and closed lanes count. One run of Dijkstra from the exits, against the direction of travel, serves
the whole net.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import sumolib
from numpy.typing import NDArray
from sumolib.net.edge import Edge

from evac.graphs import quickest_from


class ExitEdges(Protocol):
    """What this module asks of an exit: its name and the edges that end at its line."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def edges(self) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True)
class RoadGraph:
    """The edges of a net as the nodes of a graph.

    Parameters
    ----------
    edges
        Ids of the edges that the vehicle class may drive, in the net's order.
    index
        Position of each id in `edges`.
    time_s
        Free-flow seconds on each edge.
    arcs
        For each arc, the two positions (upstream, downstream) in `edges`; shape (arcs, 2).
    """

    edges: tuple[str, ...]
    index: Mapping[str, int]
    time_s: NDArray[np.float64]
    arcs: NDArray[np.int64]

    @cached_property
    def onward(self) -> Mapping[str, tuple[str, ...]]:
        """Return the edges that can be driven to directly, by edge."""
        onward: dict[str, list[str]] = {edge: [] for edge in self.edges}
        for upstream, downstream in self.arcs.tolist():
            onward[self.edges[upstream]].append(self.edges[downstream])
        return {edge: tuple(after) for edge, after in onward.items()}

    def without(self, closed: Container[str]) -> RoadGraph:
        """Return the graph without some edges."""
        kept = np.array([edge not in closed for edge in self.edges], dtype=bool)
        position = np.cumsum(kept) - 1
        edges = tuple(compress(self.edges, kept))
        index = {edge: here for here, edge in enumerate(edges)}
        return RoadGraph(edges, index, self.time_s[kept], position[self.arcs[kept[self.arcs].all(axis=1)]])


@dataclass(frozen=True)
class WaysOut:
    """The quickest way out from every edge of a graph, on empty roads.

    Parameters
    ----------
    graph
        The graph.
    cost_s
        Seconds from the edge's start to beyond the exit line; infinite where there is no way out.
    next_position
        Position of the next edge on the way; -1 on an exit edge and where there is no way out.
    """

    graph: RoadGraph
    cost_s: NDArray[np.float64]
    next_position: NDArray[np.int64]

    def reachable(self) -> NDArray[np.int64]:
        """Return the positions of the edges with a way out, the farthest first."""
        order = np.argsort(-self.cost_s, kind="stable")
        return order[np.isfinite(self.cost_s[order])]


def road_graph(
    net: sumolib.net.Net,
    vclass: str = "passenger",
    closed: Container[str] = frozenset(),
    opened: Iterable[str] = frozenset(),
) -> RoadGraph:
    """Return the graph of the edges that `vclass` may drive, without those that a plan has `closed`.

    Those that it has `opened` are closed in the net, and belong to the graph.
    """
    known = _GRAPHS.setdefault(net, {})
    of = vclass, frozenset(opened)
    if of not in known:
        known[of] = _graph(net, *of)
    return known[of].without(closed) if closed else known[of]


_GRAPHS: WeakKeyDictionary[sumolib.net.Net, dict[tuple[str, frozenset[str]], RoadGraph]] = (
    WeakKeyDictionary()
)  # many a stage asks for the whole graph, and at each time of a plan for a part of it


def _graph(net: sumolib.net.Net, vclass: str, opened: frozenset[str]) -> RoadGraph:
    driven = [edge for edge in net.getEdges(withInternal=False) if edge.allows(vclass) or edge.getID() in opened]
    index = {edge.getID(): position for position, edge in enumerate(driven)}
    arcs = [
        (position, index[onward.getID()])
        for position, edge in enumerate(driven)
        for onward in _onward(edge, vclass, opened)
        if onward.getID() in index
    ]
    time_s = np.array([edge.getLength() / _speed_mps(edge, vclass) for edge in driven], dtype=float)
    return RoadGraph(tuple(index), index, time_s, np.array(arcs, dtype=np.int64).reshape(-1, 2))


def _onward(edge: Edge, vclass: str, opened: Container[str]) -> list[Edge]:
    """Return the edges that can be driven to directly from an edge."""
    if edge.getID() in opened:
        return list(edge.getOutgoing())
    allowed = list(edge.getAllowedOutgoing(vclass))
    return [*allowed, *(onward for onward in edge.getOutgoing() if onward.getID() in opened)]


def ways_out(graph: RoadGraph, exit_edges: Iterable[str]) -> WaysOut:
    """Return the quickest way from every edge to beyond the nearest end of `exit_edges`.

    Ids that the graph doesn't have are passed over: an exit that a plan closes serves nobody.
    """
    count = len(graph.edges)
    exits = np.array(sorted({graph.index[edge] for edge in exit_edges if edge in graph.index}), dtype=np.int64)
    upstream, downstream = graph.arcs[:, 0], graph.arcs[:, 1]
    # Against the direction of travel, from a sink behind all exit lines; entering an edge costs its own time.
    start = np.concatenate([downstream, np.full(len(exits), count)])
    end = np.concatenate([upstream, exits])
    cost_s, before = quickest_from(count, start, end, graph.time_s[end], count + 1)
    before = before[:count]
    before[before == count] = -1
    return WaysOut(graph, cost_s[:count], before)


def time_from(graph: RoadGraph, start: str) -> NDArray[np.float64]:
    """Return the free-flow seconds from the beginning of an edge to the beginning of each; infinite without a way."""
    upstream, downstream = graph.arcs[:, 0], graph.arcs[:, 1]
    time_s, _ = quickest_from(graph.index[start], upstream, downstream, graph.time_s[upstream], len(graph.edges))
    return time_s


def cost_by_exit(
    net: sumolib.net.Net,
    exits: Sequence[ExitEdges],
    closed: Container[str] = frozenset(),
    opened: Iterable[str] = frozenset(),
    *,
    vclass: str = "passenger",
    to: Sequence[ExitEdges] | None = None,
) -> pd.DataFrame:
    """Return the free-flow seconds from each edge (index) to each exit (columns); infinite where no way leads.

    No way leads over the line of another exit: who crosses one is out. A plan has closed the edges in `closed`, and
    opened those in `opened`, which the net has closed. With `to`, the seconds to these other destinations instead.
    """
    graph = _ending_at(exits, road_graph(net, vclass, closed, opened))
    costs = {item.name: ways_out(graph, item.edges).cost_s for item in (exits if to is None else to)}
    return pd.DataFrame(costs, index=pd.Index(graph.edges, dtype=object), dtype=float)


def _ending_at(exits: Sequence[ExitEdges], graph: RoadGraph) -> RoadGraph:
    """Return a graph whose exit edges lead nowhere."""
    ends = {graph.index[edge] for item in exits for edge in item.edges if edge in graph.index}
    return replace(graph, arcs=graph.arcs[~np.isin(graph.arcs[:, 0], list(ends))])


def tree_assignment(out: WaysOut, weights: Mapping[str, float]) -> dict[str, float]:
    """Return the vehicles that pass each edge when those that start on it (`weights`) follow the ways out.

    An all-or-nothing assignment (Sheffi, Urban Transportation Networks, 1985, chapter 5): it finds the main ways out
    before anything is simulated, and knows nothing of queues. Those that start where there is no way out are left out.
    """
    passing = np.array([weights.get(edge, 0.0) for edge in out.graph.edges], dtype=float)
    for here in out.reachable():
        if out.next_position[here] >= 0:
            passing[out.next_position[here]] += passing[here]
    return {out.graph.edges[here]: float(passing[here]) for here in out.reachable() if passing[here] > 0}


def forward_reach(graph: RoadGraph, start: Iterable[str], blocked: Iterable[str] = (), limit: int = 0) -> set[str]:
    """Return the edges that can be driven to from `start` (included) without entering `blocked`.

    A positive `limit` ends the search once more edges than that are found.
    """
    closed = set(blocked)
    found: set[str] = set()
    ahead = [edge for edge in start if edge in graph.index]
    while ahead:
        edge = ahead.pop()
        if edge in found or edge in closed:
            continue
        found.add(edge)
        if limit and len(found) > limit:
            break
        ahead.extend(graph.onward[edge])
    return found


def _speed_mps(edge: Edge, vclass: str) -> float:
    lanes = edge.getLanes()
    return float(max(lane.getSpeed() for lane in [lane for lane in lanes if lane.allows(vclass)] or lanes))
