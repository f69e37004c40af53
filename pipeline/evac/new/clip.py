"""An extract cut to the roads that a scenario needs, so that its folder alone can repeat the study years later.

A road that leaves the polygon ends where its way ends, or not far beyond (`far_ways`). Turn restrictions, and buildings
and land use made of several ways, come along with their members. Buildings, land use and addresses are kept in all of
the box that the new file declares, since the households stage takes that box for known.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import shapely
from osmium.filter import EntityFilter, KeyFilter

from evac.elements import LOCATION_INDEX, Elements
from evac.errors import DataError, Problem
from evac.households.clipping import LOT_DEPTH_M
from evac.osm.access import CLASSES
from evac.osm.buildings import is_water
from evac.osm.far_ways import FarWay, nodes_left_out
from evac.osm.source import SourceFacts, joined, readable
from evac.osm.tidy import Source
from evac.osm.web_rows import STAGE_KEYS
from evac.projection import grown

_AREA_KEYS = ("building", "landuse", "amenity", "leisure", "tourism")
_ADDRESS = "addr:housenumber"
_ROAD_KEYS = ("highway", *STAGE_KEYS)
_WAY_KEYS = (*_ROAD_KEYS, *_AREA_KEYS, "natural", "waterway", _ADDRESS)
_MAJOR = ("motorway", "trunk")
_BUFFER_BYTES = 4 << 20
_TRIANGLE = 3  # corners, of which a closed way has the first twice


@dataclass(frozen=True)
class Extract:
    """What an OSM file says of itself and of its roads.

    Parameters
    ----------
    facts
        Date and declared bounds.
    covered
        The polygon that the file covers (WGS 84): its declared bounds, else the convex hull of its roads, with
        the lots behind them.
    major_roads
        Its motorways and trunk roads: LineStrings in WGS 84.
    """

    facts: SourceFacts
    covered: shapely.Geometry
    major_roads: gpd.GeoSeries


def look_at_extract(source: Source) -> Extract:
    """Read where the roads of an extract are.

    Raises
    ------
    DataError
        The file can't be used, or has no road.
    """
    facts = source.facts
    major: list[shapely.LineString] = []
    corners: list[tuple[float, float]] = []
    with readable(source.path):
        for highway, line in _roads(source.file):
            (west, south), (east, north) = np.min(line, axis=0), np.max(line, axis=0)
            corners += [(west, south), (east, south), (east, north), (west, north)]
            if highway in _MAJOR:
                major.append(shapely.LineString(line))
    if not corners:
        raise DataError(Problem(str(source.path), "has no road", "take an extract with streets"))
    covered = joined(facts.boxes) if facts.boxes else grown(shapely.MultiPoint(corners).convex_hull, LOT_DEPTH_M)
    return Extract(facts, covered, gpd.GeoSeries(major, crs="EPSG:4326"))


def _roads(source: Path) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Yield the class and the corners (degrees) of each way with a `highway` tag."""
    item: Any
    for item in osmium.FileProcessor(str(source)).with_locations(LOCATION_INDEX).with_filter(KeyFilter("highway")):
        if item.is_way() and len(line := _corners(item)) > 1:
            yield item.tags["highway"], line


def parts_with_roads(file: Path, area: shapely.Geometry) -> tuple[shapely.Geometry, int]:
    """Return the parts of an area (WGS 84) that a road for cars touches, and how many others there are.

    Islands and alps without a road are no part of an evacuation by car. An area without any road stays as it is.
    """
    parts = shapely.get_parts(area)
    if len(parts) == 1:
        return area, 0
    with readable(file):
        lines = [shapely.LineString(line) for highway, line in _roads(file) if highway in CLASSES]
    tree = shapely.STRtree(lines)
    kept = [part for part in parts if len(tree.query(part, predicate="intersects"))]
    return (shapely.union_all(kept), len(parts) - len(kept)) if kept else (area, 0)


def clip_extract(
    source: Path,
    target: Path,
    polygon: shapely.Geometry,
    extract: Extract,
    *,
    also: Iterable[int] = (),
    far: Mapping[int, FarWay] | None = None,
) -> None:
    """Write what touches a polygon (WGS 84) as a smaller extract.

    Parameters
    ----------
    source
        The file to cut, in order (`tidy`).
    target
        The .osm.pbf to write.
    polygon
        Where roads are kept; buildings, land use and addresses are in its bounding box.
    extract
        What `look_at_extract` says of the source.
    also
        Ways that are kept too, and the parts of far ones.
    far
        Ways that are kept in part.
    """
    far, also = far or {}, set(also)
    declared = shapely.box(*polygon.bounds).intersection(extract.covered)
    settlement = polygon.union(declared)
    shapely.prepare([polygon, settlement])
    kept = Elements()
    with readable(source):
        _collect(source, polygon, settlement, kept)
        kept.ways.update(also)
        _collect_outlines(source, settlement, kept)
        kept.parts = {way: item.kept(also) for way, item in far.items()}
        _collect_relations(source, kept, nodes_left_out(far, also))
        kept.add_members(source)
        output = osmium.io.File(str(target), "pbf,add_metadata=false")
        header = _header(declared, extract)
        with osmium.SimpleWriter(output, _BUFFER_BYTES, header, overwrite=True) as writer:
            kept.write(source, writer)


def _header(declared: shapely.Geometry, extract: Extract) -> osmium.io.Header:
    header = osmium.io.Header()
    header.set("generator", "evac new")
    header.set("sorting", "Type_then_ID")
    if extract.facts.data_timestamp:
        header.set("osmosis_replication_timestamp", extract.facts.data_timestamp)
    header.add_box(osmium.osm.Box(*declared.bounds))
    return header


def _collect(source: Path, roads: shapely.Geometry, settlement: shapely.Geometry, kept: Elements) -> None:
    """Keep roads that touch a polygon, and addresses, buildings and grounds that touch another."""
    spots = shapely.MultiPoint([part.representative_point() for part in shapely.get_parts(settlement)])
    west, south, east, north = settlement.bounds
    item: Any
    for item in osmium.FileProcessor(str(source)).with_locations(LOCATION_INDEX).with_filter(KeyFilter(*_WAY_KEYS)):
        if item.is_node():
            place = item.location
            if _ADDRESS in item.tags and shapely.contains_xy(settlement, place.lon, place.lat):
                kept.nodes.add(item.id)
        elif item.is_way():
            corners = np.array(_corners(item))
            if not len(corners) or (corners.max(axis=0) < (west, south)).any():
                continue
            if (corners.min(axis=0) > (east, north)).any():
                continue
            is_road = any(key in item.tags for key in _ROAD_KEYS)
            if not is_road and _ADDRESS not in item.tags and not _is_ground(item.tags):
                continue
            wanted = roads if is_road else settlement
            if _touches(corners, wanted) or (_is_outline(item) and _is_around(corners, spots)):
                kept.ways.add(item.id)


def _collect_outlines(source: Path, polygon: shapely.Geometry, kept: Elements) -> None:
    """Keep the ways that touch the polygon as a part of a building or land use made of several.

    Such ways often bear no tag themselves (https://wiki.openstreetmap.org/wiki/Relation:multipolygon).
    """
    parts: set[int] = set()
    item: Any
    for item in osmium.FileProcessor(str(source), osmium.osm.RELATION):
        if _is_area(item):
            parts |= {member.ref for member in item.members if member.type == "w"}
    for item in (
        osmium.FileProcessor(str(source)).with_locations(LOCATION_INDEX).with_filter(EntityFilter(osmium.osm.WAY))
    ):
        if item.id in parts and len(corners := np.array(_corners(item))) and _touches(corners, polygon):
            kept.ways.add(item.id)


def _is_area(relation: Any) -> bool:
    return relation.tags.get("type") == "multipolygon" and _is_ground(relation.tags)


def _is_ground(tags: Any) -> bool:
    """Return whether tags are of a building, of land use, or of water, the coastline included."""
    return any(key in tags for key in _AREA_KEYS) or is_water(tags) or tags.get("natural") == "coastline"


def _touches(corners: np.ndarray, polygon: shapely.Geometry) -> bool:
    """Return whether a line (a row a corner, degrees) touches a polygon; none of its corners need be inside."""
    if shapely.contains_xy(polygon, corners[:, 0], corners[:, 1]).any():
        return True
    return len(corners) > 1 and bool(shapely.intersects(polygon, shapely.LineString(corners)))


def _is_outline(way: Any) -> bool:
    return way.is_closed() and _is_ground(way.tags)


def _is_around(corners: np.ndarray, spots: shapely.MultiPoint) -> bool:
    """Return whether an outline that touches no part of a polygon is around one: a spot of each tells."""
    return len(corners) > _TRIANGLE and bool(shapely.intersects(shapely.Polygon(corners), spots))


def _corners(way: Any) -> list[tuple[float, float]]:
    """Return the places of a way's nodes, as far as the file has them."""
    return [(node.lon, node.lat) for node in way.nodes if node.location.valid()]


def _collect_relations(source: Path, kept: Elements, left_out: Container[int]) -> None:
    """Keep areas and turn restrictions of which a way is kept, without those at nodes that are left out."""
    item: Any
    for item in osmium.FileProcessor(str(source), osmium.osm.RELATION):
        is_restriction = item.tags.get("type") == "restriction"
        if is_restriction and any(member.type == "n" and member.ref in left_out for member in item.members):
            continue
        if (is_restriction or _is_area(item)) and any(
            member.type == "w" and member.ref in kept.ways for member in item.members
        ):
            kept.relations.add(item.id)
