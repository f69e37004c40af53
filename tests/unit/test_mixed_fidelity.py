"""The mean of a dear simulation helped by a cheap one: against theory, and intervals that hold what they promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from evac.mixed_fidelity import (
    LEAST_PAIRS,
    Allocation,
    Spread,
    allocate,
    balanced,
    mixed_difference,
    mixed_interval,
    spread_of,
)
from evac.simulate.job import Case
from evac.statistics import mean_interval
from evac.study.comparing import Cell
from evac.study.mixing import more_mixed_cases, unhelped
from evac.study.precision import FIRST_SEEDS, Precision

MEAN_S, SD_S, BIAS_S = 4000.0, 200.0, -400.0
STUDIES = 600

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def bank(draw: np.random.Generator, runs: int, *, correlation: float, skewed: bool = False) -> tuple[np.ndarray, ...]:
    """Return 90 % times of coarse and microscopic runs (s), the former a third less spread and off by `BIAS_S`."""
    one, other = ((draw.gamma(4.0, size=runs) - 4.0) / 2.0 if skewed else draw.standard_normal(runs) for _ in "xy")
    fine = correlation * one + np.sqrt(1.0 - correlation**2) * other
    return MEAN_S + BIAS_S + SD_S / 1.5 * one, MEAN_S + SD_S * fine


@dataclass
class Studied:
    """What a study until ± 2 % found, and how many runs it took."""

    holds: bool
    fine: int
    coarse: int
    helped: bool


def study(times: Draw, draw: np.random.Generator, *, cost: float = 0.05) -> Studied:
    """Do a study with runs from a bank: rounds as `evac run --fidelity mixed` does them."""
    x, y = times(draw, 1101)
    cases = [Case(vehicles_per_household="1", departure="d", seed=1)]
    t90_s: dict[Case, float | None] = {}
    while True:
        t90_s |= {case: float((x if case.fidelity == "meso" else y)[case.seed]) for case in cases if case not in t90_s}
        took_s = {case: cost if case.fidelity == "meso" else 1.0 for case in cases}
        more = more_mixed_cases(Precision(0.02, 60), cases, t90_s, took_s)
        if not more:
            break
        cases += more
    fine, coarse = (
        {case.seed: t90_s[case] for case in cases if case.fidelity == fidelity} for fidelity in ("micro", "meso")
    )
    found = mixed_interval(fine, coarse)
    assert found.low is not None
    assert found.high is not None
    return Studied(found.low <= MEAN_S <= found.high, len(fine), len(coarse), found.coarse > 0)


@pytest.mark.parametrize(
    ("correlation", "skewed"), [(0.0, False), (0.5, False), (0.9, False), (0.97, False), (0.97, True)]
)
def test_intervals_hold_the_mean_in_93_to_97_of_100_studies(correlation: float, *, skewed: bool) -> None:
    draw = np.random.default_rng(7)
    times = partial(bank, correlation=correlation, skewed=skewed)
    found = [study(times, draw) for _ in range(STUDIES)]
    share = np.mean([one.holds for one in found])
    chance = 2.0 * np.sqrt(0.95 * 0.05 / STUDIES)
    assert 0.93 - chance < share < 0.97 + chance


def test_coarse_runs_save_most_microscopic_ones_where_they_follow_and_are_left_where_they_do_not() -> None:
    draw = np.random.default_rng(3)
    close, loose = ([study(partial(bank, correlation=c), draw) for _ in range(200)] for c in (0.97, 0.0))
    alone = np.mean([one.fine for one in loose])
    assert np.mean([one.helped for one in close]) > 0.9
    assert np.mean([one.helped for one in loose]) < 0.1
    assert np.mean([one.fine + 0.05 * one.coarse for one in close]) < 0.5 * alone


def test_where_the_coarse_model_saves_nothing_the_study_is_left_to_the_microscopic_one() -> None:
    # A coarse run that costs a quarter saves nothing below a correlation of 2 sqrt(1/4) / (1 + 1/4) = 0.8.
    draw = np.random.default_rng(7)
    times = partial(bank, correlation=0.3)
    mixed, alone = ([study(times, draw, cost=cost) for _ in range(100)] for cost in (0.25, 1.0))
    assert np.mean([one.helped for one in mixed]) < 0.05
    assert np.mean([one.coarse == LEAST_PAIRS for one in mixed]) > 0.85
    pilot = 0.25 * LEAST_PAIRS
    assert np.mean([one.fine for one in mixed]) == pytest.approx(np.mean([one.fine for one in alone]), rel=0.05)
    assert np.mean([one.fine + 0.25 * one.coarse for one in mixed]) < np.mean([one.fine for one in alone]) + 1.5 * pilot


def test_with_a_straight_line_between_the_two_the_mean_is_that_of_the_line_at_all_coarse_runs() -> None:
    coarse = {seed: 3000.0 + 10.0 * seed for seed in range(1, 41)}
    fine = {seed: 500.0 + 2.0 * coarse[seed] for seed in range(1, 9)}
    found = mixed_interval(fine, coarse)
    assert found.mean == pytest.approx(500.0 + 2.0 * np.mean(list(coarse.values())))
    assert (found.runs, found.coarse) == (8, 40)


def test_the_expected_width_is_that_of_repeated_studies() -> None:
    draw, n, total = np.random.default_rng(5), 12, 100
    widths, means = [], []
    for _ in range(2000):
        x, y = bank(draw, total, correlation=0.9)
        found = mixed_interval(dict(enumerate(y[:n])), dict(enumerate(x)))
        assert found.mean is not None
        assert found.half_width is not None
        means.append(found.mean)
        widths.append(found.half_width)
    # Theory: sd² ((1 - rho²)/n (n - 2)/(n - 3) + rho²/N) (Lavenberg and Welch 1981).
    theory = SD_S * np.sqrt((1 - 0.81) / n * (n - 2) / (n - 3) + 0.81 / total)
    assert np.std(means) == pytest.approx(theory, rel=0.06)
    assert np.mean(means) == pytest.approx(MEAN_S, abs=4 * theory / np.sqrt(2000))
    assert np.mean(widths) == pytest.approx(Spread(MEAN_S, SD_S, 0.81).half_width(n, total), rel=0.1)


@pytest.mark.parametrize(("correlation", "cost"), [(0.95, 0.02), (0.99, 0.05), (0.9, 0.1)])
def test_the_cheapest_numbers_cost_what_theory_says(correlation: float, cost: float) -> None:
    # Peherstorfer, Willcox and Gunzburger 2018: (sqrt(1 - rho²) + sqrt(w rho²))² of what the dear runs alone cost.
    theory = (np.sqrt(1 - correlation**2) + np.sqrt(cost * correlation**2)) ** 2
    precise, most = 0.002, Allocation(6000, 200_000)  # so many runs that they needn't be whole
    none = Allocation(0, 0)
    alone = allocate([Spread(MEAN_S, SD_S, 0.0)], precise, cost, have=none, most=most)
    both = allocate([Spread(MEAN_S, SD_S, correlation**2)], precise, cost, have=none, most=most)
    assert alone is not None
    assert both is not None
    assert alone.cheap == 0
    assert (both.dear + cost * both.cheap) / alone.dear == pytest.approx(theory, rel=0.03)


@pytest.mark.parametrize(("correlation", "cost", "helps"), [(0.85, 0.245, True), (0.75, 0.245, False)])
def test_below_two_roots_of_the_cost_the_dear_runs_alone_are_cheapest(
    correlation: float, cost: float, *, helps: bool
) -> None:
    # 2 sqrt(0.245) / 1.245 = 0.795
    spread = Spread(MEAN_S, SD_S, correlation**2)
    found = allocate([spread], 0.003, cost, have=Allocation(0, 0), most=Allocation(3000, 20_000))
    assert found is not None
    assert bool(found.cheap) is helps


def test_few_pairs_runs_that_are_not_cleared_and_seeds_of_one_alone_are_of_no_help() -> None:
    x, y = bank(np.random.default_rng(1), 40, correlation=0.99)
    fine, coarse = dict(enumerate(y[:LEAST_PAIRS])), dict(enumerate(x))
    assert mixed_interval(fine, coarse).coarse == 40
    for some, others in (
        (dict(enumerate(y[: LEAST_PAIRS - 1])), coarse),
        (fine, coarse | {30: None}),
        (fine | {99: 4000.0}, coarse),
        (fine, dict.fromkeys(coarse, 3600.0)),
    ):
        found = mixed_interval(some, others)  # type: ignore[arg-type]
        assert found.mean == pytest.approx(mean_interval(list(some.values())).mean)
        assert found.coarse == 0
    assert mixed_interval(fine | {1: None}, coarse).mean is None
    assert spread_of({1: 3600.0}, {}) is None
    assert mixed_interval(fine, {}) == mean_interval(list(fine.values()))


def test_a_difference_of_plans_is_helped_seed_by_seed() -> None:
    draw = np.random.default_rng(2)
    x, y = bank(draw, 60, correlation=0.98)
    shared = draw.normal(0.0, 500.0, 60)  # what a seed does to both plans alike
    ours = dict(enumerate((y + shared)[:10])), dict(enumerate(x + shared))
    theirs = dict(enumerate(shared[:10])), dict(enumerate(shared))
    found = mixed_difference(ours, theirs)
    assert found.coarse == 60
    assert found.half_width is not None
    assert found.mean is not None
    assert found.half_width < 100.0
    assert abs(found.mean - MEAN_S) < found.half_width


def test_where_the_precision_is_out_of_reach_coarse_runs_are_as_many_as_they_are_worth() -> None:
    spreads = [Spread(MEAN_S, SD_S, explained) for explained in (0.0, 0.81)]
    # sqrt(0.81 / (0.05 * 0.19)) = 9.23 coarse runs for each microscopic one
    assert balanced(spreads, 0.05, 30, 1000) == 278
    assert balanced(spreads, 0.05, 30, 100) == 100
    assert balanced([Spread(MEAN_S, SD_S, 1.0)], 0.1, 30, 1000) == 300
    assert balanced([Spread(MEAN_S, SD_S, 0.23)], 0.245, 30, 1000) == 0


def cases_of(found: Sequence[Case], fidelity: str) -> dict[str, list[int]]:
    mine = [case for case in found if case.fidelity == fidelity]
    return {plan: sorted(case.seed for case in mine if case.plan == plan) for plan in {case.plan for case in mine}}


def test_the_coarse_model_is_tried_only_where_seeds_alone_would_be_many_and_by_all_plans_alike() -> None:
    some = [
        Case(vehicles_per_household="1", departure="d", seed=seed, plan=plan)
        for plan in "ab"
        for seed in range(1, FIRST_SEEDS + 1)
    ]
    near = {case: 3600.0 + 40.0 * case.seed for case in some}
    more = more_mixed_cases(Precision(0.02, 60), some, near, {})
    assert cases_of(more, "meso") == {}
    assert len(cases_of(more, "micro")["a"]) < 6
    far = {case: 3600.0 + (900.0 * case.seed if case.plan == "b" else 0.0) for case in some}
    more = more_mixed_cases(Precision(0.05, 60), some, far, {})
    assert cases_of(more, "micro") == {plan: [6, 7, 8] for plan in "ab"}
    assert cases_of(more, "meso") == {plan: list(range(1, LEAST_PAIRS + 1)) for plan in "ab"}
    assert more_mixed_cases(Precision(0.05, 60), some, far | {some[0]: None}, {}) == []


def test_where_coarse_runs_do_not_help_it_is_said_and_how_badly_they_follow() -> None:
    x, y = bank(np.random.default_rng(4), 40, correlation=0.0)
    cell = Cell("a", "1", "d", "micro", dict(enumerate(y[:10])), frozenset(), dict(enumerate(x)))
    (found,) = unhelped([cell])
    assert (found.case.plan, found.pairs) == ("a", 10)
    assert found.explained < 0.3
    assert "of microscopic runs alone" in found.words
    x, y = bank(np.random.default_rng(4), 40, correlation=0.99)
    assert unhelped([Cell("a", "1", "d", "micro", dict(enumerate(y[:10])), frozenset(), dict(enumerate(x)))]) == []
