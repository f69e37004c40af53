"""Households that a plan cuts off because it says so (`accept_cut_off`): how many, since when and by which actions."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

import pandas as pd

from evac.measure.facts import CutOff
from evac.plans.model import AnyAction, Close, when_of
from evac.plans.reading import LoadedPlan


def accepts(action: AnyAction) -> bool:
    """Return whether an action may take the only way out from households."""
    return isinstance(action, Close) and action.accept_cut_off


def cut_off_by(plan: LoadedPlan, homes: pd.DataFrame) -> tuple[CutOff, ...]:
    """Return which actions that may cut households off from when on, with the number of these.

    Parameters
    ----------
    plan
        The plan.
    homes
        `UnderPlan.cut_off`: a row a household, with `from_s`.
    """
    spans = [item.span(when_of(item.action)) for item in plan.actions if accepts(item.action)]
    closing = [(label, since_s, inf if until_s is None else until_s) for label, since_s, until_s in spans]
    times_s = homes["from_s"].to_numpy(dtype=float)
    return tuple(
        CutOff(int((times_s == from_s).sum()), float(from_s), _closed_by(from_s, closing))
        for from_s in sorted(set(times_s.tolist()))
    )


def _closed_by(from_s: float, closing: Iterable[tuple[str, float, float]]) -> tuple[str, ...]:
    """Return the actions that hold at a time; where another closed the way by then, those that keep it closed."""
    still = [(label, max(since_s, from_s)) for label, since_s, until_s in closing if until_s > from_s]
    first_s = min((since_s for _, since_s in still), default=from_s)
    return tuple(label for label, since_s in still if since_s == first_s)
