"""Maximum flow over time for every horizon at once, on a net expanded in steps of time.

The cut for a horizon lies on the sources' side of that for an earlier one (parametric maximum flow: Gallo, Grigoriadis
and Tarjan, SIAM J. Computing 18, 1989). So the horizons are halved: the flow for the middle one is found, and what its
cut has on the sources' side is one source for the earlier horizons, what it has on the sink's side one sink for the
later. Each halving works on the nodes of one net in all; a curve of 200 horizons costs about as much as eight flows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SOURCE, SINK = 0, 1
"""The nodes that all supplies come from and all exit lines lead to."""

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Expanded:
    """A net whose nodes are places at steps of time.

    Parameters
    ----------
    step
        The step of each node; `SOURCE` and `SINK` are the first two nodes.
    tail, head
        The nodes that each arc joins.
    capacity
        Vehicles.
    arrives
        The step in which what takes an arc is at its head: of no use within a shorter horizon.
    """

    step: Integers
    tail: Integers
    head: Integers
    capacity: Integers
    arrives: Integers


def maximum_flow(net: Expanded, horizon: int) -> tuple[int, NDArray[np.bool_]]:
    """Return the most vehicles that reach the sink within a horizon (steps), and the least source side of a cut.

    The second value tells for each node whether it is on the sources' side.
    """
    from ortools.graph.python.max_flow import SimpleMaxFlow  # noqa: PLC0415 - 20 MB, and few commands ask for a bound

    there = net.arrives <= horizon
    flow = SimpleMaxFlow()
    flow.add_arcs_with_capacity(net.tail[there], net.head[there], net.capacity[there])
    on_source_side = np.zeros(len(net.step), dtype=bool)
    on_source_side[SOURCE] = True
    if flow.num_nodes() <= SINK:
        return 0, on_source_side
    if flow.solve(SOURCE, SINK) != SimpleMaxFlow.OPTIMAL:
        raise RuntimeError("no maximum flow: the capacities are out of bounds")
    on_source_side[flow.get_source_side_min_cut()] = True
    return int(flow.optimal_flow()), on_source_side


def flows_by_horizon(net: Expanded, steps: int) -> Integers:
    """Return the maximum flow for each horizon from 0 to `steps`."""
    values = np.zeros(steps + 1, dtype=np.int64)
    _halve(net, 1, steps, values, np.zeros(steps + 1, dtype=np.int64))
    return values


def first_horizon(net: Expanded, needed: int, last: int) -> int:
    """Return the first horizon whose maximum flow is as large as needed, where that of `last` is.

    As the horizons are halved, each flow is found on what the cuts before leave open.
    """
    first, straight = 1, np.zeros(last + 1, dtype=np.int64)
    while first < last:
        middle = (first + last) // 2
        flow, on_source_side = maximum_flow(net, middle)
        if flow + straight[: middle + 1].sum() >= needed:
            last = middle
            net, certain = _contracted(net, np.where(on_source_side, SOURCE, -1), last=last)
        else:
            first = middle + 1
            out_by_then = ~on_source_side & (net.step <= middle)
            net, certain = _contracted(net, np.where(out_by_then, SINK, -1), last=last)
        straight = straight + np.bincount(*certain, minlength=len(straight)).astype(int)
    return first


def _halve(net: Expanded, first: int, last: int, values: Integers, straight: Integers) -> None:
    """Find the flows for the horizons `first` … `last`.

    `straight` has what goes from the source to the sink without any choice, by the step from which on it does.
    """
    if first > last:
        return
    middle = (first + last) // 2
    flow, on_source_side = maximum_flow(net, middle)
    values[middle] = flow + straight[: middle + 1].sum()
    earlier, certain = _contracted(net, np.where(on_source_side, SOURCE, -1), last=middle - 1)
    _halve(earlier, first, middle - 1, values, straight + np.bincount(*certain, minlength=len(straight)).astype(int))
    out_by_then = ~on_source_side & (net.step <= middle)
    later, certain = _contracted(net, np.where(out_by_then, SINK, -1), last=last)
    _halve(later, middle + 1, last, values, straight + np.bincount(*certain, minlength=len(straight)).astype(int))


def _contracted(net: Expanded, onto: Integers, last: int) -> tuple[Expanded, tuple[Integers, Integers]]:
    """Return a net whose nodes are merged `onto` the source or the sink (-1: neither), for horizons up to `last`.

    Nodes of later steps are left out with the arcs to them. Arcs from source to sink are taken out: the second value
    has when they arrive, and their capacities.
    """
    onto = onto.copy()
    onto[[SOURCE, SINK]] = SOURCE, SINK
    kept = (onto < 0) & (net.step <= last)
    number = np.where(kept, np.cumsum(kept) + SINK, onto)
    used = np.flatnonzero((onto[net.tail] != SINK) & (onto[net.head] != SOURCE) & (net.arrives <= last))
    tail, head, capacity, arrives = (part[used] for part in (net.tail, net.head, net.capacity, net.arrives))
    tail, head = number[tail], number[head]
    certain = (tail == SOURCE) & (head == SINK)
    there = ~certain
    inner = Expanded(
        np.concatenate([net.step[:2], net.step[kept]]), tail[there], head[there], capacity[there], arrives[there]
    )
    return inner, (arrives[certain], capacity[certain])
