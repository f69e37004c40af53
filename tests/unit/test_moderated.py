"""Intervals of few runs that the study's other cases help to: against theory, and whether they hold the mean."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from evac.mixed_fidelity import mixed_difference, mixed_interval
from evac.moderated import LEAST_OTHERS, PRIOR_FREEDOM, Prior, moderated_interval, priors_of
from evac.simulate.job import Case
from evac.statistics import mean_interval, students_t
from evac.study.comparing import Cell
from evac.study.mixing import more_mixed_cases, unhelped
from evac.study.precision import FIRST_SEEDS, Precision, shortfalls

SD = 0.012
"""What seeds vary by, as a share of the mean: that of the towns in docs/studies.md."""
STUDIES = 300


def cases_of(plans: str, vehicles: tuple[str, ...], seeds: range) -> list[Case]:
    return [
        Case(vehicles_per_household=number, departure="d", seed=seed, plan=plan)
        for number in vehicles
        for plan in plans
        for seed in seeds
    ]


def study(draw: np.random.Generator, *, until: float, unlike: float, skewed: bool) -> tuple[list[bool], int]:
    """Do a study of three plans and three cases, whose spreads differ; return which means are held, and the runs."""
    plans, vehicles = "abc", ("1", "1.5", "2")
    cells = [(plan, number) for number in vehicles for plan in plans]
    sds = dict(zip(cells, SD * np.exp(unlike * draw.standard_normal(len(cells))), strict=True))
    means = dict(zip(cells, draw.uniform(3600.0, 16_000.0, len(cells)), strict=True))
    cases = cases_of(plans, vehicles, range(1, 2))
    t90_s: dict[Case, float | None] = {}
    more = cases
    while more:
        for case in more:
            cell = case.plan, case.vehicles_per_household
            chance = (draw.gamma(4.0) - 4.0) / 2.0 if skewed else draw.standard_normal()
            t90_s[case] = means[cell] * (1.0 + sds[cell] * chance)
        more = more_mixed_cases(Precision(until, 30), cases, t90_s, dict.fromkeys(cases, 1.0))
        more = [case for case in more if case.fidelity == "micro"]  # coarse runs that follow nothing change nothing
        cases = [*cases, *more]
    by_cell = [{case.seed: t90_s[case] for case in cases if _cell(case) == cell} for cell in cells]
    found = [
        mixed_interval(values, {}, sequential=True, prior=prior)
        for values, prior in zip(by_cell, priors_of(by_cell), strict=True)
    ]
    assert not shortfalls(Precision(until, 30), cases, t90_s, moderated=True)
    held = [
        item.low is not None and item.high is not None and item.low <= means[cell] <= item.high
        for cell, item in zip(cells, found, strict=True)
    ]
    return held, len(cases)


def _cell(case: Case) -> tuple[str, str]:
    return case.plan, case.vehicles_per_household


@pytest.mark.parametrize(("unlike", "skewed"), [(0.0, False), (0.3, False), (0.3, True)])
def test_intervals_hold_the_mean_of_each_case_in_93_of_100_studies_and_take_half_of_the_runs(
    unlike: float, *, skewed: bool
) -> None:
    draw = np.random.default_rng(11)
    found = [study(draw, until=0.05, unlike=unlike, skewed=skewed) for _ in range(STUDIES)]
    assert np.mean([held for held, _ in found]) > 0.93
    assert np.mean([runs for _, runs in found]) < 0.5 * 9 * FIRST_SEEDS


def test_the_spread_is_that_of_the_others_and_the_own_by_their_degrees_of_freedom() -> None:
    # Relative deviations of 1, 2 and 3 % around means of 100, 200, 400 and 50.
    cases = [spread(100.0, 0.01, 3), spread(200.0, 0.02, 3), spread(400.0, 0.03, 3), spread(50.0, 0.05, 3)]
    prior = priors_of(cases)[3]
    assert prior is not None
    others = math.sqrt((0.01**2 + 0.02**2 + 0.03**2) / 3)
    assert prior.sd == pytest.approx(50.0 * others)
    assert prior.freedom == pytest.approx(1 / (1 / PRIOR_FREEDOM + 1 / 6))
    found = moderated_interval(list(cases[3].values()), prior)
    variance = (prior.freedom * prior.sd**2 + 2 * 2.5**2) / (prior.freedom + 2)
    assert found.half_width == pytest.approx(students_t(prior.freedom + 2, 0.95) * math.sqrt(variance / 3))
    assert (found.mean, found.runs, found.moderated) == (pytest.approx(50.0), 3, True)


def spread(mean: float, share: float, runs: int) -> dict[int, float | None]:
    """Return values with this mean, and a standard deviation of this share of it."""
    values = np.linspace(-1.0, 1.0, runs)
    return dict(enumerate(mean * (1.0 + share * values / values.std(ddof=1)), start=1))


def test_with_many_runs_of_its_own_a_case_goes_by_these() -> None:
    cases = [spread(100.0, 0.01, 2), spread(100.0, 0.01, 2), spread(100.0, 0.01, 2), spread(100.0, 0.1, 200)]
    found = moderated_interval(list(cases[3].values()), priors_of(cases)[3])
    assert found.half_width == pytest.approx(mean_interval(list(cases[3].values())).half_width, rel=0.02)


def test_few_others_runs_without_a_value_and_single_runs_tell_nothing() -> None:
    pair = spread(100.0, 0.01, 2)
    assert priors_of([pair] * LEAST_OTHERS) == [None] * LEAST_OTHERS
    assert None not in priors_of([pair] * (LEAST_OTHERS + 1))
    assert priors_of([pair, pair, pair, {1: 90.0, 2: None}]) == [None] * 4
    assert priors_of([pair, pair, pair, {1: 90.0}])[:3] == [None] * 3
    (*_, lone) = priors_of([pair, pair, pair, {1: 90.0}])
    assert moderated_interval([90.0], lone).half_width is None  # nothing of its own says how much it varies
    assert moderated_interval([90.0, None], lone).mean is None
    assert moderated_interval([90.0, 91.0], None) == mean_interval([90.0, 91.0])
    same = priors_of([dict.fromkeys((1, 2), 60.0)] * 4)[0]
    assert moderated_interval([60.0, 60.0], same).half_width == 0.0


def test_a_difference_is_known_as_if_the_two_plans_had_nothing_in_common() -> None:
    ours, theirs = Prior(3.0, 2.0), Prior(4.0, 3.0)
    assert ours.of_difference(theirs) == Prior(5.0, 2.0)
    pairs: tuple[dict[int, float | None], ...] = ({1: 110.0, 2: 112.0}, {1: 100.0, 2: 102.0})
    found = mixed_difference((pairs[0], {}), (pairs[1], {}), priors=(ours, theirs))
    variance = (2.0 * 5.0**2 + 0.0) / 3.0
    assert found.half_width == pytest.approx(students_t(3.0, 0.95) * math.sqrt(variance / 2))
    alone = mixed_difference((pairs[0], {}), (pairs[1], {}), priors=(ours, None))
    assert alone == mixed_difference((pairs[0], {}), (pairs[1], {}))


def test_a_study_of_few_cases_or_with_runs_that_are_not_cleared_begins_with_five_seeds() -> None:
    def next_of(cases: list[Case], **unlike: float | None) -> set[int]:
        t90_s: dict[Case, float | None] = {case: 3600.0 + 10.0 * case.seed for case in cases}
        t90_s |= {case: unlike[case.plan] for case in cases if case.plan in unlike and case.seed == 1}
        return {case.seed for case in more_mixed_cases(Precision(0.05, 30), cases, t90_s, {})}

    assert next_of(cases_of("abcd", ("1",), range(1, 2))) == {2}
    assert next_of(cases_of("abcd", ("1",), range(1, 3))) == set()
    assert next_of(cases_of("abc", ("1",), range(1, 2))) == set(range(2, FIRST_SEEDS + 1))
    # One of four says nothing, so that three are left to tell each other.
    assert next_of(cases_of("abcd", ("1",), range(1, 3)), d=None) == set(range(3, FIRST_SEEDS + 1))


def test_coarse_runs_that_tell_less_than_the_other_cases_are_said_to_be_of_no_help() -> None:
    draw = np.random.default_rng(8)
    coarse = dict(enumerate(draw.normal(3600.0, 40.0, 12)))
    fine = {seed: 3600.0 + 0.8 * (coarse[seed] - 3600.0) + draw.normal(0.0, 24.0) for seed in range(8)}
    alone = Cell("a", "1", "d", "micro", fine, frozenset(), coarse)
    assert alone.interval.coarse == len(coarse)
    assert unhelped([alone]) == []
    among_steady_ones = replace(alone, prior=Prior(1.0, PRIOR_FREEDOM))
    assert among_steady_ones.interval.moderated
    assert [item.case.plan for item in unhelped([among_steady_ones])] == ["a"]
