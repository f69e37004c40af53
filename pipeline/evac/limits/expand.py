"""From a graph and its supplies to a net on which time goes in steps: clocks, travel times, capacities by step.

Each vertex has a clock of its own, ahead by the shortest time from there to beyond an exit line: a car that nobody
holds up meets the same time everywhere. So travel times on shortest ways are exact however long a step is, and what is
rounded down is only what a detour takes longer. A step k of a clock is from 60 (k - 1) to 60 k seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evac.clock import HOUR_S
from evac.graphs import quickest_from
from evac.limits.curve import SINK as SINK_NODE
from evac.limits.curve import SOURCE, Expanded
from evac.limits.graph import SINK, Graph

STEP_S = 60.0
"""Length of a step (s)."""
_ROUNDING = 1e-6

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Supplies:
    """Cars as they come to vertices.

    Parameters
    ----------
    first, second
        The vertex at which each car is next, and another at which it may be instead (the same where there is none).
    step
        The step of that vertex's clock in which it is there, from 1.
    count
        How many cars.
    """

    first: Integers
    second: Integers
    step: Integers
    count: Integers

    @property
    def total(self) -> int:
        """How many cars there are."""
        return int(self.count.sum())

    def in_steps_of(self, steps: int) -> Supplies:
        """Return the same in steps that are as long as `steps` of these."""
        return replace(self, step=-(-self.step // steps))


def supplies_of(graph: Graph, to_sink_s: Floats, edges: Sequence[str], times_s: Floats) -> Supplies:
    """Return the supplies of cars that are at the end of an edge at a time at the earliest (s after the order).

    Those that can't reach an exit are left out.
    """
    starts = [graph.starts.get(edge, ()) for edge in edges]
    on_graph = np.array([bool(found) for found in starts], dtype=bool)
    first = np.array([found[0] for found in starts if found], dtype=np.int64)
    second = np.array([found[-1] for found in starts if found], dtype=np.int64)
    # Who starts in the middle of a street may go towards either end; where only one leads out, towards that one.
    first = np.where(np.isfinite(to_sink_s[first]), first, second)
    second = np.where(np.isfinite(to_sink_s[second]), second, first)
    # A vertex's clock is ahead by its shortest way out, so that only detours are rounded to steps.
    clock_s = np.minimum(to_sink_s[first], to_sink_s[second]) + np.asarray(times_s)[on_graph]
    leaves = np.isfinite(clock_s)
    step = np.maximum(np.ceil(clock_s[leaves] / STEP_S - _ROUNDING), 1).astype(np.int64)
    rows, count = np.unique(np.stack([first[leaves], second[leaves], step]), axis=1, return_counts=True)
    return Supplies(rows[0], rows[1], rows[2], count)


def expanded(
    graph: Graph, to_sink_s: Floats, supplies: Supplies, steps: int, step_s: float = STEP_S
) -> tuple[Expanded, Integers]:
    """Return the net of a graph over steps 1 ... `steps`, and the graph's arc of each of its arcs (-1: none)."""
    late = late_by(graph, to_sink_s, step_s)
    since = _first_steps(graph, late, supplies)
    nodes = _Nodes(steps)
    arc, step = np.nonzero(_is_used(graph, late, since, steps))
    step += 1
    # No arc passes more cars than there are; smaller numbers are solved sooner.
    capacity = np.minimum(capacities(graph, to_sink_s, steps, step_s)[arc, step - 1], supplies.total)
    tail, head = nodes.of(graph.tail[arc], step - late[arc]), nodes.of(graph.head[arc], step)
    vertex, wait = np.nonzero(np.arange(1, steps)[None, :] >= since[1:, None])
    vertex, wait = vertex + 1, wait + 1
    at, until = nodes.of(vertex, wait), nodes.of(vertex, wait + 1)
    extra, chosen = _supply_arcs(supplies, nodes, graph.vertices)
    parts = [
        (tail, head, capacity, step),
        (at, until, np.full(len(at), supplies.total), wait + 1),
        extra,
    ]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    of_graph = np.full(len(columns[0]), -1)
    of_graph[: len(arc)] = arc
    there = columns[2] > 0
    ahead = np.zeros(SINK_NODE + 1, dtype=np.int64)
    at_vertices = np.tile(np.arange(1, steps + 1), graph.vertices - 1)
    step_of = np.concatenate([ahead, at_vertices, chosen])
    return Expanded(step_of, *(column[there] for column in columns)), of_graph[there]


@dataclass(frozen=True)
class _Nodes:
    """The numbers of the nodes: source, sink, each vertex but the sink at each step, then what supplies need."""

    steps: int

    def of(self, vertex: Integers, step: Integers) -> Integers:
        return np.where(vertex == SINK, SINK_NODE, SINK_NODE + (vertex - 1) * self.steps + step)

    def beyond(self, vertices: int) -> int:
        return SINK_NODE + (vertices - 1) * self.steps + 1


def late_by(graph: Graph, to_sink_s: Floats, step_s: float) -> Integers:
    """Return how many steps later each arc arrives than the shortest way, rounded down; -1 where none leads on."""
    leads_on = np.isfinite(to_sink_s[graph.tail]) & np.isfinite(to_sink_s[graph.head])
    # Minus one step marks an arc that leads to no exit. What is between two steps is rounded down: the bound may be too
    # soon, never too late.
    detour_s = np.full(len(graph.tail), -step_s)
    tail, head = graph.tail[leads_on], graph.head[leads_on]
    detour_s[leads_on] = np.maximum(graph.time_s[leads_on] - to_sink_s[tail] + to_sink_s[head], 0.0)
    return np.floor(detour_s / step_s).astype(np.int64)


def _first_steps(graph: Graph, late: Integers, supplies: Supplies) -> Integers:
    """Return the first step in which a car can be at each vertex; beyond all steps where none ever is."""
    origin, leads_on = graph.vertices, late >= 0
    ends = np.concatenate([supplies.first, supplies.second])
    tail = np.concatenate([np.full(len(ends), origin), graph.tail[leads_on]])
    head = np.concatenate([ends, graph.head[leads_on]])
    steps = np.concatenate([supplies.step, supplies.step, late[leads_on]]).astype(float)
    # A sparse matrix adds parallel arcs up: of each pair of ends only the quickest goes in.
    order = np.lexsort((steps, head, tail))
    tail, head, steps = tail[order], head[order], steps[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    # A length of nothing would be no arc to it: each gets so little that a whole path of them rounds to nothing.
    found, _ = quickest_from(origin, tail[first], head[first], steps[first] + _ROUNDING / graph.vertices, origin + 1)
    never = 2**31
    return np.where(np.isfinite(found[:-1]), np.floor(np.where(np.isfinite(found), found, 0.0))[:-1], never).astype(
        np.int64
    )


def _is_used(graph: Graph, late: Integers, since: Integers, steps: int) -> NDArray[np.bool_]:
    """Return whether each arc can carry a car that arrives in each step."""
    arrives = np.where(late >= 0, since[graph.tail] + late, steps + 1)
    return np.asarray(np.arange(1, steps + 1)[None, :] >= arrives[:, None])


def capacities(graph: Graph, to_sink_s: Floats, steps: int, step_s: float = STEP_S) -> Integers:
    """Return the vehicles that each arc passes in each step of the clock at its head, rounded up."""
    a_step = np.ceil(graph.veh_per_h * step_s / HOUR_S - _ROUNDING).astype(np.int64)
    found = np.repeat(a_step[:, None], steps, axis=1)
    ends_s = np.arange(steps + 1) * step_s
    for arc, gate in graph.gates.items():
        if np.isfinite(to_sink_s[graph.head[arc]]):
            passed = gate.passed_by(ends_s - to_sink_s[graph.head[arc]])
            found[arc] = np.ceil(np.diff(passed) - _ROUNDING)
    return found


def _supply_arcs(
    supplies: Supplies, nodes: _Nodes, vertices: int
) -> tuple[tuple[Integers, Integers, Integers, Integers], Integers]:
    """Return the arcs from the source: to a vertex, or to a node of its own where a car has the choice of two.

    The second value has the steps of these nodes.
    """
    in_time = supplies.step <= nodes.steps
    columns = supplies.first, supplies.second, supplies.step, supplies.count
    first, second, step, count = (column[in_time] for column in columns)
    choice = first != second
    own = nodes.beyond(vertices) + np.arange(int(choice.sum()))
    entry = nodes.of(first, step)
    entry[choice] = own
    tail = np.concatenate([np.full(len(first), SOURCE), own, own])
    head = np.concatenate([entry, nodes.of(first[choice], step[choice]), nodes.of(second[choice], step[choice])])
    arcs = tail, head, np.concatenate([count, count[choice], count[choice]])
    return (*arcs, np.concatenate([step, step[choice], step[choice]])), step[choice]
