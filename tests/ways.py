"""Ways out of whole nets, as tests ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import sumolib

from evac.network.reach import ExitEdges, WaysOut, road_graph, tree_assignment, ways_out


def cost_to_exit(net: sumolib.net.Net, exit_edges: Iterable[str], vclass: str = "passenger") -> dict[str, float]:
    """Return free-flow seconds from each edge's start to beyond the nearest exit line.

    Parameters
    ----------
    net
        The net.
    exit_edges
        Edges whose downstream ends are exit lines.
    vclass
        SUMO's vehicle class.

    Returns
    -------
    dict
        Seconds by edge id; an edge without a way out is absent.
    """
    out = ways_out(road_graph(net, vclass), exit_edges)
    return {out.graph.edges[here]: float(out.cost_s[here]) for here in out.reachable()}


def nearest_exit(net: sumolib.net.Net, exits: Sequence[ExitEdges], vclass: str = "passenger") -> dict[str, str]:
    """Return the name of the exit that is quickest to reach from each edge on empty roads (absent: no way out)."""
    names = {edge: item.name for item in exits for edge in item.edges}
    ends = _exit_edge(ways_out(road_graph(net, vclass), names))
    return {edge: names[end] for edge, end in ends.items()}


def free_flow_assignment(
    net: sumolib.net.Net, weights: Mapping[str, float], exits: Sequence[ExitEdges], vclass: str = "passenger"
) -> dict[str, float]:
    """Return the vehicles that pass each edge when everybody takes the quickest way out of an empty net."""
    return tree_assignment(ways_out(road_graph(net, vclass), [edge for item in exits for edge in item.edges]), weights)


def _exit_edge(out: WaysOut) -> dict[str, str]:
    """Return, for each edge with a way out, the exit edge at which the quickest way ends."""
    ends = np.arange(len(out.cost_s))
    for here in out.reachable()[::-1]:  # nearest first: the next edge's end is known
        if out.next_position[here] >= 0:
            ends[here] = ends[out.next_position[here]]
    return {out.graph.edges[here]: out.graph.edges[ends[here]] for here in out.reachable()}
