"""Private roads: those of the residents themselves, who drive on them to the public road, and other people's.

A gated community's own streets lead on beyond the area's border, to its gate. What tells them from a ranch road that
begins at the border is how much of the private streets that hang together lies in the area.
"""

from __future__ import annotations

import numpy as np
import shapely

from evac.network.exits.graph import Mask, RoadWeb

_OWN_SHARE = 0.25
"""Private streets of which at least this share of the length lies in the area are its residents' own. Our choice: an
area may hold a part of a community; of a ranch road that begins at the area's border it has a few metres."""


def others_private(roads: RoadWeb) -> Mask:
    """Return which ways are private, and not the residents' own."""
    ways = np.flatnonzero(roads.private)
    if not len(ways):
        return roads.private
    piece = roads.pieces(roads.private[roads.way], strong=False)
    lines = np.array([shapely.LineString(roads.xy[roads.ways[way].nodes]) for way in ways])
    mine = piece[[roads.ways[way].nodes[0] for way in ways]]
    inside_m = np.bincount(mine, _length_inside(lines, roads.area), minlength=piece.max() + 1)
    whole_m = np.bincount(mine, shapely.length(lines), minlength=piece.max() + 1)
    others = np.zeros(len(roads.ways), dtype=bool)
    others[ways] = (inside_m < _OWN_SHARE * whole_m)[mine]
    return others


def _length_inside(lines: np.ndarray, area: shapely.Geometry) -> np.ndarray:
    """Return the length of each line in the area; only those that cross its border are cut, which takes long."""
    shapely.prepare(area)
    reaches = shapely.intersects(area, lines)
    lengths = np.where(reaches, shapely.length(lines), 0.0)
    crossing = np.flatnonzero(reaches & ~shapely.covers(area, lines))
    lengths[crossing] = shapely.length(shapely.intersection(lines[crossing], area))
    return lengths
