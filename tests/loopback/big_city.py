"""A made-up city the size of a big one's answer from Overpass: streets, buildings, addresses, land use."""

from __future__ import annotations

import math
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Way

SOUTH_WEST = (-122.4499, 37.7501)  # inside one tile of 0.05 degrees: 4.4 km by 5.5 km
LOT_EAST, LOT_NORTH = 11.0, 13.0  # metres
LOTS_A_BLOCK = 20  # along a street; a block is two lots deep
STREET_M = 10.0
DEG_EAST, DEG_NORTH = 1 / 87_900, 1 / 111_000  # degrees a metre at this latitude


def big_city_extract(path: Path, buildings: int = 100_000) -> Path:
    """Write a city of blocks: streets around each, houses with four corners in it, every second one with an address.

    Parameters
    ----------
    path
        .osm (as Overpass sends it), .osm.gz or .osm.pbf.
    buildings
        How many at least; blocks are whole.

    Returns
    -------
    pathlib.Path
        The same path. 100,000 buildings have 400,000 nodes and fill 4.1 km by 5.0 km; all streets are connected.
    """
    header = osmium.io.Header()
    header.set("generator", "Overpass API (made up)")
    with osmium.SimpleWriter(osmium.io.File(str(path)), 4 << 20, header, overwrite=True) as writer:
        _City(writer, buildings).write()
    return path


class _City:
    def __init__(self, writer: osmium.SimpleWriter, buildings: int) -> None:
        self.writer = writer
        blocks = math.ceil(buildings / (2 * LOTS_A_BLOCK))
        self.wide = LOTS_A_BLOCK * LOT_EAST + STREET_M
        self.high = 2 * LOT_NORTH + STREET_M
        self.columns = max(1, int(0.9 * math.sqrt(blocks * self.high / self.wide)))
        self.rows = math.ceil(blocks / self.columns)
        self.ways: list[tuple[list[int], dict[str, str]]] = []
        self.nodes = 0

    def write(self) -> None:
        crossings = [
            [self._node(c * self.wide, r * self.high) for c in range(self.columns + 1)] for r in range(self.rows + 1)
        ]
        for r, row in enumerate(crossings):
            self.ways.append((row, {"highway": "residential", "name": f"{r + 1}th Street"}))
        for c in range(self.columns + 1):
            kind = "secondary" if c % 3 == 0 else "residential"
            self.ways.append(([row[c] for row in crossings], {"highway": kind, "name": f"Avenue {c + 1}"}))
        for r in range(self.rows):
            for c in range(self.columns):
                self._block(c * self.wide + STREET_M / 2, r * self.high + STREET_M / 2, r)
        for number, (refs, tags) in enumerate(self.ways, 1):
            self.writer.add_way(Way(id=number, nodes=refs, tags=tags, version=1))

    def _node(self, east: float, north: float) -> int:
        self.nodes += 1
        where = (SOUTH_WEST[0] + east * DEG_EAST, SOUTH_WEST[1] + north * DEG_NORTH)
        self.writer.add_node(Node(id=self.nodes, location=where, version=1))
        return self.nodes

    def _block(self, east: float, north: float, row: int) -> None:
        for lot in range(2 * LOTS_A_BLOCK):
            x, y = east + lot // 2 * LOT_EAST + 1.5, north + lot % 2 * LOT_NORTH + 1.5
            wide, high = 6.0 + lot % 3, 8.0 + lot % 3
            ring = [self._node(x + a * wide, y + b * high) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))]
            tags = {"building": "yes" if lot % 4 else "house"}
            if lot % 2:
                tags |= {"addr:street": f"{row + 1 + lot % 2}th Street", "addr:housenumber": str(lot + 1)}
            self.ways.append(([*ring, ring[0]], tags))
