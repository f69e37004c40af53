"""Who is sent to an exit that can't be reached, and stays at home though another way out is open.

A plan's diversion, or the scenario's choice of exits, holds a vehicle to an exit whatever happens. A driver would take
another one; the model doesn't, so such a run says less of the town than of what holds them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from evac.demand.starts import FREE_CHOICE, StartsOf


def misdirected(
    vehicles: pd.DataFrame, households: pd.DataFrame, starts: Sequence[tuple[float, StartsOf]]
) -> dict[str, int]:
    """Return how many planned vehicles have no way to the exit that they are held to, and one to another, by exit.

    Parameters
    ----------
    vehicles
        The demand (`demand.build_demand`).
    households
        The households' table.
    starts
        Where their vehicles start, from which second after the order on.
    """
    kept = vehicles[vehicles["ordered"] & (vehicles["status"] == "no_route") & vehicles["exit"].notna()]
    if kept.empty:
        return {}
    rows = pd.Index(households["household"]).get_indexer(kept["household"])
    leaves_at = np.searchsorted([from_s for from_s, _ in starts], kept["departure_s"], side="right") - 1
    have_way = np.array([find(FREE_CHOICE)["edge"].notna().to_numpy()[rows] for _, find in starts])
    later = np.arange(len(starts))[:, np.newaxis] >= leaves_at
    sent = kept["exit"].to_numpy()[(have_way & later).any(axis=0)]
    return dict(sorted(Counter(map(str, sent)).items()))
