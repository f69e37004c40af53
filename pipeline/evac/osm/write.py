"""Writes the roads as OSM XML for netconvert: every way with explicit lanes and speed, and nothing that misleads it.

Only tags that say how cars drive are kept. `width` isn't (netconvert would divide it into lanes of 1.5 m), lane change
bans aren't (at merges they hold cars up for ever: SUMO #986), and neither are level crossings and bus stops.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import osmium
from osmium.osm.mutable import Node as OsmNode
from osmium.osm.mutable import Relation
from osmium.osm.mutable import Way as OsmWay

from evac.osm.access import Tags
from evac.osm.barriers import is_signal
from evac.osm.lanes import Lanes
from evac.osm.restrictions import Ban, Leg, Turns
from evac.osm.roads import Node, Roads, Way

_WAY_TAGS = ("highway", "name", "ref", "junction", "layer", "bridge", "tunnel")
_SIGNAL_KEYS = ("highway", "crossing")


@dataclass(frozen=True)
class Street:
    """A way as netconvert needs it: its direction (`access.direction`), lanes, and speed in km/h each way."""

    way: Way
    direction: int
    lanes: Lanes
    forward_kph: float
    backward_kph: float
    speed_guessed: bool


def write_roads(roads: Roads, streets: Sequence[Street], path: Path) -> Turns:
    """Write the roads, and return which turn restrictions were written and left out, and why.

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
        turns = Turns(Leg(item.way.way_id, item.way.file_id, item.way.nodes, item.direction) for item in streets)
        _write_bans(turns.bans(roads.restrictions), writer)
    return turns


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


def _write_bans(bans: Iterable[Ban], writer: osmium.SimpleWriter) -> None:
    """Write a relation for each ban; of several that come from one relation the first has its id."""
    bans = list(bans)
    fresh = count(max((ban.relation_id for ban in bans), default=0) + 1)
    seen: set[int] = set()
    relations = []
    for ban in bans:
        relations.append((next(fresh) if ban.relation_id in seen else ban.relation_id, ban))
        seen.add(ban.relation_id)
    for relation_id, ban in sorted(relations, key=lambda item: item[0]):
        members = [("w", ban.from_way, "from"), ("n", ban.node, "via"), ("w", ban.to_way, "to")]
        tags = {"type": "restriction", "restriction": ban.kind}
        writer.add_relation(Relation(id=relation_id, version=1, members=members, tags=tags))
