"""Zones to report by, where households are counted in others: each household belongs to the zone it stands in.

Counts come from census blocks; orders go to a city's evacuation zones. So households are placed by the blocks, and then
named by the zone around their dwelling.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac.errors import DataError, Problem
from evac.households.geometry import make_valid_polygons
from evac.households.zones import read_names, read_polygons
from evac.schema.sources import ReportZones

OUTSIDE = "outside the zones"
"""The zone of households that stand in none."""

_BORDER_M = 25.0  # zones are drawn along streets, so a dwelling at the kerb may lie just outside of them


def read_report_zones(settings: ReportZones) -> gpd.GeoDataFrame:
    """Read the zones to report by.

    Returns
    -------
    geopandas.GeoDataFrame
        `zone` (name), `repaired` (the polygon was invalid) and `geometry` (WGS 84).

    Raises
    ------
    DataError
        The file isn't polygons with a usable CRS, the column is missing, or a name stands twice.
    """
    key = "households.report_zones"
    features = read_polygons(settings.file, f"{key}.file", settings.layer)
    names = read_names(features, settings.name, settings.file, f"{key}.name")
    if OUTSIDE in names:
        raise DataError(Problem(str(settings.file), f"a zone is called '{OUTSIDE}'", "name it otherwise"))
    frame = {"zone": names, "repaired": ~features.geometry.is_valid.to_numpy()}
    return gpd.GeoDataFrame(frame, geometry=make_valid_polygons(features.geometry), crs=features.crs)


def zone_of(points: Sequence[shapely.Point] | np.ndarray, zones: gpd.GeoDataFrame) -> np.ndarray:
    """Return the zone of each point: the first that it lies in, else the nearest within 25 m, else `OUTSIDE`."""
    names = np.full(len(points), OUTSIDE, dtype=object)
    which, found = shapely.STRtree(zones.geometry.to_numpy()).query_nearest(points, max_distance=_BORDER_M)
    order = np.lexsort((found, which))
    which, first = np.unique(which[order], return_index=True)
    names[which] = zones["zone"].to_numpy()[found[order][first]]
    return names


def zones_table(table: pd.DataFrame, zones: gpd.GeoDataFrame, inside: shapely.Geometry) -> gpd.GeoDataFrame:
    """Return a row a zone to report by, with the columns of `Households.zones`.

    Parameters
    ----------
    table
        The households, named by these zones.
    zones
        As from `read_report_zones`, in metres.
    inside
        The counting zones' parts that are ordered to leave, in metres.
    """
    parts = zones.geometry.intersection(inside)
    share = (parts.area / zones.area).fillna(0.0)
    frame = zones.assign(geometry=parts.where(share > 0.0, zones.geometry), inside_share=share)
    frame["clipped_by"] = np.select([share == 0.0, share > 1.0 - 1e-3], ["outside", "whole"], "area").astype(object)
    if (table["zone"] == OUTSIDE).any():
        rest = inside.difference(zones.union_all())
        row = {"zone": OUTSIDE, "geometry": rest, "inside_share": 1.0, "clipped_by": "whole", "repaired": False}
        frame = pd.concat([frame, gpd.GeoDataFrame([row], crs=zones.crs)], ignore_index=True)
    counts = frame["zone"].map(table["zone"].value_counts()).fillna(0).astype(np.int64)
    return frame.assign(households=counts, households_given=counts.astype(np.float64))
