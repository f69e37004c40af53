"""Places that lie together, so many at a time: what is worked out for each of them then takes little memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

MOST = 4_000
"""Places in a patch. Smoke looks at 168 places upwind of each."""


def patches(lon: NDArray[np.float64], lat: NDArray[np.float64], most: int = MOST) -> Iterator[NDArray[np.int64]]:
    """Give the positions of places in groups of at most so many that lie together: the wider side is halved again.

    Parameters
    ----------
    lon, lat
        Where the places are (degrees, WGS 84).
    most
        How many a group may have.
    """
    waiting = [np.arange(len(lon))]
    while waiting:
        mine = waiting.pop()
        if len(mine) <= most:
            if len(mine):
                yield mine
            continue
        wide = np.ptp(lon[mine]) * np.cos(np.radians(lat[mine].mean()))
        along = lon if wide > np.ptp(lat[mine]) else lat
        ordered = mine[np.argsort(along[mine], kind="stable")]
        waiting += [ordered[len(mine) // 2 :], ordered[: len(mine) // 2]]
