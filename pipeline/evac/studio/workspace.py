"""The workspace that a studio works in: its places by their names, and where the studio keeps its own files.

A name is only ever looked up among those that are there, never made into a path: none leads out of the workspace.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evac.errors import Problem, UserError
from evac.files import state_of

FILE_NAME = "scenario.yaml"
SENDING = ".tmp."
"""How the names of files begin that are being sent (`uploads`)."""
PACKED = ".packed."
"""How the names of files begin that are packed for somebody (`handing_on`)."""
_PRIVATE = 0o700
_MOST_KEPT_BYTES = 500 << 20
"""Of pictures, findings and the like, which can be made again: a country's picture is some megabytes."""
_LONGEST_KEPT_S = 30 * 86_400
"""After the last look."""


@dataclass(frozen=True)
class Workspace:
    """A workspace.

    Parameters
    ----------
    folder
        Holds `scenarios/`, `plans/`, `reports/` and the cache `.evac/`.
    """

    folder: Path

    @property
    def own(self) -> Path:
        """The studio's own files, which no other user of the machine may read."""
        folder = self.folder / ".evac" / "studio"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(_PRIVATE)
        return folder

    def place_names(self) -> list[str]:
        """Return the names of its places: folders of `scenarios/` with a scenario."""
        scenarios = self.folder / "scenarios"
        return sorted(path.parent.name for path in scenarios.glob(f"*/{FILE_NAME}"))

    def scenario(self, name: str) -> Path:
        """Return the folder of a place.

        Raises
        ------
        UserError
            There is no such place.
        """
        names = self.place_names()
        if name not in names:
            raise UserError(Problem("the workspace", f"has no place '{name}'", f"known: {', '.join(names) or 'none'}"))
        return self.folder / "scenarios" / name

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only studio of the workspace while the block works.

        Raises
        ------
        UserError
            Another one is open.
        """
        with (self.own / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                what = "a studio is open on this workspace already"
                remedy = "use the page that it has opened, or end it, or give another --workspace"
                raise UserError(Problem(str(self.folder), what, remedy)) from error
            yield

    def prune(self) -> None:
        """Remove what was kept and nobody has looked at for a month, then the oldest above a total size.

        What was packed for somebody who went away before it was sent goes too, and what was sent only in part.
        """
        for path in (*self.own.glob(f"{PACKED}*"), *self.own.glob(f"uploads/*/{SENDING}*")):
            path.unlink(missing_ok=True)
        folder = self.own / "kept"
        files = sorted(folder.glob("*.json"), key=_looked_at) if folder.is_dir() else []
        total = sum(path.stat().st_size for path in files)
        for path in files:
            if total > _MOST_KEPT_BYTES or time.time() - _looked_at(path) > _LONGEST_KEPT_S:
                total -= path.stat().st_size
                path.unlink(missing_ok=True)

    def kept(self, what: str, stamp: str) -> Path:
        """Return where something that can be made again is kept, or will be."""
        return self.own / "kept" / f"{what}-{stamp[:32]}.json"


def _looked_at(path: Path) -> float:
    return path.stat().st_mtime


def stamp_of(files: list[Path], about: dict[str, Any]) -> str:
    """Return what stands for files as they are now, without reading them: names, sizes and times; and for `about`."""
    seen: list[tuple[str, tuple[int, ...] | None]] = []
    for path in sorted(set(files)):
        try:
            seen.append((str(path), state_of(path)))
        except OSError:
            seen.append((str(path), None))
    return hashlib.sha256(json.dumps([seen, about], sort_keys=True).encode()).hexdigest()
