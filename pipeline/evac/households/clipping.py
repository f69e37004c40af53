"""What is left of the zones on the map and in the area that is ordered out, and why the rest isn't.

The map's area is the box that the OSM file declares, or, where it declares none, the convex hull of its roads and
buildings and 100 m (the depth of lots) around it. The ordered area is the scenario's `area`, or, where it gives none,
the zones as far as the map's area reaches; a zone without a street there is lost.

A zone that lies inside counts in full (`whole`). Of one that is cut those households are inside whose homes are: by
dwellings (`dwellings`), else by the length of residential streets (`frontage`), else by land area (`area`). Off the
map neither dwellings nor streets are known (given points are). So a zone that reaches beyond it has as many households
on the map as its land area has there, but no fewer than the map has dwelling units: a block group that reaches far out
to sea has all of its homes ashore. Counts may be fractional (interpolated by census tools); after clipping they are
rounded so that their total is exact (largest remainder).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from evac.apportion import round_keeping_total
from evac.errors import DataError, Problem
from evac.households.accounting import LOSSES

LOT_DEPTH_M = 100.0
"""Around the hull of the streets: lots behind the outermost street are still on the map. No source, our choice; on
Paradise it moves the households by under 1 %."""

BORDER_TOLERANCE = 0.001
"""A zone with less than this share of its area on one side of a border lies on the other: borders are drawn roughly."""

MAX_OFF_MAP = 0.1
"""Share of the ordered area that may lie off the map: river banks, slopes. Beyond it, part of the area has no roads."""

_MIN_PART_M2 = 10_000.0
"""A separate part of the ordered area needs a road when it is larger than this (one hectare)."""

_UNKNOWN_EDGE = 0.8
"""A zone with homes and at least this share of its land on the map is all on it, if the map doesn't say what it covers:
the hull of its roads and buildings is narrower than what was cut out. No source, our choice."""

_AFLOAT = 0.99  # a part of a zone with more water than this has no ground to live on


def declared_boxes(info: Mapping[str, Any]) -> list[Sequence[float]]:
    """Return the boxes (west, south, east, north in degrees) that the OSM file says it covers; none if it doesn't."""
    source = info["source"]
    return source.get("declared_boxes") or [box for box in [source["declared_bounds"]] if box]


def map_area(streets: gpd.GeoDataFrame, info: Mapping[str, Any]) -> shapely.Geometry:
    """Return the area that the map covers, in the CRS of `streets` (metres): see the module's first lines."""
    boxes, hull = declared_boxes(info), info["source"].get("hull")
    if boxes:
        declared = shapely.union_all([shapely.box(*box).segmentize(0.01) for box in boxes])
        return gpd.GeoSeries([declared], crs="EPSG:4326").to_crs(streets.crs).iloc[0]
    corners = shapely.get_coordinates(streets.geometry)
    if hull:
        known = gpd.GeoSeries(shapely.points(hull), crs="EPSG:4326").to_crs(streets.crs)
        corners = np.concatenate([corners, shapely.get_coordinates(known.to_numpy())])
    return shapely.MultiPoint(corners).convex_hull.buffer(LOT_DEPTH_M)


def check_area_has_roads(
    area: shapely.Geometry, on_map: shapely.Geometry, streets: gpd.GeoDataFrame, path: Path
) -> None:
    """Refuse an ordered area of which a separate part has no road, or more than 10 % lies off the map (metres).

    Raises
    ------
    DataError
        Part of the area has no roads.
    """
    parts = [part for part in shapely.get_parts(area) if part.area > _MIN_PART_M2]
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
        what = (
            f"{len(empty)} of {len(parts)} parts of the area have no roads, one at lat {spot.y:.5f}, lon {spot.x:.5f}"
        )
        raise DataError(Problem(str(path), what, remedy))


@dataclass(frozen=True)
class Ground:
    """What zones are clipped to, in metres.

    Parameters
    ----------
    on_map
        The area that the map covers.
    area
        The ordered area; None for all of the map.
    water
        Where nobody lives.
    declared
        The file says what it covers; else `on_map` is a guess.
    """

    on_map: shapely.Geometry
    area: shapely.Geometry | None = None
    water: shapely.Geometry = shapely.Polygon()  # noqa: RUF009  geometries don't change
    declared: bool = True

    def on_map_share(self, zone: shapely.Geometry) -> float:
        """Return the share of a zone's land that is on the map; 1 where it's nearly all."""
        share = _part(self.land_m2(zone.intersection(self.on_map)), self.land_m2(zone))
        return 1.0 if share > 1.0 - BORDER_TOLERANCE else share

    @property
    def inside(self) -> shapely.Geometry:
        """The area whose households are planned."""
        return self.on_map if self.area is None else self.area

    def land_m2(self, shape: shapely.Geometry) -> float:
        """Return the area of a shape without the water in it (m²)."""
        return float(shape.area - shape.intersection(self.water).area)


def clip_zones(
    zones: gpd.GeoDataFrame,
    ground: Ground,
    streets: gpd.GeoDataFrame,
    *,
    measures: Mapping[str, Sequence[gpd.GeoDataFrame]],
    path: Path,
) -> gpd.GeoDataFrame:
    """Clip zones to the ordered area and share out the households of those that are cut.

    Parameters
    ----------
    zones
        As from `zones.read_zones`, in metres, like everything here.
    ground
        The map, the ordered area, and water.
    streets
        The streets that a car may leave from.
    measures
        By value of `clipped_by`, in the order of preference: layers of points or lines with `measure` (dwelling units,
        or metres) and `known_everywhere` (also off the map).
    path
        The zones file, for messages.

    Returns
    -------
    geopandas.GeoDataFrame
        The zones with `households` (int), `clipped_by` (`whole`, `dwellings`, `frontage`, `area`, `outside`),
        `inside_share`, a column each of `accounting.LOSSES` (households, float), and `geometry`: the part inside (of a
        zone outside: all of it).

    Raises
    ------
    DataError
        No zone overlaps the area.
    """
    inside = zones.geometry.intersection(ground.inside)
    clipped_by, share = _shares(zones, inside, ground, measures)
    afloat = np.array([_part(ground.land_m2(shape), shape.area) < 1.0 - _AFLOAT for shape in inside])
    bare = ~_has_street(inside, streets) & (afloat | (ground.area is None))
    within = share.copy()
    share[bare], clipped_by[bare] = 0.0, "outside"
    if not share.any():
        raise DataError(_none_overlaps(zones, ground, path))
    given = zones["households_given"].to_numpy(dtype=np.float64)
    here, beyond = _reasons(zones, ground, afloat)
    nowhere, outside = given * (within - share), given * (1.0 - within)
    return zones.assign(
        households=round_keeping_total(given * share),
        clipped_by=clipped_by.astype(str),
        inside_share=share,
        **{loss: np.where(here == loss, nowhere, 0.0) + np.where(beyond == loss, outside, 0.0) for loss in LOSSES},
        geometry=inside.where(clipped_by != "outside", zones.geometry),
    )


def _shares(
    zones: gpd.GeoDataFrame,
    inside: gpd.GeoSeries,
    ground: Ground,
    measures: Mapping[str, Sequence[gpd.GeoDataFrame]],
) -> tuple[np.ndarray, np.ndarray]:
    """Return, by zone, what its share inside goes by, and that share."""
    by_area = (inside.area / zones.area).fillna(0.0).to_numpy(copy=True)
    clipped_by = np.select([by_area < BORDER_TOLERANCE, by_area > 1.0 - BORDER_TOLERANCE], ["outside", "whole"], "area")
    clipped_by = clipped_by.astype(object)
    share = np.where(clipped_by == "whole", 1.0, 0.0)
    for index in np.flatnonzero((clipped_by == "area") | ((clipped_by == "outside") & (by_area > 0.0))):
        zone = zones.geometry.iloc[index], inside.iloc[index], float(zones["households_given"].iloc[index])
        found, part = _share_of(*zone, ground, measures)
        if clipped_by[index] == "area" or (found == "dwellings" and part > BORDER_TOLERANCE):
            clipped_by[index], share[index] = found, part
    return clipped_by, share


def _share_of(
    zone: shapely.Geometry,
    inside: shapely.Geometry,
    households: float,
    ground: Ground,
    measures: Mapping[str, Sequence[gpd.GeoDataFrame]],
) -> tuple[str, float]:
    """Return the first measure that isn't zero in a zone, and the share of its households that lives inside."""
    mapped = ground.on_map_share(zone)
    for name, things in ((name, layer) for name, layers in measures.items() for layer in layers):
        near = things.iloc[things.sindex.query(zone, predicate="intersects")]
        total = _measure_in(near, zone)
        if total <= 0.0:
            continue
        part = _measure_in(near, inside) / total
        if name == "dwellings" and mapped >= _UNKNOWN_EDGE and not ground.declared:
            mapped = 1.0
        if mapped == 1.0 or things["known_everywhere"].all():
            return name, part
        ashore = max(mapped, min(1.0, _part(total, households))) if name == "dwellings" else mapped
        beyond = zone.difference(ground.on_map)
        beyond_inside = 0.0 if ground.area is None else _part(beyond.intersection(ground.area).area, beyond.area)
        return name if ashore > mapped or part < 1.0 else "area", ashore * part + (1.0 - ashore) * beyond_inside
    if ground.area is None:
        return "area", mapped
    return "area", _part(ground.land_m2(inside), ground.land_m2(zone))


def _part(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 0.0


def _measure_in(things: gpd.GeoDataFrame, shape: shapely.Geometry) -> float:
    """Return the weight of the points in a shape, or the length of the lines in it (m)."""
    if things.empty:
        return 0.0
    if (things.geom_type == "Point").all():
        return float(things.loc[things.intersects(shape), "measure"].sum())
    return float(things.intersection(shape).length.sum())


def _has_street(shapes: gpd.GeoSeries, streets: gpd.GeoDataFrame) -> np.ndarray:
    found = np.zeros(len(shapes), dtype=bool)
    found[shapely.STRtree(streets.geometry.values).query(shapes.values, predicate="intersects")[0]] = True
    return found


def _reasons(zones: gpd.GeoDataFrame, ground: Ground, afloat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, by zone, why its households inside aren't planned, and why those outside (`accounting.LOSSES`)."""
    here = np.where(afloat, "over_water", "no_street")
    beyond = np.where(zones.is_empty, "no_geometry", "off_map" if ground.area is None else "outside_area")
    return here, beyond


def _none_overlaps(zones: gpd.GeoDataFrame, ground: Ground, path: Path) -> Problem:
    if zones.is_empty.all():
        return Problem(str(path), "no zone has a polygon with an area", "check the export that made it")
    bounds = gpd.GeoSeries([ground.on_map], crs=zones.crs).to_crs(4326).total_bounds
    zone_bounds = zones.to_crs(4326).total_bounds
    what = (
        f"no zone overlaps {'the road map' if ground.area is None else 'the ordered area'}: the zones reach from "
        f"{_spot(zone_bounds[:2])} to {_spot(zone_bounds[2:])}, "
        f"the road map from {_spot(bounds[:2])} to {_spot(bounds[2:])}"
    )
    if shapely.box(*zone_bounds[[1, 0, 3, 2]]).intersects(shapely.box(*bounds)):
        return Problem(str(path), what, "latitude and longitude are swapped: in EPSG:4326 the longitude comes first")
    return Problem(str(path), what, "give zones and an OSM file of the same place")


def _spot(point: np.ndarray) -> str:
    return f"lat {point[1]:.4f}, lon {point[0]:.4f}"
