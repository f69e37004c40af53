"""Reads the drivable ways, the nodes that they pass and the turn restrictions from an OSM file.

The file streams by once. Coordinates of all nodes pass through osmium's location index (16 bytes each), because which
of them belong to roads is known only when the ways come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, groupby, pairwise
from typing import Any

import osmium
from osmium.filter import KeyFilter

from evac.counted import counted
from evac.elements import LOCATION_INDEX
from evac.osm.access import ACCESS_KEYS, Tags, may_be_opened, why_left_out
from evac.osm.barriers import blocks_cars
from evac.osm.corrections import Corrections
from evac.osm.moments import AtMoment, Moment, changes_with_time, tags_at
from evac.osm.passable import POINT_KEYS
from evac.osm.restrictions import RESTRICTION_KEYS, Restriction, read_restriction
from evac.osm.source import readable, refusal
from evac.osm.tidy import ORIGINAL_ID, Source

_ENDS = 2  # a line has two
_SHORT_OF_BARRIER = 0.5  # a road is cut half way between a barrier and the node before it
_PLAIN = AtMoment({})
_NODE_KEYS = ("highway", "crossing", "barrier", *ACCESS_KEYS, *POINT_KEYS)


@dataclass
class Way:
    """A drivable way, or the part of one on one side of a barrier.

    Parameters
    ----------
    way_id
        Its id; parts beyond a barrier get fresh ids.
    file_id
        The id in the file, the same for all parts.
    osm_way_id
        The id in OpenStreetMap: the tag `osm:way_id` of a rebuilt extract, else the id in the file.
    nodes
        Ids of its nodes.
    tags
        Its tags, as they hold at the moment for which the map is read.
    at_times
        What can't be decided of when it is open (`moments`).
    otherwise
        Its tags as they would be if that held (`moments.AtMoment`).
    """

    way_id: int
    file_id: int
    osm_way_id: int
    nodes: list[int]
    tags: Tags
    at_times: tuple[str, ...] = ()
    otherwise: tuple[Tags, ...] = ()


@dataclass(frozen=True)
class Node:
    """A node of a road.

    Parameters
    ----------
    lon, lat
        Where it is (WGS 84, degrees).
    tags
        Its tags, as they hold at the moment for which the map is read.
    at_times
        What can't be decided of when cars pass it (`moments`).
    """

    lon: float
    lat: float
    tags: Tags
    at_times: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gap:
    """Where a road was cut in two because nodes are lacking: its last node before, and how many are lacking."""

    way: Way
    node: int
    lacking: int


@dataclass
class Roads:
    """What a map's roads are made of.

    Parameters
    ----------
    ways, nodes, restrictions
        By id; in the order of the file.
    restrictions_left_out
        How many turn restrictions don't hold for cars, or at this hour.
    left_out
        How many ways with a `highway` tag aren't simulated, by reason.
    cut_at
        Ids of the barriers at which a road was cut.
    closed, closed_nodes
        Roads that aren't simulated but that a plan may open, and the nodes that only they pass.
    gaps
        Where the file lacks nodes in the middle of a road: its parts before and after, how many are lacking.
    cuts
        For each barrier, the ways that were cut there and the node at which the part that is left ends.
    """

    ways: dict[int, Way] = field(default_factory=dict)
    nodes: dict[int, Node] = field(default_factory=dict)
    restrictions: list[Restriction] = field(default_factory=list)
    restrictions_left_out: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    cut_at: list[int] = field(default_factory=list)
    closed: dict[int, Way] = field(default_factory=dict)
    closed_nodes: dict[int, Node] = field(default_factory=dict)
    cuts: dict[int, list[tuple[Way, int]]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)


def read_roads(source: Source, min_road_class: str, corrections: Corrections, moment: Moment) -> Roads:
    """Read the roads of an OSM file.

    Parameters
    ----------
    source
        The file.
    min_road_class
        Lowest `highway` class that is simulated.
    corrections
        Made to the tags of each way before it is looked at.
    moment
        When: what is closed at times is taken as it is then.

    Raises
    ------
    DataError
        The file is broken or has no drivable road, or a correction fits none.
    """
    roads = Roads()
    with readable(source.path):
        _read(source, min_road_class, corrections, moment, roads)
    corrections.require_all_used(source.path)
    _refuse_without_nodes(source, roads)
    _cut_at_gaps(roads)
    if not roads.ways:
        seen = sum(roads.left_out.values())
        raise refusal(
            source.path,
            f"has no road that a car may use ({counted(seen, 'way')} with a 'highway' tag left out)",
            "take an extract with streets, or lower 'osm.min_road_class'",
        )
    return roads


def _read(source: Source, min_road_class: str, corrections: Corrections, moment: Moment, roads: Roads) -> None:
    keys = KeyFilter(*_NODE_KEYS, *RESTRICTION_KEYS)
    on_nodes: dict[int, AtMoment] = {}
    item: Any
    for item in osmium.FileProcessor(str(source.file)).with_locations(LOCATION_INDEX).with_filter(keys):
        if item.is_node():
            tags, place = dict(item.tags), item.location
            lat = place.lat if place.valid() else None
            on_nodes[item.id] = tags_at(tags, moment, lat) if changes_with_time(tags) else AtMoment(tags)
        elif item.is_relation():
            restriction = read_restriction(item, moment, roads.restrictions_left_out)
            if restriction is not None:
                roads.restrictions.append(restriction)
        elif "highway" in item.tags:
            given = corrections.apply(item.id, dict(item.tags))
            then = tags_at(given, moment, _latitude(item)) if changes_with_time(given) else AtMoment(given)
            _add_way(item, then, min_road_class, on_nodes, roads)


def _latitude(way: Any) -> float | None:
    return next((node.lat for node in way.nodes if node.location.valid()), None)


def _add_way(item: Any, then: AtMoment, min_road_class: str, on_nodes: Mapping[int, AtMoment], roads: Roads) -> None:
    tags = then.tags
    reason = why_left_out(tags, min_road_class)
    ways, nodes = roads.ways, roads.nodes
    if reason is not None:
        roads.left_out[reason] += 1
        if not may_be_opened(tags):
            return
        ways, nodes = roads.closed, roads.closed_nodes
    refs = [node.ref for node in item.nodes]
    osm_way_id = _original_id(tags, item.id)
    ways[item.id] = Way(item.id, item.id, osm_way_id, refs, tags, then.undecided, then.otherwise)
    for node in item.nodes:
        if node.location.valid() and node.ref not in nodes:
            here = on_nodes.get(node.ref, _PLAIN)
            nodes[node.ref] = Node(node.location.lon, node.location.lat, here.tags, here.undecided)


def _refuse_without_nodes(source: Source, roads: Roads) -> None:
    if roads.ways and not roads.nodes:
        raise refusal(
            source.path,
            "has roads, but none of the nodes that say where they are",
            "ask Overpass for the nodes too, `(._;>;); out body;`, or take an extract that is complete",
        )


def _original_id(tags: Tags, way_id: int) -> int:
    original = tags.get(ORIGINAL_ID, "")
    return int(original) if original.removeprefix("-").isdigit() else way_id


def _cut_at_gaps(roads: Roads) -> None:
    """Cut roads where the file lacks nodes of them, and leave out what has fewer than two nodes.

    An extract that was cut by a box lacks the nodes outside: a road that leaves it and comes back must not become a
    straight road between. A road that only ends outside is shorter, and no gap.
    """
    fresh = fresh_ids(roads)
    for ways, nodes in ((roads.ways, roads.nodes), (roads.closed, roads.closed_nodes)):
        for way in list(ways.values()):
            if len(way.nodes) < _ENDS or any(ref not in nodes for ref in way.nodes):
                _cut_way(way, ways, nodes, roads, fresh)


def _cut_way(way: Way, ways: dict[int, Way], nodes: Mapping[int, Node], roads: Roads, fresh: Callable[[], int]) -> None:
    runs = [list(run) for there, run in groupby(way.nodes, key=nodes.__contains__) if there]
    whole = [run for run in runs if len(run) >= _ENDS]
    del ways[way.way_id]
    if not whole and ways is roads.ways:
        roads.left_out["fewer than two nodes in the file"] += 1
    parts = [replace(way, way_id=way.way_id if number == 0 else fresh(), nodes=run) for number, run in enumerate(whole)]
    ways.update({part.way_id: part for part in parts})
    for part, after in pairwise(parts):
        lacking = way.nodes.index(after.nodes[0]) - way.nodes.index(part.nodes[-1]) - 1
        roads.gaps.append(Gap(part, part.nodes[-1], lacking))


def on_the_road(roads: Roads) -> set[int]:
    """Return the nodes at which two segments of road meet: what stands there stands in the way, not beside it."""
    segments = Counter(ref for way in roads.ways.values() for ref in way.nodes[1:-1] for _ in range(2))
    segments.update(ref for way in roads.ways.values() for ref in (way.nodes[0], way.nodes[-1]))
    return {ref for ref, number in segments.items() if number == 2}  # noqa: PLR2004


def cut_at_barriers(roads: Roads) -> None:
    """Cut a road half a segment before a barrier, on both sides of it.

    Only where two segments of drivable road meet: a bollard mapped on the junction itself stands on the footpath
    that starts there.
    """
    blocked = {ref for ref, node in roads.nodes.items() if blocks_cars(node.tags)} & on_the_road(roads)
    fresh = fresh_ids(roads)
    for way in list(roads.ways.values()):
        if not blocked.isdisjoint(way.nodes):
            _cut(way, blocked, roads, fresh)
    roads.cut_at = sorted(blocked)


def fresh_ids(roads: Roads) -> Callable[[], int]:
    """Return a function that gives an id that no node and no way has, another one at each call."""
    last = max([*roads.nodes, *roads.ways, *roads.closed_nodes, *roads.closed], default=0)
    counter: Iterator[int] = count(last + 1)
    return lambda: next(counter)


def _cut(way: Way, blocked: set[int], roads: Roads, fresh: Callable[[], int]) -> None:
    parts: list[list[int]] = [[]]
    for before, ref in zip([None, *way.nodes], way.nodes, strict=False):
        if before in blocked:
            parts[-1].append(_between(roads, fresh(), before, ref))
            roads.cuts.setdefault(before, []).append((way, parts[-1][-1]))
        if ref not in blocked:
            parts[-1].append(ref)
        elif before is not None:
            parts[-1].append(_between(roads, fresh(), ref, before))
            roads.cuts.setdefault(ref, []).append((way, parts[-1][-1]))
            parts.append([])
    whole = [part for part in parts if len(part) > 1]
    del roads.ways[way.way_id]
    for number, part in enumerate(whole):
        way_id = way.way_id if number == 0 else fresh()
        roads.ways[way_id] = replace(way, way_id=way_id, nodes=part)


def _between(roads: Roads, node_id: int, barrier: int, neighbour: int) -> int:
    """Place a new node half way between a barrier and its neighbour."""
    a, b = roads.nodes[barrier], roads.nodes[neighbour]
    lon = a.lon + _SHORT_OF_BARRIER * (b.lon - a.lon)
    lat = a.lat + _SHORT_OF_BARRIER * (b.lat - a.lat)
    roads.nodes[node_id] = Node(lon, lat, {})
    return node_id
