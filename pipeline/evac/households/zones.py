"""Zones as they are given: polygons with household counts, read and checked (`clipping` says what is left of them)."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac.errors import DataError, Problem
from evac.households.geometry import make_valid_polygons, polygons_of, read_counts, read_vector
from evac.schema.sources import Area, Zones

_MOST_HOUSEHOLDS = 10_000_000
"""More households than this in all aren't a place that is evacuated, but another column: the largest cities of the
world have about that many."""

_MOST_PER_KM2 = 100_000
"""More households on a square kilometre of zone are another column, too: the densest districts of the world have about
50,000 (Mong Kok: 130,000 people per km²)."""

_DENSE_HOUSEHOLDS = 1_000  # a zone with fewer may be a single tower on its own ground


def read_zones(settings: Zones) -> gpd.GeoDataFrame:
    """Read the zones, in an order that depends on where they are and not on their order in the file.

    Returns
    -------
    geopandas.GeoDataFrame
        `zone` (name), `households_given` (float), `repaired` (the polygon was invalid), `geometry` (WGS 84; empty where
        the file has none).

    Raises
    ------
    DataError
        The file isn't polygons with a usable CRS, a column is missing, a name stands twice, a count isn't a number of 0
        or more (all bad counts are in one message), or the counts are all 0 or too high to be households.
    """
    path = settings.file
    features = read_polygons(path, "households.zones.file", settings.layer, shapeless=True)
    counts = _counts(features, settings)
    names = _names(features, settings)
    invalid = ~features.geometry.is_valid.to_numpy()
    frame = {"zone": names, "households_given": counts, "repaired": invalid}
    zones = gpd.GeoDataFrame(frame, geometry=make_valid_polygons(features.geometry), crs=features.crs)
    check_totals(zones, f"{path}, column '{settings.count}'")
    zones = _in_order(zones)
    return zones if settings.name else zones.assign(zone=[str(number) for number in range(1, len(zones) + 1)])


def check_totals(
    zones: gpd.GeoDataFrame,
    where: str,
    remedy: str = "name the column with the number of households as 'households.zones.count'",
) -> None:
    """Refuse counts that can't be households, before anything is made of them.

    Parameters
    ----------
    zones
        Columns `zone`, `households_given` and `geometry` (WGS 84).
    where, remedy
        For the message: what has the counts, and what to try.

    Raises
    ------
    DataError
        They are all 0, too many in all, or too many for a zone's ground.
    """
    counts, total = zones["households_given"].to_numpy(), float(zones["households_given"].sum())
    if total == 0.0:
        raise DataError(Problem(where, f"is 0 in all {len(zones)} zones, so nobody is to leave", remedy))
    if total > _MOST_HOUSEHOLDS:
        what = f"adds up to {total:,.0f} households; more than {_MOST_HOUSEHOLDS:,} can't be"
        raise DataError(Problem(where, what, remedy))
    crowded = zones[(counts > _DENSE_HOUSEHOLDS) & ~zones.is_empty]
    km2 = crowded.to_crs("EPSG:6933").area.to_numpy() / 1e6  # an equal-area projection of the world
    density = crowded["households_given"].to_numpy() / np.maximum(km2, 1e-9)
    if (density > _MOST_PER_KM2).any():
        worst = int(np.argmax(density))
        what = (
            f"has {crowded['households_given'].iloc[worst]:,.0f} of {total:,.0f} households in zone "
            f"'{crowded['zone'].iloc[worst]}' of {km2[worst]:.3g} km²; more than {_MOST_PER_KM2:,} per km² can't be"
        )
        raise DataError(Problem(where, what, remedy))


def _in_order(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return zones in an order of their content: along a curve through them, equal places by size, count and name."""
    shaped, empty = zones[~zones.is_empty], zones[zones.is_empty].sort_values("zone")
    shaped = shaped.iloc[
        np.lexsort((shaped["zone"], shaped["households_given"], shapely.area(shaped.geometry.to_numpy())))
    ]
    distance = shaped.geometry.hilbert_distance() if len(shaped) else []
    ordered = shaped.iloc[np.argsort(np.asarray(distance), kind="stable")]
    return gpd.GeoDataFrame(pd.concat([ordered, empty], ignore_index=True), crs=zones.crs)


def read_area(settings: Area) -> shapely.Geometry:
    """Return the union of the area's polygons in WGS 84."""
    features = read_polygons(settings.file, "area.file", settings.layer)
    return make_valid_polygons(features.geometry).union_all()


def read_polygons(path: Path, key: str, layer: str | None = None, *, shapeless: bool = False) -> gpd.GeoDataFrame:
    """Return the polygons of a file in WGS 84, those in collections too, and refuse a file of anything else.

    The parameters are those of `geometry.read_vector`.
    """
    features = read_vector(path, key, layer, shapeless=shapeless)
    mixed = (features.geom_type == "GeometryCollection").to_numpy()
    polygons = [polygons_of(shape) for shape in features.geometry[mixed]]
    if polygons and not any(shape.is_empty for shape in polygons):
        features.loc[mixed, features.geometry.name] = gpd.GeoSeries(
            polygons, index=features.index[mixed], crs=features.crs
        )
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
