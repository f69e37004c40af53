"""The accounts of the households: every one that the zones give is planned, or lost for a reason that has a name.

By zone: given = planned + the losses + rounding. A loss is what the zone's polygon, the map or the ordered area takes
away before anybody drives; planned households that no street takes, or that no exit is reached from, are told elsewhere
(they count against the plan). `counted_twice` is no part of the sum: households that are planned and that another zone,
lying over this one, may have given as well.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac.households.geometry import WGS84

LOSSES: Mapping[str, str] = {
    "no_geometry": "in zones without a polygon",
    "outside_area": "outside the ordered area",
    "off_map": "off the map",
    "over_water": "in zones over water",
    "no_street": "in zones without a street",
}
"""Why households aren't planned, with the words for it."""

PLACELESS = ("no_geometry", "over_water", "no_street")
"""The losses that nobody chose by drawing an area or a map: nothing says where these households are."""

_OVERLAP_TOLERANCE = 0.01
"""Zones that share less than this part of the smaller one only touch: borders are drawn roughly."""

_CENT = 1e-6  # households; what floating-point sums are off by
_HALF = 0.5


def accounts_of(zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the accounts of clipped zones.

    Parameters
    ----------
    zones
        As from `clipping.clip_zones`, in metres.

    Returns
    -------
    pandas.DataFrame
        A row a zone: `zone`, `given`, `planned` (int), a column each of `LOSSES`, `rounding` (given in fractions,
        planned whole), `counted_twice`, `lon`, `lat` (a point in the zone; not a number without a polygon).

    Raises
    ------
    ValueError
        The accounts don't balance: a household has vanished.
    """
    spots = zones.geometry.representative_point().to_crs(WGS84)
    accounts = pd.DataFrame(
        {
            "zone": zones["zone"].astype(str),
            "given": zones["households_given"].astype(float),
            "planned": zones["households"].astype(np.int64),
            **{loss: zones[loss].astype(float) for loss in LOSSES},
            "rounding": zones["households_given"] * zones["inside_share"] - zones["households"],
            "counted_twice": _counted_twice(zones),
            "lon": spots.x,
            "lat": spots.y,
        }
    ).reset_index(drop=True)
    _balance(accounts)
    return accounts


def _balance(accounts: pd.DataFrame) -> None:
    """Refuse accounts that don't balance: zone by zone, and rounding that is more than rounding."""
    sums = accounts["planned"] + accounts[[*LOSSES, "rounding"]].sum(axis=1)
    off = (sums - accounts["given"]).abs() > _CENT * (1.0 + accounts["given"])
    rounded = (accounts["rounding"].abs() >= 1.0 + _CENT) | (abs(accounts["rounding"].sum()) > _HALF + _CENT)
    if off.any() or rounded.any() or (accounts[[*LOSSES]] < -_CENT).to_numpy().any():
        wrong = ", ".join(accounts.loc[off | rounded, "zone"].head(5)) or "all"
        raise ValueError(f"the accounts of households don't balance in zones {wrong}")


def _counted_twice(zones: gpd.GeoDataFrame) -> np.ndarray:
    """Return, by zone, how many of its planned households an earlier zone that lies over it may have given as well.

    Where two zones lie over each other, that is the lesser of what both have there, spread evenly over their areas.
    """
    shapes, planned = zones.geometry.to_numpy(), zones["households"].to_numpy(dtype=np.float64)
    twice = np.zeros(len(zones))
    areas = shapely.area(shapes)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = (first < second) & (planned[first] > 0) & (planned[second] > 0)
    first, second = first[pairs], second[pairs]
    common = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    smaller = np.minimum(areas[first], areas[second])
    over = common > _OVERLAP_TOLERANCE * smaller
    first, second, common = first[over], second[over], common[over]
    both = np.minimum(planned[first] * common / areas[first], planned[second] * common / areas[second])
    np.add.at(twice, second, both)
    capped: np.ndarray = np.minimum(twice, planned)
    return capped


def lost_by_reason(accounts: pd.DataFrame) -> dict[str, float]:
    """Return the losses that there are, by reason: those of half a household and more in all."""
    totals = {loss: float(accounts[loss].sum()) for loss in LOSSES}
    return {loss: number for loss, number in totals.items() if number >= _HALF}


def in_words(accounts: pd.DataFrame) -> str:
    """Return the accounts in a sentence: `400 households given: 374 planned, 26 off the map`."""
    lost = [f"{number:,.0f} {LOSSES[loss]}" for loss, number in lost_by_reason(accounts).items()]
    planned = f"{accounts['planned'].sum():,} planned"
    return f"{accounts['given'].sum():,.0f} households given: {', '.join([planned, *lost])}"
