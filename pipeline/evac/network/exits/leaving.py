"""The roads that leave an area, each with what it is: an exit, a lesser road, or none with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from evac.network.exits.graph import Mask, RoadWeb, WebWay, rank_of
from evac.network.exits.lead import Lead
from evac.network.exits.map_edge import NEAR_M, MapEdge, pocket_ends, road_ends
from evac.network.exits.record import EXIT, LESSER, NONE, SAME_ROAD_M, ExitEnd, RoadOut
from evac.network.exits.why_none import why_barred, why_it_ends, why_none
from evac.osm.web_rows import FERRY, NOT_BUILT

_FERRY_REASON = "it is a ferry: give its capacity to make it an exit"

_IN_STREETS = "only a few minor streets go on"

_TERTIARY = rank_of("tertiary")


class Leaving:
    """The roads that leave the area of a decision.

    Parameters
    ----------
    roads
        The roads of the whole map.
    lead
        What leads on outside of the area.
    edge
        Where the map ends.
    """

    def __init__(self, roads: RoadWeb, lead: Lead, edge: MapEdge) -> None:
        self._roads, self._lead, self._edge = roads, lead, edge

    def roads_out(self, ends: Sequence[ExitEnd], kept: Mask) -> list[RoadOut]:
        """Return the roads that leave the area, or that branch off the way to an exit and are closed.

        Parameters
        ----------
        ends
            The exits' lines.
        kept
            Ways that are simulated.
        """
        found: list[RoadOut] = []
        for items in (self._crossings(ends), self._closed_crossings(), self._barred(kept), self._closed(kept)):
            for item in items:
                self._note(found, item)
        return found

    def _crossings(self, ends: Sequence[ExitEnd]) -> Iterator[RoadOut]:
        """Give the roads that cross the area's border on their way out."""
        roads, lead = self._roads, self._lead
        crossing = roads.inside[roads.start] & ~roads.inside[roads.end]
        crossing &= roads.rank[roads.way] <= max([_TERTIARY, *(rank_of(end.highway) for end in ends)])
        counted = self._behind(ends)
        for arc in np.flatnonzero(crossing)[np.argsort(roads.rank[roads.way[crossing]], kind="stable")]:
            node, way = int(roads.end[arc]), int(roads.way[arc])
            if counted[node]:
                status, reason = EXIT, ""
            elif lead.on[node] and not lead.reached[node]:
                status, reason = NONE, self._why_not_reached(int(arc))
            elif lead.on[node]:
                status, reason = LESSER, ""
            else:
                status, reason = NONE, why_none(roads, node, way, lead)
            yield self._road_out(node, roads.ways[way], status, reason)

    def _why_not_reached(self, arc: int) -> str:
        """Return why nobody comes to a road that leads on: it, or what joins it to the streets, isn't always open."""
        roads = self._roads
        if roads.at_times[arc] or not roads.at_times.any():
            return why_barred(roads.ways[roads.way[arc]])
        before = np.zeros(roads.count, dtype=bool)
        before[roads.start[arc]] = True
        pocket = roads.behind(before, ~roads.at_times & roads.inside[roads.start])
        ways = roads.way[roads.at_times & pocket[roads.end]]
        return why_barred(roads.ways[ways[np.argmin(roads.rank[ways])]])

    def _behind(self, ends: Sequence[ExitEnd]) -> Mask:
        """Return the nodes outside from which an exit is reached."""
        seeds = np.zeros(self._roads.count, dtype=bool)
        seeds[[end.node for end in ends]] = True
        return self._roads.behind(seeds, self._lead.outside)

    def _closed_crossings(self) -> Iterator[RoadOut]:
        """Give the roads that leave the area and are closed where they do, and ferries."""
        roads = self._roads
        for way in roads.closed:
            inside = roads.inside[way.nodes]
            if _is_road(way) and inside.any() and not inside.all() and roads.on_road[way.nodes].any():
                reason = _FERRY_REASON if way.highway == FERRY else f"it is {way.closed}"
                yield self._road_out(int(way.nodes[~inside][0]), way, NONE, reason)

    def _barred(self, kept: Mask) -> Iterator[RoadOut]:
        """Give the roads outside that would be ways out if they weren't closed at times, or private."""
        roads, lead = self._roads, self._lead
        beyond = ~(roads.inside[roads.start] | roads.inside[roads.end])
        passed = self._passed()
        leads_on = roads.behind(lead.ends & roads.on_road & ~passed, beyond & ~passed[roads.end])
        barred = (roads.at_times | lead.others[roads.way]) & (kept & (roads.rank <= _TERTIARY))[roads.way]
        branches = np.flatnonzero(barred & passed[roads.start] & ~passed[roads.end] & leads_on[roads.end])
        for number in np.unique(roads.way[branches]):
            branch = branches[roads.way[branches] == number][0]
            yield self._road_out(int(roads.start[branch]), roads.ways[number], NONE, why_barred(roads.ways[number]))

    def _closed(self, kept: Mask) -> Iterator[RoadOut]:
        """Give the closed roads that branch off outside and go as far as the map does."""
        roads = self._roads
        simulated = np.zeros(roads.count, dtype=bool)
        simulated[roads.start[kept[roads.way]]] = simulated[roads.end[kept[roads.way]]] = True
        passed = self._passed()
        shapely.prepare(self._edge.outline)
        for way in roads.closed:
            branches = way.nodes[simulated[way.nodes] & passed[way.nodes]]
            if _is_road(way) and way.highway != FERRY and len(branches) and self._reaches_the_edge(way):
                yield self._road_out(int(branches[0]), way, NONE, f"it is {way.closed}")

    def _passed(self) -> Mask:
        """Return the nodes outside that one passes on a way out; a road that leads to no other is told as a whole."""
        return self._lead.reached & self._lead.on & ~self._roads.inside

    def _reaches_the_edge(self, way: WebWay) -> bool:
        """Return whether a way comes near to where the map ends."""
        roads, outline = self._roads, self._edge.outline
        points = shapely.points(roads.xy[way.nodes])
        near = shapely.distance(outline.boundary, points) <= NEAR_M
        return bool((near | ~shapely.intersects(outline, points)).any())

    def _road_out(self, node: int, way: WebWay, status: str, reason: str) -> RoadOut:
        lon, lat = float(self._roads.lon[node]), float(self._roads.lat[node])
        return RoadOut(way.called, way.highway, way.osm_way_id, lon, lat, status, reason)

    def _note(self, found: list[RoadOut], item: RoadOut) -> None:
        """Add a road, unless a crossing of it near by says the same."""
        at = self._roads.plane.project(np.array([[item.lon, item.lat]]))[0]
        for other in found:
            there = self._roads.plane.project(np.array([[other.lon, other.lat]]))[0]
            same = (other.label, other.status, other.reason) == (item.label, item.status, item.reason)
            if same and np.hypot(*(at - there)) <= SAME_ROAD_M:
                return
        found.append(item)

    def ends_inside(self) -> list[RoadOut]:
        """Return the primary and higher roads that end on the map, at no edge of it, or in a few minor streets."""
        roads, lead = self._roads, self._lead
        high = roads.rank[roads.way] <= rank_of("primary")
        found: list[RoadOut] = []
        ends = road_ends(roads, np.ones(len(roads.start), dtype=bool))
        pockets = pocket_ends(roads, ~lead.ends)
        for node in [*ends, *sorted({*pockets} - {*map(int, ends)})]:
            arrivals = np.flatnonzero((roads.end == node) & high)
            if len(arrivals) and not lead.ends[node]:
                way = int(roads.way[arrivals[0]])
                reason = _IN_STREETS if node in pockets else why_it_ends(roads, int(node), way)
                self._note(found, self._road_out(int(node), roads.ways[way], NONE, reason))
        return found


def _is_road(way: WebWay) -> bool:
    """Return whether a closed way is one that people would leave by if it were open."""
    return way.highway == FERRY or rank_of(way.highway) <= _TERTIARY or way.highway in NOT_BUILT
