"""A front that is turned about where it begins: how the fire might go if the wind blew from elsewhere.

That is a rule and no model of fire: slopes and fuels stay where they are, and the front moves over them as if they had
been turned with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evac.hazards.fronts import Arrivals, Front


@dataclass(frozen=True)
class TurnedFront:
    """A front, turned.

    Parameters
    ----------
    front
        The front as given.
    begins
        Where it begins, about which it is turned (longitude, latitude; degrees, WGS 84).
    clockwise_deg
        By how much.
    """

    front: Front
    begins: tuple[float, float]
    clockwise_deg: float

    @property
    def spacing_m(self) -> float:
        """As of the front."""
        return self.front.spacing_m

    def arrivals(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float) -> Arrivals:
        """Return when the front as given is at the places that are turned back."""
        return self.front.arrivals(*self._back(lon, lat), within_m)

    def at_s(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float = 0.0) -> NDArray[np.float64]:
        """Return the times alone."""
        return self.front.at_s(*self._back(lon, lat), within_m)

    def _back(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        lon_0, lat_0 = self.begins
        east, north = (lon - lon_0) * np.cos(np.radians(lat_0)), lat - lat_0
        cos, sin = np.cos(np.radians(self.clockwise_deg)), np.sin(np.radians(self.clockwise_deg))
        turned_east, turned_north = east * cos - north * sin, east * sin + north * cos
        return lon_0 + turned_east / np.cos(np.radians(lat_0)), lat_0 + turned_north
