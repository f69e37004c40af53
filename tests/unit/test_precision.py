"""Seeds are added for all plans together, as many as the widest interval needs, and not beyond the cap."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from evac.cli.studying import read_part, read_share
from evac.errors import UserError
from evac.simulate.job import Case
from evac.statistics import WIDENED, mean_interval
from evac.study.comparing import Cell
from evac.study.precision import FIRST_SEEDS, Precision, more_cases, shortfalls


def cases(seeds, plans=("a", "b")):
    return [
        Case(vehicles_per_household="1", departure="d", seed=seed, plan=plan) for plan, seed in product(plans, seeds)
    ]


def seeds_of(found):
    return {plan: sorted(case.seed for case in found if case.plan == plan) for plan in {case.plan for case in found}}


def test_nothing_is_decided_before_the_first_seeds():
    some = cases([1, 2])
    found = more_cases(Precision(0.5, 30), some, dict.fromkeys(some, 3600.0))
    assert seeds_of(found) == {"a": [3, 4, 5], "b": [3, 4, 5]}


def test_narrow_intervals_end_it():
    some = cases(range(1, FIRST_SEEDS + 1))
    assert more_cases(Precision(0.05, 30), some, {case: 3600.0 + case.seed for case in some}) == []


def test_the_widest_plan_asks_for_seeds_for_all_within_the_cap():
    some = cases(range(1, 6))
    times = {case: 3600.0 + (600.0 * case.seed if case.plan == "b" else 0.0) for case in some}
    assert seeds_of(more_cases(Precision(0.05, 30), some, times)) == {plan: [6, 7, 8, 9, 10] for plan in "ab"}
    assert seeds_of(more_cases(Precision(0.05, 7), some, times)) == {plan: [6, 7] for plan in "ab"}
    assert more_cases(Precision(0.05, 5), some, times) == []


def test_a_run_that_is_not_cleared_ends_it():
    some = cases(range(1, 6), plans=("a",))
    times = {case: None if case.seed == 3 else 1000.0 * case.seed for case in some}
    assert more_cases(Precision(0.05, 30), some, times) == []


def test_capacity_cases_are_left_alone():
    low = [Case(vehicles_per_household="1", departure="d", seed=1, capacity_factor=0.85)]
    assert more_cases(Precision(0.05, 30), low, dict.fromkeys(low, 1.0)) == []


def test_it_reaches_the_precision_that_was_asked_for():
    draw = np.random.default_rng(3)
    some, times = cases([1], plans=("a",)), {}
    for _ in range(20):
        times |= {case: float(draw.normal(3600, 400)) for case in some if case not in times}
        more = more_cases(Precision(0.05, 100), some, times)
        if not more:
            break
        some += more
    assert 10 <= len(some) <= 60


def test_what_falls_short_is_told_with_how_far_it_got():
    some = cases(range(1, 4), plans=("narrow", "wide", "stuck", "once", "failed"))
    times = {case: 3600.0 for case in some if case.plan == "narrow"}
    times |= {case: 3600.0 + 60.0 * case.seed for case in some if case.plan == "wide"}
    times |= {case: None if case.seed == 2 else 3600.0 for case in some if case.plan == "stuck"}
    times |= {case: 3600.0 for case in some if case.plan == "once" and case.seed == 1}
    half_width = WIDENED * 4.302653 * 60.0 / 3**0.5 / 3720.0  # Student's t with two degrees of freedom, 97.5 %
    assert [item.words for item in shortfalls(Precision(0.03, 3), some, times)] == [
        f"precision not reached for wide, 1 vehicle per household, d: \u00b1 {100 * half_width:.1f} % after 3 seeds",
        "precision not reached for stuck, 1 vehicle per household, d: 90 % not reached in 1 of 3 runs",
        "precision not reached for once, 1 vehicle per household, d: no interval after 1 run",
        "precision not reached for failed, 1 vehicle per household, d: no interval after 0 runs",
    ]
    assert shortfalls(Precision(0.05, 3), some[:6], times) == []


def test_shares_and_parts_of_the_command_line():
    assert read_share("5%", "--until") == read_share("0.05", "--until") == pytest.approx(0.05)
    assert read_part("3/10") == (3, 10)
    assert read_part(None) is read_share(None, "--until") is None
    for wrong in ("0/3", "4/3", "a", "1/"):
        with pytest.raises(UserError):
            read_part(wrong)
    for wrong in ("0%", "150%", "five"):
        with pytest.raises(UserError):
            read_share(wrong, "--until")


@pytest.mark.parametrize(("deviation", "precise"), [(0.05, 0.05), (0.05, 0.03), (0.05, 0.02)])
def test_intervals_of_studies_that_end_when_they_are_narrow_hold_the_mean_in_93_to_97_of_100(deviation, precise):
    # By Student's formula alone it is 92.5 to 95 of 100: the study ends when its runs happen to be alike.
    draw, studies, held = np.random.default_rng(11), 400, 0
    for _ in range(studies):
        some = cases([1], plans="a")
        times = draw.normal(1.0, deviation, 2000)
        while more := more_cases(Precision(precise, 2000), some, {case: times[case.seed] for case in some}):
            some += more
        found = mean_interval([float(times[case.seed]) for case in some], sequential=True)
        assert found.relative_half_width <= precise
        held += found.low <= 1.0 <= found.high
    chance = 2.0 * np.sqrt(0.95 * 0.05 / studies)
    assert 0.93 - chance < held / studies < 0.97 + chance


def test_a_report_and_the_console_widen_the_intervals_of_such_a_study_alike():
    times = {1: 3600.0, 2: 3700.0, 3: 3650.0}
    plain = Cell("a", "1", "d", "micro", times, frozenset())
    ended = replace(plain, sequential=True)
    assert ended.interval.half_width == pytest.approx(WIDENED * plain.interval.half_width)
    other = Cell("b", "1", "d", "micro", {1: 3500.0, 2: 3550.0, 3: 3580.0}, frozenset(), sequential=True)
    assert ended.less(other).half_width == pytest.approx(WIDENED * plain.less(other).half_width)
