"""What a hazard changes about who leaves when: orders by trigger lines, and people who leave when they see it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evac.clock import HOUR_MIN
from evac.demand.orders import Orders, Watching
from evac.errors import Mend, Problem, ScenarioError
from evac.hazards.arrivals import Reached, front_of, haze_of
from evac.hazards.fronts import Front
from evac.hazards.sight import crosses_s, seen_s
from evac.plans.model import Phase
from evac.plans.reading import LoadedAction
from evac.schema.hazard import Hazard


def under_warning(
    orders: Orders,
    actions: Sequence[LoadedAction],
    hazard: Hazard | None,
    reached: Reached | None,
    *,
    homes: pd.DataFrame,
    end_h: float,
) -> Orders:
    """Return a plan's orders with the times at which triggers are crossed, and with who sees the hazard when.

    Parameters
    ----------
    orders, actions
        The plan's.
    hazard, reached
        The scenario's hazard, and when it reaches the roads; None without one.
    homes
        The households' table.
    end_h
        When a simulation ends (h after the order).

    Raises
    ------
    ScenarioError
        A trigger without a hazard, or one that the front never crosses, or only when a simulation has ended.
    """
    triggered = [item for item in actions if isinstance(item.action, Phase) and item.action.trigger is not None]
    if hazard is None or reached is None:
        if triggered:
            what = "has a trigger, and the scenario has no section 'hazard' whose front could cross it"
            raise ScenarioError(
                [Problem(item.where, what, "give 'offset_min' alone", Mend.BY_HAND) for item in triggered]
            )
        return orders
    if not triggered and hazard.unasked is None:
        return orders
    front = front_of(hazard)
    crossed = {id(item.action): _crossed_min(item, front, reached.pace, end_h) for item in triggered}
    phases = tuple(
        phase.model_copy(update={"offset_min": phase.offset_min + crossed[id(phase)], "trigger": None})
        if id(phase) in crossed
        else phase
        for phase in orders.phases
    )
    return replace(orders, phases=phases, watching=_watching(hazard, front, reached, homes))


def _crossed_min(item: LoadedAction, front: Front, pace: float, end_h: float) -> float:
    phase = item.action
    if not isinstance(phase, Phase) or phase.trigger is None:
        raise ValueError("no phase with a trigger")
    time_s = crosses_s(front, phase.trigger, phase.layer, f"{item.where}.trigger")
    if math.isinf(time_s):
        what = f"never happens: the front never crosses {phase.trigger.name}"
        raise ScenarioError(
            Problem(item.where, what, "draw the line where the front comes, or give 'offset_min' alone", Mend.BY_HAND)
        )
    crossed_min = max(time_s, 0.0) / 60.0
    if crossed_min + phase.offset_min >= end_h * HOUR_MIN:
        what = (
            f"never happens: the front crosses {phase.trigger.name} {crossed_min:.0f} min after the order; "
            f"the simulation ends after {end_h:g} h"
        )
        raise ScenarioError(Problem(item.where, what, "raise the scenario's 'simulation.end_h'", Mend.BY_HAND))
    return pace * crossed_min


def _watching(hazard: Hazard, front: Front, reached: Reached, homes: pd.DataFrame) -> Watching | None:
    if hazard.unasked is None:
        return None
    lon, lat = homes["street_lon"].to_numpy(dtype=float), homes["street_lat"].to_numpy(dtype=float)
    known = np.isfinite(lon) & np.isfinite(lat)
    at_s = np.full(len(homes), np.inf)
    haze = haze_of(hazard, front, float(max(reached.arrival_s.values()) / reached.pace))
    at_s[known] = seen_s(
        front,
        haze,
        lon[known],
        lat[known],
        front_within_m=hazard.unasked.front_within_m,
        optical_density_per_m=hazard.unasked.optical_density_per_m,
    )
    at_s = np.maximum(at_s, 0.0) * reached.pace
    seen = dict(zip(homes["household"].tolist(), at_s.tolist(), strict=True))
    return Watching(
        hazard.unasked.share, hazard.unasked.curve, {who: when for who, when in seen.items() if when < np.inf}
    )
