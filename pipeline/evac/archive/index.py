"""The cache's index: a row a run, so that a study of ten thousand runs is looked at without opening its files.

`index.parquet` holds nothing that the run directories don't. Each look compares it with the names of the directories:
new runs are read and added, rows of runs that are gone go. So no writer has to keep it right, and none can spoil it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from evac.files import write_bytes

_NAME = "index.parquet"
_MEASURES = ("planned", "evacuated", "driving", "waiting", "no_route", "mean_delay_s")
_TIMES = ("t50_s", "t90_s", "t95_s", "t100_s", "end_s")
_FILES = ("job", "manifest", "ledger")
_SCHEMA = pa.schema(
    [
        ("job", pa.string()),
        ("plan", pa.string()),
        ("vehicles_per_household", pa.string()),
        ("departure", pa.string()),
        ("seed", pa.int64()),
        ("fidelity", pa.string()),
        ("capacity_factor", pa.float64()),
        *((name, pa.float64() if name.endswith("_s") else pa.int64()) for name in (*_MEASURES, *_TIMES)),
        ("trusted", pa.bool_()),
        ("reasons", pa.string()),
        ("folders", pa.list_(pa.string())),
        ("bytes", pa.int64()),
        ("ended", pa.float64()),
        ("wall_s", pa.float64()),
    ]
)


def indexed_runs(cache: Path, jobs: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Return the finished runs of the cache, a row each.

    Parameters
    ----------
    cache
        The cache's folder.
    jobs
        Only the runs of these jobs.

    Returns
    -------
    list of dict
        `job`, the case's fields, the counts and clearance times of the manifest, `trusted`, `reasons`, `folders` (of
        the cache, that it was made from), `bytes` (size), `ended` (seconds since 1970), `wall_s` (how long it took).
    """
    path = _refreshed(cache)
    if path is None:
        return []
    with duckdb.connect() as database:
        database.execute("SET memory_limit = '500MB'")
        query = "SELECT * FROM read_parquet($path)"
        values: dict[str, Any] = {"path": str(path)}
        if jobs is not None:
            query += " WHERE job IN (SELECT unnest($jobs))"
            values["jobs"] = list(jobs)
        found = database.execute(query, values)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _refreshed(cache: Path) -> Path | None:
    """Bring the index up to date, and return it; None when there is no run."""
    runs, path = cache / "runs", cache / _NAME
    there = {path.name for path in runs.iterdir() if path.name[0] != "."} if runs.is_dir() else set()
    table = _read(path)
    known = set(table["job"].to_pylist())
    if new := sorted(there - known):
        rows = [row for name in new if (row := _row(runs / name)) is not None]
        table = pa.concat_tables([table, pa.Table.from_pylist(rows, schema=_SCHEMA)])
    if known - there:
        table = table.filter(pa.array([job in there for job in table["job"].to_pylist()]))
    if known != there:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        write_bytes(path, sink.getvalue().to_pybytes())
    return path if table.num_rows else None


def _read(path: Path) -> pa.Table:
    """Return the index; an empty one when there is none, or it is of another version of the toolkit."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid):
        return _SCHEMA.empty_table()
    return table if table.schema.equals(_SCHEMA) else _SCHEMA.empty_table()


def _row(folder: Path) -> dict[str, Any] | None:
    """Return a run's row; None when it is gone."""
    try:
        job, manifest, ledger = (json.loads((folder / f"{name}.json").read_text()) for name in _FILES)
        begun, ended = ((folder / f"{name}.json").stat().st_mtime for name in _FILES[:2])
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except FileNotFoundError:
        return None
    return {
        "job": folder.name,
        **job["case"],
        **{name: manifest[name] for name in (*_MEASURES, *_TIMES)},
        "trusted": ledger["trusted"],
        "reasons": "; ".join(ledger["reasons"]),
        "folders": [f"nets/{job['inputs']['net']}", f"households/{job['inputs']['households']}"],
        "bytes": size,
        "ended": ended,
        "wall_s": ended - begun,
    }
