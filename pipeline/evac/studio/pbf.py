"""How much a PBF file holds once its blocks are unpacked, by what stands in front of each.

The file is a row of blocks, each a length (4 bytes, big-endian), a `BlobHeader` and a `Blob`, both as protocol buffers
(https://wiki.openstreetmap.org/wiki/PBF_Format). A packed block says how large it is unpacked (`raw_size`), and osmium
unpacks no more than that: nothing has to be unpacked to know it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

_MOST_HEADER_BYTES, _MOST_BLOB_BYTES = 64 << 10, 32 << 20
"""The format's own limits, which osmium holds a file to."""
_DATASIZE = 3 << 3 | 0
"""Field and wire type of the size of the blob, in a `BlobHeader`."""
_RAW, _RAW_SIZE = 1 << 3 | 2, 2 << 3 | 0
"""Those of data that aren't packed, and of the size of those that are, in a `Blob`."""
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
"""Wire types (https://protobuf.dev/programming-guides/encoding/)."""


def unpacked_bytes(path: Path) -> int:
    """Return how many bytes the blocks of a PBF file have unpacked, as far as it can be read.

    What follows a damaged block isn't counted: osmium doesn't come so far either.
    """
    with path.open("rb") as file:
        return sum(_blocks(file))


def _blocks(file: IO[bytes]) -> Iterator[int]:
    try:
        while len(length := file.read(4)) == 4:  # noqa: PLR2004 - bytes of a length
            header = _fields(_read(file, int.from_bytes(length), _MOST_HEADER_BYTES))
            blob = _fields(_read(file, header[_DATASIZE], _MOST_BLOB_BYTES))
            yield blob.get(_RAW, 0) + blob.get(_RAW_SIZE, 0)
    except (EOFError, IndexError, KeyError, ValueError):
        return


def _read(file: IO[bytes], size: int, most: int) -> bytes:
    if size > most:
        raise ValueError(size)
    content = file.read(size)
    if len(content) < size:
        raise EOFError
    return content


def _fields(message: bytes) -> dict[int, int]:
    """Return the numbers of a message by field and wire type; of a field with bytes, how many they are."""
    found = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire_type = key & 7
        if wire_type in (_VARINT, _BYTES):
            found[key], at = _varint(message, at)
            at += found[key] if wire_type == _BYTES else 0
        else:
            at += {_FIXED_64: 8, _FIXED_32: 4}[wire_type]
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at a byte, of 32 bits as osmium takes it, and where what follows begins."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follows
            return value & 0xFFFFFFFF, at
