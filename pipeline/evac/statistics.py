"""Means, their intervals, and what can be said of a difference between plans.

Replications differ by their seed. All plans of a study run with the same seeds, and a seed means the same vehicles with
the same departures and drivers under each plan (common random numbers), so plans are compared pair by pair. Intervals
are Student's t-intervals (Law, Simulation Modeling and Analysis, 5th edition, 2015, chapters 4, 9 and 10).

A run that was not cleared has no clearance time, only a lower bound. It is never left out, because the mean of the
others would flatter the plan: with one such run there is no mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from evac import clock

CONFIDENCE = 0.95
"""Share of intervals that hold the true mean, were the study repeated with other seeds."""
WIDENED = 1.12
"""By how much the intervals of a study are wider than by the formulas whose runs were added until an interval was
narrow. Looking at the interval to decide whether to go on makes the last one too narrow (Law, Simulation Modeling and
Analysis, 5th edition, 2015, section 9.4.1; asymptotically it holds: Chow and Robbins, Annals of Mathematical Statistics
36, 1965): it would hold the true mean in 90 to 94 of 100 studies, and does in 93 to 97 with this (simulated studies:
normal and skewed times, five runs to some hundred, with coarse runs beside them and without)."""
_UNDER_A_MINUTE_S = 1.0


@dataclass(frozen=True)
class Interval:
    """A mean over seeds and its confidence interval, in the unit of the values.

    Parameters
    ----------
    mean
        The mean; None when a run has no value.
    low, high
        The interval's ends; None without a mean, and with a single run, which says nothing about others.
    runs
        Runs (or pairs of runs) that have a value.
    missing
        Runs (or pairs) that have none: not cleared.
    unpaired
        Seeds that only one of two plans was run with.
    confidence
        The level, such as 0.95.
    coarse
        Coarse runs that helped (`evac.mixed_fidelity`); `runs` are the microscopic ones.
    moderated
        Whether the spread of the study's other cases is in the interval (`evac.moderated`).
    """

    mean: float | None
    low: float | None
    high: float | None
    runs: int
    missing: int = 0
    unpaired: int = 0
    confidence: float = CONFIDENCE
    coarse: int = 0
    moderated: bool = False

    @property
    def half_width(self) -> float | None:
        """Half of the interval's width; None when there is no interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def relative_half_width(self) -> float | None:
        """The half-width as a share of the mean; None when there is no interval."""
        half = self.half_width
        if half is None or self.mean is None:
            return None
        return half / abs(self.mean) if self.mean else (0.0 if half == 0.0 else math.inf)

    @property
    def seeds_words(self) -> str:
        """What the mean is of, in words: `8 seeds`, `8 seeds and 64 coarse runs`."""
        others = ", spread by the other cases too" if self.moderated else ""
        return f"{self.runs} seeds" + (f" and {self.coarse} coarse runs" if self.coarse else others)

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside: a difference that is more than chance."""
        return self.low is not None and self.high is not None and not self.low <= 0.0 <= self.high

    def as_shown(self, ours: Interval, theirs: Interval) -> Interval:
        """Return this difference of two clearance times (s) with the mean that adds up with them as they are shown."""
        if self.mean is None or ours.mean is None or theirs.mean is None or self.unpaired:
            return self
        shown = clock.between(ours.mean, theirs.mean)
        return replace(self, mean=shown or math.copysign(_UNDER_A_MINUTE_S, self.mean))  # keeps which is faster


def mean_interval(
    values: Sequence[float | None], confidence: float = CONFIDENCE, *, sequential: bool = False
) -> Interval:
    """Return the mean of runs with its t-interval.

    Parameters
    ----------
    values
        One value a run; None where the run has none (not cleared).
    confidence
        The interval's level.
    sequential
        Whether runs were added until the interval was narrow: it is `WIDENED` then.
    """
    known = np.array([value for value in values if value is not None], dtype=float)
    missing = len(values) - len(known)
    if missing or not len(known):
        return Interval(None, None, None, len(known), missing, confidence=confidence)
    mean = float(known.mean())
    if len(known) == 1:
        return Interval(mean, None, None, 1, confidence=confidence)
    half = float(students_t(len(known) - 1, confidence) * known.std(ddof=1) / math.sqrt(len(known)))
    half *= WIDENED if sequential else 1.0
    return Interval(mean, mean - half, mean + half, len(known), confidence=confidence)


@cache
def students_t(freedom: float, confidence: float) -> float:
    """Return how many standard errors an interval of a level reaches to each side, with so many degrees of freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415  takes a quarter of a second, and one seed has no interval

    return float(stdtrit(freedom, (1 + confidence) / 2))


def pair_by_pair(ours: Mapping[int, float | None], theirs: Mapping[int, float | None]) -> dict[int, float | None]:
    """Return `ours` less `theirs` for each seed that both have; None where a run has no value."""
    pairs = {seed: (ours[seed], theirs[seed]) for seed in sorted(ours.keys() & theirs.keys())}
    return {seed: None if a is None or b is None else a - b for seed, (a, b) in pairs.items()}


def verdict(plan: str, other: str, difference: Interval, untrusted: int = 0) -> str:
    """Return in plain words what a paired difference of 90 % clearance times says.

    Parameters
    ----------
    plan, other
        What the plans are called.
    difference
        90 % clearance of `plan` less that of `other` (s).
    untrusted
        Runs of either plan that aren't trustworthy; they are in the numbers, and told.
    """
    words, values = finding(difference)
    parts = [words.format(plan=plan, other=other, **values)]
    if untrusted:
        parts.append(f"{untrusted} of these runs {'is' if untrusted == 1 else 'are'} not trustworthy")
    if difference.coarse:
        parts.append(f"{difference.coarse} coarse runs of each help to tell")
    if difference.moderated:
        parts.append(BY_OTHERS)
    if difference.unpaired:
        parts.append(left_out(difference.unpaired))
    return "; ".join(parts)


def left_out(unpaired: int) -> str:
    """Return in words that seeds have no pair, because a run of one plan has failed or isn't there."""
    seeds = "1 seed is" if unpaired == 1 else f"{unpaired} seeds are"
    return f"{seeds} left out: only one of the two plans has a run of it"


BY_OTHERS = "the interval also rests on how much the other cases vary"
"""Said of an interval that is `moderated`; a report may say it in another language."""
LESS_THAN_A_MINUTE = "less than a minute"
"""The size of a difference that minutes don't show; a report may say it in another language."""
_ONE_SEED = "with the one seed that was run, which says nothing about others"
VERDICTS = {
    "unpaired": "can't tell {plan} from {other}: they have no seed in common",
    "not cleared": "no number can be given for {plan} against {other}: in {missing} of {pairs} pairs of runs fewer "
    "than 90 % were out by the end",
    "faster once": f"{{plan}} is {{size}} faster than {{other}} {_ONE_SEED}",
    "slower once": f"{{plan}} is {{size}} slower than {{other}} {_ONE_SEED}",
    "faster": "{plan} is {size} faster than {other} ({level} {ends}, {pairs} seeds)",
    "slower": "{plan} is {size} slower than {other} ({level} {ends}, {pairs} seeds)",
    "chance": "can't tell which of {plan} and {other} is faster ({level} of the difference {low} to {high}, {pairs} "
    "seeds)",
}
"""What can be said of a paired difference; a report may say it in another language."""


def finding(difference: Interval) -> tuple[str, dict[str, object]]:
    """Return one of `VERDICTS` and the values of its places, but for `plan` and `other`.

    Parameters
    ----------
    difference
        90 % clearance of `plan` less that of `other` (s).
    """
    pairs = difference.runs + difference.missing
    if not pairs:
        return VERDICTS["unpaired"], {}
    if difference.mean is None:
        return VERDICTS["not cleared"], {"missing": difference.missing, "pairs": pairs}
    size = clock.span(abs(difference.mean)) if clock.minutes(difference.mean) else LESS_THAN_A_MINUTE
    way = "faster" if difference.mean < 0 else "slower"
    if difference.low is None or difference.high is None:
        return VERDICTS[f"{way} once"], {"size": size}
    known: dict[str, object] = {"level": f"{difference.confidence:.0%}".replace("%", " % CI"), "pairs": pairs}
    if difference.excludes_zero:
        least, most = sorted((abs(difference.low), abs(difference.high)))
        low, high = _ends(least, most)
        return VERDICTS[way], {**known, "size": size, "ends": f"{low}\u2013{high}"}
    low, high = _ends(difference.low, difference.high)
    return VERDICTS["chance"], {**known, "low": _signed(low), "high": _signed(high)}


def _ends(low_s: float, high_s: float) -> tuple[str, str]:
    """Return an interval's ends in one unit, which the upper one has: `36`, `72 min`; `0:36`, `1:12 h`."""
    low, high = clock.minutes(low_s), clock.minutes(high_s)
    if max(abs(low), abs(high)) < clock.HOUR_MIN:
        return str(low).replace("-", "\u2212"), clock.span(high_s)
    return clock.hours_minutes(low_s), clock.clock(high_s)


def _signed(words: str) -> str:
    return words if words.startswith(("\u2212", "0")) else f"+{words}"
