"""What became of a map's ways in the net, and what netconvert said about it.

Nothing is lost in silence: each edge knows its ways, each way that has no edge is listed with the reason, and each of
netconvert's warnings is sorted by kind with the ids that it names.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.files import write_text
from evac.network.places import way_ids
from evac.network.plain_files import elements
from evac.osm import StreetMap

# Kind of warning by what netconvert's text begins with or holds, in the order in which they are tried.
_KINDS = (
    ("lane_not_connected", re.compile(r"^(Lane|Edge) .* is not connected")),
    ("connection_lost", re.compile(r"^Could not (set|use) connection|^(Connection|Removed connection) ")),
    ("way_dropped", re.compile(r"^(Discarding|Skipping) (edge|way)")),
    ("turn_lanes_not_applied", re.compile(r"turn sign information")),
    ("turn_ban_not_applied", re.compile(r"restriction relation")),
    ("signals_dropped", re.compile(r"^The traffic light .* does not control|^Could not build program")),
    ("junctions_not_joined", re.compile(r"^(Not joining junctions|Reducing junction cluster)")),
    ("slow_connection", re.compile(r"^Speed of .* connection .* reduced")),
    ("crossing_left_turns", re.compile(r"^Intersecting left turns")),
    ("fast_minor_green", re.compile(r"^Minor green")),
    ("sharp_bend", re.compile(r"^Found (angle|sharp turn)")),
    ("turnaround_ambiguous", re.compile(r"^Ambiguity in turnarounds")),
    ("junction_shape", re.compile(r"^Shape for junction")),
)
_QUOTED = re.compile(r"'([^']+)'")
_NOT_JOINED = re.compile(r"(?:junctions|cluster) ([^ ]+)")
_FILE = "warnings.json"
_Joined = dict[str, list[str]]  # OSM nodes of each joined junction, by its id


@dataclass(frozen=True)
class _Roads:
    """Of the roads that netconvert read: ids of the nodes tagged as signals, and the nodes of each way."""

    signals: set[str]
    way_nodes: dict[int, list[str]]


def edge_table(net: Net, streets: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return a row an edge: the ways that it comes from, and whether its lanes and speed were guessed.

    Parameters
    ----------
    net
        The net, with the ways' ids on its lanes (`origId`).
    streets
        `StreetMap.streets()`.

    Returns
    -------
    pandas.DataFrame
        Columns `edge`, `way_ids`, `name`, `highway`, `lanes`, `lanes_guessed`, `speed_guessed`, `length_m`.
        Lanes that netconvert added for a ramp count as guessed.
    """
    facts = streets.set_index("way_id")
    most = np.maximum(facts["lanes_forward"], facts["lanes_backward"]).to_dict()
    lanes_guessed, speed_guessed = facts["lanes_guessed"].to_dict(), facts["speed_guessed"].to_dict()
    rows = []
    for edge in sorted(net.getEdges(withInternal=False), key=Edge.getID):
        ways = way_ids(edge)
        added = edge.getLaneNumber() > max((most[way] for way in ways), default=0)
        rows.append(
            {
                "edge": edge.getID(),
                "way_ids": ways,
                "name": edge.getName() or None,
                "highway": edge.getType().removeprefix("highway."),
                "lanes": edge.getLaneNumber(),
                "lanes_guessed": added or any(lanes_guessed[way] for way in ways),
                "speed_guessed": any(speed_guessed[way] for way in ways),
                "length_m": edge.getLength(),
            }
        )
    return pd.DataFrame(rows)


def write_warnings(folder: Path, log: str, edges: pd.DataFrame, street_map: StreetMap) -> None:
    """Write `warnings.json`: netconvert's warnings, joined junctions, guessed signals, ways without an edge, doubts.

    Parameters
    ----------
    folder
        The net's folder; its `joined.nod.xml` and `plain.nod.xml` are read.
    log
        What netconvert printed.
    edges
        `edge_table`.
    street_map
        The map that the net was built from.
    """
    joined = joined_junctions(folder / "joined.nod.xml")
    roads = _read_roads(street_map.roads_file)
    found = [
        *_warnings(log),
        *({"kind": "junctions_joined", "text": "", "ids": [name, *nodes]} for name, nodes in joined.items()),
        *_guessed_signals(folder / "plain.nod.xml", roads, joined),
        *_lost_ways(edges, street_map, roads, joined),
        *({"ids": [], **doubt} for doubt in street_map.doubts()),
    ]
    write_text(folder / _FILE, json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def network_warnings(folder: Path) -> list[dict[str, Any]]:
    """Return what `write_warnings` wrote: a list of `kind`, `text` and `ids`."""
    found: list[dict[str, Any]] = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return found


def _warnings(log: str) -> Iterator[dict[str, Any]]:
    """Give each of netconvert's warnings once: both of its passes say much the same."""
    for line in dict.fromkeys(log.splitlines()):
        if not line.startswith("Warning: "):
            continue
        text = line.removeprefix("Warning: ")
        kind = next((kind for kind, pattern in _KINDS if pattern.search(text)), "other")
        ids = _QUOTED.findall(text)
        unquoted = _NOT_JOINED.search(text) if kind == "junctions_not_joined" else None
        yield {"kind": kind, "text": text, "ids": unquoted.group(1).split(",") if unquoted else ids}


def joined_junctions(path: Path) -> _Joined:
    """Return the OSM nodes of each junction that netconvert joined, by the junction's id."""
    clusters: _Joined = {}
    for join in elements(path, "join"):
        nodes = join.get("nodes", "").split()
        clusters[join.get("id") or "cluster_" + "_".join(sorted(nodes))] = nodes
    return clusters


def _guessed_signals(nodes: Path, roads: _Roads, joined: _Joined) -> Iterator[dict[str, Any]]:
    """Give the junctions that got signals although none of their own nodes is tagged as a signal."""
    for node in elements(nodes, "node"):
        name = node.get("id", "")
        if node.get("type", "").startswith("traffic_light") and roads.signals.isdisjoint(joined.get(name, [name])):
            yield {"kind": "signals_guessed", "text": "signals on the ways in make this a signal", "ids": [name]}


def _lost_ways(edges: pd.DataFrame, street_map: StreetMap, roads: _Roads, joined: _Joined) -> Iterator[dict[str, Any]]:
    """Give the ways that no edge comes from, and why: inside a joined junction, a double, or unexplained."""
    streets = street_map.streets()
    kept = {way for ways in edges["way_ids"] for way in ways}
    junction_of = {node: name for name, nodes in joined.items() for node in nodes}
    known = {frozenset(roads.way_nodes[way]): way for way in kept}
    for way, name in zip(streets["way_id"], streets["name"], strict=True):
        if way in kept:
            continue
        nodes = roads.way_nodes[way]
        junctions = {junction_of.get(node) for node in (nodes[0], nodes[-1])}
        double = known.get(frozenset(nodes))
        if len(junctions) == 1 and None not in junctions:
            yield {"kind": "way_in_junction", "text": name or "", "ids": [str(way), *junctions]}
        elif double is not None:
            yield {"kind": "way_doubled", "text": name or "", "ids": [str(way), str(double)]}
        else:
            yield {"kind": "way_lost", "text": name or "", "ids": [str(way)]}


def _read_roads(path: Path) -> _Roads:
    """Read the nodes of each way, and the signals, of the OSM XML that the stage before has written."""
    signals: set[str] = set()
    way_nodes: dict[int, list[str]] = {}
    for _, element in ET.iterparse(path):  # noqa: S314  written by the stage before
        if element.tag == "node" and any(tag.get("v") == "traffic_signals" for tag in element):
            signals.add(element.get("id", ""))
        elif element.tag == "way":
            way_nodes[int(element.get("id", ""))] = [item.get("ref", "") for item in element.iter("nd")]
        if element.tag in {"node", "way", "relation"}:
            element.clear()
    return _Roads(signals, way_nodes)
