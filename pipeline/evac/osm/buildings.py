"""Where people live: residential buildings and address points, with the dwelling units that they hold (`homes`)."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from osmium.filter import KeyFilter

from evac.elements import LOCATION_INDEX
from evac.osm.access import Tags
from evac.osm.coast import sea_of
from evac.osm.homes import is_business, units, why_no_home
from evac.osm.source import readable
from evac.projection import utm_of

_NON_RESIDENTIAL_LANDUSE = {
    "allotments", "cemetery", "commercial", "construction", "depot", "education", "garages", "greenhouse_horticulture",
    "industrial", "institutional", "landfill", "military", "plant_nursery", "port", "quarry", "railway",
    "recreation_ground", "religious", "retail",
}  # fmt: skip
_BUILT_UP_LANDUSE = {"residential", "commercial", "retail", "industrial"}
_PRIVATE_LEISURE = {"garden", "swimming_pool", "pitch", "playground", "park"}  # say nothing about a house beside them
_GROUND_KEYS = ("landuse", "amenity", "leisure", "tourism")
_AREA_KEYS = ("building", *_GROUND_KEYS, "natural", "waterway")
_Address = tuple[str, Tags, shapely.Point]  # of a node: `n12`, tags, where
COLUMNS = ("osm_id", "kind", "weight", "weight_from", "street", "housenumber", "geometry")


@dataclass
class _Buildings:
    """Buildings as they are read: `w12` (way) or `r12` (relation), tags and outline in WGS 84."""

    ids: list[str] = field(default_factory=list)
    tags: list[Tags] = field(default_factory=list)
    outlines: list[shapely.Geometry] = field(default_factory=list)


@dataclass
class _Land:
    """Outlines in WGS 84 of ground that isn't residential, of built-up land and of water; and coastlines."""

    business: list[shapely.Geometry] = field(default_factory=list)
    built_up: list[shapely.Geometry] = field(default_factory=list)
    water: list[shapely.Geometry] = field(default_factory=list)
    coastlines: list[NDArray[np.float64]] = field(default_factory=list)


@dataclass(frozen=True)
class Settlement:
    """Where a map is settled.

    Parameters
    ----------
    dwellings
        Residential buildings and address points (`COLUMNS`), points in WGS 84.
    buildings
        A point for each building of any kind, in WGS 84.
    built_up
        Outlines of built-up land use, in WGS 84.
    water
        Outlines of lakes, reservoirs, wide rivers and the sea, in WGS 84.
    hull
        Corners of the convex hull of all buildings and roads, also those that aren't simulated (longitude, latitude).
    counts
        Buildings read, residential, and left out by reason; address points.
    """

    dwellings: gpd.GeoDataFrame
    buildings: gpd.GeoSeries
    built_up: gpd.GeoSeries
    water: gpd.GeoSeries
    hull: list[tuple[float, float]]
    counts: Mapping[str, int]


def read_settlement(path: Path) -> Settlement:
    """Read buildings, addresses and land use of an OSM file (ways, multipolygons, nodes).

    Parameters
    ----------
    path
        A file that `source.check_source` has accepted.

    Raises
    ------
    DataError
        The file is broken.
    """
    buildings, land, addresses, roads = _Buildings(), _Land(), list[_Address](), array("d")
    with readable(path):
        areas = osmium.FileProcessor(str(path)).with_locations(LOCATION_INDEX).with_areas(KeyFilter(*_AREA_KEYS))
        item: Any
        for item in areas.with_filter(KeyFilter(*_AREA_KEYS, "addr:housenumber", "highway")):
            if item.is_area():
                _add_area(item, buildings, land)
            elif item.is_node() and "addr:housenumber" in item.tags and not is_business(item.tags):
                addresses.append((f"n{item.id}", dict(item.tags), shapely.Point(item.location.lon, item.location.lat)))
            elif item.is_way() and item.tags.get("natural") == "coastline":
                land.coastlines += _pieces(item)
            elif item.is_way() and "highway" in item.tags:
                places = (node.location for node in item.nodes if node.location.valid())
                roads.extend(degrees for place in places for degrees in (place.lon, place.lat))
    ashore = np.concatenate([shapely.get_coordinates(buildings.outlines), np.asarray(roads).reshape(-1, 2)])
    land.water += sea_of(land.coastlines, ashore)
    return replace(_settle(buildings, land, addresses), hull=_hull(ashore))


def _pieces(way: Any) -> list[NDArray[np.float64]]:
    """Return the pieces of a way between nodes that the file lacks."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for node in way.nodes:
        if node.location.valid():
            pieces[-1].append((node.location.lon, node.location.lat))
        elif pieces[-1]:
            pieces.append([])
    return [np.array(piece) for piece in pieces if piece]


def _hull(ashore: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return the corners of the hull of buildings and roads (longitude, latitude)."""
    hull = shapely.MultiPoint(ashore).convex_hull
    return [(float(lon), float(lat)) for lon, lat in shapely.get_coordinates(hull)]


def _add_area(item: Any, buildings: _Buildings, land: _Land) -> None:
    tags = dict(item.tags)
    try:
        outline = shapely.from_wkb(_wkb(item))
    except RuntimeError:  # an outline that doesn't close, or crosses itself beyond repair
        return
    if tags.get("building", "no") != "no":
        buildings.ids.append(f"{'w' if item.from_way() else 'r'}{item.orig_id()}")
        buildings.tags.append(tags)
        buildings.outlines.append(outline)
        return
    if is_water(tags):
        land.water.append(outline)
    if tags.get("landuse") in _BUILT_UP_LANDUSE:
        land.built_up.append(outline)
    if _is_business_ground(tags):
        land.business.append(outline)


def _wkb(item: Any) -> bytes:
    factory = osmium.geom.WKBFactory()
    return bytes.fromhex(factory.create_multipolygon(item))


def is_water(tags: Tags) -> bool:
    """Return whether nobody can live there: https://wiki.openstreetmap.org/wiki/Tag:natural=water and its elders."""
    return (
        tags.get("natural") in {"water", "bay", "strait"}
        or "riverbank" in tags.get("waterway", "")
        or (tags.get("landuse") in {"reservoir", "basin"})
    )


def _is_business_ground(tags: Tags) -> bool:
    if tags.get("landuse") in _NON_RESIDENTIAL_LANDUSE:
        return True
    leisure = tags.get("leisure")
    return "amenity" in tags or "tourism" in tags or (leisure is not None and leisure not in _PRIVATE_LEISURE)


def _settle(buildings: _Buildings, land: _Land, addresses: list[_Address]) -> Settlement:
    outlines = gpd.GeoSeries(buildings.outlines, crs=4326)
    areas_m2 = outlines.to_crs(utm_of(outlines)).area.to_numpy() if len(outlines) else np.empty(0)
    on_business = _within_any(outlines, land.business)
    reasons = [
        why_no_home(tags, area, on_business=bool(business))
        for tags, area, business in zip(buildings.tags, areas_m2, on_business, strict=True)
    ]
    homes = np.array([reason is None for reason in reasons], dtype=bool)
    counts = {"buildings": len(reasons), "residential": int(homes.sum()), "addresses": 0}
    for reason in reasons:
        if reason is not None:
            counts[reason] = counts.get(reason, 0) + 1
    points = gpd.GeoSeries(outlines.representative_point(), crs=4326)
    rows = _building_rows(buildings, areas_m2, homes, points, addresses)
    rows += _address_rows(buildings, addresses)
    counts["addresses"] = sum(row[1] == "address" for row in rows)
    frame = gpd.GeoDataFrame(rows, columns=list(COLUMNS), geometry="geometry", crs=4326)
    return Settlement(
        frame, points, gpd.GeoSeries(land.built_up, crs=4326), gpd.GeoSeries(land.water, crs=4326), [], counts
    )


def _within_any(outlines: gpd.GeoSeries, areas: list[shapely.Geometry]) -> np.ndarray:
    inside = np.zeros(len(outlines), dtype=bool)
    if len(outlines) and areas:
        points = outlines.representative_point().to_numpy()
        inside[shapely.STRtree(areas).query(points, predicate="within")[0]] = True
    return inside


def _building_rows(
    buildings: _Buildings,
    areas_m2: np.ndarray,
    homes: np.ndarray,
    points: gpd.GeoSeries,
    addresses: list[_Address],
) -> list[tuple[Any, ...]]:
    address_of = _address_inside(buildings, addresses)
    places = points.to_numpy()  # a series takes 0.1 ms to give one of its members
    rows: list[tuple[Any, ...]] = []
    for index in np.flatnonzero(homes):
        tags = buildings.tags[index]
        weight, weight_from = units(tags, float(areas_m2[index]))
        place = tags if "addr:housenumber" in tags else address_of.get(int(index), tags)
        rows.append((buildings.ids[index], "building", weight, weight_from, *_street_and_number(place), places[index]))
    return rows


def _address_rows(buildings: _Buildings, addresses: list[_Address]) -> list[tuple[Any, ...]]:
    """Return the address points that aren't inside a building with a house number of its own."""
    both = zip(buildings.outlines, buildings.tags, strict=True)
    numbered = [outline for outline, tags in both if "addr:housenumber" in tags]
    points = [point for _, _, point in addresses]
    doubled = shapely.STRtree(numbered).query(points, predicate="within")[0].tolist() if numbered and points else []
    return [
        (osm_id, "address", 1.0, "none", *_street_and_number(tags), point)
        for index, (osm_id, tags, point) in enumerate(addresses)
        if index not in doubled
    ]


def _address_inside(buildings: _Buildings, addresses: list[_Address]) -> dict[int, Tags]:
    """Return, by index of the building, the first address node inside it."""
    if not addresses or not buildings.outlines:
        return {}
    tree = shapely.STRtree(buildings.outlines)
    inside, containers = tree.query([point for _, _, point in addresses], predicate="within")
    found: dict[int, Tags] = {}
    for address, building in zip(inside.tolist(), containers.tolist(), strict=True):
        found.setdefault(building, addresses[address][1])
    return found


def _street_and_number(tags: Tags) -> tuple[str | None, str | None]:
    return tags.get("addr:street") or tags.get("addr:place"), tags.get("addr:housenumber")
