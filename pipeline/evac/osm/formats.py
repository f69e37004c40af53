"""What a file is that isn't the OSM extract it should be, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

_Refusal = tuple[str, str]  # what was found, what to try ({file} stands for the file's name)

_EXPECTED = "expected an OpenStreetMap extract: .osm, .osm.gz, .osm.bz2, .osm.pbf, or .json of Overpass"
_CHANGES: _Refusal = (
    "is a change file (osmChange): it has what was edited, not the map",
    "apply it to an extract (`osmium apply-changes map.osm.pbf {file} -o new.osm.pbf`), or take the extract",
)
HISTORY: _Refusal = (
    "is a history file: it has several versions of the same roads",
    "take the map of one day out of it: `osmium time-filter {file} -o map-of-today.osm.pbf`",
)
_SIGNATURES: Sequence[tuple[bytes, _Refusal]] = (
    (b"\x1f\x8b", ("is compressed with gzip", "give it a name that ends in .osm.gz")),
    (b"BZh", ("is compressed with bzip2", "give it a name that ends in .osm.bz2")),
    (b"PK\x03\x04", ("is a ZIP archive", "unpack it, and name the file inside")),
    (b"PK", ("is a ZIP archive", "unpack it, and name the file inside")),
    (b"\xfd7zXZ", ("is compressed with xz", "unpack it, or compress it with gzip")),
    (b"\x28\xb5\x2f\xfd", ("is compressed with zstd", "unpack it, or compress it with gzip")),
    (b"\xff\xe0", ("is o5m", "convert it: `osmconvert map.o5m -o=map.osm.pbf`")),
    (b"SQLite format 3", ("is a GeoPackage or another SQLite database", "take the OSM extract it was made from")),
    (b"version https://git-lfs", ("is a pointer of Git LFS, not the file itself", "fetch it: `git lfs pull`")),
)
_PBF_MARK = b"OSMHeader"
_PBF: _Refusal = ("is OSM data as PBF", "give it a name that ends in .osm.pbf")
_JSON: _Refusal = ("is JSON", "give an answer of Overpass a name that ends in .json")
_GEOJSON: _Refusal = ("is GeoJSON, which has no nodes that roads share", "take the extract as .osm.pbf or .osm")
_ROOT = re.compile(r"<([A-Za-z][\w:.-]*)")
_MARKUP = re.compile(r"<(script|style|title)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_WORDS = 100  # of a web page's text that are shown, in characters
_HEAD = 1 << 13


def by_first_bytes(head: bytes) -> _Refusal | None:
    """Return what a binary file is by its first bytes, and what to do; None when they say nothing."""
    if not head:
        return "is empty", "download it again"
    if _PBF_MARK in head[:64]:
        return _PBF
    return next((refusal for signature, refusal in _SIGNATURES if head.startswith(signature)), None)


def by_first_words(text: str) -> _Refusal | None:
    """Return what a text is that has no `<osm>` at its root, and what to do; None for OSM XML."""
    start = text[:_HEAD].lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        return _GEOJSON if '"FeatureCollection"' in start else _JSON
    lower = start.lower()
    if lower.startswith("<!doctype html") or "<html" in lower:
        words = " ".join(_MARKUP.sub(" ", text[: 4 * _HEAD]).split())[:_WORDS]
        return f"is a web page, not OSM data: '{words}'", "read what the server says, and download the extract again"
    without_remarks = re.sub(r"<!--.*?-->|<\?.*?\?>|<!DOCTYPE.*?>", "", text, flags=re.DOTALL)
    found = _ROOT.search(without_remarks)
    root = found.group(1) if found else None
    if root == "osmChange":
        return _CHANGES
    what = f"isn't OSM XML: its root is <{root}>, not <osm>" if root else "isn't OSM XML: no <osm> element"
    return None if root == "osm" else (what, "download the extract as .osm.pbf or .osm.gz")


def by_name(name: str) -> _Refusal:
    """Return what a file with another ending than those of OSM data seems to be, and what to do."""
    lower = name.lower()
    if ".osc" in lower:
        return _CHANGES
    if ".osh" in lower:
        return HISTORY
    return _EXPECTED, "download the extract as .osm.pbf or .osm.gz"
