"""The roads of a net as points: where it is asked whether the hazard has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from sumolib.net import Net

from evac.network.places import centre_line


@dataclass(frozen=True)
class RoadPoints:
    """Points along roads.

    Parameters
    ----------
    edges
        Ids of the edges, in the net's order.
    edge
        For each point, the position of its edge in `edges`.
    lon, lat
        Where the points are (degrees, WGS 84).
    """

    edges: tuple[str, ...]
    edge: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of all points (degrees)."""
        return float(self.lon.min()), float(self.lat.min()), float(self.lon.max()), float(self.lat.max())


def points_along(net: Net, every_m: float) -> RoadPoints:
    """Return points along all edges of a net, their bends and ends among them, at most `every_m` apart."""
    edges = net.getEdges(withInternal=False)
    lines = shapely.segmentize(np.array([centre_line(edge) for edge in edges], dtype=object), every_m)
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    offset = np.array(net.getLocationOffset())
    lon, lat = net.getGeoProj()(*(xy - offset).T, inverse=True)
    return RoadPoints(tuple(edge.getID() for edge in edges), owner, np.asarray(lon), np.asarray(lat))


def junction_points(net: Net, nodes: Sequence[str]) -> RoadPoints:
    """Return where junctions are, as `points_along` does for edges."""
    xy = np.array([net.getNode(node).getCoord()[:2] for node in nodes], dtype=float).reshape(-1, 2)
    lon, lat = net.getGeoProj()(*(xy - np.array(net.getLocationOffset())).T, inverse=True)
    return RoadPoints(tuple(nodes), np.arange(len(nodes)), np.asarray(lon), np.asarray(lat))
