"""How a net's lanes inside junctions follow each other, where a movement waits in the middle of one."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

_INSIDE = '<connection from=":'


def lanes_behind(net_file: Path) -> Mapping[str, Sequence[str]]:
    """Return the lanes inside junctions that follow on others inside them, by these; those that lead out are left out.

    netconvert has each connection on a line of its own: the rest of a net, most of it shapes, isn't read.
    """
    found: dict[str, list[str]] = defaultdict(list)
    with net_file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.lstrip().startswith(_INSIDE):
                item = ET.fromstring(line).attrib  # noqa: S314  netconvert's own output
                if "via" in item:
                    found[f"{item['from']}_{item['fromLane']}"].append(item["via"])
    return found
