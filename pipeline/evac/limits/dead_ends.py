"""Dead ends taken off a graph, without a change of any flow to the sink.

A vertex with one neighbour serves only its own cars. Where these never come faster than the road to the neighbour takes
them, they may as well come there: on clocks that are ahead by the way to the sink, at the same step.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evac.limits.expand import STEP_S, Supplies, capacities, late_by
from evac.limits.graph import SINK, Graph

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def without_dead_ends(graph: Graph, to_sink_s: Floats, supplies: Supplies) -> tuple[Graph, Floats, Supplies]:
    """Return the graph without dead ends, the times to the sink of its vertices, and the supplies on it."""
    into = _contracted(graph, to_sink_s, supplies)
    kept = into == np.arange(graph.vertices)
    number = np.cumsum(kept) - 1
    arcs = np.flatnonzero(kept[graph.tail] & kept[graph.head])
    smaller = Graph(
        int(kept.sum()),
        number[graph.tail[arcs]],
        number[graph.head[arcs]],
        graph.time_s[arcs],
        graph.veh_per_h[arcs],
        {new: graph.gates[old] for new, old in enumerate(arcs.tolist()) if old in graph.gates},
        [graph.roads[arc] for arc in arcs.tolist()],
        {},
    )
    first, second = number[into[supplies.first]], number[into[supplies.second]]
    return smaller, to_sink_s[kept], replace(supplies, first=first, second=second)


def _contracted(graph: Graph, to_sink_s: Floats, supplies: Supplies) -> Integers:
    """Return for each vertex the one that its cars may as well come to: itself where it is no dead end."""
    steps = int(supplies.step.max(initial=1))
    cars = _Cars.of(supplies, steps)
    arcs: dict[tuple[int, int], list[int]] = defaultdict(list)
    beside: dict[int, set[int]] = defaultdict(set)
    in_step = late_by(graph, to_sink_s, STEP_S) == 0  # of several roads to the neighbour, those by which nobody is late
    for arc, (tail, head) in enumerate(zip(graph.tail.tolist(), graph.head.tolist(), strict=True)):
        if in_step[arc]:
            arcs[tail, head].append(arc)
        beside[tail].add(head)
        beside[head].add(tail)
    passes = capacities(graph, to_sink_s, steps)
    into = np.arange(graph.vertices)
    ends = [vertex for vertex, others in beside.items() if len(others) == 1]
    while ends:
        vertex = ends.pop()
        if vertex == SINK or len(beside[vertex]) != 1:
            continue
        (mouth,) = beside[vertex]
        through = passes[arcs.get((vertex, mouth), [])].sum(axis=0)
        if mouth == SINK or (cars.at_most_from(vertex, mouth) > through).any():
            continue
        into[vertex] = mouth
        cars.move(vertex, mouth)
        beside[mouth].discard(vertex)
        ends.append(mouth)
    while (into != into[into]).any():
        into = into[into]
    return into


@dataclass
class _Cars:
    """How many cars come to each vertex in each step: for certain, or to it or another by choice."""

    steps: int
    certain: dict[int, Integers]
    choice: dict[int, dict[int, Integers]]

    @classmethod
    def of(cls, supplies: Supplies, steps: int) -> _Cars:
        found = cls(steps, {}, defaultdict(dict))
        columns = (supplies.first, supplies.second, supplies.step, supplies.count)
        for first, second, step, count in zip(*(column.tolist() for column in columns), strict=True):
            found._counts(first, second)[step - 1] += count
        return found

    def at_most_from(self, vertex: int, mouth: int) -> Integers:
        """Return how many may have to pass from a vertex to its neighbour, beside which they don't come."""
        elsewhere = (cars for other, cars in self.choice[vertex].items() if other != mouth)
        return sum(elsewhere, self._counts(vertex, vertex))

    def move(self, vertex: int, mouth: int) -> None:
        """Let those who come to a vertex come to its neighbour."""
        moved = self.certain.pop(vertex, None)
        if moved is not None:
            self._add(mouth, mouth, moved)
        for other, cars in self.choice.pop(vertex, {}).items():
            del self.choice[other][vertex]
            self._add(mouth, other, cars)

    def _add(self, first: int, second: int, cars: Integers) -> None:
        counts = self._counts(first, second)
        counts += cars

    def _counts(self, first: int, second: int) -> Integers:
        """Return the counts of a vertex, or of a choice of two, to be added to."""
        if first == second:
            return self.certain.setdefault(first, np.zeros(self.steps, dtype=np.int64))
        counts = self.choice[first].setdefault(second, np.zeros(self.steps, dtype=np.int64))
        self.choice[second][first] = counts
        return counts
