"""A scenario under a plan: the net, the exits, the demand's orders, and the households that the plan cuts off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
from sumolib.net import Net

from evac import clock
from evac.counted import counted
from evac.demand.departures import curve_problems
from evac.demand.order_checks import check_orders
from evac.demand.orders import Orders, orders_of
from evac.demand.starts import StartsOf
from evac.errors import Mend, Problem, ScenarioError, UserError
from evac.hazards.arrivals import Reached, reached_roads
from evac.hazards.effects import in_words, refuges_in_words, under_hazard
from evac.hazards.refuges import ResolvedRefuge, refuges_under
from evac.inputs import Watched
from evac.measure.bottlenecks import BottleneckLanes
from evac.measure.facts import RunFacts
from evac.network import read_net
from evac.network.exits import ResolvedExit
from evac.network.places import map_url
from evac.overlay import Overlay, exits_under, lay_over
from evac.plans.model import Phase, Signal, when_of
from evac.plans.reading import LoadedPlan
from evac.plans.timetable import States
from evac.study.accepted import accepts, cut_off_by
from evac.study.closed_bottlenecks import closed_bottlenecks
from evac.study.closed_exits import ClosedExit, closed_exits
from evac.study.prepare import Prepared
from evac.study.warned import under_warning
from evac.study.ways_out import WaysOut, ways_out_under

_LISTED = 5


@dataclass(frozen=True)
class UnderPlan:
    """A prepared scenario under a plan.

    Parameters
    ----------
    plan
        The plan.
    document
        Its actions as plain JSON values, with the digests of the files that were read.
    overlay
        Its net and timetable.
    net
        The net, read.
    exits, refuges, bottlenecks
        The scenario's, on this net.
    orders
        What the plan changes about the demand.
    cut_off
        The households that have a way out under normal rules and, from some time on, none any more under this plan:
        `household`, `zone`, `street`, `lon`, `lat`, `from_s`, `reason`.
    ways_out
        Where the households start, from when on: under the hazard too, where the scenario has one.
    never_out
        Whether each household has no way out at any time under the plan, whatever the hazard does.
    reached
        When the hazard reaches the roads of this net; None without one.
    """

    plan: LoadedPlan
    document: tuple[Any, ...]
    overlay: Overlay
    net: Net
    exits: tuple[ResolvedExit, ...]
    refuges: tuple[ResolvedRefuge, ...]
    bottlenecks: tuple[BottleneckLanes, ...]
    orders: Orders
    cut_off: pd.DataFrame
    ways_out: WaysOut
    never_out: pd.Series
    reached: Reached | None
    _base: Prepared

    @property
    def starts(self) -> tuple[tuple[float, StartsOf], ...]:
        """Where vehicles start, from which second after the order on."""
        return self.ways_out.starts

    @cached_property
    def closed_exits(self) -> tuple[ClosedExit, ...]:
        """The exits that the plan or the hazard closes, or to which it leaves nobody a way, and when."""
        homes = self._base.starts["edge"].dropna().unique()
        return closed_exits(self.net, self.exits, self.overlay.timetable, homes)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the plan's author should look at: each begins with the action's label, or with the hazard's name.

        None of it stops a run.
        """
        unmanned = [
            f"{item.label}: takes no officers: say how many it takes"
            for item in self.plan.actions
            if isinstance(item.action, Signal) and item.action.mode == "officer" and not item.action.resources.officers
        ]
        held = [
            f"{counted(households, 'household has', 'households have')} no way out "
            f"{clock.while_words(from_s, until_s)} after the order: cars wait at home until then"
            for households, from_s, until_s in self.ways_out.waits()
        ]
        hazard = self._base.loaded.model.hazard
        came = []
        if hazard and self.reached:
            came = [in_words(hazard, self.reached, self.net), *refuges_in_words(hazard, self.reached, self.refuges)]
        shut = closed_bottlenecks(self.net, self.overlay.timetable, self.overlay.for_residents, self.bottlenecks)
        return (*self.overlay.warnings, *unmanned, *held, *shut, *came)

    @cached_property
    def facts(self) -> RunFacts:
        """What bears on the trust in every run under the plan."""
        edges = self.overlay.network.edges()
        guessed = frozenset(edges.loc[edges["lanes_guessed"], "edge"].astype(str))
        by_plan = self._base.homes["household"].isin(self.cut_off["household"])
        by_hazard = self.ways_out.never() & ~self.never_out
        return replace(
            self._base.facts,
            lanes_guessed=guessed,
            unconnected_households=int((self.never_out & ~by_plan).sum()),
            added_lanes=self.overlay.added_lanes,
            households_cut_off=cut_off_by(self.plan, self.cut_off),
            households_cut_off_by_hazard=int(by_hazard.sum()),
            caveats=(*self._base.facts.caveats, *self.warnings),
        )


def under_plan(prepared: Prepared, plan: LoadedPlan, cache: Path, pace: float = 1.0) -> UnderPlan:
    """Lay a plan over a prepared scenario.

    Parameters
    ----------
    prepared, plan, cache
        The scenario, the plan, and the cache's folder.
    pace
        When the hazard arrives, as a multiple of the given times after the order.

    Raises
    ------
    UserError
        A place isn't found, actions contradict each other, or households lose their only way out.
    """
    try:
        return _under_plan(prepared, plan, cache, pace)
    except UserError as error:
        error.problems = [plan.about(problem) for problem in error.problems]
        raise


def _under_plan(prepared: Prepared, plan: LoadedPlan, cache: Path, pace: float) -> UnderPlan:
    watched, document = Watched.of(plan.files), tuple(plan.document())
    laid = _laid_over(prepared, plan, cache)
    cut_off = laid.ways_out.cut_off(prepared.homes, prepared.starts)
    _refuse_cut_off(prepared, plan, cut_off, cache)
    never_out = laid.ways_out.never()
    laid, reached = _under_hazard(prepared, laid, cache, pace)
    _refuse_blind_router(prepared, plan, laid.overlay)
    same = laid.net is prepared.net
    bottlenecks = prepared.bottlenecks if same else tuple(_on_net(item, laid.net) for item in prepared.bottlenecks)
    residents = frozenset(prepared.homes.loc[laid.ways_out.residents, "household"])
    orders = replace(orders_of([item.action for item in plan.actions]), residents=residents)
    model = prepared.loaded.model
    orders = under_warning(
        orders, plan.actions, model.hazard, reached, homes=prepared.homes, end_h=model.simulation.end_h
    )
    watched.require_unchanged()
    return UnderPlan(
        plan,
        document,
        laid.overlay,
        laid.net,
        laid.exits,
        laid.refuges,
        bottlenecks,
        orders,
        cut_off,
        laid.ways_out,
        never_out,
        reached,
        prepared,
    )


@dataclass(frozen=True)
class _Laid:
    """A plan on the net, with the exits, the refuges and the ways out there."""

    overlay: Overlay
    net: Net
    exits: tuple[ResolvedExit, ...]
    refuges: tuple[ResolvedRefuge, ...]
    ways_out: WaysOut


def _laid_over(prepared: Prepared, plan: LoadedPlan, cache: Path) -> _Laid:
    overlay = _overlay(prepared, plan, cache)
    if overlay.network.digest == prepared.network.digest:
        nobody = pd.Series(data=False, index=prepared.homes.index)
        ways_out = WaysOut(((0.0, prepared.starts_of),), nobody)
        return _Laid(overlay, prepared.net, prepared.exits, prepared.refuges, ways_out)
    net = read_net(overlay.network.net_file)
    exits = exits_under(prepared.exits, net)
    refuges = refuges_under(prepared.refuges, net)
    ways_out = ways_out_under(prepared.homes, net, exits, overlay.timetable, overlay.for_residents, refuges=refuges)
    return _Laid(overlay, net, exits, refuges, ways_out)


def _under_hazard(prepared: Prepared, laid: _Laid, cache: Path, pace: float) -> tuple[_Laid, Reached | None]:
    """Return a plan on the net under the scenario's hazard, and when that reaches the roads."""
    hazard = prepared.loaded.model.hazard
    if hazard is None:
        return laid, None
    reached = reached_roads(hazard, laid.overlay.network, laid.net, cache, where=str(prepared.loaded.path), pace=pace)
    timetable = under_hazard(laid.overlay.timetable, hazard, reached, laid.net)
    ways_out = ways_out_under(
        prepared.homes, laid.net, laid.exits, timetable, laid.overlay.for_residents, refuges=laid.refuges
    )
    overlay = replace(laid.overlay, timetable=timetable)
    return replace(laid, overlay=overlay, ways_out=ways_out), reached


def _overlay(prepared: Prepared, plan: LoadedPlan, cache: Path) -> Overlay:
    """Compile the plan's roads and signals; whatever is wrong with any of its actions is told at once."""
    problems = [
        *curve_problems(item.action.curve for item in plan.actions if isinstance(item.action, Phase)),
        *_order_problems(prepared, plan),
        *_never(plan, prepared.loaded.model.simulation.end_h),
    ]
    try:
        overlay = lay_over(
            plan=plan,
            base=prepared.network,
            base_net=prepared.net,
            streets=prepared.street_map.streets(),
            closed=prepared.street_map.closed_roads(),
            exits=prepared.exits,
            traffic=prepared.loaded.model.traffic,
            cache=cache,
        )
    except UserError as error:
        problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return overlay


def _order_problems(prepared: Prepared, plan: LoadedPlan) -> list[Problem]:
    """Return what makes no sense in an action that changes the demand, or in two of them together, each once."""
    zones = sorted(prepared.homes["zone"].astype(str).unique())
    exits = [*(item.name for item in prepared.exits), *(item.name for item in prepared.refuges)]
    found: dict[str, Problem] = {}
    for items in [*((item,) for item in plan.actions), *combinations(plan.actions, 2)]:
        for problem in check_orders(orders_of([item.action for item in items]), zones, exits, items[-1].where):
            found.setdefault(problem.what, problem)
    return list(found.values())


def _never(plan: LoadedPlan, end_h: float) -> list[Problem]:
    """Return a problem for each action that begins only after the simulation's end."""
    problems = []
    for item in plan.actions:
        begins_min = item.action.offset_min if isinstance(item.action, Phase) else when_of(item.action).ready_min
        if begins_min >= end_h * clock.HOUR_MIN:
            what = f"never happens: it begins {begins_min:g} min after the order; the simulation ends after {end_h:g} h"
            remedy = "let it begin earlier, or raise the scenario's 'simulation.end_h'"
            problems.append(Problem(item.where, what, remedy, Mend.EARLIER))
    return problems


def _refuse_blind_router(prepared: Prepared, plan: LoadedPlan, overlay: Overlay) -> None:
    """Refuse the router that doesn't see roads close, under a plan that closes or opens some during the run."""
    if prepared.loaded.model.simulation.router == "CH" and (
        overlay.timetable.states().of_roads or overlay.for_residents
    ):
        what = f"'CH' doesn't see that roads close or open during the run, as they do under the plan '{plan.key}'"
        raise ScenarioError(Problem(f"{prepared.loaded.path}: simulation.router", what, "take 'CCH', the default"))


def _on_net(item: BottleneckLanes, net: Net) -> BottleneckLanes:
    """Return a bottleneck with the lanes that a plan has added to its road."""
    if not net.hasEdge(item.edge):
        return item
    usable = [lane.getIndex() for lane in net.getEdge(item.edge).getLanes() if lane.allows("passenger")]
    return replace(item, lanes=tuple(sorted({*item.lanes, *usable})))


def _refuse_cut_off(prepared: Prepared, plan: LoadedPlan, cut_off: pd.DataFrame, cache: Path) -> None:
    """Refuse a plan that cuts households off, but for those whom only actions that accept it cut off."""
    rest = replace(plan, actions=tuple(item for item in plan.actions if not accepts(item.action)))
    if cut_off.empty:
        return
    laid = _laid_over(prepared, rest, cache)
    cut_off = laid.ways_out.cut_off(prepared.homes, prepared.starts)
    if cut_off.empty:
        return
    cut_off = cut_off.assign(street=cut_off["street"].fillna("unnamed street"))
    shown = "; ".join(
        f"{row['street']} ({row['zone']}) {map_url(row['lon'], row['lat'])}"
        for row in cut_off.drop_duplicates("street").head(_LISTED).to_dict("records")
    )
    since = clock.while_words(cut_off["from_s"].min())
    when = f" {since}" if since else ""
    lose = counted(len(cut_off), "household loses its only way out", "households lose their only way out")
    what = f"{lose}{when}, on {counted(cut_off['street'].nunique(), 'street')}: {shown}"
    remedy = (
        "leave them a way, or add 'accept_cut_off: true' to the 'close' action that takes it: their cars then count as "
        "not evacuated"
    )
    raise ScenarioError(
        Problem(_cause(rest, laid.overlay.timetable.states(), cut_off), what, remedy, Mend.ACCEPT_CUT_OFF)
    )


def _cause(plan: LoadedPlan, states: States, cut_off: pd.DataFrame) -> str:
    """Return file and line of the actions that may have cut households off: those that close ways at that time."""
    first_s = cut_off["from_s"].min()
    closed = [s.actions for some in states.lanes.values() for s in some if s.from_s == first_s and s.holds is not None]
    banned = [s.actions for some in states.movements.values() for s in some if s.from_s == first_s and not s.holds]
    labels = {action for actions in (*closed, *banned) for action in actions}
    known = [item for item in plan.actions if item.label in labels]
    since_then = [item for item in plan.actions if 60.0 * when_of(item.action).ready_min == first_s]
    return "; ".join(item.where for item in known or since_then)
