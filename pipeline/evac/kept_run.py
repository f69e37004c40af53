"""Finished runs as the cache keeps them: read without preparing the place that they are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from evac import tables
from evac.archive.basis import Basis
from evac.archive.index import indexed_runs
from evac.archive.records import read_studies
from evac.archive.status import older_runs
from evac.seals import has_entry, require_file
from evac.study.runs import read_ledger, read_manifest

_RUN_COLUMNS = [
    *("job", "plan", "vehicles_per_household", "departure", "seed", "fidelity", "capacity_factor", "signals"),
    *("planned", "evacuated", "in_refuge", "driving", "waiting", "no_route", "mean_delay_s"),
    *("t50_s", "t90_s", "t95_s", "t100_s"),
    *("trusted", "reasons", "older", "ended", "wall_s"),
]


def kept_runs(cache: Path, place: str, present: Basis) -> pd.DataFrame:
    """Return the finished runs that studies of a place have asked for, as `Place.runs`.

    Parameters
    ----------
    cache
        The cache's folder.
    place
        The place's short name.
    present
        What its runs would stand on now.
    """
    records = [record for record in read_studies(cache) if record.place == place]
    jobs = {job for record in records for job in record.jobs}
    now = {run.job for record in records for run in set(record.runs) - older_runs(record, present)}
    rows = sorted(indexed_runs(cache, jobs) if jobs else [], key=lambda row: row["ended"], reverse=True)
    about = [{"ended": datetime.fromtimestamp(row.pop("ended"), UTC), "older": row["job"] not in now} for row in rows]
    return pd.DataFrame([row | more for row, more in zip(rows, about, strict=True)], columns=_RUN_COLUMNS)


def asked_jobs(cache: Path, place: str) -> set[str]:
    """Return the jobs that studies of a place have asked for, finished or not."""
    return {job for record in read_studies(cache) if record.place == place for job in record.jobs}


def is_kept(folder: Path) -> bool:
    """Tell whether a run is there with its headline numbers and ledger as they were written."""
    return has_entry(folder, ["manifest.json", "ledger.json"])


@dataclass(frozen=True)
class KeptRun:
    """A run of the cache; each table is compared with its seal when it is read. Made by `Place.kept_run`.

    Parameters
    ----------
    folder
        The run directory (docs/results.md).
    """

    folder: Path

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """The headline numbers, as in `manifest.json`."""
        return read_manifest(self.folder)

    @cached_property
    def ledger(self) -> Mapping[str, Any]:
        """What trust in the run rests on, as in `ledger.json`."""
        return read_ledger(self.folder)

    def curve(self) -> pd.DataFrame:
        """Return planned vehicles, cumulative, by `minute`: `departed`, `entered`, `evacuated`, `in_refuge`."""
        return tables.read_table(require_file(self.folder / "curve.parquet"), tables.CURVE)

    def edges(self) -> pd.DataFrame:
        """Return the streets every five minutes.

        Columns `edge`, `from_s`, `flow_veh_per_h`, `speed_mps`, `density_veh_per_km`, `queue_veh`.
        """
        return tables.read_table(require_file(self.folder / "edges.parquet"), tables.EDGES)

    def lane_minutes(self) -> pd.DataFrame:
        """Return a row a lane of its bottlenecks and minute: `vehicles`, `speed_mps`, `occupancy_percent`, `queued`."""
        return tables.read_table(require_file(self.folder / "bottlenecks.parquet"), tables.BOTTLENECKS)
