"""How many vehicles each household takes.

Households are put in one order, by the seed alone, in which every zone is spread evenly; those at its front take the
most vehicles. So totals are exact, every zone has its share within one household, and cases are nested: whoever
takes two vehicles at a mean of 1.5 takes two or more at any higher mean. A zone with a distribution of its own is dealt
with by itself, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evac.apportion import largest_remainder
from evac.demand.draws import uniform
from evac.schema.demand import Distribution, VehiclesPerHousehold


def household_keys(zones: pd.Series) -> list[str]:
    """Return each household's lasting name: its zone and its number within the zone.

    Households added to one zone leave the names in all others as they are.
    """
    number = zones.groupby(zones, sort=False).cumcount()
    return [f"{zone}/{place}" for zone, place in zip(zones.tolist(), number.tolist(), strict=True)]


def rank_households(zones: pd.Series, seed: int) -> np.ndarray:
    """Return each household's place (0 … n - 1) in the order in which households take additional vehicles.

    Within a zone the order is drawn. Between zones, the k-th of a zone's n households comes at (k - 1/2) / n:
    Webster's method, which unlike the largest remainder never takes a vehicle away when the total grows.

    Parameters
    ----------
    zones
        Zone of each household.
    seed
        The replication's seed.

    References
    ----------
    Balinski and Young, Fair Representation, 1982 (house monotonicity).
    """
    drawn = pd.Series(uniform(seed, "household", household_keys(zones)), index=zones.index)
    place = drawn.groupby(zones).rank(method="first")
    size = zones.groupby(zones).transform("size")
    order = np.lexsort((drawn.to_numpy(), ((place - 0.5) / size).to_numpy()))
    ranks = np.empty(len(zones), dtype=np.int64)
    ranks[order] = np.arange(len(zones))
    return ranks


def vehicles_of_households(zones: pd.Series, case: float | VehiclesPerHousehold, seed: int) -> np.ndarray:
    """Return how many vehicles each household takes.

    Parameters
    ----------
    zones
        Zone of each household, connected or not.
    case
        Mean over all households, or a distribution of households over the number of vehicles, maybe by zone.
    seed
        The replication's seed.

    Returns
    -------
    numpy.ndarray
        Vehicles of each household. They add up to the mean times the households, rounded (with distributions by zone:
        in each such zone); households with no vehicle (distributions only, or a mean below 1) need a bus.
    """
    ranks = rank_households(zones, seed)
    vehicles = np.zeros(len(zones), dtype=np.int64)
    for part, rows in _parts(zones, case):
        vehicles[rows[np.argsort(ranks[rows])]] = _vehicles_most_first(part, len(rows))
    return vehicles


def _parts(zones: pd.Series, case: float | VehiclesPerHousehold) -> Iterator[tuple[float | Distribution, np.ndarray]]:
    """Yield what each part of the households takes, and their positions: zones with a distribution, and the rest."""
    if not isinstance(case, VehiclesPerHousehold):
        yield case, np.arange(len(zones))
        return
    for zone, rows in zones.groupby(zones).indices.items():
        if zone in case.by_zone:
            yield case.by_zone[str(zone)], np.asarray(rows)
    yield case.distribution, np.flatnonzero(~zones.isin(list(case.by_zone)))


def _vehicles_most_first(case: float | Distribution, households: int) -> np.ndarray:
    """Return the vehicles of each household, those that take most first."""
    if isinstance(case, dict):
        vehicles = np.array(sorted(case, reverse=True))
        shares = np.array([case[number] for number in vehicles])
        return np.repeat(vehicles, largest_remainder(shares, households))
    total = int(np.floor(case * households + 0.5))
    each, more = divmod(total, households) if households else (0, 0)
    return np.asarray(each + (np.arange(households) < more))
