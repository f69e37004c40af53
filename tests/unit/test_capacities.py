"""Headways from what bottlenecks pass in a microscopic run."""

from __future__ import annotations

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


def test_a_lane_passes_what_the_driver_is_calibrated_to():
    # 3,600 s / 1,615 = 2.23 s, of which 7.5 m at 50 km/h take 0.54 s; the driver's own headway is 1.4 s.
    assert lane_factor("normal") == pytest.approx((3600 / TARGET_VEH_PER_H - 0.54) / 1.4, rel=0.005)


def test_roads_behind_merges_pass_what_they_did_and_stop_lines_have_no_capacity_of_their_own():
    manifest = {
        "found_bottlenecks": [
            *({"edge": edge, "where": "merge"} for edge in ("behind merge", "brief")),
            {"edge": "stop line", "where": "stop line"},
        ],
        "lanes": [
            *(_lane("behind merge", 24.0), _lane("behind merge", 26.0), _lane("stop line", 10.0)),
            *(_lane("named", 5.0), _lane("brief", 9.0, 4)),
        ],
    }
    merge = headway_factor(1500.0, 50 / 3.6, "normal")
    assert road_headways(manifest, SomeNet(), "normal") == (
        RoadHeadway("behind merge", pytest.approx(merge, abs=0.001)),
    )


def test_the_lanes_of_an_exit_that_is_limited_share_its_limit():
    exits = [ResolvedExit("ferry", ("quay",), 2, 9.0, 47.0, 120.0), ResolvedExit("road", ("out",), 2, 9.0, 47.0)]
    factor = headway_factor(60.0, 50 / 3.6, "normal")
    assert exit_headways(exits, SomeNet(), "normal") == (RoadHeadway("quay", pytest.approx(factor, abs=0.001)),)
