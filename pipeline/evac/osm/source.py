"""Is the file what it says it is? Checked before anything is built on it.

An OSM file may come from anywhere, so a truncated download, another format, an answer that a server has cut off, a
document type definition (the carrier of XML entity bombs) and a compression bomb are refused here, each with a line
that says what to do.
"""

from __future__ import annotations

import bz2
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import osmium
import shapely

from evac.errors import DataError, Problem
from evac.osm.formats import HISTORY, by_first_bytes, by_first_words, by_name

SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf", ".json")
Box = tuple[float, float, float, float]
"""West, south, east and north in degrees."""

_CHUNK_BYTES = 1 << 20
_PROLOG_BYTES = _TAIL_BYTES = 1 << 16
# OSM XML shrinks 10 to 20 times under gzip and bzip2 (https://wiki.openstreetmap.org/wiki/Planet.osm: 160 GB to
# 1,900 GB of XML); gzip reaches 1,000 times and bzip2 far more only with a file made to do so.
_MAX_EXPANSION = 200
_SMALL_BYTES = 64 << 20  # a file that stays below this is harmless at any ratio
_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".osm": io.FileIO,
}
_DATE = re.compile(r'osm_base="([0-9T:Z.+-]+)"')
_BOUNDS = re.compile(r"<bounds\b([^>]*)>")
_REMARK = re.compile(r"<remark>(.*?)</remark>", re.DOTALL)
# Overpass begins its complaints so: https://dev.overpass-api.de/overpass-doc/en/preface/commons.html
_GAVE_UP = re.compile(r"error|timed? ?out|out of memory", re.IGNORECASE)
# What osmium doesn't read: elements that JOSM has marked as deleted, and nodes inside members (`out geom`).
_UNREAD = re.compile(rb"""action=["']delete|</member>""")
_OVERLAP_BYTES = 32


@dataclass(frozen=True)
class SourceFacts:
    """What a file says about itself.

    Parameters
    ----------
    data_timestamp
        Date of the data in ISO 8601, or None when the file has none.
    boxes
        The boxes that the file says it covers; none when it says nothing. JOSM writes one for each download.
    readable
        osmium reads all of it as it is meant (`tidy` mends the others).
    """

    data_timestamp: str | None
    boxes: tuple[Box, ...] = ()
    readable: bool = True

    @property
    def bounds(self) -> Box | None:
        """Return the box around all of its boxes, None where there is none."""
        if not self.boxes:
            return None
        wests, souths, easts, norths = zip(*self.boxes, strict=True)
        return min(wests), min(souths), max(easts), max(norths)


def joined(boxes: Iterable[Box]) -> shapely.Geometry:
    """Return what some boxes cover together (WGS 84); empty where there are none."""
    return shapely.union_all([shapely.box(*box) for box in boxes])


def check_source(path: Path) -> SourceFacts:
    """Refuse a file that can't be an OSM extract, and return what it says of itself.

    Raises
    ------
    DataError
        The file is missing, has another format, is cut off, carries a DTD or is a compression bomb.
    """
    if not path.is_file():
        raise refusal(path, "there is no such file", "check 'osm.file'; the path is relative to the scenario file")
    with readable(path):
        found = by_first_bytes(_first_bytes(path))
    if not path.name.lower().endswith(SUFFIXES):
        what, remedy = by_name(path.name)
        raise refusal(path, *(found or (what, remedy)))
    suffix = path.suffix.lower()
    if suffix == ".json":
        return SourceFacts(None, readable=False)
    if suffix == ".pbf":
        return _check_pbf(path)
    if found is not None and suffix == ".osm":
        raise refusal(path, *found)
    return _check_xml(path)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the OSM reader throws at a broken file into a `DataError`."""
    try:
        yield
    except (RuntimeError, osmium.InvalidLocationError, OSError, EOFError, ValueError, zlib.error) as error:
        raise refusal(path, f"can't be read to its end as OSM data ({error})", _remedy(error)) from error


def refusal(path: Path, what: str, remedy: str) -> DataError:
    """Return the error that refuses an OSM file."""
    return DataError(Problem(str(path), what, remedy.replace("{file}", path.name)))


def refuse_incomplete(path: Path, remark: str) -> None:
    """Refuse an answer of Overpass whose remark says that it isn't whole.

    Raises
    ------
    DataError
        It says so.
    """
    if _GAVE_UP.search(remark):
        what = f"is an answer of Overpass that was cut off: '{' '.join(remark.split())}'"
        raise refusal(path, what, "ask for a smaller area, or give Overpass more time: [timeout:600]")


def _remedy(error: Exception) -> str:
    text = str(error)
    if "coordinate" in text:
        return "search the file for this value, and give the node its latitude and longitude in degrees"
    if "illegal id" in text:
        return "search the file for this id; ids are whole numbers of at most 18 digits"
    return "download it again"


def _check_pbf(path: Path) -> SourceFacts:
    head = _first_bytes(path)
    if by_first_bytes(head) is None or b"OSMHeader" not in head[:64]:
        found = by_first_bytes(head) or by_first_words(head.decode("utf-8", errors="replace"))
        what, remedy = found or ("is OSM XML", "give it a name that ends in .osm")
        raise refusal(path, what, remedy)
    with readable(path):
        header = _header(path)
    if header.has_multiple_object_versions:
        raise refusal(path, *HISTORY)
    box = header.box()
    low, high = box.bottom_left, box.top_right
    return SourceFacts(_header_date(header), ((low.lon, low.lat, high.lon, high.lat),) if box.valid() else ())


def _check_xml(path: Path) -> SourceFacts:
    prolog, tail, unread = _look_through(path)
    found = by_first_words(prolog)
    if found is None or "<html" not in prolog.lower():
        root = re.search(r"<osm[\s>/]", prolog)
        head = prolog[: root.start()] if root else prolog
        if "<!DOCTYPE" in head or "<!ENTITY" in head:
            what = "has a document type definition, which OSM files never have"
            raise refusal(path, what, "get it from a source that you trust")
    if found is not None:
        raise refusal(path, *found)
    for text in (prolog, tail):
        for remark in _REMARK.findall(text):
            refuse_incomplete(path, remark)
    date = _DATE.search(prolog)
    with readable(path):
        timestamp = date.group(1) if date else _header_date(_header(path))
    return SourceFacts(timestamp, _boxes(path, prolog), readable=not unread)


def _boxes(path: Path, prolog: str) -> tuple[Box, ...]:
    found = []
    for attributes in _BOUNDS.findall(prolog.split("<node", 1)[0].split("<way", 1)[0]):
        values = dict(re.findall(r"""(\w+)=["']([^"']*)["']""", attributes))
        try:
            box = tuple(float(values[key]) for key in ("minlon", "minlat", "maxlon", "maxlat"))
        except (KeyError, ValueError):
            box = ()
        if len(box) != 4 or not (-180 <= box[0] <= box[2] <= 180 and -90 <= box[1] <= box[3] <= 90):  # noqa: PLR2004
            what = f"has bounds that are no box in degrees: <bounds{attributes}>"
            raise refusal(path, what, "mend or remove this line; without it the map reaches as far as its roads")
        found.append((box[0], box[1], box[2], box[3]))
    return tuple(found)


def _header(path: Path) -> Any:
    return osmium.io.Reader(str(path), osmium.osm.NOTHING).header()


def _header_date(header: Any) -> str | None:
    return header.get("osmosis_replication_timestamp") or header.get("timestamp") or None


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_PROLOG_BYTES)


def _look_through(path: Path) -> tuple[str, str, bool]:
    """Return a file's first and last 64 KiB, decompressed within bounds, and whether osmium misreads a part of it."""
    limit = max(_SMALL_BYTES, _MAX_EXPANSION * path.stat().st_size)
    with readable(path), _OPENERS[path.suffix.lower()](path) as file:
        prolog: bytes = file.read(_PROLOG_BYTES)
        size, tail, unread = len(prolog), prolog, _UNREAD.search(prolog) is not None
        while chunk := file.read(_CHUNK_BYTES):
            size += len(chunk)
            unread = unread or _UNREAD.search(tail[-_OVERLAP_BYTES:] + chunk) is not None
            tail = (tail + chunk)[-_TAIL_BYTES:]
            if size > limit and path.suffix.lower() != ".osm":
                raise refusal(
                    path,
                    f"grows to more than {_MAX_EXPANSION} times its size when decompressed",
                    "OSM data doesn't; get the extract from a source that you trust",
                )
    return prolog.decode("utf-8", errors="replace"), tail.decode("utf-8", errors="replace"), unread
