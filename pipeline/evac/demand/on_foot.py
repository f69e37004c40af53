"""People without a car, who walk to a bus stop or a refuge: who they are, when they set out, and how far it is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evac.demand.departures import ACTIVITIES
from evac.demand.draws import uniform
from evac.demand.orders import Orders, departures_s, households_of, lack_vehicle
from evac.schema.demand import Departure, VehiclesPerHousehold
from evac.schema.scenario import Scenario

_DETOUR = 4.0 / np.pi
"""The way along a square grid of streets over the straight line, mean over all directions."""


def people_without_car(
    households: pd.DataFrame,
    people_per_household: float,
    *,
    vehicles_per_household: float | VehiclesPerHousehold,
    departure: Departure,
    seed: int,
    scenario: Scenario,
    orders: Orders,
) -> pd.DataFrame:
    """Return the households that would leave and have no vehicle, numbered by their places in the table.

    Parameters
    ----------
    households
        The households' table (docs/architecture.md).
    people_per_household
        Mean; each household has the whole number below or above it, and one person at least.
    vehicles_per_household, departure, seed
        The case: who has no vehicle, and when people leave.
    scenario
        For the share that leaves.
    orders
        What the plan changes about the demand.

    Returns
    -------
    pandas.DataFrame
        The households' columns, `people`, and `departure_s`: when they leave their door (s after the order), drawn from
        the same curve as everybody's.
    """
    homes = households.reset_index(drop=True)
    of_case = households_of(homes["zone"], vehicles_per_household, seed, orders, scenario.compliance)
    mine = homes.assign(zone=of_case["zone"], key=of_case["key"])[lack_vehicle(of_case)]
    whole, rest = divmod(people_per_household, 1.0)
    numbers = {activity: uniform(seed, activity, mine["key"]) for activity in ACTIVITIES}
    return mine.assign(
        people=np.maximum(1, int(whole) + (uniform(seed, "people", mine["key"]) < rest)),
        departure_s=departures_s(mine["zone"], departure, numbers, orders),
    )


def walk_m(lon: np.ndarray, lat: np.ndarray, to_lon: float, to_lat: float) -> np.ndarray:
    """Return how far it is to walk (m); a degree of latitude is 111.2 km, and a town is small."""
    east = (lon - to_lon) * np.cos(np.radians(to_lat))
    return 111_200.0 * np.asarray(np.hypot(east, lat - to_lat)) * _DETOUR
