"""netconvert's XML files, read and changed piece by piece: a city's are too large to hold."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

from evac.files import write_parts


def elements(path: Path, tag: str) -> Iterator[ET.Element]:
    """Give the elements of a kind, with what is in them; each is emptied before the next, so copy what you keep."""
    for _, element in ET.iterparse(path):  # noqa: S314  netconvert's own output
        if element.tag == tag:
            yield element
            element.clear()


def lines_of(path: Path) -> TextIO:
    """Open a file to be read line by line: netconvert has each edge, node, connection and request on its own."""
    return path.open(encoding="utf-8", newline="\n")


def rewrite(path: Path, change: Callable[[Iterable[str]], Iterable[str]]) -> None:
    """Write a file anew, with its lines as `change` gives them."""
    with lines_of(path) as lines:
        write_parts(path, (line.encode() for line in change(lines)))


def with_attribute(line: str, key: str, wanted: str) -> str:
    """Return a line with `wanted` (`key="value"`, and what follows it) in the place of an attribute."""
    return re.sub(rf'\b{key}="[^"]*"', wanted, line, count=1)
