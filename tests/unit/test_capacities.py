"""Headways from what bottlenecks pass in a microscopic run."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from evac.demand.drivers import TARGET_VEH_PER_H
from evac.simulate.meso import RoadHeadway
from evac.study.capacities import headway_factor, lane_factor, road_headways


@dataclass(frozen=True)
class SomeSignal:
    name: str

    def getID(self) -> str:  # noqa: N802
        return self.name


@dataclass(frozen=True)
class SomeEdge:
    lanes: int
    signal: SomeSignal | None

    def getSpeed(self) -> float:  # noqa: N802  sumolib's name
        return 50 / 3.6

    def getLaneNumber(self) -> int:  # noqa: N802
        return self.lanes

    def getTLS(self) -> SomeSignal | None:  # noqa: N802
        return self.signal


@dataclass(frozen=True)
class SomeNet:
    lanes: dict[str, int]

    def getEdge(self, edge: str) -> SomeEdge:  # noqa: N802
        return SomeEdge(self.lanes[edge], SomeSignal("light") if edge == "at signal" else None)


def _lane(edge: str, veh_per_min: float, queue_min: int = 30) -> dict[str, object]:
    return {"edge": edge, "queue_min": queue_min, "queued_veh_per_min": veh_per_min}


def test_a_lane_passes_what_the_driver_is_calibrated_to():
    # 3,600 s / 1,615 = 2.23 s, of which 7.5 m at 50 km/h take 0.54 s; the driver's own headway is 1.4 s.
    assert lane_factor("normal") == pytest.approx((3600 / TARGET_VEH_PER_H - 0.54) / 1.4, rel=0.005)


def test_bottlenecks_pass_what_they_did_but_a_side_street_has_no_capacity_of_its_own():
    stop_lines = [{"edge": edge, "where": "stop line"} for edge in ("at signal", "side street", "brief")]
    manifest = {
        "found_bottlenecks": [{"edge": "behind merge", "where": "merge"}, *stop_lines],
        "lanes": [
            *(_lane("behind merge", 24.0), _lane("behind merge", 26.0), _lane("at signal", 10.0)),
            *(_lane("side street", 3.0), _lane("named", 5.0), _lane("brief", 9.0, 4)),
        ],
    }
    net = SomeNet({"behind merge": 2, "at signal": 1, "side street": 1, "named": 1, "brief": 1})
    merge, signal = (headway_factor(veh_per_h, 50 / 3.6, "normal") for veh_per_h in (1500.0, 600.0))
    assert road_headways(manifest, net, "normal") == (
        RoadHeadway("at signal", pytest.approx(signal, abs=0.001), "light", 1),
        RoadHeadway("behind merge", pytest.approx(merge, abs=0.001)),
    )
