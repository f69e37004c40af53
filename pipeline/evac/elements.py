"""The elements of an OpenStreetMap file that are to be kept, and how they get into a smaller file.

osmium's own sets of ids (`IdTracker`, `IdFilter`) hold a bit for each id that could be, in blocks of 4 MiB: a small
town whose nodes were mapped over the years touches most of the blocks, 1.4 GB. Here memory grows with what is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium
from osmium.filter import EmptyTagFilter, EntityFilter
from osmium.osm.mutable import Node

_BUFFER_BYTES = 4 << 20

LOCATION_INDEX = "sparse_mem_array"
"""osmium's index of node locations whose memory grows with the nodes of a file, not with their highest id."""


@dataclass
class Elements:
    """Ids of the elements to keep.

    Parameters
    ----------
    nodes, ways, relations
        Their ids.
    parts
        Of ways that are kept in part, which of their nodes.
    """

    nodes: set[int] = field(default_factory=set)
    ways: set[int] = field(default_factory=set)
    relations: set[int] = field(default_factory=set)
    parts: dict[int, slice] = field(default_factory=dict)
    _places: dict[int, tuple[float, float]] = field(default_factory=dict, repr=False)

    def add_members(self, file: Path) -> None:
        """Add the nodes and ways that the relations to keep are made of."""
        item: Any
        for item in osmium.FileProcessor(str(file), osmium.osm.RELATION):
            if item.id in self.relations:
                self.nodes.update(member.ref for member in item.members if member.type == "n")
                self.ways.update(member.ref for member in item.members if member.type == "w")

    def write(self, file: Path, writer: osmium.SimpleWriter) -> None:
        """Write the elements, with the nodes of the ways, in the order of their ids.

        Parameters
        ----------
        file
            The sorted OSM file that has them.
        writer
            Of the smaller file; it is left open.
        """
        self._find_nodes_of_ways(file)
        for node in self._nodes(file):
            writer.add_node(node)
        item: Any
        for item in osmium.FileProcessor(str(file), osmium.osm.WAY | osmium.osm.RELATION):
            if item.is_way() and item.id in self.ways and item.id in self.parts:
                writer.add(item.replace(nodes=[node.ref for node in item.nodes][self.parts[item.id]]))
            elif item.id in (self.ways if item.is_way() else self.relations):
                writer.add(item)

    def _find_nodes_of_ways(self, file: Path) -> None:
        item: Any
        ways = osmium.FileProcessor(str(file)).with_locations(LOCATION_INDEX).with_filter(EntityFilter(osmium.osm.WAY))
        for item in ways:
            if item.id in self.ways:
                for node in list(item.nodes)[self.parts.get(item.id, slice(None))]:
                    if node.location.valid():
                        self._places[node.ref] = (node.lon, node.lat)

    def _nodes(self, file: Path) -> list[Node]:
        nodes = {ref: Node(id=ref, location=place) for ref, place in self._places.items()}
        item: Any
        for item in osmium.FileProcessor(str(file), osmium.osm.NODE).with_filter(EmptyTagFilter()):
            if (item.id in nodes or item.id in self.nodes) and item.location.valid():
                place = (item.location.lon, item.location.lat)
                nodes[item.id] = Node(id=item.id, location=place, tags=dict(item.tags))
        return [nodes[ref] for ref in sorted(nodes)]


def merge(files: Sequence[Path], target: Path) -> None:
    """Sort the elements of OSM files into one, and keep each once, in its newest version.

    Parameters
    ----------
    files
        They may overlap: ways that cross a border are in the extracts on both sides.
    target
        The .osm.pbf to write.
    """
    reader = osmium.MergeInputReader()
    for file in files:
        reader.add_file(str(file))
    output = osmium.io.File(str(target), "pbf,pbf_compression=none")
    with osmium.SimpleWriter(output, _BUFFER_BYTES) as writer:
        reader.apply(_Copy(writer), simplify=True)


class _Copy(osmium.SimpleHandler):
    """Writes every element; the merging reader takes handlers, not writers."""

    def __init__(self, writer: osmium.SimpleWriter) -> None:
        super().__init__()
        self.node = self.way = self.relation = writer.add
