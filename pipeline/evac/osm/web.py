"""The roads of an OSM file as one web: what cars may drive, and what goes on where they may not.

The net knows only what cars may drive. Whether a road leads anywhere is told by what comes after its end: a track, a
road that is being built, a bollard, a turning circle, a ferry, or nothing, because the file ends there. `network.exits`
decides on this web which roads are ways out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pandas as pd
import shapely
from osmium.filter import KeyFilter

from evac.elements import LOCATION_INDEX
from evac.osm.access import CLASSES, Tags
from evac.osm.corrections import Corrections
from evac.osm.moments import Moment, tags_at
from evac.osm.roads import Roads
from evac.osm.source import Box, readable
from evac.osm.tidy import Source
from evac.osm.web_rows import (
    FERRY,
    NOT_BUILT,
    STAGE_KEYS,
    barrier_in_words,
    closed_row,
    gates_of,
    open_rows,
    sign_at,
    stage_of,
    what_it_is,
)

_FILES = ("web_ways.parquet", "web_nodes.parquet")
_EDGE = "web_edge.json"
_BORDERS = {"2", "3", "4"}  # `admin_level` of countries and states
_OURS = {"evac", "evac new", "cut_extract.py"}


@dataclass(frozen=True)
class Web:
    """Roads and what they end at.

    Parameters
    ----------
    ways
        A row a way, or part of one: `way_id` (as in `streets.parquet`), `osm_way_id`, `file_id`, `highway` (`ferry` for
        one), `label` (what people call it; null where the map has no name), `direction` (1, -1, 0), `lanes_forward`,
        `lanes_backward` (for cars, 0 where they may not go), `closed` (null where cars may drive, else what it is in
        words), `at_times` (what the map says of its hours or season; null without), `unsure` (the direction in which it
        isn't always open then; 0 for both), `private` (the tag that keeps the public off, such as `access=private`;
        null without), `gate` (it is the piece of road at a gate that isn't open to all, or not at all times), `nodes`
        (positions in `nodes`).
    nodes
        A row a node: `lon`, `lat` (degrees), `off_file` (a road goes on from here to a node that the file lacks),
        `cut_short` (to its last one, so that the file cuts roads where it ends; never in files of this toolkit),
        `sign` (what stops cars here or says that the road ends, in words; else null).
    boxes
        What the file says it covers; none where it says nothing.
    borders
        Borders of countries and states (WGS 84): many extracts end there.
    """

    ways: pd.DataFrame
    nodes: pd.DataFrame
    boxes: tuple[Box, ...] = ()
    borders: shapely.Geometry = field(default_factory=shapely.MultiLineString)

    def write(self, folder: Path) -> None:
        """Write the web into the folder of a map."""
        for name, table in zip(_FILES, (self.ways, self.nodes), strict=True):
            table.to_parquet(folder / name, compression="zstd", index=False)
        (folder / _EDGE).write_text(json.dumps({"boxes": self.boxes, "borders": shapely.to_wkt(self.borders, 7)}))

    @classmethod
    def read(cls, folder: Path) -> Web:
        """Return what `write` has written."""
        ways, nodes = (pd.read_parquet(folder / name) for name in _FILES)
        edge = json.loads((folder / _EDGE).read_text())
        boxes = tuple((west, south, east, north) for west, south, east, north in edge["boxes"])
        return cls(ways, nodes, boxes, shapely.from_wkt(edge["borders"]))


@dataclass
class _Building:
    """A web that is being put together.

    Parameters
    ----------
    rows, lines
        The ways, and the ids of their nodes.
    places
        Longitude and latitude of nodes, by id.
    signs, off_file, cut_short
        As in `Web.nodes`, by id.
    ends
        Nodes at which a road that cars may drive ends.
    borders
        Lines of borders (degrees).
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[list[int]] = field(default_factory=list)
    places: dict[int, tuple[float, float]] = field(default_factory=dict)
    signs: dict[int, str] = field(default_factory=dict)
    off_file: set[int] = field(default_factory=set)
    cut_short: set[int] = field(default_factory=set)
    ends: set[int] = field(default_factory=set)
    borders: list[list[tuple[float, float]]] = field(default_factory=list)

    def add(self, row: dict[str, Any], nodes: list[int]) -> None:
        self.rows.append(row)
        self.lines.append(nodes)

    def web(self, boxes: tuple[Box, ...]) -> Web:
        ids = list(self.places)
        position = {ref: number for number, ref in enumerate(ids)}
        ways = pd.DataFrame(self.rows, columns=list(_row_columns()))
        ways["nodes"] = pd.Series(
            [np.array([position[ref] for ref in line], dtype=np.int64) for line in self.lines], dtype=object
        )
        lon, lat = np.array([self.places[ref] for ref in ids], dtype=float).reshape(-1, 2).T
        nodes = pd.DataFrame(
            {
                "lon": lon,
                "lat": lat,
                "off_file": [ref in self.off_file for ref in ids],
                "cut_short": [ref in self.cut_short for ref in ids],
                "sign": pd.Series([self.signs.get(ref) for ref in ids], dtype=object),
            }
        )
        return Web(ways, nodes, boxes, shapely.MultiLineString(self.borders))


def read_web(source: Source, roads: Roads, corrections: Corrections, moment: Moment, *, min_road_class: str) -> Web:
    """Return the web of a file's roads.

    Parameters
    ----------
    source
        The file.
    roads
        What cars may drive of it, cut at barriers and forbidden exits.
    corrections
        Those that `roads` was read with.
    moment
        When.
    min_road_class
        Lowest class that is simulated.

    Raises
    ------
    DataError
        The file is broken.
    """
    building = _Building()
    gates = gates_of(roads)
    for way in roads.ways.values():
        for row, line in open_rows(way, gates):
            building.add(row, line)
        for ref in way.nodes:
            building.places.setdefault(ref, (roads.nodes[ref].lon, roads.nodes[ref].lat))
    for barrier, sides in roads.cuts.items():
        for _, end in sides:
            building.signs[end] = barrier_in_words(roads.nodes[barrier].tags)
    with readable(source.path):
        for way, tags in _others(source, roads, building):
            given = corrections.apply(way.id, tags)
            lat = next((node.lat for node in way.nodes if node.location.valid()), None)
            _add_closed(way, tags_at(given, moment, lat).tags, min_road_class, building)
    if declares_homes(source.file):
        building.cut_short.clear()
        return building.web(())
    return building.web(source.facts.boxes)


def declares_homes(file: Path) -> bool:
    """Return whether this toolkit has cut a file: its bounds are those of the homes, and roads end elsewhere."""
    return osmium.io.Reader(str(file), osmium.osm.NOTHING).header().get("generator", "") in _OURS


def _row_columns() -> tuple[str, ...]:
    about = ("way_id", "osm_way_id", "file_id", "highway", "label", "direction")
    return (*about, "lanes_forward", "lanes_backward", "closed", "at_times", "unsure", "private", "gate")


def _others(source: Source, roads: Roads, building: _Building) -> Iterator[tuple[Any, dict[str, str]]]:
    """Give the ways that cars don't drive; mark on the way what nodes say of a road's end, and what the file lacks."""
    open_files = {way.file_id for way in roads.ways.values()}
    building.ends = ends = _dead_ends(building.lines)
    keys = KeyFilter("highway", *STAGE_KEYS, "route", "noexit", "amenity", "man_made", "boundary")
    item: Any
    for item in osmium.FileProcessor(str(source.file)).with_locations(LOCATION_INDEX).with_filter(keys):
        if item.is_node():
            sign = sign_at(dict(item.tags)) if item.id in ends else None
            if sign:
                building.signs.setdefault(item.id, sign)
        elif item.is_way():
            if item.tags.get("boundary") == "administrative" and item.tags.get("admin_level") in _BORDERS:
                line = [(node.lon, node.lat) for node in item.nodes if node.location.valid()]
                building.borders += [line] if len(line) > 1 else []
            _mark_missing(item, building)
            if item.id not in open_files:
                yield item, dict(item.tags)


def _dead_ends(lines: Iterable[list[int]]) -> set[int]:
    met = Counter(ref for line in lines for ref in (line[0], line[-1], *line[1:-1], *line[1:-1]))
    return {ref for ref, count in met.items() if count == 1}


def _mark_missing(item: Any, building: _Building) -> None:
    """Mark the nodes from which a way goes on to one that the file hasn't."""
    if "highway" not in item.tags:
        return
    there = [node.location.valid() for node in item.nodes]
    if all(there):
        return
    refs = [node.ref for node in item.nodes]
    for here, beside in (
        *zip(range(len(refs)), range(1, len(refs)), strict=False),
        *zip(range(1, len(refs)), range(len(refs)), strict=False),
    ):
        if there[here] and not there[beside]:
            building.off_file.add(refs[here])
            rest = there[beside:] if beside > here else there[:here]
            if not any(rest):
                building.cut_short.add(refs[here])


def _add_closed(item: Any, tags: Tags, min_road_class: str, building: _Building) -> None:
    what = what_it_is(tags, min_road_class)
    refs = [node.ref for node in item.nodes if node.location.valid()]
    if what is None or len(refs) < 2 or not _matters(tags, refs, building):  # noqa: PLR2004  a line's ends
        return
    for node in item.nodes:
        if node.location.valid():
            building.places.setdefault(node.ref, (node.location.lon, node.location.lat))
    building.add(closed_row(item.id, item.id, item.id, tags, what), refs)


def _matters(tags: Tags, refs: Iterable[int], building: _Building) -> bool:
    """Return whether a closed way tells anything: streets wherever they meet a road, the rest only at a road's end."""
    street = tags.get("route") == FERRY or stage_of(tags) or tags.get("highway") in {*CLASSES, *NOT_BUILT}
    return any(ref in building.places if street else ref in building.ends for ref in refs)
