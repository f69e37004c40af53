"""Vehicles on a net in which a road is one edge for each set of its lanes that is open at a time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evac.plans.stages import Stages


def on_stages(rows: pd.DataFrame, stages: Stages, begin_s: pd.Series, columns: Sequence[str]) -> pd.DataFrame:
    """Return vehicles that begin on the edge of their road that is open then, and are bound for one that is.

    Parameters
    ----------
    rows
        A row a vehicle.
    stages
        The roads that have stages.
    begin_s
        When each vehicle wants to get onto the street (s after the order).
    columns
        The columns that have edges.
    """
    if not stages:
        return rows
    times = begin_s.to_numpy()
    found = {
        name: [
            stages.at(road, time_s) if isinstance(road, str) else road
            for road, time_s in zip(rows[name], times, strict=True)
        ]
        for name in columns
    }
    return rows.assign(**found)
