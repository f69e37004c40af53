"""Zones: polygons with household counts, and what is left of them on the map and in the area that is ordered out.

The map's area is the box that the OSM file declares, or, where it declares none, the convex hull of its streets and
100 m (the depth of lots) around it. The ordered area is the scenario's `area`, or, where it gives none, the zones as
far as the map's area reaches; a zone without a street there is outside.

A zone that lies inside counts in full (`whole`). One that is cut gives its share by dwellings (`dwellings`), else by
the length of residential streets (`frontage`), where the map knows all of the zone; else by area (`area`), because off
the map neither its dwellings nor its streets are known (given points are). Counts may be fractional (interpolated by
census tools); after clipping they are rounded so that their total is exact (largest remainder).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac.apportion import round_keeping_total
from evac.errors import DataError, Problem
from evac.households.geometry import make_valid_polygons, read_counts, read_vector
from evac.schema.sources import Area, Zones

LOT_DEPTH_M = 100.0
"""Around the hull of the streets: lots behind the outermost street are still on the map. No source, our choice; on
Paradise it moves the households by under 1 %."""

BORDER_TOLERANCE = 0.001
"""A zone with less than this share of its area on one side of a border lies on the other: borders are drawn roughly."""

MAX_OFF_MAP = 0.1
"""Share of the ordered area that may lie off the map: river banks, slopes. Beyond it, part of the area has no roads."""

MIN_PART_M2 = 10_000.0
"""A separate part of the ordered area needs a road when it is larger than this (one hectare)."""


def read_zones(settings: Zones) -> gpd.GeoDataFrame:
    """Read the zones.

    Returns
    -------
    geopandas.GeoDataFrame
        `zone` (name), `households_given` (float), `repaired` (the polygon was invalid), `geometry` (WGS 84).

    Raises
    ------
    DataError
        The file isn't polygons with a usable CRS, a column is missing, a name stands twice or a count isn't a number of
        0 or more. All bad counts are in one message.
    """
    path = settings.file
    features = read_polygons(path, "households.zones.file")
    counts = _counts(features, settings)
    names = _names(features, settings)
    invalid = ~features.geometry.is_valid.to_numpy()
    frame = {"zone": names, "households_given": counts, "repaired": invalid}
    return gpd.GeoDataFrame(frame, geometry=make_valid_polygons(features.geometry), crs=features.crs)


def read_area(settings: Area) -> shapely.Geometry:
    """Return the union of the area's polygons in WGS 84."""
    features = read_polygons(settings.file, "area.file")
    return make_valid_polygons(features.geometry).union_all()


def read_polygons(path: Path, key: str) -> gpd.GeoDataFrame:
    """Return the polygons of a file in WGS 84, and refuse a file of anything else."""
    features = read_vector(path, key)
    others = features.geom_type[~features.geom_type.isin(["Polygon", "MultiPolygon"])]
    if len(others):
        what = f"expected polygons, feature {others.index[0] + 1} is a {others.iloc[0]}"
        raise DataError(Problem(str(path), what, f"give polygons as '{key}'"))
    return features


def _column(features: gpd.GeoDataFrame, name: str, path: Path, key: str) -> pd.Series:
    columns = [str(column) for column in features.columns if column != "geometry"]
    if name in columns:
        column: pd.Series = features[name]
        return column
    lower = {column.lower(): column for column in columns}
    near = [lower[found] for found in get_close_matches(name.lower(), lower, n=3)]
    remedy = f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has {', '.join(map(repr, columns))}"
    raise DataError(Problem(f"{path} ('{key}')", f"has no column {name!r}", remedy))


def _counts(features: gpd.GeoDataFrame, settings: Zones) -> np.ndarray:
    given = _column(features, settings.count, settings.file, "households.zones.count")
    return read_counts(given, str(settings.file), settings.count) / (settings.people_per_household or 1.0)


def _names(features: gpd.GeoDataFrame, settings: Zones) -> list[str]:
    if settings.name is None:
        return [str(number + 1) for number in range(len(features))]
    return read_names(features, settings.name, settings.file, "households.zones.name")


def read_names(features: gpd.GeoDataFrame, name: str, path: Path, key: str) -> list[str]:
    """Return the zones' names, and refuse a column that is missing, has gaps, or has a name twice."""
    column = _column(features, name, path, key)
    where = f"{path}, column '{name}'"
    if column.isna().any():
        raise DataError(Problem(where, f"feature {int(np.argmax(column.isna())) + 1} has no name", "name every zone"))
    names = column.astype(str)
    twice = sorted(set(names[names.duplicated()]))
    if twice:
        listed = ", ".join(map(repr, twice[:5]))
        raise DataError(
            Problem(where, f"{listed} stands twice", "use a column whose values differ, or merge the zones")
        )
    return names.tolist()


def map_area(streets: gpd.GeoDataFrame, info: Mapping[str, Any]) -> shapely.Geometry:
    """Return the area that the map covers, in the CRS of `streets` (metres): see the module's first lines."""
    source = info["source"]
    boxes = source.get("declared_boxes") or [box for box in [source["declared_bounds"]] if box]
    if boxes:
        declared = shapely.union_all([shapely.box(*box).segmentize(0.01) for box in boxes])
        return gpd.GeoSeries([declared], crs="EPSG:4326").to_crs(streets.crs).iloc[0]
    corners = shapely.MultiPoint(shapely.get_coordinates(streets.geometry))
    return corners.convex_hull.buffer(LOT_DEPTH_M)


def check_area_has_roads(
    area: shapely.Geometry, on_map: shapely.Geometry, streets: gpd.GeoDataFrame, path: Path
) -> None:
    """Refuse an ordered area of which a separate part has no road, or more than 10 % lies off the map (metres).

    Raises
    ------
    DataError
        Part of the area has no roads.
    """
    parts = [part for part in shapely.get_parts(area) if part.area > MIN_PART_M2]
    tree = shapely.STRtree(streets.geometry.values)
    empty = [part for part in parts if len(tree.query(part, predicate="intersects")) == 0]
    off_map = 1.0 - area.intersection(on_map).area / area.area
    remedy = "give an OSM file that covers it all, or draw the area as far as the map goes"
    if off_map > MAX_OFF_MAP:
        raise DataError(
            Problem(str(path), f"{off_map:.0%} of the area lies off the map and has no roads there", remedy)
        )
    if empty:
        spot = gpd.GeoSeries([empty[0].representative_point()], crs=streets.crs).to_crs(4326).iloc[0]
        what = f"{len(empty)} of {len(parts)} parts of the area has no roads, one at lat {spot.y:.5f}, lon {spot.x:.5f}"
        raise DataError(Problem(str(path), what, remedy))


def clip_zones(
    zones: gpd.GeoDataFrame,
    area: shapely.Geometry | None,
    on_map: shapely.Geometry,
    streets: gpd.GeoDataFrame,
    *,
    measures: Mapping[str, Sequence[gpd.GeoDataFrame]],
    path: Path,
) -> gpd.GeoDataFrame:
    """Clip zones to the ordered area and share out the households of those that are cut.

    Parameters
    ----------
    zones
        As from `read_zones`, in metres, like everything here.
    area
        The ordered area; None for all of the map.
    on_map
        The area that the map covers.
    streets
        The streets that a car may leave from.
    measures
        By value of `clipped_by`, in the order of preference: layers of points or lines with `measure` (weight, or
        metres) and `known_everywhere` (also off the map).
    path
        The zones file, for messages.

    Returns
    -------
    geopandas.GeoDataFrame
        The zones with `households` (int), `clipped_by` (`whole`, `dwellings`, `frontage`, `area`, `outside`) and
        `inside_share`; `geometry` is the part inside (of a zone outside: all of it).

    Raises
    ------
    DataError
        No zone overlaps the area.
    """
    inside = zones.geometry.intersection(on_map if area is None else area)
    share = (inside.area / zones.area).fillna(0.0).to_numpy(copy=True)
    known = zones.geometry.intersection(on_map).area / zones.area > 1.0 - BORDER_TOLERANCE
    share[share < BORDER_TOLERANCE] = 0.0
    if area is None:
        share[~_has_street(inside, streets)] = 0.0
    if not share.any():
        raise DataError(_none_overlaps(zones, on_map, path, given_area=area is not None))
    clipped_by = np.select([share == 0.0, share > 1.0 - BORDER_TOLERANCE], ["outside", "whole"], "area").astype(object)
    share[clipped_by == "whole"] = 1.0
    for index in np.flatnonzero(clipped_by == "area"):
        found = _share_by(measures, zones.geometry.iloc[index], inside.iloc[index], on_map_all=bool(known.iloc[index]))
        if found is not None:
            clipped_by[index], share[index] = found
    return zones.assign(
        households=round_keeping_total(zones["households_given"].to_numpy() * share),
        clipped_by=clipped_by.astype(str),
        inside_share=share,
        geometry=inside.where(clipped_by != "outside", zones.geometry),
    )


def _has_street(shapes: gpd.GeoSeries, streets: gpd.GeoDataFrame) -> np.ndarray:
    found = np.zeros(len(shapes), dtype=bool)
    found[shapely.STRtree(streets.geometry.values).query(shapes.values, predicate="intersects")[0]] = True
    return found


def _share_by(
    measures: Mapping[str, Sequence[gpd.GeoDataFrame]],
    zone: shapely.Geometry,
    inside: shapely.Geometry,
    *,
    on_map_all: bool,
) -> tuple[str, float] | None:
    """Return the first measure that is known in all of the zone and isn't zero there, and the share inside."""
    for name, things in ((name, layer) for name, layers in measures.items() for layer in layers):
        usable = things if on_map_all else things[things["known_everywhere"]]
        near = usable.iloc[usable.sindex.query(zone, predicate="intersects")]
        total = _measure_in(near, zone)
        if total > 0.0:
            return name, _measure_in(near, inside) / total
    return None


def _measure_in(things: gpd.GeoDataFrame, shape: shapely.Geometry) -> float:
    """Return the weight of the points in a shape, or the length of the lines in it (m)."""
    if things.empty:
        return 0.0
    if (things.geom_type == "Point").all():
        return float(things.loc[things.intersects(shape), "measure"].sum())
    return float(things.intersection(shape).length.sum())


def _none_overlaps(zones: gpd.GeoDataFrame, on_map: shapely.Geometry, path: Path, *, given_area: bool) -> Problem:
    bounds = gpd.GeoSeries([on_map], crs=zones.crs).to_crs(4326).total_bounds
    zone_bounds = zones.to_crs(4326).total_bounds
    what = (
        f"no zone overlaps {'the ordered area' if given_area else 'the road map'}: the zones reach from "
        f"{_spot(zone_bounds[:2])} to {_spot(zone_bounds[2:])}, "
        f"the road map from {_spot(bounds[:2])} to {_spot(bounds[2:])}"
    )
    if shapely.box(*zone_bounds[[1, 0, 3, 2]]).intersects(shapely.box(*bounds)):
        return Problem(str(path), what, "latitude and longitude are swapped: in EPSG:4326 the longitude comes first")
    return Problem(str(path), what, "give zones and an OSM file of the same place")


def _spot(point: np.ndarray) -> str:
    return f"lat {point[1]:.4f}, lon {point[0]:.4f}"
