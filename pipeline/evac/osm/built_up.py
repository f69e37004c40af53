"""Which roads lie inside a town: for those without a speed limit on the map.

Laws define a built-up area by its signs or by the houses along it (California Vehicle Code 515: 16 dwellings within a
quarter of a mile on both sides, one every 25 m). Here a point on a road is built-up when four or more of these lie
within 100 m: buildings, and points every 25 m along residential streets; or when land use says so. A road is in town
when more than half of it is. Residential and living streets are in town by definition.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import KDTree

from evac.osm.buildings import Settlement

_STEP_M = 25.0
_NEAR_M = 100.0
_ENOUGH = 4
_STREETS_IN_TOWN = ("residential", "living_street")


def in_town(ways: gpd.GeoDataFrame, settlement: Settlement) -> np.ndarray:
    """Return, for each way, whether more than half of it lies in a built-up area.

    Parameters
    ----------
    ways
        Columns `highway` and `geometry` (LineString, WGS 84).
    settlement
        Buildings and land use of the same map.

    Returns
    -------
    numpy.ndarray
        Booleans, one a way.
    """
    crs = ways.estimate_utm_crs()
    lines = ways.geometry.to_crs(crs).to_numpy()
    points, owners = _along(lines)
    built_up = _has_neighbours(points, _marks(ways, lines, settlement, crs)) | _on_built_up_land(
        points, settlement.built_up.to_crs(crs)
    )
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


def _marks(ways: gpd.GeoDataFrame, lines: np.ndarray, settlement: Settlement, crs: object) -> np.ndarray:
    streets = lines[ways["highway"].isin(_STREETS_IN_TOWN).to_numpy()]
    buildings = shapely.get_coordinates(settlement.buildings.to_crs(crs).to_numpy())
    return np.concatenate([_along(streets)[0], buildings]) if len(streets) else buildings


def _has_neighbours(points: np.ndarray, marks: np.ndarray) -> np.ndarray:
    if not len(marks):
        return np.zeros(len(points), dtype=bool)
    distances, _ = KDTree(marks).query(points, k=_ENOUGH, distance_upper_bound=_NEAR_M)
    return np.asarray(np.isfinite(distances[:, -1]))


def _on_built_up_land(points: np.ndarray, land: gpd.GeoSeries) -> np.ndarray:
    inside = np.zeros(len(points), dtype=bool)
    if len(land):
        inside[shapely.STRtree(land.to_numpy()).query(shapely.points(points), predicate="within")[0]] = True
    return inside
