"""The latest safe order against theory: one road, N cars, capacity c, a front that closes it at A.

Alone, a zone of N cars can be ordered until A less the time that p N cars take to pass: p N / c. Where M cars of
another zone take the lane meanwhile, it has M / c less. What passes is measured first, without any front.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest

from evac.overlay import Overlay
from evac.plans.timetable import FLEEING, Closing, Timetable
from evac.study.safe_order import Latest, Search, Trial, latest_orders, over_searches, sequence
from plan_town import Town, cars, discharge_veh_per_h, town

SHARE, STEP_MIN = 0.95, 1.0


def _road(folder: Path) -> Town:
    """Two zones on one road: `far` from a to b, `near` from b to c; the exit is the last 100 m."""
    nodes = {"a": (0.0, 0.0), "b": (1000.0, 0.0), "c": (2000.0, 0.0), "d": (2100.0, 0.0)}
    return town(folder / "town", nodes, [("a b c d", "Main", 1)], {"East": "cd"})


def _zone(name: str, edge: str, count: int, minute: float) -> pd.DataFrame:
    """Everybody wants to leave within the minute after the zone's order."""
    return cars(edge, count, every_s=60.0 / count, from_s=60.0 * minute, length_m=900.0, name=name).assign(zone=name)


class _Front:
    """Judges trials by running them: the exit closes at `closes_s`."""

    def __init__(self, place: Town, closes_s: float, plan: Mapping[str, tuple[str, int, float]]) -> None:
        self.place, self.closes_s, self.plan, self.runs = place, closes_s, plan, 0

    def __call__(self, trials: Sequence[Trial]) -> list[Mapping[str, float]]:
        return [self._judge(trial) for trial in trials]

    def _judge(self, trial: Trial) -> Mapping[str, float]:
        self.runs += 1
        minutes = dict(trial.minutes)
        parts = [_zone(name, edge, n, minutes.get(name, at)) for name, (edge, n, at) in self.plan.items()]
        vehicles = pd.concat(parts, ignore_index=True)
        vehicles["household"] = range(len(vehicles))
        goes = vehicles["departure_s"] < self.closes_s - 60.0  # later nobody has a way out
        closing = Closing("front", self.closes_s, None, ("cd_0", "dc_0"), (FLEEING,))
        overlay = Overlay(self.place.network, Timetable(closings=(closing,)), ())
        trips, _ = self.place.drive(overlay, vehicles[goes], seed=trial.seed, router="CCH")
        out = vehicles.merge(trips, on="vehicle", how="left")
        safe = out["arrived_s"] <= self.closes_s  # later it was on the road that the front had reached
        shares: dict[str, float] = safe.groupby(out["zone"]).mean().to_dict()
        return shares


@pytest.fixture(scope="module")
def rate(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Cars a second that the road passes from a standing queue."""
    place = _road(tmp_path_factory.mktemp("rate"))
    trips, _ = place.drive(place.normally(), _zone("near", "bc", 400, 0.0), router="CCH")
    return discharge_veh_per_h(trips) / 3600.0


def test_a_zone_alone_can_wait_until_the_arrival_less_what_its_queue_takes(tmp_path: Path, rate: float) -> None:
    count, closes_s = 300, 2400.0
    judge = _Front(_road(tmp_path), closes_s, {"near": ("bc", count, 0.0)})
    search = Search("near", 1)
    found = latest_orders([search], judge, share=SHARE, highest_min=40.0, step_min=STEP_MIN)[search]
    trips, _ = judge.place.drive(judge.place.normally(), _zone("near", "bc", count, 0.0), router="CCH")
    passes_s = float(trips["arrived_s"].min()) + SHARE * count / rate  # the first car's way, then the queue's
    assert trips["arrived_s"].quantile(SHARE) == pytest.approx(passes_s, rel=0.05)
    expected_min = (closes_s - passes_s) / 60.0
    assert found.ending == "found"
    assert found.minute is not None
    assert found.minute == pytest.approx(expected_min, rel=0.05, abs=STEP_MIN)
    assert judge.runs <= 8  # forty minutes by halves, and both ends


def test_a_zone_whose_lane_another_one_takes_meanwhile_has_that_much_less_time(tmp_path: Path, rate: float) -> None:
    """`far` is ordered at minute 10 and drives past the driveways of `near`, whose cars wait: far / c is lost."""
    near, far, closes_s = 400, 150, 1700.0
    alone_min = (closes_s - SHARE * near / rate) / 60.0
    shared_min = (closes_s - (SHARE * near + far) / rate) / 60.0
    assert 0.0 < shared_min < 10.0 < alone_min < 10.0 + far / rate / 60.0  # alone it could wait until `far` is there
    judge = _Front(_road(tmp_path), closes_s, {"near": ("bc", near, 0.0), "far": ("ab", far, 10.0)})
    search = Search("near", 1)
    found = latest_orders([search], judge, share=SHARE, highest_min=28.0, step_min=STEP_MIN)[search]
    assert found.minute is not None
    assert found.minute == pytest.approx(shared_min, abs=2.0)
    assert found.minute < alone_min - 3.0


def test_all_zones_together_are_safe_in_the_sequence_that_is_found(tmp_path: Path, rate: float) -> None:
    del rate
    near, far, closes_s = 250, 150, 1500.0
    judge = _Front(_road(tmp_path), closes_s, {"near": ("bc", near, 0.0), "far": ("ab", far, 0.0)})
    alone = {"near": Latest("found", 13.0), "far": Latest("found", 17.0)}
    orders = [over_searches(zone, {Search(zone, 1): latest}) for zone, latest in alone.items()]
    found = sequence(orders, judge, seed=1, share=SHARE, step_min=STEP_MIN)
    assert found is not None
    assert list(found) == ["near", "far"]
    (shares,) = judge([Trial(tuple(sorted(found.items())), 1)])
    assert min(shares.values()) >= SHARE
    (both_late,) = judge([Trial((("far", 17.0), ("near", 13.0)), 1)])
    assert min(both_late.values()) < SHARE  # each alone may, both together can't
