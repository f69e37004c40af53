"""Exits that a scenario names, on its net: streets, ways, points and directions.

A street's exit is where it leaves the map. On a net that is told by its signs: a through road has no onward way, or
none but minor roads that lead nowhere, and the edge of the map is near.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import shapely
from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.errors import PlaceError, Problem
from evac.network.exits.graph import rank_of
from evac.network.exits.resolved import ResolvedExit
from evac.network.places import (
    StreetIndex,
    angle_between_deg,
    end_bearing_deg,
    heads,
    same_spot,
    start_bearing_deg,
)
from evac.network.reach import RoadGraph, forward_reach, road_graph, ways_out
from evac.schema.places import Exit

_THROUGH = rank_of("tertiary")  # from this class up, a road that just ends has been cut off
_HULL_RATIO = 0.1  # of shapely.concave_hull: follows a valley's or a country's outline, not single streets
_NEAR_BORDER_M = 600.0  # how far short of the outline through roads of the three test maps end (at most 464 m)
_MINOR_NEAR_BORDER_M = 50.0  # minor roads: only those that end on the convex outline; inner ends are cul-de-sacs
_POCKET_EDGES = 60  # minor roads behind a map end: a few streets, not a part of the town
_CONTINUES_DEG = 45.0  # a road that changes its name at a crossing goes on within this angle
_MAX_CONTINUED = 200
_OUTWARD_DEG = 67.5  # a road within this angle of straight away from the area leads out of it


class Ground:
    """The net with what tells its border and the area's inside from its outside.

    Parameters
    ----------
    index
        The net's streets.
    area
        The area ordered to leave (EPSG:4326); without it, the whole map.
    """

    def __init__(self, index: StreetIndex, area: shapely.Geometry | None) -> None:
        self.index = index
        self.graph: RoadGraph = road_graph(index.net, index.vclass)
        self.area = self.index.hull if area is None else _projected(index.net, area)
        ends = shapely.points([edge.getShape()[0] for edge in index.edges])
        inside = shapely.intersects(self.area, ends)
        self.inside = {edge.getID() for edge, within in zip(index.edges, inside, strict=True) if within}
        self._leading: dict[frozenset[str], frozenset[str]] = {}

    def leading_to(self, edges: Iterable[str]) -> frozenset[str]:
        """Return the area's edges from which the end of any of some edges is reached; each exit is looked at once."""
        ends = frozenset(edges)
        if ends not in self._leading:
            out = ways_out(self.graph, ends)
            self._leading[ends] = frozenset({self.graph.edges[here] for here in out.reachable()} & self.inside)
        return self._leading[ends]

    @cached_property
    def outline(self) -> shapely.Geometry:
        """The outline of the net's roads, which follows a valley; it takes long, and few exits need it."""
        return shapely.concave_hull(self.index.points, ratio=_HULL_RATIO)

    def rank(self, edge: Edge) -> int:
        """Return 0 for a motorway (or its ramps) and so on down; a class that never is a way out ranks last."""
        return rank_of(self.index.highway(edge))

    def onward(self, edge: Edge) -> list[Edge]:
        """Return where traffic goes on to from an edge, turning around aside."""
        back = edge.getFromNode().getID()
        found = edge.getAllowedOutgoing(self.index.vclass)
        return [after for after in found if after.getToNode().getID() != back]

    def is_map_end(self, edge: Edge) -> bool:
        """Return whether an edge's road is cut off at its downstream end, near the map's edge."""
        end = shapely.Point(edge.getShape()[-1])
        onward = self.onward(edge)
        if self.rank(edge) > _THROUGH:
            return not onward and self.index.hull.exterior.distance(end) <= _MINOR_NEAR_BORDER_M
        if not self._is_near_the_border(end):
            return False
        if not onward:
            return True
        return self.rank(edge) < _THROUGH and self._only_a_pocket(edge, onward)

    def _is_near_the_border(self, end: shapely.Point) -> bool:
        """Return whether a road's end is near the outline; it is if it is near the hull, which lies around that."""
        return bool(
            self.index.hull.exterior.distance(end) <= _NEAR_BORDER_M
            or self.outline.exterior.distance(end) <= _NEAR_BORDER_M
        )

    def _only_a_pocket(self, edge: Edge, onward: Sequence[Edge]) -> bool:
        legs = {leg.getID(): leg for leg in edge.getToNode().getOutgoing() if leg.allows(self.index.vclass)}
        back = {leg for leg, way in legs.items() if way.getToNode().getID() == edge.getFromNode().getID()}
        if any(self.rank(way) <= _THROUGH for leg, way in legs.items() if leg not in back):
            return False
        blocked = [edge.getID(), *back]
        reached = forward_reach(self.graph, [way.getID() for way in onward], blocked, limit=_POCKET_EDGES)
        return len(reached) <= _POCKET_EDGES

    def resolved(self, name: str, edges: Sequence[Edge], veh_per_h: float | None = None) -> ResolvedExit:
        """Return an exit whose line is at the end of these edges, and the most vehicles an hour that it takes."""
        lanes = sum(lane.allows(self.index.vclass) for edge in edges for lane in edge.getLanes())
        lon, lat = self.index.net.convertXY2LonLat(*edges[0].getShape()[-1])
        return ResolvedExit(name, tuple(sorted(edge.getID() for edge in edges)), int(lanes), lon, lat, veh_per_h)


def _projected(net: Net, area: shapely.Geometry) -> shapely.Geometry:
    offset = np.array(net.getLocationOffset())
    project = net.getGeoProj()
    return shapely.transform(area, lambda at: np.column_stack(project(at[:, 0], at[:, 1])) + offset)


def named_exit(ground: Ground, place: Exit, where: str) -> list[Edge]:
    """Return the last edges that a vehicle drives on at a named exit.

    Raises
    ------
    PlaceError
        Nothing fits, or more than one spot or direction does.
    """
    if place.street is not None and place.crossing is None and place.way is None and place.point is None:
        return _street_end(ground, place, place.street, where)
    fitting = ground.index.candidates(place, where)
    if len(fitting) > 1 and place.towards is None:
        fitting = _outward(ground, fitting)
    if not same_spot(fitting):
        raise ground.index.ambiguous(place, fitting, where)
    return fitting


def _street_end(ground: Ground, place: Exit, street: str, where: str) -> list[Edge]:
    """Return the edges on which a street, under this name or the next, leaves the map."""
    edges = ground.index.on_street(street, where)
    ids = {edge.getID() for edge in edges}
    last = [edge for edge in edges if not any(after.getID() in ids for after in ground.onward(edge))]
    ends = [edge for edge in last if ground.is_map_end(edge)]
    if not ends:
        followed = (_followed(ground, edge, ids) for edge in last)
        ends = list({end.getID(): end for end in followed if end is not None}.values())
    found = [end for end in ends if place.towards is None or heads(end, place.towards)]
    if found and same_spot(found):
        return found
    if found:
        raise ground.index.ambiguous(place, found, where, "say which end with 'towards', or give a 'point'")
    if ends:
        shown = "; ".join(ground.index.describe(edge) for edge in ends)
        raise PlaceError(
            Problem(where, f"'{street}' doesn't leave the map {place.towards}, but: {shown}", "change 'towards'")
        )
    shown = "; ".join(ground.index.describe(edge) for edge in last[:6]) or "nowhere (a ring)"
    what = f"'{street}' doesn't leave the map; it ends at {shown}"
    raise PlaceError(Problem(where, what, "say where the exit line is with 'crossing', 'way' or 'point'"))


def _followed(ground: Ground, edge: Edge, street: set[str]) -> Edge | None:
    """Return the map end that a street's last edge leads to while the same road goes on, perhaps under another name."""
    for _ in range(_MAX_CONTINUED):
        if ground.is_map_end(edge):
            return edge
        ahead = [
            after
            for after in ground.onward(edge)
            if ground.rank(after) <= min(ground.rank(edge), _THROUGH)
            and angle_between_deg(end_bearing_deg(edge), start_bearing_deg(after)) <= _CONTINUES_DEG
        ]
        if len(ahead) != 1 or ahead[0].getID() in street:
            return None
        edge = ahead[0]
    return None


def _outward(ground: Ground, edges: Sequence[Edge]) -> list[Edge]:
    """Return the edges that lead out of the area; all of them where none stands out.

    Which do is told by the first sign that there is: cut off at the map's edge, less than half as much of the area
    ahead, heading away from the area's middle.
    """
    ends = [edge for edge in edges if ground.is_map_end(edge)]
    if ends:
        return ends
    ahead = [len(_area_ahead(ground, edge)) for edge in edges]
    if min(ahead) < max(ahead) / 2:
        return [edge for edge, count in zip(edges, ahead, strict=True) if count == min(ahead)]
    away = [edge for edge in edges if _angle_from_outward_deg(ground, edge) <= _OUTWARD_DEG]
    return away or list(edges)


def _area_ahead(ground: Ground, edge: Edge) -> set[str]:
    back = [
        leg.getID() for leg in edge.getToNode().getOutgoing() if leg.getToNode().getID() == edge.getFromNode().getID()
    ]
    start = [after.getID() for after in ground.onward(edge)]
    return forward_reach(ground.graph, start, [edge.getID(), *back]) & ground.inside


def _angle_from_outward_deg(ground: Ground, edge: Edge) -> float:
    end = shapely.Point(edge.getShape()[-1])
    centre = ground.area.centroid
    outward = float(np.degrees(np.arctan2(end.x - centre.x, end.y - centre.y)) % 360.0)
    return angle_between_deg(end_bearing_deg(edge), outward)
