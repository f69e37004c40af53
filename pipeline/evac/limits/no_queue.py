"""Whether all cars can leave as they come, so that nobody need wait and no flow over time is to be looked for.

On clocks that are ahead by the way to the sink, a car that nobody holds up is out in the step in which it comes. Where
the cars of each step find a way in it beside each other, without a detour that takes a step, as many are out by each
step as have come: more there can't be.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evac.limits.expand import STEP_S, Supplies, capacities, late_by
from evac.limits.graph import SINK, Graph

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def come_by_step(supplies: Supplies) -> Integers:
    """Return how many cars have come by the end of each step, from step 0 to the one in which the last comes."""
    return np.cumsum(np.bincount(supplies.step, weights=supplies.count)).astype(np.int64)


def nobody_waits(graph: Graph, to_sink_s: Floats, supplies: Supplies) -> bool:
    """Return whether the cars of each step can all reach the sink in it. The steps with most cars are tried first."""
    in_step = np.flatnonzero(late_by(graph, to_sink_s, STEP_S) == 0)
    cars = np.bincount(supplies.step, weights=supplies.count)
    passes = capacities(graph, to_sink_s, len(cars) - 1)[in_step]
    tail, head = graph.tail[in_step], graph.head[in_step]
    for step in np.argsort(-cars, kind="stable")[: np.count_nonzero(cars)].tolist():
        here = supplies.step == step
        coming = supplies.first[here], supplies.second[here], supplies.count[here]
        if not _all_pass(graph.vertices, (tail, head, passes[:, step - 1]), coming):
            return False
    return True


def _all_pass(
    vertices: int, arcs: tuple[Integers, Integers, Integers], coming: tuple[Integers, Integers, Integers]
) -> bool:
    """Return whether cars that come to one of two vertices each (`first`, `second`, `count`) all reach the sink."""
    from ortools.graph.python.max_flow import SimpleMaxFlow  # noqa: PLC0415 - 20 MB, and few commands ask for a bound

    first, second, count = coming
    source, own = vertices, vertices + 1 + np.arange(len(count))
    flow = SimpleMaxFlow()
    flow.add_arcs_with_capacity(*arcs)
    flow.add_arcs_with_capacity(np.full(len(count), source), own, count)
    for vertex in (first, second):
        flow.add_arcs_with_capacity(own, vertex, count)
    if flow.solve(source, SINK) != SimpleMaxFlow.OPTIMAL:
        raise RuntimeError("no maximum flow: the capacities are out of bounds")
    return bool(flow.optimal_flow() == count.sum())
