"""How many seeds are enough: seeds are added until the interval of the 90 % clearance is narrow, within a cap.

Looking at the interval to decide whether to go on makes it too narrow, so the intervals of such a study are wider
(`evac.statistics.WIDENED`), nothing is decided before `FIRST_SEEDS` seeds, and seeds are added in batches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from evac.mixed_fidelity import mixed_interval
from evac.moderated import priors_of
from evac.schema.scenario import vehicles_words
from evac.simulate.job import Case
from evac.statistics import Interval, mean_interval

FIRST_SEEDS = 5
"""Seeds before the first look."""


@dataclass(frozen=True)
class Precision:
    """When to stop adding seeds.

    Parameters
    ----------
    relative
        Half-width of the 95 % interval of the 90 % clearance, as a share of its mean, that is enough.
    max_seeds
        Seeds at most.
    """

    relative: float
    max_seeds: int


@dataclass(frozen=True)
class Shortfall:
    """Where the precision was not reached: a plan and case (of whatever seed), and the interval that it has (s)."""

    case: Case
    interval: Interval

    @property
    def words(self) -> str:
        """A line for the console."""
        case = self.case
        where = f"{case.plan}, {vehicles_words(case.vehicles_per_household)}, {case.departure}"
        return f"precision not reached for {where}: {_got(self.interval)}"


@dataclass(frozen=True)
class Unhelped:
    """A plan and case (of whatever seed) whose mean coarse runs don't help to know.

    Parameters
    ----------
    case
        The case.
    explained
        Share of what differs from seed to seed that coarse runs explain.
    pairs
        Seeds by which that is known.
    """

    case: Case
    explained: float
    pairs: int

    @property
    def words(self) -> str:
        """A line for the console."""
        case = self.case
        return (
            f"{case.plan}, {vehicles_words(case.vehicles_per_household)}, {case.departure}: of microscopic runs alone; "
            f"more coarse ones, which explain {100 * self.explained:.0f} % of what differs from seed to seed "
            f"(in {self.pairs} pairs), would cost more than they are worth"
        )


def more_cases(precision: Precision, cases: Sequence[Case], t90_s: Mapping[Case, float | None]) -> list[Case]:
    """Return the cases to run next; none when all intervals are narrow, or more seeds can't or mustn't be taken.

    All plans get the same seeds, as many as the widest interval among them asks for.

    Parameters
    ----------
    precision
        When to stop.
    cases
        The cases so far.
    t90_s
        The 90 % clearance of those that have run (s); None where it wasn't reached.
    """
    found: list[Case] = []
    plain = sorted((case for case in cases if case.is_as_assumed), key=_group)
    for _, group in groupby(plain, key=_group):
        of_group = list(group)
        used = {case.seed for case in of_group}
        new = range(max(used) + 1, max(used) + 1 + _missing_seeds(precision, of_group, t90_s, len(used)))
        one_a_plan = {case.plan: case for case in of_group}
        found += [replace(case, seed=seed) for case in one_a_plan.values() for seed in new]
    return found


def shortfalls(
    precision: Precision, cases: Sequence[Case], t90_s: Mapping[Case, float | None], *, moderated: bool = False
) -> list[Shortfall]:
    """Return where the precision was not reached, and how far it got.

    Parameters
    ----------
    precision, cases, t90_s
        As for `more_cases`, when all has run; coarse runs beside microscopic ones help.
    moderated
        Whether the cases tell each other how much they vary (`evac.moderated`).
    """
    groups: dict[Case, tuple[dict[int, float | None], dict[int, float | None]]] = {}
    model = cases[0].fidelity if cases else "micro"
    for case in cases:
        if case.is_as_assumed:
            values, coarse = groups.setdefault(replace(case, seed=0, fidelity=model), ({}, {}))
            (values if case.fidelity == model else coarse).update({case.seed: t90_s[case]} if case in t90_s else {})
    priors = priors_of([values for values, _ in groups.values()]) if moderated else [None] * len(groups)
    found = {
        case: mixed_interval(values, coarse, sequential=True, prior=prior)
        for (case, (values, coarse)), prior in zip(groups.items(), priors, strict=True)
    }
    return [
        Shortfall(case, interval)
        for case, interval in found.items()
        if interval.relative_half_width is None or interval.relative_half_width > precision.relative
    ]


def _got(interval: Interval) -> str:
    if interval.missing:
        return f"90 % not reached in {interval.missing} of {interval.missing + interval.runs} runs"
    if interval.relative_half_width is None:
        return f"no interval after {interval.runs} {'run' if interval.runs == 1 else 'runs'}"
    return f"\u00b1 {100 * interval.relative_half_width:.1f} % after {interval.seeds_words}"


def _group(case: Case) -> tuple[str, str, str]:
    return case.departure, case.vehicles_per_household, case.fidelity


def _missing_seeds(precision: Precision, cases: Sequence[Case], t90_s: Mapping[Case, float | None], seeds: int) -> int:
    """Return how many seeds to add for the widest interval: at most as many as there are."""
    wanted = FIRST_SEEDS
    for plan in {case.plan for case in cases}:
        known = [t90_s[case] for case in cases if case.plan == plan and case in t90_s]
        found = mean_interval(known, sequential=True)
        if found.missing:
            return 0  # a run that isn't cleared leaves no mean, however many others there are
        width = found.relative_half_width
        if width is not None and width > precision.relative:
            needed = math.ceil(found.runs * (width / precision.relative) ** 2)
            wanted = max(wanted, min(needed, 2 * seeds), seeds + 1)
    return max(0, min(wanted, precision.max_seeds) - seeds)
