"""Flow, speed, density and queue of each road edge in windows of five minutes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import sumolib

from evac import clock, tables

_WINDOW_S = 300
_METRES_A_KILOMETRE = 1000


def edge_windows(lanes: pd.DataFrame, net: sumolib.net.Net) -> pd.DataFrame:
    """Return the rows of `tables.EDGES`: flow, speed, density and queue of each edge in five minutes.

    Flow is over the edge's downstream end, density over all of its lanes. The queue is the delay per unit of time: a
    standing vehicle counts one, one at half its free speed a half, which is the length of the point queue of
    deterministic queueing (Newell, Applications of Queueing Theory, 1982).
    """
    window = lanes["minute"].to_numpy(dtype=np.int64) * clock.MINUTE_S // _WINDOW_S
    rows = tables.sum_up(lanes, "edge", window, ["vehicles", "sampled_s", "distance_m", "time_loss_s"])
    rows["from_s"] = rows["window"] * _WINDOW_S
    last_s = lanes["until_s"].max()
    span_s = np.minimum(_WINDOW_S, last_s - rows["from_s"])
    length_km = rows["edge"].map(lambda edge: net.getEdge(edge).getLength() / _METRES_A_KILOMETRE).astype(float)
    rows["flow_veh_per_h"] = rows["vehicles"] / span_s * clock.HOUR_S
    rows["speed_mps"] = rows["distance_m"] / rows["sampled_s"].where(rows["sampled_s"] > 0)
    rows["density_veh_per_km"] = rows["sampled_s"] / span_s / length_km
    rows["queue_veh"] = rows["time_loss_s"] / span_s
    return rows.astype({"edge": str}).sort_values(["edge", "from_s"], ignore_index=True)
