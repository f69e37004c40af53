"""Which runs to add until intervals are narrow, where coarse runs may help microscopic ones (`evac.mixed_fidelity`).

The first seeds are microscopic: `_FIRST_TOGETHER` of each plan and case where these are enough to tell each other how
much they vary (`evac.moderated`), else `FIRST_SEEDS`. Where that is precise enough, or nearly, it stays at that: the
coarse model would have to be fitted first. Else `LEAST_PAIRS` seeds are run in both models, and tell how well the
coarse one follows and what it costs; from then on each round takes the numbers of both that reach the precision at the
least cost. That may be no more coarse ones at all: then more seeds are run microscopically, as without this module.

Seeds are the same in both models, and for all plans. A coarse run that isn't cleared is of no help to its plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from statistics import median

from evac.mixed_fidelity import LEAST_PAIRS, Allocation, allocate, balanced, mixed_interval, spread_of
from evac.moderated import LEAST_OTHERS, Prior, priors_of
from evac.simulate.job import Case
from evac.study.comparing import Cell
from evac.study.precision import FIRST_SEEDS, Precision, Unhelped

_FIRST_TOGETHER = 2
"""Seeds before the first look where the plans and cases tell each other how much they vary: one of a case alone would
say nothing of its own."""
_WORTH_SCREENING = 2 * FIRST_SEEDS
"""Seeds up to which microscopic runs alone are added: fitting the coarse model and trying it costs about as much."""
_MOST_COARSE = 1000
"""Coarse runs of a plan and case at most."""
_GROWTH = 2
"""How many times as many runs there may be after a round: what it is decided on isn't known well at first."""


@dataclass
class _Group:
    """The runs of all plans of a case."""

    cases: list[Case]
    t90_s: Mapping[Case, float | None]
    priors: dict[str, Prior | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        micro = [case for case in self.cases if case.fidelity == "micro"]
        self.plans = {case.plan: case for case in micro}
        self.seeds = sorted({case.seed for case in micro})
        self.coarse_seeds = sorted({case.seed for case in self.cases if case.fidelity == "meso"})

    def values(self, plan: str, fidelity: str) -> dict[int, float | None]:
        """Return the 90 % clearance of a plan by seed (s)."""
        mine = [case for case in self.cases if (case.plan, case.fidelity) == (plan, fidelity) and case in self.t90_s]
        return {case.seed: self.t90_s[case] for case in mine}

    def of_plans(self) -> list[tuple[dict[int, float | None], dict[int, float | None], Prior | None]]:
        """Return the microscopic and the coarse times of each plan, and what the others tell of their spread."""
        return [(self.values(plan, "micro"), self.values(plan, "meso"), self.priors.get(plan)) for plan in self.plans]

    def until(self, numbers: Allocation) -> list[Case]:
        """Return the cases that are missing of so many seeds; seeds go on from those that there are."""
        last = max([*self.seeds, *self.coarse_seeds])
        every = [*self.seeds, *(seed for seed in self.coarse_seeds if seed not in self.seeds)]
        every += range(last + 1, last + 1 + max(numbers.dear, numbers.cheap) - len(every))
        wanted = {"micro": every[: numbers.dear], "meso": every[: numbers.cheap]}
        there = {"micro": self.seeds, "meso": self.coarse_seeds}
        return [
            replace(case, seed=seed, fidelity=fidelity)  # type: ignore[arg-type]
            for fidelity, seeds in wanted.items()
            for case in self.plans.values()
            for seed in seeds
            if seed not in there[fidelity]
        ]


def more_mixed_cases(
    precision: Precision,
    cases: Sequence[Case],
    t90_s: Mapping[Case, float | None],
    took_s: Mapping[Case, float],
) -> list[Case]:
    """Return the cases to run next, in either model; none when all intervals are narrow, or no more may be run.

    Parameters
    ----------
    precision
        When to stop; its seeds are those of microscopic runs.
    cases
        The cases so far, in both models.
    t90_s
        The 90 % clearance of those that have run (s); None where it wasn't reached.
    took_s
        How long each run took (s).
    """
    found: list[Case] = []
    plain = sorted((case for case in cases if case.is_as_assumed), key=_key)
    groups = [_Group(list(of_key), t90_s) for _, of_key in groupby(plain, key=_key)]
    _share_spread(groups)
    first = _FIRST_TOGETHER if sum(len(group.plans) for group in groups) > LEAST_OTHERS else FIRST_SEEDS
    for group in groups:
        numbers = _next(precision, group, took_s, first)
        if numbers is not None:
            found += group.until(numbers)
    return found


def _share_spread(groups: Sequence[_Group]) -> None:
    """Give each plan of each group what all others tell of how much it varies."""
    of_all = [(group, plan) for group in groups for plan in group.plans]
    priors = priors_of([group.values(plan, "micro") for group, plan in of_all])
    for (group, plan), prior in zip(of_all, priors, strict=True):
        group.priors[plan] = prior


def _next(precision: Precision, group: _Group, took_s: Mapping[Case, float], first: int) -> Allocation | None:
    """Return how many runs to have of each model after the next round; None when there is nothing to do.

    `first` is how many microscopic ones to have at least.
    """
    have = Allocation(len(group.seeds), len(group.coarse_seeds))
    least = min(first, precision.max_seeds)
    if have.dear >= least and None in group.priors.values():  # too few others tell anything
        least = min(FIRST_SEEDS, precision.max_seeds)
    if have.dear < least:
        return Allocation(least, have.cheap)
    spreads = [spread_of(*runs) for runs in group.of_plans()]
    known = [spread for spread in spreads if spread is not None]
    if len(known) < len(spreads) or _are_precise(precision, group):
        return None  # a run that isn't cleared leaves no mean, however many others there are
    alone = [replace(spread, explained=0.0) for spread in known]
    dear_only = allocate(alone, precision.relative, 1.0, have=have, most=Allocation(precision.max_seeds, 0))
    if not have.cheap and have.dear < precision.max_seeds and (dear_only is None or dear_only.dear > _WORTH_SCREENING):
        pairs = min(max(have.dear, LEAST_PAIRS), precision.max_seeds)
        return Allocation(pairs, pairs)
    cost = _cost(group, took_s)
    best = allocate(known, precision.relative, cost, have=have, most=Allocation(precision.max_seeds, _MOST_COARSE))
    aim = best or Allocation(precision.max_seeds, balanced(known, cost, precision.max_seeds, _MOST_COARSE))
    dear = min(max(aim.dear, have.dear), _GROWTH * have.dear)
    cheap = max(have.cheap, min(aim.cheap, max(_GROWTH * have.cheap, dear)))
    if (dear, cheap) == (have.dear, have.cheap):  # what was expected to do falls a little short
        dear = min(dear + 1, precision.max_seeds)
    # A pair more is a seed that both have run.
    numbers = Allocation(dear, max(cheap, dear) if aim.cheap else cheap)
    return None if numbers == have else numbers


def _are_precise(precision: Precision, group: _Group) -> bool:
    widths = [
        mixed_interval(micro, coarse, sequential=True, prior=prior).relative_half_width
        for micro, coarse, prior in group.of_plans()
    ]
    return all(width is not None and width <= precision.relative for width in widths)


def _cost(group: _Group, took_s: Mapping[Case, float]) -> float:
    """Return what a coarse run costs as a share of a microscopic one, as far as it is known."""
    took = {
        fidelity: [took_s[case] for case in group.cases if case.fidelity == fidelity and took_s.get(case, 0.0) > 0.0]
        for fidelity in ("micro", "meso")
    }
    return median(took["meso"]) / median(took["micro"]) if all(took.values()) else 1.0


def unhelped(cells: Sequence[Cell]) -> list[Unhelped]:
    """Return each plan and case that coarse runs were tried for and don't help, and how well they follow it."""
    found = []
    for cell in cells:
        if cell.coarse_t90_s and not cell.interval.coarse:
            both = {seed: value for seed, value in cell.t90_s.items() if seed in cell.coarse_t90_s}
            spread = spread_of(both, cell.coarse_t90_s)
            case = Case(
                plan=cell.plan, vehicles_per_household=cell.vehicles_per_household, departure=cell.departure, seed=0
            )
            found.append(Unhelped(case, 0.0 if spread is None else spread.explained, len(both)))
    return found


def _key(case: Case) -> tuple[str, str]:
    return case.departure, case.vehicles_per_household
