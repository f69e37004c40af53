"""Tiles of a map into one OpenStreetMap extract: each element once, roads no farther than wanted, no mappers' names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from osmium.filter import KeyFilter

from evac.elements import LOCATION_INDEX, Elements, merge
from evac.files import write_text
from evac.seals import has_entry, sealed_directory

_DATE = re.compile(r'osm_base="([0-9T:Z.+-]+)"')
_HEAD_BYTES = 1 << 13
_SETTLEMENT_KEYS = {"building", "landuse", "amenity", "leisure", "tourism"}
_BUFFER_BYTES = 4 << 20


@dataclass(frozen=True)
class Extract:
    """An extract in the cache: its file, the date of its oldest tile's data, and how many of what are in it."""

    file: Path
    data_timestamp: str | None
    counts: Mapping[str, int]


def build_extract(
    tiles: Sequence[Path], roads_polygon: shapely.Geometry, bounds: tuple[float, float, float, float], folder: Path
) -> Extract:
    """Put tiles together.

    Parameters
    ----------
    tiles
        OSM XML files that have passed `checks.check_osm`; they may overlap.
    roads_polygon
        Roads that don't touch it are left out (WGS 84).
    bounds
        West, south, east and north (degrees) of the box that the extract declares as its own.
    folder
        The folder of the cache to make; one that is there already is taken as it is.
    """
    if not has_entry(folder):
        with sealed_directory(folder) as temporary:
            merged = temporary / "merged.osm.pbf"
            merge(tiles, merged)
            kept, counts = _choose(merged, roads_polygon)
            oldest = min((date for date in map(_date, tiles) if date), default=None)
            _write(merged, kept, temporary / "map.osm.pbf", bounds, oldest)
            merged.unlink()
            facts = {"data_timestamp": oldest, "counts": counts}
            write_text(temporary / "extract.json", json.dumps(facts, indent=1) + "\n")
    facts = json.loads((folder / "extract.json").read_text(encoding="utf-8"))
    return Extract(folder / "map.osm.pbf", facts["data_timestamp"], facts["counts"])


def _date(tile: Path) -> str | None:
    with tile.open("rb") as file:
        found = _DATE.search(file.read(_HEAD_BYTES).decode("utf-8", errors="replace"))
    return found.group(1) if found else None


def _choose(merged: Path, roads_polygon: shapely.Geometry) -> tuple[Elements, dict[str, int]]:
    """Return the elements to keep, and how many of what are among them."""
    kept = Elements()
    counts = dict.fromkeys(("roads", "restrictions", "buildings", "addresses"), 0)
    roads = _roads_touching(merged, roads_polygon)
    item: Any
    for item in osmium.FileProcessor(str(merged), osmium.osm.NODE).with_filter(KeyFilter("addr:housenumber")):
        kept.nodes.add(item.id)
        counts["addresses"] += 1
    for item in osmium.FileProcessor(str(merged), osmium.osm.WAY):
        if (
            item.id in roads
            or "highway" not in item.tags
            or not _SETTLEMENT_KEYS.isdisjoint(tag.k for tag in item.tags)
        ):
            kept.ways.add(item.id)
            counts["buildings"] += "building" in item.tags
    turns: list[int] = []
    for item in osmium.FileProcessor(str(merged), osmium.osm.RELATION):
        if item.tags.get("type") != "restriction":
            kept.relations.add(item.id)
            counts["buildings"] += "building" in item.tags
        elif any(member.type == "w" and member.ref in roads for member in item.members):
            turns.append(item.id)
    kept.add_members(merged)
    kept.relations.update(turns)  # after the line above, which would bring in the roads outside that they also name
    return kept, counts | {"roads": len(roads), "restrictions": len(turns)}


def _roads_touching(merged: Path, polygon: shapely.Geometry) -> set[int]:
    """Return the ids of the roads that touch a polygon."""
    ids: list[int] = []
    points: list[tuple[float, float]] = []
    owners: list[int] = []
    item: Any
    for item in osmium.FileProcessor(str(merged)).with_locations(LOCATION_INDEX).with_filter(KeyFilter("highway")):
        line = [(node.lon, node.lat) for node in item.nodes if node.location.valid()] if item.is_way() else []
        if len(line) > 1:
            owners += [len(ids)] * len(line)
            points += line
            ids.append(item.id)
    if not ids:
        return set()
    shapely.prepare(polygon)
    touching = shapely.intersects(polygon, shapely.linestrings(np.array(points), indices=np.array(owners)))
    return set(np.array(ids)[touching].tolist())


def _write(
    merged: Path, kept: Elements, target: Path, bounds: tuple[float, float, float, float], date: str | None
) -> None:
    west, south, east, north = bounds
    header = osmium.io.Header()
    header.set("generator", "evac")
    header.set("sorting", "Type_then_ID")
    if date:
        header.set("osmosis_replication_timestamp", date)
    header.add_box(osmium.osm.Box(west, south, east, north))
    output = osmium.io.File(str(target), "pbf,add_metadata=false")
    with osmium.SimpleWriter(output, _BUFFER_BYTES, header) as writer:
        kept.write(merged, writer)
