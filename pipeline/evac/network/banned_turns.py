"""Turn bans that netconvert can't be told of: here the movement itself is taken away.

The two carriageways of a divided road and the piece of cross street between them become one junction in the net: a ban
of the U-turn over that piece has no edge left at which it could hold. And a ban at a node at which the ids of two ways
begin alike netconvert would drop.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from evac.network.plain_files import elements


def remove_banned_turns(plain: Path, bans: Iterable[Mapping[str, Sequence[int]]]) -> None:
    """Remove from plain XML the connections that bans forbid whose ways between, if any, lie inside a junction.

    Parameters
    ----------
    plain
        The folder of the plain XML.
    bans
        `from`, `via` and `to`: ids of ways.
    """
    bans = list(bans)
    if not bans:
        return
    edges_of = _edges_of_ways(plain / "plain.edg.xml")
    banned = {
        (start, end)
        for ban in bans
        if not any(edges_of[way] for way in ban["via"])
        for start in _edges(edges_of, ban["from"])
        for end in _edges(edges_of, ban["to"])
    }
    if banned:
        for name in ("plain.con.xml", "plain.tll.xml"):
            _remove(plain / name, banned)


def _edges(edges_of: Mapping[int, set[str]], ways: Iterable[int]) -> set[str]:
    return {edge for way in ways for edge in edges_of[way]}


def _edges_of_ways(path: Path) -> Mapping[int, set[str]]:
    """Return the edges of each way, in both directions."""
    found: dict[int, set[str]] = defaultdict(set)
    for edge in elements(path, "edge"):
        for param in edge.iter("param"):
            if param.get("key") == "origId":
                for way in param.get("value", "").split():
                    found[int(way)].add(edge.get("id", ""))
    return found


def _remove(path: Path, banned: set[tuple[str, str]]) -> None:
    tree = ET.parse(path)  # noqa: S314  netconvert's own output
    root = tree.getroot()
    for connection in root.findall("connection"):
        if (connection.get("from"), connection.get("to")) in banned:
            root.remove(connection)
    tree.write(path, encoding="UTF-8", xml_declaration=True)
