"""Merges where drivers take turns: SUMO's zipper, set in a compiled net for the streams that merge and for no others.

Where two queues merge, drivers enter in a nearly fixed ratio, near one to one for each lane, whatever passes behind the
merge (Cassidy and Ahn, Driver turn-taking behavior in congested freeway merges, TRR 1934, 2005, at four merges in
California and Toronto; Ni and Leonard, Applied Mathematical Modelling 29, 2005). A priority junction of SUMO gives a
queue on the minor road next to nothing.

netconvert knows the zipper as a kind of junction only. There each movement yields to each, those that merge with nobody
too: a main road of two lanes then passes what one lane does (1,618 instead of 3,230 veh/h, measured). So the junction
stays what it is, and only the links that lead into the same lane become zipper links (`Z`) that yield to each other.

Drivers on a zipper link begin to make room 100 m before it, and so slow down the lanes beside theirs: of a full road of
two lanes and a full side street that joins it 2,259 and 624 vehicles an hour get through, where their shares of the
lanes are 2,241 and 747. Where a road of several lanes is joined they see each other from as near as at any other
junction (`_SEEN_FROM_M`, and from where they can still brake): 2,370 and 705 then (measured, at 50 km/h).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TextIO

from evac.files import write_parts

# Junctions without signals or stop signs for all; signals and all-way stops share out the right of way by themselves.
_UNREGULATED = frozenset({"priority", "priority_stop", "right_before_left", "left_before_right"})
_ZIPPER, _MINOR = "Z", "m"
_SEEN_FROM_M = 4.5
"""From where drivers see each other who merge into one lane of several (m): SUMO's value for links that yield."""
_VISIBILITY = re.compile(r' visibility="[^"]*"')
_CHANGED = {"connection": "state", "request": "response"}
_RULES = {*_CHANGED, "junction", "/junction>", "roundabout"}


@dataclass(frozen=True)
class _Link:
    """A connection, and the row of the junction's right-of-way matrix that is its."""

    connection: ET.Element
    request: ET.Element

    @property
    def state(self) -> str:
        return self.connection.get("state", "")

    @property
    def target(self) -> tuple[str, str]:
        return self.connection.attrib["to"], self.connection.attrib["toLane"]

    @property
    def way(self) -> tuple[str, str]:
        """The roads that it leads from and to."""
        return self.connection.attrib["from"], self.connection.attrib["to"]

    def merges_with(self, other: _Link) -> bool:
        """Return whether both lead from different roads into one lane, without a stop in the middle of the junction."""
        inside = "1" in (self.request.get("cont"), other.request.get("cont"))
        return (
            self.target == other.target and self.connection.get("from") != other.connection.get("from") and not inside
        )

    def yields_to(self, other: _Link) -> None:
        """Let this link's drivers look at those of the other, as drivers on a zipper link do."""
        self.connection.set("state", _ZIPPER)
        response = list(self.request.attrib["response"])
        response[-1 - int(other.request.attrib["index"])] = "1"  # the matrix counts from the right
        self.request.set("response", "".join(response))


def alternate_at_merges(net_file: Path) -> None:
    """Let drivers alternate wherever streams of two roads merge into one lane, but at signals and in roundabouts.

    Whoever circulates in a roundabout keeps the right of way: a circle that lets everybody in locks.

    Parameters
    ----------
    net_file
        A compiled net; it is changed.
    """
    with _lines(net_file) as lines:
        root = _rules(lines)
    round_about = {node for item in root.iter("roundabout") for node in item.get("nodes", "").split()}
    connections: dict[str, list[ET.Element]] = defaultdict(list)
    for item in root.iter("connection"):
        connections[f"{item.attrib['from']}_{item.attrib['fromLane']}"].append(item)
    for junction in root.iter("junction"):
        if junction.get("type") in _UNREGULATED and junction.get("id") not in round_about:
            links = list(_links(junction, connections))
            for one, other in combinations(links, 2):
                if one.merges_with(other):
                    one.yields_to(other)
                    other.yields_to(one)
            _level(links)
    with _lines(net_file) as lines:
        write_parts(net_file, (line.encode() for line in _changed(lines, root)))


def _lines(net_file: Path) -> TextIO:
    """Open a net to be read line by line: a city's is too large to hold."""
    return net_file.open(encoding="utf-8", newline="\n")


def _rules(lines: Iterable[str]) -> ET.Element:
    """Return a net's junctions and connections: netconvert has each on lines of its own.

    The edges and their shapes are most of a net, and reading them would take many times as long.
    """
    parser = ET.XMLParser()  # noqa: S314  netconvert's own output
    parser.feed("<net>")
    for line in lines:
        if _tag(line) in _RULES:
            parser.feed(line)
    parser.feed("</net>")
    root: ET.Element = parser.close()
    return root


def _tag(line: str) -> str:
    return line.lstrip()[1:].partition(" ")[0].rstrip("\n")


def _changed(lines: Iterable[str], root: ET.Element) -> Iterator[str]:
    """Give the lines of a net with the states of links and their rows of the matrix."""
    items = (item for item in root.iter() if item.tag in _CHANGED)
    for line in lines:
        key = _CHANGED.get(_tag(line))
        yield line if key is None else _with(line, key, next(items))


def _with(line: str, key: str, item: ET.Element) -> str:
    wanted = f'{key}="{item.get(key, "")}"'
    if seen_from_m := item.get("visibility"):
        wanted += f' visibility="{seen_from_m}"'
    if wanted in line:  # a net that is compiled from another one's plain files may have a visibility
        return line
    return re.sub(rf'\b{key}="[^"]*"', wanted, _VISIBILITY.sub("", line), count=1)


def _level(links: Sequence[_Link]) -> None:
    """Let the lanes beside a zipper lane that yield look as far ahead as it does, and all of them not far.

    Who yields to whom stays.

    Drivers on a link that yields slow down until they see the junction, and hold up the lane beside them: a road of two
    lanes, one of them a zipper lane, passed 1,306 instead of 2,524 veh/h (measured).
    """
    zippers = {link.way for link in links if link.state == _ZIPPER}
    for link in links:
        if link.state == _MINOR and link.way in zippers:
            link.connection.set("state", _ZIPPER)
    lanes = Counter(link.way for link in links if link.way in zippers)
    wide = {to for (_, to), number in lanes.items() if number > 1}
    for link in links:
        if link.state == _ZIPPER and link.way[1] in wide:
            link.connection.set("visibility", f"{_SEEN_FROM_M:g}")


def _links(junction: ET.Element, connections: Mapping[str, Sequence[ET.Element]]) -> Iterator[_Link]:
    """Give a junction's links in the order of its right-of-way matrix: by lane, and by connection of each lane."""
    found = [item for lane in junction.get("incLanes", "").split() for item in connections.get(lane, ())]
    requests = sorted(junction.iter("request"), key=lambda item: int(item.attrib["index"]))
    for connection, request in zip(found, requests, strict=True):
        yield _Link(connection, request)
