"""The network of a place as tables for a map: its roads by direction of travel, and its junctions."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import geopandas as gpd
import shapely
from sumolib.net import Net
from sumolib.net.edge import Edge
from sumolib.net.node import Node

from evac.network import Network
from evac.network.places import compass_point, end_bearing_deg, start_bearing_deg

_KPH = 3.6
_CAR = "passenger"
_WGS84 = "EPSG:4326"
_FEWEST_ARMS = 3
"""Roads that meet at a junction: where two do, one goes on."""


def roads_of(net: Net, network: Network) -> gpd.GeoDataFrame:
    """Return the roads for cars, a row a direction of travel between two junctions (EPSG:4326).

    Columns `edge`, `street` (empty where it has no name), `highway`, `way_ids`, `lanes` (for cars), `lanes_guessed`,
    `speed_kph`, `length_m`, `towards` (compass, where it ends), and the line in the direction of travel.
    """
    about = network.edges().set_index("edge")
    edges = [edge for edge in net.getEdges(withInternal=False) if edge.allows(_CAR)]
    known = about.loc[[edge.getID() for edge in edges]]
    columns = {
        "edge": [edge.getID() for edge in edges],
        "street": [edge.getName() or "" for edge in edges],
        "highway": known["highway"].tolist(),
        "way_ids": [[int(way) for way in ways] for ways in known["way_ids"]],
        "lanes": [_lanes(edge) for edge in edges],
        "lanes_guessed": known["lanes_guessed"].tolist(),
        "speed_kph": [round(edge.getSpeed() * _KPH, 1) for edge in edges],
        "length_m": [edge.getLength() for edge in edges],
        "towards": [compass_point(end_bearing_deg(edge)) for edge in edges],
    }
    lines = [shapely.LineString([net.convertXY2LonLat(x, y) for x, y, *_ in edge.getShape()]) for edge in edges]
    return gpd.GeoDataFrame(columns, geometry=lines, crs=_WGS84)


def junctions_of(net: Net) -> gpd.GeoDataFrame:
    """Return the junctions where at least three roads for cars meet, or a signal stands (EPSG:4326).

    Columns `streets` (names of those that meet), `signal` (whether one stands there), `arriving` and `leaving` (the
    arms that traffic comes from and goes into: `street`, empty where it has no name, and `towards`, the compass point
    that it heads for there), and points.
    """
    nodes = [node for node in net.getNodes() if _has_signal(node) or len(_arms(node)) >= _FEWEST_ARMS]
    names = [sorted({edge.getName() for edge in (*node.getIncoming(), *node.getOutgoing())} - {""}) for node in nodes]
    points = [shapely.Point(net.convertXY2LonLat(*node.getCoord())) for node in nodes]
    columns = {
        "streets": names,
        "signal": [_has_signal(node) for node in nodes],
        "arriving": [_headings(node.getIncoming(), end_bearing_deg) for node in nodes],
        "leaving": [_headings(node.getOutgoing(), start_bearing_deg) for node in nodes],
    }
    return gpd.GeoDataFrame(columns, geometry=points, crs=_WGS84)


def _lanes(edge: Edge) -> int:
    return sum(lane.allows(_CAR) for lane in edge.getLanes())


def _arms(node: Node) -> set[str]:
    """Return the other ends of the roads for cars that meet at a junction."""
    coming = {edge.getFromNode().getID() for edge in node.getIncoming() if edge.allows(_CAR)}
    return coming | {edge.getToNode().getID() for edge in node.getOutgoing() if edge.allows(_CAR)}


def _headings(edges: Iterable[Edge], bearing_deg: Callable[[Edge], float]) -> list[dict[str, str]]:
    """Return where traffic heads on roads for cars, each street and direction once."""
    usable = [edge for edge in edges if edge.allows(_CAR)]
    found = {(edge.getName() or "", str(compass_point(bearing_deg(edge)))) for edge in usable}
    return [{"street": street, "towards": towards} for street, towards in sorted(found)]


def _has_signal(node: Node) -> bool:
    return bool(node.getType().startswith("traffic_light"))
