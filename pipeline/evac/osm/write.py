"""Writes the roads as OSM XML for netconvert: every way with explicit lanes and speed, and nothing that misleads it.

Only tags that say how cars drive are kept. `width` isn't (netconvert would divide it into lanes of 1.5 m), lane change
bans aren't (at merges they hold cars up for ever: SUMO #986), and neither are level crossings and bus stops.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import osmium
from osmium.osm.mutable import Node as OsmNode
from osmium.osm.mutable import Relation
from osmium.osm.mutable import Way as OsmWay

from evac.osm.access import Tags
from evac.osm.barriers import is_signal
from evac.osm.lanes import Lanes
from evac.osm.roads import Node, Restriction, Roads, Way

_WAY_TAGS = ("highway", "name", "ref", "junction", "layer", "bridge", "tunnel")
_SIGNAL_KEYS = ("highway", "crossing")
_EXEMPT_CARS = {"motorcar", "motor_vehicle"}


@dataclass(frozen=True)
class Street:
    """A way as netconvert needs it: its direction (`access.direction`), lanes, and speed in km/h each way."""

    way: Way
    direction: int
    lanes: Lanes
    forward_kph: float
    backward_kph: float
    speed_guessed: bool


def write_roads(roads: Roads, streets: Iterable[Street], path: Path) -> Mapping[str, int]:
    """Write the roads, and return how many turn restrictions were written and left out, and why.

    Parameters
    ----------
    roads
        The nodes and turn restrictions.
    streets
        The ways, a `Street` each.
    path
        The OSM XML file to write.
    """
    with osmium.SimpleWriter(osmium.io.File(str(path), "osm")) as writer:
        for node_id, node in sorted(roads.nodes.items()):
            writer.add_node(OsmNode(id=node_id, location=(node.lon, node.lat), tags=_node_tags(node), version=1))
        for street in sorted(streets, key=lambda item: item.way.way_id):
            way = street.way
            writer.add_way(OsmWay(id=way.way_id, nodes=way.nodes, tags=_way_tags(street), version=1))
        return _write_restrictions(roads, writer)


def _node_tags(node: Node) -> dict[str, str]:
    kept = _kept(node.tags, _SIGNAL_KEYS) if is_signal(node.tags) else {}
    return {key: value for key, value in kept.items() if value == "traffic_signals"}


def _kept(tags: Tags, keys: Iterable[str]) -> dict[str, str]:
    return {key: tags[key] for key in keys if key in tags}


def _way_tags(street: Street) -> dict[str, str]:
    lanes = street.lanes
    tags = _kept(street.way.tags, _WAY_TAGS)
    tags["oneway"] = {1: "yes", -1: "-1", 0: "no"}[street.direction]
    tags["lanes"] = str(lanes.forward + lanes.backward)
    if street.direction == 0:
        tags["lanes:forward"] = str(lanes.forward)
    tags["maxspeed"] = f"{street.backward_kph if street.direction < 0 else street.forward_kph:.2f}"
    if street.direction == 0 and street.backward_kph != street.forward_kph:
        tags["maxspeed:backward"] = f"{street.backward_kph:.2f}"  # on a one-way street it opens the other direction
    if lanes.turns_forward:
        tags["turn:lanes:forward"] = lanes.turns_forward
    if lanes.turns_backward:
        tags["turn:lanes:backward"] = lanes.turns_backward
    return tags


def _write_restrictions(roads: Roads, writer: osmium.SimpleWriter) -> Mapping[str, int]:
    counts = {"written": 0, "between ways that aren't simulated": 0, "cars are exempt": 0, "via a way": 0}
    at_node = _parts_at_nodes(roads)
    for item in sorted(roads.restrictions, key=lambda item: item.relation_id):
        from_way, to_way = at_node.get((item.from_way, item.via)), at_node.get((item.to_way, item.via))
        if _EXEMPT_CARS & set(item.exempt.split(";")):
            counts["cars are exempt"] += 1
        elif item.via_is_way:
            counts["via a way"] += 1
        elif from_way is None or to_way is None:
            counts["between ways that aren't simulated"] += 1
        else:
            writer.add_relation(_relation(item, from_way, to_way))
            counts["written"] += 1
    return counts


def _parts_at_nodes(roads: Roads) -> dict[tuple[int, int], int]:
    """Return the way that a restriction means: the part, of a way cut at barriers, that touches the via node."""
    by_original: dict[tuple[int, int], int] = {}
    for way in roads.ways.values():
        for ref in (way.nodes[0], way.nodes[-1], *way.nodes[1:-1]):
            by_original[(way.file_id, ref)] = way.way_id
    return by_original


def _relation(item: Restriction, from_way: int, to_way: int) -> Relation:
    return Relation(
        id=item.relation_id,
        version=1,
        members=[("w", from_way, "from"), ("n", item.via, "via"), ("w", to_way, "to")],
        tags={"type": "restriction", "restriction": item.kind},
    )
