"""How fast one can drive in smoke and in water, and what that makes of each road over time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sumolib.net import Net

from evac.hazards.roads import RoadPoints, points_along
from evac.hazards.smoke import Haze
from evac.hazards.water import Water

STEP_S = 120.0
"""Speeds change in such steps (s), each with what holds in its middle."""
_DENSEST = 0.2
"""Optical density (1/m) up to which drivers' speed in smoke was observed."""
_SLOWEST_KPH = 2.0
"""Just above what is left where a road becomes impassable."""
_EXACT_KPH = 0.5
_SMOKE_SPACING_M = 250.0
_COLUMNS = ["edge", "from_s", "until_s", "speed_kph"]


def share_of_speed_in_smoke(optical_density: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of their speed that drivers keep in smoke: 1 in clear air, 0.31 at 0.2 1/m and beyond.

    Parameters
    ----------
    optical_density
        Per metre, to the base 10.

    References
    ----------
    Intini, Wahlqvist, Wetterberg and Ronchi, Modelling the impact of wildfire smoke on driving speed, International
    Journal of Disaster Risk Reduction 80 (2022) 103211, fitted to the 46 drivers in a simulator of Wetterberg, Ronchi
    and Wahlqvist, Individual driving behaviour in wildfire smoke, Fire Technology 57 (2021) 1041-1061.
    """
    density = np.clip(optical_density, 0.0, _DENSEST)
    return np.asarray(-101.57 * density**3 + 49.43 * density**2 - 9.2755 * density + 1.0)


def fording_kph(depth_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the speed (km/h) at which cars keep control in standing water; without limit where there is none.

    References
    ----------
    Pregnolato, Ford, Wilkinson and Dawson, The impact of flooding on road transport: a depth-disruption function,
    Transportation Research Part D 55 (2017) 67-81: v = 0.0009 w² - 0.5529 w + 86.9448 for w from 0 to 300 mm.
    """
    mm = 1000.0 * np.clip(depth_m, 0.0, 0.3)
    return np.where(depth_m > 0.0, np.maximum(0.0009 * mm**2 - 0.5529 * mm + 86.9448, _SLOWEST_KPH), np.inf)


def slowed_roads(net: Net, haze: Haze | None, water: Water | None, within_m: float) -> pd.DataFrame:
    """Return when traffic on which road is how slow: `edge`, `from_s`, `until_s` (missing: to the end), `speed_kph`.

    The densest smoke and the deepest water on a road hold for all of it. Speeds are half km/h, so that a road's limit
    doesn't change with every step.

    Parameters
    ----------
    net
        The net.
    haze, water
        Smoke and water; None without.
    within_m
        As `hazard.roads_within_m`, for the water.
    """
    points = points_along(net, _SMOKE_SPACING_M)
    own_kph = np.array([3.6 * net.getEdge(edge).getSpeed() for edge in points.edges])
    wet = None if water is None else _Wet.on(net, water, within_m)
    until_s = max(0.0 if haze is None else haze.until_s, 0.0 if wet is None else float(wet.times_s[-1]))
    steps = max(math.ceil(until_s / STEP_S), 0) + 1  # the last one: what holds then, and stays
    middles_s = np.asarray(STEP_S * (np.arange(steps) + 0.5), dtype=np.float64)
    rows: dict[int, list[tuple[str, float, float, float]]] = {}
    for mine in points.patches():
        kph = np.tile(own_kph[mine], (steps, 1))
        if haze is not None:
            some = points.on(mine)[1]
            kph *= share_of_speed_in_smoke(some.most_on_each(haze.densities(some.lon, some.lat, middles_s)))
        if wet is not None:
            kph = np.minimum(kph, fording_kph(wet.deepest_m(middles_s, mine)))
        slow = np.maximum(np.round(kph / _EXACT_KPH) * _EXACT_KPH, _SLOWEST_KPH)
        slow[kph > own_kph[mine] - _EXACT_KPH] = np.inf
        rows |= {edge: list(_spans(points.edges[edge], slow[:, place])) for place, edge in enumerate(mine.tolist())}
    return pd.DataFrame([row for edge in sorted(rows) for row in rows[edge]], columns=_COLUMNS)


@dataclass(frozen=True)
class _Wet:
    """Water on roads: rising times (s after the order), and depths (m) then (rows) at the roads' points (columns)."""

    points: RoadPoints
    times_s: NDArray[np.float64]
    depths_m: NDArray[np.float64]

    @classmethod
    def on(cls, net: Net, water: Water, within_m: float) -> Self:
        """Ask about all roads of a net."""
        points = points_along(net, water.spacing_m)
        return cls(points, *water.depths_m(points.lon, points.lat, within_m))

    def deepest_m(self, at_s: NDArray[np.float64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the greatest depth on some roads (columns) at some times (rows)."""
        mine, points = self.points.on(edges)
        return points.most_on_each(np.array([_depth_at(at, self.times_s, self.depths_m[:, mine]) for at in at_s]))


def _depth_at(at_s: float, times_s: NDArray[np.float64], depths_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the depth at each point between the times at which it is known: none before, and after as at the last."""
    if at_s < times_s[0]:
        return np.zeros(depths_m.shape[1])
    low = int(np.searchsorted(times_s, at_s, side="right")) - 1
    if low == len(times_s) - 1:
        return np.asarray(depths_m[low])
    share = (at_s - times_s[low]) / (times_s[low + 1] - times_s[low])
    return np.asarray((1.0 - share) * depths_m[low] + share * depths_m[low + 1])


def _spans(edge: str, kph: NDArray[np.float64]) -> Iterator[tuple[str, float, float, float]]:
    """Give a road's speeds, equal neighbours as one; the last step goes on to the end."""
    if np.isinf(kph).all():
        return
    changes = [0, *(np.flatnonzero(kph[1:] != kph[:-1]) + 1).tolist(), len(kph)]
    for first, last in pairwise(changes):
        if np.isfinite(kph[first]):
            until_s = np.nan if last == len(kph) else last * STEP_S
            yield edge, first * STEP_S, until_s, float(kph[first])
