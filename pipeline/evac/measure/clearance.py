"""The headline of a run: counts by status, clearance times, curves, by zone and by exit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evac import clock
from evac.network.reach import ExitEdges

SHARES_PERCENT = (50, 90, 95, 100)
STATUSES = ("evacuated", "in_refuge", "driving", "waiting", "no_route")


def clearance_s(evacuated_s: NDArray[np.float64], percent: float) -> float | None:
    """Return when `percent` of all vehicles were out (s after the order), or None if they never were.

    Parameters
    ----------
    evacuated_s
        One value for each *planned* vehicle, absent where it didn't get out.
    percent
        Share of the planned vehicles (%).
    """
    out = np.sort(evacuated_s[~np.isnan(evacuated_s)])
    needed = math.ceil(len(evacuated_s) * percent / 100)
    return float(out[needed - 1]) if 0 < needed <= len(out) else None


def headline(planned: pd.DataFrame, end_s: float) -> dict[str, Any]:
    """Return the counts by status, which add up to `planned`, the clearance times, and the end of the run."""
    counts = {status: int((planned["status"] == status).sum()) for status in STATUSES}
    delay_s = planned["delay_s"].mean()
    return {
        "planned": len(planned),
        **counts,
        **_clearance_times(planned["evacuated_s"].to_numpy()),
        "mean_delay_s": None if math.isnan(delay_s) else round(float(delay_s), 3),
        "end_s": end_s,
    }


def _clearance_times(evacuated_s: NDArray[np.float64]) -> dict[str, float | None]:
    return {f"t{percent}_s": clearance_s(evacuated_s, percent) for percent in SHARES_PERCENT}


def shadow_counts(done: pd.DataFrame) -> dict[str, int]:
    """Return how many vehicles leave unasked, and how many of them got out."""
    shadow = done[~done["ordered"]]
    return {"shadow": len(shadow), "shadow_evacuated": int((shadow["status"] == "evacuated").sum())}


def exit_counts(planned: pd.DataFrame, exits: Sequence[ExitEdges]) -> dict[str, int]:
    """Return the planned vehicles that left by each exit, also by those that nobody took."""
    taken = planned["exit"].value_counts()
    return {item.name: int(taken.get(item.name, 0)) for item in exits}


def zone_clearance(planned: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return planned vehicles, those out and in refuges, and the clearance times of each zone, by its own vehicles."""
    codes, zones = pd.factorize(planned["zone"], sort=True)
    order = np.argsort(codes, kind="stable")
    parts = np.split(planned["evacuated_s"].to_numpy()[order], np.cumsum(np.bincount(codes))[:-1])
    sheltered = np.bincount(codes, weights=(planned["status"] == "in_refuge").to_numpy())
    return {
        str(zone): {
            "planned": len(out_s),
            "evacuated": int((~np.isnan(out_s)).sum()),
            "in_refuge": int(in_refuge),
            **_clearance_times(out_s),
        }
        for zone, out_s, in_refuge in zip(zones, parts, sheltered, strict=True)
    }


def curve(planned: pd.DataFrame, end_s: float) -> pd.DataFrame:
    """Return the rows of `tables.CURVE`: planned vehicles, cumulative, at each minute until the end of the run."""
    minute = np.arange(math.ceil(end_s / clock.MINUTE_S) + 1, dtype=np.int32)
    columns = {
        "departed": "departure_s",
        "entered": "entered_s",
        "evacuated": "evacuated_s",
        "in_refuge": "in_refuge_s",
    }
    counts = {
        name: np.searchsorted(np.sort(planned[column].dropna()), minute * clock.MINUTE_S, side="right")
        for name, column in columns.items()
    }
    return pd.DataFrame({"minute": minute, **counts})
