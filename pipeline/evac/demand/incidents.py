"""Which cars crash or stall, and after what distance: drawn for each car, whatever the plan.

Where a lane breaks down is a matter of chance, so a plan would beat another by luck if each drew its own. A rate r per
kilometre is one and the same as an exponential distance with mean 1 / r for each car (a Poisson process along its way).
That distance is drawn from the seed and the car's name alone: under another plan, or among more cars, the same car
stalls after the same distance, if it drives that far.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from evac.clock import MINUTE_S
from evac.demand.draws import uniform
from evac.schema.incidents import Incidents

_FARTHEST_M = 200_000.0  # nobody drives farther on a map
_KM_M = 1000.0
_MILLION = 1e6


@dataclass(frozen=True)
class Breakdowns:
    """The cars that would crash or stall.

    Parameters
    ----------
    after_m
        By car, the distance that it drives until then (m).
    lasts_s
        How long it stands (s).
    """

    after_m: dict[str, float]
    lasts_s: float


def breakdowns(incidents: Incidents, vehicles: Iterable[str], seed: int) -> Breakdowns:
    """Return which of these vehicles would crash or stall on a way that is long enough, and where on it."""
    names = list(vehicles)
    mean_m = _MILLION * _KM_M / incidents.per_million_vehicle_km
    after_m = -mean_m * np.log1p(-uniform(seed, "incident", names))
    found = {name: float(at) for name, at in zip(names, after_m, strict=True) if at <= _FARTHEST_M}
    return Breakdowns(found, incidents.lasts_min * MINUTE_S)
