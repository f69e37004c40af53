"""Turn restrictions: what relations say, and how netconvert is told.

netconvert takes a ban from one way to another at a node, and nothing else. So a relation with several members
becomes several bans; a ban over a way (a U-turn through a gap in the median) becomes one at that way's end where that
says the same, because all who get there come from where the ban begins. Else it is a doubt. And netconvert knows a way
at a node by how its id begins: where two begin alike (12 and 123) it drops the ban, so there it isn't told of it.

Source: https://wiki.openstreetmap.org/wiki/Relation:restriction
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any

from evac.osm.access import Tags
from evac.osm.moments import Moment, hours_of, tags_at, within

# From general to particular
_KEYS = ("restriction", "restriction:vehicle", "restriction:motor_vehicle", "restriction:motorcar")
_FOR_CARS = {"", "vehicle", "motor_vehicle", "motorcar"}
_EXEMPT_CARS = {"motorcar", "motor_vehicle", "vehicle"}
_AT_RED = "_on_red"  # `no_right_turn_on_red`: at green the turn is free, and at red nobody turns here

RESTRICTION_KEYS = (*_KEYS, *(f"{key}:conditional" for key in _KEYS))
"""The keys by which a relation is known for a turn restriction of cars."""


@dataclass(frozen=True)
class Restriction:
    """A turn restriction for cars, as its relation has it.

    Parameters
    ----------
    relation_id
        The relation's id.
    kind
        Such as `no_left_turn` or `only_straight_on`.
    from_ways, to_ways
        Ids (in the file) of the ways from and to which it holds.
    via_node
        The node between them; None when ways are.
    via_ways
        The ways between them, in order.
    at_times
        Why nobody can tell whether it holds: hours or a condition; None when it holds.
    """

    relation_id: int
    kind: str
    from_ways: tuple[int, ...]
    to_ways: tuple[int, ...]
    via_node: int | None
    via_ways: tuple[int, ...] = ()
    at_times: str | None = None

    @property
    def is_ban(self) -> bool:
        """Return whether it names what is forbidden, not what alone is allowed."""
        return self.kind.startswith("no_")


@dataclass(frozen=True)
class Ban:
    """A turn that netconvert is told of: `kind` from one way to another at a node (ids of simulated ways)."""

    relation_id: int
    kind: str
    from_way: int
    node: int
    to_way: int


def read_restriction(item: Any, moment: Moment, counts: Counter[str]) -> Restriction | None:
    """Return the restriction of a relation, None when it is none or doesn't hold for cars.

    Parameters
    ----------
    item
        The relation, as osmium has it.
    moment
        The date and hour for which the map is read.
    counts
        Restrictions that don't hold, by reason; counted further.
    """
    tags = dict(item.tags)
    mode = tags.get("type", "restriction").partition(":")[2]
    if mode not in _FOR_CARS:
        return None
    now = tags_at(tags, moment)
    kind, at_times = _kind(now.tags), None
    # A condition that the hour doesn't decide (weather, ice), or no hour given: the ban that it would be.
    if kind is None and now.undecided:
        kind, at_times = _kind(_as_if_held(tags)), now.undecided[0]
    if kind is None:
        return None
    if _EXEMPT_CARS & {part.strip() for part in re.split("[;,]", tags.get("except", ""))}:
        counts["cars are exempt"] += 1
        return None
    hours = hours_of(tags)
    if hours is not None:
        holds = within(hours, moment)
        if holds is False:
            counts["not at this hour"] += 1
            return None
        at_times = at_times if holds else hours
    return _with_members(item, kind, at_times)


def _kind(tags: Tags) -> str | None:
    kind = next((tags[key] for key in reversed(_KEYS) if key in tags), "")
    return kind if kind.startswith(("no_", "only_")) and not kind.endswith(_AT_RED) else None


def _as_if_held(tags: Tags) -> Tags:
    """Return a relation's tags as if all of its conditions held."""
    found = {key: tags[f"{key}:conditional"].partition("@")[0].strip() for key in _KEYS if f"{key}:conditional" in tags}
    return {**tags, **found}


def _with_members(item: Any, kind: str, at_times: str | None) -> Restriction | None:
    by_role: dict[str, list[Any]] = defaultdict(list)
    for member in item.members:
        by_role[member.role].append(member)
    ways = {role: tuple(member.ref for member in by_role[role] if member.type == "w") for role in ("from", "via", "to")}
    nodes = [member.ref for member in by_role["via"] if member.type == "n"]
    # A cut map lacks members; such a restriction bans nothing that is there.
    if not ways["from"] or not ways["to"] or not (nodes or ways["via"]):
        return None
    node = nodes[0] if nodes else None
    return Restriction(item.id, kind, ways["from"], ways["to"], node, () if nodes else ways["via"], at_times)


@dataclass(frozen=True)
class Leg:
    """What restrictions need to know of a simulated way: its ids, nodes, and direction (`access.direction`)."""

    way_id: int
    file_id: int
    nodes: Sequence[int]
    direction: int

    def arrives_at(self, node: int) -> bool:
        """Return whether cars on it get to a node of it."""
        return (self.direction >= 0 and node in self.nodes[1:]) or (self.direction <= 0 and node in self.nodes[:-1])

    def leaves(self, node: int) -> bool:
        """Return whether cars get onto it at a node of it."""
        return (self.direction >= 0 and node in self.nodes[:-1]) or (self.direction <= 0 and node in self.nodes[1:])


class Turns:
    """The turns of a map: the bans that netconvert is told of, and the restrictions that can't be told.

    Parameters
    ----------
    streets
        The simulated ways.
    """

    def __init__(self, streets: Iterable[Leg]) -> None:
        self._at_node: dict[int, list[Leg]] = defaultdict(list)
        self._of_file: dict[int, list[Leg]] = defaultdict(list)
        for street in streets:
            self._of_file[street.file_id].append(street)
            for node in dict.fromkeys(street.nodes):
                self._at_node[node].append(street)
        self.counts = Counter({"written": 0, "between ways that aren't simulated": 0})
        self.not_applied: list[Restriction] = []
        self._over_ways_all: list[Restriction] = []
        self._untold: list[Ban] = []

    def bans(self, restrictions: Iterable[Restriction]) -> list[Ban]:
        """Return the bans that say what restrictions say; those that can't be said are in `not_applied`."""
        told = []
        for ban in self._all_bans(restrictions):
            # netconvert knows ways by how their ids begin: where these are alike the turn is taken out of its net.
            if not self._alike_at(ban.node):
                told.append(ban)
            elif ban.kind.startswith("only_"):
                start, end = (self._part(way, ban.node) for way in (ban.from_way, ban.to_way))
                self._untold += self._all_but(ban.relation_id, [start], ban.node, [end])
            else:
                self._untold.append(ban)
        return told

    def _all_bans(self, restrictions: Iterable[Restriction]) -> list[Ban]:
        found: list[Ban] = []
        over_ways: dict[tuple[object, ...], list[Restriction]] = defaultdict(list)
        for item in sorted(restrictions, key=lambda item: item.relation_id):
            # What no date and hour decides is told where traffic makes the turn, not applied.
            if item.at_times is not None:
                self.counts["at times, not applied"] += 1
                self.not_applied.append(item)
            elif item.via_node is not None:
                found += self._at_a_node(item, item.via_node)
            else:
                self._over_ways_all.append(item)
                over_ways[item.kind if not item.is_ban else "no_", item.via_ways, item.to_ways].append(item)
        for items in over_ways.values():
            found += self._over_ways(items)
        return found

    def bans_on_net(self) -> list[dict[str, tuple[int, ...]]]:
        """Return the bans that are made on the net, as ids of simulated ways: `from`, `via` and `to`.

        Those over ways, because where a junction of the net swallows the ways between, a ban at their end is lost with
        them; and those at a node of which netconvert wasn't told.
        """
        over_ways = [
            {"from": self.ways_of(item.from_ways), "via": self.ways_of(item.via_ways), "to": self.ways_of(item.to_ways)}
            for item in self._over_ways_all
            if item.is_ban
        ]
        at_nodes = [{"from": (ban.from_way,), "via": (), "to": (ban.to_way,)} for ban in self._untold]
        return [*over_ways, *at_nodes]

    def _alike_at(self, node: int) -> bool:
        """Return whether the ids of two ways at a node begin alike."""
        ids = sorted(str(street.way_id) for street in self._at_node[node])
        return any(after.startswith(before) for before, after in pairwise(ids))

    def _part(self, way_id: int, node: int) -> Leg:
        return next(street for street in self._at_node[node] if street.way_id == way_id)

    def ways_of(self, file_ids: Iterable[int]) -> tuple[int, ...]:
        """Return the simulated ways that were made of the file's."""
        return tuple(street.way_id for file_id in file_ids for street in self._of_file[file_id])

    def _at_a_node(self, item: Restriction, node: int) -> list[Ban]:
        starts = self._parts_at(item.from_ways, node)
        ends = self._parts_at(item.to_ways, node)
        if not starts or not ends:
            self.counts["between ways that aren't simulated"] += 1
            return []
        self.counts["written"] += 1
        if item.is_ban or (len(starts) == 1 and len(ends) == 1):
            return [
                Ban(item.relation_id, item.kind, start.way_id, node, end.way_id) for start, end in product(starts, ends)
            ]
        return self._all_but(item.relation_id, starts, node, ends)

    def _all_but(self, relation_id: int, starts: Iterable[Leg], node: int, ends: Sequence[Leg]) -> list[Ban]:
        """Return bans of all turns but those to several ways."""
        others = [street for street in self._at_node[node] if street not in ends and street.leaves(node)]
        turns = product(starts, others)
        return [
            Ban(relation_id, "no_straight_on", start.way_id, node, end.way_id)
            for start, end in turns
            if start is not end
        ]

    def _parts_at(self, file_ids: Iterable[int], node: int) -> list[Leg]:
        """Return the parts, of ways cut at barriers and gaps, that touch a node."""
        return [street for file_id in file_ids for street in self._of_file[file_id] if node in street.nodes]

    def _over_ways(self, items: Sequence[Restriction]) -> list[Ban]:
        """Return bans at the end, or the beginning, of the ways between that say what restrictions over them say."""
        first = items[0]
        merged = replace(first, from_ways=tuple(dict.fromkeys(way for item in items for way in item.from_ways)))
        route = self._route(merged)
        if route is None:
            self.counts["between ways that aren't simulated"] += len(items)
            return []
        found = self._on_route(merged, *route)
        if found:
            self.counts["over a way, applied at its end"] += len(items)
        else:
            self.counts["over a way, not applied"] += len(items)
            self.not_applied += items
        return found

    def _on_route(self, item: Restriction, start: int, via: Sequence[Leg], end: int) -> list[Ban]:
        others = [street for street in self._at_node[start] if street is not via[0] and street.arrives_at(start)]
        alone = all(street.file_id in item.from_ways for street in others) and not self._joined_between(start, via, end)
        goals = self._parts_at(item.to_ways, end)
        if alone and item.is_ban:
            return [Ban(item.relation_id, item.kind, via[-1].way_id, end, goal.way_id) for goal in goals]
        if alone:
            return self._all_but(item.relation_id, [via[-1]], end, goals)
        onward = [street for street in self._at_node[end] if street is not via[-1] and street.leaves(end)]
        if item.is_ban and all(street in goals for street in onward):
            sources = self._parts_at(item.from_ways, start)
            return [Ban(item.relation_id, item.kind, source.way_id, start, via[0].way_id) for source in sources]
        return []

    def _route(self, item: Restriction) -> tuple[int, list[Leg], int] | None:
        """Return the ways between with the nodes at which they are entered and left; None where parts are missing."""
        if any(len(self._of_file[file_id]) != 1 for file_id in item.via_ways):
            return None
        via = [self._of_file[file_id][0] for file_id in item.via_ways]
        for chain in (via, via[::-1]):
            for start in {chain[0].nodes[0], chain[0].nodes[-1]}:
                end = _followed(chain, start)
                if end is not None and self._parts_at(item.from_ways, start) and self._parts_at(item.to_ways, end):
                    return start, chain, end
        return None

    def _joined_between(self, start: int, via: Sequence[Leg], end: int) -> bool:
        """Return whether others can get onto the ways between after their beginning."""
        inner = {node for street in via for node in street.nodes} - {start, end}
        return any(street not in via and street.arrives_at(node) for node in inner for street in self._at_node[node])


def _followed(chain: Sequence[Leg], start: int) -> int | None:
    """Return where a chain of ways that begins at a node ends, None when they don't follow each other."""
    here = start
    for street in chain:
        ends = (street.nodes[0], street.nodes[-1])
        if here not in ends:
            return None
        here = ends[1] if here == ends[0] else ends[0]
    return here
