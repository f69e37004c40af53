"""Lanes that are measured in all runs of a study."""

from __future__ import annotations

from pathlib import Path

from evac.measure.bottlenecks import BottleneckLanes
from evac.network import read_net
from evac.study.same_lanes import _with_added_lanes
from plan_town import town


def test_a_lane_that_a_plan_adds_is_measured_in_every_run(tmp_path: Path) -> None:
    nodes = {"w": (0, 0), "a": (500, 0), "d": (1000, 0)}
    place = town(tmp_path, nodes, [("w a", "Wide Road", 2), ("a d", "Main Street", 1)], {"east": "ad"})
    overlay = place.under("  - {do: contraflow, where: {street: Main Street, towards: east}}\n")
    nets = [read_net(network.net_file) for network in (place.network, overlay.network)]
    main, wide = BottleneckLanes("main", "ad", (0,)), BottleneckLanes("wide", "wa", (0,))
    assert _with_added_lanes(main, nets).lanes == (0, 1)
    assert _with_added_lanes(main, nets[:1]).lanes == (0,)
    assert _with_added_lanes(wide, nets).lanes == (0,), "both nets have both lanes, and one of them was found"
