"""Why a road that leaves an area is no way out: what it comes to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evac.network.exits.graph import Mask, RoadWeb, WebWay, rank_of
from evac.network.exits.lead import Lead
from evac.network.exits.map_edge import road_ends
from evac.osm.moments import is_tidal, turns_at_times
from evac.osm.web_rows import FERRY, TERMINAL

_AT_FERRY = "it ends at a ferry: give its capacity to make it an exit"
AT_FERRIES = {_AT_FERRY, f"it ends at {TERMINAL}"}
"""Why a road is none that ends where ferries may take cars."""

_NAME_IT = "name it in 'exits.also' if people may leave by it"

_Option = tuple[float, str]
_RANK_STEP = 1e6  # a higher class tells more than any nearness
_BACK, _SIGN, _END, _OTHER = 0.3, 0.5, 0.6, 1.0  # of a rank: on one class of road, what tells more comes first


def why_none(roads: RoadWeb, node: int, way: int, lead: Lead) -> str:
    """Return the reason in words, the end of a sentence about the road.

    Parameters
    ----------
    roads
        The roads.
    node
        Where the road is outside, a node from which nobody gets on.
    way
        The road's way.
    lead
        What leads on outside of the area.
    """
    seeds = np.zeros(roads.count, dtype=bool)
    seeds[node] = True
    reached = roads.ahead(seeds, lead.outside)
    if private := _private(roads, reached, way, lead):
        return private
    ends = _plain_ends(roads, reached, lead.outside)
    options = [*_stops(roads, reached, way), *ends, *_ways_back(roads, reached, node)]
    return min(options)[1] if options else "it ends"


def why_it_ends(roads: RoadWeb, node: int, way: int) -> str:
    """Return the reason in words why a road ends at a node."""
    here = np.zeros(roads.count, dtype=bool)
    here[node] = True
    return stopped_at(roads, here, way) or "it ends"


def why_barred(way: WebWay) -> str:
    """Return the reason in words that a road is none which is closed at times, or private."""
    if way.private:
        return f"it is a private road ({way.private}): {_NAME_IT}"
    if is_tidal(way.at_times or ""):
        return f"the sea covers it at times ({way.at_times}): name it in 'exits.also' if it is open"
    what = "runs another way" if turns_at_times(way.at_times or "") else "is closed"
    return f"it {what} at times ({way.at_times}): say when with 'osm.at', or name it in 'exits.also' if it is open"


def _private(roads: RoadWeb, reached: Mask, way: int, lead: Lead) -> str | None:
    """Return that one gets on over other people's private roads alone, if so; of several, the highest one says it."""
    gets_on = roads.behind((lead.ends & roads.on_road) | lead.on, lead.outside | lead.outside_private)
    if not (reached & gets_on).any():
        return None
    if lead.others[way]:
        return why_barred(roads.ways[way])
    passed = reached[roads.start] & gets_on[roads.end]
    arcs = lead.outside_private & passed
    if not arcs.any():  # residents' own streets, where the map cuts them
        arcs = lead.outside & roads.private[roads.way] & passed
    ways_on = roads.way[arcs]
    first = roads.ways[ways_on[np.argmin(roads.rank[ways_on])]]
    named = f"{first.label}, " if first.label and first.label != roads.ways[way].label else ""
    return f"it goes on as a private road ({named}{first.private}): {_NAME_IT}"


def _ways_back(roads: RoadWeb, reached: Mask, node: int) -> Iterator[_Option]:
    """Give that the road leads back into the area, if it does elsewhere than where it came out of it."""
    back = np.flatnonzero(reached[roads.start] & roads.inside[roads.end])
    came = np.unique(roads.start[(roads.end == node) & roads.inside[roads.start]])
    same = (roads.start[back] == node) & ((len(came) == 1) & np.isin(roads.end[back], came))
    elsewhere = roads.rank[roads.way[back[~same]]]
    if len(elsewhere):
        yield _RANK_STEP * (_BACK + elsewhere.min()), "it leads back into the area"


def _plain_ends(roads: RoadWeb, reached: Mask, outside: Mask) -> Iterator[_Option]:
    """Give that the road ends, if it does where nothing says why."""
    said = np.array([sign is not None for sign in roads.sign], dtype=bool)
    for row in roads.closed:
        said[row.nodes] = True
    said[roads.end[roads.inside[roads.start]]] = said[roads.start[roads.inside[roads.end]]] = True  # no end, the area
    ends = road_ends(roads, outside & reached[roads.start])
    ranks = [_rank_at(roads, np.array([end])) for end in ends if not said[end]]
    if ranks:
        yield _RANK_STEP * (_END + min(ranks)), "it ends"


def stopped_at(roads: RoadWeb, reached: Mask, way: int) -> str | None:
    """Return what stops the road: the closed way or sign that continues the highest road, the nearest of equal ones."""
    options = _stops(roads, reached, way)
    return min(options)[1] if options else None


def _stops(roads: RoadWeb, reached: Mask, way: int) -> list[_Option]:
    own = roads.ways[way].label
    options: list[_Option] = []
    for row in roads.closed:
        nodes = row.nodes
        if not reached[nodes].any():
            continue
        if row.highway == FERRY:
            options.append((0.0, _AT_FERRY))
            continue
        same = own is not None and row.label == own
        at_rank = _rank_at(roads, nodes[reached[nodes]])
        named = f" ({row.label})" if row.label and not same else ""
        words = f"it goes on as {row.closed}{named}"
        options.append((_RANK_STEP * ((0 if same else _OTHER) + at_rank) + rank_of(row.highway), words))
    at_times = np.unique(roads.way[roads.at_times & reached[roads.start]])
    options += [
        (_RANK_STEP * _rank_at(roads, item.nodes), why_barred(item)) for item in (roads.ways[way] for way in at_times)
    ]
    options += [
        (_RANK_STEP * (_SIGN + _rank_at(roads, np.array([node]))), f"it ends at {roads.sign[node]}")
        for node in np.flatnonzero(reached)
        if roads.sign[node]
    ]
    return options


def _rank_at(roads: RoadWeb, nodes: np.ndarray) -> int:
    """Return the rank of the highest road that passes some nodes."""
    legs = np.isin(roads.start, nodes) | np.isin(roads.end, nodes)
    return int(roads.rank[roads.way[legs]].min()) if legs.any() else len(roads.rank)
