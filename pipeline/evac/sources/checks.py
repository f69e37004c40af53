"""Looks at an answer before it is kept: whether it is what was asked for, and all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import osmium

from evac.sources.transfer import Unusable, first_words

_HEAD_BYTES = _TAIL_BYTES = 1 << 13
_REMARK = re.compile(r"<remark>(.*?)</remark>", re.DOTALL)
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def read_json(file: Path) -> Any:
    """Return a JSON body.

    Raises
    ------
    Unusable
        It is a web page, or breaks off.
    """
    text = file.read_text(encoding="utf-8", errors="replace")
    _refuse_web_page(text)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        what = "isn't JSON" if text.rstrip().endswith(("}", "]")) else "breaks off"
        raise Unusable(f"the answer {what} ({len(text):,} characters, it begins with '{first_words(text)}')") from error


def _refuse_web_page(text: str) -> None:
    """Refuse a page for people, as servers and proxies send instead of data, and show its words."""
    start = text[:_HEAD_BYTES].lstrip().lower()
    if start.startswith(("<!doctype html", "<html")) or (start.startswith("<") and "<html" in start):
        words = first_words(_MARKUP.sub(" ", text[: 4 * _HEAD_BYTES]))
        raise Unusable(f"the answer is a web page instead of data: '{words}'")


def check_osm(file: Path) -> None:
    """Refuse what isn't whole OSM XML, and answers of Overpass that own up to being incomplete.

    Overpass answers with status 200 and begins to send before it knows whether it gets to the end. When it doesn't, it
    says so in a `<remark>` (https://dev.overpass-api.de/overpass-doc/en/preface/commons.html).
    """
    head, tail = _ends(file)
    _refuse_web_page(head)
    if "<osm" not in head:
        raise Unusable(f"the answer isn't OSM data, it begins with '{first_words(head)}'")
    remark = _REMARK.search(tail) or _REMARK.search(head)
    if remark:
        raise Unusable(f"the server gave up: '{first_words(remark.group(1))}'")
    if "</osm>" not in tail:
        raise Unusable(f"the answer breaks off after {file.stat().st_size:,} bytes")
    try:
        osmium.apply(str(file), osmium.filter.EntityFilter(osmium.osm.NOTHING))  # reads it to its end
    except RuntimeError as error:
        raise Unusable(f"the answer isn't sound OSM data ({error})") from error


def _ends(file: Path) -> tuple[str, str]:
    with file.open("rb") as body:
        head = body.read(_HEAD_BYTES)
        body.seek(max(0, file.stat().st_size - _TAIL_BYTES))
        return head.decode("utf-8", errors="replace"), body.read().decode("utf-8", errors="replace")
