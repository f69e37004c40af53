"""The roads and movements of a net as a flow sees them: who may pass, how fast, and how many an hour."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from weakref import WeakKeyDictionary

from sumolib.net import Net
from sumolib.net.connection import Connection
from sumolib.net.edge import Edge
from sumolib.net.lane import Lane

from evac.demand.drivers import Profile
from evac.limits.fleeing import Lanes, Window, closing, fled_over, is_open, standing
from evac.limits.passing import Changing, Cyclic, Gate, lane_limit_veh_per_h
from evac.limits.signals import SignalProgram
from evac.plans.timetable import Admits, Run, State, States, admits_drivers
from evac.sumo import CAR_CLASS, RESIDENT_CLASS


@dataclass(frozen=True)
class Drivers:
    """How drivers drive, as far as it bounds what roads pass.

    Parameters
    ----------
    profile, capacity_factor
        As the vehicles of the run have them.
    fastest
        The highest desired speed of any vehicle, over the speed limit.
    """

    profile: Profile
    capacity_factor: float
    fastest: float

    def lane_veh_per_h(self, speed_mps: float) -> float:
        """Return the most vehicles an hour that a lane passes."""
        return lane_limit_veh_per_h(speed_mps, self.profile, self.capacity_factor)


@dataclass(frozen=True)
class Road:
    """An edge of the net that cars may drive at some time.

    Parameters
    ----------
    edge
        Its id.
    start, end
        The junctions that it joins.
    time_s
        The shortest that anybody drives from start to end.
    lanes
        How many lanes are open at some time.
    veh_per_h
        The most that pass its end.
    gate
        The same where it changes with time; None where it doesn't.
    """

    edge: str
    start: str
    end: str
    time_s: float
    lanes: int
    veh_per_h: float
    gate: Changing | None = None


@dataclass(frozen=True)
class Turn:
    """A movement from a road into another: the most that pass, and when, where a signal says it."""

    origin: str
    target: str
    veh_per_h: float
    gate: Gate | None = None
    signalled: bool = False


@dataclass(frozen=True)
class Rules:
    """What holds on the roads beside what the net says.

    Parameters
    ----------
    states
        What a plan changes, and when.
    programs
        The signals' programs by signal and program id; signals hold nobody up when empty.
    keep_open
        Edges whose closing is left out, because some of those behind it are let through.
    for_residents
        Lanes that a plan closes to through traffic only.
    """

    states: States = field(default_factory=lambda: States({}, {}, {}, {}, {}))
    programs: Mapping[tuple[str, str], SignalProgram] = field(default_factory=dict)
    keep_open: Collection[str] = ()
    for_residents: Collection[str] = ()


@dataclass(frozen=True)
class Streets:
    """What a flow sees of a net: its roads by their edges, and the movements between them."""

    roads: Mapping[str, Road]
    turns: Sequence[Turn]


def streets_of(net: Net, drivers: Drivers, rules: Rules) -> Streets:
    """Return what a flow sees of a net.

    The runs of a plan differ in how fast the fastest of their drivers is, and mostly in nothing else that counts here:
    so the last few nets and rules stay known.
    """
    found = _at_the_limit(net, replace(drivers, fastest=1.0), rules)
    roads = {edge: replace(road, time_s=road.time_s / drivers.fastest) for edge, road in found.roads.items()}
    return replace(found, roads=roads)


_KNOWN: WeakKeyDictionary[Net, deque[tuple[Drivers, Rules, Streets]]] = WeakKeyDictionary()
_FEW = 4
"""How many stay known of a net: as built, with its signals, and under its plan with signals and without."""
_ONE_AT_A_TIME = Lock()  # two runs side by side begin with the same


def _at_the_limit(net: Net, drivers: Drivers, rules: Rules) -> Streets:
    with _ONE_AT_A_TIME:
        known = _KNOWN.setdefault(net, deque(maxlen=_FEW))
        for drivers_then, rules_then, streets in known:
            if (drivers_then, rules_then) == (drivers, rules):
                return streets
        roads = {road.edge: road for road in _roads_of(net, drivers, rules)}
        streets = Streets(roads, _turns_of(net, roads, drivers, rules))
        known.append((drivers, rules, streets))
        return streets


def _roads_of(net: Net, drivers: Drivers, rules: Rules) -> list[Road]:
    edges = net.getEdges(withInternal=False)
    fled = _fled_over(edges, drivers, rules)
    found = (_road(edge, drivers, rules, fled.get(edge.getID())) for edge in edges)
    return [road for road in found if road is not None]


def _fled_over(edges: Sequence[Edge], drivers: Drivers, rules: Rules) -> dict[str, list[Window]]:
    """Return when people flee over each road whose lanes close or open at some time, though it is closed."""
    lanes = {edge: _lanes_of(edge, rules) for edge in edges if edge.getID() not in rules.keep_open}
    timed = {edge: found for edge, found in lanes.items() if any(len(states) > 1 for states in found)}
    if not timed:
        return {}
    limits_mps = [_fastest_limit_mps(lane, rules) for edge in timed for lane in edge.getLanes()]
    return fled_over(timed, min(map(drivers.lane_veh_per_h, limits_mps)), min(limits_mps))


def lane_limits(net: Net, drivers: Drivers, rules: Rules) -> dict[str, float]:
    """Return the most vehicles an hour that each lane passes, at the highest speed limit that it ever has."""
    lanes = [lane for edge in net.getEdges(withInternal=False) for lane in edge.getLanes()]
    return {lane.getID(): drivers.lane_veh_per_h(_fastest_limit_mps(lane, rules)) for lane in lanes}


def _turns_of(net: Net, roads: Mapping[str, Road], drivers: Drivers, rules: Rules) -> list[Turn]:
    rates = {
        lane: drivers.lane_veh_per_h(_fastest_limit_mps(lane, rules))
        for road in roads
        for lane in net.getEdge(road).getLanes()
        if _states_of(lane, rules) is not None
    }
    found = []
    for road in roads.values():
        for target, links in net.getEdge(road.edge).getOutgoing().items():
            if target.getID() in roads:
                open_links = [link for link in links if all(lane in rates for lane in _both(link))]
                if open_links:
                    found.append(_turn(road, roads[target.getID()], open_links, rates, rules))
    return found


def _road(edge: Edge, drivers: Drivers, rules: Rules, fled: Sequence[Window] | None) -> Road | None:
    """Return an edge as a road, None where no car ever may drive; `fled` is None where no lane closes or opens."""
    lanes = [(lane, states) for lane in edge.getLanes() if (states := _states_of(lane, rules)) is not None]
    if not lanes:
        return None
    speeds_mps = [_fastest_limit_mps(lane, rules) for lane, _ in lanes]
    rates = [drivers.lane_veh_per_h(speed_mps) for speed_mps in speeds_mps]
    time_s = edge.getLength() / (max(speeds_mps) * drivers.fastest)
    gate = None if fled is None else _gate(edge, [states for _, states in lanes], rates, fled)
    ends = edge.getFromNode().getID(), edge.getToNode().getID()
    return Road(edge.getID(), *ends, time_s, len(lanes), sum(rates), gate)


_ALWAYS: Sequence[State[Admits]] = (State(0.0, math.inf, None, ()),)


def _states_of(lane: Lane, rules: Rules) -> Sequence[State[Admits]] | None:
    """Return when who may use a lane; None where no car ever may."""
    states = rules.states.lanes.get(lane.getID())
    if states is None or lane.getID() in rules.for_residents:
        return _ALWAYS if states is not None or lane.allows(CAR_CLASS) or lane.allows(RESIDENT_CLASS) else None
    return states if any(admits_drivers(state.holds) for state in states) else None


def _fastest_limit_mps(lane: Lane, rules: Rules) -> float:
    limits = [state.holds for state in rules.states.limits.get(lane.getID(), ())]
    return max([float(lane.getSpeed()), *(limit for limit in limits if limit is not None)])


def _lanes_of(edge: Edge, rules: Rules) -> list[Sequence[State[Admits]]]:
    return [states for lane in edge.getLanes() if (states := _states_of(lane, rules)) is not None]


def _gate(edge: Edge, lanes: Lanes, rates: Sequence[float], fled: Sequence[Window]) -> Changing:
    """Return the rate of a road whose lanes close and open, and over which people flee while they are closed."""
    changes = {state.from_s for states in lanes for state in states}
    times_s = sorted(changes | {time_s for window in fled for time_s in window})
    veh_per_h, at_once = [], []
    before = ever = [False] * len(lanes)
    for time_s in times_s:
        now = [is_open(states, time_s) for states in lanes]
        ever = [a or b for a, b in zip(ever, now, strict=True)]
        passing = ever if any(from_s <= time_s < until_s for from_s, until_s in fled) else now
        veh_per_h.append(sum(rate for rate, passes in zip(rates, passing, strict=True) if passes))
        at_once.append(standing(edge, closing(before, now)))
        before = now
    return Changing(times_s, veh_per_h, at_once)


def _turn(origin: Road, target: Road, links: Sequence[Connection], rates: Mapping[Lane, float], rules: Rules) -> Turn:
    from_lanes, to_lanes = ({lanes[end] for lanes in map(_both, links)} for end in (0, 1))
    lanes = min(len(from_lanes), len(to_lanes))
    a_lane = max(rates[lane] for lane in from_lanes | to_lanes)
    veh_per_h = lanes * a_lane
    green = _green(links, veh_per_h, rules) if rules.programs else veh_per_h
    signalled = green != veh_per_h
    if isinstance(green, Cyclic):
        return Turn(origin.edge, target.edge, veh_per_h, green, signalled)
    return Turn(origin.edge, target.edge, green, None, signalled)


def _both(link: Connection) -> tuple[Lane, Lane]:
    return link.getFromLane(), link.getToLane()


def _green(links: Sequence[Connection], veh_per_h: float, rules: Rules) -> float | Cyclic:
    """Return what a signal lets pass: the most that any program does which it runs at some time."""
    signal = links[0].getTLSID()
    if not signal or any(link.getTLSID() != signal for link in links):
        return veh_per_h
    numbers = [link.getTLLinkIndex() for link in links]
    states = rules.states.signals.get(signal)
    if states is None:
        own = [program for (tls, _), program in rules.programs.items() if tls == signal]
        return own[0].green(numbers, veh_per_h) if len(own) == 1 else veh_per_h
    return max(_green_under(state.holds, signal, numbers, veh_per_h, rules) for state in states)


def _green_under(run: Run, signal: str, numbers: Sequence[int], veh_per_h: float, rules: Rules) -> float:
    program = rules.programs.get((signal, run.program))
    if run.officer or program is None:
        return veh_per_h  # an officer may keep any stage for as long as it takes
    # When a program is switched on during a run, its cycle begins anywhere.
    green = SignalProgram(program.phases, 0.0, is_fixed=False).green(numbers, veh_per_h)
    return green if isinstance(green, float) else veh_per_h
