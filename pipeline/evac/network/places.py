"""Places on a net as people name them: streets, crossings, OpenStreetMap ways, points and directions of travel.

`StreetIndex` says which edges a street name, road number or way id has. `StreetIndex.candidates` narrows a `Place`
down to edges, `StreetIndex.find` insists on one direction at one spot. Whatever fits nothing, or too much, is a
`PlaceError` that lists what is there and which key would settle it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from sumolib.net import Net
from sumolib.net.edge import Edge
from sumolib.net.node import Node

from evac.errors import Mend, PlaceError, Problem
from evac.network.place_names import near_names, normal_name, split_names
from evac.projection import line_through
from evac.schema.places import Compass, Place, Point
from evac.unnamed import unnamed

COMPASS: dict[Compass, float] = {
    "north": 0.0,
    "northeast": 45.0,
    "east": 90.0,
    "southeast": 135.0,
    "south": 180.0,
    "southwest": 225.0,
    "west": 270.0,
    "northwest": 315.0,
}
"""Bearings in degrees, clockwise from north."""

TOWARDS_TOLERANCE_DEG = 67.5
"""A named direction holds for bearings up to one and a half compass points away: of a straight road's two directions
never both fit, and seldom neither."""

POINT_RANGE_M = 50.0
"""How far from its road a point may be: about the accuracy of a pin set by hand on a street map."""

_CARRIAGEWAY_M = 12.0  # the two directions of an undivided road lie at most about this far apart
_BEARING_SPAN_M = 50.0  # bearings are taken over this length, so that a kink at a stop line doesn't count
_SAME_SPOT_M = 80.0  # carriageways and turning lanes of one crossing lie within this distance
_OPPOSITE_DEG = 120.0
_LISTED = 6


class StreetIndex:
    """Which edges of a net a street name, a road number or an OpenStreetMap way has.

    Parameters
    ----------
    net
        The net, built with original ids (`origId`) on its lanes.
    streets
        The streets table: `way_id`, `osm_way_id`, `name`, `ref`, `highway`, `centre_lane`.
    vclass
        SUMO's vehicle class; edges that are closed for it are no places.
    """

    def __init__(self, net: Net, streets: gpd.GeoDataFrame, vclass: str = "passenger") -> None:
        self.net = net
        self.streets = streets
        self.vclass = vclass
        self.edges: list[Edge] = [edge for edge in net.getEdges(withInternal=False) if edge.allows(vclass)]
        rows: dict[int, Any] = {int(row.way_id): row for row in streets.itertuples()}
        self._rows = {edge.getID(): [rows[way] for way in way_ids(edge) if way in rows] for edge in self.edges}
        self._by_name: dict[str, list[Edge]] = {}
        self._by_way: dict[int, list[Edge]] = {}
        for edge in self.edges:
            for key in {normal_name(name) for name in self.names(edge)}:
                self._by_name.setdefault(key, []).append(edge)
            for way in {number for row in self._rows[edge.getID()] for number in _numbers(row.way_id, row.osm_way_id)}:
                self._by_way.setdefault(way, []).append(edge)

    def names(self, edge: Edge) -> list[str]:
        """Return the street names and road numbers of an edge, the first the one to show people."""
        rows = self._rows.get(edge.getID(), [])
        named = [name for row in rows for name in split_names(row.name)]
        numbered = [number for row in rows for number in split_names(row.ref)]
        own = split_names(html.unescape(edge.getName())) if edge.getName() else []
        return list(dict.fromkeys([*(named or own), *numbered]))

    def is_called(self, edge: Edge, street: str) -> bool:
        """Return whether an edge has this street name or road number."""
        return normal_name(street) in {normal_name(name) for name in self.names(edge)}

    def label(self, edge: Edge) -> str:
        """Return what people call the edge's street: its name, else its road number, else its class."""
        names = self.names(edge)
        return names[0] if names else unnamed(self.highway(edge))

    def has_centre_lane(self, edge: Edge) -> bool:
        """Return whether the map has a lane for both directions in the middle of an edge's road."""
        return any(row.centre_lane for row in self._rows.get(edge.getID(), []))

    def highway(self, edge: Edge) -> str:
        """Return the OpenStreetMap `highway` class of an edge."""
        rows = self._rows.get(edge.getID(), [])
        return str(rows[0].highway) if rows else str(edge.getType()).rsplit(".", maxsplit=1)[-1]

    def on_street(self, street: str, where: str) -> list[Edge]:
        """Return all edges of a street, named by name or road number.

        Raises
        ------
        PlaceError
            No street of the map has this name; the near matches are listed.
        """
        edges = self._by_name.get(normal_name(street))
        if edges:
            return edges
        near = near_names(street, (name for edge in self.edges for name in self.names(edge)))
        remedy = f"did you mean {_listed(near)}?" if near else "look the name up on openstreetmap.org, or give a point"
        raise PlaceError(Problem(where, f"no street on the map is called '{street}'", remedy, Mend.PLACE))

    def on_way(self, way: int, where: str) -> list[Edge]:
        """Return all edges of an OpenStreetMap way, in both directions.

        Raises
        ------
        PlaceError
            The map doesn't have this way, or cars may not use it.
        """
        edges = self._by_way.get(way)
        if edges:
            return edges
        what = f"OpenStreetMap way {way} isn't a road for cars on this map"
        raise PlaceError(Problem(where, what, "ids change when ways are split: name it by street or point", Mend.PLACE))

    def candidates(self, place: Place, where: str) -> list[Edge]:
        """Return the edges that fit a place, possibly in several directions; never none.

        Parameters
        ----------
        place
            The place.
        where
            File and key for the error message.

        Raises
        ------
        PlaceError
            Nothing fits.
        """
        edges = self._selected(place, where)
        if place.point is not None:
            return self._at_point(edges, place.point, place.towards, where)
        if place.crossing is not None and place.street is not None:
            edges = self._arriving(edges, place.street, place.crossing, where)
        elif place.way is not None:
            edges = _last_edges(edges)
        return self._heading(edges, place.towards, where)

    def find(self, place: Place, where: str) -> list[Edge]:
        """Return the edges of one direction of one road at one spot.

        Mostly one edge; several where parallel carriageways or turning lanes arrive at the same crossing.

        Raises
        ------
        PlaceError
            Nothing fits, or more than one spot or direction does.
        """
        edges = self.candidates(place, where)
        if not same_spot(edges):
            raise self.ambiguous(place, edges, where)
        return edges

    def ambiguous(self, place: Place, edges: Sequence[Edge], where: str, remedy: str = "") -> PlaceError:
        """Return the error that lists what fits a place and which key would settle it."""
        shown = "; ".join(self.describe(edge) for edge in edges[:_LISTED])
        more = f"; and {len(edges) - _LISTED} more" if len(edges) > _LISTED else ""
        what = f"{len(edges)} places fit {_asked(place)}: {shown}{more}"
        return PlaceError(Problem(where, what, remedy or _settling_keys(place), Mend.PLACE))

    def describe(self, edge: Edge) -> str:
        """Return the street, the direction of travel and a map link of an edge's downstream end."""
        lon, lat = self.net.convertXY2LonLat(*edge.getShape()[-1])
        return f"{self.label(edge)} {heading(end_bearing_deg(edge))} at {map_url(lon, lat)}"

    def _selected(self, place: Place, where: str) -> list[Edge]:
        edges = self.edges
        if place.street is not None:
            edges = self.on_street(place.street, where)
        if place.way is not None:
            of_way = {edge.getID() for edge in self.on_way(place.way, where)}
            edges = [edge for edge in edges if edge.getID() in of_way]
        if not edges:
            what = f"OpenStreetMap way {place.way} isn't part of '{place.street}'"
            raise PlaceError(Problem(where, what, "leave out one of 'way' and 'street'", Mend.BY_HAND))
        return edges

    def _arriving(self, edges: Sequence[Edge], street: str, crossing: str, where: str) -> list[Edge]:
        crossing_edges = self.on_street(crossing, where)
        others = {edge.getID() for edge in crossing_edges}
        junctions = {node.getID() for edge in crossing_edges for node in (edge.getFromNode(), edge.getToNode())}
        found = [edge for edge in edges if edge.getToNode().getID() in junctions and edge.getID() not in others]
        if not found:
            meets = sorted({name for edge in edges for name in self.met_at(edge)} - set(split_names(street)))
            remedy = f"'{street}' meets {_listed(meets)}" if meets else "give a point"
            what = f"no traffic on '{street}' arrives at a crossing with '{crossing}'"
            raise PlaceError(Problem(where, what, remedy, Mend.PLACE))
        return _first_arrivals(found)

    def met_at(self, edge: Edge) -> list[str]:
        """Return the names of the other streets at the downstream junction of an edge."""
        return self._others_at(edge.getToNode(), edge)

    def last_met(self, edge: Edge) -> list[str]:
        """Return the names of the other streets at the last junction with any that one passes to an edge."""
        passed: set[str] = set()
        while edge.getID() not in passed:
            passed.add(edge.getID())
            node = edge.getFromNode()
            if names := self._others_at(node, edge):
                return names
            before = [leg for leg in node.getIncoming() if leg.allows(self.vclass) and follows(leg, edge)]
            if len(before) != 1:
                break
            edge = before[0]
        return []

    def _others_at(self, node: Node, edge: Edge) -> list[str]:
        own = set(self.names(edge))
        legs = [*node.getIncoming(), *node.getOutgoing()]
        return sorted({name for leg in legs for name in self.names(leg)[:1] if not own & set(self.names(leg))})

    def _at_point(self, edges: Sequence[Edge], point: Point, towards: Compass | None, where: str) -> list[Edge]:
        spot = shapely.Point(*self.net.convertLonLat2XY(point.lon, point.lat))
        distances = shapely.distance(np.array([centre_line(edge) for edge in edges]), spot)
        order = [int(number) for number in np.argsort(distances, kind="stable") if distances[number] <= POINT_RANGE_M]
        if not order:
            nearest = edges[int(np.argmin(distances))]
            what = (
                f"no road for cars within {POINT_RANGE_M:g} m of {map_url(point.lon, point.lat)}; "
                f"the nearest is {self.label(nearest)}, {distances.min():.0f} m away"
            )
            swapped = "swap lat and lon" if self._is_swapped(edges, point) else None
            remedy = swapped or self.off_the_map(spot) or "move the point onto the road"
            raise PlaceError(Problem(where, what, remedy, Mend.PLACE))
        if towards is not None:
            return self._heading([edges[number] for number in order], towards, where, spot)[:1]
        first = edges[order[0]]
        beside = [edges[number] for number in order if distances[number] <= distances[order[0]] + _CARRIAGEWAY_M]
        return [first, *(edge for edge in beside if _opposite(first, edge, spot))]

    @cached_property
    def points(self) -> shapely.Geometry:
        """A line through the points of the roads' lines (m), each once: a street's directions have the same ones."""
        return line_through(np.unique([spot for edge in self.edges for spot in edge.getShape()], axis=0))

    @cached_property
    def hull(self) -> shapely.Geometry:
        """Convex hull of the net's roads (m)."""
        return self.points.convex_hull

    def off_the_map(self, spot: shapely.Point) -> str | None:
        """Return what to try with a point (m) that lies past the net's end; None where it lies among its roads."""
        off_m = float(self.hull.distance(spot))
        if off_m <= POINT_RANGE_M:
            return None
        return (
            f"the scenario's map ends {off_m:,.0f} m before it: give a place on the map, or write the scenario anew "
            "with more of it (evac new --roads-beyond)"
        )

    def _is_swapped(self, edges: Sequence[Edge], point: Point) -> bool:
        """Tell whether latitude and longitude, the other way round, are a point on the map, as these aren't."""
        if abs(point.lon) > 90.0:  # noqa: PLR2004 - no latitude
            return False
        west, south, east, north = shapely.total_bounds(np.array([centre_line(edge) for edge in edges]))
        swapped = shapely.Point(*self.net.convertLonLat2XY(point.lat, point.lon))
        return bool(shapely.box(west, south, east, north).contains(swapped))

    def _heading(
        self, edges: Sequence[Edge], towards: Compass | None, where: str, spot: shapely.Point | None = None
    ) -> list[Edge]:
        if towards is None:
            return list(edges)
        fitting = [edge for edge in edges if heads(edge, towards, spot)]
        if fitting:
            return fitting
        shown = "; ".join(self.describe(edge) for edge in edges[:_LISTED])
        raise PlaceError(
            Problem(where, f"no traffic heads {towards} there, but: {shown}", "change 'towards'", Mend.DIRECTION)
        )


def _last_edges(edges: Sequence[Edge]) -> list[Edge]:
    """Return the edges that no other one of the set goes on from, turning around aside: where a road's ends are."""
    return [edge for edge in edges if not any(follows(edge, onward) for onward in edges)]


def follows(edge: Edge, onward: Edge) -> bool:
    """Return whether `onward` begins where `edge` ends and isn't the way back."""
    return edge.getToNode() is onward.getFromNode() and edge.getFromNode() is not onward.getToNode()


def way_ids(edge: Edge) -> list[int]:
    """Return the ids of the ways that netconvert made an edge from."""
    return list(dict.fromkeys(_numbers(*(lane.getParam("origId", "") for lane in edge.getLanes()))))


def centre_line(edge: Edge) -> shapely.LineString:
    """Return the line of an edge in the net's coordinates (m)."""
    return shapely.LineString(edge.getShape())


def end_bearing_deg(edge: Edge) -> float:
    """Return the direction of travel at an edge's downstream end (degrees clockwise from north)."""
    line = centre_line(edge)
    return _bearing_deg(line, line.length - _BEARING_SPAN_M, line.length)


def start_bearing_deg(edge: Edge) -> float:
    """Return the direction of travel at an edge's upstream end (degrees clockwise from north)."""
    return _bearing_deg(centre_line(edge), 0.0, _BEARING_SPAN_M)


def bearing_at_deg(edge: Edge, spot: shapely.Point) -> float:
    """Return the direction of travel where an edge passes a spot (degrees clockwise from north)."""
    line = centre_line(edge)
    position_m = line.project(spot)
    return _bearing_deg(line, position_m - _BEARING_SPAN_M / 2, position_m + _BEARING_SPAN_M / 2)


def heads(edge: Edge, towards: Compass, spot: shapely.Point | None = None) -> bool:
    """Return whether traffic heads that way at a spot, or at the edge's downstream end."""
    bearing = end_bearing_deg(edge) if spot is None else bearing_at_deg(edge, spot)
    return angle_between_deg(bearing, COMPASS[towards]) <= TOWARDS_TOLERANCE_DEG


def leaves(edge: Edge, towards: Compass) -> bool:
    """Return whether traffic that enters an edge heads that way at first."""
    return angle_between_deg(start_bearing_deg(edge), COMPASS[towards]) <= TOWARDS_TOLERANCE_DEG


def angle_between_deg(one: float, other: float) -> float:
    """Return the angle between two bearings (0 to 180 degrees)."""
    return abs((one - other + 180.0) % 360.0 - 180.0)


def same_spot(edges: Sequence[Edge]) -> bool:
    """Return whether edges end at one spot, side by side and in one direction."""
    return all(
        shapely.Point(one.getShape()[-1]).distance(shapely.Point(other.getShape()[-1])) <= _SAME_SPOT_M
        and angle_between_deg(end_bearing_deg(one), end_bearing_deg(other)) <= TOWARDS_TOLERANCE_DEG
        for one, other in combinations(edges, 2)
    )


def heading(bearing: float) -> str:
    """Return a bearing in degrees as people say which way traffic goes: `northwestbound`."""
    return f"{compass_point(bearing)}bound"


def compass_point(bearing: float) -> Compass:
    """Return the compass point nearest to a bearing in degrees."""
    return min(COMPASS, key=lambda name: angle_between_deg(bearing, COMPASS[name]))


def map_url(lon: float, lat: float, zoom: int = 19) -> str:
    """Return a link that shows a place on openstreetmap.org; at a zoom of 19 single houses, at 17 the quarter."""
    return f"https://www.openstreetmap.org/?mlat={lat:.5f}&mlon={lon:.5f}#map={zoom}/{lat:.5f}/{lon:.5f}"


def _bearing_deg(line: shapely.LineString, from_m: float, to_m: float) -> float:
    start = line.interpolate(max(from_m, 0.0))
    end = line.interpolate(min(to_m, line.length))
    return float(np.degrees(np.arctan2(end.x - start.x, end.y - start.y)) % 360.0)


def _first_arrivals(edges: Sequence[Edge]) -> list[Edge]:
    """Leave out the short pieces inside a crossing: traffic arrives where it first meets the other street."""
    return [
        edge for edge in edges if edge.getLength() > _SAME_SPOT_M or not any(follows(before, edge) for before in edges)
    ]


def _opposite(one: Edge, other: Edge, spot: shapely.Point) -> bool:
    return angle_between_deg(bearing_at_deg(one, spot), bearing_at_deg(other, spot)) > _OPPOSITE_DEG


def _numbers(*values: object) -> list[int]:
    return [int(number) for value in values for number in re.findall(r"\d+", str(value))]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in list(names)[: 2 * _LISTED])


def _asked(place: Place) -> str:
    keys = place.model_dump(exclude_none=True, include={"street", "crossing", "way", "point", "towards"})
    return ", ".join(f"{key} {value if key != 'point' else 'given'!r}" for key, value in keys.items())


def _settling_keys(place: Place) -> str:
    if place.towards is None and (place.crossing or place.way or place.point):
        return "say the direction of travel with 'towards', such as 'towards: west'"
    if place.point is None and place.crossing is None and place.street is not None:
        return "say where on the street with 'crossing' or 'point', and which direction with 'towards'"
    return "give a 'point' on the road, and 'towards'"
