"""Stop and give-way signs of the map in a net: netconvert doesn't read them, so plain XML is changed.

Right of way follows the class of road unless signs say otherwise: the approaches with a sign yield to those without. A
stop sign at each approach, or one for all, makes an all-way stop.

A stop sign is a give-way sign here. SUMO's kind of junction for it, `priority_stop`, passes a third of what the
Highway Capacity Manual gives for a two-way stop (270 instead of 744 veh/h into 300).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from evac.osm.signs import ALL_WAY, STOP, Sign

# Kinds of junction that signs decide about; where there are signals they are for when these are off.
_BY_RIGHT_OF_WAY = frozenset({"priority", "right_before_left", "left_before_right"})
_FEWEST_STOPS = 3  # of an all-way stop


def put_up_signs(plain: Path, signs: Iterable[Sign]) -> None:
    """Let the approaches of a net yield as the map's signs say.

    Parameters
    ----------
    plain
        A folder with `plain.nod.xml` and `plain.edg.xml`, and `joined.nod.xml` with the junctions that were joined.
    signs
        The signs.
    """
    nodes = ET.parse(plain / "plain.nod.xml")  # noqa: S314  netconvert's own output
    edges = ET.parse(plain / "plain.edg.xml")  # noqa: S314  as above
    junctions = {node.attrib["id"]: node for node in nodes.getroot().iter("node")}
    arriving: dict[str, list[ET.Element]] = defaultdict(list)
    for edge in edges.getroot().iter("edge"):
        arriving[edge.attrib["to"]].append(edge)
    for name, found in _by_junction(signs, junctions).items():
        if junctions[name].get("type") in _BY_RIGHT_OF_WAY:
            _regulate(junctions[name], arriving[name], found)
    nodes.write(plain / "plain.nod.xml", encoding="UTF-8", xml_declaration=True)
    edges.write(plain / "plain.edg.xml", encoding="UTF-8", xml_declaration=True)


def _by_junction(signs: Iterable[Sign], junctions: Mapping[str, ET.Element]) -> dict[str, list[Sign]]:
    """Return the signs of each junction of the net; those of a junction that was joined to others are left out."""
    found: dict[str, list[Sign]] = defaultdict(list)
    for sign in signs:
        if str(sign.node) in junctions:
            found[str(sign.node)].append(sign)
    return found


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
