"""netconvert's plain XML files, read an element at a time: a city's are large."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path


def elements(path: Path, tag: str) -> Iterator[ET.Element]:
    """Give the elements of a kind, with what is in them; each is emptied before the next, so copy what you keep."""
    for _, element in ET.iterparse(path):  # noqa: S314  netconvert's own output
        if element.tag == tag:
            yield element
            element.clear()
