"""From where one gets on: the nodes outside from which the map's edge, or a far larger network, is reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evac.network.exits.graph import Mask, RoadWeb
from evac.network.exits.map_edge import CutOff, MapEdge, cut_off

_FAR_LARGER = 10.0
"""A road network outside is far larger than what lies inside from so many times its length on. Our choice: a dead-end
valley behind a hamlet may well be three times as large."""

LEAST_NETWORK_M = 50_000.0
"""But it has at least this much road (m): a town of some 5,000 people. Our choice."""


@dataclass(frozen=True)
class Lead:
    """What leads on outside of an area.

    Parameters
    ----------
    outside
        The arcs that don't touch the area.
    cut
        Where the map is cut.
    on
        Nodes from which one gets on.
    reached
        Nodes that one comes to from the area.
    """

    outside: Mask
    cut: CutOff
    on: Mask
    reached: Mask

    @property
    def ends(self) -> Mask:
        """Return the nodes at which the map cuts roads that go on, for certain or presumably."""
        return self.cut.certain | self.cut.presumed


def leading(roads: RoadWeb, edge: MapEdge) -> Lead:
    """Return what leads on outside of the area of some roads."""
    outside = ~(roads.inside[roads.start] | roads.inside[roads.end] | roads.at_times[roads.way])
    cut = cut_off(roads, edge)
    seeds = (cut.certain | cut.presumed) & roads.on_road
    on = roads.behind(seeds | far_larger(roads, outside), outside)
    first = np.zeros(roads.count, dtype=bool)
    first[roads.end[roads.inside[roads.start]]] = True
    reached = roads.ahead(first | (roads.inside & roads.on_road), outside)
    return Lead(outside, cut, on, reached)


def far_larger(roads: RoadWeb, outside: Mask, share: float = 1.0) -> Mask:
    """Return the nodes of road networks far larger than what lies inside of the area, or of a share of such a one."""
    inside_m = roads.road_m(roads.inside[roads.start] & roads.inside[roads.end])
    least_m = share * max(LEAST_NETWORK_M, _FAR_LARGER * inside_m)
    if roads.road_m(outside) < least_m:
        return np.zeros(roads.count, dtype=bool)
    piece = roads.pieces(outside, strong=True)
    within = outside & (piece[roads.start] == piece[roads.end])
    length_m = np.bincount(piece[roads.start[within]], roads.length_m[within], minlength=piece.max() + 1)
    found: Mask = (length_m / 2.0 >= least_m)[piece]  # two-way roads have an arc each way
    return found
