"""Where the households of each zone are: on its dwellings, else along its residential streets.

What serves a zone, the first that it has: the given points (kind `points`, or `auto` with a file), residential
buildings (`buildings`, `auto`), address points (`addresses`, `auto`), with `auto` unless the map lacks most of them
(`mapped`); then, for every kind, the frontage of its residential streets, the frontage of any street that a car may
leave from, and, in a zone without streets, a point inside it. Households are shared out in proportion to the weights
of dwellings; where there are fewer households than dwellings, every second or third along a space-filling curve gets
one. Along streets they stand at equal distances.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac.apportion import share_in_turn
from evac.errors import DataError, Problem
from evac.households.geometry import along_curve, read_counts, read_vector
from evac.schema.sources import Dwellings

_RESIDENTIAL = ("residential", "living_street")
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
        Each with `placed_on` (`point`, `building`, `address`), `measure` (weight), `known_everywhere` (also off the
        map), `street` (may be null) and `geometry` (Point); none is empty.

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
    features = read_vector(path, "households.dwellings.file", settings.layer)
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
    return read_counts(features[column], where, column)


def frontage(streets: gpd.GeoDataFrame, *, residential: bool) -> gpd.GeoDataFrame:
    """Return the streets that a car may leave from as lines with `measure` (m): the residential ones, or all."""
    usable = streets[streets["may_leave"]]
    if residential:
        usable = usable[usable["highway"].isin(_RESIDENTIAL)]
    columns = ["way_id", "measure", "known_everywhere", "geometry"]
    return usable.assign(measure=usable.length, known_everywhere=False)[columns].reset_index(drop=True)


def settle(
    zones: gpd.GeoDataFrame, layers: list[gpd.GeoDataFrame], streets: gpd.GeoDataFrame, on_dwellings: np.ndarray
) -> gpd.GeoDataFrame:
    """Give every household of the clipped zones a place.

    Parameters
    ----------
    zones
        As from `zones.clip_zones`, in metres.
    layers
        Dwellings, from `dwelling_layers`.
    streets
        The streets of the map, in metres.
    on_dwellings
        Whether each zone may use the map's dwellings (bool); given points are used anyway.

    Returns
    -------
    geopandas.GeoDataFrame
        A row a household: `zone`, `placed_on` (`point`, `building`, `address`, `frontage`, `zone`), `street`
        (addressed, or null), `way_id` (of the street that a household along a street stands on, else null), `geometry`
        (Point).
    """
    given = [_Homes.of(layer) for layer in layers if layer["known_everywhere"].all()]
    mapped = [_Homes.of(layer) for layer in layers if not layer["known_everywhere"].all()]
    lines = [_Lines.of(frontage(streets, residential=True)), _Lines.of(frontage(streets, residential=False))]
    counts = zones["households"].to_numpy()
    places = [
        _settle_zone(shape, int(count), [*given, *mapped] if trusted else given, lines)
        for shape, count, trusted in zip(zones.geometry, counts, on_dwellings, strict=True)
    ]
    points = np.concatenate([place.points for place in places])
    columns = {
        "zone": np.repeat(zones["zone"].to_numpy(dtype=object), counts),
        "placed_on": np.repeat([place.placed_on for place in places], counts),
        "street": np.concatenate([place.streets for place in places]),
        "way_id": pd.array(np.concatenate([place.way_ids for place in places]), dtype="Int64"),
    }
    return gpd.GeoDataFrame(columns, geometry=points, crs=zones.crs)


@dataclass(frozen=True)
class _Places:
    """The places of a zone's households; `streets` and `way_ids` hold None where there is none."""

    placed_on: str
    points: np.ndarray
    streets: np.ndarray
    way_ids: np.ndarray


@dataclass(frozen=True)
class _Homes:
    """A layer of dwellings as arrays along the space-filling curve, with their spatial index."""

    placed_on: str
    weights: np.ndarray
    points: np.ndarray
    streets: np.ndarray
    tree: shapely.STRtree

    @classmethod
    def of(cls, layer: gpd.GeoDataFrame) -> _Homes:
        layer = layer.iloc[along_curve(layer.geometry)]
        points, streets = layer.geometry.to_numpy(), layer["street"].astype(object)
        streets = streets.where(streets.notna(), None).to_numpy()
        return cls(layer["placed_on"].iloc[0], layer["measure"].to_numpy(), points, streets, shapely.STRtree(points))


@dataclass(frozen=True)
class _Lines:
    """Streets as arrays along the space-filling curve, with their spatial index."""

    way_ids: np.ndarray
    lines: np.ndarray
    tree: shapely.STRtree

    @classmethod
    def of(cls, streets: gpd.GeoDataFrame) -> _Lines:
        streets = streets.iloc[along_curve(streets.interpolate(0.5, normalized=True))]
        lines = streets.geometry.to_numpy()
        return cls(streets["way_id"].to_numpy(dtype=np.int64), lines, shapely.STRtree(lines))


def _settle_zone(shape: shapely.Geometry, count: int, layers: list[_Homes], lines: list[_Lines]) -> _Places:
    nobody = np.full(count, None, dtype=object)
    for homes in layers if count else ():
        found = np.sort(homes.tree.query(shape, predicate="intersects"))
        if homes.weights[found].sum() > 0.0:
            chosen = np.repeat(found, share_in_turn(homes.weights[found], count))
            return _Places(homes.placed_on, homes.points[chosen], homes.streets[chosen], nobody)
    for streets in lines if count else ():
        parts, way_ids = _clipped_lines(streets, shape)
        if len(parts):
            points, on = _along(parts, count)
            return _Places("frontage", points, nobody, way_ids[on])
    return _Places("zone", np.full(count, shape.representative_point()), nobody, nobody)


def _clipped_lines(streets: _Lines, shape: shapely.Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of the streets in a shape and the ways that they are of."""
    found = np.sort(streets.tree.query(shape, predicate="intersects"))
    parts, of = shapely.get_parts(shapely.intersection(streets.lines[found], shape), return_index=True)
    long = shapely.length(parts) > 0.0
    return parts[long], streets.way_ids[found][of[long]].astype(object)


def _along(parts: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points at equal distances along the parts, from half a distance in, and the part of each."""
    lengths = shapely.length(parts)
    ends = np.cumsum(lengths)
    stations = (np.arange(count) + 0.5) * ends[-1] / count
    on = np.minimum(np.searchsorted(ends, stations, side="right"), len(ends) - 1)
    return shapely.line_interpolate_point(parts[on], stations - (ends - lengths)[on]), on
