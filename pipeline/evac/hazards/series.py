"""Numbers over time from a CSV file: a gauge's level, a smoke's density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evac.clock import MINUTE_S
from evac.errors import DataError, Problem
from evac.inputs import read_input


@dataclass(frozen=True)
class Series:
    """Numbers over time; between two times they change evenly, before the first and after the last they stay.

    Parameters
    ----------
    quantity
        The column that they are from.
    times_s
        Rising times (s after the order).
    numbers
        The number at each.
    """

    quantity: str
    times_s: NDArray[np.float64]
    numbers: NDArray[np.float64]


def read_series(file: Path, quantities: Sequence[str], where: str, *, least: float = -np.inf) -> Series:
    """Read the columns `minute` and one of `quantities`.

    Parameters
    ----------
    file
        The file.
    quantities
        Names of columns of which the file has one.
    where
        What messages call the file.
    least
        No number may be less.

    Raises
    ------
    DataError
        The columns aren't there, a value is no number or too small, or times don't rise.
    """
    remedy = f"two columns, 'minute' (after the order, rising) and {' or '.join(map(repr, quantities))}"
    try:
        rows = pd.read_csv(BytesIO(read_input(file)), skipinitialspace=True, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(Problem(where, f"can't be read as a table ({error})", remedy)) from error
    columns = [str(name).strip() for name in rows.columns]
    found = [name for name in quantities if name in columns]
    if "minute" not in columns or len(found) != 1:
        raise DataError(Problem(where, f"has the columns {', '.join(columns)}", remedy))
    rows.columns = pd.Index(columns)
    minutes, values = (
        pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=float) for name in ("minute", found[0])
    )
    bad = np.flatnonzero(~np.isfinite(minutes) | ~np.isfinite(values) | (values < least))
    if len(bad) or not len(rows):
        what = f"has no usable number in row {bad[0] + 1}" if len(bad) else "has no rows"
        raise DataError(Problem(where, what, remedy + ("" if least == -np.inf else f", none below {least:g}")))
    back = np.flatnonzero(np.diff(minutes) <= 0.0)
    if len(back):
        what = f"has minute {minutes[back[0] + 1]:g} after minute {minutes[back[0]]:g}"
        raise DataError(Problem(where, what, "put the rows in the order of their times, each time once"))
    return Series(found[0], minutes * MINUTE_S, values)
