"""How far a study is: what is done, of older inputs, running, failed and missing, and how long the rest will take."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evac.archive.basis import Basis, changed_names, changed_plans
from evac.archive.index import finished, indexed_runs
from evac.archive.records import StudyRecord, Wanted, failure_of
from evac.files import live_temporaries

State = Literal["done", "older", "running", "failed", "to do"]
STATES: tuple[State, ...] = ("done", "older", "running", "failed", "to do")


@dataclass(frozen=True)
class RunStatus:
    """A run of a study: where it stands, how it ended or why it failed.

    Parameters
    ----------
    wanted
        The run.
    state
        Where it stands; `older` when it is done, and what it stands on has changed since.
    row
        Its row of the index, when it is done or older.
    since_s
        How long it has been running (s).
    failure
        Why it failed.
    """

    wanted: Wanted
    state: State
    row: Mapping[str, Any] | None = None
    since_s: float = 0.0
    failure: str = ""


def status_of(record: StudyRecord, cache: Path, present: Basis) -> list[RunStatus]:
    """Return where each run of a study stands, in the order of the matrix.

    Parameters
    ----------
    record
        The study.
    cache
        The cache's folder.
    present
        What its runs would stand on now.
    """
    rows = {row["job"]: row for row in indexed_runs(cache, [run.job for run in record.runs])}
    running = live_temporaries(cache / "runs")
    older = older_runs(record, present)
    return [_status(cache, wanted, rows, running, older) for wanted in record.runs]


def done_of(records: Sequence[StudyRecord], cache: Path) -> list[int]:
    """Return how many runs of each study the cache has."""
    there = finished(cache)
    return [sum(wanted.job in there for wanted in record.runs) for record in records]


def unclaimed(records: Iterable[StudyRecord], cache: Path) -> int:
    """Return how many finished runs of the cache no study asks for."""
    return len(finished(cache) - {wanted.job for record in records for wanted in record.runs})


def older_runs(record: StudyRecord, present: Basis) -> set[Wanted]:
    """Return the runs whose inputs, or the programs that they were made with, have changed."""
    then = record.basis
    if then.common != present.common:
        return set(record.runs)
    plans = set(changed_plans(then, present))
    vehicles = changed_names(then.vehicles, present.vehicles)
    departures = changed_names(then.departures, present.departures)
    return {
        run
        for run in record.runs
        if run.plan in plans or run.vehicles_per_household in vehicles or run.departure in departures
    }


def time_left_s(runs: Collection[RunStatus], cores: int | None = None) -> float | None:
    """Return how long the missing runs will take, from how long others of their size took (s).

    None when no run has ended yet. As many run side by side as do now; as many as there are cores when none does.
    """
    took = [(run.wanted.vehicles_per_household, run.row["wall_s"]) for run in runs if run.row is not None]
    if not took:
        return None
    all_s = [seconds for _, seconds in took]
    left_s = 0.0
    for run in runs:
        if run.state in ("older", "running", "to do"):
            same = [seconds for label, seconds in took if label == run.wanted.vehicles_per_household] or all_s
            left_s += max(0.0, sum(same) / len(same) - run.since_s)
    side_by_side = sum(run.state == "running" for run in runs) or cores or os.cpu_count() or 1
    return left_s / side_by_side


def _status(
    cache: Path,
    wanted: Wanted,
    rows: Mapping[str, Mapping[str, Any]],
    running: Mapping[str, float],
    older: Collection[Wanted],
) -> RunStatus:
    if wanted.job in rows:
        return RunStatus(wanted, "older" if wanted in older else "done", row=rows[wanted.job])
    begun = next((when for name, when in running.items() if wanted.job.startswith(name)), None)
    if begun is not None:
        return RunStatus(wanted, "running", since_s=max(0.0, time.time() - begun))
    failure = failure_of(cache, wanted.job)
    return RunStatus(wanted, "to do") if failure is None else RunStatus(wanted, "failed", failure=failure)
