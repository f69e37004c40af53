"""How far the times of a plan's finished runs lie apart: what belongs to its answer."""

from __future__ import annotations

import math
from typing import Any

import pytest

from evac.studio.finished import with_ranges


def _run(seed: int, t90_s: float | None, vehicles: str = "1", **more: Any) -> dict[str, Any]:
    case = {"plan": "a", "departure": "d", "fidelity": "micro", "capacity_factor": 1.0, "signals": None}
    about = {"trusted": True, "older": False}
    return {**case, **about, "seed": seed, "vehicles_per_household": vehicles, "t90_s": t90_s, **more}


def test_two_seeds_have_students_interval() -> None:
    """Of two values the mean's error is half of what they lie apart; Student's t with one degree is tan(0.95 π/2)."""
    first, _ = with_ranges([_run(1, 3600.0), _run(2, 3720.0)])
    half = math.tan(0.95 * math.pi / 2) * 60.0
    found = first["range"]
    assert (found["runs"], found["seeds"], found["mean_s"]) == (2, 2, 3660.0)
    assert (found["low_s"], found["high_s"]) == pytest.approx((3660.0 - half, 3660.0 + half))
    assert (found["least_s"], found["most_s"]) == (3600.0, 3720.0)


def test_other_numbers_of_vehicles_are_in_the_range_and_not_in_the_mean() -> None:
    found = with_ranges([_run(1, 3600.0), _run(1, 5400.0, vehicles="2"), _run(1, 3000.0, vehicles="0.5")])[0]["range"]
    assert found["vehicles"] == ["0.5", "1", "2"]
    assert (found["least_s"], found["most_s"], found["seeds"], found["low_s"]) == (3000.0, 5400.0, 1, None)


@pytest.mark.parametrize("other", [{"plan": "b"}, {"departure": "e"}, {"fidelity": "meso"}, {"capacity_factor": 0.85}])
def test_what_is_another_case_tells_nothing(other: dict[str, Any]) -> None:
    assert [run["range"]["runs"] for run in with_ranges([_run(1, 3600.0), _run(2, 9000.0, **other)])] == [1, 1]


def test_runs_of_before_a_change_have_no_range_and_are_in_none() -> None:
    now, before = with_ranges([_run(1, 3600.0), _run(2, 9000.0, older=True)])
    assert (now["range"]["runs"], now["range"]["most_s"], before["range"]) == (1, 3600.0, None)


def test_a_run_that_never_gets_so_far_leaves_the_range_open() -> None:
    found = with_ranges([_run(1, 3600.0), _run(2, None, trusted=False)])[0]["range"]
    assert (found["least_s"], found["most_s"], found["mean_s"], found["untrusted"]) == (3600.0, None, None, 1)
