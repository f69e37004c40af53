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
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from sys import intern

from evac.network.plain_files import lines_of, rewrite, with_attribute

# Junctions without signals or stop signs for all; signals and all-way stops share out the right of way by themselves.
_UNREGULATED = frozenset({"priority", "priority_stop", "right_before_left", "left_before_right"})
_ZIPPER, _MINOR = "Z", "m"
_SEEN_FROM_M = 4.5
"""From where drivers see each other who merge into one lane of several (m): SUMO's value for links that yield."""
_VISIBILITY = re.compile(r' visibility="[^"]*"')
_ATTRIBUTE = re.compile(r' (\w+)="([^"]*)"')
_WITHIN = ' from=":'
"""What a connection inside a junction has, which is nobody's choice."""


@dataclass(slots=True)
class _Connection:
    """A connection of two lanes, as the net's file has it, and the number of its line."""

    line: int
    edge: str
    lane: str
    to: str
    to_lane: str
    state: str
    visibility: str


@dataclass(slots=True)
class _Request:
    """A row of a junction's right-of-way matrix, and the number of its line in the net's file."""

    line: int
    index: int
    response: str
    cont: bool


@dataclass(slots=True)
class _Junction:
    """A junction, its lanes in the order of its matrix."""

    name: str
    kind: str
    lanes: str
    requests: list[_Request]


@dataclass(frozen=True)
class _Rules:
    """The right of way of a net: what it takes to change it, and nothing more, since a city's is large."""

    junctions: list[_Junction] = field(default_factory=list)
    connections: dict[str, list[_Connection]] = field(default_factory=lambda: defaultdict(list))
    round_about: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Link:
    """A connection, and the row of the junction's right-of-way matrix that is its."""

    connection: _Connection
    request: _Request

    @property
    def state(self) -> str:
        return self.connection.state

    @property
    def way(self) -> tuple[str, str]:
        """The roads that it leads from and to."""
        return self.connection.edge, self.connection.to

    def merges_with(self, other: _Link) -> bool:
        """Return whether both lead from different roads into one lane, without a stop in the middle of the junction."""
        one, two = self.connection, other.connection
        inside = self.request.cont or other.request.cont
        return one.to == two.to and one.to_lane == two.to_lane and one.edge != two.edge and not inside

    def yields_to(self, other: _Link) -> None:
        """Let this link's drivers look at those of the other, as drivers on a zipper link do."""
        self.connection.state = _ZIPPER
        response = list(self.request.response)
        response[-1 - other.request.index] = "1"  # the matrix counts from the right
        self.request.response = "".join(response)


def alternate_at_merges(net_file: Path) -> None:
    """Let drivers alternate wherever streams of two roads merge into one lane, but at signals and in roundabouts.

    Whoever circulates in a roundabout keeps the right of way: a circle that lets everybody in locks.

    Parameters
    ----------
    net_file
        A compiled net; it is changed.
    """
    with lines_of(net_file) as lines:
        rules = _rules(lines)
    changed: dict[int, str] = {}
    for junction in rules.junctions:
        if junction.kind in _UNREGULATED and junction.name not in rules.round_about:
            links = list(_links(junction, rules.connections))
            _alternate(links)
            changed |= {line: wanted for link in links for line, wanted in _wanted(link)}
    rewrite(net_file, lambda lines: _changed(lines, changed))


def _alternate(links: Sequence[_Link]) -> None:
    for one, other in combinations(links, 2):
        if one.merges_with(other):
            one.yields_to(other)
            other.yields_to(one)
    _level(links)


def _rules(lines: Iterable[str]) -> _Rules:
    """Return the right of way of a net: netconvert has each of its parts on a line of its own.

    The edges and their shapes are most of a net, and reading them would take many times as long.
    """
    rules = _Rules()
    for number, line in enumerate(lines):
        tag = _tag(line)
        if tag == "junction":
            has = dict(_ATTRIBUTE.findall(line))
            rules.junctions.append(_Junction(has["id"], has.get("type", ""), has.get("incLanes", ""), []))
        elif tag == "request":
            has = dict(_ATTRIBUTE.findall(line))
            request = _Request(number, int(has["index"]), has["response"], has.get("cont") == "1")
            rules.junctions[-1].requests.append(request)
        elif tag == "connection" and _WITHIN not in line:
            item = _connection(number, line)
            rules.connections[f"{item.edge}_{item.lane}"].append(item)
        elif tag == "roundabout":
            rules.round_about.update(dict(_ATTRIBUTE.findall(line)).get("nodes", "").split())
    return rules


def _connection(number: int, line: str) -> _Connection:
    has = dict(_ATTRIBUTE.findall(line))
    edge, lane, to, to_lane = (intern(has[key]) for key in ("from", "fromLane", "to", "toLane"))
    return _Connection(number, edge, lane, to, to_lane, has["state"], has.get("visibility", ""))


def _tag(line: str) -> str:
    return line.lstrip()[1:].partition(" ")[0].rstrip("\n")


def _wanted(link: _Link) -> Iterator[tuple[int, str]]:
    """Give the lines of a link in the net's file, each with the attributes that it is to have."""
    connection, request = link.connection, link.request
    visibility = f' visibility="{connection.visibility}"' if connection.visibility else ""
    yield connection.line, f'state="{connection.state}"{visibility}'
    yield request.line, f'response="{request.response}"'


def _changed(lines: Iterable[str], changed: Mapping[int, str]) -> Iterator[str]:
    """Give the lines of a net with the states of links and their rows of the matrix."""
    for number, line in enumerate(lines):
        wanted = changed.get(number)
        yield line if wanted is None else _with(line, wanted)


def _with(line: str, wanted: str) -> str:
    if wanted in line:  # a net that is compiled from another one's plain files may have a visibility
        return line
    key = wanted.partition("=")[0]
    return with_attribute(_VISIBILITY.sub("", line), key, wanted)


def _level(links: Sequence[_Link]) -> None:
    """Let the lanes beside a zipper lane that yield look as far ahead as it does, and all of them not far.

    Who yields to whom stays.

    Drivers on a link that yields slow down until they see the junction, and hold up the lane beside them: a road of two
    lanes, one of them a zipper lane, passed 1,306 instead of 2,524 veh/h (measured).
    """
    zippers = {link.way for link in links if link.state == _ZIPPER}
    for link in links:
        if link.state == _MINOR and link.way in zippers:
            link.connection.state = _ZIPPER
    lanes = Counter(link.way for link in links if link.way in zippers)
    wide = {to for (_, to), number in lanes.items() if number > 1}
    for link in links:
        if link.state == _ZIPPER and link.way[1] in wide:
            link.connection.visibility = f"{_SEEN_FROM_M:g}"


def _links(junction: _Junction, connections: Mapping[str, Sequence[_Connection]]) -> Iterator[_Link]:
    """Give a junction's links in the order of its right-of-way matrix: by lane, and by connection of each lane."""
    found = [item for lane in junction.lanes.split() for item in connections.get(lane, ())]
    for connection, request in zip(found, sorted(junction.requests, key=lambda item: item.index), strict=True):
        yield _Link(connection, request)
