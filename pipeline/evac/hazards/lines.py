"""Trigger lines: where the front is at a given minute, as lines on the map."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely
from contourpy import contour_generator

from evac.hazards.fronts import Front

_CELLS = 250
"""Cells along the longer side of the map: 40 m where that is 10 km long."""
_BEYOND = 0.2
"""How far beyond the roads it is asked, as a share of their extent: an order is given before the front is there."""


def front_lines(
    front: Front, bounds: tuple[float, float, float, float], minutes: Sequence[float], pace: float = 1.0
) -> gpd.GeoDataFrame:
    """Return where a front is at some minutes after the order.

    Parameters
    ----------
    front
        The front.
    bounds
        West, south, east and north of the roads (degrees).
    minutes
        Minutes after the order.
    pace
        Times as a multiple of the given ones.

    Returns
    -------
    geopandas.GeoDataFrame
        A row a minute: `minute`, `geometry` (lines, WGS 84; empty where the front is nowhere near then).
    """
    west, south, east, north = bounds
    wide, high = (east - west) * _BEYOND, (north - south) * _BEYOND
    longer = max((east - west) * np.cos(np.radians((south + north) / 2.0)), north - south)
    step = longer * (1.0 + 2.0 * _BEYOND) / _CELLS
    lat = np.arange(south - high, north + high, step)
    lon = np.arange(west - wide, east + wide, step / np.cos(np.radians((south + north) / 2.0)))
    at_lon, at_lat = (part.ravel() for part in np.meshgrid(lon, lat))
    minute = pace * front.at_s(at_lon, at_lat).reshape(len(lat), len(lon)) / 60.0
    lines = contour_generator(lon, lat, np.ma.masked_invalid(minute))
    shapes = [
        shapely.MultiLineString([line for line in lines.lines(at) if len(line) > 1]) for at in map(float, minutes)
    ]
    return gpd.GeoDataFrame({"minute": list(minutes)}, geometry=shapes, crs="EPSG:4326")
