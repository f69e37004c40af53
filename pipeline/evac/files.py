"""Files and folders that appear whole or not at all, and names for content."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_CHUNK_BYTES = 1 << 20
_TEMPORARY = ".tmp."
_HOST_CHARACTERS = 64
"""Longest name of a host (HOST_NAME_MAX of Linux)."""


def is_file(path: Path) -> bool:
    """Return whether there is a file that can be read to its end; a name that no file can have has none.

    A pipe or a device isn't one: reading it could wait for ever. `Path.is_file` raises an error of its own where a
    folder may not be entered or a name is too long.
    """
    return os.path.isfile(path)  # noqa: PTH113


def why_no_file(path: Path) -> str:
    """Return what stands in the place of a file that `is_file` doesn't find, in words."""
    if os.path.islink(path) and not os.path.exists(path):  # noqa: PTH110, PTH114 - as in `is_file`
        return "is a link to a file that isn't there"
    if os.path.isdir(path):  # noqa: PTH112
        return "is a folder, expected a file"
    return "is no file but a device or a pipe" if os.path.exists(path) else "there is no such file"  # noqa: PTH110


def state_of(path: Path) -> tuple[int, ...]:
    """Return what changes whenever a file is written, replaced or linked anew; its content isn't read.

    Raises
    ------
    OSError
        There is none, or it may not be looked at.
    """
    state = path.stat()
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file's content as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def canonical_json(value: Mapping[str, Any]) -> str:
    """Return JSON that is the same text for the same value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_json(value: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a value's canonical JSON as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file at once: a reader sees the old content or the new, never a part."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a binary file at once: a reader sees the old content or the new, never a part."""
    write_parts(path, [content])


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Write a binary file part by part, and put it in its place when it is whole.

    The parts may be read from the old file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def whole_directory(target: Path) -> Iterator[Path]:
    """Give a fresh temporary directory that becomes `target` when the block ends well.

    When the block raises, the directory goes and `target` is untouched. When another process has made
    `target` meanwhile, that one stays: content-addressed directories of one name hold the same content.
    What a killed process of this machine left beside `target` is cleared away.
    """
    with passing_directory(target) as temporary:
        yield temporary
        _publish(temporary, target)


@contextmanager
def passing_directory(target: Path) -> Iterator[Path]:
    """Give a fresh temporary directory beside `target`, of this process alone, that goes when the block ends."""
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent)
    temporary, lock = _locked_directory(target)
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(lock)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary directories in `folder` whose processes have died.

    Only those of this machine: network file systems keep the lock of a directory to the machine that took it, so those
    of another look dead from here while they are being written.
    """
    mine = (path for path in folder.glob(f"{_TEMPORARY}*") if path.name.split(".")[-2] == _host())
    for path in mine:
        lock = _lock(path)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def live_temporaries(folder: Path) -> dict[str, float]:
    """Return the directories that living processes are making in `folder`.

    By the first 16 characters of the names that they will have: since when (seconds since 1970). Those of other
    machines are only seen where the file system shares its locks.
    """
    found = {}
    for path in folder.glob(f"{_TEMPORARY}*"):
        lock = _lock(path)
        if lock is not None:
            os.close(lock)
            continue
        with suppress(FileNotFoundError):
            made = min((item.stat().st_mtime for item in path.iterdir()), default=path.stat().st_mtime)
            found[path.name.removeprefix(_TEMPORARY).partition(".")[0]] = made
    return found


def remove_directory(path: Path) -> None:
    """Remove a directory: its name goes at once, so that half of its content never looks like the whole."""
    gone = _temporary_directory(path)
    path.rename(gone)
    shutil.rmtree(gone)


def _host() -> str:
    """Return this machine's name, without dots."""
    return re.sub(r"[^A-Za-z0-9]", "-", socket.gethostname())[:_HOST_CHARACTERS]


def _temporary_directory(target: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=target.parent, prefix=f"{_TEMPORARY}{target.name[:16]}.{_host()}."))


def _locked_directory(target: Path) -> tuple[Path, int]:
    """Return a new directory and the lock that tells others that its maker lives (the kernel drops it at death)."""
    while True:
        path = _temporary_directory(target)
        lock = _lock(path)
        if lock is not None:
            return path, lock


def _lock(directory: Path) -> int | None:
    """Lock a directory; None when another process holds it, or has removed it meanwhile."""
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), directory.stat()):
            return handle
    except OSError:
        pass
    os.close(handle)
    return None


def _publish(temporary: Path, target: Path) -> None:
    temporary.chmod(0o755)
    while True:
        try:
            temporary.rename(target)
        except OSError as error:
            if target.is_dir():
                return
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise  # else another process had made it, and has taken it away since
        else:
            return
