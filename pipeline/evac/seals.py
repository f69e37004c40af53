"""What the cache holds is what was put there: an entry that is damaged is named, set aside and made again.

An entry is a folder that is made whole, once, and sealed: `seal.json` has the size and SHA-256 of each of its files.
Whoever uses an entry asks `has_entry` first, for all files or for those that it is going to read. A record is one file
of JSON with its own digest in it.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from evac.errors import Problem, UserError
from evac.files import digest_file, digest_json, whole_directory, write_text

SEAL = "seal.json"
ASIDE = "damaged"
"""The folder of the cache that damaged entries are moved to."""
_SHOWN = 16
_DIGEST = "sha256_of_the_rest"
R = TypeVar("R")
_LOG = logging.getLogger(__name__)


@contextmanager
def sealed_directory(target: Path) -> Iterator[Path]:
    """Give a fresh temporary directory that becomes an entry of the cache, sealed, when the block ends well."""
    with whole_directory(target) as folder:
        yield folder
        seal(folder)


def seal(folder: Path) -> None:
    """Write down the size and digest of each file of a folder."""
    files = {
        path.relative_to(folder).as_posix(): [path.stat().st_size, digest_file(path)]
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != SEAL
    }
    write_text(folder / SEAL, json.dumps({"files": files, _DIGEST: digest_json(files)}, indent=1) + "\n")


def has_entry(folder: Path, names: Collection[str] | None = None) -> bool:
    """Tell whether the cache has an entry, as it was made; a damaged one is named and set aside.

    Parameters
    ----------
    folder
        The entry: `<cache>/<kind>/<name>`.
    names
        The files that are going to be read; all of them when left out.
    """
    if not folder.is_dir():
        return False
    damage = damage_of(folder, names)
    if damage is not None:
        set_aside(folder, damage)
    return damage is None


def require_file(file: Path) -> Path:
    """Return a file of an entry that is about to be read, once it is known to be as it was made.

    Raises
    ------
    UserError
        It isn't; the entry has been set aside then.
    """
    folder = next((item for item in file.parents if (item / SEAL).exists()), file.parent)
    _refuse(folder, damage_of(folder, [file.relative_to(folder).as_posix()]))
    return file


def damage_of(folder: Path, names: Collection[str] | None = None) -> str | None:
    """Return what isn't as it was made in an entry; None when all that is asked for is."""
    try:
        files = _sealed(folder)
        for name in files if names is None else names:
            size, digest = files[name]
            path = folder / name
            if not path.is_file():
                return f"{name} is gone"
            if path.stat().st_size != size or digest_file(path) != digest:
                return f"{name} isn't what was written"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"its {SEAL} can't be read, or isn't of it"
    return None


def require_entry(folder: Path) -> Path:
    """Return an entry all of whose files are about to be used, once they are known to be as they were made.

    Raises
    ------
    UserError
        They aren't; the entry has been set aside then.
    """
    _refuse(folder, damage_of(folder))
    return folder


def _refuse(folder: Path, damage: str | None) -> None:
    if damage is not None:
        set_aside(folder, damage)
        remedy = "start evac run: it makes again what is missing"
        raise UserError(Problem(str(folder), f"is damaged: {damage}; it has been set aside", remedy))


def set_aside(path: Path, damage: str) -> None:
    """Move a damaged entry, or a record, into a folder where nothing looks for it, and say so."""
    kind = path.parent
    aside = kind.parent / ASIDE
    aside.mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=aside, prefix=f"{kind.name}-{path.name[:_SHOWN]}-"))
    with suppress(FileNotFoundError):  # another process has done it
        path.rename(place / path.name)
        words = "%s is damaged: %s. It has been set aside in %s, and is made again when it is needed"
        _LOG.error(words, path, damage, place)


def write_record(path: Path, content: Mapping[str, Any]) -> None:
    """Write a record."""
    text = json.dumps({**content, _DIGEST: digest_json(content)}, indent=1, ensure_ascii=False)
    write_text(path, text + "\n")


def read_record(path: Path, of: Callable[[dict[str, Any]], R]) -> R | None:
    """Return a record; None when there is none, or it is damaged: then it is named and set aside.

    Parameters
    ----------
    path
        Its file.
    of
        Makes the record of its content; what it can't be made of is damaged. A record without a digest is one of an
        older toolkit.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        digest = content.pop(_DIGEST, None)
        if digest in (None, digest_json(content)):
            return of(content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    set_aside(path, "it isn't what was written")
    return None


def _sealed(folder: Path) -> dict[str, tuple[int, str]]:
    """Return the size and digest of each file as the seal has them."""
    content = json.loads((folder / SEAL).read_bytes())
    files: dict[str, tuple[int, str]] = content["files"]
    if digest_json(files) != content[_DIGEST]:
        raise ValueError("the seal isn't what was written")
    return files
