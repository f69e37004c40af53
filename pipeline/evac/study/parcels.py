"""What travels to a worker on another machine and back: terms and input folders there, a run directory back.

Input folders are packed to the same bytes for the same content, so that their SHA-256 names them. Paths in the terms
are those of the cache, which is elsewhere on a worker; measured curves carry their content.
"""

from __future__ import annotations

import io
import os
import pickle
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from evac.errors import SimulationError
from evac.files import digest_file, whole_directory
from evac.network import read_net
from evac.seals import damage_of, has_entry, sealed_directory
from evac.study.ground import Ground, Terms
from evac.study.ways_out import ways_out_under

# What a run reads of an input folder.
_READ = {"nets": ("net.net.xml",), "households": ("households.parquet",)}


@dataclass(frozen=True)
class Parcel:
    """The terms of a plan, ready to be sent.

    Parameters
    ----------
    terms
        The terms, pickled.
    folders
        The input folders, such as `nets/<digest>`.
    """

    terms: bytes
    folders: tuple[str, ...]


def pack(terms: Terms, cache: Path) -> Parcel:
    """Pack the terms of a plan."""
    terms.read_curves()
    sink = io.BytesIO()
    _Packer(sink, cache).dump(terms)
    nets = {terms.network.digest, *([terms.staged.network.digest] if terms.staged else [])}
    folders = (*(f"nets/{digest}" for digest in sorted(nets)), f"households/{terms.households.digest}")
    return Parcel(sink.getvalue(), folders)


def unpack(parcel: Parcel, cache: Path) -> Ground:
    """Return what runs stand on, from a parcel and its input folders in a worker's cache."""
    terms: Terms = _Unpacker(io.BytesIO(parcel.terms), cache).load()
    homes = terms.households.table()
    net = read_net(terms.network.net_file)
    ways_out = ways_out_under(homes, net, terms.exits, terms.timetable, terms.for_residents, refuges=terms.refuges)
    return Ground(terms, homes, net, ways_out.starts)


def pack_folder(folder: str, cache: Path) -> bytes:
    """Return what a run reads of an input folder, packed: the same bytes for the same content."""
    return _tar({name: cache / folder / name for name in _READ[folder.partition("/")[0]]}, keep_times=False)


def unpack_folder(folder: str, content: bytes, cache: Path) -> None:
    """Put a packed input folder into a worker's cache, unless it is there."""
    if not has_entry(cache / folder):
        with sealed_directory(cache / folder) as target:
            _untar(content, target)


def pack_run(folder: Path) -> bytes:
    """Return a run directory, packed."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return _tar(files, keep_times=True)  # the times tell how long the run took


def publish_run(content: bytes, target: Path, digest_of_job: str) -> Path:
    """Put a packed run directory in its place, whole or not at all.

    Raises
    ------
    SimulationError
        It isn't the run of this job, or isn't whole.
    """
    with whole_directory(target) as folder:
        _untar(content, folder)
        damage = damage_of(folder)
        if damage is not None:
            raise SimulationError(f"a worker delivered the run {target.name} damaged: {damage}")
        if digest_file(folder / "job.json") != digest_of_job:
            raise SimulationError(f"a worker delivered the run of another job than {target.name}")
    return target


class _Packer(pickle.Pickler):
    """Writes paths so that they can be found on another machine."""

    def __init__(self, sink: io.BytesIO, cache: Path) -> None:
        super().__init__(sink)
        self._cache = cache

    def persistent_id(self, obj: Any) -> str | None:
        """Return what stands for a path in the cache; None for all else."""
        is_ours = isinstance(obj, Path) and obj.is_relative_to(self._cache)
        return obj.relative_to(self._cache).as_posix() if is_ours else None


class _Unpacker(pickle.Unpickler):
    """Reads what `_Packer` has written."""

    def __init__(self, source: io.BytesIO, cache: Path) -> None:
        super().__init__(source)
        self._cache = cache

    def persistent_load(self, pid: str) -> Path:
        """Return the path that something stands for."""
        return self._cache / pid


def _tar(files: Mapping[str, Path], *, keep_times: bool) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, path in files.items():
            info = tar.gettarinfo(path, name)
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mode = 0o644
            info.mtime = info.mtime if keep_times else 0
            with path.open("rb") as content:
                tar.addfile(info, content)
    packed: bytes = pa.compress(sink.getvalue(), codec="zstd", asbytes=True)
    return len(sink.getvalue()).to_bytes(8) + packed


def _untar(content: bytes, target: Path) -> None:
    size = int.from_bytes(content[:8])
    plain = pa.decompress(content[8:], decompressed_size=size, codec="zstd", asbytes=True)
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        for member in tar:
            _put(tar, member, target)


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Write one file of a parcel; `TarFile.extractall` is safe with strangers' names only from Python 3.11.4 on."""
    path = PurePosixPath(member.name)
    content = tar.extractfile(member) if member.isreg() else None
    if content is None or path.is_absolute() or ".." in path.parts:
        raise SimulationError(f"a worker delivered {member.name!r}, which is no file inside its folder")
    file = target / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.read())
    os.utime(file, (member.mtime, member.mtime))
