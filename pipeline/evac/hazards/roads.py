"""The roads of a net as points: where it is asked whether the hazard has arrived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from sumolib.net import Net

from evac.hazards.patches import MOST, patches
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

    @cached_property
    def _first(self) -> NDArray[np.int64]:
        """Position of each edge's first point, and the number of points: those of an edge stand together."""
        return np.searchsorted(self.edge, np.arange(len(self.edges) + 1))

    def patches(self) -> Iterator[NDArray[np.int64]]:
        """Give the positions in `edges` of edges that lie together, so many at a time."""
        points_an_edge = max(-(-len(self.edge) // max(len(self.edges), 1)), 1)
        first = self._first[:-1]
        yield from patches(self.lon[first], self.lat[first], max(MOST // points_an_edge, 1))

    def on(self, edges: NDArray[np.int64]) -> tuple[NDArray[np.int64], RoadPoints]:
        """Return the positions of the points of some edges, and these edges with their points."""
        points = np.concatenate([np.arange(self._first[edge], self._first[edge + 1]) for edge in edges])
        owner = np.repeat(np.arange(len(edges)), np.diff(self._first)[edges])
        return points, RoadPoints(tuple(self.edges[edge] for edge in edges), owner, self.lon[points], self.lat[points])

    def most_on_each(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the greatest of the values at each edge's points; values are by time (rows) and point (columns)."""
        return np.asarray(np.maximum.reduceat(values, self._first[:-1], axis=1))

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
