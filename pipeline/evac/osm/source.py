"""Is the file what it says it is? Checked before anything is built on it.

An OSM file may come from anywhere, so a truncated download, another format, a document type definition (the
carrier of XML entity bombs) and a compression bomb are refused here, each with a line that says what to do.
"""

from __future__ import annotations

import bz2
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import osmium

from evac.errors import DataError, Problem

SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")

_CHUNK_BYTES = 1 << 20
_PROLOG_BYTES = 1 << 16
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


@dataclass(frozen=True)
class SourceFacts:
    """What the head of the file says about itself.

    Parameters
    ----------
    data_timestamp
        Date of the data in ISO 8601, or None when the file has none.
    bounds
        West, south, east and north (degrees) of the box that the file says it covers, or None when it says nothing.
    """

    data_timestamp: str | None
    bounds: tuple[float, float, float, float] | None


def check_source(path: Path) -> SourceFacts:
    """Refuse a file that can't be an OSM extract, and return what its head says.

    Raises
    ------
    DataError
        The file is missing, has another format, is truncated, carries a DTD or is a compression bomb.
    """
    if not path.is_file():
        raise refusal(path, "there is no such file", "check 'osm.file'; the path is relative to the scenario file")
    if not path.name.lower().endswith(SUFFIXES):
        raise refusal(path, f"expected one of {', '.join(SUFFIXES)}", "download the extract as .osm.pbf or .osm.gz")
    if path.suffix.lower() == ".pbf":
        with readable(path):
            return SourceFacts(_header_date(path), _header_bounds(path))
    prolog = _read_prolog(path)
    _refuse_foreign_xml(path, prolog)
    found = _DATE.search(prolog)
    with readable(path):
        return SourceFacts(found.group(1) if found else _header_date(path), _header_bounds(path))


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the OSM reader throws at a broken file into a `DataError`."""
    try:
        yield
    except (RuntimeError, OSError, EOFError, ValueError, zlib.error) as error:
        raise refusal(path, f"can't be read to its end as OSM data ({error})", "download it again") from error


def refusal(path: Path, what: str, remedy: str) -> DataError:
    """Return the error that refuses an OSM file."""
    return DataError(Problem(str(path), what, remedy))


def _header_date(path: Path) -> str | None:
    header: Any = osmium.io.Reader(str(path), osmium.osm.NOTHING).header()
    return header.get("osmosis_replication_timestamp") or header.get("timestamp") or None


def _header_bounds(path: Path) -> tuple[float, float, float, float] | None:
    box = osmium.io.Reader(str(path), osmium.osm.NOTHING).header().box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return low.lon, low.lat, high.lon, high.lat


def _read_prolog(path: Path) -> str:
    """Return the file's first 64 KiB; a compressed file is decompressed to its end, within bounds, on the way."""
    limit = max(_SMALL_BYTES, _MAX_EXPANSION * path.stat().st_size)
    compressed = path.suffix.lower() != ".osm"
    with readable(path), _OPENERS[path.suffix.lower()](path) as file:
        prolog: bytes = file.read(_PROLOG_BYTES)
        size = len(prolog)
        while compressed and (chunk := file.read(_CHUNK_BYTES)):
            size += len(chunk)
            if size > limit:
                raise refusal(
                    path,
                    f"grows to more than {_MAX_EXPANSION} times its size when decompressed",
                    "OSM data doesn't; get the extract from a source that you trust",
                )
    return prolog.decode("utf-8", errors="replace")


def _refuse_foreign_xml(path: Path, prolog: str) -> None:
    root = re.search(r"<osm[\s>/]", prolog)
    head = prolog[: root.start()] if root else prolog
    if "<!DOCTYPE" in head or "<!ENTITY" in head:
        raise refusal(
            path, "has a document type definition, which OSM files never have", "get it from a source that you trust"
        )
    if root is None:
        raise refusal(path, "isn't OSM XML: no <osm> element", "download the extract as .osm.pbf or .osm.gz")
