"""Where the households of each zone are: on its dwellings, else along its residential streets.

What serves a zone, the first that it has: the given points (kind `points`, or `auto` with a file), residential
buildings (`buildings`, `auto`), address points (`addresses`, `auto`); then, for every kind, the frontage of its
residential streets, the frontage of any street that a car may leave from, and, in a zone without streets, a point inside
it. Households are shared out in proportion to the weights of dwellings; where there are fewer households than dwellings,
every second or third along a space-filling curve gets one. Along streets they stand at equal distances.
"""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac.apportion import share_in_turn
from evac.errors import DataError, Problem
from evac.geometry import along_curve, read_vector
from evac.schema.sources import Dwellings

RESIDENTIAL = ("residential", "living_street")
"""Streets whose purpose is to reach homes (https://wiki.openstreetmap.org/wiki/Key:highway)."""

_KINDS = {"auto": ("building", "address"), "buildings": ("building",), "addresses": ("address",)}
_COLUMNS = ["placed_on", "measure", "known_everywhere", "street", "geometry"]


def dwelling_layers(settings: Dwellings, mapped: gpd.GeoDataFrame) -> list[gpd.GeoDataFrame]:
    """Return the layers of dwellings in the order of preference, in the CRS of `mapped`.

    Parameters
    ----------
    settings
        Which dwellings are to be used.
    mapped
        Residential buildings and address points of the map.

    Returns
    -------
    list of geopandas.GeoDataFrame
        Each with `placed_on` (`point`, `building`, `address`), `measure` (weight), `known_everywhere` (also off the map),
        `street` (may be null) and `geometry` (Point); none is empty.

    Raises
    ------
    DataError
        The file of dwellings can't be used.
    """
    layers = []
    if settings.file is not None and settings.kind in {"auto", "points"}:
        layers.append(_given_points(settings).to_crs(mapped.crs))
    for kind in _KINDS.get(settings.kind, ()):
        rows = mapped[mapped["kind"] == kind]
        layers.append(rows.assign(placed_on=kind, measure=rows["weight"], known_everywhere=False)[_COLUMNS])
    return [layer.reset_index(drop=True) for layer in layers if len(layer)]


def _given_points(settings: Dwellings) -> gpd.GeoDataFrame:
    path = settings.file
    if path is None:
        raise ValueError("no file of dwellings")
    features = read_vector(path, "households.dwellings.file")
    weights = np.ones(len(features))
    if settings.households is not None:
        weights = _weights(features, settings.households, str(path))
    points = features.geometry.where(features.geom_type == "Point", features.geometry.representative_point())
    frame = {"placed_on": "point", "measure": weights, "known_everywhere": True, "street": None}
    return gpd.GeoDataFrame(frame, geometry=points, crs=features.crs)[_COLUMNS]


def _weights(features: gpd.GeoDataFrame, column: str, where: str) -> np.ndarray:
    if column not in features.columns:
        listed = ", ".join(repr(str(name)) for name in features.columns if name != "geometry")
        raise DataError(
            Problem(f"{where} ('households.dwellings.households')", f"has no column {column!r}", f"it has {listed}")
        )
    weights = pd.to_numeric(features[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(weights) | (weights < 0.0))
    if len(bad):
        raise DataError(
            Problem(
                f"{where}, feature {index + 1}, column '{column}'",
                f"found {features[column].iloc[index]}, expected a number of households, 0 or more",
                "mend the value, or leave the feature out",
            )
            for index in bad
        )
    return weights


def frontage(streets: gpd.GeoDataFrame, *, residential: bool) -> gpd.GeoDataFrame:
    """Return the streets that a car may leave from as lines with `measure` (m): the residential ones, or all."""
    usable = streets[streets["may_leave"]]
    if residential:
        usable = usable[usable["highway"].isin(RESIDENTIAL)]
    columns = ["way_id", "measure", "known_everywhere", "geometry"]
    return usable.assign(measure=usable.length, known_everywhere=False)[columns].reset_index(drop=True)


def settle(zones: gpd.GeoDataFrame, layers: list[gpd.GeoDataFrame], streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give every household of the clipped zones a place.

    Parameters
    ----------
    zones
        As from `zones.clip_zones`, in metres.
    layers
        Dwellings, from `dwelling_layers`.
    streets
        The streets of the map, in metres.

    Returns
    -------
    geopandas.GeoDataFrame
        A row a household: `zone`, `placed_on` (`point`, `building`, `address`, `frontage`, `zone`), `street` (addressed, or
        null), `way_id` (of the street that a household along a street stands on, else null), `geometry` (Point).
    """
    lines = [frontage(streets, residential=True), frontage(streets, residential=False)]
    lived_in = zones[zones["households"] > 0]
    rows = [
        _settle_zone(shape, int(count), layers, lines).assign(zone=name)
        for name, count, shape in zip(lived_in["zone"], lived_in["households"], lived_in.geometry, strict=True)
    ]
    columns = ["zone", "placed_on", "street", "way_id", "geometry"]
    if not rows:
        return gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=zones.crs)
    placed = {column: np.concatenate([row[column].to_numpy(dtype=object) for row in rows]) for column in columns}
    return gpd.GeoDataFrame(placed, geometry="geometry", crs=zones.crs).astype({"way_id": "Int64"})


def _settle_zone(
    shape: shapely.Geometry, count: int, layers: list[gpd.GeoDataFrame], lines: list[gpd.GeoDataFrame]
) -> gpd.GeoDataFrame:
    crs = lines[0].crs
    for homes in _inside(layers, shape):
        if homes["measure"].sum() > 0.0:
            return _on_dwellings(homes, count)
    for streets in _inside(lines, shape):
        parts = _clipped_lines(streets, shape)
        if parts.length.sum() > 0.0:
            return _along_streets(parts, count)
    place = [shape.representative_point()] * count
    return gpd.GeoDataFrame({"placed_on": "zone", "street": None, "way_id": None}, geometry=place, crs=crs)


def _inside(layers: list[gpd.GeoDataFrame], shape: shapely.Geometry) -> Iterator[gpd.GeoDataFrame]:
    for layer in layers:
        yield layer.iloc[np.sort(layer.sindex.query(shape, predicate="intersects"))]


def _on_dwellings(homes: gpd.GeoDataFrame, count: int) -> gpd.GeoDataFrame:
    ordered = homes.iloc[along_curve(homes.geometry)]
    shares = share_in_turn(ordered["measure"].to_numpy(), count)
    rows = ordered.iloc[np.repeat(np.arange(len(ordered)), shares)]
    return rows[["placed_on", "street", "geometry"]].assign(way_id=None)


def _clipped_lines(streets: gpd.GeoDataFrame, shape: shapely.Geometry) -> gpd.GeoDataFrame:
    clipped = streets.assign(geometry=streets.intersection(shape)).explode(index_parts=False)
    parts = clipped[clipped.geom_type == "LineString"].sort_values("way_id", kind="stable")
    return parts.iloc[along_curve(parts.interpolate(0.5, normalized=True))]


def _along_streets(parts: gpd.GeoDataFrame, count: int) -> gpd.GeoDataFrame:
    """Return points at equal distances along the parts, put end to end; the first half a distance in."""
    ends = np.cumsum(parts.length.to_numpy())
    stations = (np.arange(count) + 0.5) * ends[-1] / count
    on = np.minimum(np.searchsorted(ends, stations, side="right"), len(ends) - 1)
    offsets = stations - (ends - parts.length.to_numpy())[on]
    points = shapely.line_interpolate_point(parts.geometry.to_numpy()[on], offsets)
    frame = {"placed_on": "frontage", "street": None, "way_id": parts["way_id"].to_numpy()[on]}
    return gpd.GeoDataFrame(frame, geometry=points, crs=parts.crs)
