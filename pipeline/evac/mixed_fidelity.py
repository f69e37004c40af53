"""Means of a dear simulation that is run a few times, helped by a cheap one that is run many times.

Both are run with the same seeds (common random numbers: the same households leave at the same times), so that the cheap
one tells what a seed has in store. With `n` pairs (x_i, y_i) of cheap and dear runs and `N` cheap runs in all, these
among them, the mean of the dear one is estimated by regression (double sampling: Cochran, Sampling Techniques, 3rd
edition, 1977, section 12.6; control variates with an estimated mean of the control: Pasupathy, Schmeiser, Taaffe and
Wang, IIE Transactions 44, 2012; of two fidelities: Peherstorfer, Willcox and Gunzburger, SIAM Review 60, 2018):

    m = mean(y) + b (X - mean(x)),   b = Sxy / Sxx,   X = mean of all N cheap runs

    var(m) = s² (1/n + (X - mean(x))² / Sxx)  +  b² Sx² / N,   s² = (Syy - b Sxy) / (n - 2)

The first part is that of a regression line at X, with n - 2 degrees of freedom, and exact for normal values; the second
is that X is itself a mean of N draws. Student's t is taken with Welch's and Satterthwaite's degrees of freedom of the
sum. That the cheap simulation is wrong by as much as it likes doesn't matter, only how well it follows.

What can be won: with a correlation rho and a cheap run that costs the w-th part of a dear one, the least cost for the
same variance, as a share of that of dear runs alone, is (sqrt(1 - rho²) + sqrt(w rho²))² (Peherstorfer et al., equation
3.14), at N / n = sqrt(rho² / (w (1 - rho²))). It is less than one only where rho is over 2 sqrt(w) / (1 + w).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evac.moderated import Prior, moderated_interval
from evac.statistics import CONFIDENCE, WIDENED, Interval, pair_by_pair, students_t

LEAST_PAIRS = 8
"""Pairs below which nothing is said of how well one simulation follows the other."""


@dataclass(frozen=True)
class Spread:
    """How much the dear simulation varies over seeds, and how well the cheap one follows.

    Parameters
    ----------
    mean, sd
        Mean and standard deviation of the dear one, in the unit of the values.
    explained
        Share of its variance that the cheap one explains, adjusted for the few pairs that it is known from (Ezekiel's
        adjusted R², 0 where that is negative): the plain R² of five pairs that have nothing in common is 0.25.
    borrowed
        Degrees of freedom that other cases' runs add to those of its own dear ones (`evac.moderated`).
    """

    mean: float
    sd: float
    explained: float
    borrowed: float = 0.0

    def half_width(self, dear: int, cheap: int, confidence: float = CONFIDENCE) -> float:
        """Return the half-width of the interval to be expected from so many runs; of dear ones alone where cheap is 0.

        That b is estimated widens it by (n - 2) / (n - 3) (Lavenberg and Welch, Management Science 27, 1981).
        """
        if dear <= 1:
            return math.inf
        if not cheap:
            widened = 1.0 if self.borrowed else WIDENED
            return widened * students_t(dear - 1 + self.borrowed, confidence) * self.sd / math.sqrt(dear)
        if dear < LEAST_PAIRS:
            return math.inf
        left = (1.0 - self.explained) / dear * (dear - 2) / (dear - 3)
        return WIDENED * students_t(dear - 2, confidence) * self.sd * math.sqrt(left + self.explained / cheap)


def mixed_interval(
    dear: Mapping[int, float | None],
    cheap: Mapping[int, float | None],
    confidence: float = CONFIDENCE,
    *,
    sequential: bool = False,
    prior: Prior | None = None,
) -> Interval:
    """Return the mean of the dear simulation with its interval, from both where that helps, else from the dear alone.

    It helps where the cheap runs follow so well that a narrower interval is to be expected (`Spread.half_width`); that
    is asked before any interval is looked at.

    Parameters
    ----------
    dear, cheap
        A value a seed; None where the run has none (not cleared). Cheap runs without a value are of no help.
    confidence
        The interval's level.
    sequential
        Whether runs were added until the interval was narrow; where there are cheap ones, they were.
    prior
        What other cases tell of the dear one's spread.
    """
    alone = moderated_interval(list(dear.values()), prior, confidence, sequential=sequential or bool(cheap))
    spread = spread_of(dear, cheap, prior)
    if spread is None or alone.half_width is None or not cheap:
        return alone
    n, total = len(dear), len(cheap)
    if spread.half_width(n, total, confidence) >= spread.half_width(n, 0, confidence):
        return alone
    x, y = _pairs(dear, cheap)
    everywhere = np.array(list(cheap.values()), dtype=float)
    sxx, sxy, syy = _products(x, y)
    slope = sxy / sxx
    away = float(everywhere.mean() - x.mean())
    of_line = max(syy - slope * sxy, 0.0) / (n - 2) * (1.0 / n + away**2 / sxx)
    of_control = slope**2 * float(everywhere.var(ddof=1)) / total
    mean, variance = float(y.mean()) + slope * away, of_line + of_control
    freedom = variance**2 / (of_line**2 / (n - 2) + of_control**2 / (total - 1)) if variance else float(n - 2)
    half = WIDENED * students_t(freedom, confidence) * math.sqrt(variance)
    return replace(alone, mean=mean, low=mean - half, high=mean + half, coarse=total, moderated=False)


def mixed_difference(
    ours: tuple[Mapping[int, float | None], Mapping[int, float | None]],
    theirs: tuple[Mapping[int, float | None], Mapping[int, float | None]],
    confidence: float = CONFIDENCE,
    *,
    sequential: bool = False,
    priors: tuple[Prior | None, Prior | None] = (None, None),
) -> Interval:
    """Return the mean of `ours` less `theirs`, seed by seed, as `mixed_interval` does it for one.

    Parameters
    ----------
    ours, theirs
        The dear and the cheap runs of each of two plans, a value a seed.
    confidence
        The interval's level.
    sequential
        As for `mixed_interval`.
    priors
        What other cases tell of the spread of each of the two.
    """
    mine, others = priors
    prior = None if mine is None or others is None else mine.of_difference(others)
    dear, cheap = (pair_by_pair(of_ours, of_theirs) for of_ours, of_theirs in zip(ours, theirs, strict=True))
    found = mixed_interval(dear, cheap, confidence, sequential=sequential, prior=prior)
    unpaired = len(ours[0].keys() ^ theirs[0].keys())
    return replace(found, unpaired=unpaired)


def spread_of(
    dear: Mapping[int, float | None], cheap: Mapping[int, float | None], prior: Prior | None = None
) -> Spread | None:
    """Return how much the dear simulation varies; None with fewer than two runs, or where one has no value.

    Nothing is explained where there are fewer than `LEAST_PAIRS` pairs, more dear than cheap runs, or a cheap run
    without a value.
    """
    values = [value for value in dear.values() if value is not None]
    if len(values) < max(2, len(dear)):
        return None
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    if prior is None:
        return Spread(mean, sd, _explained(dear, cheap))
    return Spread(mean, prior.moderated_sd(sd, len(values)), _explained(dear, cheap), prior.freedom)


def _explained(dear: Mapping[int, float | None], cheap: Mapping[int, float | None]) -> float:
    if len(dear) < LEAST_PAIRS or not dear.keys() <= cheap.keys() or None in cheap.values():
        return 0.0
    sxx, sxy, syy = _products(*_pairs(dear, cheap))
    if not sxx or not syy:
        return 0.0
    plain = sxy**2 / (sxx * syy)
    return max(0.0, 1.0 - (1.0 - plain) * (len(dear) - 1) / (len(dear) - 2))


@dataclass(frozen=True)
class Allocation:
    """How many runs of each simulation to have of one case, `cheap` being 0 where dear ones alone are cheaper."""

    dear: int
    cheap: int


def allocate(
    spreads: Sequence[Spread], relative: float, cost: float, *, have: Allocation, most: Allocation
) -> Allocation | None:
    """Return the cheapest numbers of runs with which all of some plans are as precise as wanted; None if none are.

    Parameters
    ----------
    spreads
        Of each plan.
    relative
        The half-width that is wanted, as a share of the mean.
    cost
        What a cheap run costs, as a share of a dear one.
    have
        What has been run; it costs nothing more.
    most
        The most there may be.
    """
    found = [
        (max(dear - have.dear, 0) + cost * max(cheap - have.cheap, 0), dear, cheap)
        for dear in range(have.dear, most.dear + 1)
        for cheap in _cheap_needed(spreads, relative, dear, most.cheap)
    ]
    return Allocation(*min(found)[1:]) if found else None


def balanced(spreads: Sequence[Spread], cost: float, dear: int, most: int) -> int:
    """Return how many cheap runs beside so many dear ones tell most for their cost, where precision is out of reach.

    They take no more time than the dear ones, and are none where the dear ones alone tell more.

    Parameters
    ----------
    spreads
        Of each plan.
    cost
        What a cheap run costs, as a share of a dear one.
    dear
        The dear runs.
    most
        The most there may be.
    """
    least = 4.0 * cost / (1.0 + cost) ** 2
    worth = [
        math.sqrt(item.explained / max(cost * (1.0 - item.explained), cost**2))
        for item in spreads
        if item.explained > least
    ]
    return min(math.ceil(dear * max(worth)), math.ceil(dear / cost), most) if worth else 0


def _cheap_needed(spreads: Sequence[Spread], relative: float, dear: int, most: int) -> Iterator[int]:
    """Give the least number of cheap runs that makes all plans precise beside so many dear ones, if any does."""
    needed = [_cheap_of(spread, relative * abs(spread.mean), dear) for spread in spreads]
    if all(number <= most for number in needed):
        yield int(max(needed))


def _cheap_of(spread: Spread, half_width: float, dear: int) -> float:
    if spread.half_width(dear, 0) <= half_width:
        return 0.0
    if dear < LEAST_PAIRS or not spread.explained:
        return math.inf
    left = (1.0 - spread.explained) / dear * (dear - 2) / (dear - 3)
    room = (half_width / (WIDENED * students_t(dear - 2, CONFIDENCE) * spread.sd)) ** 2 - left
    return max(math.ceil(spread.explained / room), dear) if room > 0.0 else math.inf


def _pairs(dear: Mapping[int, float | None], cheap: Mapping[int, float | None]) -> tuple[np.ndarray, np.ndarray]:
    x = np.array([cheap[seed] for seed in dear], dtype=float)
    return x, np.array(list(dear.values()), dtype=float)


def _products(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Return the sums of squares and products of deviations from the means: xx, xy, yy."""
    a, b = x - x.mean(), y - y.mean()
    return float(a @ a), float(a @ b), float(b @ b)
