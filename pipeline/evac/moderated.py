"""How much a case varies over seeds, by its own few runs and by those of the other cases of its study.

Two runs say little of how far their mean may be off: Student's t with one degree of freedom is 12.7. But a study has
several plans and cases of one town, and what differs from seed to seed is of the same kind in all of them. So the
variances of the cases, each relative to its mean squared, are taken as draws from one distribution, a scaled inverse
chi-squared one (empirical Bayes; the moderated t-statistic of Smyth, Statistical Applications in Genetics and Molecular
Biology 3, 2004, sections 3 and 4). With `n` runs of a case, their variance s², and what is known before, a variance s0²
that counts for `d` degrees of freedom:

    s~² = (d s0² + (n - 1) s²) / (d + n - 1),   half-width = t(d + n - 1) s~ / sqrt(n)

s0² is the mean variance of the *other* cases. How much cases differ can't be told from a few, so `d` is a constant
(`PRIOR_FREEDOM`), less where the others have few runs themselves. The more runs a case has, the more its own say.

In simulated studies of 4 to 18 cases until ± 1 to 5 %, with times that are normal or skewed and standard deviations
that are alike or differ by a factor of 1.35 or 1.65 to either side, 94 to 98 % of all intervals hold the true mean; of
those of the case that varies most 83 to 98 %. Looking at them to decide whether to go on needs no wider ones, as it
does by Student's formula alone (`evac.statistics.WIDENED`): they hang less on what a case's few runs happen to be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evac.statistics import CONFIDENCE, Interval, mean_interval, students_t

PRIOR_FREEDOM = 4.0
"""Degrees of freedom that the other cases' variance counts for at most. It stands for standard deviations that differ
between cases by a factor of 1.5 to either side (the logarithm of the variance has a standard deviation of 0.8, the root
of the trigamma function at 2); those of nine cases of Balzers differ by 1.5 too, of which a part is that each is known
from eight seeds (`benchmarks/town_bank.csv`)."""
LEAST_OTHERS = 3
"""Other cases, each with two runs or more, below which they tell nothing: fewer are no distribution."""


@dataclass(frozen=True)
class Prior:
    """What the other cases of a study tell of how much a case varies over seeds.

    Parameters
    ----------
    sd
        The standard deviation, in the unit of the case's values.
    freedom
        The degrees of freedom that it counts for.
    """

    sd: float
    freedom: float

    def moderated_sd(self, sd: float, runs: int) -> float:
        """Return the standard deviation of a case by this and by its own runs, whose is `sd`."""
        own = runs - 1
        return math.sqrt((self.freedom * self.sd**2 + own * sd**2) / (self.freedom + own))

    def of_difference(self, other: Prior) -> Prior:
        """Return what is known of the differences between two cases, seed by seed.

        As if the two had nothing in common: what a seed does to both alike makes differences vary less, by how much
        only their own runs say.
        """
        return Prior(math.hypot(self.sd, other.sd), min(self.freedom, other.freedom))


def priors_of(cases: Sequence[Mapping[int, float | None]]) -> list[Prior | None]:
    """Return for each case what the others tell; None where they have too few runs, or it has a run without a value.

    Parameters
    ----------
    cases
        A value a seed for each case; None where a run has none (not cleared). Such a case tells nothing of others.
    """
    known = [_relative(values) for values in cases]
    telling = [item for item in known if item is not None and item.runs > 1]
    freedom, squares = sum(item.freedom for item in telling), sum(item.squares for item in telling)
    found: list[Prior | None] = []
    for item in known:
        if item is None or len(telling) - (item.runs > 1) < LEAST_OTHERS:
            found.append(None)
            continue
        of_others = freedom - item.freedom
        variance = max(squares - item.squares, 0.0) / of_others
        found.append(Prior(item.mean * math.sqrt(variance), 1.0 / (1.0 / PRIOR_FREEDOM + 1.0 / of_others)))
    return found


def moderated_interval(
    values: Sequence[float | None], prior: Prior | None, confidence: float = CONFIDENCE, *, sequential: bool = False
) -> Interval:
    """Return the mean of runs with its interval, by what the other cases tell besides, where they do.

    Parameters
    ----------
    values
        One value a run; None where the run has none (not cleared).
    prior
        What the other cases tell.
    confidence
        The interval's level.
    sequential
        As for `mean_interval`, which it is where the other cases tell nothing.
    """
    alone = mean_interval(values, confidence, sequential=sequential)
    if prior is None or alone.mean is None or alone.half_width is None:
        return alone
    sd = prior.moderated_sd(float(np.std([value for value in values if value is not None], ddof=1)), alone.runs)
    half = students_t(prior.freedom + alone.runs - 1, confidence) * sd / math.sqrt(alone.runs)
    return replace(alone, low=alone.mean - half, high=alone.mean + half, moderated=True)


@dataclass(frozen=True)
class _Relative:
    """The runs of a case: their mean, and the sum of squares of their deviations as a share of its square."""

    mean: float
    squares: float
    runs: int

    @property
    def freedom(self) -> int:
        return self.runs - 1


def _relative(values: Mapping[int, float | None]) -> _Relative | None:
    known = [value for value in values.values() if value is not None]
    mean = float(np.mean(known)) if known else 0.0
    if len(known) < len(values) or not mean:
        return None
    return _Relative(abs(mean), float(np.var(known)) * len(known) / mean**2, len(known))
