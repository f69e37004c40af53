"""When people have arrived where they are bound for: out at the exit line, and the drive behind it.

Clearance times end at the line, as those of NUREG/CR-7002 do: whoever has crossed it is out of the area. The drive
behind it is what the scenario says (`beyond_min` of an exit), nobody drives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evac.measure.clearance import SHARES_PERCENT, clearance_s
from evac.network.exits.resolved import ResolvedExit


def arrivals(planned: pd.DataFrame, exits: Sequence[ResolvedExit]) -> dict[str, Any]:
    """Return when shares of the planned vehicles have arrived, and the mean drive behind the exits.

    Parameters
    ----------
    planned
        `measure.vehicle_results` of the planned vehicles.
    exits
        The exits behind which a drive takes time.

    Returns
    -------
    dict
        Empty where there is none; else `arrived_t50_s` … `arrived_t100_s` (s after the order; None
        where that share never got out), `drive_beyond_mean_s` (over those who are out).
    """
    if not exits:
        return {}
    by_name = {item.name: item for item in exits}
    drive_s = pd.Series(
        [
            by_name[name].drive_at_s(out_s) if name in by_name else 0.0
            for name, out_s in zip(planned["exit"], planned["evacuated_s"], strict=True)
        ],
        index=planned.index,
    )
    out = planned["evacuated_s"].notna()
    there_s = (planned["evacuated_s"] + drive_s).to_numpy()
    times = {f"arrived_t{percent}_s": clearance_s(there_s, percent) for percent in SHARES_PERCENT}
    return {**times, "drive_beyond_mean_s": round(float(drive_s[out].mean()), 1) if out.any() else None}
