"""Which roads lie inside a town: for those without a speed limit on the map.

The law goes by signs, or by the houses along a road: California Vehicle Code 515 asks for 16 dwellings on both sides
within a quarter of a mile, which is 8 in 200 m. Here a point on a road is built-up when 8 or more of these lie within
100 m of it, or when land use says so: buildings, and points every 25 m along other streets, which stand for the
buildings where none are mapped. A road is in town when more than half of it is. Residential and living streets are
in town by definition.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from evac.osm.buildings import Settlement
from evac.projection import utm_of

_STEP_M = 25.0
_NEAR_M = 100.0
_ENOUGH = 8
_OWN = round(2 * _NEAR_M / _STEP_M)  # points of the road itself within reach
_OPEN_COUNTRY = ("motorway", "trunk")  # these don't make a town
_STREETS_IN_TOWN = ("residential", "living_street")


def lies_in_town(ways: gpd.GeoDataFrame, settlement: Settlement) -> np.ndarray:
    """Return, for each way, whether more than half of it lies in a built-up area.

    Parameters
    ----------
    ways
        Columns `highway`, `oneway` and `geometry` (LineString, WGS 84).
    settlement
        Buildings and land use of the same map.

    Returns
    -------
    numpy.ndarray
        Booleans, one a way.
    """
    crs = utm_of(ways)
    lines = ways.geometry.to_crs(crs).to_numpy()
    points, owners = _along(lines)
    marks, own = _marks(ways, lines, settlement, crs)
    built_up = _has_neighbours(points, marks, own[owners]) | _on_built_up_land(points, settlement.built_up.to_crs(crs))
    share = np.bincount(owners, weights=built_up, minlength=len(lines)) / np.bincount(owners, minlength=len(lines))
    by_definition = ways["highway"].isin(_STREETS_IN_TOWN).to_numpy()
    return np.asarray((share > 0.5) | by_definition)  # noqa: PLR2004  more than half of it


def _along(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points every 25 m along lines, as an (n, 2) array, and the index of the line of each."""
    lengths = shapely.length(lines)
    counts = np.maximum(1, np.ceil(lengths / _STEP_M)).astype(int)
    owners = np.repeat(np.arange(len(lines)), counts)
    steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    at = (steps + 0.5) / counts[owners]
    return shapely.get_coordinates(shapely.line_interpolate_point(lines[owners], at, normalized=True)), owners


def _marks(
    ways: gpd.GeoDataFrame, lines: np.ndarray, settlement: Settlement, crs: object
) -> tuple[np.ndarray, np.ndarray]:
    """Return the points that make a place a town, and how many of them are a way's own within reach.

    The two carriageways of a divided road aren't each other's town: one-way roads don't count.
    """
    counts = ~(ways["highway"].str.removesuffix("_link").isin(_OPEN_COUNTRY) | ways["oneway"]).to_numpy()
    buildings = shapely.get_coordinates(settlement.buildings.to_crs(crs).to_numpy())
    streets = _along(lines[counts])[0] if counts.any() else np.empty((0, 2))
    return np.concatenate([streets, buildings]), np.where(counts, _OWN, 0)


def _has_neighbours(points: np.ndarray, marks: np.ndarray, own: np.ndarray) -> np.ndarray:
    if not len(marks):
        return np.zeros(len(points), dtype=bool)
    from scipy.spatial import KDTree  # noqa: PLC0415  takes a third of a second, and a cached map needs none

    near = KDTree(marks).query_ball_point(points, _NEAR_M, return_length=True)
    return np.asarray(near >= own + _ENOUGH)


def _on_built_up_land(points: np.ndarray, land: gpd.GeoSeries) -> np.ndarray:
    inside = np.zeros(len(points), dtype=bool)
    if len(land):
        inside[shapely.STRtree(land.to_numpy()).query(shapely.points(points), predicate="within")[0]] = True
    return inside
