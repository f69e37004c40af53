"""Files that the page sends: extracts, areas, households; limited in size, packed and unpacked, and in their names."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import hashlib
import json
import lzma
import os
import re
import tempfile
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from evac.errors import DataError, Problem, UserError
from evac.files import write_bytes
from evac.studio.guard import Refusal, limited
from evac.studio.pbf import unpacked_bytes
from evac.studio.workspace import SENDING, Workspace

Kind = Literal["extract", "area", "households"]

_MEGABYTE = 1 << 20
_GEOMETRY = (".geojson", ".json", ".gpkg", ".kml", ".zip")
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "extract": (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2"),
    "area": _GEOMETRY,
    "households": _GEOMETRY,
}
MOST_BYTES: Mapping[str, int] = {
    "extract": 300 * _MEGABYTE,
    "area": 20 * _MEGABYTE,
    "households": 50 * _MEGABYTE,
}
"""How large a file may be as it is sent."""
MOST_UNPACKED_BYTES: Mapping[str, int] = {
    "extract": 4096 * _MEGABYTE,
    "area": 200 * _MEGABYTE,
    "households": 500 * _MEGABYTE,
}
"""How large what is packed in a file may be."""
_MOST_MEMBERS = 200
_UNPACKERS: Mapping[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,119}")


@dataclass(frozen=True)
class Uploads:
    """The files that were sent to a workspace's studio.

    Parameters
    ----------
    workspace
        The workspace.
    """

    workspace: Workspace

    def names(self, kind: Kind) -> list[str]:
        """Return the files of a kind; of extracts also those in the workspace's folder `extracts/`."""
        return sorted(self._known(kind))

    def path(self, kind: Kind, name: str) -> Path:
        """Return a file by its name.

        Raises
        ------
        UserError
            There is no such file.
        """
        known = self._known(kind)
        if name not in known:
            raise UserError(Problem(f"the {kind}", f"there is no file '{name}'", "send it again"))
        return known[name]

    async def take(self, kind: str, name: str, stream: AsyncIterator[bytes]) -> str:
        """Take a file, and return its name.

        Raises
        ------
        Refusal
            It is too large.
        UserError
            Its name, or what is packed in it, can't be taken.
        """
        target = self._folder(_kind(kind)) / _checked_name(kind, name)
        handle, sent = tempfile.mkstemp(dir=target.parent, prefix=SENDING)
        try:
            with os.fdopen(handle, "wb") as file:
                async for part in limited(stream, MOST_BYTES[kind]):
                    file.write(part)
            await asyncio.to_thread(_accept, Path(sent), target, MOST_UNPACKED_BYTES[kind])
        except BaseException:
            _discard(Path(sent))
            raise
        return target.name

    def drawn(self, area: Mapping[str, Any]) -> str:
        """Keep an area that was drawn, and return the name of its file."""
        content = json.dumps(area, sort_keys=True).encode()
        name = f"drawn-{hashlib.sha256(content).hexdigest()[:12]}.geojson"
        write_bytes(self._folder("area") / name, content)
        return name

    def _known(self, kind: Kind) -> dict[str, Path]:
        folders = [self._folder(kind), *([self.workspace.folder / "extracts"] if kind == "extract" else [])]
        found = (path for folder in folders if folder.is_dir() for path in folder.iterdir())
        return {path.name: path for path in found if path.is_file() and path.name.lower().endswith(_ENDINGS[kind])}

    def _folder(self, kind: Kind) -> Path:
        folder = self.workspace.own / "uploads" / kind
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _accept(sent: Path, target: Path, most_unpacked: int) -> None:
    """Put a file that was sent in its place, after a look at what is packed in it."""
    _check_unpacked(sent, target.name, most_unpacked)
    sent.replace(target)


def _discard(sent: Path) -> None:
    sent.unlink(missing_ok=True)


def _kind(kind: str) -> Kind:
    if kind not in _ENDINGS:
        raise Refusal(404, "there is nothing of this kind to send")
    return kind  # type: ignore[return-value]


def _checked_name(kind: str, name: str) -> str:
    if not _NAME.fullmatch(name) or ".." in name:
        remedy = "call it with letters, digits, hyphens, dots and blanks alone"
        raise UserError(Problem(f"the {kind}", f"its name '{name}' can't be taken", remedy))
    if not name.lower().endswith(_ENDINGS[kind]):
        raise UserError(Problem(name, f"is no file of this kind: {', '.join(_ENDINGS[kind])}", "send one of these"))
    return name


def _check_unpacked(path: Path, name: str, most: int) -> None:
    """Refuse a file that unpacks to more than anybody's data, or elsewhere than into its own folder."""
    too_much = DataError(Problem(name, f"unpacks to more than {most:,} bytes", "cut out what is needed"))
    if name.lower().endswith(".zip"):
        _check_archive(path, name, most, too_much)
    if name.lower().endswith(".pbf") and unpacked_bytes(path) > most:
        raise too_much
    unpack = next((opened for ending, opened in _UNPACKERS.items() if name.lower().endswith(ending)), None)
    if unpack is not None:
        with suppress(OSError, EOFError), unpack(path) as file:  # one that is damaged is told when it is read
            if _longer_than(file, most):
                raise too_much


def _check_archive(path: Path, name: str, most: int, too_much: UserError) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS or sum(item.file_size for item in members) > most:
                raise too_much
            for item in members:
                if item.filename.startswith("/") or ".." in Path(item.filename).parts:
                    raise DataError(Problem(name, "holds names that lead out of its folder", "pack it anew"))
                with archive.open(item) as file:
                    if _longer_than(file, item.file_size):
                        raise too_much
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise DataError(Problem(name, f"can't be unpacked ({error})", "pack it anew")) from error


def _longer_than(file: IO[bytes], most: int) -> bool:
    """Tell whether more can be read from a file than so many bytes."""
    size = 0
    while part := file.read(_MEGABYTE):
        size += len(part)
        if size > most:
            return True
    return False
