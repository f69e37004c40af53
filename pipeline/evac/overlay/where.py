"""Where an action is: stretches and junctions of a plan as edges and nodes of the baseline's net."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import shapely
from sumolib.net.edge import Edge
from sumolib.net.node import Node

from evac.errors import Mend, PlaceError, Problem
from evac.households.geometry import make_valid_polygons
from evac.households.zones import read_polygons
from evac.network.exits import ResolvedExit
from evac.network.places import (
    COMPASS,
    POINT_RANGE_M,
    TOWARDS_TOLERANCE_DEG,
    StreetIndex,
    angle_between_deg,
    centre_line,
    end_bearing_deg,
    heads,
    leaves,
)
from evac.plans.model import Junction, Movement, Stretch
from evac.schema.places import Compass, Place, Point

_LISTED = 8


def exit_called(exits: Iterable[ResolvedExit], name: str, where: str) -> ResolvedExit:
    """Return the exit of a name.

    Raises
    ------
    PlaceError
        There is none.
    """
    known = {item.name: item for item in exits}
    if name not in known:
        names = ", ".join(f"'{item}'" for item in known)
        raise PlaceError(Problem(where, f"there is no exit '{name}'", f"the exits are {names}"))
    return known[name]


@dataclass(frozen=True)
class Where:
    """Finds the places of a plan.

    Parameters
    ----------
    index
        The streets of the baseline's net.
    """

    index: StreetIndex

    def stretch(self, stretch: Stretch, where: str) -> list[Edge]:
        """Return the edges of a stretch: in driving order where it is a way along a street, else in the net's order.

        Without anything that tells a direction, both directions belong to it.

        Raises
        ------
        PlaceError
            Nothing fits, or too much.
        """
        if stretch.polygon is not None:
            edges = self._inside(stretch, where)
        elif stretch.ways is not None:
            edges = [edge for way in stretch.ways for edge in self.index.on_way(way, where)]
        elif stretch.point is not None:
            edges = self.index.candidates(Place(point=stretch.point), where)
        elif stretch.start is None and stretch.end is None and stretch.towards is None:
            return self.index.on_street(str(stretch.street), where)
        else:
            return self._along(stretch, where)
        fitting = [edge for edge in edges if stretch.towards is None or heads(edge, stretch.towards)]
        if not fitting:
            raise PlaceError(
                Problem(where, f"no road there heads {stretch.towards}", "change 'towards'", Mend.DIRECTION)
            )
        return list(dict.fromkeys(fitting))

    def path(self, stretch: Stretch, where: str) -> list[Edge]:
        """Return the edges of a stretch in one direction of travel, in driving order.

        Raises
        ------
        PlaceError
            Nothing fits, or the direction isn't told.
        """
        if stretch.street is not None and (stretch.start, stretch.end, stretch.towards) != (None, None, None):
            return self._along(stretch, where)
        edges = self.stretch(stretch, where)
        chain = _chain(edges)
        if chain is None:
            what = "the stretch has both directions, or isn't one road"
            raise PlaceError(Problem(where, what, "say 'towards', or 'from' and 'to'", Mend.DIRECTION))
        return chain

    def junction(self, junction: Junction, where: str) -> Node:
        """Return the node of a junction.

        Raises
        ------
        PlaceError
            The streets don't meet, or meet at several junctions.
        """
        net = self.index.net
        nodes = list(
            dict.fromkeys(node for edge in self.index.edges for node in (edge.getFromNode(), edge.getToNode()))
        )
        if junction.street is not None and junction.crossing is not None:
            nodes = self._meeting(junction.street, junction.crossing, where)
        if junction.point is not None:
            spot = net.convertLonLat2XY(junction.point.lon, junction.point.lat)
            crossings = [node for node in nodes if len(_neighbours(node)) > 2] or nodes  # noqa: PLR2004  a mere bend
            nearest = min(crossings, key=lambda node: _distance_m(node, spot))
            away_m = _distance_m(nearest, spot)
            if away_m > POINT_RANGE_M:
                what = f"no junction within {POINT_RANGE_M:g} m of the point; the nearest is {away_m:.0f} m away"
                remedy = self.index.off_the_map(shapely.Point(spot)) or "move the point onto the junction"
                raise PlaceError(Problem(where, what, remedy, Mend.PLACE))
            return nearest
        if len(nodes) > 1:
            shown = "; ".join(self.link(node) for node in nodes[:_LISTED])
            what = f"'{junction.street}' and '{junction.crossing}' meet at {len(nodes)} junctions: {shown}"
            raise PlaceError(Problem(where, what, "add 'point'", Mend.PLACE))
        return nodes[0]

    def link(self, node: Node) -> str:
        """Return the coordinates of a junction."""
        lon, lat = self.index.net.convertXY2LonLat(*node.getCoord())
        return f"{{lat: {lat:.5f}, lon: {lon:.5f}}}"

    def arms(self, node: Node, movement: Movement, where: str) -> tuple[list[Edge], list[Edge]]:
        """Return the edges of a movement through a junction: those that it may come from, and those that it goes into.

        Raises
        ------
        PlaceError
            No arm of the junction fits.
        """
        into = self._arm(node.getIncoming(), movement.street, movement.heading, where, arriving=True)
        out = self._arm(node.getOutgoing(), movement.into, movement.leaving, where, arriving=False)
        return into, out

    def arm(self, node: Node, street: str, heading: Compass | None, where: str) -> list[Edge]:
        """Return the edges of a street at a junction, into it and out of it; `heading` is the direction away from it.

        Raises
        ------
        PlaceError
            The street doesn't meet here, or not in this direction.
        """
        usable = [edge for edge in (*node.getOutgoing(), *node.getIncoming()) if edge.allows(self.index.vclass)]
        found = [
            edge
            for edge in usable
            if self.index.is_called(edge, street) and (heading is None or _leads_away(edge, node, heading))
        ]
        if found:
            return found
        meets = ", ".join(sorted({self.index.label(edge) for edge in usable}))
        way = f" heading {heading}" if heading else ""
        raise PlaceError(Problem(where, f"'{street}'{way} doesn't meet this junction", f"there are: {meets}"))

    def _arm(
        self, edges: Iterable[Edge], street: str | None, towards: Compass | None, where: str, *, arriving: bool
    ) -> list[Edge]:
        usable = [edge for edge in edges if edge.allows(self.index.vclass)]
        named = [edge for edge in usable if street is None or self.index.is_called(edge, street)]
        found = [
            edge for edge in named if towards is None or (heads(edge, towards) if arriving else leaves(edge, towards))
        ]
        if found:
            return found
        verb = "arrives from" if arriving else "leads into"
        meets = ", ".join(sorted({self.index.label(edge) for edge in usable})) or "nothing"
        asked = " ".join(
            filter(None, [f"'{street}'" if street else "any street", f"heading {towards}" if towards else ""])
        )
        raise PlaceError(Problem(where, f"no traffic {verb} {asked} at this junction", f"there are: {meets}"))

    def _meeting(self, street: str, crossing: str, where: str) -> list[Node]:
        ends = self._nodes(self.index.on_street(street, where))
        others = set(self._nodes(self.index.on_street(crossing, where)))
        found = [node for node in ends if node in others]
        if not found:
            what = f"'{street}' and '{crossing}' don't meet on the map"
            met = sorted({name for edge in self.index.on_street(street, where) for name in self.index.met_at(edge)})
            raise PlaceError(Problem(where, what, f"'{street}' meets {', '.join(met[:_LISTED]) or 'no named street'}"))
        return found

    def _nodes(self, edges: Iterable[Edge]) -> list[Node]:
        return list(dict.fromkeys(node for edge in edges for node in (edge.getFromNode(), edge.getToNode())))

    def _inside(self, stretch: Stretch, where: str) -> list[Edge]:
        if stretch.polygon is None:
            raise ValueError("a stretch without a polygon")
        shape = polygons_in(stretch.polygon, where)
        middles = [self.index.net.convertXY2LonLat(*_middle(edge)) for edge in self.index.edges]
        inside = shapely.contains_xy(shape, [lon for lon, _ in middles], [lat for _, lat in middles])
        found = [edge for edge, within in zip(self.index.edges, inside, strict=True) if within]
        if not found:
            raise PlaceError(
                Problem(f"{where}: {stretch.polygon}", "holds no road of the map", "check its coordinates")
            )
        return found

    def _along(self, stretch: Stretch, where: str) -> list[Edge]:
        """Return the way along a street from one place to another, in the direction of travel."""
        street = str(stretch.street)
        edges = self.index.on_street(street, where)
        starts = self._place(edges, stretch.start, street, f"{where}.from")
        ends = self._place(edges, stretch.end, street, f"{where}.to")
        ways = _Ways(edges)
        if stretch.start is not None and stretch.end is not None:
            found = [way for start in starts for end in ends if (way := ways.between(start, end))]
        else:
            found = self._to_the_end(ways, starts, ends, stretch, where)
        if not found:
            what = f"no way along '{street}' from {_said(stretch.start)} to {_said(stretch.end)}"
            remedy = "swap 'from' and 'to', or name places between which the street runs without a gap"
            raise PlaceError(Problem(where, what, remedy, Mend.STRETCH))
        return min(found, key=_length_m) if stretch.start and stretch.end else max(found, key=_length_m)

    def _to_the_end(
        self, ways: _Ways, starts: Sequence[Node], ends: Sequence[Node], stretch: Stretch, where: str
    ) -> list[list[Edge]]:
        """Return the ways that fit when one or both ends are left out: to where the street ends."""
        found = [way for start in starts for end in ends if (way := ways.between(start, end))]
        if stretch.towards is not None:
            found = [way for way in found if _heads_overall(way, stretch.towards)]
        if stretch.towards is None and found:
            longest = max(found, key=_length_m)
            same = stretch.start is not None
            rivals = [way for way in found if not _shares_end(way, longest, at_start=same)]
            if rivals:
                what = f"'{stretch.street}' goes on in several directions there"
                raise PlaceError(Problem(where, what, "add 'towards'", Mend.DIRECTION))
        return found

    def _place(self, edges: Sequence[Edge], place: str | Point | None, street: str, where: str) -> list[Node]:
        nodes = self._nodes(edges)
        if place is None:
            return nodes
        if isinstance(place, str):
            return self._meeting(street, place, where)
        spot = self.index.net.convertLonLat2XY(place.lon, place.lat)
        near = sorted(nodes, key=lambda node: _distance_m(node, spot))
        fitting = [node for node in near if _distance_m(node, spot) <= POINT_RANGE_M]
        if not fitting:
            away_m = _distance_m(near[0], spot)
            what = f"no junction of '{street}' within {POINT_RANGE_M:g} m; the nearest is {away_m:.0f} m away"
            lon, lat = self.index.net.convertXY2LonLat(*near[0].getCoord())
            remedy = f"the nearest junction is {{lat: {lat:.5f}, lon: {lon:.5f}}}"
            raise PlaceError(Problem(where, what, remedy, Mend.STRETCH))
        return fitting


@dataclass(frozen=True)
class _Ways:
    """Directed ways along a set of edges."""

    edges: Sequence[Edge]

    @cached_property
    def after(self) -> dict[Node, list[Edge]]:
        found: dict[Node, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.getFromNode(), []).append(edge)
        return found

    def between(self, start: Node, end: Node) -> list[Edge] | None:
        """Return the way with the fewest edges that never turns back, or None."""
        if start is end:
            return None
        came: dict[Node, Edge] = {}
        ahead = deque([start])
        while ahead:
            node = ahead.popleft()
            if node is end:
                return _back(came, start, end)
            for edge in self.after.get(node, []):
                before = came.get(node)
                if edge.getToNode() not in came and edge.getToNode() is not start and _goes_on(before, edge):
                    came[edge.getToNode()] = edge
                    ahead.append(edge.getToNode())
        return None


def _goes_on(before: Edge | None, edge: Edge) -> bool:
    return before is None or before.getFromNode() is not edge.getToNode()


def _back(came: dict[Node, Edge], start: Node, end: Node) -> list[Edge]:
    way: list[Edge] = []
    here = end
    while here is not start:
        way.append(came[here])
        here = came[here].getFromNode()
    return way[::-1]


def _chain(edges: Sequence[Edge]) -> list[Edge] | None:
    """Return edges in driving order when they are one way, else None."""
    ways = _Ways(edges)
    firsts = [edge for edge in edges if not any(other.getToNode() is edge.getFromNode() for other in edges)]
    lasts = [edge for edge in edges if not any(other.getFromNode() is edge.getToNode() for other in edges)]
    if len(firsts) != 1 or len(lasts) != 1:
        return None
    way = ways.between(firsts[0].getFromNode(), lasts[0].getToNode())
    return way if way is not None and len(way) == len(edges) else None


def _heads_overall(way: Sequence[Edge], towards: Compass) -> bool:
    start, end = np.array(way[0].getShape()[0][:2]), np.array(way[-1].getShape()[-1][:2])
    bearing = float(np.degrees(np.arctan2(*(end - start))) % 360.0)
    return angle_between_deg(bearing, COMPASS[towards]) <= TOWARDS_TOLERANCE_DEG


def _shares_end(way: Sequence[Edge], longest: Sequence[Edge], *, at_start: bool) -> bool:
    """Return whether a way is a part of the longest one: it begins (or ends) with the same edge."""
    return way[0] is longest[0] if at_start else way[-1] is longest[-1]


def _length_m(way: Sequence[Edge]) -> float:
    return float(sum(edge.getLength() for edge in way))


def _middle(edge: Edge) -> tuple[float, float]:
    spot = centre_line(edge).interpolate(0.5, normalized=True)
    return spot.x, spot.y


def _distance_m(node: Node, spot: Sequence[float]) -> float:
    x, y = node.getCoord()[:2]
    return float(np.hypot(x - spot[0], y - spot[1]))


def _leads_away(edge: Edge, node: Node, heading: Compass) -> bool:
    """Return whether a road leads away from a junction in a direction, whichever way its traffic goes."""
    if edge.getFromNode() is node:
        return leaves(edge, heading)
    return angle_between_deg(end_bearing_deg(edge) + 180.0, COMPASS[heading]) <= TOWARDS_TOLERANCE_DEG


def _neighbours(node: Node) -> set[str]:
    around = [edge.getFromNode() for edge in node.getIncoming()] + [edge.getToNode() for edge in node.getOutgoing()]
    return {other.getID() for other in around}


def _said(place: str | Point | None) -> str:
    if place is None:
        return "its end"
    return f"'{place}'" if isinstance(place, str) else f"{{lat: {place.lat}, lon: {place.lon}}}"


def polygons_in(file: Path, where: str) -> shapely.Geometry:
    """Return the union of a file's polygons (WGS 84).

    Raises
    ------
    DataError
        The file isn't polygons with a usable coordinate reference system.
    """
    return make_valid_polygons(read_polygons(file, f"{where}.polygon").geometry).union_all()
