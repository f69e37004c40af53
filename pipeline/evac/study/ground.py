"""What the runs of a scenario under one plan stand on: all that they need, and nothing of what only people look at.

The part that is small and can be sent to another machine is `Terms`; `Ground` adds what is read from the cache's
folders, once for all cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd
from sumolib.net import Net

from evac.demand import build_demand
from evac.demand.orders import Orders
from evac.demand.starts import StartsOf
from evac.hazards.refuges import ResolvedRefuge
from evac.households import Households
from evac.measure.bottlenecks import BottleneckLanes
from evac.measure.facts import RunFacts
from evac.network import Network
from evac.network.exits import ResolvedExit
from evac.overlay.staging import Staged
from evac.plans.timetable import Timetable
from evac.schema.demand import Measured
from evac.schema.scenario import Scenario
from evac.simulate.job import Case
from evac.simulate.meso import Meso
from evac.study.cases import departure_of, vehicles_case
from evac.study.prepare import Prepared
from evac.study.under_plan import UnderPlan
from evac.study.ways_out import road_states


@dataclass(frozen=True)
class Terms:
    """A scenario under a plan as far as its runs depend on it, without the tables and the net.

    Parameters
    ----------
    model
        The scenario.
    plan
        The plan's actions as plain JSON values; a file's content stands for its name.
    network, households
        Folders of the cache.
    exits, bottlenecks, orders, timetable, facts
        As `UnderPlan` has them.
    for_residents
        Lanes that the plan closes to through traffic only.
    additional
        SUMO's additional file of the plan; None where it needs none.
    meso
        Parameters of the mesoscopic model; None for microscopic runs.
    staged
        The net and the timetable that it gets; None where they are the plan's own.
    hazard
        Digest of the hazard and of when it reaches the roads; None without one.
    arrival_s
        When it reaches each edge that it ever reaches (s after the order).
    refuges
        As `UnderPlan` has them.
    """

    model: Scenario
    plan: tuple[dict[str, Any], ...]
    network: Network
    households: Households
    exits: tuple[ResolvedExit, ...]
    bottlenecks: tuple[BottleneckLanes, ...]
    orders: Orders
    timetable: Timetable
    facts: RunFacts
    for_residents: tuple[str, ...]
    additional: str | None
    meso: Meso | None = None
    staged: Staged | None = None
    hazard: str | None = None
    arrival_s: Mapping[str, float] | None = None
    refuges: tuple[ResolvedRefuge, ...] = ()

    def read_curves(self) -> None:
        """Read the files of measured departure curves, of the scenario and of the plan: terms then carry them along."""
        curves = [*(item.curve for item in self.model.departures), *(item.curve for item in self.orders.phases)]
        for curve in curves:
            if isinstance(curve, Measured):
                _ = curve.content


@dataclass(frozen=True)
class Ground:
    """The terms, with what is read from the cache.

    Parameters
    ----------
    terms
        The terms.
    homes
        The households' table.
    net
        The net.
    starts
        Where vehicles start, from which second after the order on.
    """

    terms: Terms
    homes: gpd.GeoDataFrame
    net: Net
    starts: tuple[tuple[float, StartsOf], ...]

    @cached_property
    def closed(self) -> tuple[tuple[float, frozenset[str]], ...]:
        """The edges that the plan has closed, from which second after the order on."""
        return tuple((state.from_s, state.closed) for state in road_states(self.net, self.terms.timetable))

    def under(self, terms: Terms) -> Ground:
        """Return the same under other terms; what has been found of a timetable isn't looked for again."""
        other = replace(self, terms=terms)
        if terms.timetable is self.terms.timetable:
            vars(other)["closed"] = self.closed
        return other


def ground_of(prepared: Prepared, under: UnderPlan) -> Ground:
    """Return what the runs of a prepared scenario under a plan stand on."""
    terms = Terms(
        model=prepared.loaded.model,
        plan=under.document,
        network=under.overlay.network,
        households=prepared.households,
        exits=under.exits,
        bottlenecks=under.bottlenecks,
        orders=under.orders,
        timetable=under.overlay.timetable,
        facts=under.facts,
        for_residents=under.overlay.for_residents,
        additional=under.overlay.additional,
        hazard=under.reached.digest if under.reached else None,
        arrival_s=under.reached.arrival_s if under.reached else None,
        refuges=under.refuges,
    )
    return Ground(terms, prepared.homes, under.net, under.starts)


def demand_of(ground: Ground, case: Case) -> pd.DataFrame:
    """Return the vehicles of a case (`demand.build_demand`)."""
    terms = ground.terms
    return build_demand(
        ground.homes,
        vehicles_per_household=vehicles_case(terms.model, case.vehicles_per_household),
        departure=departure_of(terms.model, case.departure),
        seed=case.seed,
        scenario=terms.model,
        net=ground.net,
        exits=terms.exits,
        orders=terms.orders,
        starts=ground.starts,
        closed=frozenset().union(*(edges for _, edges in ground.closed)),
        refuges=terms.refuges,
    )
