"""Who is in which refuge: by vehicle, refuge and zone, and who found one full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evac.hazards.refuges import ResolvedRefuge


def refuge_results(done: pd.DataFrame, turned_on: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the rows of `tables.REFUGES`.

    Parameters
    ----------
    done
        `trips.vehicle_results` of the run.
    turned_on
        By refuge the vehicles that found it full.
    """
    first: dict[str, str] = {}
    for name, vehicles in turned_on.items():
        first |= {vehicle: name for vehicle in vehicles if vehicle not in first}
    rows = done.assign(turned_on_at=done["vehicle"].map(first))
    came = rows["refuge"].notna() | rows["turned_on_at"].notna()
    columns = ["vehicle", "zone", "refuge", "in_refuge_s", "turned_on_at"]
    return rows.loc[came, columns].astype({"turned_on_at": object}).reset_index(drop=True)


def refuge_counts(
    refuges: Sequence[ResolvedRefuge], done: pd.DataFrame, turned_on: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """Return what a run's manifest has of each refuge: `vehicles` (its room), `taken`, `full_s`, `turned_on`, `zones`.

    `taken` counts all vehicles in it, those that leave unasked too; `full_s` is when the last place was taken (None: it
    never was full), `zones` where those who are in it come from.
    """
    counts = {}
    for item in refuges:
        mine = done[done["refuge"] == item.name]
        full = len(mine) >= item.vehicles
        counts[item.name] = {
            "vehicles": item.vehicles,
            "taken": len(mine),
            "full_s": float(mine["in_refuge_s"].max()) if full else None,
            "turned_on": len(turned_on.get(item.name, ())),
            "zones": {str(zone): int(number) for zone, number in mine["zone"].value_counts().sort_index().items()},
        }
    return counts
