"""What a lane of each bottleneck passes in a microscopic run, as headways for the mesoscopic model.

A run measures the lanes at the heads of its queues: so many vehicles a minute while a queue stands
(`evac.measure.bottlenecks`). Where traffic merges, that is what each lane of the road behind takes, whatever number a
plan gives it. So it is of a stop line without a signal that passes nearly what a lane can, such as that of a main road
before a fork. Everywhere else a lane passes what the driver is calibrated to (`evac.demand.drivers`): what gets over
another stop line is no capacity of the road's own, it depends on the signal, which the model knows, and on right of
way.

A rate is a capacity only where the road passes no more at other times. Behind a junction cars are slow while they
gather speed, and look like a queue although more could drive there: such a road has passed half as much again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from sumolib.net import Net

from evac.clock import HOUR_MIN, HOUR_S
from evac.demand.drivers import (
    REFERENCE_SPEED_MPS,
    TARGET_VEH_PER_H,
    Profile,
    discharge_headway_s,
    packet_attributes,
)
from evac.measure.queues import MERGE, WINDOW_MIN
from evac.network.exits import ResolvedExit
from evac.simulate.meso import RoadHeadway

_LEAST_MIN = 10
"""Minutes with a queue from which on its rate says what the bottleneck passes."""
_SATURATED = 0.8
"""Share of a road's highest flow from which on its rate in a queue is its capacity. Measured in microscopic runs of
Paradise, Mill Valley and Liechtenstein: 0.85 to 1.0 at roads that were full, 0.34 to 0.78 at others."""
_PEAK_WINDOWS = 3
"""Windows of that flow: 15 minutes, over which the Highway Capacity Manual (7th edition, chapter 4) has capacities."""
_OF_ITS_OWN = 0.75
"""Share of what a lane can pass from which on a stop line holds up traffic as the road itself would: a minor road that
waits for gaps passes less (900 veh/h onto an empty road, Highway Capacity Manual, 7th edition, chapter 20)."""


def lane_factor(profile: Profile) -> float:
    """Return the headway, as a factor of the driver's own, at which a lane passes what the driver is calibrated to."""
    return headway_factor(HOUR_S / discharge_headway_s(profile), REFERENCE_SPEED_MPS, profile)


def headway_factor(veh_per_h: float, speed_mps: float, profile: Profile, cars: int = 1) -> float:
    """Return the factor of the driver's own headway at which the mesoscopic model's lane passes a flow.

    It adds the time that the vehicle with its gap takes to pass. `cars` is how many a simulated vehicle stands for.
    """
    room = {name: value / cars for name, value in packet_attributes(profile, cars).items()}
    passing_s = (room["length"] + room["minGap"]) / speed_mps
    return (HOUR_S / veh_per_h - passing_s) / room["tau"]


def exit_headways(exits: Sequence[ResolvedExit], net: Net, profile: Profile, cars: int = 1) -> tuple[RoadHeadway, ...]:
    """Return the headways of the last roads of exits that take only so many vehicles an hour, such as a ferry."""
    found = []
    for item in exits:
        lanes = sum(net.getEdge(road).getLaneNumber() for road in item.edges)
        for road in item.edges if item.veh_per_h else ():
            factor = headway_factor(item.veh_per_h / lanes, net.getEdge(road).getSpeed(), profile, cars)
            found.append(RoadHeadway(road, round(factor, 3)))
    return tuple(found)


def road_headways(
    manifest: Mapping[str, Any], windows: pd.DataFrame, net: Net, profile: Profile, cars: int = 1
) -> tuple[RoadHeadway, ...]:
    """Return the headways of a run's bottlenecks.

    Parameters
    ----------
    manifest
        Of a microscopic run.
    windows
        Its `edges.parquet`.
    net
        The net that it drove on.
    profile
        The drivers'.
    cars
        Cars that a simulated vehicle stands for.
    """
    usual = lane_factor(profile)
    found = []
    for road, veh_per_h in sorted(_rates(manifest).items()):
        lanes = net.getEdge(road).getLaneNumber()
        factor = headway_factor(veh_per_h, net.getEdge(road).getSpeed(), profile, cars)
        if veh_per_h * lanes >= _SATURATED * _peak_veh_per_h(windows[windows["edge"] == road]):
            found.append(RoadHeadway(road, round(max(factor, usual), 3)))
    return tuple(found)


def _rates(manifest: Mapping[str, Any]) -> dict[str, float]:
    """Return what a lane passes in a queue (veh/h), of each road that may be full itself."""
    own = [item for item in manifest["found_bottlenecks"] if item["reason"] == MERGE]
    behind = {item["edge"] for item in own if item["where"] == MERGE}
    before = {item["edge"] for item in own} - behind
    per_min: dict[str, list[float]] = defaultdict(list)
    for lane in manifest["lanes"]:
        if lane["queue_min"] >= _LEAST_MIN and lane["queued_veh_per_min"]:
            per_min[lane["edge"]].append(lane["queued_veh_per_min"])
    means = {road: sum(rates) / len(rates) * HOUR_MIN for road, rates in per_min.items()}
    full = _OF_ITS_OWN * TARGET_VEH_PER_H
    return {road: rate for road, rate in means.items() if road in behind or (road in before and rate >= full)}


def _peak_veh_per_h(windows: pd.DataFrame) -> float:
    """Return the highest flow of a road over `_PEAK_WINDOWS` windows."""
    flows = windows.set_index("from_s")["flow_veh_per_h"].sort_index()
    every = range(0, int(flows.index.max()) + 1, int(WINDOW_MIN * HOUR_S / HOUR_MIN))
    peaks = flows.reindex(every, fill_value=0.0).rolling(_PEAK_WINDOWS, min_periods=1).mean()
    return float(peaks.max())
