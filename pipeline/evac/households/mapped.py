"""How much of a zone's dwellings the map has.

Buildings are mapped street by street, and in many towns not yet. A zone of which only a corner is mapped would crowd
all its households there; so they are spread along its streets instead.

On the map of Liechtenstein of 2013 the share of residential streets with a dwelling within 60 m is 0.79 to 1.00 in
Balzers' five zones, which were mapped house by house, and 0.07 to 0.50 in nine of the other communes.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from evac.households.homes import frontage

ENOUGH = 0.5
"""Share of a zone's residential streets below which the map lacks dwellings."""
_CROWDED = 2.0  # households a dwelling: more than that on a street of houses is a sign that houses are missing
_BESIDE_M = 60.0  # a lot's depth and half the street
_STEP_M = 25.0  # about the width of a lot


def with_mapping(zones: gpd.GeoDataFrame, dwellings: gpd.GeoDataFrame, streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return zones with what the map has of their dwellings.

    Parameters
    ----------
    zones, dwellings, streets
        Polygons, points, and lines as from `StreetMap.streets`, all in metres.

    Returns
    -------
    geopandas.GeoDataFrame
        The zones and `mapped_share` (of its residential streets those with a dwelling within 60 m, 0 to 1; not a
        number without such streets), `residential_m` (their length), `dwellings` (how many lie in it).
    """
    homes = shapely.STRtree(dwellings.geometry.to_numpy())
    lines = frontage(streets, residential=True).geometry.to_numpy()
    stations = np.concatenate([_stations(line) for line in lines]) if len(lines) else np.empty(0, dtype=object)
    beside = np.zeros(len(stations))
    beside[homes.query(stations, "dwithin", _BESIDE_M)[0]] = 1.0
    shapes, count = zones.geometry.to_numpy(), len(zones)
    zone, station = shapely.STRtree(stations).query(shapes, "intersects")
    found = np.bincount(zone, minlength=count)
    with np.errstate(invalid="ignore"):
        share = np.bincount(zone, weights=beside[station], minlength=count) / found
    inside = np.bincount(homes.query(shapes, "intersects")[0], minlength=count)
    return zones.assign(mapped_share=share, residential_m=found * _STEP_M, dwellings=inside)


def lacks_dwellings(zones: gpd.GeoDataFrame) -> np.ndarray:
    """Return whether each zone's households would crowd on a few dwellings, for want of others on the map (bool).

    They would where less than half of its residential streets have dwellings beside them, and there are more than two
    households for each. Either alone is no sign: a farm lane is long, a tower block is full.
    """
    crowded = zones["households"] > _CROWDED * zones["dwellings"]
    found: np.ndarray = (crowded & (zones["mapped_share"] < ENOUGH)).to_numpy()
    return found


def _stations(line: shapely.LineString) -> np.ndarray:
    """Return points along a line, one in the middle of each 25 m or so."""
    count = max(1, round(line.length / _STEP_M))
    points: np.ndarray = shapely.line_interpolate_point(line, (np.arange(count) + 0.5) * line.length / count)
    return points
