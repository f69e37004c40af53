"""Smoke on roads: its optical density at places and times, from a series or by a rule downwind of the front."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from evac.errors import DataError, Problem
from evac.hazards.fronts import Front
from evac.hazards.series import Series, read_series
from evac.households.zones import read_polygons
from evac.schema.smoke import SmokeDownwind, SmokeSeries, Wind

OPTICAL, EXTINCTION = "optical_density_per_m", "extinction_per_m"
_DENSEST = 5.0
"""Optical density (1/m) above which a series has another unit: one sees the hand before the face no more at 1."""
_RAYS, _STEPS = 7, 24
_METRES_A_DEGREE = 111_320.0


class Haze(Protocol):
    """A source of smoke."""

    @property
    def until_s(self) -> float:
        """After when it changes no more (s after the order)."""

    def densities(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], times_s: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the optical density (1/m) at times (rows) and points (columns; degrees, WGS 84)."""


@dataclass(frozen=True)
class SmokeOverTime:
    """The same smoke everywhere, or in an area.

    Parameters
    ----------
    settings
        The scenario's.
    where
        What messages call it.
    """

    settings: SmokeSeries
    where: str

    @cached_property
    def series(self) -> Series:
        """Optical density over time (1/m).

        Raises
        ------
        DataError
            The file isn't such a series, or has densities that no smoke has.
        """
        read = read_series(self.settings.file, [OPTICAL, EXTINCTION], self.where, least=0.0)
        density = read.numbers if read.quantity == OPTICAL else optical_density(read.numbers)
        if density.max() > _DENSEST:
            what = f"has {read.numbers.max():g} in '{read.quantity}': smoke isn't so dense"
            raise DataError(Problem(self.where, what, "is it per metre, and not per kilometre or in per cent?"))
        return Series(OPTICAL, read.times_s, density)

    @property
    def until_s(self) -> float:
        """After when it changes no more (s after the order)."""
        return float(self.series.times_s[-1])

    def densities(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], times_s: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the density of the series where the smoke is."""
        there = np.ones(len(lon), dtype=bool)
        if self.settings.area is not None:
            area: BaseGeometry = read_polygons(self.settings.area, "hazard.smoke.area", self.settings.layer).union_all()
            shapely.prepare(area)
            there = shapely.intersects_xy(area, lon, lat)
        density = np.interp(times_s, self.series.times_s, self.series.numbers)
        return density[:, None] * there[None, :]


@dataclass(frozen=True)
class SmokeBehindFire:
    """Smoke downwind of the front.

    At a place and time it is as dense as at the front, less the share of `reach_m` that the nearest fire
    upwind is away. Fire is where the front has been for less than `burns_min`; upwind is the sector of `spread_deg`
    on both sides of where the wind comes from. It is looked for on rays, at steps of the distance.

    Parameters
    ----------
    settings
        The scenario's.
    front
        The scenario's front.
    latest_s
        When the front reaches the last road (s after the order).
    """

    settings: SmokeDownwind
    front: Front
    latest_s: float

    @property
    def until_s(self) -> float:
        """After when no place smokes any more that the front had reached when it reached the last road."""
        return self.latest_s + 60.0 * self.settings.burns_min

    def densities(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], times_s: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the density by the rule; the times rise."""
        found = np.zeros((len(times_s), len(lon)))
        for wind, mine in _while_it_blows(self.settings.wind, times_s):
            if mine.any():
                found[mine] = self._while_one_blows(wind, lon, lat, times_s[mine])
        return found

    def _while_one_blows(
        self, wind: Wind, lon: NDArray[np.float64], lat: NDArray[np.float64], times_s: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the density under one wind: that of the nearest distance upwind at which fire burns."""
        found = np.zeros((len(times_s), len(lon)))
        distances_m, reached_s = self._upwind(wind, lon, lat)
        first = np.searchsorted(times_s, reached_s)
        last = np.searchsorted(times_s, reached_s + 60.0 * self.settings.burns_min)
        burning = first < last
        if not burning.any():
            return found
        some = slice(int(first[burning].min()), int(last[burning].max()))  # nothing burns upwind before and after
        densities = self.settings.optical_density_per_m * (1.0 - distances_m / self.settings.reach_m)
        for distance in reversed(range(len(distances_m))):
            density = densities[distance]
            found[some][_covered(first[distance] - some.start, last[distance] - some.start, some)] = density
        return found

    def _upwind(
        self, wind: Wind, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return distances upwind (m), and when the front is there: by distance, ray and point (s after the order)."""
        spread = self.settings.spread_deg
        bearings = np.radians(wind.blows_from_deg + np.linspace(-spread, spread, _RAYS))
        steps_m = np.linspace(0.0, self.settings.reach_m, _STEPS, endpoint=False)
        distance_m = np.repeat(steps_m, _RAYS)
        angle = np.tile(bearings, _STEPS)
        north, east = distance_m * np.cos(angle) / _METRES_A_DEGREE, distance_m * np.sin(angle) / _METRES_A_DEGREE
        at_lat = lat[None, :] + north[:, None]
        at_lon = lon[None, :] + east[:, None] / np.cos(np.radians(lat))[None, :]
        reached_s = self.front.at_s(at_lon.ravel(), at_lat.ravel())
        return steps_m, reached_s.reshape(_STEPS, _RAYS, len(lon))


def _covered(first: NDArray[np.int64], last: NDArray[np.int64], some: slice) -> NDArray[np.bool_]:
    """Return at which steps (rows) something burns for each point (columns).

    Parameters
    ----------
    first, last
        By ray and point, the step from which on it burns, and from which on it burns no more.
    some
        The steps, of which there are `some.stop - some.start`.
    """
    steps, points = some.stop - some.start, first.shape[1]
    begins = np.zeros((steps + 1, points), dtype=np.int8)
    ray, point = np.nonzero(first < last)
    np.add.at(begins, (first[ray, point], point), 1)
    np.subtract.at(begins, (last[ray, point], point), 1)
    return np.asarray(np.cumsum(begins[:-1], axis=0, dtype=np.int8) > 0)


def optical_density(extinction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the optical density D (1/m) of an extinction coefficient K (1/m): e^-K = 10^-D."""
    return extinction / math.log(10.0)


def _while_it_blows(winds: Sequence[Wind], times_s: NDArray[np.float64]) -> list[tuple[Wind, NDArray[np.bool_]]]:
    """Return each wind with which of the times it blows at."""
    since_s = np.array([60.0 * wind.from_min for wind in winds])
    now = np.maximum(np.searchsorted(since_s, times_s, side="right") - 1, 0)
    return [(wind, now == number) for number, wind in enumerate(winds)]
