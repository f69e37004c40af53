"""Means over simulations that differ only by chance, with 95 % confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean of `number` simulations; `low` and `high` are the ends of its 95 % interval, absent for a single one."""

    mean: float
    low: float | None
    high: float | None
    number: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero: of a difference, whether there is one beyond chance."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def estimate(values: Sequence[float | None]) -> Estimate | None:
    """Return the mean with its interval (Student's t); None where a value is missing: a mean of the rest would flatter.

    Parameters
    ----------
    values
        One value a simulation.
    """
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    mean = fmean(known)
    if len(known) == 1:
        return Estimate(mean, None, None, 1)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(known) - 1)) * stdev(known) / math.sqrt(len(known))
    return Estimate(mean, mean - half, mean + half, len(known))


def difference(ones: Sequence[float | None], others: Sequence[float | None]) -> Estimate | None:
    """Return the mean of `ones` minus `others`, pair by pair: the same seed is the same chance (common random numbers).

    Parameters
    ----------
    ones, others
        Values of the same seeds in the same order.
    """
    pairs = zip(ones, others, strict=True)
    return estimate([None if one is None or other is None else one - other for one, other in pairs])
