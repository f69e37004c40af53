"""`evac safe-order` against theory, as a user calls it: one road, N cars, capacity c, a front that closes it at A.

A zone alone can be ordered until A - p N / c, at whatever pace the front comes. Where M cars of another zone take the
lane meanwhile, it has M / c less. What passes is measured first, in a run of the same place without a front.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml

import evac
from evac.cli import run_guarded
from one_road import one_road
from plan_town import discharge_veh_per_h

SHARE = 0.95


@dataclass(frozen=True)
class _Passing:
    """What the road passes: cars a minute from a standing queue, and when the first one is at the exit (min)."""

    veh_per_min: float
    first_min: float

    def takes_min(self, cars: float) -> float:
        return self.first_min + cars / self.veh_per_min


@pytest.fixture(scope="module")
def passing(tmp_path_factory: pytest.TempPathFactory) -> _Passing:
    folder = tmp_path_factory.mktemp("passing")
    place = evac.open(one_road(folder / "road", {"near": 300}), workspace=folder)
    out = place.under("baseline").run().vehicle_table().rename(columns={"evacuated_s": "arrived_s"})
    return _Passing(discharge_veh_per_h(out) / 60.0, float(out["arrived_s"].min()) / 60.0)


def _safe_orders(place: Path, *options: str) -> pd.DataFrame:
    workspace = place.parent
    asked = ["--step", "1", "--jobs", "2", "--workspace", str(workspace), *options]
    assert run_guarded(["safe-order", str(place), *asked]) == 0
    return pd.read_csv(workspace / "reports" / place.name / "safe-order" / "safe_order.csv").set_index("zone")


def test_a_zone_alone_can_wait_until_the_arrival_less_what_its_queue_takes(tmp_path: Path, passing: _Passing) -> None:
    count, closes_min = 300, 40.0
    found = _safe_orders(one_road(tmp_path / "road", {"near": count}, closes_min)).loc["near"]
    takes_min = passing.takes_min(SHARE * count)

    def expected(pace: float) -> float:
        return pytest.approx(pace * closes_min - takes_min, rel=0.05, abs=1.0)  # the step

    assert found["latest_safe_order"] == "found"
    assert found["latest_safe_order_min"] == expected(1.0)
    assert (found["interval_low_min"], found["interval_high_min"]) == (expected(0.7), expected(1.3))
    assert found["clearance_min"] == pytest.approx(takes_min, rel=0.05)
    # Alone, the formula is right, but for the steps of two minutes in which it knows when a way is cut.
    assert found["formula_error_min"] == pytest.approx(-1.0, abs=1.5)


def test_the_coarse_model_s_answer_is_right_by_its_own_capacity_and_micro_says_where_that_is_too_high(
    tmp_path: Path, passing: _Passing
) -> None:
    """The coarse model isn't fitted: its lanes pass more, so that its answer is too late here, and is told to be."""
    count, closes_min = 300, 40.0
    found = _safe_orders(one_road(tmp_path / "road", {"near": count}, closes_min), "--fidelity", "meso").loc["near"]
    takes_min = found["clearance_min"]
    assert takes_min < passing.takes_min(SHARE * count) - 1.0
    for pace, answer in ((0.7, "interval_low_min"), (1.0, "latest_safe_order_min"), (1.3, "interval_high_min")):
        assert found[answer] == pytest.approx(pace * closes_min - takes_min, rel=0.05, abs=1.0)
    assert not found["confirmed"]


def test_a_zone_whose_lane_another_one_takes_meanwhile_has_that_much_less_time(
    tmp_path: Path, passing: _Passing
) -> None:
    """`far` is ordered at minute 10 and drives past the driveways of `near`, whose cars wait: far / c is lost."""
    near, far, closes_min = 300, 120, 28.0
    alone_min = closes_min - passing.takes_min(SHARE * near)
    shared_min = closes_min - passing.takes_min(SHARE * near + far)
    assert 0.0 < shared_min < 10.0 + far / passing.veh_per_min
    place = one_road(tmp_path / "road", {"near": near, "far": far}, closes_min)
    plan = {"name": "Far later", "actions": [{"do": "phase", "zones": ["far"], "offset_min": 10}]}
    (tmp_path / "later.yaml").write_text(yaml.safe_dump(plan))
    found = _safe_orders(place, "--plan", str(tmp_path / "later.yaml"))
    assert found.loc["near", "latest_safe_order_min"] == pytest.approx(shared_min, abs=2.0)
    assert found.loc["near", "latest_safe_order_min"] < alone_min - 3.0
