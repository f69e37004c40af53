"""Audit of what the map says and the net can't follow for certain, where anybody of the evacuation drives.

Drivers choose their exit on the way: so besides the quickest way out for all, the quickest ways to each exit count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sumolib.geomhelper import distancePointToPolygon
from sumolib.net.edge import Edge

from evac.audit.findings import Finding, Severity
from evac.audit.traffic import Traffic
from evac.network.reach import ExitEdges, tree_assignment, ways_out
from evac.prose import begun

# Doubts about what isn't in the net have no traffic: they are told all the same.
_TOLD_ANYWAY = {"barrier", "opened_at_times", "way_gap"}
_WHERE_TRAFFIC_PASSES = {
    "closed_at_times", "passable_for_few", "direction_at_times", "lane_shared", "lanes_contradict", "open_gate",
    "may_flood", "speed_named", "turn_ban_at_times", "turn_ban_over_ways",
}  # fmt: skip
_MAY_CLOSE_AN_EXIT = {"closed_at_times", "may_flood", "passable_for_few"}
_NAMED = 3
_BESIDE_M = 1.0  # both directions of a road lie as near to a point on it

Doubt = Mapping[str, Any]
"""A doubt as the map stage writes it (`evac.osm.doubts.Doubt`)."""


def map_doubts(traffic: Traffic, warnings: Iterable[Doubt], exits: Sequence[ExitEdges]) -> Iterator[Finding]:
    """Report the map's doubts where traffic passes, and those about roads that aren't in the net.

    Parameters
    ----------
    traffic
        The traffic.
    warnings
        The network stage's warnings, with the doubts among them.
    exits
        The exits.
    """
    doubts = [item for item in warnings if item["kind"] in _TOLD_ANYWAY | _WHERE_TRAFFIC_PASSES]
    if not doubts:
        return
    edges_of: dict[int, list[Edge]] = defaultdict(list)
    for edge, ways in traffic.table.get("way_ids", {}).items():
        for way in ways:
            edges_of[int(way)].append(traffic.net.getEdge(str(edge)))
    to_each = [(item.name, _bound_for(traffic, item)) for item in exits]
    for doubt in doubts:
        kind = doubt["kind"]
        if kind in _TOLD_ANYWAY:
            severity: Severity = "warning" if kind == "way_gap" else "note"
            yield Finding(severity, kind, begun(doubt["text"]), doubt["lon"], doubt["lat"], 0.0)
            continue
        share = _share(traffic, doubt, edges_of)
        ways_to = [name for name, bound in to_each if _share(bound, doubt, edges_of) > 0]
        if share > 0 or ways_to:
            where = None if share > 0 else f"it is on the way to {_listed(ways_to)}"
            at = traffic.net.convertLonLat2XY(doubt["lon"], doubt["lat"])
            found = traffic.finding(kind, begun(doubt["text"]), at, share, map(int, doubt["ways"]), passing=where)
            yield replace(found, severity="warning") if kind in _MAY_CLOSE_AN_EXIT and ways_to else found


def _bound_for(traffic: Traffic, exit_: ExitEdges) -> Traffic:
    """Return the traffic if everybody who can left by one exit."""
    out = ways_out(traffic.out.graph, exit_.edges)
    return replace(traffic, out=out, passing=tree_assignment(out, traffic.starting))


def _listed(names: Sequence[str]) -> str:
    quoted = [f"'{name}'" for name in names[:_NAMED]]
    return ", ".join(quoted) + (f" and {len(names) - _NAMED} other exits" if len(names) > _NAMED else "")


def _share(traffic: Traffic, doubt: Doubt, edges_of: Mapping[int, list[Edge]]) -> float:
    """Return the part of the evacuation that passes what a doubt is about (0 to 1)."""
    edges = [edge for way in doubt["ways"] for edge in edges_of[way]]
    if doubt["last"]:
        then = {edge.getID() for way in doubt["then"] for edge in edges_of[way]}
        last = {edge.getID() for way in doubt["last"] for edge in edges_of[way]}
        banned = [edge for edge in edges if _turns(traffic, edge, then, last, only=doubt["only"])]
        return sum(traffic.share(edge.getID()) for edge in banned)
    if doubt["at_point"] and edges:
        at = traffic.net.convertLonLat2XY(doubt["lon"], doubt["lat"])
        away = [distancePointToPolygon(at, edge.getShape()) for edge in edges]
        edges = [edge for edge, metres in zip(edges, away, strict=True) if metres <= min(away) + _BESIDE_M]
    return max((traffic.share(edge.getID()) for edge in edges), default=0.0)


def _turns(traffic: Traffic, edge: Edge, then: Collection[str], last: Collection[str], *, only: bool) -> bool:
    """Return whether the quickest way out leads from an edge, over others of `then`, to one of `last`.

    With `only`, to any but those.
    """
    after = traffic.next_edge(edge)
    crossed = not then
    while after is not None and after.getID() in then and after is not edge:
        after, crossed = traffic.next_edge(after), True
    return crossed and after is not None and (after.getID() in last) is not only
