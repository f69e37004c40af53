from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evac.demand.draws import uniform
from evac.demand.vehicles import household_keys, rank_households, vehicles_of_households
from evac.schema.demand import VehiclesPerHousehold

ZONES = pd.Series(["a"] * 101 + ["b"] * 50 + ["c"] * 3)
zone_lists = st.lists(st.sampled_from("abcd"), min_size=1, max_size=80)
means = st.floats(min_value=0.1, max_value=4.0)


@settings(deadline=None)
@given(zone_lists, means, means)
def test_cases_are_nested_with_exact_totals(zones: list[str], one: float, other: float) -> None:
    fewer, more = (vehicles_of_households(pd.Series(zones), mean, 1) for mean in sorted((one, other)))
    assert (fewer <= more).all()
    assert fewer.sum() == np.floor(min(one, other) * len(zones) + 0.5)


def test_mean_is_made_of_two_neighbouring_numbers() -> None:
    counts = vehicles_of_households(ZONES, 1.5, 1)
    assert set(counts) == {1, 2}
    assert counts.sum() == 231


def test_each_zone_has_its_share() -> None:
    extra = vehicles_of_households(ZONES, 1.5, 1) - 1
    for zone, size in ZONES.value_counts().items():
        assert abs(extra[ZONES.eq(zone)].sum() - size / 2) <= 1


def test_distribution_totals_are_exact_and_some_need_a_bus() -> None:
    case = VehiclesPerHousehold(name="census", distribution={0: 0.1, 1: 0.4, 2: 0.5})
    counts = vehicles_of_households(ZONES, case, 1)
    assert np.bincount(counts).tolist() == [15, 62, 77]


def test_distributions_are_nested() -> None:
    few = VehiclesPerHousehold(name="few", distribution={0: 0.3, 1: 0.7})
    many = VehiclesPerHousehold(name="many", distribution={0: 0.1, 1: 0.4, 2: 0.5})
    assert (vehicles_of_households(ZONES, few, 1) <= vehicles_of_households(ZONES, many, 1)).all()


BY_ZONE = VehiclesPerHousehold(
    name="by zone",
    distribution={0: 40 / 154, 1: 62 / 154, 2: 52 / 154},
    by_zone={"a": {0: 0.1, 1: 0.4, 2: 0.5}, "b": {0: 0.6, 1: 0.4}, "nobody lives there": {9: 1.0}},
)


def test_each_zone_draws_from_its_own_distribution_and_the_rest_from_the_common_one() -> None:
    counts = vehicles_of_households(ZONES, BY_ZONE, 1)
    assert np.bincount(counts[ZONES.eq("a")]).tolist() == [10, 40, 51]
    assert np.bincount(counts[ZONES.eq("b")]).tolist() == [30, 20]
    assert np.bincount(counts[ZONES.eq("c")]).tolist() == [1, 1, 1]


def test_distributions_by_zone_keep_the_mean_of_the_area() -> None:
    common = VehiclesPerHousehold(name="common", distribution=BY_ZONE.distribution)  # that of all three zones
    apart, together = (vehicles_of_households(ZONES, case, 1).sum() for case in (BY_ZONE, common))
    assert apart == pytest.approx(together, abs=1)


def test_within_a_zone_cases_by_zone_are_nested_too() -> None:
    many = VehiclesPerHousehold(name="many", distribution={2: 1.0}, by_zone={"b": {0: 0.1, 1: 0.4, 2: 0.5}})
    assert (vehicles_of_households(ZONES, BY_ZONE, 1) <= vehicles_of_households(ZONES, many, 1)).all()


def test_a_distribution_of_no_zone_is_dealt_as_ever() -> None:
    case = VehiclesPerHousehold(name="census", distribution={0: 0.1, 1: 0.4, 2: 0.5})
    most_first = np.repeat([2, 1, 0], [77, 62, 15])
    assert (vehicles_of_households(ZONES, case, 1) == most_first[rank_households(ZONES, 1)]).all()


def test_the_shares_of_each_zone_add_up_to_one() -> None:
    with pytest.raises(ValueError, match=r"the shares of zone 'Hill' add up to 0\.9, expected 1"):
        VehiclesPerHousehold(name="census", distribution={1: 1.0}, by_zone={"Hill": {1: 0.9}})


def test_seed_decides_who_takes_more() -> None:
    assert (vehicles_of_households(ZONES, 1.5, 1) != vehicles_of_households(ZONES, 1.5, 2)).any()
    assert sorted(rank_households(ZONES, 1)) == list(range(len(ZONES)))


def test_no_households_no_vehicles() -> None:
    assert len(vehicles_of_households(pd.Series([], dtype=str), 1.5, 1)) == 0


def test_households_elsewhere_leave_the_keys_alone() -> None:
    before = household_keys(pd.Series(["a", "b", "b"]))
    after = household_keys(pd.Series(["a", "a", "b", "b"]))
    assert set(before) < set(after)


def test_draws_depend_on_seed_purpose_and_key_alone() -> None:
    assert uniform(1, "left", ["x", "y"])[1] == uniform(1, "left", ["y"])[0]
    assert len({uniform(*who, ["x"])[0] for who in ((1, "left"), (2, "left"), (1, "informed"))}) == 3
    assert uniform(1, "left", ["x"])[0] == pytest.approx(GOLDEN, abs=1e-15)


def test_draws_are_uniform() -> None:
    numbers = uniform(1, "left", [str(k) for k in range(20_000)])
    assert np.histogram(numbers, bins=10, range=(0, 1))[0].min() > 1_850
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.02


GOLDEN = 0.4760908069610717
"""The number that a released version draws: a change of it changes every published result."""
