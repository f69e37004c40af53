"""How many vehicles may pass the end of a lane or road, and by when: rates, roads that close and open, green times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evac.clock import HOUR_S
from evac.demand.drivers import SPEED_FACTOR_MEAN, Profile, vtype_attributes

Floats = NDArray[np.float64]


@cache  # of some ten speeds; a city asks for tens of thousands of lanes and turns
def lane_limit_veh_per_h(speed_mps: float, profile: Profile, capacity_factor: float) -> float:
    """Return the most vehicles an hour that a lane passes, by car-following theory.

    At the speed v that drivers want there on average, Krauss's drivers without imperfection follow each other every
    tau + (length + gap at standstill) / v seconds (Treiber and Kesting, Traffic Flow Dynamics, 2013, chapter 11).
    Simulated drivers dawdle and accelerate, and stay 10 to 15 % under it (`demand.drivers`).

    Parameters
    ----------
    speed_mps
        The lane's speed limit.
    profile, capacity_factor
        The drivers.
    """
    car = {key: float(value) for key, value in vtype_attributes(profile, capacity_factor).items() if key in _SPACING}
    spacing_s = (car["length"] + car["minGap"]) / (speed_mps * SPEED_FACTOR_MEAN[profile])
    return HOUR_S / (car["tau"] + spacing_s)


_SPACING = ("length", "minGap", "tau")


class Gate(Protocol):
    """What passes where the rate changes with time."""

    def passed_by(self, time_s: Floats) -> Floats:
        """Return the most vehicles that can have passed by each time, counted from any time before the order."""
        ...


@dataclass(frozen=True)
class Changing:
    """A rate that changes at some times.

    Parameters
    ----------
    from_s
        When each rate begins (s after the order), rising; the first holds since ever.
    veh_per_h
        The rates.
    standing
        Vehicles that may pass in addition when each rate begins: they stand on a road that closes, and are let through.
    """

    from_s: Sequence[float]
    veh_per_h: Sequence[float]
    standing: Sequence[float]

    def passed_by(self, time_s: Floats) -> Floats:
        """Return the most vehicles that can have passed by each time, counted from the order; less than 0 before."""
        passed = np.minimum(time_s, 0.0) * self.veh_per_h[0] / HOUR_S
        for number, from_s in enumerate(self.from_s):
            until_s = self.from_s[number + 1] if number + 1 < len(self.from_s) else math.inf
            for_s = np.clip(time_s, from_s, until_s) - from_s
            passed += for_s * self.veh_per_h[number] / HOUR_S + self.standing[number] * (time_s > from_s)
        return passed


@dataclass(frozen=True)
class Cyclic:
    """A signal with a fixed program.

    Parameters
    ----------
    veh_per_h
        The rate while it is green.
    cycle_s, offset_s
        The program's length, and when it begins.
    greens
        From when until when in the cycle it is green or yellow (s).
    """

    veh_per_h: float
    cycle_s: float
    offset_s: float
    greens: Sequence[tuple[float, float]]

    def passed_by(self, time_s: Floats) -> Floats:
        """Return the most vehicles that can have passed by each time, counted from the beginning of a cycle."""
        cycles, within_s = np.divmod(time_s - self.offset_s, self.cycle_s)
        green_s = cycles * sum(until_s - from_s for from_s, until_s in self.greens)
        for from_s, until_s in self.greens:
            green_s += np.clip(within_s, from_s, until_s) - from_s
        return np.asarray(green_s * self.veh_per_h / HOUR_S)
