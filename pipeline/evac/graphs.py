"""Connected components and quickest ways, by scipy.

It is imported when one of them is asked for: that takes half a second, and a report of finished runs needs neither.
"""

from __future__ import annotations

import numpy as np


def components(start: np.ndarray, end: np.ndarray, count: int, *, strong: bool) -> np.ndarray:
    """Return the component of each node, numbered from 0.

    Parameters
    ----------
    start, end
        The nodes (0 … count - 1) that each arc joins.
    count
        How many nodes there are.
    strong
        Whether two nodes belong together only if each can be reached from the other; else arcs lead both ways.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    graph = coo_array((np.ones(len(start)), (start, end)), shape=(count, count)).tocsr()
    label: np.ndarray = connected_components(graph, directed=strong, connection="strong")[1]
    return label


def quickest_from(
    source: int, start: np.ndarray, end: np.ndarray, time_s: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the time from a node to each of `count` nodes (s; infinite where no way leads), and the node before it.

    Parameters
    ----------
    source
        The node.
    start, end, time_s
        The arcs: from which node, to which, in which time.
    count
        How many nodes there are. The node before is negative where there is none.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415
    from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

    matrix = csr_array((time_s, (start, end)), shape=(count, count))
    cost_s, before = dijkstra(matrix, indices=source, return_predecessors=True)
    return cost_s, np.where(before < 0, -1, before).astype(np.int64)


def reached_from(seeds: np.ndarray, start: np.ndarray, end: np.ndarray, count: int) -> np.ndarray:
    """Return which of `count` nodes some arcs lead to from any of the marked ones, these included."""
    first = np.flatnonzero(seeds)
    start, end = np.concatenate([np.full(len(first), count), start]), np.concatenate([first, end])
    cost, _ = quickest_from(count, start, end, np.ones(len(start)), count + 1)
    found: np.ndarray = np.isfinite(cost[:count])
    return found


def most_flow(
    start: np.ndarray, end: np.ndarray, capacity: np.ndarray, count: int, *, source: int, sink: int
) -> tuple[int, np.ndarray]:
    """Return the most that can flow from one node to another, and which nodes lie before the first cut that limits it.

    Parameters
    ----------
    start, end, capacity
        The arcs: from which node, to which, and how much passes (a whole number); those that run alike add up.
    count
        How many nodes there are.
    source, sink
        The nodes.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow  # noqa: PLC0415

    whole = coo_array((capacity.astype(np.int32), (start, end)), shape=(count, count)).tocsr()
    most = maximum_flow(whole, source, sink)
    rest = (whole - most.flow).tocsr()
    rest.data = np.maximum(rest.data, 0)
    rest.eliminate_zeros()
    before: np.ndarray = np.zeros(count, dtype=bool)
    before[breadth_first_order(rest, source, return_predecessors=False)] = True
    return int(most.flow_value), before
