"""Tables on disk: declared columns, zstd-compressed Parquet, the same bytes for the same rows.

`write_table` and `read_table` keep every result table to its declared schema. `read_lanes` reads SUMO's lane output
(laneData, 60 s, without empty lanes), whose times are strings and which has no columns at all when nothing drove.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from evac import clock
from evac.errors import SimulationError
from evac.files import write_bytes

VEHICLES = pa.schema(
    [
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("household", pa.int64(), nullable=False),
        pa.field("zone", pa.string(), nullable=False),
        pa.field("vehicle_number", pa.int32(), nullable=False),
        pa.field("ordered", pa.bool_(), nullable=False),
        pa.field("departure_s", pa.float64(), nullable=False),
        ("edge", pa.string()),
        ("pos_m", pa.float64()),
        pa.field("informed", pa.bool_(), nullable=False),
        ("exit_assigned", pa.string()),
        pa.field("status", pa.string(), nullable=False),
        ("reason", pa.string()),
        ("entered_s", pa.float64()),
        ("evacuated_s", pa.float64()),
        ("exit", pa.string()),
        ("delay_s", pa.float64()),
    ]
)
"""A row a vehicle: the planned ones are `ordered` to leave, the others leave unasked. `status` is `evacuated`,
`in_refuge`, `driving`, `waiting` or `no_route`; `exit` is the one taken."""

CURVE = pa.schema([(name, pa.int32()) for name in ("minute", "departed", "entered", "evacuated", "in_refuge")])
"""Cumulative planned vehicles at the end of each minute after the order; `departed` counts intended departures."""

REFUGES = pa.schema(
    [
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("zone", pa.string(), nullable=False),
        ("refuge", pa.string()),
        ("in_refuge_s", pa.float64()),
        ("turned_on_at", pa.string()),
    ]
)
"""A row a vehicle that came to a refuge, where the scenario has any: the one that it is in, since when (s after the
order), and the first that it found full (`turned_on_at`)."""

BOTTLENECKS = pa.schema(
    [
        ("bottleneck", pa.string()),
        ("edge", pa.string()),
        ("lane", pa.int32()),
        ("minute", pa.int32()),
        ("vehicles", pa.int32()),
        ("speed_mps", pa.float32()),
        ("occupancy_percent", pa.float32()),
        ("queued", pa.bool_()),
    ]
)
"""A row a minute and lane: vehicles over the lane's end, and whether a queue stood on it or on a lane that feeds it."""

INCIDENTS = pa.schema(
    [
        pa.field("vehicle", pa.string(), nullable=False),
        ("street", pa.string()),
        pa.field("edge", pa.string(), nullable=False),
        pa.field("lane", pa.int32(), nullable=False),
        pa.field("pos_m", pa.float64(), nullable=False),
        pa.field("driven_m", pa.float64(), nullable=False),
        pa.field("from_s", pa.float64(), nullable=False),
        ("until_s", pa.float64()),
    ]
)
"""A row a car that crashed or stalled in its lane by chance, where the scenario has `incidents`: which lane, how far
along it, what the car had driven, and from when to when it stood there (no `until_s`: still at the end)."""

PASSENGERS = pa.schema(
    [
        pa.field("household", pa.int64(), nullable=False),
        pa.field("zone", pa.string(), nullable=False),
        pa.field("people", pa.int32(), nullable=False),
        pa.field("departure_s", pa.float64(), nullable=False),
        ("stop", pa.string()),
        ("at_stop_s", pa.float64()),
        ("bus", pa.string()),
        ("boarded_s", pa.float64()),
        ("evacuated_s", pa.float64()),
        pa.field("status", pa.string(), nullable=False),
    ]
)
"""A row a household without a car, where the scenario has buses. `status` is `evacuated`, `aboard` (in a bus that
wasn't out at the end), `waiting` (at the stop, or on the way to it) or `no_stop` (none within walking distance)."""

WALKERS = pa.schema(
    [
        pa.field("household", pa.int64(), nullable=False),
        pa.field("zone", pa.string(), nullable=False),
        pa.field("people", pa.int32(), nullable=False),
        pa.field("departure_s", pa.float64(), nullable=False),
        ("refuge", pa.string()),
        ("in_refuge_s", pa.float64()),
        pa.field("status", pa.string(), nullable=False),
    ]
)
"""A row a household without a car, where people walk to refuges. `status` is `in_refuge`, `full` (all refuges within
reach were), `cut_off` (at home: the front was there before it left) or `too_far` (none within walking distance)."""

EDGES = pa.schema(
    [
        ("edge", pa.string()),
        ("from_s", pa.int32()),
        ("flow_veh_per_h", pa.float32()),
        ("speed_mps", pa.float32()),
        ("density_veh_per_km", pa.float32()),
        ("queue_veh", pa.float32()),
    ]
)
"""A row for five minutes and an edge on which somebody drove."""

EXPOSURE = pa.schema(
    [
        pa.field("vehicle", pa.string(), nullable=False),
        ("zone", pa.string()),
        pa.field("edge", pa.string(), nullable=False),
        pa.field("minute", pa.int32(), nullable=False),
        pa.field("exposed_s", pa.float64(), nullable=False),
    ]
)
"""How long a vehicle was on an edge that the hazard had reached, minute by minute; background traffic has no zone."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
_TRAFFIC_COLUMNS = {
    "id": _TEXT,
    "sampledSeconds": pa.float64(),
    "distance": pa.float64(),
    "timeLoss": pa.float64(),
    "occupancy": pa.float64(),
    "left": pa.int64(),
    "arrived": pa.int64(),
    "vaporized": pa.int64(),
    "teleported": pa.int64(),
}
BEHIND_THE_EXITS = "beyond."
"""What the names of roads begin with that a run has behind the exit lines; none of them is on the map."""


def write_table(rows: pd.DataFrame, schema: pa.Schema, path: Path) -> None:
    """Write the schema's columns of `rows` as Parquet (zstd), at once, without anything that changes between runs."""
    table = pa.Table.from_pandas(rows, schema=schema, preserve_index=False).replace_schema_metadata(None)
    buffer = BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    write_bytes(path, buffer.getvalue())


def empty_table(schema: pa.Schema) -> pd.DataFrame:
    """Return a table of a schema without rows."""
    rows: pd.DataFrame = schema.empty_table().to_pandas()
    return rows


def read_table(path: Path, schema: pa.Schema) -> pd.DataFrame:
    """Read a result table and check that it has the declared columns.

    Raises
    ------
    SimulationError
        The file is missing, unreadable, or has other columns.
    """
    table = _read_parquet(path)
    if table.schema.remove_metadata() != schema:
        raise SimulationError(f"{path}: has the columns {table.schema.names}, expected {schema.names}; run it again")
    rows: pd.DataFrame = table.to_pandas()
    return rows


def read_lanes(path: Path) -> pd.DataFrame:
    """Read SUMO's lane output (laneData, one interval a minute).

    Returns
    -------
    One row a lane and minute in which anything was on the lane: `lane_id` (categorical), `edge` (categorical),
    `minute`, `until_s` (end of the interval), `vehicles` (over the lane's end), `sampled_s` (vehicle-seconds),
    `distance_m` (vehicle-metres), `time_loss_s` (vehicle-seconds lost against each driver's free speed),
    `occupancy_percent`. In SUMO's order.

    Notes
    -----
    SUMO's `left` counts the fronts that pass the lane's end, just as an induction loop there does, and also vehicles
    that were taken off the lane (teleported, removed), which did not cross. Vehicles that end their trip on the lane
    are in `arrived` only: trips end at the lane's end, so these crossed the exit line.
    """
    table = _sumo_table(path, "lane").drop_null()
    rows = pd.DataFrame({"lane_id": table["lane_id"].to_pandas()})
    rows["edge"] = edge_of_lane(rows["lane_id"])
    return _on_the_map(rows.join(_minutes(table, "lane")).assign(occupancy_percent=table["lane_occupancy"].to_numpy()))


_COUNTED = ["vehicles", "sampled_s", "distance_m", "time_loss_s"]
"""What SUMO's lane and edge outputs sum over vehicles."""


def read_edges(path: Path, roads: Mapping[str, str] | None = None, *, cars: int = 1) -> pd.DataFrame:
    """Read SUMO's edge output (edgeData, one interval each five minutes) of a mesoscopic run.

    Parameters
    ----------
    path
        The file.
    roads
        The road of each edge that is one of its stages (`evac.plans.stages`): a road has one row an interval.
    cars
        Cars that each simulated vehicle stands for (`evac.demand.packets`).

    Returns
    -------
    As `read_lanes`, without `lane_id` and `occupancy_percent`: a row an edge and interval, by its first minute.
    """
    table = _sumo_table(path, "edge").drop_null()
    rows = _on_the_map(_minutes(table, "edge").assign(edge=table["edge_id"].to_pandas()))
    rows[_COUNTED] *= cars
    if not roads:
        return rows
    rows["edge"] = rows["edge"].astype(str).map(lambda edge: roads.get(edge, edge)).astype("category")
    return rows.groupby(["edge", "minute", "until_s"], observed=True, as_index=False).sum()


def _on_the_map(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out the roads behind the exit lines."""
    behind = [edge for edge in rows["edge"].cat.categories if str(edge).startswith(BEHIND_THE_EXITS)]
    if not behind:
        return rows
    kept = rows[~rows["edge"].isin(behind)].reset_index(drop=True)
    named = [name for name in ("lane_id", "edge") if name in kept]
    return kept.assign(**{name: kept[name].cat.remove_unused_categories() for name in named})


def _minutes(table: pa.Table, kind: str) -> pd.DataFrame:
    """Return what lane and edge output have in common."""
    crossed = table[f"{kind}_left"].to_numpy() + table[f"{kind}_arrived"].to_numpy()
    return pd.DataFrame(
        {
            "minute": (_seconds(table["interval_begin"]) // clock.MINUTE_S).astype("int32"),
            "until_s": _seconds(table["interval_end"]),
            "vehicles": crossed - table[f"{kind}_teleported"].to_numpy() - table[f"{kind}_vaporized"].to_numpy(),
            "sampled_s": table[f"{kind}_sampledSeconds"].to_numpy(),
            "distance_m": table[f"{kind}_distance"].to_numpy(),
            "time_loss_s": table[f"{kind}_timeLoss"].to_numpy(),
        }
    )


def sum_up(rows: pd.DataFrame, by: str, window: NDArray[np.int64], columns: Sequence[str]) -> pd.DataFrame:
    """Sum columns over each value of a categorical column and each window; far quicker than a groupby.

    Parameters
    ----------
    rows
        A table.
    by
        Name of a categorical column.
    window
        Window number of each row, from 0.
    columns
        What to sum.

    Returns
    -------
    One row for each value and window that occur, in order: `by` (categorical), `window`, and the sums.
    """
    if rows.empty:
        return rows[[by, *columns]].assign(window=window)
    codes = rows[by].cat.codes.to_numpy(dtype=np.int64)
    count = int(window.max()) + 1
    key = codes * count + window
    present = np.flatnonzero(np.bincount(key))
    sums = {name: np.bincount(key, weights=rows[name].to_numpy())[present] for name in columns}
    values = pd.Categorical.from_codes(present // count, categories=rows[by].cat.categories)
    return pd.DataFrame({by: values, "window": present % count, **sums})


def edge_of_lane(lane_ids: pd.Series) -> pd.Series:
    """Return the edge of each lane id (`<edge>_<index>`) of a categorical column, as a categorical."""
    names = np.array([str(lane_id).rpartition("_")[0] for lane_id in lane_ids.cat.categories], dtype=str)
    edges, codes = np.unique(names, return_inverse=True)
    return pd.Series(pd.Categorical.from_codes(codes[lane_ids.cat.codes.to_numpy()], categories=edges.tolist()))


def _sumo_table(path: Path, kind: str) -> pa.Table:
    """Return the columns that we need of lane or edge output, in our types.

    Absent ones are zero: SUMO leaves out what never occurred.
    """
    wanted = {f"{kind}_{name}": what for name, what in _TRAFFIC_COLUMNS.items()}
    wanted |= {"interval_begin": _TEXT, "interval_end": _TEXT}
    table = _read_parquet(path, wanted)
    columns = {}
    for name, what in wanted.items():
        column = table[name] if name in table.schema.names else pa.nulls(table.num_rows, what)
        column = column.cast(what)
        columns[name] = column if what == _TEXT else column.fill_null(pa.scalar(0, what))
    return pa.table(columns).unify_dictionaries().combine_chunks()


def _seconds(texts: pa.ChunkedArray) -> NDArray[np.float64]:
    """Turn SUMO's times, which are texts, into numbers."""
    coded = texts.combine_chunks()
    values = np.array([float(text) for text in coded.dictionary.to_pylist()], dtype=np.float64)
    indices: NDArray[np.int32] = coded.indices.to_numpy()
    return values[indices]


def _read_parquet(path: Path, wanted: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    try:
        columns = [name for name in pq.read_schema(path).names if wanted is None or name in wanted]
        texts = [name for name in columns if wanted is not None and wanted[name] == _TEXT]
        return pq.read_table(path, columns=columns, read_dictionary=texts)
    except (OSError, pa.ArrowInvalid) as error:
        raise SimulationError(f"{path}: can't be read as Parquet ({error}); run it again") from error
