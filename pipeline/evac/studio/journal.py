"""What the studio was asked to run, in a file of the workspace: it outlives the server, however that ends."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any, Literal

State = Literal["waiting", "running", "done", "failed", "cancelled"]
_PRIVATE = 0o600
_LISTED = 50
_TABLE = """
CREATE TABLE IF NOT EXISTS job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    place TEXT NOT NULL,
    asked TEXT NOT NULL,
    state TEXT NOT NULL,
    since REAL NOT NULL,
    told TEXT NOT NULL DEFAULT '{}'
)
"""


@dataclass(frozen=True)
class Job:
    """Something that was asked for.

    Parameters
    ----------
    id
        Its number.
    place
        The place's name.
    asked
        What is to be run: `plans`, `vehicles`, `departure`, `seeds`, `fidelity`.
    state
        Where it stands.
    since
        Since when (seconds since 1970).
    told
        How it ended: `runs` (their jobs) and `failures`, or `problems` or an `error`.
    """

    id: int
    place: str
    asked: Mapping[str, Any]
    state: State
    since: float
    told: Mapping[str, Any]


@dataclass
class Journal:
    """The jobs of a workspace. Safe to use from several threads.

    Parameters
    ----------
    path
        The SQLite file.
    """

    path: Path
    _database: sqlite3.Connection = field(init=False)
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        """Open the file."""
        self.path.touch(mode=_PRIVATE)
        self._database = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(_TABLE)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def add(self, place: str, asked: Mapping[str, Any]) -> Job:
        """Write a job down, and return it."""
        with self._lock:
            values = place, json.dumps(asked), "waiting", time.time()
            self._database.execute("INSERT INTO job (place, asked, state, since) VALUES (?, ?, ?, ?)", values)
            return self._read("WHERE id = last_insert_rowid()")[0]

    def put(self, number: int, state: State, told: Mapping[str, Any] | None = None) -> Job:
        """Write down where a job stands, and return it."""
        with self._lock:
            values = state, time.time(), json.dumps(told or {}), number
            self._database.execute("UPDATE job SET state = ?, since = ?, told = ? WHERE id = ?", values)
            return self.of(number)

    def of(self, number: int) -> Job:
        """Return a job by its number.

        Raises
        ------
        KeyError
            There is none.
        """
        found = self._read("WHERE id = ?", number)
        if not found:
            raise KeyError(number)
        return found[0]

    def waiting(self) -> list[Job]:
        """Return the jobs that wait, the first first."""
        return self._read("WHERE state = 'waiting' ORDER BY id")

    def unfinished(self, place: str) -> list[Job]:
        """Return the jobs of a place that wait or run, the first first."""
        return self._read("WHERE place = ? AND state IN ('waiting', 'running') ORDER BY id", place)

    def last(self) -> list[Job]:
        """Return the jobs that were asked for last, the last first."""
        return self._read("ORDER BY id DESC LIMIT ?", _LISTED)

    def take_up_again(self) -> list[Job]:
        """Let the jobs wait again that a server has left running which is no more; return them."""
        with self._lock:
            left = self._read("WHERE state = 'running' ORDER BY id")
            return [self.put(job.id, "waiting") for job in left]

    def _read(self, where: str, *values: Any) -> list[Job]:
        with self._lock:
            rows: Sequence[Any] = self._database.execute(
                f"SELECT id, place, asked, state, since, told FROM job {where}",  # noqa: S608 - our own words
                values,
            ).fetchall()
        return [
            Job(number, place, json.loads(asked), state, since, json.loads(told))
            for number, place, asked, state, since, told in rows
        ]
