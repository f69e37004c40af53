"""What a lane of each bottleneck passes in a microscopic run, as headways for the mesoscopic model.

A run measures the lanes at the heads of its queues: so many vehicles a minute while a queue stands
(`evac.measure.bottlenecks`). Where traffic merges, that is what each lane of the road behind takes, whatever number a
plan gives it. Everywhere else a lane passes what the driver is calibrated to (`evac.demand.drivers`): what gets over a
stop line is no capacity of the road's own, it depends on the signal, which the model knows, and on right of way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sumolib.net import Net

from evac.clock import HOUR_MIN, HOUR_S
from evac.demand.drivers import REFERENCE_SPEED_KPH, Profile, calibration, vtype_attributes
from evac.measure.queues import MERGE
from evac.network.exits import ResolvedExit
from evac.simulate.meso import RoadHeadway

_LEAST_MIN = 10
"""Minutes with a queue from which on its rate says what the bottleneck passes."""
_KPH_A_MPS = 3.6
_OF_DRIVER = ("length", "minGap", "tau")


def lane_factor(profile: Profile) -> float:
    """Return the headway, as a factor of the driver's own, at which a lane passes what the driver is calibrated to."""
    known = calibration(profile, 1.0).discharge_veh_per_h[int(REFERENCE_SPEED_KPH)]
    return headway_factor(known, REFERENCE_SPEED_KPH / _KPH_A_MPS, profile)


def headway_factor(veh_per_h: float, speed_mps: float, profile: Profile) -> float:
    """Return the factor of the driver's own headway at which the mesoscopic model's lane passes a flow.

    It adds the time that the vehicle with its gap takes to pass.
    """
    driver = {name: float(value) for name, value in vtype_attributes(profile).items() if name in _OF_DRIVER}
    passing_s = (driver["length"] + driver["minGap"]) / speed_mps
    return (HOUR_S / veh_per_h - passing_s) / driver["tau"]


def exit_headways(exits: Sequence[ResolvedExit], net: Net, profile: Profile) -> tuple[RoadHeadway, ...]:
    """Return the headways of the last roads of exits that take only so many vehicles an hour, such as a ferry."""
    found = []
    for item in exits:
        lanes = sum(net.getEdge(road).getLaneNumber() for road in item.edges)
        for road in item.edges if item.veh_per_h else ():
            factor = headway_factor(item.veh_per_h / lanes, net.getEdge(road).getSpeed(), profile)
            found.append(RoadHeadway(road, round(factor, 3)))
    return tuple(found)


def road_headways(manifest: Mapping[str, Any], net: Net, profile: Profile) -> tuple[RoadHeadway, ...]:
    """Return the headways of a run's bottlenecks.

    Parameters
    ----------
    manifest
        Of a microscopic run.
    net
        The net that it drove on.
    profile
        The drivers'.
    """
    merges = {item["edge"] for item in manifest["found_bottlenecks"] if item["where"] == MERGE}
    per_min: dict[str, list[float]] = defaultdict(list)
    for lane in manifest["lanes"]:
        if lane["edge"] in merges and lane["queue_min"] >= _LEAST_MIN and lane["queued_veh_per_min"]:
            per_min[lane["edge"]].append(lane["queued_veh_per_min"])
    usual = lane_factor(profile)
    found = []
    for road, rates in sorted(per_min.items()):
        veh_per_h = sum(rates) / len(rates) * HOUR_MIN
        factor = round(max(headway_factor(veh_per_h, net.getEdge(road).getSpeed(), profile), usual), 3)
        found.append(RoadHeadway(road, factor))
    return tuple(found)
