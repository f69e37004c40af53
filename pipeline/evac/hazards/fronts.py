"""What all sources of times of arrival have in common: a front says when it is at a point, and whether it guesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Arrivals:
    """When the front is at each of some points.

    Parameters
    ----------
    time_s
        Seconds after the order; infinite where it never arrives.
    guessed
        Whether the time lies between observations, and was interpolated.
    outside
        Whether it isn't known when the front is there, and taken for never: the place lies beyond the source's edge.
        None where a source has no edge.
    """

    time_s: NDArray[np.float64]
    guessed: NDArray[np.bool_]
    outside: NDArray[np.bool_] | None = None


class Front(Protocol):
    """A source of times of arrival."""

    @property
    def spacing_m(self) -> float:
        """How far apart the points of a road may be at which it is asked (m)."""

    def arrivals(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float) -> Arrivals:
        """Return when the front is within a distance of each point (degrees, WGS 84).

        It is asked about all roads, and refuses files that can't be right for them.
        """

    def at_s(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float = 0.0) -> NDArray[np.float64]:
        """Return the same times (s after the order) for any places: few, or far from roads; nothing is refused.

        Where nothing is known the front never arrives.
        """
