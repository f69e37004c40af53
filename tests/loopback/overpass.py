"""Overpass: /interpreter over a map file, for the part of Overpass QL that the toolkit uses, and /status.

A small interpreter, read from the language's reference (https://wiki.openstreetmap.org/wiki/Overpass_API/Overpass_QL)
and not from the client's code; what it doesn't know is answered with 400, as Overpass answers a syntax error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import quoteattr

import osmium
import shapely

Id = tuple[str, int]  # "node", "way" or "relation", and the number
KINDS = {"node": ("node",), "way": ("way",), "rel": ("relation",), "nwr": ("node", "way", "relation")}
OSM_BASE = "2026-05-01T06:00:00Z"

_FILTER = re.compile(
    r'\["(?P<key>[^"]+)"(?:(?P<op>!?[=~])"(?P<value>[^"]*)")?\]'
    r"|\((?P<recurse>bw|w|r|bn)(?:\.(?P<of>\w+))?\)"
    r"|\((?P<box>[-\d.,\s]+)\)"
)
_QUERY = re.compile(r"(?P<kind>node|way|rel|nwr)(?P<filters>(?:\[[^\]]*\]|\([^)]*\))*)$")


class SyntaxTroubleError(Exception):
    """A question that this interpreter doesn't understand."""


@dataclass
class Map:
    """A map in memory: tags of each element, coordinates, members, and an index of where everything is."""

    tags: dict[Id, dict[str, str]] = field(default_factory=dict)
    at: dict[int, tuple[float, float]] = field(default_factory=dict)
    members: dict[Id, list[tuple[Id, str]]] = field(default_factory=dict)
    parents: dict[Id, list[Id]] = field(default_factory=dict)
    shapes: list[shapely.Geometry] = field(default_factory=list)
    shape_ids: list[Id] = field(default_factory=list)
    tree: shapely.STRtree | None = None


@lru_cache(maxsize=4)
def read_map(path: Path) -> Map:
    """Read a map file into memory; one that is read stays read."""
    found = Map()
    for item in osmium.FileProcessor(str(path)):
        if item.is_node():
            element: Id = ("node", item.id)
            found.at[item.id] = (item.location.lon, item.location.lat)
            members: list[tuple[Id, str]] = []
        elif item.is_way():
            element = ("way", item.id)
            members = [(("node", node.ref), "") for node in item.nodes]
        else:
            element = ("relation", item.id)
            kinds = {"n": "node", "w": "way", "r": "relation"}
            members = [((kinds[member.type], member.ref), member.role) for member in item.members]
        found.tags[element] = dict(item.tags)
        found.members[element] = members
        for member, _ in members:
            found.parents.setdefault(member, []).append(element)
    _index(found)
    return found


def _index(found: Map) -> None:
    for element in found.tags:
        shape = _shape(found, element)
        if shape is not None:
            found.shapes.append(shape)
            found.shape_ids.append(element)
    found.tree = shapely.STRtree(found.shapes)


def _shape(found: Map, element: Id) -> shapely.Geometry | None:
    kind, number = element
    if kind == "node":
        return shapely.Point(found.at[number])
    if kind == "relation":
        return None
    line = [found.at[node] for (_, node), _ in found.members[element] if node in found.at]
    return shapely.LineString(line) if len(line) > 1 else None


def answer(
    map_file: Path | None, canned: Mapping[str, Path], path: str, params: Mapping[str, str]
) -> tuple[int, str, bytes, dict[str, str]]:
    """Answer a question."""
    if path == "status":
        return 200, "text/plain", b"Rate limit: 2\nSlot available after: 2026-05-01T06:00:01Z, in 1 seconds.\n", {}
    query = params.get("data", "")
    kind = "roads" if '"highway"' in query else "settlement"
    if path == "interpreter" and kind in canned:
        return 200, "application/osm3s+xml", canned[kind].read_bytes(), {}
    if path != "interpreter" or map_file is None:
        return 404, "text/html", b"<html><body>Not found</body></html>", {}
    try:
        world = read_map(map_file)
        body = _xml(world, Interpreter(world).run(query))
    except SyntaxTroubleError as error:
        text = f"<html><body><p><strong>Error</strong>: line 1: parse error: {error}</p></body></html>"
        return 400, "text/html", text.encode(), {}
    return 200, "application/osm3s+xml", body, {}


class Interpreter:
    """Runs a question statement by statement; sets of elements have names, `_` is the one without a name."""

    def __init__(self, world: Map) -> None:
        self.world = world
        self.sets: dict[str, set[Id]] = {"_": set()}
        self._boxes: dict[str, set[Id]] = {}  # a question asks for many things in one box

    def run(self, query: str) -> set[Id]:
        """Return what is printed."""
        head, _, rest = query.partition(";")
        if "[out:xml]" not in head or "[timeout:" not in head:
            raise SyntaxTroubleError(head)
        for statement in split(rest):
            if statement == "out body":
                return self.sets["_"]
            self.execute(statement)
        raise SyntaxTroubleError("no out")

    def execute(self, statement: str) -> set[Id]:
        """Run a statement, keep its result under its name, and return it."""
        body, _, name = statement.partition("->.")
        body = body.strip()
        found = self._union(body[1:-1]) if body.startswith("(") else self._single(body)
        self.sets[name.strip() or "_"] = found
        return found

    def _union(self, body: str) -> set[Id]:
        return set().union(*(self.execute(statement) for statement in split(body)))

    def _single(self, body: str) -> set[Id]:
        if body.endswith(">"):
            return self._down(self.sets[body[:-1].strip().lstrip(".") or "_"])
        if body.startswith("."):
            return set(self.sets[body[1:]])
        query = _QUERY.match(body)
        if query is None:
            raise SyntaxTroubleError(body)
        return self._query(KINDS[query["kind"]], query["filters"])

    def _down(self, elements: Iterable[Id]) -> set[Id]:
        """Recurse down: members of relations that are nodes and ways, and nodes of ways."""
        members = {
            member for element in elements for member, _ in self.world.members[element] if member in self.world.tags
        }
        ways = {member for member in members if member[0] == "way"}
        nodes = {node for way in ways for node, _ in self.world.members[way] if node in self.world.tags}
        return {member for member in members if member[0] != "relation"} | nodes

    def _query(self, kinds: tuple[str, ...], filters: str) -> set[Id]:
        found: set[Id] | None = None
        tests = list(_FILTER.finditer(filters))
        if "".join(test.group() for test in tests) != filters:
            raise SyntaxTroubleError(filters)
        for test in sorted(tests, key=lambda test: test["key"] is not None):  # places and recursion before tags
            if test["box"]:
                found = self._narrow(found, self._in_box(test["box"]))
            elif test["recurse"] == "bw":
                ways = (element for element in self.sets[test["of"] or "_"] if element[0] == "way")
                found = self._narrow(found, {up for way in ways for up in self.world.parents.get(way, [])})
            elif test["key"]:
                pool = self.world.tags if found is None else found
                found = {element for element in pool if _matches(self.world.tags[element], test)}
            else:
                raise SyntaxTroubleError(test.group())
        return {element for element in found or () if element[0] in kinds}

    @staticmethod
    def _narrow(found: set[Id] | None, more: set[Id]) -> set[Id]:
        return more if found is None else found & more

    def _in_box(self, text: str) -> set[Id]:
        """Return nodes inside, ways of which a segment touches the box, and relations with such a member."""
        if text in self._boxes:
            return self._boxes[text]
        south, west, north, east = map(float, text.split(","))
        assert self.world.tree is not None
        near = self.world.tree.query(shapely.box(west, south, east, north), predicate="intersects")
        inside = {self.world.shape_ids[index] for index in near}
        above = {up for element in inside for up in self.world.parents.get(element, []) if up[0] == "relation"}
        self._boxes[text] = inside | above
        return self._boxes[text]


def _matches(tags: Mapping[str, str], test: re.Match[str]) -> bool:
    value, wanted = tags.get(test["key"]), test["value"]
    if test["op"] is None:
        return value is not None
    if test["op"] in {"=", "!="}:
        return (value == wanted) == (test["op"] == "=")
    return (value is not None and re.search(wanted, value) is not None) == (test["op"] == "~")


def split(text: str) -> list[str]:
    """Split statements at the semicolons that stand outside of brackets and quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, sign in enumerate(text):
        quoted ^= sign == '"'
        depth += (sign in "([") - (sign in ")]") if not quoted else 0
        if sign == ";" and depth == 0 and not quoted:
            parts.append(text[start:index].strip())
            start = index + 1
    return [part for part in parts if part]


def _xml(world: Map, elements: set[Id]) -> bytes:
    """Print elements as `out body` does: nodes, ways, relations, each by number; no versions, no mappers."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="Overpass API (loopback)">',
        "<note>The data included in this document is from www.openstreetmap.org.</note>",
        f'<meta osm_base="{OSM_BASE}"/>\n',
    ]
    order = ("node", "way", "relation")
    for kind, number in sorted(elements, key=lambda element: (order.index(element[0]), element[1])):
        where = 'lon="{:.7f}" lat="{:.7f}"'.format(*world.at[number]) if kind == "node" else ""
        lines.append(f'  <{kind} id="{number}" {where}>')
        for (member, ref), role in world.members[kind, number]:
            lines.append(
                f'    <nd ref="{ref}"/>'
                if kind == "way"
                else f'    <member type="{member}" ref="{ref}" role="{role}"/>'
            )
        lines += [
            f"    <tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in world.tags[kind, number].items()
        ]
        lines.append(f"  </{kind}>")
    return "\n".join([*lines, "\n</osm>\n"]).encode()
