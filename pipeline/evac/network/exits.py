"""Exits on a net: where a vehicle counts as evacuated.

An exit's line is the downstream end of its edges. Named exits are places of the scenario; found exits are the roads
of at least a class that leave the map. OpenStreetMap doesn't mark where an extract was cut, so a map end is told by
its signs: a through road has no onward way, or none but minor roads that lead nowhere, and the edge of the map is near.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

import geopandas as gpd
import numpy as np
import shapely
from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.errors import DataError, PlaceError, Problem
from evac.network.places import (
    StreetIndex,
    angle_between_deg,
    compass_point,
    end_bearing_deg,
    heads,
    same_spot,
    start_bearing_deg,
)
from evac.network.reach import ExitEdges, RoadGraph, forward_reach, road_graph, ways_out
from evac.schema.places import Exit, FoundExits

_LOG = logging.getLogger(__name__)

_CLASSES: tuple[str, ...] = get_args(FoundExits.model_fields["at_least"].annotation)
_THROUGH = _CLASSES.index("tertiary")  # from this class up, a road that just ends has been cut off
_HULL_RATIO = 0.1  # of shapely.concave_hull: follows a valley's or a country's outline, not single streets
_NEAR_BORDER_M = 600.0  # how far short of the outline through roads of the three test maps end (at most 464 m)
_MINOR_NEAR_BORDER_M = 50.0  # minor roads: only those that end on the convex outline; inner ends are cul-de-sacs
_POCKET_EDGES = 60  # minor roads behind a map end: a few streets, not a part of the town
_CONTINUES_DEG = 45.0  # a road that changes its name at a crossing goes on within this angle
_MAX_CONTINUED = 200
_OUTWARD_DEG = 67.5  # a road within this angle of straight away from the area leads out of it
_SERVES_SHARE = 0.05  # an exit that fewer of the map's edges can reach stands apart from its road net


@dataclass(frozen=True)
class ResolvedExit:
    """An exit on the net.

    Parameters
    ----------
    name
        What the report calls it.
    edges
        The last edges that an evacuated vehicle drives on; the exit line is at their downstream ends.
    lanes
        Lanes of these edges that cars may use.
    lon, lat
        Where the line is (EPSG:4326).
    """

    name: str
    edges: tuple[str, ...]
    lanes: int
    lon: float
    lat: float


def resolve_exits(
    net: Net,
    exits: Sequence[Exit] | FoundExits,
    streets: gpd.GeoDataFrame,
    area: shapely.Geometry | None,
    where: str = "exits",
) -> tuple[ResolvedExit, ...]:
    """Return the exits of a scenario on its net.

    Parameters
    ----------
    net
        The net, built with original ids and street names.
    exits
        The exits by name, or how to find them.
    streets
        The streets table of the map that the net was built from.
    area
        The area ordered to leave (EPSG:4326); without it, the whole map.
    where
        File and key for the error message.

    Raises
    ------
    PlaceError
        An exit isn't on the map, fits several places, or none was found. All problems are raised at once.
    """
    ground = Ground(StreetIndex(net, streets), area)
    if isinstance(exits, FoundExits):
        return find_exits(ground, exits, where)
    resolved: list[ResolvedExit] = []
    problems: list[Problem] = []
    for item in exits:
        try:
            resolved.append(ground.resolved(item.name, named_exit(ground, item, f"{where}, '{item.name}'")))
        except PlaceError as error:
            problems.extend(error.problems)
    if problems:
        raise PlaceError(problems)
    return tuple(resolved)


def require_reachable(net: Net, exits: Sequence[ExitEdges], from_edges: Iterable[str], where: str = "exits") -> None:
    """Refuse a scenario from whose households no exit can be reached.

    Raises
    ------
    DataError
        No edge of `from_edges` has a way to any exit.
    """
    graph = road_graph(net)
    served = ways_out(graph, [edge for item in exits for edge in item.edges])
    if any(np.isfinite(served.cost_s[graph.index[edge]]) for edge in from_edges if edge in graph.index):
        return
    names = ", ".join(f"'{item.name}'" for item in exits)
    what = f"no exit reachable: no street of the evacuation area has a way to {names}"
    raise DataError(
        Problem(where, what, "check the exits' direction ('towards'), and that the map joins them to the area")
    )


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
        points = shapely.multipoints(np.concatenate([edge.getShape() for edge in index.edges]))
        self.hull = points.convex_hull
        self.outline = shapely.concave_hull(points, ratio=_HULL_RATIO)
        self.area = self.hull if area is None else _projected(index.net, area)
        ends = shapely.points([edge.getShape()[0] for edge in index.edges])
        inside = shapely.intersects(self.area, ends)
        self.inside = {edge.getID() for edge, within in zip(index.edges, inside, strict=True) if within}

    def rank(self, edge: Edge) -> int:
        """Return 0 for a motorway (or its ramps) and so on down; a class that never is a way out ranks last."""
        name = self.index.highway(edge).removesuffix("_link")
        return _CLASSES.index(name) if name in _CLASSES else len(_CLASSES)

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
            return not onward and self.hull.exterior.distance(end) <= _MINOR_NEAR_BORDER_M
        if self.outline.exterior.distance(end) > _NEAR_BORDER_M:
            return False
        if not onward:
            return True
        return self.rank(edge) < _THROUGH and self._only_a_pocket(edge, onward)

    def heads_off_the_map(self, edge: Edge) -> bool:
        """Return whether straight on from an edge's end is soon off the map."""
        x, y = edge.getShape()[-1]
        bearing = np.radians(end_bearing_deg(edge))
        ahead = shapely.Point(x + _NEAR_BORDER_M * np.sin(bearing), y + _NEAR_BORDER_M * np.cos(bearing))
        return not self.outline.contains(ahead)

    def _only_a_pocket(self, edge: Edge, onward: Sequence[Edge]) -> bool:
        legs = {leg.getID(): leg for leg in edge.getToNode().getOutgoing() if leg.allows(self.index.vclass)}
        back = {leg for leg, way in legs.items() if way.getToNode().getID() == edge.getFromNode().getID()}
        if any(self.rank(way) <= _THROUGH for leg, way in legs.items() if leg not in back):
            return False
        blocked = [edge.getID(), *back]
        reached = forward_reach(self.graph, [way.getID() for way in onward], blocked, limit=_POCKET_EDGES)
        return len(reached) <= _POCKET_EDGES

    def resolved(self, name: str, edges: Sequence[Edge]) -> ResolvedExit:
        """Return an exit whose line is at the end of these edges."""
        lanes = sum(lane.allows(self.index.vclass) for edge in edges for lane in edge.getLanes())
        lon, lat = self.index.net.convertXY2LonLat(*edges[0].getShape()[-1])
        return ResolvedExit(name, tuple(sorted(edge.getID() for edge in edges)), int(lanes), lon, lat)


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


def find_exits(ground: Ground, settings: FoundExits, where: str) -> tuple[ResolvedExit, ...]:
    """Return the roads of at least a class that leave the map, by name.

    Raises
    ------
    PlaceError
        There is none.
    """
    not_by = {edge.getID() for street in settings.not_by for edge in ground.index.on_street(street, f"{where}.not_by")}
    lowest = _CLASSES.index(settings.at_least)
    roads = [edge for edge in ground.index.edges if ground.rank(edge) <= lowest and edge.getID() not in not_by]
    cut_off = [edge for edge in roads if ground.is_map_end(edge) and ground.heads_off_the_map(edge)]
    ends = [end for end in _spots(cut_off) if _serves(ground, end)]
    if not ends:
        what = f"no road of class {settings.at_least} or above leaves the map"
        raise PlaceError(Problem(where, what, "name the exits by street, way or point, or lower 'at_least'"))
    names = _unique_names(ground, ends)
    found = [ground.resolved(name, edges) for name, edges in zip(names, ends, strict=True)]
    return tuple(sorted(found, key=lambda item: item.name))


def _spots(ends: Sequence[Edge]) -> list[list[Edge]]:
    """Group map ends that lie side by side, such as a motorway's and its ramp's: one exit each."""
    spots: list[list[Edge]] = []
    for edge in ends:
        beside = next((spot for spot in spots if same_spot([*spot, edge])), None)
        if beside is None:
            spots.append([edge])
        else:
            beside.append(edge)
    return spots


def _serves(ground: Ground, end: Sequence[Edge]) -> bool:
    out = ways_out(ground.graph, [edge.getID() for edge in end])
    served = sum(edge in ground.inside for edge in (ground.graph.edges[here] for here in out.reachable()))
    if served >= _SERVES_SHARE * len(ground.inside):
        return True
    _LOG.warning(
        "%s is no exit: only %d of the area's %d road edges lead there",
        ground.index.describe(end[0]),
        served,
        len(ground.inside),
    )
    return False


def _unique_names(ground: Ground, ends: Sequence[Sequence[Edge]]) -> list[str]:
    """Name each exit by its street; add the direction, then a number, where that isn't enough."""
    main = [min(end, key=ground.rank) for end in ends]
    names = [ground.index.label(edge) for edge in main]
    headed = [f"{name} {compass_point(end_bearing_deg(edge))}bound" for name, edge in zip(names, main, strict=True)]
    longer = [long if names.count(name) > 1 else name for name, long in zip(names, headed, strict=True)]
    return [
        f"{name} {longer[: place + 1].count(name)}" if longer.count(name) > 1 else name
        for place, name in enumerate(longer)
    ]
