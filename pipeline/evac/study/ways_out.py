"""Which households have a way out under a plan, from where and from when on: roads close, open, or admit residents."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sumolib.net import Net
from sumolib.net.lane import Lane

from evac.demand.starts import FREE_CHOICE, Starts, StartsOf, for_residents
from evac.hazards.refuges import ResolvedRefuge
from evac.network.exits import ResolvedExit
from evac.plans.timetable import CLEAR_WITHIN_S, States, Timetable, admits_car, at, edge_of
from evac.sumo import CAR_CLASS

_HAZARD_STEP_S = 120.0
"""A front closes hundreds of roads, each at its own second. Where vehicles start, and who has no way out any more, is
looked at in such steps (s): the last minute or two before a road closes nobody sets out for it, as who left in vain
would end SUMO."""
_CLEAR_S = CLEAR_WITHIN_S + 20.0  # and the controller's next look


@dataclass(frozen=True)
class RoadState:
    """What a plan has changed by a time, beside what its net says.

    Parameters
    ----------
    from_s
        Second after the order from which this holds.
    closed, opened
        Edges of the net that admit no car any more, and edges that the net has closed and that are open.
    """

    from_s: float
    closed: frozenset[str]
    opened: frozenset[str]


@dataclass(frozen=True)
class WaysOut:
    """Where the households start on a net.

    Parameters
    ----------
    starts
        Where vehicles start, from which second after the order on.
    residents
        Whether each household may drive where roads are closed to through traffic.
    """

    starts: tuple[tuple[float, StartsOf], ...]
    residents: pd.Series

    def cut_off(self, homes: pd.DataFrame, normally: pd.DataFrame) -> pd.DataFrame:
        """Return the households that have a way out normally and, from some time on, none any more.

        Columns `household`, `zone`, `street`, `lon`, `lat`, `from_s`, `reason`.
        """
        homes = homes.assign(from_s=np.nan, cut_reason=None)
        for_good = normally["edge"].notna().to_numpy(copy=True)
        for from_s, find in reversed(self.starts):
            now = find(FREE_CHOICE)
            for_good &= now["edge"].isna().to_numpy()
            homes.loc[for_good, "from_s"] = from_s
            homes.loc[for_good, "cut_reason"] = now["reason"].to_numpy()[for_good]
        columns = {"street_lon": "lon", "street_lat": "lat", "cut_reason": "reason"}
        kept = ["household", "zone", "street", "street_lon", "street_lat", "from_s", "cut_reason"]
        return pd.DataFrame(homes.loc[homes["from_s"].notna(), kept]).rename(columns=columns).reset_index(drop=True)

    def never(self) -> pd.Series:
        """Return whether each household has no way out at any time."""
        missing = [find(FREE_CHOICE)["edge"].isna() for _, find in self.starts]
        return pd.concat(missing, axis=1).all(axis=1)

    def waits(self) -> list[tuple[int, float, float]]:
        """Return how many households have no way out from when until when (s), where they have one afterwards."""
        found: list[tuple[int, float, float]] = []
        since_s: pd.Series | None = None
        for from_s, find in self.starts:
            missing = find(FREE_CHOICE)["edge"].isna()
            since_s = pd.Series(np.nan, index=missing.index) if since_s is None else since_s
            ended = since_s[since_s.notna() & ~missing]
            found += [(int((ended == began_s).sum()), float(began_s), from_s) for began_s in sorted(ended.unique())]
            since_s = since_s.fillna(from_s).where(missing)
        return found


def ways_out_under(
    homes: pd.DataFrame,
    net: Net,
    exits: Sequence[ResolvedExit],
    timetable: Timetable,
    residents_only: Sequence[str],
    *,
    refuges: Sequence[ResolvedRefuge] = (),
) -> WaysOut:
    """Return where the households start under a plan, from the order on and from each time at which roads change.

    Parameters
    ----------
    homes
        The households' table.
    net, exits
        The plan's net, and the exits on it.
    timetable, residents_only
        The plan's timetable, and the lanes that it closes to through traffic only.
    refuges
        The refuges on the net.
    """
    starts_when = Starts(homes, net, exits, refuges).when
    states = road_states(net, timetable)
    shut = [starts_when(state.closed, state.opened) for state in states]
    nobody = pd.Series(data=False, index=homes.index)
    if not residents_only:
        return WaysOut(tuple(zip((state.from_s for state in states), shut, strict=True)), nobody)
    theirs = frozenset(map(edge_of, residents_only))
    always = frozenset(edge for edge in theirs if not net.getEdge(edge).allows(CAR_CLASS))
    free = [starts_when(state.closed - theirs, state.opened | always) for state in states]
    closed = starts_when(states[0].closed | theirs, states[0].opened)(FREE_CHOICE)
    first = free[0](FREE_CHOICE)["edge"]
    residents = first.isin(theirs) | (first.notna() & closed["edge"].isna())
    starts = [for_residents(residents, one, other) for one, other in zip(free, shut, strict=True)]
    return WaysOut(tuple(zip((state.from_s for state in states), starts, strict=True)), residents)


def road_states(net: Net, timetable: Timetable) -> list[RoadState]:
    """Return what a timetable has changed, at the order and at each time at which that changes."""
    states = timetable.hazard_in_steps(_HAZARD_STEP_S).states()
    other_way = _other_way(states)
    edges = {edge: net.getEdge(edge) for edge in map(edge_of, states.lanes) if net.hasEdge(edge)}
    closed: set[str] = set()
    opened: set[str] = set()

    def may_drive(lane: Lane, time_s: float) -> bool:
        of_lane = states.lanes.get(lane.getID())
        if of_lane is None:
            return bool(lane.allows(CAR_CLASS))
        return admits_car(at(of_lane, time_s)) and not any(
            state.from_s <= time_s < state.until_s + _CLEAR_S and admits_car(state.holds)
            for other in other_way.get(lane.getID(), ())
            for state in states.lanes.get(other, ())
        )

    found = []
    for time_s, changing in sorted(_changing(states, other_way).items()):
        for edge in edges.keys() & changing:
            admits = any(may_drive(lane, time_s) for lane in edges[edge].getLanes())
            changed = closed if (normally := edges[edge].allows(CAR_CLASS)) else opened
            if admits == normally:
                changed.discard(edge)
            else:
                changed.add(edge)
        found.append(RoadState(time_s, frozenset(closed), frozenset(opened)))
    return found


def _changing(states: States, other_way: Mapping[str, Sequence[str]]) -> dict[float, set[str]]:
    """Return the edges that may open or close, by when (s): as the plan says, and once the other way has surely left.

    The order is a time of its own, whether or not anything changes then.
    """
    changing: dict[float, set[str]] = defaultdict(set, {0.0: set()})
    for lane, of_lane in states.lanes.items():
        others = other_way.get(lane, ())
        for state in of_lane:
            changing[state.from_s] |= {edge_of(lane), *map(edge_of, others)}
            if lane in other_way and admits_car(state.holds) and state.until_s < math.inf:
                changing[state.until_s + _CLEAR_S] |= set(map(edge_of, others))
    return changing


def _other_way(states: States) -> dict[str, list[str]]:
    """Return, for each lane on asphalt that changes its direction, the lanes of the other direction."""
    found: dict[str, list[str]] = defaultdict(list)
    for item in states.opposed:
        for one, others in ((item.lanes, item.reversed_lanes), (item.reversed_lanes, item.lanes)):
            for lane in one:
                found[lane] += others
    return found
