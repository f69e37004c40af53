"""Why a road that leaves an area is no way out: what it comes to."""

from __future__ import annotations

import numpy as np

from evac.network.exits.graph import Mask, RoadWeb, WebWay, rank_of
from evac.osm.web import FERRY

_RANK_STEP = 1e6  # a higher class tells more than any nearness


def why_none(roads: RoadWeb, node: int, way: int, outside: Mask) -> str:
    """Return the reason in words, the end of a sentence about the road.

    Parameters
    ----------
    roads
        The roads.
    node
        Where the road is outside, a node from which nobody gets on.
    way
        The road's way.
    outside
        Arcs that don't touch the area.
    """
    seeds = np.zeros(roads.count, dtype=bool)
    seeds[node] = True
    reached = roads.ahead(seeds, outside)
    stopped = stopped_at(roads, reached, way)
    if stopped:
        return stopped
    back = reached[roads.start] & roads.inside[roads.end]
    if back.any() and _comes_back_elsewhere(roads, back, node):
        return "it leads back into the area"
    return "it ends"


def why_it_ends(roads: RoadWeb, node: int, way: int) -> str:
    """Return the reason in words why a road ends at a node."""
    here = np.zeros(roads.count, dtype=bool)
    here[node] = True
    return stopped_at(roads, here, way) or "it ends"


def why_closed(way: WebWay) -> str:
    """Return the reason in words that a road is none which is closed at times."""
    return f"it is closed at times ({way.at_times}): say when with 'osm.at'"


def _comes_back_elsewhere(roads: RoadWeb, back: Mask, node: int) -> bool:
    """Return whether a way back is another than the one out."""
    came = roads.start[(roads.end == node) & roads.inside[roads.start]]
    other = back & ~((roads.start == node) & np.isin(roads.end, came))
    return bool(other.any())


def stopped_at(roads: RoadWeb, reached: Mask, way: int) -> str | None:
    """Return what stops the road: the closed way or sign that continues the highest road, the nearest of equal ones."""
    own = roads.ways[way].label
    options: list[tuple[float, str]] = []
    for row in roads.closed:
        nodes = row.nodes
        if not reached[nodes].any():
            continue
        if row.highway == FERRY:
            options.append((0.0, "it ends at a ferry: give its capacity to make it an exit"))
            continue
        same = own is not None and row.label == own
        at_rank = _rank_at(roads, nodes[reached[nodes]])
        named = f" ({row.label})" if row.label and not same else ""
        words = f"it goes on as {row.closed}{named}"
        options.append((_RANK_STEP * ((0 if same else 1) + at_rank) + rank_of(row.highway), words))
    options += [
        (_RANK_STEP * _rank_at(roads, item.nodes), why_closed(item))
        for item in roads.ways
        if item.at_times and reached[item.nodes].any()
    ]
    options += [
        (_RANK_STEP * (0.5 + _rank_at(roads, np.array([node]))), f"it ends at {roads.sign[node]}")
        for node in np.flatnonzero(reached)
        if roads.sign[node]
    ]
    return min(options)[1] if options else None


def _rank_at(roads: RoadWeb, nodes: np.ndarray) -> int:
    """Return the rank of the highest road that passes some nodes."""
    legs = np.isin(roads.start, nodes) | np.isin(roads.end, nodes)
    return int(roads.rank[roads.way[legs]].min()) if legs.any() else len(roads.rank)
