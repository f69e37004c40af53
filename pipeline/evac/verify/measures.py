"""What verification tests measure on a finished run: each a function of the vehicles' table, named with its unit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from evac.clock import HOUR_S, MINUTE_S
from evac.measure.clearance import clearance_s
from evac.verify.which import Which

_STEADY = (0.2, 0.8)  # of the vehicles over an exit line: the queue has formed, and not yet run dry
Measure = Callable[[pd.DataFrame, Which], float]


def chosen(vehicles: pd.DataFrame, which: Which) -> pd.DataFrame:
    """Return the planned vehicles that a measure is about."""
    rows = vehicles[vehicles["ordered"]]
    for column, value in (("exit", which.exit), ("zone", which.zone), ("street", which.street)):
        rows = rows if value is None else rows[rows[column] == value]
    return rows


def planned(vehicles: pd.DataFrame, which: Which) -> float:
    """Return the number of planned vehicles."""
    return float(len(chosen(vehicles, which)))


def not_out(vehicles: pd.DataFrame, which: Which) -> float:
    """Return the number of planned vehicles that never crossed an exit line."""
    return float((chosen(vehicles, which)["status"] != "evacuated").sum())


def leave_unasked(vehicles: pd.DataFrame, which: Which) -> float:
    """Return the number of vehicles that leave without being ordered to."""
    rows = vehicles[~vehicles["ordered"]]
    return float(len(rows if which.zone is None else rows[rows["zone"] == which.zone]))


def share_of_vehicles(vehicles: pd.DataFrame, which: Which) -> float:
    """Return the share of all planned vehicles that took an exit, belong to a zone, or start on a street."""
    return len(chosen(vehicles, which)) / float(vehicles["ordered"].sum())


def departure_min(vehicles: pd.DataFrame, which: Which) -> float:
    """Return when a share of the vehicles has meant to leave (minutes after the order)."""
    assert which.share is not None  # noqa: S101  the model asks for it (`NEEDS`)
    return float(np.quantile(chosen(vehicles, which)["departure_s"], which.share)) / MINUTE_S


def departure_mean_min(vehicles: pd.DataFrame, which: Which) -> float:
    """Return the mean intended departure (minutes after the order)."""
    return float(chosen(vehicles, which)["departure_s"].mean()) / MINUTE_S


def departure_sd_min(vehicles: pd.DataFrame, which: Which) -> float:
    """Return the standard deviation of the intended departures (minutes)."""
    return float(chosen(vehicles, which)["departure_s"].std()) / MINUTE_S


def drive_mean_s(vehicles: pd.DataFrame, which: Which) -> float:
    """Return the mean time from getting onto the street to crossing the exit line (s)."""
    rows = chosen(vehicles, which)
    return float((rows["evacuated_s"] - rows["entered_s"]).mean())


def delay_mean_s(vehicles: pd.DataFrame, which: Which) -> float:
    """Return the mean delay: wait at home for a place on the street, and time lost on the way (s)."""
    return float(chosen(vehicles, which)["delay_s"].mean())


def clearance_min(vehicles: pd.DataFrame, which: Which) -> float:
    """Return when a share of the planned vehicles is out (minutes after the order); infinite when it never is."""
    percent = 100.0 if which.share is None else 100.0 * which.share
    found_s = clearance_s(chosen(vehicles, which)["evacuated_s"].to_numpy(), percent)
    return np.inf if found_s is None else found_s / MINUTE_S


def out_veh(vehicles: pd.DataFrame, which: Which) -> float:
    """Return how many vehicles crossed an exit line in a span of time."""
    from_s = MINUTE_S * (which.from_min or 0.0)
    until_s = np.inf if which.until_min is None else MINUTE_S * which.until_min
    out_s = chosen(vehicles, which)["evacuated_s"]
    return float(((out_s >= from_s) & (out_s < until_s)).sum())


def flow_veh_per_h(vehicles: pd.DataFrame, which: Which) -> float:
    """Return the steady flow over the exit lines while a queue feeds it: from 20 to 80 % of the vehicles (veh/h)."""
    out_s = chosen(vehicles, which)["evacuated_s"].dropna().sort_values().to_numpy()
    first, last = (int(share * (len(out_s) - 1)) for share in _STEADY)
    return float(HOUR_S * (last - first) / (out_s[last] - out_s[first]))


MEASURES: dict[str, Measure] = {
    function.__name__: function
    for function in (
        planned,
        not_out,
        leave_unasked,
        share_of_vehicles,
        departure_min,
        departure_mean_min,
        departure_sd_min,
        drive_mean_s,
        delay_mean_s,
        clearance_min,
        out_veh,
        flow_veh_per_h,
    )
}
"""Every measure by its name."""
NEEDS: dict[str, tuple[str, ...]] = {"departure_min": ("share",)}
"""What a measure can't do without."""
