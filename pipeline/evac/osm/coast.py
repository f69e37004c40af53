"""The sea of a map, from its coastline.

OpenStreetMap has no area for the sea: ways with `natural=coastline` run along the shore with the land on their left and
the water on their right (https://wiki.openstreetmap.org/wiki/Tag:natural%3Dcoastline). They cut what a map shows into
land and water. Where a file ends, its coastline does: it is drawn on, as it runs, to the edge of a frame around it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

_MARGIN_DEG = 0.25
"""The frame lies so far (degrees, some 20 km) around the map: zones reach out to sea as far. Our choice."""

_RUN_DEG = 0.01
"""The direction in which a coastline leaves the file is that of its last kilometre."""

_SIDE_DEG = 1e-7
"""What lies a centimetre beside a coastline is land or water."""

_MOST_ASHORE = 0.02
"""Water with more of the map's buildings and roads than this isn't any: its coastline isn't whole. Our choice."""


def sea_of(coastlines: Sequence[NDArray[np.float64]], ashore: NDArray[np.float64]) -> list[shapely.Polygon]:
    """Return the sea around a map.

    Parameters
    ----------
    coastlines
        The places of each coastline's nodes in the order of the file (longitude, latitude; degrees).
    ashore
        Where the map has buildings and roads (longitude, latitude).
    """
    lines = [line for line in coastlines if len(line) > 1]
    if not lines:
        return []
    corners = np.concatenate([*lines, ashore.reshape(-1, 2)])
    frame = shapely.box(*(corners.min(axis=0) - _MARGIN_DEG), *(corners.max(axis=0) + _MARGIN_DEG))
    merged = shapely.line_merge(shapely.multilinestrings([shapely.linestrings(line) for line in lines]), directed=True)
    shores = [_drawn_on(shapely.get_coordinates(part), frame) for part in shapely.get_parts(merged)]
    cuts = shapely.union_all([frame.boundary, *(shapely.linestrings(shore) for shore in shores)])
    parts = shapely.get_parts(shapely.polygonize(shapely.get_parts(cuts)))
    wet = _wetness(parts, shores)
    built = np.zeros(len(parts))
    if len(ashore):
        inside = shapely.STRtree(parts).query(shapely.points(ashore), predicate="within")[1]
        built = np.bincount(inside, minlength=len(parts)) / len(ashore)
    return [part for part, wet_m, share in zip(parts, wet, built, strict=True) if wet_m > 0 and share <= _MOST_ASHORE]


def _drawn_on(shore: NDArray[np.float64], frame: shapely.Polygon) -> NDArray[np.float64]:
    """Return a coastline with both of its ends drawn on to the frame; one that is closed is an island's."""
    if np.array_equal(shore[0], shore[-1]):
        return shore
    before, after = _beyond(shore[::-1], frame), _beyond(shore, frame)
    return np.concatenate([before[None], shore, after[None]])


def _beyond(shore: NDArray[np.float64], frame: shapely.Polygon) -> NDArray[np.float64]:
    """Return the place out of the frame that a coastline heads for at its end."""
    away = np.hypot(*(shore - shore[-1]).T)
    far = np.flatnonzero(away >= _RUN_DEG)
    back = shore[far[-1]] if len(far) else shore[0]
    heading = shore[-1] - back
    west, south, east, north = frame.bounds
    reach = np.hypot(east - west, north - south)
    place: NDArray[np.float64] = shore[-1] + heading / max(float(np.hypot(*heading)), _SIDE_DEG) * reach
    return place


def _wetness(parts: NDArray[np.object_], shores: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return how much more of the shores has each part of the frame on the right, as water, than on the left."""
    wet = np.zeros(len(parts))
    tree = shapely.STRtree(parts)
    for shore in shores:
        steps = np.diff(shore, axis=0)
        length = np.hypot(*steps.T)
        long = length > 0.0
        middle, steps, length = (shore[:-1] + shore[1:])[long] / 2.0, steps[long], length[long]
        right = np.column_stack([steps[:, 1], -steps[:, 0]]) / length[:, None] * _SIDE_DEG
        for side, sign in ((right, 1.0), (-right, -1.0)):
            at, part = tree.query(shapely.points(middle + side), predicate="within")
            np.add.at(wet, part, sign * length[at])
    return wet
