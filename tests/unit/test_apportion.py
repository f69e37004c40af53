from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evac.apportion import largest_remainder, round_keeping_total, share_in_turn

WEIGHTS = st.lists(st.floats(0.0, 1e4), min_size=1, max_size=60).filter(lambda weights: sum(weights) > 1e-3)


@pytest.mark.parametrize("share", [largest_remainder, share_in_turn])
@given(weights=WEIGHTS, total=st.integers(0, 5000))
def test_shares_add_up_and_are_the_quota_rounded_down_or_up(share, weights: list[float], total: int) -> None:
    shares = share(np.array(weights), total)
    quotas = np.array(weights) / sum(weights) * total
    assert shares.sum() == total
    assert np.all(np.abs(shares - quotas) < 1.0 + 1e-6)


def test_hamilton_gives_the_seats_left_to_the_largest_remainders() -> None:
    # Quotas 4.1, 3.5, 2.4: the seat that is left goes to the second.
    assert largest_remainder(np.array([41.0, 35.0, 24.0]), 10).tolist() == [4, 4, 2]


def test_too_few_for_all_are_spread_along_the_order_not_given_to_the_first() -> None:
    shares = share_in_turn(np.ones(12), 4)
    assert np.diff(np.flatnonzero(shares)).tolist() == [3, 3, 3]


def test_a_dwelling_without_weight_gets_nobody() -> None:
    assert share_in_turn(np.array([0.0, 2.0, 0.0, 2.0]), 7)[[0, 2]].tolist() == [0, 0]
    assert share_in_turn(np.array([1.0, 0.0]), 3).tolist() == [3, 0]


@given(st.lists(st.floats(0.0, 1e4), min_size=1, max_size=60))
def test_rounding_keeps_the_total(values: list[float]) -> None:
    rounded = round_keeping_total(np.array(values))
    assert abs(rounded.sum() - sum(values)) <= 0.5 + 1e-6
    assert np.all(np.abs(rounded - np.array(values)) < 1.0)


def test_rounding_leaves_whole_numbers_alone() -> None:
    assert round_keeping_total(np.array([512.0, 37.4, 12.1, 0.9])).tolist() == [512, 37, 12, 1]
    assert round_keeping_total(np.array([512.0, 0.4, 0.4, 0.4])).tolist() == [512, 1, 0, 0]


def test_nothing_to_share_by() -> None:
    with pytest.raises(ValueError, match="no weight is positive"):
        share_in_turn(np.zeros(3), 2)
