"""Merges where drivers take turns: SUMO's `zipper` junctions, set in plain XML before it is compiled.

Where two queues merge, drivers enter in a nearly fixed ratio, near one to one for each lane, whatever passes behind the
merge (Cassidy and Ahn, Driver turn-taking behavior in congested freeway merges, TRR 1934, 2005, at four merges in
California and Toronto; Ni and Leonard, Applied Mathematical Modelling 29, 2005). A priority junction of SUMO gives a
queue on the minor road next to nothing.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

# Junctions without signals or stop signs for all; signals and all-way stops share out the right of way by themselves.
_UNREGULATED = frozenset({"priority", "priority_stop", "right_before_left", "left_before_right"})


def alternate_at_merges(plain: Path) -> None:
    """Let drivers alternate wherever streams of two roads merge into one lane, but at signals and in roundabouts.

    Whoever circulates in a roundabout keeps the right of way: a circle that lets everybody in locks.

    Parameters
    ----------
    plain
        A folder with `plain.nod.xml`, `plain.edg.xml` and `plain.con.xml`; the nodes are changed.
    """
    merges = _merges(plain)
    nodes = ET.parse(plain / "plain.nod.xml")  # noqa: S314  netconvert's own output
    for node in nodes.getroot().iter("node"):
        if node.get("id") in merges and node.get("type") in _UNREGULATED:
            node.set("type", "zipper")
    nodes.write(plain / "plain.nod.xml", encoding="UTF-8", xml_declaration=True)


def _merges(plain: Path) -> set[str]:
    """Return the junctions outside of roundabouts at which two roads lead into the same lane."""
    edges = ET.parse(plain / "plain.edg.xml").getroot()  # noqa: S314  as above
    starts = {edge.attrib["id"]: edge.attrib["from"] for edge in edges.iter("edge")}
    round_about = {node for item in edges.iter("roundabout") for node in item.get("nodes", "").split()}
    sources: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in ET.parse(plain / "plain.con.xml").getroot().iter("connection"):  # noqa: S314  as above
        if "to" in item.attrib:
            sources[item.attrib["to"], item.attrib["toLane"]].add(item.attrib["from"])
    return {starts[edge] for (edge, _), roads in sources.items() if len(roads) > 1} - round_about
