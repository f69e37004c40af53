"""A run held against what no run can beat: its whole curve against the bound, its lanes against car-following."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evac import tables
from evac.limits.bound import Bound
from evac.measure.clearance import SHARES_PERCENT

_WINDOW_MIN = 5
_WINDOWS_AN_HOUR = 60 // _WINDOW_MIN


@dataclass(frozen=True)
class AtBest:
    """What a run can't beat.

    Parameters
    ----------
    bound
        The most planned vehicles that can be out at each minute, under the run's plan.
    lane_veh_per_h
        The most vehicles an hour that each lane passes, which the bound stands on.
    """

    bound: Bound
    lane_veh_per_h: Mapping[str, float]

    def times(self) -> dict[str, float | None]:
        """Return before when shares of the planned vehicles can't be out (s), for the manifest."""
        return {f"t{percent}_s": self.bound.earliest_s(percent) for percent in SHARES_PERCENT}

    def passed(self, curve: pd.DataFrame, traffic: pd.DataFrame, moved: int) -> dict[str, Any]:
        """Return where a run beats it, which is a defect of the toolkit, for the ledger.

        Parameters
        ----------
        curve
            `measure.clearance.curve` of the run.
        traffic
            `tables.read_lanes` of the run.
        moved
            How many vehicles were set down elsewhere to resolve gridlock or by teleports: these may be ahead.
        """
        over = curve["evacuated"].to_numpy() - self.bound.by(curve["minute"].to_numpy()) - moved
        by = max(int(over.max(initial=0)), 0)
        return {
            "bound_passed_by": by,
            "bound_passed_at_min": int(curve["minute"].iloc[int(over.argmax())]) if by else None,
            "lanes_over_limit": self._lanes_over(traffic, moved),
        }

    def _lanes_over(self, traffic: pd.DataFrame, moved: int) -> list[str]:
        """Return the lanes that pass more in any five minutes than car-following lets them."""
        window = (traffic["minute"] // _WINDOW_MIN).to_numpy(dtype=np.int64)
        counts = tables.sum_up(traffic, "lane_id", window, ["vehicles"])
        most = counts.groupby("lane_id", observed=True)["vehicles"].max()
        limits = {lane: veh_per_h / _WINDOWS_AN_HOUR for lane, veh_per_h in self.lane_veh_per_h.items()}
        # One more than the rate fits into a window: the first passes as it begins.
        return sorted(str(lane) for lane, number in most.items() if number > limits.get(str(lane), np.inf) + 1 + moved)
