"""How much a PBF file unpacks to is told before osmium unpacks it, and never as less than osmium would unpack."""

from __future__ import annotations

import zlib
from pathlib import Path

import osmium
import pytest

from evac.studio.pbf import unpacked_bytes

NODES = 20_000
VARINT, BYTES = 0, 2
HIGH_BITS = 1 << 32


def _written(path: Path, compression: str) -> Path:
    writer = osmium.SimpleWriter(osmium.io.File(str(path), f"osm.pbf,pbf_compression={compression}"))
    with writer:
        for number in range(1, NODES):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(9.5, 47.1 + number * 1e-6), tags={"a": "b"}))
    return path


def _varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | VARINT) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | BYTES) + _varint(len(value)) + value


def _block(kind: bytes, content: bytes, high: int = 0, after_header: bytes = b"", after_blob: bytes = b"") -> bytes:
    blob = _number(2, high + len(content)) + _bytes(3, zlib.compress(content)) + after_blob
    header = _bytes(1, kind) + _number(3, high + len(blob)) + after_header
    return len(header).to_bytes(4) + header + blob


STRINGS = _bytes(1, 50_000 * _bytes(1, b""))
"""A block of data with nothing but empty strings."""
HEADER = _block(b"OSMHeader", _bytes(4, b"OsmSchema-V0.6") + _bytes(4, b"DenseNodes"))


def _is_read(path: Path) -> bool:
    try:
        return not list(osmium.FileProcessor(str(path)))
    except RuntimeError:
        return False


def test_packed_it_is_as_large_as_unpacked(tmp_path: Path) -> None:
    packed, unpacked = (_written(tmp_path / f"{how}.osm.pbf", how) for how in ("zlib", "none"))
    assert unpacked_bytes(packed) == unpacked_bytes(unpacked)
    assert packed.stat().st_size < unpacked_bytes(packed) < unpacked.stat().st_size
    assert unpacked_bytes(unpacked) == pytest.approx(unpacked.stat().st_size, rel=0.01)


@pytest.mark.parametrize(
    "data",
    [
        _block(b"OSMData", STRINGS),
        _block(b"OSMData", STRINGS, high=HIGH_BITS),
        _block(b"OSMData", STRINGS, after_header=_bytes(3, b"")),
        _block(b"OSMData", STRINGS, after_blob=_bytes(2, b"")),
        _block(b"OSMData", STRINGS, after_header=_bytes(2, b"index")),
    ],
    ids=["plain", "numbers of 33 bits", "size as bytes too", "raw_size as bytes too", "index"],
)
def test_what_osmium_reads_is_counted(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "map.osm.pbf"
    path.write_bytes(HEADER + data)
    assert _is_read(path)
    assert unpacked_bytes(path) >= len(STRINGS)


@pytest.mark.parametrize(
    "data",
    [_block(b"OSMData", STRINGS, after_blob=_number(2, 10)), _block(b"OSMData", STRINGS)[:-1]],
    ids=["says that it unpacks to less", "cut off"],
)
def test_what_osmium_refuses_may_be_counted_as_less(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "map.osm.pbf"
    path.write_bytes(HEADER + data)
    assert not _is_read(path)
    assert unpacked_bytes(path) < len(STRINGS)


@pytest.mark.parametrize("data", [b"", b"x", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"<osm/>"])
def test_what_is_no_block_holds_nothing(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "map.osm.pbf"
    path.write_bytes(data)
    assert unpacked_bytes(path) == 0
