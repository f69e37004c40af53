"""Which roads are ways out of an area, decided on the whole map before it is cut.

A way out is a road from which one gets on by car, without coming back into the area, to where the map's edge cuts roads
off, or into a road network far larger than what lies inside. What ends, is closed or leads back is none. Where a part
of the map is kept for the simulation, its exits are where the kept roads end and such a way goes on.

All of it works on nodes of the road graph: a node outside *leads on* if a certain end of the map can be reached from it
over roads outside of the area.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from evac.network.exits.graph import Mask, RoadWeb, rank_of
from evac.network.exits.lead import Lead, leading, networks_of
from evac.network.exits.leaving import Leaving
from evac.network.exits.map_edge import MapEdge, edge_of, road_ends
from evac.network.exits.record import ExitEnd, SharedRoad, WaysOutRecord
from evac.network.exits.sharing import Line, near_to, shared_behind, shared_road
from evac.network.exits.stops import Stops
from evac.osm.web import Web
from evac.schema.places import FoundExits

_LINE_BEYOND_M, _NEARER_M = 2_000.0, (1_000.0, 500.0, 250.0)
"""Where no end of the map can be reached, exit lines lie this far (m) beyond the area, nearer where too little of the
network is left behind them. Our choice."""

_MEETINGS = 5
"""How often exits may meet one after the other until the rest is told, not simulated."""

_SEEN_M = 1_000.0
"""A road that the map shows for less than this (m) beyond the area is an exit by the map's cut. Our choice."""

_WELL_INSIDE_M = 100.0
"""Areas are drawn roughly: an exit line nearer than this (m) to the area's edge lies on it. Our choice."""

SAME_WAY_DEG, SAME_WAY_M = 45.0, 2_000.0
"""A tertiary road leads the same way as a higher road if their exits lie within this angle, seen from the area's
middle, and this distance (m). Our choice: in towns every second kilometre has a secondary road; Neal and Pentz Road,
two of the four ways out of Paradise, are tertiary."""

_SECONDARY, _TERTIARY = rank_of("secondary"), rank_of("tertiary")


class Decision:
    """The decision for an area on a whole map.

    Parameters
    ----------
    web
        The roads of the whole map.
    area
        The area ordered to leave (WGS 84).
    """

    def __init__(self, web: Web, area: shapely.Geometry) -> None:
        self._web, self._area = web, area

    @cached_property
    def roads(self) -> RoadWeb:
        """The drivable roads."""
        return RoadWeb(self._web, self._area)

    @cached_property
    def edge(self) -> MapEdge:
        """Where the map ends."""
        return edge_of(self.roads)

    @cached_property
    def lead(self) -> Lead:
        """What leads on outside of the area."""
        return leading(self.roads, self.edge)

    def keeping(self, polygon: shapely.Geometry, settings: FoundExits | None = None) -> Mask:
        """Return which drivable ways to keep when the map is cut to a polygon (WGS 84).

        Those that touch it, small parts of the net beyond that lead nowhere else but back to them, and the roads on
        which several exits meet, where they do or near by: their lanes are what all of them have.

        Parameters
        ----------
        polygon
            Where all roads are kept.
        settings
            What counts as a way out.
        """
        roads = self.roads
        ground = roads.plane.shape(polygon)
        shapely.prepare(ground)
        lines = [shapely.LineString(roads.xy[way.nodes]) for way in roads.ways]
        kept: Mask = shapely.intersects(ground, np.array(lines))
        beyond = ~kept[roads.way]
        piece = roads.pieces(beyond, strong=False)
        seeds = self.lead.goes_on
        seeds |= networks_of(roads, beyond & self.lead.outside, self.lead.least_m)
        touching = np.zeros(roads.count, dtype=bool)
        touching[roads.start[~beyond]] = touching[roads.end[~beyond]] = True
        used = np.zeros(roads.count, dtype=bool)
        used[roads.start[beyond]] = used[roads.end[beyond]] = True
        leads_on = np.bincount(piece[seeds & used], minlength=piece.max() + 1) > 0
        held = np.bincount(piece[touching & used], minlength=piece.max() + 1) > 1
        between = held & ~leads_on
        kept[np.unique(roads.way[beyond & between[piece[roads.start]]])] = True
        return self._to_where_exits_meet(self._with_unseen(self._whole(kept), ground), ground, settings or FoundExits())

    def _to_where_exits_meet(self, kept: Mask, ground: shapely.Geometry, settings: FoundExits) -> Mask:
        """Return some ways with the roads on which exits meet again near by, as far as all of their lanes go on."""
        near = shapely.distance(ground, self.roads.spots) <= _LINE_BEYOND_M
        for _ in range(_MEETINGS):
            arcs = self._to_meetings(kept, near, settings)
            if not arcs:
                break
            kept[self.roads.way[arcs]] = True
            kept = self._with_unseen(self._whole(kept), ground)
        return kept

    def _to_meetings(self, kept: Mask, near: Mask, settings: FoundExits) -> list[int]:
        """Return the arcs from the exit lines to the roads near by on which exits meet, and these.

        What limits them there may show by what limits others farther on alone: who can't get out by those comes here.
        """
        roads = self.roads
        ends, simulated = self._ends(kept)
        counted, _ = self._by_choice(ends, settings)
        lines, beyond = self._lines(counted, simulated), ~simulated & self.lead.outside
        for looked_at in (near, near_to(roads, lines)) if lines else ():
            arcs = [
                int(arc)
                for shared in shared_behind(roads, self.lead, simulated, beyond, lines, near=looked_at)
                if near[roads.start[shared.narrow]].all()
                for arc in (*shared.narrow, *shared.between)
            ]
            if arcs:
                return arcs
        return []

    def _by_choice(self, ends: Sequence[ExitEnd], settings: FoundExits) -> tuple[list[ExitEnd], list[ExitEnd]]:
        """Return the exits that count, and those that don't."""
        chosen = self._chosen(ends, settings)
        counted, lesser = (
            [end for end, is_ in zip(ends, chosen, strict=True) if is_ is wanted] for wanted in (True, False)
        )
        return counted, lesser

    def _lines(self, ends: Sequence[ExitEnd], simulated: Mask) -> list[Line]:
        """Return the lines of some exits."""
        arcs = [self._arrival(end.node, simulated) for end in ends]
        return [
            Line(end.node, (end.node, *self._last_piece(end.node, arc, simulated)), arc)
            for end, arc in zip(ends, arcs, strict=True)
        ]

    def _shared(self, ends: Sequence[ExitEnd], simulated: Mask) -> Iterator[SharedRoad]:
        """Give the roads that several of some exits share farther on than roads are kept for that."""
        roads, lines = self.roads, self._lines(ends, simulated)
        beyond = ~simulated & self.lead.outside
        near = near_to(roads, lines)
        for item in shared_behind(roads, self.lead, simulated, beyond, lines, near=near):
            if len(item.lines) > 1:
                yield shared_road(roads, item, lines, [end.label for end in ends])

    def _shared_by_lesser(
        self, counted: Sequence[ExitEnd], lesser: Sequence[ExitEnd], simulated: Mask
    ) -> Iterator[SharedRoad]:
        """Give the roads that lesser exits share with each other and the counted ones: a person may name these too.

        What all of them share, any of them do. Side streets are roads that one goes on by for the exits on such alone.
        """
        for rank in sorted({rank_of(end.highway) for end in lesser}):
            mine = {end.node for end in lesser if rank_of(end.highway) == rank}
            others = [end for end in lesser if rank_of(end.highway) <= rank]
            shared = self._shared([*counted, *others], simulated)
            yield from (item for item in shared if not mine.isdisjoint(item.nodes))

    def _whole(self, kept: Mask) -> Mask:
        """Return some ways with all other parts of theirs: a file has a way whole."""
        files = np.array([way.file_id for way in self.roads.ways], dtype=np.int64)
        found: Mask = np.isin(files, files[kept])
        return found

    def _with_unseen(self, kept: Mask, ground: shapely.Geometry) -> Mask:
        """Return some ways with the roads that go on from where they meet outside of the ground on which all are."""
        kept[np.unique(self.roads.way[self._goes_on_unseen(kept, ground)])] = True
        return self._whole(kept)

    def _goes_on_unseen(self, kept: Mask, ground: shapely.Geometry) -> Mask:
        """Return the arcs of roads that go on from where kept ones meet, if these lead to no exit but back."""
        roads, lead = self.roads, self.lead
        simulated = kept[roads.way]
        outward = simulated & lead.outside & ~shapely.intersects_xy(ground, *roads.xy.T)[roads.end]
        served = np.zeros(roads.count, dtype=bool)
        served[[end.node for end in self._ends(kept)[0]]] = True
        served = roads.behind(served, outward)
        here = np.zeros(roads.count, dtype=bool)
        here[roads.end[simulated]] = True
        here &= lead.reached & ~served & ~roads.inside & roads.ahead(roads.inside, simulated)
        ways_on = self._ways_on(simulated, np.zeros(len(roads.start), dtype=bool))
        found: Mask = ways_on & here[roads.start] & (roads.rank[roads.way] <= _TERTIARY)
        return found

    def record(self, settings: FoundExits | None, kept: Mask | None = None) -> WaysOutRecord:
        """Return the exits and the roads that are none.

        Parameters
        ----------
        settings
            What counts as a way out; all of them when None.
        kept
            Ways that are simulated (of `RoadWeb.ways`); all when None.
        """
        settings = settings or FoundExits()
        kept = np.ones(len(self.roads.ways), dtype=bool) if kept is None else kept
        ends, simulated = self._ends(kept)
        counted, lesser = self._by_choice(ends, settings)
        by_default, _ = self._by_choice(ends, FoundExits())
        leaving = Leaving(self.roads, self.lead, self.edge)
        return WaysOutRecord(
            ends=tuple(counted),
            lesser=tuple(lesser),
            roads=tuple(leaving.roads_out(counted, kept)),
            ends_inside=tuple(leaving.ends_inside()),
            reach_m=self.edge.beyond_m(self.roads.area),
            declared=self.edge.declared,
            outline=self.roads.plane.degrees(self.edge.outline),
            left_out=tuple(end for end in by_default if end in lesser),
            shared=tuple(self._shared(counted, simulated)),
            shared_by_lesser=tuple(self._shared_by_lesser(counted, lesser, simulated)),
        )

    def _ends(self, kept: Mask) -> tuple[list[ExitEnd], Mask]:
        """Return where the kept roads end and a way out goes on, and the arcs before these lines."""
        for beyond_m in (_LINE_BEYOND_M, *_NEARER_M):
            far_beyond = self._far_beyond(beyond_m)[self.roads.way]
            simulated: Mask = kept[self.roads.way] & ~far_beyond
            if found := self._ends_within(simulated, far_beyond):
                return found, simulated
        return [], simulated

    def _ends_within(self, simulated: Mask, far_beyond: Mask) -> list[ExitEnd]:
        """Return them for the arcs before the lines, and those of a network without an end of the map behind them."""
        roads, lead = self.roads, self.lead
        goes_on = lead.goes_on
        ways_on = self._ways_on(simulated, far_beyond)
        begins = np.zeros(roads.count, dtype=bool)
        begins[roads.start[ways_on]] = True
        goes_on |= begins
        at_others = self._at_side_streets(simulated, goes_on, ways_on)
        ends = road_ends(roads, simulated)
        stopped = self._where_others_join(simulated, ends, ways_on)
        nodes = {end.node for end in stopped}
        at_others = [*stopped, *(end for end in at_others if end.node not in nodes)]
        begins[[end.node for end in at_others]] = False  # these are exits themselves
        return [
            self._end(node, arc)
            for node in ends
            for arc in [self._arrival(node, simulated)]
            if (lead.reached[node] or roads.inside[node])
            # A way on may begin beside the last piece of a road without a junction.
            and (goes_on[node] or begins[self._last_piece(node, arc, simulated)].any())
        ] + at_others

    def _ways_on(self, simulated: Mask, far_beyond: Mask) -> Mask:
        """Return the arcs off the simulated roads on which one gets on without coming back to them.

        A dead end behind the simulated roads hangs on a large network by these alone, and is no way on.
        """
        roads, lead = self.roads, self.lead
        off = ~simulated & lead.outside
        seeds = lead.goes_on | networks_of(roads, off, lead.least_m)
        seeds |= networks_of(roads, off & far_beyond, lead.room_m)
        found: Mask = off & roads.behind(seeds, off)[roads.end]
        return found

    def _where_others_join(self, simulated: Mask, ends: NDArray[np.int64], ways_on: Mask) -> list[ExitEnd]:
        """Return where a road goes on that isn't simulated, or not on the map, from a junction that others pass."""
        roads, lead = self.roads, self.lead
        certain = lead.cut.certain & lead.public
        onward = certain.copy()
        onward[roads.start[ways_on]] = True
        onward[ends] = certain[ends] = False  # these are known
        stops = Stops(roads, simulated)
        stopped = stops.stopping(onward) | stops.cut_off(certain)
        stopped &= lead.reached[roads.start] | roads.inside[roads.start]
        return [self._end(int(node), self._arrival(node, stopped)) for node in np.unique(roads.end[stopped])]

    def _at_side_streets(self, simulated: Mask, goes_on: Mask, ways_on: Mask) -> list[ExitEnd]:
        """Return the ends of through roads from which a simulated lesser road leads on.

        There the map ends, with a few minor streets behind, or the through road goes on and isn't simulated: whoever
        takes it doesn't turn into the lesser one, though that may lead away too.
        """
        roads, lead = self.roads, self.lead
        ranks = roads.rank[roads.way]
        at_map_end = np.zeros(roads.count, dtype=bool)
        at_map_end[road_ends(roads, simulated & (ranks < _TERTIARY))] = True
        found = at_map_end & lead.cut.presumed & goes_on
        for rank in range(_TERTIARY + 1):
            onward = np.zeros(roads.count, dtype=bool)
            onward[roads.start[ways_on & (ranks <= rank)]] = True
            ends = road_ends(roads, simulated & (ranks <= rank))
            found[ends[onward[ends]]] = True
        found &= lead.reached | roads.inside
        found[road_ends(roads, simulated)] = False  # these are known
        through = simulated & (ranks <= _TERTIARY)
        return [self._end(int(node), self._arrival(int(node), through)) for node in np.flatnonzero(found)]

    def _far_beyond(self, beyond_m: float) -> Mask:
        """Return the ways of networks without an end of the map, from which exits are taken nearer to the area."""
        roads, lead = self.roads, self.lead
        ends = roads.behind(lead.goes_on, lead.outside)
        away = roads.away_m > beyond_m
        apart = lead.on & ~ends & away
        near = roads.way[~(apart[roads.start] & apart[roads.end])]
        found = np.ones(len(roads.ways), dtype=bool)
        found[near] = False
        return found

    def _arrival(self, node: int, arcs: Mask) -> int:
        arrivals = np.flatnonzero((self.roads.end == node) & arcs)
        return int(arrivals[np.argmin(self.roads.rank[self.roads.way[arrivals]])])

    def _last_piece(self, node: int, arc: int, simulated: Mask) -> list[int]:
        """Return the nodes outside, back from a road's end to the last junction of simulated roads."""
        roads, line, after = self.roads, [], node
        here = int(roads.start[arc])
        while not roads.inside[here]:
            legs = set(roads.end[(roads.start == here) & simulated]) | set(roads.start[(roads.end == here) & simulated])
            if len(legs) != 2:  # noqa: PLR2004  a road that passes
                break
            line.append(here)
            before = legs - {after}
            after, here = here, int(before.pop())
            if here == node:
                break
        return line

    def _end(self, node: int, arc: int) -> ExitEnd:
        roads = self.roads
        way = int(roads.way[arc])
        row = roads.ways[way]
        cut = self.lead.cut
        spot = shapely.Point(roads.xy[node])
        away_m = float(roads.area.distance(spot))
        return ExitEnd(
            label=row.label or self._leads_to(node, way),
            highway=row.highway,
            node=int(node),
            way=row.way_id,
            osm_way=row.osm_way_id,
            lon=float(roads.lon[node]),
            lat=float(roads.lat[node]),
            by_cut=bool(cut.certain[node] or cut.presumed[node]) and away_m < _SEEN_M,
            presumed=bool(cut.presumed[node] and not cut.certain[node]),
            into_rest=bool(self.lead.rest[node]),
            inside=bool(roads.inside[node]) and float(roads.area.boundary.distance(spot)) > _WELL_INSIDE_M,
        )

    def _leads_to(self, node: int, way: int) -> str:
        """Return what an unnamed road is called: after the next road with a name that it leads to."""
        roads = self.roads
        seeds = np.zeros(roads.count, dtype=bool)
        seeds[node] = True
        here = roads.xy[node]
        near = self.lead.outside & (np.hypot(*(roads.xy[roads.start] - here).T) < _LINE_BEYOND_M)
        ahead = roads.ahead(seeds, near & (roads.way != way))
        arcs = np.flatnonzero(near & ahead[roads.start] & roads.named[roads.way])
        if not len(arcs):
            return self._comes_from(node, way)
        nearest = arcs[np.argmin(np.hypot(*(roads.xy[roads.start[arcs]] - here).T))]
        return f"road to {roads.label(int(roads.way[nearest])).removeprefix('to ')}"

    def _comes_from(self, node: int, way: int) -> str:
        """Return what an unnamed road is called that leads off the map: after the next road with a name behind it."""
        roads = self.roads
        away_m = np.hypot(*(roads.xy[roads.start] - roads.xy[node]).T)
        away_m[~roads.named[roads.way]] = np.inf
        nearest = int(np.argmin(away_m))
        if away_m[nearest] > _LINE_BEYOND_M:
            return roads.label(way)
        return f"{roads.label(way)} off {roads.label(int(roads.way[nearest]))}"

    def _chosen(self, ends: Sequence[ExitEnd], settings: FoundExits) -> list[bool]:
        """Return which ends count: as asked, else those from secondary up, lesser ones where there is nothing else."""
        ranks = np.array([rank_of(end.highway) for end in ends], dtype=np.int64)
        if settings.at_least is not None:
            return [bool(rank <= rank_of(settings.at_least)) for rank in ranks]
        places = self.roads.plane.project(np.array([[end.lon, end.lat] for end in ends]).reshape(-1, 2))
        bearings = np.array([self.roads.bearing_deg(at) for at in places])
        chosen = ranks <= _SECONDARY
        main = chosen.copy()
        for number in np.flatnonzero(ranks == _TERTIARY):
            apart_deg = np.abs((bearings[main] - bearings[number] + 180.0) % 360.0 - 180.0)
            apart_m = np.hypot(*(places[main] - places[number]).T)
            chosen[number] = not ((apart_deg <= SAME_WAY_DEG) & (apart_m <= SAME_WAY_M)).any()
        if not chosen.any() and len(ends):
            chosen = ranks == ranks.min()
        return [bool(wanted) for wanted in chosen]
