"""What no plan can beat, beside a case: four bounds, and the streets that make the one of its own plan."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from sumolib.net import Net

from evac.clock import MINUTE_S
from evac.demand.orders import driver_under
from evac.limits.bound import Bound, Holding, Town, fastest_of, reversible_town_of, town_of
from evac.limits.roads import Drivers, Rules, lane_limits
from evac.limits.signals import SignalProgram, read_programs
from evac.measure.at_best import AtBest
from evac.measure.clearance import SHARES_PERCENT
from evac.network.exits import ResolvedExit
from evac.network.reach import RoadGraph, road_graph, ways_out
from evac.network.street_names import is_on, street_of
from evac.plans import BASELINE
from evac.plans.timetable import Timetable
from evac.simulate.job import Case
from evac.study.ground import Ground, demand_of, ground_of
from evac.study.prepare import Prepared
from evac.study.under_plan import UnderPlan
from evac.study.ways_out import road_states

DECISIVE_PERCENT = 90
"""The share whose time decides (NUREG/CR-7002): the cut is the one at this share's time."""
_STREETS_SHOWN = 6


@dataclass(frozen=True)
class HoldingStreet:
    """A street that makes the bound.

    Parameters
    ----------
    street
        Its name.
    edges
        The edges of the net at whose ends the cut is.
    lon, lat
        Where that is, for the edge that lets most pass (EPSG:4326).
    lanes
        How many lanes it has there.
    vehicles
        How many vehicles it lets pass while it holds others up.
    minutes
        For how long it does.
    earlier_min
        How much earlier the share that decides could be out with one lane more along the street and on from there.
    """

    street: str
    edges: tuple[str, ...]
    lon: float
    lat: float
    lanes: int
    vehicles: int
    minutes: int
    earlier_min: int


@dataclass(frozen=True)
class Bounds:
    """What no plan can beat: the most vehicles that can be out at each minute, whatever drivers and officers do.

    Parameters
    ----------
    plan
        The case's plan.
    as_built
        On the roads as they are.
    with_signals
        With the signals' shares of green as well.
    under_plan
        Under the case's plan: its closures, lanes, speeds and signals.
    reversible
        With every lane in whichever direction serves best.
    streets
        The streets that make the bound `under_plan` where the share that decides is out, those first that pass most.
    """

    plan: str
    as_built: Bound
    with_signals: Bound
    under_plan: Bound
    reversible: Bound
    streets: tuple[HoldingStreet, ...] = ()

    @property
    def is_normal(self) -> bool:
        """Whether the plan is none, so that its lanes are those that are there."""
        return self.plan == BASELINE

    def named(self) -> Mapping[str, Bound]:
        """Return the bounds by their names."""
        names = ("as_built", "with_signals", "under_plan", "reversible")
        return {name: getattr(self, name) for name in names}

    def table(self) -> pd.DataFrame:
        """Return the times before which shares of the planned vehicles can't be out, a row a bound.

        Columns `bound`, `t50_s`, `t90_s`, `t95_s`, `t100_s` (after the order; missing where it can never be).
        """
        rows = [
            {"bound": name, **{f"t{percent}_s": bound.earliest_s(percent) for percent in SHARES_PERCENT}}
            for name, bound in self.named().items()
        ]
        return pd.DataFrame(rows)

    def curves(self) -> pd.DataFrame:
        """Return the most vehicles that can be out: `minute` (after the order), and a column a bound."""
        minute = np.arange(max(len(bound.out) for bound in self.named().values()))
        return pd.DataFrame({"minute": minute, **{name: bound.by(minute) for name, bound in self.named().items()}})

    def holding(self) -> pd.DataFrame:
        """Return the streets that make the bound under the plan: the fields of `HoldingStreet` as columns."""
        columns = [item.name for item in fields(HoldingStreet)]
        return pd.DataFrame([vars(street) for street in self.streets], columns=columns)


def bounds_of(prepared: Prepared, under: UnderPlan, case: Case) -> Bounds:
    """Return the bounds beside a case: for the same people, leaving at the same times.

    Parameters
    ----------
    prepared, under
        The scenario, and the case's plan laid over it.
    case
        The case.
    """
    ground = ground_of(prepared, under)
    terms = replace(ground.terms, exits=prepared.exits, timetable=Timetable(), network=prepared.network)
    normally = Ground(terms, prepared.homes, prepared.net, ((0.0, prepared.starts_of),))
    vehicles = demand_of(normally, case)
    drivers = _drivers(normally, case, vehicles)
    roads = normally.net, terms.exits, vehicles, drivers
    planned = demand_of(ground, case)
    town = _town_under(ground, case, planned)
    bound = town.bound()
    reversible = reversible_town_of(*roads).bound()
    # Rounded on graphs of their own, the bound of fewer possibilities may come out a minute above that of more.
    as_built = town_of(*roads, Rules(), either_way=True).bound().with_that_of(reversible)
    with_signals = town_of(*roads, Rules(programs=_programs(normally)), either_way=True).bound()
    return Bounds(
        plan=case.plan,
        as_built=as_built,
        with_signals=with_signals.with_that_of(as_built),
        under_plan=bound,
        reversible=reversible,
        streets=_streets(ground, town, bound, _drivers(ground, case, planned)),
    )


def at_best_under(ground: Ground, case: Case, vehicles: pd.DataFrame) -> AtBest:
    """Return what a run can't beat: its own plan, vehicles and drivers."""
    limits = lane_limits(ground.net, _drivers(ground, case, vehicles), _rules(ground, case, vehicles))
    return AtBest(_bound_under(ground, case, vehicles), limits)


def _bound_under(ground: Ground, case: Case, vehicles: pd.DataFrame) -> Bound:
    """Return the bound of a case: its own plan, vehicles and drivers."""
    return _town_under(ground, case, vehicles).bound()


def earliest_under(ground: Ground, case: Case, vehicles: pd.DataFrame) -> float | None:
    """Return before when the share that decides can't be out (s; None: never): of `_bound_under`, and in less time."""
    return _town_under(ground, case, vehicles).earliest_s(DECISIVE_PERCENT)


def _town_under(ground: Ground, case: Case, vehicles: pd.DataFrame) -> Town:
    drivers, rules = _drivers(ground, case, vehicles), _rules(ground, case, vehicles)
    return town_of(ground.net, ground.terms.exits, vehicles, drivers, rules)


def _rules(ground: Ground, case: Case, vehicles: pd.DataFrame) -> Rules:
    terms = ground.terms
    kept_open = edges_kept_open(ground.net, terms.exits, terms.timetable, vehicles)
    programs = {} if case.signals else _programs(ground)  # another guess of them holds nobody up
    return Rules(terms.timetable.states(), programs, kept_open, terms.for_residents)


def _drivers(ground: Ground, case: Case, vehicles: pd.DataFrame) -> Drivers:
    profile = driver_under(ground.terms.orders, ground.terms.model.driver).profile
    return Drivers(profile, case.capacity_factor, fastest_of(vehicles))


def _programs(ground: Ground) -> Mapping[tuple[str, str], SignalProgram]:
    net = ground.terms.network.net_file.read_text(encoding="utf-8")
    return read_programs([net, ground.terms.additional or ""])


def edges_kept_open(
    net: Net, exits: Sequence[ResolvedExit], timetable: Timetable, vehicles: pd.DataFrame
) -> frozenset[str]:
    """Return the edges whose closing holds nobody for certain, so that a bound leaves them open.

    Who has no other way is let through: from homes on the road itself, and from where it is the only way out.
    """
    states = road_states(net, timetable)
    starting = frozenset(vehicles["edge"].dropna().astype(str))
    graph = road_graph(net, opened=frozenset().union(*(state.opened for state in states)))
    ends = [edge for item in exits for edge in item.edges]
    can_leave = _leading_out(graph, ends, frozenset())
    kept: frozenset[str] = frozenset()
    for state in states:
        if state.closed:
            cut_off = can_leave - _leading_out(graph, ends, state.closed) - state.closed
            kept |= state.closed if cut_off else state.closed & starting
    return kept


def _leading_out(graph: RoadGraph, ends: Sequence[str], closed: frozenset[str]) -> set[str]:
    """Return the edges from which a way leads to the ends without those that are closed."""
    shut = np.array([edge in closed for edge in graph.edges], dtype=bool)
    open_graph = replace(graph, arcs=graph.arcs[~shut[graph.arcs].any(axis=1)])
    out = ways_out(open_graph, [edge for edge in ends if edge not in closed])
    return {graph.edges[here] for here in out.reachable()}


def _streets(ground: Ground, town: Town, bound: Bound, drivers: Drivers) -> tuple[HoldingStreet, ...]:
    """Return the streets that make a bound where the share that decides is out."""
    earliest_s = bound.earliest_s(DECISIVE_PERCENT)
    if earliest_s is None:
        return ()
    minute = round(earliest_s / MINUTE_S) + 1
    needed = math.ceil(bound.planned * DECISIVE_PERCENT / 100)
    by_name: dict[str, list[Holding]] = {}
    for item in town.cut(minute):
        by_name.setdefault(_street(ground, item.edge), []).append(item)
    largest = sorted(by_name.items(), key=lambda entry: -sum(item.vehicles for item in entry[1]))[:_STREETS_SHOWN]
    found = []
    for name, items in largest:
        edges = {edge.getID() for edge in ground.net.getEdges(withInternal=False) if is_on(edge, name)}
        lane_veh_per_h = max(drivers.lane_veh_per_h(ground.net.getEdge(item.edge).getSpeed()) for item in items)
        first = town.with_lane(edges, lane_veh_per_h).minute_of(needed, minute)
        found.append(_holding_street(ground, name, items, minute - first))
    return tuple(found)


def _holding_street(ground: Ground, name: str, items: Sequence[Holding], earlier_min: int) -> HoldingStreet:
    edge = ground.net.getEdge(items[0].edge)
    lon, lat = ground.net.convertXY2LonLat(*edge.getShape()[-1][:2])
    return HoldingStreet(
        street=name,
        edges=tuple(item.edge for item in items),
        lon=float(lon),
        lat=float(lat),
        lanes=sum(lane.allows("passenger") for lane in edge.getLanes()),
        vehicles=sum(item.vehicles for item in items),
        minutes=max(item.minutes for item in items),
        earlier_min=earlier_min,
    )


def _street(ground: Ground, edge: str) -> str:
    """Return what people call an edge's street."""
    return street_of(ground.net.getEdge(edge))
