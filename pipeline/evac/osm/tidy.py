"""Brings an OSM file into the form that everything after it takes for granted.

That is: nodes before ways before relations, each by ascending ids that are positive and not absurdly high, each element
once, and none that was deleted. Extracts are so already and are read as they are. What editors and Overpass write is
put into that form beside: JOSM gives new elements negative ids and keeps deleted ones, Overpass answers in the order in
which it was asked, some of its answers have the nodes' places inside the ways.
"""

from __future__ import annotations

import bz2
import gzip
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import osmium
from osmium.osm.mutable import Node

from evac.elements import merge
from evac.osm.formats import HISTORY
from evac.osm.overpass_json import convert_answer
from evac.osm.source import SourceFacts, check_source, readable, refusal

ORIGINAL_ID = "osm:way_id"
"""The tag that has a way's id in the file where it had to get another one; rebuilt extracts have it too."""

_HIGHEST_ID = 1 << 40  # OpenStreetMap's nodes have reached 2^34 in 2026; netconvert and Parquet take 2^63
_KINDS = (osmium.osm.Node, osmium.osm.Way, osmium.osm.Relation)
_START_TAG = re.compile(rb"<(?:node|way|relation)\b[^>]*>")
_DELETED = re.compile(rb"""\saction=(["'])delete\1""")
_VISIBLE = re.compile(rb"""\svisible=(["'])\w*\1""")
_INSIDE_MEMBER = re.compile(rb"(<member\b[^>/]*)>.*?</member>", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """An OSM file that is fit for reading.

    Parameters
    ----------
    path
        The file that was given, for messages.
    file
        The same in the form that the reader needs: the file itself, or a tidied copy.
    facts
        What it says of itself.
    """

    path: Path
    file: Path
    facts: SourceFacts


@dataclass
class _Look:
    """What a file's elements are like.

    Parameters
    ----------
    tidy
        They are in the form that is needed.
    in_order
        Their ids are in ascending order: no element comes twice.
    """

    tidy: bool = True
    in_order: bool = True


@contextmanager
def tidied(path: Path) -> Iterator[Source]:
    """Give an OSM file in the form that the reader needs; a copy of it exists as long as the context.

    Raises
    ------
    DataError
        `check_source` refuses it, or it is a history file.
    """
    facts = check_source(path)
    with tempfile.TemporaryDirectory(prefix="evac-osm-") as folder:
        file, facts = _in_readable_form(path, facts, Path(folder))
        with readable(path):
            if not _says_that_it_is_sorted(file):
                look = _look_at(path, file)
                if not look.tidy:
                    file = _put_in_order(path, file, look, Path(folder))
        yield Source(path, file, facts)


def _in_readable_form(path: Path, facts: SourceFacts, folder: Path) -> tuple[Path, SourceFacts]:
    if facts.readable:
        return path, facts
    if path.suffix.lower() == ".json":
        target = folder / "answer.osm.pbf"
        return target, convert_answer(path, target)
    target = folder / "readable.osm"
    with readable(path):
        content = {".gz": gzip.decompress, ".bz2": bz2.decompress}.get(path.suffix.lower(), bytes)(path.read_bytes())
    target.write_bytes(_INSIDE_MEMBER.sub(rb"\1/>", _START_TAG.sub(_with_deletion, content)))
    return target, facts


def _with_deletion(start_tag: re.Match[bytes]) -> bytes:
    """Say of an element that JOSM has marked as deleted what osmium understands."""
    tag = start_tag.group()
    return _DELETED.sub(b' visible="false"', _VISIBLE.sub(b"", tag)) if _DELETED.search(tag) else tag


def _says_that_it_is_sorted(file: Path) -> bool:
    """Return whether a PBF's head says that it is sorted, and no id in it is negative (these would come first)."""
    if file.suffix.lower() != ".pbf":
        return False
    if osmium.io.Reader(str(file), osmium.osm.NOTHING).header().get("sorting") != "Type_then_ID":
        return False
    item: Any
    for kind in (osmium.osm.NODE, osmium.osm.WAY, osmium.osm.RELATION):
        for item in osmium.FileProcessor(str(file), kind):
            if item.id <= 0:
                return False
            break
    return True


def _look_at(path: Path, file: Path) -> _Look:
    look = _Look()
    may_be_deleted = file.suffix.lower() != ".pbf"  # PBF knows deleted elements in history files only
    last_kind, last_id, last_version = osmium.osm.Node, 0, 0
    item: Any
    for item in osmium.FileProcessor(str(file)):
        kind, ref = item.__class__, item.id
        if kind is not last_kind:
            look.in_order &= _KINDS.index(kind) > _KINDS.index(last_kind)
        elif ref <= last_id:
            look.in_order = False
            if ref == last_id and 0 < item.version != last_version > 0:
                raise refusal(path, *HISTORY)
        look.tidy &= 0 < ref <= _HIGHEST_ID
        if may_be_deleted:
            look.tidy &= not (item.deleted or (kind is osmium.osm.Way and _has_places(item)))
            last_version = item.version
        last_kind, last_id = kind, ref
    look.tidy &= look.in_order
    return look


def _has_places(way: Any) -> bool:
    return len(way.nodes) > 0 and way.nodes[0].location.valid()


def _put_in_order(path: Path, file: Path, look: _Look, folder: Path) -> Path:
    numbered, target = folder / "numbered.osm.pbf", folder / "tidy.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(numbered), "pbf,pbf_compression=none")) as writer:
        _Copier(path, look, writer).copy(file)
    merge([numbered], target)
    return target


class _Copier:
    """Copies what counts of a file: with ordinary ids, without what was deleted, with places as nodes.

    An element's version in the copy is how much it says: of two of the same id the one that says more is kept.
    """

    def __init__(self, path: Path, look: _Look, writer: osmium.SimpleWriter) -> None:
        self._path = path
        self._writer = writer
        self._next = dict.fromkeys("nwr", 0)
        self._new: dict[tuple[str, int], int] = {}
        self._in_order = look.in_order
        self._versions: dict[tuple[str, int], int] = {}
        self._placed: set[int] = set()

    def copy(self, file: Path) -> None:
        self._next = _first_free_ids(file)
        item: Any
        for item in osmium.FileProcessor(str(file)):
            self._refuse_history(item)
            if item.deleted:
                continue
            if item.is_node():
                self._copy_node(item)
            elif item.is_way():
                self._copy_way(item)
            else:
                members = [(member.type, self._id(member.type, member.ref), member.role) for member in item.members]
                said = 1 + len(item.tags) + len(members)
                self._writer.add_relation(item.replace(id=self._id("r", item.id), members=members, version=said))

    def _refuse_history(self, item: Any) -> None:
        if self._in_order:
            return
        key, version = (item.type_str(), item.id), item.version
        if 0 < version != self._versions.setdefault(key, version) > 0:
            raise refusal(self._path, *HISTORY)

    def _copy_node(self, node: Any) -> None:
        if node.location.valid():
            ref = self._id("n", node.id)
            self._placed.add(ref)
            self._writer.add_node(node.replace(id=ref, version=2 + len(node.tags)))

    def _copy_way(self, way: Any) -> None:
        nodes = []
        for node in way.nodes:
            ref = self._id("n", node.ref)
            nodes.append(ref)
            if node.location.valid() and ref not in self._placed:
                self._placed.add(ref)
                self._writer.add_node(Node(id=ref, location=(node.lon, node.lat), version=1))
        ref, tags = self._id("w", way.id), dict(way.tags)
        if ref != way.id:
            tags.setdefault(ORIGINAL_ID, str(way.id))
        self._writer.add_way(way.replace(id=ref, nodes=nodes, tags=tags, version=1 + len(tags) + len(nodes)))

    def _id(self, kind: str, ref: int) -> int:
        """Return an element's id, a fresh one for an id that is negative or absurdly high."""
        if 0 < ref <= _HIGHEST_ID:
            return ref
        if (kind, ref) not in self._new:
            self._new[kind, ref] = self._next[kind]
            self._next[kind] += 1
        return self._new[kind, ref]


def _first_free_ids(file: Path) -> dict[str, int]:
    """Return, for nodes, ways and relations, an id above all ordinary ones."""
    free = dict.fromkeys("nwr", 1)
    item: Any
    for item in osmium.FileProcessor(str(file)):
        if 0 < item.id <= _HIGHEST_ID:
            kind = item.type_str()
            free[kind] = max(free[kind], item.id + 1)
    return free
