"""Where a vehicle stops beside a point that a person gave: the street there, in the direction that suits it best."""

from __future__ import annotations

import numpy as np
import shapely
import sumolib
from numpy.typing import NDArray

from evac.demand.starts import fitting_position_m
from evac.errors import PlaceError, Problem
from evac.network.reach import RoadGraph
from evac.schema.places import Point

_BESIDE_M = 100.0  # farther from a street than this nobody gets out of the car
_OTHER_SIDE_M = 15.0  # the other roadway of the same street


class Kerbs:
    """The streets of a net beside which a vehicle may stop.

    Parameters
    ----------
    net
        The net.
    graph
        Its graph.
    cost_s
        Of each edge of the graph, what the way over it takes; infinite where none leads over it.
    """

    def __init__(self, net: sumolib.net.Net, graph: RoadGraph, cost_s: NDArray[np.float64]) -> None:
        self._net = net
        self._cost_s = {
            edge: cost_s for edge, cost_s in zip(graph.edges, cost_s.tolist(), strict=True) if np.isfinite(cost_s)
        }
        self._edges = list(self._cost_s)
        self._lines = np.array([shapely.LineString(net.getEdge(edge).getShape()) for edge in self._edges], dtype=object)

    def beside(self, point: Point, where: str) -> tuple[str, float]:
        """Return the edge beside a point, in the direction with the quicker way, and the position on it (m).

        Raises
        ------
        PlaceError
            There is no such street near it; `where` says in the message whose point it is.
        """
        spot = shapely.Point(self._net.convertLonLat2XY(point.lon, point.lat))
        away_m = shapely.distance(self._lines, spot)
        if not len(away_m) or away_m.min() > _BESIDE_M:
            what = f"no street with a way to an exit within {_BESIDE_M:g} m of {point.lat:.5f}, {point.lon:.5f}"
            raise PlaceError(Problem(where, what, "give a point on a street"))
        near = np.flatnonzero(away_m <= away_m.min() + _OTHER_SIDE_M)
        best = min(near, key=lambda number: self._cost_s[self._edges[number]])
        share = float(shapely.line_locate_point(self._lines[best], spot, normalized=True))
        length_m = self._net.getEdge(self._edges[best]).getLength()
        return self._edges[best], float(fitting_position_m(share * length_m, length_m))
