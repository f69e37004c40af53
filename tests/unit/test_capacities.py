"""Headways from what bottlenecks pass in a microscopic run."""

from __future__ import annotations

import pandas as pd
import pytest

from evac.demand.drivers import TARGET_VEH_PER_H
from evac.network.exits import ResolvedExit
from evac.simulate.meso import RoadHeadway
from evac.study.capacities import exit_headways, headway_factor, lane_factor, road_headways


class SomeEdge:
    def getSpeed(self) -> float:  # noqa: N802  sumolib's name
        return 50 / 3.6

    def getLaneNumber(self) -> int:  # noqa: N802
        return 2


class SomeNet:
    def getEdge(self, _: str) -> SomeEdge:  # noqa: N802
        return SomeEdge()


def _lane(edge: str, veh_per_min: float, queue_min: int = 30) -> dict[str, object]:
    return {"edge": edge, "queue_min": queue_min, "queued_veh_per_min": veh_per_min}


def _windows(**flows: list[float]) -> pd.DataFrame:
    """Flows of roads (veh/h), window by window."""
    rows = [(road, 300 * number, flow) for road, of in flows.items() for number, flow in enumerate(of)]
    return pd.DataFrame(rows, columns=["edge", "from_s", "flow_veh_per_h"])


def test_a_lane_passes_what_the_driver_is_calibrated_to():
    # 3,600 s / 1,615 = 2.23 s, of which 7.5 m at 50 km/h take 0.54 s; the driver's own headway is 1.4 s.
    assert lane_factor("normal") == pytest.approx((3600 / TARGET_VEH_PER_H - 0.54) / 1.4, rel=0.005)


def test_roads_at_merges_pass_what_they_did_and_other_stop_lines_have_no_capacity_of_their_own():
    manifest = {
        "found_bottlenecks": [
            *({"edge": edge, "where": "merge", "reason": "merge"} for edge in ("behind", "brief")),
            *({"edge": edge, "where": "stop line", "reason": "merge"} for edge in ("main", "minor")),
            {"edge": "signal", "where": "stop line", "reason": "signal"},
        ],
        "lanes": [
            *(_lane("behind", 24.0), _lane("behind", 26.0), _lane("main", 23.9), _lane("minor", 12.0)),
            *(_lane("signal", 22.0), _lane("named", 5.0), _lane("brief", 9.0, 4)),
        ],
    }
    windows = _windows(behind=[3000, 3600, 3000, 3000], main=[1434], minor=[720], signal=[1320], named=[300])
    assert road_headways(manifest, windows, SomeNet(), "normal") == tuple(
        RoadHeadway(road, pytest.approx(headway_factor(veh_per_h, 50 / 3.6, "normal"), abs=0.001))
        for road, veh_per_h in (("behind", 1500.0), ("main", 1434.0))
    )


@pytest.mark.parametrize(("peaks", "full"), [([2900] * 3, 1), ([3700], 1), ([3700] * 3, 0)])
def test_who_only_gathers_speed_stands_in_no_queue(peaks: list[float], full: int):
    # 20 vehicles a minute on each of two lanes, 2,400 an hour: 83 % of 2,900, and 65 % of 3,700.
    manifest = {
        "found_bottlenecks": [{"edge": "road", "where": "merge", "reason": "merge"}],
        "lanes": [_lane("road", 20.0), _lane("road", 20.0)],
    }
    found = road_headways(manifest, _windows(road=[2400, 2400, *peaks, 2400]), SomeNet(), "normal")
    assert len(found) == full


def test_the_lanes_of_an_exit_that_is_limited_share_its_limit():
    exits = [ResolvedExit("ferry", ("quay",), 2, 9.0, 47.0, 120.0), ResolvedExit("road", ("out",), 2, 9.0, 47.0)]
    factor = headway_factor(60.0, 50 / 3.6, "normal")
    assert exit_headways(exits, SomeNet(), "normal") == (RoadHeadway("quay", pytest.approx(factor, abs=0.001)),)
