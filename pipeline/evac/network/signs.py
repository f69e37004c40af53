"""Stop and give-way signs of the map in a net: netconvert doesn't read them, so plain XML is changed.

Right of way follows the class of road unless signs say otherwise: the approaches with a sign yield to those without. A
stop sign at each approach, or one for all, makes an all-way stop.

A stop sign is a give-way sign here. SUMO's kind of junction for it, `priority_stop`, passes a third of what the
Highway Capacity Manual gives for a two-way stop (270 instead of 744 veh/h into 300).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import deepcopy
from itertools import chain
from pathlib import Path

from evac.network.plain_files import elements, rewrite, with_attribute
from evac.osm.signs import ALL_WAY, STOP, Sign

# Kinds of junction that signs decide about; where there are signals they are for when these are off.
_BY_RIGHT_OF_WAY = frozenset({"priority", "right_before_left", "left_before_right"})
_FEWEST_STOPS = 3  # of an all-way stop
_BEGIN = re.compile(r'\s*<(?:node|edge) id="([^"]*)"')


def put_up_signs(plain: Path, signs: Iterable[Sign]) -> None:
    """Let the approaches of a net yield as the map's signs say.

    Parameters
    ----------
    plain
        A folder with `plain.nod.xml` and `plain.edg.xml`, and `joined.nod.xml` with the junctions that were joined.
    signs
        The signs.
    """
    by_node: dict[str, list[Sign]] = defaultdict(list)
    for sign in signs:
        by_node[str(sign.node)].append(sign)
    nodes, edges = plain / "plain.nod.xml", plain / "plain.edg.xml"
    # Those of junctions that were joined to others are left out: their nodes are none of the net's.
    junctions = {node.attrib["id"]: deepcopy(node) for node in elements(nodes, "node") if node.get("id") in by_node}
    arriving: dict[str, list[ET.Element]] = defaultdict(list)
    for edge in elements(edges, "edge") if junctions else ():
        if edge.get("to") in junctions:
            arriving[edge.attrib["to"]].append(deepcopy(edge))
    for name, node in junctions.items():
        if node.get("type") in _BY_RIGHT_OF_WAY:
            _regulate(node, arriving[name], by_node[name])
    _write(nodes, "type", junctions.values())
    _write(edges, "priority", chain.from_iterable(arriving.values()))


def _write(path: Path, key: str, items: Iterable[ET.Element]) -> None:
    """Write an attribute of some nodes or edges into a file that has each on a line of its own."""
    wanted = {item.attrib["id"]: item.get(key) for item in items}
    if wanted:
        rewrite(path, lambda lines: (_with(line, key, wanted) for line in lines))


def _with(line: str, key: str, wanted: Mapping[str, str | None]) -> str:
    begin = _BEGIN.match(line)
    value = wanted.get(begin[1]) if begin else None
    return line if value is None else with_attribute(line, key, f'{key}="{value}"')


def _regulate(junction: ET.Element, arriving: list[ET.Element], signs: list[Sign]) -> None:
    """Give a junction the kind that its signs ask for, and its signed approaches a lower priority than the others."""
    signed = {id(edge): sign.kind for edge in arriving for sign in signs if _stands_at(sign, edge)}
    stops = sum(kind == STOP for kind in signed.values())
    if any(sign.kind == ALL_WAY for sign in signs) or (stops == len(arriving) and stops >= _FEWEST_STOPS):
        junction.set("type", "allway_stop")
        return
    free = [int(edge.attrib["priority"]) for edge in arriving if id(edge) not in signed]
    if not signed or not free:
        return
    junction.set("type", "priority")
    for edge in arriving:
        if id(edge) in signed:
            edge.set("priority", str(min(int(edge.attrib["priority"]), min(free) - 1)))


def _stands_at(sign: Sign, edge: ET.Element) -> bool:
    """Return whether a sign is at the end of an edge."""
    ways = {way for item in edge.iter("param") if item.get("key") == "origId" for way in item.get("value", "").split()}
    return str(sign.way) in ways and edge.attrib["id"].startswith("-") == (sign.step < 0)
