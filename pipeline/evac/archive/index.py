"""The cache's index: a row a run, so that a study of ten thousand runs is looked at without opening its files.

`index.parquet` holds nothing that the run directories don't. Each look compares it with the names of the directories:
new runs are read and added, rows of runs that are gone go. So no writer has to keep it right, and none can spoil it.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evac.files import digest_file, write_text
from evac.seals import has_entry

if TYPE_CHECKING:
    import duckdb

_NAME = "index.parquet"
_SUM = ".sha256"
_MEASURES = ("planned", "evacuated", "in_refuge", "driving", "waiting", "no_route")
_TIMES = ("mean_delay_s", "t50_s", "t90_s", "t95_s", "t100_s", "end_s")
_FILES = ("job", "manifest", "ledger")
_COLUMNS = {
    "job": "VARCHAR",
    "plan": "VARCHAR",
    "vehicles_per_household": "VARCHAR",
    "departure": "VARCHAR",
    "seed": "BIGINT",
    "fidelity": "VARCHAR",
    "capacity_factor": "DOUBLE",
    "signals": "VARCHAR",
    **dict.fromkeys(_MEASURES, "BIGINT"),
    **dict.fromkeys(_TIMES, "DOUBLE"),
    "trusted": "BOOLEAN",
    "reasons": "VARCHAR",
    "found_bottlenecks": "VARCHAR",
    "folders": "VARCHAR[]",
    "bytes": "BIGINT",
    "ended": "DOUBLE",
    "wall_s": "DOUBLE",
}
_MEMORY = "500MB"


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
        `job`, the case's fields, the counts and clearance times of the manifest, `trusted`, `reasons`,
        `found_bottlenecks` (JSON, as in the manifest), `folders` (of the cache, that it was made from), `bytes`
        (size), `ended` (seconds since 1970), `wall_s` (how long it took).
    """
    import duckdb  # noqa: PLC0415 - 20 MB, and few commands ask

    runs, there = cache / "runs", finished(cache)
    with duckdb.connect(config={"memory_limit": _MEMORY}) as database:
        _load(database, cache / _NAME)
        known = {str(row[0]) for row in database.execute("SELECT job FROM runs").fetchall()}
        if known != there:
            _bring_up_to_date(database, runs, known, there)
            _save(database, cache / _NAME)
        if jobs is None:
            found = database.execute("SELECT * FROM runs")
        else:
            found = database.execute("SELECT * FROM runs WHERE job IN (SELECT unnest($1::VARCHAR[]))", [list(jobs)])
        return [dict(zip(_COLUMNS, row, strict=True)) for row in found.fetchall()]


def finished(cache: Path) -> set[str]:
    """Return the jobs whose runs the cache has."""
    runs = cache / "runs"
    return {name for name in os.listdir(runs) if name[0] != "."} if runs.is_dir() else set()  # noqa: PTH208 - many names


def _load(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Read the index as the table `runs`; empty when there is none, or it is of another version of the toolkit."""
    import duckdb  # noqa: PLC0415 - as above

    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    database.execute(f"CREATE TABLE runs ({columns})")
    if _is_as_written(path):
        try:
            database.execute("INSERT INTO runs BY NAME SELECT * FROM read_parquet($1)", [str(path)])
            database.execute("DELETE FROM runs WHERE found_bottlenecks IS NULL")  # an index of before this column
        except duckdb.Error:
            database.execute("DELETE FROM runs")


def _is_as_written(path: Path) -> bool:
    """Tell whether an index is there and has the digest that was noted with it; one that hasn't is made again."""
    try:
        return digest_file(path) == path.with_suffix(_SUM).read_text(encoding="ascii")
    except (OSError, ValueError):
        return False


def _bring_up_to_date(database: duckdb.DuckDBPyConnection, runs: Path, known: set[str], there: set[str]) -> None:
    database.execute("DELETE FROM runs WHERE job IN (SELECT unnest($1::VARCHAR[]))", [list(known - there)])
    rows = (row for name in sorted(there - known) if (row := _row(runs / name)) is not None)
    with tempfile.TemporaryDirectory() as folder:
        lines = _write_lines(Path(folder) / "new.json", rows)
        database.execute("INSERT INTO runs BY NAME SELECT * FROM read_json($1, columns = $2)", [str(lines), _COLUMNS])


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def _save(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the index at once: a reader sees the old one or the new."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    new = Path(name)
    try:
        quoted = name.replace("'", "''")
        database.execute(f"COPY runs TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)")
        new.chmod(0o644)
        write_text(path.with_suffix(_SUM), digest_file(new))
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _row(folder: Path) -> dict[str, Any] | None:
    """Return a run's row; None when it is gone. What the version that made the run didn't measure is missing."""
    if not has_entry(folder, [f"{name}.json" for name in _FILES]):
        return None
    try:
        job, manifest, ledger = (json.loads((folder / f"{name}.json").read_text()) for name in _FILES)
        begun, ended = ((folder / f"{name}.json").stat().st_mtime for name in _FILES[:2])
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except FileNotFoundError:
        return None
    return {
        "job": folder.name,
        **job["case"],
        **{name: manifest.get(name) for name in (*_MEASURES, *_TIMES)},
        "trusted": ledger["trusted"],
        "reasons": "; ".join(ledger["reasons"]),
        "found_bottlenecks": json.dumps(manifest.get("found_bottlenecks", [])),
        "folders": [f"nets/{job['inputs']['net']}", f"households/{job['inputs']['households']}"],
        "bytes": size,
        "ended": ended,
        "wall_s": ended - begun,
    }
