"""The plans of a study together: what must be the same for all of them to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from evac.measure.bottlenecks import BottleneckLanes
from evac.schema.scenario import Scenario
from evac.study.prepare import Prepared
from evac.study.under_plan import UnderPlan

_HIERARCHIES = ("CH", "CCH")  # routers that don't see roads close
Plans = Mapping[str, UnderPlan]
"""The plans of a study by their keys, in the order in which they are compared."""


def router_of(scenario: Scenario, plans: Plans) -> str:
    """Return the router of all runs: Dijkstra's where any plan opens or closes roads during the run.

    Hierarchies (CH, CCH) are built once and lead traffic to closed roads. All plans get the same router, since it
    changes results.
    """
    blind = scenario.simulation.router in _HIERARCHIES
    return "dijkstra" if blind and any(item.needs_dijkstra for item in plans.values()) else scenario.simulation.router


def with_router(prepared: Prepared, plans: Plans) -> Prepared:
    """Return the prepared scenario with the router that its plans need."""
    model = prepared.loaded.model
    simulation = model.simulation.model_copy(update={"router": router_of(model, plans)})
    return replace(prepared, loaded=replace(prepared.loaded, model=model.model_copy(update={"simulation": simulation})))


def all_lanes(plans: Plans) -> list[BottleneckLanes]:
    """Return the scenario's bottlenecks with all lanes that they have under any plan."""
    lanes: dict[str, BottleneckLanes] = {}
    for item in (item for plan in plans.values() for item in plan.bottlenecks):
        known = lanes.get(item.name, item)
        lanes[item.name] = replace(known, lanes=tuple(sorted({*known.lanes, *item.lanes})))
    return list(lanes.values())
