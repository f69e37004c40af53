"""The plans of a study together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from evac.measure.bottlenecks import BottleneckLanes
from evac.study.under_plan import UnderPlan

Plans = Mapping[str, UnderPlan]
"""The plans of a study by their keys, in the order in which they are compared."""


def all_lanes(plans: Plans) -> list[BottleneckLanes]:
    """Return the scenario's bottlenecks with all lanes that they have under any plan."""
    lanes: dict[str, BottleneckLanes] = {}
    for item in (item for plan in plans.values() for item in plan.bottlenecks):
        known = lanes.get(item.name, item)
        lanes[item.name] = replace(known, lanes=tuple(sorted({*known.lanes, *item.lanes})))
    return list(lanes.values())
