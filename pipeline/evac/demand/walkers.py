"""People without a car who walk to a refuge: who they are, where they are when, and who finds no place.

A household leaves its door when it would have driven off: its departure is drawn from the same curve as everybody's. It
walks to the nearest refuge with room for people on foot, all of it or none. Who finds it full walks on to the next one
within reach that it hasn't been to. Traffic doesn't know of it. The front counts at the door alone: who would leave
after it has reached the street of the house stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

import numpy as np
import pandas as pd

from evac.clock import HOUR_S
from evac.demand.on_foot import people_without_car, walk_m
from evac.demand.orders import Orders
from evac.hazards.refuges import ResolvedRefuge
from evac.schema.demand import Departure, VehiclesPerHousehold
from evac.schema.refuge import Walking
from evac.schema.scenario import Scenario

IN_REFUGE, FULL, CUT_OFF, TOO_FAR = STATUSES = ("in_refuge", "full", "cut_off", "too_far")
"""In a refuge; at one, and it and all others within reach are full; at home, because the front was there before they
left; at home, because no refuge is within reach."""


def build_walkers(
    walking: Walking,
    refuges: Sequence[ResolvedRefuge],
    households: pd.DataFrame,
    *,
    vehicles_per_household: float | VehiclesPerHousehold,
    departure: Departure,
    seed: int,
    scenario: Scenario,
    orders: Orders,
    reached_s: np.ndarray,
) -> pd.DataFrame:
    """Return what becomes of the households without a car: the rows of `tables.WALKERS`.

    Parameters
    ----------
    walking
        The scenario's.
    refuges
        The refuges; those with no room for people on foot are left out.
    households
        The households' table (docs/architecture.md).
    vehicles_per_household, departure, seed
        The case: who has no vehicle, and when people leave.
    scenario
        For the share that leaves.
    orders
        What the plan changes about the demand.
    reached_s
        When the hazard reaches the street of each household (s after the order); infinite: never.
    """
    mine = people_without_car(
        households,
        walking.people_per_household,
        vehicles_per_household=vehicles_per_household,
        departure=departure,
        seed=seed,
        scenario=scenario,
        orders=orders,
    )
    cut_off = mine["departure_s"].to_numpy() >= reached_s[mine.index]
    mine = mine.reset_index(drop=True)
    to = [item for item in refuges if item.people]
    lon, lat = (mine[f"street_{axis}"].to_numpy(dtype=float) for axis in ("lon", "lat"))
    ways_m = np.array([walk_m(lon, lat, item.lon, item.lat) for item in to]).reshape(len(to), len(mine))
    found = _walk(
        walking, to, ways_m, mine["people"].to_numpy(), mine["departure_s"].where(~cut_off, np.inf).to_numpy()
    )
    near = (ways_m <= walking.at_most_m).any(axis=0)  # not so where a household has no street
    status = np.select([found["refuge"].notna(), ~near, cut_off], [IN_REFUGE, TOO_FAR, CUT_OFF], default=FULL)
    about = mine[["household", "zone", "people", "departure_s"]]
    return about.assign(**found, status=status)


def _walk(
    walking: Walking, refuges: Sequence[ResolvedRefuge], ways_m: np.ndarray, people: np.ndarray, leaves_s: np.ndarray
) -> pd.DataFrame:
    """Let households come to refuges one after the other; return in which each is since when (none: in none)."""
    mps = 1000.0 * walking.kph / HOUR_S
    room = [item.people for item in refuges]
    lon, lat = np.array([item.lon for item in refuges]), np.array([item.lat for item in refuges])
    on_m = [walk_m(lon, lat, item.lon, item.lat) for item in refuges]
    refuge, since_s = np.full(len(people), None, dtype=object), np.full(len(people), np.nan)
    coming: list[tuple[float, int, int, frozenset[int]]] = []

    def go(household: int, at_s: float, legs_m: np.ndarray, been: frozenset[int]) -> None:
        reachable = [k for k in range(len(refuges)) if k not in been and legs_m[k] <= walking.at_most_m]
        if reachable:
            nearest = min(reachable, key=lambda k: legs_m[k])
            heappush(coming, (at_s + legs_m[nearest] / mps, household, nearest, been | {nearest}))

    for number in np.flatnonzero(np.isfinite(leaves_s)).tolist():
        go(number, float(leaves_s[number]), ways_m[:, number], frozenset())
    while coming:
        at_s, household, where, been = heappop(coming)
        if people[household] <= room[where]:
            room[where] -= int(people[household])
            refuge[household], since_s[household] = refuges[where].name, round(at_s, 1)
        else:
            go(household, at_s, on_m[where], been)
    return pd.DataFrame({"refuge": refuge, "in_refuge_s": since_s})
