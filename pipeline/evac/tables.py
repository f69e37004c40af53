"""Tables on disk: declared columns, zstd-compressed Parquet, the same bytes for the same rows.

`write_table` and `read_table` keep every result table to its declared schema. `read_lanes` reads SUMO's lane output
(laneData, 60 s, without empty lanes), whose times are strings and which has no columns at all when nothing drove.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

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
`driving`, `waiting` or `no_route`; `exit` is the one taken."""

CURVE = pa.schema([(name, pa.int32()) for name in ("minute", "departed", "entered", "evacuated")])
"""Cumulative planned vehicles at the end of each minute after the order; `departed` counts intended departures."""

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

_TEXT = pa.dictionary(pa.int32(), pa.string())
_LANE_COLUMNS = {
    "lane_id": _TEXT,
    "interval_begin": _TEXT,
    "interval_end": _TEXT,
    "lane_sampledSeconds": pa.float64(),
    "lane_distance": pa.float64(),
    "lane_timeLoss": pa.float64(),
    "lane_occupancy": pa.float64(),
    "lane_left": pa.int64(),
    "lane_arrived": pa.int64(),
    "lane_vaporized": pa.int64(),
    "lane_teleported": pa.int64(),
}
_SECONDS_A_MINUTE = 60


def write_table(rows: pd.DataFrame, schema: pa.Schema, path: Path) -> None:
    """Write the schema's columns of `rows` as Parquet (zstd), at once, without anything that changes between runs."""
    table = pa.Table.from_pandas(rows, schema=schema, preserve_index=False).replace_schema_metadata(None)
    buffer = BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    write_bytes(path, buffer.getvalue())


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
    table = _sumo_table(path).drop_null()
    rows = pd.DataFrame({"lane_id": table["lane_id"].to_pandas()})
    rows["edge"] = edge_of_lane(rows["lane_id"])
    rows["minute"] = (_seconds(table["interval_begin"]) // _SECONDS_A_MINUTE).astype("int32")
    rows["until_s"] = _seconds(table["interval_end"])
    crossed = table["lane_left"].to_numpy() + table["lane_arrived"].to_numpy()
    rows["vehicles"] = crossed - table["lane_teleported"].to_numpy() - table["lane_vaporized"].to_numpy()
    rows["sampled_s"] = table["lane_sampledSeconds"].to_numpy()
    rows["distance_m"] = table["lane_distance"].to_numpy()
    rows["time_loss_s"] = table["lane_timeLoss"].to_numpy()
    rows["occupancy_percent"] = table["lane_occupancy"].to_numpy()
    return rows


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


def _sumo_table(path: Path) -> pa.Table:
    """Return the columns that we need, in our types; absent ones are zero (SUMO leaves out what never occurred)."""
    table = _read_parquet(path, set(_LANE_COLUMNS))
    columns = {}
    for name, kind in _LANE_COLUMNS.items():
        column = table[name] if name in table.schema.names else pa.nulls(table.num_rows, kind)
        column = column.cast(kind)
        columns[name] = column if kind == _TEXT else column.fill_null(pa.scalar(0, kind))
    return pa.table(columns).unify_dictionaries().combine_chunks()


def _seconds(texts: pa.ChunkedArray) -> NDArray[np.float64]:
    """Turn SUMO's times, which are texts, into numbers."""
    coded = texts.combine_chunks()
    values = np.array([float(text) for text in coded.dictionary.to_pylist()], dtype=np.float64)
    indices: NDArray[np.int32] = coded.indices.to_numpy()
    return values[indices]


def _read_parquet(path: Path, wanted: set[str] | None = None) -> pa.Table:
    try:
        columns = [name for name in pq.read_schema(path).names if wanted is None or name in wanted]
        texts = [name for name, kind in _LANE_COLUMNS.items() if kind == _TEXT and name in columns]
        return pq.read_table(path, columns=columns, read_dictionary=texts)
    except (OSError, pa.ArrowInvalid) as error:
        raise SimulationError(f"{path}: can't be read as Parquet ({error}); run it again") from error
