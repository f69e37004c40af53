"""Make the data of the Balzers example from an OpenStreetMap extract of Liechtenstein.

    python scenarios/balzers/cut_extract.py liechtenstein-2013-08-03.osm.pbf

writes `balzers.osm.pbf` and `zones.geojson` into the folder `data` beside this script (or into the folder named
second). The same extract gives the same bytes. PROVENANCE.md in that folder says where the extract comes from.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import osmium
import shapely
from shapely.geometry.base import BaseGeometry

MUNICIPALITY = "Balzers"
METRIC_CRS = "EPSG:32632"  # UTM zone 32 north

MARGIN_M = 500.0
"""The map reaches this far beyond the municipality: past the border on each of the three ways out."""

KEPT_KEYS = ("highway", "building", "landuse")

HOUSEHOLDS = 2000
"""About 4,600 people at about 2.3 per household: approximate, not a census count."""

QUARTER_STREETS = ("Brüel", "St. Peter", "Iramali", "Höfle", "Neue Churer Strasse")
"""A zone is what lies nearest to the middle of one of these streets. They are ours, not administrative quarters."""

MIN_DWELLING_M2 = 40.0
"""Smaller buildings are garages and sheds."""


def main() -> None:
    """Cut the extract named on the command line."""
    source = Path(sys.argv[1])
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent / "data"  # noqa: PLR2004
    features = read_features(source)
    municipality = find_municipality(features)
    margin = municipality.buffer(MARGIN_M)
    cut_map(source, folder / "balzers.osm.pbf", gpd.GeoSeries([margin], crs=METRIC_CRS).to_crs(4326).iloc[0])
    write_zones(make_zones(features, municipality), folder / "zones.geojson")


def read_features(source: Path) -> gpd.GeoDataFrame:
    """Read streets (lines), buildings, land use and municipalities (polygons) with their tags, in metres."""
    tags = [*KEPT_KEYS, "boundary", "admin_level", "name"]
    processor = osmium.FileProcessor(source).with_areas().with_filter(osmium.filter.KeyFilter(*KEPT_KEYS, "boundary"))
    shapes = processor.with_filter(osmium.filter.GeoInterfaceFilter(tags=tags))
    features = gpd.GeoDataFrame.from_features(shapes, crs="EPSG:4326")
    return features.to_crs(METRIC_CRS)


def find_municipality(features: gpd.GeoDataFrame) -> BaseGeometry:
    """Return the inhabited part of the municipality: the largest; its two alpine exclaves have no streets."""
    polygons = features[features.geom_type.isin(["Polygon", "MultiPolygon"])]
    found = polygons[(polygons["admin_level"] == "8") & (polygons["name"] == MUNICIPALITY)]
    return max(found.geometry.explode(), key=lambda part: part.area)


def cut_map(source: Path, target: Path, area: BaseGeometry) -> None:
    """Write what touches the area; ways are kept complete, so no road ends short of the border."""
    tracker = osmium.IdTracker()
    ways = collect_nodes_and_ways(source, area, tracker)
    collect_relations(source, ways, tracker)
    tracker.complete_backward_references(str(source), relation_depth=0)
    header = osmium.io.Header()
    header.set("generator", "cut_extract.py")
    date = osmium.io.Reader(str(source)).header().get("osmosis_replication_timestamp")
    header.set("osmosis_replication_timestamp", date)
    header.add_box(osmium.osm.Box(*area.bounds))
    # Names of mappers and edit times are not needed, and would have to be kept out of anything published.
    output = osmium.io.File(str(target), "pbf,add_metadata=false")
    with osmium.SimpleWriter(output, 4 << 20, header, overwrite=True) as writer:
        for item in osmium.FileProcessor(source).with_filter(tracker.id_filter()):
            writer.add(item)


def collect_nodes_and_ways(source: Path, area: BaseGeometry, tracker: osmium.IdTracker) -> set[int]:
    """Keep the address nodes inside the area, and the ways of interest with a node inside; return those ways."""
    shapely.prepare(area)
    inside: set[int] = set()
    ways: set[int] = set()
    for item in osmium.FileProcessor(source, osmium.osm.NODE | osmium.osm.WAY):
        if item.is_node() and shapely.intersects_xy(area, item.location.lon, item.location.lat):
            inside.add(item.id)
            if is_address(item):
                tracker.add_node(item.id)
        elif item.is_way() and is_of_interest(item) and any(node.ref in inside for node in item.nodes):
            ways.add(item.id)
            tracker.add_way(item.id)
    return ways


def is_address(item: Any) -> bool:
    """Tell whether an object carries an address."""
    return any(tag.k.startswith("addr:") for tag in item.tags)


def is_of_interest(item: Any) -> bool:
    """Tell whether an object is a street, a building, land use or an address."""
    return is_address(item) or any(key in item.tags for key in KEPT_KEYS)


def collect_relations(source: Path, ways: set[int], tracker: osmium.IdTracker) -> None:
    """Keep turn restrictions, and buildings and land use made of several ways, that use a kept way."""
    for item in osmium.FileProcessor(source, osmium.osm.RELATION):
        kind = item.tags.get("type")
        of_interest = kind == "restriction" or (kind == "multipolygon" and is_of_interest(item))
        if of_interest and any(member.type == "w" and member.ref in ways for member in item.members):
            tracker.add_relation(item.id)


def make_zones(features: gpd.GeoDataFrame, municipality: BaseGeometry) -> gpd.GeoDataFrame:
    """Split the municipality by the nearest quarter street, and the households by residential buildings."""
    streets = features[features["highway"].notna() & features.intersects(municipality)]
    middles = [streets[streets["name"] == name].union_all().centroid for name in QUARTER_STREETS]
    cells = shapely.voronoi_polygons(shapely.MultiPoint(middles), extend_to=municipality, ordered=True)
    polygons = [cell.intersection(municipality) for cell in cells.geoms]
    zones = gpd.GeoDataFrame({"name": QUARTER_STREETS}, geometry=polygons, crs=METRIC_CRS)
    dwellings = residential_buildings(features)
    counts = [int(dwellings.within(zone).sum()) for zone in zones.geometry]
    return zones.assign(households=share_out(HOUSEHOLDS, counts))


def residential_buildings(features: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return a point in each building on residential land (here nearly all are tagged no closer than `yes`)."""
    land = features.loc[features["landuse"] == "residential"].union_all()
    buildings = features[features["building"].notna() & (features.area >= MIN_DWELLING_M2)]
    points = buildings.representative_point()
    return points[points.within(land)]


def share_out(total: int, counts: list[int]) -> list[int]:
    """Share a total in proportion to counts: whole numbers, largest remainders first."""
    exact = [total * count / sum(counts) for count in counts]
    shares = [int(value) for value in exact]
    by_remainder = sorted(range(len(counts)), key=lambda place: shares[place] - exact[place])
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares


def write_zones(zones: gpd.GeoDataFrame, target: Path) -> None:
    """Write the zones as GeoJSON in degrees, to a millionth (0.1 m)."""
    degrees = zones.to_crs(4326)
    degrees["geometry"] = degrees.set_precision(1e-6)
    collection = json.loads(degrees.to_json(drop_id=True))
    collection["attribution"] = "© OpenStreetMap contributors, ODbL; household counts approximate, see PROVENANCE.md"
    target.write_text(json.dumps(collection, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
