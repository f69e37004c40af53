"""The bound for one set of roads: the curve, and the lanes that make it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sumolib.net import Net

from evac import clock
from evac.demand.routes import leaves_s
from evac.limits.curve import Expanded, first_horizon, flows_by_horizon, maximum_flow
from evac.limits.dead_ends import without_dead_ends
from evac.limits.expand import STEP_S, Supplies, expanded, supplies_of
from evac.limits.graph import SINK, Graph, directed_graph, undirected_graph
from evac.limits.no_queue import come_by_step, nobody_waits
from evac.limits.roads import Drivers, Road, Rules, streets_of
from evac.network.exits import ResolvedExit
from evac.overlay import TWIN_EXIT_M

_COARSE = 10  # steps that the first look at how long it takes puts together
_WEEK = 7 * 24 * 60

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Bound:
    """The most planned vehicles that can be out at each minute.

    Parameters
    ----------
    planned
        All planned vehicles, with those that have no way out.
    out
        Vehicles out by each minute after the order, from 0; the last value holds for ever.
    """

    planned: int
    out: Integers

    def earliest_s(self, percent: float) -> float | None:
        """Return the time before which a share of the planned vehicles can't be out (s); None where it never can."""
        needed = math.ceil(self.planned * percent / 100)
        if self.planned == 0 or needed > self.out[-1]:
            return None
        return _begin_s(int(np.searchsorted(self.out, needed)))

    def with_that_of(self, other: Bound) -> Bound:
        """Return what holds where another bound holds as well: the lower at each minute."""
        minute = np.arange(max(len(self.out), len(other.out)))
        return Bound(self.planned, np.minimum(self.by(minute), other.by(minute)))

    def by(self, minute: Integers) -> Integers:
        """Return the most vehicles that can be out by each minute."""
        return np.asarray(self.out[np.minimum(minute, len(self.out) - 1)])


@dataclass(frozen=True)
class Holding:
    """A road in the cut: it passes all that it can, and what it passes is part of the bound.

    Parameters
    ----------
    edge
        The net's edge at whose end it is.
    vehicles
        How many it lets pass while it holds others up.
    minutes
        For how long it does.
    """

    edge: str
    vehicles: int
    minutes: int


@dataclass(frozen=True)
class Town:
    """A flow problem: the graph, and where and when cars come onto it."""

    planned: int
    graph: Graph
    to_sink_s: Floats
    supplies: Supplies

    def bound(self) -> Bound:
        """Return the curve that no plan beats on these roads."""
        if not self.supplies.total:
            return Bound(self.planned, np.zeros(1, dtype=np.int64))
        if nobody_waits(self.graph, self.to_sink_s, self.supplies):
            return Bound(self.planned, come_by_step(self.supplies))
        out = np.zeros(1, dtype=np.int64)
        for net, steps in self._ever_longer(self.supplies.total):
            out = flows_by_horizon(net, steps)
            if out[-1] == self.supplies.total:
                break
        return Bound(self.planned, out[: int(np.searchsorted(out, out[-1])) + 1])

    def earliest_s(self, percent: float) -> float | None:
        """Return what `bound().earliest_s(percent)` is, without the rest of the curve."""
        needed = math.ceil(self.planned * percent / 100)
        if self.planned == 0 or needed > self.supplies.total:
            return None
        if nobody_waits(self.graph, self.to_sink_s, self.supplies):
            return _begin_s(int(np.searchsorted(come_by_step(self.supplies), needed)))
        for net, steps in self._ever_longer(needed):
            if maximum_flow(net, steps)[0] >= needed:
                return _begin_s(first_horizon(net, needed, steps))
        return None

    def _ever_longer(self, needed: int) -> Iterator[tuple[Expanded, int]]:
        """Yield the expanded net over as many steps as so many likely take, then over more and more, up to a week."""
        steps = self._enough_steps(needed)
        yield expanded(self.graph, self.to_sink_s, self.supplies, steps)[0], steps
        while steps < _WEEK:
            steps = math.ceil(steps * 1.25)
            yield expanded(self.graph, self.to_sink_s, self.supplies, steps)[0], steps

    def _enough_steps(self, needed: int) -> int:
        """Return a number of steps at the end of which so many are likely out, from a look at long steps."""
        coarse = self.supplies.in_steps_of(_COARSE)
        steps = int(coarse.step.max()) + _COARSE
        while steps * _COARSE < _WEEK:
            net, _ = expanded(self.graph, self.to_sink_s, coarse, steps, STEP_S * _COARSE)
            flows = flows_by_horizon(net, steps)
            if flows[-1] >= needed:
                return int(np.searchsorted(flows, needed) + 1) * _COARSE
            steps *= 2
        return _WEEK

    def cut(self, minute: int) -> list[Holding]:
        """Return the roads that let no more out by a minute, those first that pass most."""
        net, arcs = expanded(self.graph, self.to_sink_s, self.supplies, minute)
        _, inside = maximum_flow(net, minute)
        crossing = inside[net.tail] & ~inside[net.head] & (arcs >= 0)
        passes: dict[int, list[int]] = defaultdict(list)
        for arc, vehicles in zip(arcs[crossing].tolist(), net.capacity[crossing].tolist(), strict=True):
            passes[arc].append(vehicles)
        found = [Holding(self._road(arc), sum(vehicles), len(vehicles)) for arc, vehicles in passes.items()]
        return sorted(found, key=lambda item: (-item.vehicles, item.edge))

    def minute_of(self, vehicles: int, latest: int) -> int:
        """Return the first minute by which that many can be out, where `latest` is one by which they can."""
        net, _ = expanded(self.graph, self.to_sink_s, self.supplies, latest)
        return first_horizon(net, vehicles, latest)

    def with_lane(self, edges: Collection[str], veh_per_h: float) -> Town:
        """Return the same with one lane more on each of some edges, and on the quickest way on from them out."""
        wider = {number for number, road in enumerate(self.graph.roads) if road in edges}
        for head in {int(self.graph.head[arc]) for arc in wider}:
            wider.update(self._way_out(head))
        starts, ends = (set(part[list(wider)].tolist()) for part in (self.graph.tail, self.graph.head))
        ways = zip(self.graph.tail.tolist(), self.graph.head.tolist(), self.graph.roads, strict=True)
        turns = {n for n, (tail, head, road) in enumerate(ways) if not road and tail in ends and head in starts}
        more = self.graph.veh_per_h.copy()
        more[sorted(wider | turns)] += veh_per_h
        return replace(self, graph=replace(self.graph, veh_per_h=more))

    def _way_out(self, vertex: int) -> list[int]:
        """Return the arcs of the quickest way from a vertex, up to an exit line."""
        after_s = self.graph.time_s + self.to_sink_s[self.graph.head]
        way: list[int] = []
        while vertex != SINK:
            onward = np.flatnonzero(self.graph.tail == vertex)
            arc = int(onward[np.argmin(after_s[onward])])
            if not self.graph.roads[arc] and self.graph.head[arc] == SINK:
                return way  # an exit that takes only so many vehicles, however many lanes lead there
            way.append(arc)
            vertex = int(self.graph.head[arc])
        return way

    def _road(self, arc: int) -> str:
        """Return the road whose end an arc stands for: that before it, where it is a turn or an exit line."""
        if self.graph.roads[arc]:
            return self.graph.roads[arc]
        before = np.flatnonzero(
            (self.graph.head == self.graph.tail[arc]) & np.array([bool(x) for x in self.graph.roads])
        )
        return self.graph.roads[int(before[np.argmax(self.graph.veh_per_h[before])])] if len(before) else ""


def _begin_s(minute: int) -> float:
    """Return when a minute begins (s): what can be out by minute 52 can't before minute 51 has passed."""
    return max(0.0, (minute - 1) * STEP_S)


def town_of(
    net: Net,
    exits: Sequence[ResolvedExit],
    vehicles: pd.DataFrame,
    drivers: Drivers,
    rules: Rules,
    *,
    either_way: bool = False,
) -> Town:
    """Return the flow problem of a net as it is driven.

    Parameters
    ----------
    net, exits
        The net, and the exits on it.
    vehicles
        The demand's table (`demand.build_demand`).
    drivers, rules
        How people drive, and what holds on the roads.
    either_way
        Whether cars may leave home in the other direction of their road as well, as they might under another plan.
    """
    streets, going = streets_of(net, drivers, rules), _going(vehicles)
    roads = streets.roads
    graph = directed_graph(roads, streets.turns, exits, _busy(going, roads), turn_round=either_way)
    return _town(net, vehicles, going, roads, graph, either_way=either_way)


def reversible_town_of(net: Net, exits: Sequence[ResolvedExit], vehicles: pd.DataFrame, drivers: Drivers) -> Town:
    """Return the flow problem in which every lane may lead either way; see `undirected_graph`."""
    roads, going = streets_of(net, drivers, Rules()).roads, _going(vehicles)
    graph = undirected_graph(roads, exits, _busy(going, roads), _inbound(net, roads, exits))
    return _town(net, vehicles, going, roads, graph, either_way=True)


def fastest_of(vehicles: pd.DataFrame) -> float:
    """Return the highest desired speed of any vehicle, over the speed limit."""
    return float(vehicles["speed_factor"].max()) if len(vehicles) else 1.0


def _going(vehicles: pd.DataFrame) -> pd.DataFrame:
    """Return where and when planned vehicles are on their way out: `edge`, `pos_m`, `time_s`.

    One that goes on an errand first is on its way from there, no sooner than after its stop.
    """
    going = vehicles[vehicles["ordered"] & (vehicles["status"] == "planned")]
    stops = going["errand"].notna()
    return pd.DataFrame(
        {
            "edge": going["edge"].where(~stops, going["stop_edge"]).astype(str),
            "pos_m": going["pos_m"].where(~stops, going["stop_pos_m"]).astype(float),
            "time_s": leaves_s(going) + going["stop_s"].where(stops, 0.0).astype(float),
        }
    )


def _busy(going: pd.DataFrame, roads: Mapping[str, Road]) -> frozenset[str]:
    cars = going["edge"].value_counts().to_dict()
    return frozenset(edge for edge, road in roads.items() if cars.get(edge, 0) > road.veh_per_h / clock.HOUR_MIN)


def _town(
    net: Net, vehicles: pd.DataFrame, going: pd.DataFrame, roads: Mapping[str, Road], graph: Graph, *, either_way: bool
) -> Town:
    to_sink_s = graph.to_sink_s()
    length_m = {edge: net.getEdge(edge).getLength() for edge in going["edge"].unique()}
    done = going["pos_m"] / going["edge"].map(length_m).astype(float)
    left = pd.concat([1.0 - done, done], axis=1).min(axis=1) if either_way else 1.0 - done  # to the nearer end
    time_s = {edge: road.time_s for edge, road in roads.items()}
    at_end_s = going["time_s"] + left.clip(0.0, 1.0) * going["edge"].map(time_s).astype(float).fillna(0.0)
    supplies = supplies_of(graph, to_sink_s, going["edge"].tolist(), at_end_s.to_numpy())
    return Town(int(vehicles["ordered"].sum()), *without_dead_ends(graph, to_sink_s, supplies))


def _inbound(net: Net, roads: Collection[str], exits: Sequence[ResolvedExit]) -> dict[str, ResolvedExit]:
    """Return the roads that come onto the map beside an exit: the other roadway of the road that leads out."""
    spots = [(item, net.convertLonLat2XY(item.lon, item.lat)) for item in exits]
    found = {}
    for name in roads:
        edge = net.getEdge(name)
        if edge.getFromNode().getIncoming():
            continue
        x, y = edge.getFromNode().getCoord()[:2]
        apart_m, number = min((math.hypot(x - at[0], y - at[1]), number) for number, (_, at) in enumerate(spots))
        if apart_m <= TWIN_EXIT_M:
            found[name] = spots[number][0]
    return found
