"""Intervals have textbook ends and keep their promise; runs without a value are never left out."""

from __future__ import annotations

import numpy as np
import pytest

from evac.mixed_fidelity import mixed_difference
from evac.statistics import Interval, mean_interval, verdict


def test_interval_of_a_textbook_sample():
    # Law, Simulation Modeling and Analysis, chapter 4: ten observations, 90 % interval 1.34 ± 0.24
    found = mean_interval([1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09], 0.9)
    assert found.mean == pytest.approx(1.343, abs=5e-4)
    assert found.half_width == pytest.approx(0.24, abs=5e-3)
    assert found.runs == 10


def test_nineteen_of_twenty_intervals_hold_the_mean():
    draws = np.random.default_rng(1).normal(3.0, 1.0, size=(2000, 5))
    intervals = [mean_interval(list(sample)) for sample in draws]
    share = np.mean([item.low <= 3.0 <= item.high for item in intervals])
    assert share == pytest.approx(0.95, abs=0.015)


def test_a_run_that_was_not_cleared_leaves_no_mean():
    found = mean_interval([3.0, None, 4.0])
    assert (found.mean, found.low, found.runs, found.missing) == (None, None, 2, 1)


def test_one_run_has_no_interval_and_equal_runs_a_narrow_one():
    assert mean_interval([3.0]) == Interval(3.0, None, None, 1)
    assert mean_interval([3.0, 3.0]).half_width == 0.0
    assert mean_interval([]).mean is None


def test_pairs_are_made_by_seed_and_what_they_share_cancels():
    theirs = {1: 10.0, 2: 20.0, 3: 30.0, 4: 5.0}
    ours = {3: 29.0, 2: 19.2, 1: 8.8}
    found = mixed_difference((ours, {}), (theirs, {}))
    assert found.mean == pytest.approx(-1.0)
    assert (found.runs, found.unpaired) == (3, 1)
    assert found.excludes_zero
    unpaired = mean_interval(list(theirs.values())).half_width
    assert found.half_width < unpaired / 10


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (
            Interval(-6480, -7200, -5760, 5),
            "final is 1:48 h faster than preliminary (95 % CI 1:36\u20132:00 h, 5 seeds)",
        ),
        (Interval(600, 300, 900, 5), "final is 10 min slower than preliminary (95 % CI 5\u201315 min, 5 seeds)"),
        (Interval(-60, -300, 180, 5), "can't tell which of final and preliminary is faster"),
        (Interval(-60, -300, 180, 5), "(95 % CI of the difference \u22125 to +3 min, 5 seeds)"),
        (Interval(-60, None, None, 1), "with the one seed that was run, which says nothing about others"),
        (Interval(None, None, None, 3, missing=2), "in 2 of 5 pairs of runs fewer than 90 % were out by the end"),
        (Interval(None, None, None, 0, unpaired=2), "no seed in common"),
    ],
)
def test_the_verdict_in_words(difference, words):
    assert words in verdict("final", "preliminary", difference).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("ours_s", "theirs_s", "words"),
    [(3929.0, 3991.0, "final is 2 min faster"), (3931.0, 3989.0, "final is less than a minute faster")],
    ids=["1:05 against 1:07", "1:06 against 1:06"],
)
def test_a_difference_adds_up_with_the_times_as_they_are_shown(ours_s: float, theirs_s: float, words: str):
    ours, theirs = mean_interval([ours_s]), mean_interval([theirs_s])
    difference = mixed_difference(({1: ours_s}, {}), ({1: theirs_s}, {})).as_shown(ours, theirs)
    assert words in verdict("final", "preliminary", difference).replace("\u00a0", " ")


def test_the_verdict_tells_seeds_that_have_no_pair():
    ours, theirs = {1: 3000.0, 2: 3100.0, 3: 3050.0}, {1: 3600.0, 2: 3650.0}
    difference = mixed_difference((ours, {}), (theirs, {}))
    words = verdict("a", "b", difference)
    assert "2 seeds); 1 seed is left out: only one of the two plans has a run of it" in words
    assert "left out" not in verdict("a", "b", Interval(-60, -90, -30, 5))


def test_the_verdict_tells_runs_that_are_not_trusted():
    assert verdict("a", "b", Interval(-60, -90, -30, 5), untrusted=2).endswith("; 2 of these runs are not trustworthy")
