"""Homes that a development adds to a zone: they stand where the zone's homes stand, and are numbered after all others.

So every household that was there before keeps its number, and with it what chance gives it: two studies, with and
without the new homes, differ by them alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from evac.errors import DataError, Problem
from evac.households.accounting import LOSSES

Tables = tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame, dict[str, Any]]
"""Households, zones, accounts and summary, as `households` writes them."""


def with_new_homes(tables: Tables, new_homes: Mapping[str, int]) -> Tables:
    """Return the tables with so many homes more in some zones, by the zones' names.

    The new homes are spread evenly over the zone's homes that have a street, at whose places they are put. In the
    accounts they are a row of their own: given, and planned.

    Raises
    ------
    DataError
        There is no such zone, or it has no home with a street.
    """
    table, zones, accounts, summary = tables
    for zone, number in new_homes.items():
        alike = table[(table["zone"] == zone) & table["connected"]]
        if alike.empty:
            known = ", ".join(zones["zone"])
            what = f"there is no zone '{zone}' with a home on a street"
            raise DataError(Problem("households: new_homes", what, f"zones: {known}"))
        added = alike.iloc[np.arange(number) * len(alike) // number]
        added = added.assign(household=np.arange(len(table), len(table) + number, dtype=np.int64))
        table = gpd.GeoDataFrame(pd.concat([table, added], ignore_index=True), crs=table.crs)
        more = number * (zones["zone"] == zone)
        grown = {name: zones[name] + more for name in ("households_given", "households", "connected")}
        zones = zones.assign(**{name: column.astype(zones[name].dtype) for name, column in grown.items()})
        accounts = pd.concat([accounts, _account(zone, number, added)], ignore_index=True)
        by = summary["connected_by"] | {
            kind: summary["connected_by"].get(kind, 0) + int(count)
            for kind, count in added["connected_by"].value_counts().items()
        }
        summary = summary | {
            "households_given": summary["households_given"] + number,
            "households": len(table),
            "connected": summary["connected"] + number,
            "connected_by": by,
        }
    return table, zones, accounts, summary


def _account(zone: str, number: int, added: gpd.GeoDataFrame) -> pd.DataFrame:
    nothing = dict.fromkeys((*LOSSES, "rounding", "counted_twice"), 0.0)
    spot = {"lon": float(added.geometry.x.mean()), "lat": float(added.geometry.y.mean())}
    return pd.DataFrame([{"zone": f"{zone}, new homes", "given": float(number), "planned": number, **nothing, **spot}])
