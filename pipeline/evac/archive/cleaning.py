"""What of the cache may go: studies by age or place, and what nothing needs any more. Never what a report shows.

A study that goes takes with it what no other study needs. Content that no study knows (of another version of the
toolkit, or of a study that was forgotten) goes when it is old.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb

from evac.archive.index import indexed_runs
from evac.archive.records import StudyRecord, forget_failure, forget_study, now, read_studies
from evac.files import remove_directory
from evac.seals import ASIDE

CONTENT = ("runs", "trials", "lanes", "hazards", "nets", "households", "maps", "fetched", ASIDE)
"""The folders of the cache whose content can be made, or fetched, again."""
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Cleaning:
    """What would go.

    Parameters
    ----------
    studies
        Studies that are forgotten.
    kept
        Studies that were asked to go, and of which that stays what a report shows.
    folders
        Folders of the cache that go, with their sizes (bytes).
    """

    studies: tuple[StudyRecord, ...]
    kept: tuple[StudyRecord, ...]
    folders: dict[Path, int]


def plan_cleaning(cache: Path, reports: Path, older_than_days: float, place: str | None = None) -> Cleaning:
    """Return what would go; nothing is removed.

    Parameters
    ----------
    cache
        The cache's folder.
    reports
        The folder of the reports: what `<place>/results.parquet` in it names is kept.
    older_than_days
        Studies that were last started before, and content that nothing needs and that is older.
    place
        Instead: the studies of this place, however old.
    """
    studies = read_studies(cache)
    shown = _shown_jobs(reports)
    oldest = now() - timedelta(days=older_than_days)
    asked = [item for item in studies if (item.place == place if place else item.begun < oldest)]
    kept = [item for item in asked if shown & _jobs(item)]
    going = [item for item in asked if item not in kept]
    needed = _content(item for item in studies if item not in asked)
    needed |= _content_of_runs(cache, shown) | {name for item in kept for name in item.folders}
    if place:
        freed = _content(asked) - needed
        found: Iterable[Path] = (cache / name for name in sorted(freed) if (cache / name).is_dir())
    else:
        found = _unneeded(cache, needed, time.time() - older_than_days * _SECONDS_A_DAY)
    return Cleaning(tuple(going), tuple(kept), {path: _size(path) for path in found})


def clean(cache: Path, cleaning: Cleaning) -> None:
    """Remove what a cleaning names."""
    for record in cleaning.studies:
        forget_study(cache, record)
        for wanted in record.runs:
            forget_failure(cache, wanted.job)
    for path in cleaning.folders:
        remove_directory(path)


def _shown_jobs(reports: Path) -> set[str]:
    """Return the jobs that reports show."""
    found: set[str] = set()
    for path in reports.glob("*/results.parquet"):
        with duckdb.connect() as database:
            rows = database.execute("SELECT job FROM read_parquet($path)", {"path": str(path)}).fetchall()
        found |= {str(row[0]) for row in rows}
    return found


def _content_of_runs(cache: Path, jobs: Collection[str]) -> set[str]:
    """Return the folders of runs, and of what they were made from, whether or not a study knows them."""
    rows = indexed_runs(cache, jobs) if jobs else []
    return {f"runs/{job}" for job in jobs} | {name for row in rows for name in row["folders"]}


def _jobs(record: StudyRecord) -> set[str]:
    return {wanted.job for wanted in record.runs}


def _content(records: Iterable[StudyRecord]) -> set[str]:
    """Return the cache's folders that studies need."""
    return {name for item in records for name in (*item.folders, *(f"runs/{job}" for job in _jobs(item)))}


def _unneeded(cache: Path, needed: set[str], before: float) -> Iterable[Path]:
    """Return old folders of the cache that no study needs."""
    for kind in CONTENT:
        for path in sorted((cache / kind).glob("[!.]*")):
            if f"{kind}/{path.name}" not in needed and path.stat().st_mtime < before:
                yield path


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
