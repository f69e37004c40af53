"""Vector files from anywhere, checked; and small helpers for points, lines and their order in space."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS

from evac.errors import DataError, Problem
from evac.files import is_file, why_no_file

WGS84 = "EPSG:4326"
_DEGREES = 361.0  # no coordinates in metres or feet of a real place are all this small, in either direction
_FARTHEST = 1e9  # no coordinate of a place is larger, in metres or feet; PROJ makes a place of it all the same
_EARTH = np.array([180.0, 90.0, 180.0, 90.0])  # largest longitude and latitude
_MARGIN_DEGREES = 5.0  # a CRS is used somewhat beyond its area of use
_LISTED = 10  # wrong values: with more, it is the column that is wrong


def read_vector(path: Path, key: str, layer: str | None = None, *, shapeless: bool = False) -> gpd.GeoDataFrame:
    """Read the features of a file in any format of GDAL/OGR, in WGS 84.

    Parameters
    ----------
    path
        The file.
    key
        The scenario's key that names it, for messages.
    layer
        The layer to read; needed where several have geometry.
    shapeless
        Keep features that have no geometry, or an empty one, as empty polygons; else they are left out.

    Raises
    ------
    DataError
        The file is missing, unreadable or empty, has several layers, no coordinate reference system, or an obviously
        wrong one.
    """
    where = str(path)
    if not is_file(path) and not path.is_dir():  # some formats are folders; a pipe would be waited for
        raise _refusal(where, why_no_file(path), f"check '{key}'; the path is relative to the scenario file")
    try:
        with _quiet():
            features = pyogrio.read_dataframe(path, layer=_layer(path, key, layer))
    except shapely.errors.GEOSException as error:
        raise _broken_shape(path, layer) from error
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
        reason = str(error).split("; It might help", maxsplit=1)[0]  # GDAL's hint is for those who write its options
        raise _refusal(
            where, f"can't be read as vector data ({reason})", "convert it to GeoJSON or GeoPackage"
        ) from error
    if not isinstance(features, gpd.GeoDataFrame):
        raise _refusal(where, "is a table without geometry", "give polygons or points, not a table")
    shapes = features.geometry.to_numpy()
    shaped = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if shapeless:
        features = features.set_geometry(np.where(shaped, shapes, shapely.Polygon()), crs=features.crs)
    else:
        features = features[shaped]
    if not shaped.any():
        raise _refusal(where, "has no features with a geometry", "check the export that made it")
    if features.crs is None:
        raise _refusal(
            where, "has no coordinate reference system", "add the .prj file, or save it as GeoJSON in EPSG:4326"
        )
    return _to_wgs84(features, where)


def _quiet() -> AbstractContextManager[object]:
    """Keep GDAL's warnings, which speak of its own options, from the terminal: what is read is checked here."""
    return warnings.catch_warnings(action="ignore")


def _broken_shape(path: Path, layer: str | None) -> DataError:
    """Name the first feature whose shape GEOS can't make, such as a ring that isn't closed."""
    with _quiet():
        shapes = pyogrio.raw.read(path, layer=layer, columns=[])[2]
    number = next((number for number, shape in enumerate(shapes, start=1) if not _is_shape(shape)), None)
    where = f"{path}, feature {number}" if number else str(path)
    return _refusal(where, "its shape can't be read: is a ring not closed?", "mend it where it was drawn")


def _is_shape(wkb: bytes | None) -> bool:
    try:
        shapely.from_wkb(wkb)
    except shapely.errors.GEOSException:
        return False
    return True


def _layer(path: Path, key: str, wanted: str | None) -> str | None:
    """Return the layer to read: the wanted one, or the only one that has geometry."""
    layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
    if not layers:
        raise _refusal(str(path), "has nothing in it that GDAL can read", "convert it to GeoJSON or GeoPackage")
    names = [name for name, kind in layers if kind is not None] or [name for name, _ in layers]
    listed = ", ".join(map(repr, names))
    if wanted is not None and wanted not in names:
        raise _refusal(str(path), f"has no layer {wanted!r}", f"it has {listed}")
    if wanted is None and len(names) > 1:
        section = key.removesuffix(".file")
        remedy = (
            f"name one: '{section}.layer'" if section != key else "save the layer that you mean as a file of its own"
        )
        raise _refusal(str(path), f"has {len(names)} layers: {listed}", remedy)
    return wanted or names[0]


def _to_wgs84(features: gpd.GeoDataFrame, where: str) -> gpd.GeoDataFrame:
    name = _crs_name(features.crs)
    if features.crs.is_projected and np.abs(features.total_bounds).max() < _DEGREES:
        raise _refusal(
            where,
            f"is labelled {name}, which is in metres or feet, but its coordinates look like degrees",
            "label it EPSG:4326",
        )
    corners, owners = shapely.get_coordinates(features.geometry.values, return_index=True)
    if not np.isfinite(corners).all():
        number = int(owners[~np.isfinite(corners).all(axis=1)][0]) + 1
        raise _refusal(
            f"{where}, feature {number}", "has a coordinate that isn't a number", "mend it where it was drawn"
        )
    degrees = _in_degrees(features) if np.abs(corners).max(initial=0.0) < _FARTHEST else None
    if degrees is None or not _in_area_of_use(features.crs, degrees.total_bounds):
        low, high = features.total_bounds[:2], features.total_bounds[2:]
        raise _refusal(
            where,
            f"is labelled {name}, but its coordinates don't fit: {low[0]:g}, {low[1]:g} to {high[0]:g}, {high[1]:g}",
            "label it with the coordinate reference system that it was made in"
            + ("; in EPSG:4326 the longitude comes first" if features.crs.is_geographic else ""),
        )
    return degrees.reset_index(drop=True)


def _in_degrees(features: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Return features in WGS 84, None when they aren't on the earth then."""
    try:
        degrees = features.set_geometry(shapely.force_2d(features.geometry.values)).to_crs(WGS84)
    except shapely.errors.GEOSException:  # rings with a corner that the projection has no place for
        return None
    bounds = degrees.total_bounds
    return degrees if np.isfinite(bounds).all() and (np.abs(bounds) <= _EARTH).all() else None


def _in_area_of_use(crs: CRS, bounds: np.ndarray) -> bool:
    area = crs.area_of_use
    if area is None or area.west > area.east:
        return True
    return bool(
        shapely.box(area.west, area.south, area.east, area.north)
        .buffer(_MARGIN_DEGREES)
        .intersects(shapely.box(*bounds))
    )


def _crs_name(crs: CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def _refusal(where: str, what: str, remedy: str) -> DataError:
    return DataError(Problem(where, what, remedy))


def read_counts(given: pd.Series, where: str, column: str) -> np.ndarray:
    """Return a column of counts as numbers, and refuse what isn't one: the first ten are listed.

    Raises
    ------
    DataError
        A value isn't a number of 0 or more.
    """
    counts: np.ndarray = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(counts) | (counts < 0.0))
    remedy = "mend the value, or leave the feature out"
    problems = [
        Problem(
            f"{where}, feature {index + 1}, column '{column}'",
            f"found {_shown(given.iloc[index])}, expected a number of households, 0 or more",
            remedy,
        )
        for index in bad[:_LISTED]
    ]
    if len(bad) > _LISTED:
        problems.append(Problem(f"{where}, column '{column}'", f"{len(bad) - _LISTED:,} more such values", remedy))
    if problems:
        raise DataError(problems)
    return counts


def _shown(value: Any) -> str:
    return "no value" if pd.isna(value) else str(value)


def make_valid_polygons(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the polygonal parts of shapes, with self-crossings and the like repaired."""
    repaired = shapes.make_valid()
    mixed = repaired.geom_type == "GeometryCollection"
    repaired[mixed] = [polygons_of(shape) for shape in repaired[mixed]]
    return repaired


def polygons_of(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygonal parts of a shape as one (multi)polygon, which may be empty."""
    return shapely.union_all([part for part in shapely.get_parts(shape) if part.geom_type.endswith("Polygon")])


def along_curve(points: gpd.GeoSeries) -> np.ndarray:
    """Return the positions of points in an order in which neighbours on the ground stand together (Hilbert curve).

    The order depends on where the points are, not on the order in the file.
    """
    if len(points) == 0:
        return np.empty(0, dtype=np.int64)
    distance = points.hilbert_distance().to_numpy()
    return np.lexsort((points.y.to_numpy(), points.x.to_numpy(), distance))
