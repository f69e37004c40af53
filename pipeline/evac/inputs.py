"""Input files: what is digested is what is read.

A cache that names a result by the digest of its inputs lies for good when an input is edited between the two looks at
it. Small files are therefore read once, and the digest is of these bytes (`schema.demand.Measured`). Those that GDAL or
osmium read from the disk are watched (`Watched`) from before the digest until after the last byte is read.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from evac.errors import DataError, Problem
from evac.files import digest_file, digest_json, state_of

# What belongs to a file of several parts, as far as GDAL reads it (https://gdal.org/en/stable/drivers: ESRI Shapefile,
# MapInfo, GeoTIFF). A GeoPackage that is open elsewhere has its last edits in the `-wal`.
_PARTS = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".mif": (".mid",),
    ".tif": (".tfw", ".wld", ".tif.aux.xml", ".tif.ovr", ".tif.msk"),
    ".tiff": (".tfw", ".wld", ".tiff.aux.xml", ".tiff.ovr", ".tiff.msk"),
    ".gpkg": (".gpkg-wal",),
}

_Stamp = tuple[str, tuple[int, ...]]


def parts_of(path: Path) -> list[Path]:
    """Return the files that a data set consists of, itself first: of a shapefile, those beside it that GDAL reads."""
    wanted = _PARTS.get(path.suffix.lower(), ())
    beside = sorted(path.parent.glob(f"{glob.escape(path.stem)}[.]*")) if wanted else []
    return [path, *(part for part in beside if part.name[len(path.stem) :].lower() in wanted and part.is_file())]


def digest_dataset(path: Path) -> str:
    """Return the SHA-256 of an input file as 64 hex digits; where it has several parts, of all of them."""
    first, *others = parts_of(path)
    if not others:
        return digest_file(first)
    return digest_json({part.name[len(path.stem) :].lower(): digest_file(part) for part in (first, *others)})


def read_input(path: Path) -> bytes:
    """Return the content of an input file, for those who remember it with its digest.

    Raises
    ------
    DataError
        The file can't be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


@dataclass(frozen=True)
class Watched:
    """Input files that are being read from the disk.

    Parameters
    ----------
    digests
        The digest of each.
    """

    digests: Mapping[Path, str]
    _stamps: Mapping[Path, list[_Stamp]]

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Self:
        """Take the digests of files that are going to be read.

        Raises
        ------
        DataError
            A file can't be read.
        """
        given = list(dict.fromkeys(paths))
        stamps = {path: _stamps(path) for path in given}
        return cls({path: _digest(path) for path in given}, stamps)

    def require_unchanged(self) -> None:
        """Refuse what has been read when a file was written meanwhile; to be called before anything of it is kept.

        A change that was undone is noticed too: the file system notes when a file was last written.

        Raises
        ------
        DataError
            A file was written since its digest was taken.
        """
        changed = [path for path, stamps in self._stamps.items() if _stamps(path) != stamps]
        if changed:
            what, remedy = "was written while it was being read", "start again when it is as you want it"
            raise DataError([Problem(str(path), what, remedy) for path in changed])


def _digest(path: Path) -> str:
    try:
        return digest_dataset(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> DataError:
    what = "there is no such file" if isinstance(error, FileNotFoundError) else f"can't be read ({error.strerror})"
    return DataError(Problem(str(path), what, "check the path, and who may read it"))


def _stamps(path: Path) -> list[_Stamp]:
    """Return what changes whenever one of the files of a data set is written, replaced, added or removed."""
    return [(part.name, state_of(part)) for part in parts_of(path) if part.is_file()]
