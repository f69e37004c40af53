"""The plane in which metres are measured: the zone of the Universal Transverse Mercator grid that a place lies in.

GeoPandas finds the same zone by searching PROJ's database, which takes a twentieth of a second each time.
"""

from __future__ import annotations

from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer

_NORTH, _SOUTH = 32_600, 32_700  # EPSG codes of WGS 84 / UTM zones 1N to 60N and 1S to 60S begin after these
_ZONES, _ZONE_DEG = 60, 6.0


def utm_of(shapes: gpd.GeoSeries | gpd.GeoDataFrame) -> CRS:
    """Return the zone of the middle of some shapes' bounds; not empty, in any coordinate reference system."""
    west, south, east, north = shapes.total_bounds
    if not shapes.crs.is_geographic:
        to_degrees = Transformer.from_crs(shapes.crs, "EPSG:4326", always_xy=True)
        west, south, east, north = to_degrees.transform_bounds(west, south, east, north)
    return _zone((west + east) / 2.0, (south + north) / 2.0)


def line_through(spots: np.ndarray) -> shapely.Geometry:
    """Return one line through points; shape (points, 2).

    It has the hulls of the points; as a geometry of points each would be an object, in twenty times the memory.
    """
    return shapely.linestrings(spots) if len(spots) > 1 else shapely.multipoints(spots)


def _zone(lon: float, lat: float) -> CRS:
    number = int(np.floor((lon + 180.0) / _ZONE_DEG)) % _ZONES + 1
    return _known((_NORTH if lat >= 0.0 else _SOUTH) + number)


@lru_cache(maxsize=4)
def _known(code: int) -> CRS:
    return CRS.from_epsg(code)


def grown(area: shapely.Geometry, metres: float) -> shapely.Geometry:
    """Return an area and all that is within a distance of it (WGS 84)."""
    ground = gpd.GeoSeries([area], crs="EPSG:4326")
    crs = utm_of(ground)
    return ground.to_crs(crs).buffer(metres).to_crs("EPSG:4326").iloc[0]
