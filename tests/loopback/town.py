"""A made-up town on a corner of the grid of tiles, in the United States, with what tiles and clipping must not lose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import osmium
import shapely
import shapely.geometry
from osmium.osm.mutable import Node, Relation, Way

CORNER = (-122.5, 38.0)  # a corner of the tiles of 0.1 and of 0.05 degrees
STEP = 0.002  # between two streets, degrees: 176 m east, 222 m north

TOWN = shapely.box(-122.5091, 37.9911, -122.4909, 38.0089)
"""The town: ten streets each way, all four tiles at the corner."""


def place(name: str, number: int, outline: shapely.Geometry, **more: Any) -> dict[str, Any]:
    """Return a place as Nominatim has it (format jsonv2)."""
    west, south, east, north = outline.bounds
    middle, short = outline.centroid, name.partition(",")[0]
    return {
        "place_id": number + 1000,
        "licence": "Data © OpenStreetMap contributors, ODbL 1.0. http://osm.org/copyright",
        "osm_type": "relation",
        "osm_id": number,
        "lat": f"{middle.y:.7f}",
        "lon": f"{middle.x:.7f}",
        "category": "boundary",
        "type": "administrative",
        "place_rank": 16,
        "importance": 0.5,
        "addresstype": "town",
        "name": short,
        "display_name": name,
        "address": {"town": short, "country": "United States", "country_code": "us"},
        "boundingbox": [f"{south:.7f}", f"{north:.7f}", f"{west:.7f}", f"{east:.7f}"],
        "geojson": shapely.geometry.mapping(outline),
        **more,
    }


def write_town(path: Path) -> Path:
    """Write the town.

    Ten streets each way, 1.6 km, named after their place; the two in the middle go on for 4 km as a highway (nodes
    every 400 m), one of them across the corner of the tiles. A turn ban on the corner, a signal, a footway, a fire
    road, houses (every third with an address), addresses without a house, a school made of two ways, a forest.
    """
    town = _Writer(path)
    with town.writer:
        _write(town)
    return path


class _Writer:
    def __init__(self, path: Path) -> None:
        header = osmium.io.Header()
        header.set("osmosis_replication_timestamp", "2026-05-01T06:00:00Z")
        self.writer = osmium.SimpleWriter(osmium.io.File(str(path)), 1 << 20, header, overwrite=True)
        self.nodes: dict[tuple[float, float], int] = {}

    def node(self, east: float, north: float, **tags: str) -> int:
        """Return the node at a place in steps from the corner."""
        key = (round(east, 4), round(north, 4))
        if key not in self.nodes:
            self.nodes[key] = len(self.nodes) + 1
            where = (CORNER[0] + key[0] * STEP, CORNER[1] + key[1] * STEP)
            self.writer.add_node(Node(id=self.nodes[key], location=where, tags=tags, version=3))
        return self.nodes[key]


def _write(town: _Writer) -> None:
    lines = [n - 4.5 for n in range(10)]
    lines[4:6] = [0.0, 1.0]
    ways: list[tuple[list[int], dict[str, str]]] = []
    town.node(0.0, 0.0, highway="traffic_signals")
    for number, line in enumerate(lines):
        main = line == 0.0
        stops = [*range(-20, -4, 2), *lines, *range(6, 22, 2)] if main else lines
        kind = "primary" if main else "residential"
        ways.append(([town.node(line, at) for at in stops], {"highway": kind, "name": f"Avenue {number}"}))
        ways.append(([town.node(at, line) for at in stops], {"highway": kind, "name": f"Street {number}"}))
    ways.append(([town.node(0.0, 0.0), town.node(0.2, 0.2)], {"highway": "footway"}))
    ways.append(([town.node(-4.5, 4.5), town.node(-8.0, 8.0)], {"highway": "track"}))
    ways += _houses(town, lines)
    forest = [town.node(-30.0, 30.0), town.node(-3.0, 30.0), town.node(-3.0, 5.0), town.node(-30.0, 30.0)]
    ways.append((forest, {"landuse": "forest"}))
    outer = [town.node(2.3, 2.3), town.node(2.6, 2.3), town.node(2.6, 2.6)]
    ways += [(outer, {}), ([outer[2], town.node(2.3, 2.6), outer[0]], {})]
    for number, (refs, tags) in enumerate(ways, 1):
        town.writer.add_way(Way(id=number, nodes=refs, tags=tags, version=2))
    school = [("w", len(ways) - 1, "outer"), ("w", len(ways), "outer")]
    town.writer.add_relation(
        Relation(id=1, members=school, tags={"type": "multipolygon", "amenity": "school"}, version=1)
    )
    turn = [("w", 9, "from"), ("n", town.nodes[0.0, 0.0], "via"), ("w", 10, "to")]
    ban = {"type": "restriction", "restriction": "no_left_turn"}
    town.writer.add_relation(Relation(id=2, members=turn, tags=ban, version=1))


def _houses(town: _Writer, lines: list[float]) -> list[tuple[list[int], dict[str, str]]]:
    found: list[tuple[list[int], dict[str, str]]] = []
    for row in lines:
        for number in range(18):
            east, north = -4.4 + number * 0.5, row + 0.12
            corners = [(0.0, 0.0), (0.08, 0.0), (0.08, 0.07), (0.0, 0.07)]
            ring = [town.node(east + x, north + y) for x, y in corners]
            address = {"addr:street": f"Street {lines.index(row)}", "addr:housenumber": str(number + 1)}
            found.append(([*ring, ring[0]], {"building": "house", **(address if number % 3 == 0 else {})}))
        town.node(-4.2, row + 0.3, **{"addr:housenumber": "200", "addr:street": f"Street {lines.index(row)}"})
    return found
