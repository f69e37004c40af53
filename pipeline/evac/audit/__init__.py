"""Stage `audit`: findings on the net and the households that a person can act on.

Maps are incomplete and netconvert guesses. What it guesses matters where the evacuation drives: so everybody is sent
out by the quickest way over empty roads, and each finding is ranked by how much of that traffic it touches.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.audit.accounts import audit_accounts, audit_repaired
from evac.audit.country import audit_country
from evac.audit.findings import Finding, Severity, ranked
from evac.audit.guesses import Warning_, guessed_signals, guessed_values, netconvert_warnings
from evac.audit.homes import audit_households, audit_mapping, audit_total
from evac.audit.lanes import (
    joined_junctions,
    lane_drops,
    merges,
    parallel_ramps,
    short_edges_at_signals,
    too_much_for_the_lanes,
    unconnected_lanes,
)
from evac.audit.map_doubts import map_doubts
from evac.audit.traffic import Traffic, estimate_traffic, middle
from evac.counted import counted
from evac.graphs import components
from evac.network.reach import ExitEdges
from evac.prose import begun
from evac.unnamed import in_prose

__all__ = [
    "Finding",
    "audit_accounts",
    "audit_country",
    "audit_households",
    "audit_mapping",
    "audit_network",
    "audit_repaired",
    "audit_total",
    "hanging_together",
]

_WORTH_A_NOTE_M = 50.0  # shorter pieces without a way out are driveways and stubs
_STREETS_NAMED = 3


def audit_network(
    net: Net,
    edges: pd.DataFrame,
    warnings: Sequence[Warning_],
    exits: Sequence[ExitEdges],
    weights: Mapping[str, float] | None = None,
) -> list[Finding]:
    """Return what a person should look at on a net, the gravest and most driven over first.

    Parameters
    ----------
    net
        The net.
    edges
        The network stage's table, a row an edge: `edge`, `name`, `highway`, `lanes_guessed`, `speed_guessed`,
        `length_m`.
    warnings
        The network stage's warnings: `kind`, `text`, `ids`.
    exits
        The exits.
    weights
        Vehicles that start on each edge; the length of residential streets stands in where none are given.

    Returns
    -------
    list of Finding
        At most ten of a kind, and one that says how many more there are.
    """
    traffic = estimate_traffic(net, edges, exits, weights)
    return ranked(
        [
            *_no_way_out(traffic),
            *guessed_values(traffic, warnings),
            *guessed_signals(traffic, warnings),
            *netconvert_warnings(traffic, warnings),
            *map_doubts(traffic, warnings, exits),
            *joined_junctions(traffic, warnings),
            *lane_drops(traffic),
            *merges(traffic),
            *parallel_ramps(traffic),
            *short_edges_at_signals(traffic),
            *too_much_for_the_lanes(traffic),
            *unconnected_lanes(traffic, {edge for item in exits for edge in item.edges}),
        ]
    )


def _no_way_out(traffic: Traffic) -> list[Finding]:
    """Report streets from which no exit can be reached, a finding for each group that hangs together."""
    graph = traffic.out.graph
    cut_off = [traffic.net.getEdge(graph.edges[here]) for here in np.flatnonzero(~np.isfinite(traffic.out.cost_s))]
    return [finding for group in hanging_together(cut_off) if (finding := _cut_off_group(traffic, group)) is not None]


def hanging_together(edges: Sequence[Edge]) -> list[list[Edge]]:
    """Return edges in groups that are joined, each with those that it can be driven to from, in either direction."""
    nodes: dict[str, int] = {}
    for edge in edges:
        for node in (edge.getFromNode(), edge.getToNode()):
            nodes.setdefault(node.getID(), len(nodes))
    start = np.array([nodes[edge.getFromNode().getID()] for edge in edges], dtype=np.int64)
    end = np.array([nodes[edge.getToNode().getID()] for edge in edges], dtype=np.int64)
    groups: dict[int, list[Edge]] = {}
    for edge, group in zip(edges, components(start, end, len(nodes), strong=False)[start], strict=True):
        groups.setdefault(int(group), []).append(edge)
    return [groups[group] for group in sorted(groups)]


def _cut_off_group(traffic: Traffic, group: Sequence[Edge]) -> Finding | None:
    metres = sum(edge.getLength() for edge in group)
    starting = sum(traffic.starting.get(edge.getID(), 0.0) for edge in group)
    if metres < _WORTH_A_NOTE_M and not starting:
        return None
    severity: Severity = "error" if traffic.counted and starting else "warning" if starting else "note"
    affected = f", with {counted(math.ceil(starting), 'vehicle')}" if traffic.counted and starting else ""
    why = (
        "can be entered, but not left towards any exit"
        if _entered(group)
        else "joined to no road that leads to an exit"
    )
    longest = max(group, key=lambda edge: float(edge.getLength()))
    lon, lat = traffic.net.convertXY2LonLat(*middle(longest))
    text = f"{begun(_streets(traffic, group))} ({metres:,.0f} m of carriageway{affected}): {why}"
    return Finding(severity, "no_way_out", text, lon, lat, starting / traffic.total if traffic.total else 0.0)


def _entered(group: Sequence[Edge]) -> bool:
    inside = {edge.getID() for edge in group}
    return any(before.getID() not in inside for edge in group for before in edge.getIncoming())


def _streets(traffic: Traffic, group: Iterable[Edge]) -> str:
    lengths: Counter[str] = Counter()
    for edge in group:
        lengths[traffic.name(edge)] += round(edge.getLength())
    names = [name for name, _ in lengths.most_common(_STREETS_NAMED)]
    more = len(lengths) - len(names)
    return ", ".join(map(in_prose, names)) + (f" and {counted(more, 'other street')}" if more else "")
