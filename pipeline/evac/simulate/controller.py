"""Carries out a plan's timetable in a running simulation: lanes that close and open, signals, officers, diversions.

What is carried out are the differences between the timetable's states, never a single action: a lane that one action
closes until another one closes it stays closed. Before its time an action asks and changes nothing, so that everything
up to then is as if it never began.

When lanes close (`edge` or lane permissions, traci `lane.setAllowed`), three groups are told apart:

- who is on them, or has no other way left to any exit, is let through: the vehicle becomes one of SUMO's class
  `authority`, which closed lanes admit (before they close: SUMO 1.28 doesn't look again at the lanes that a vehicle may
  take when its class changes);
- who meant to pass there and is on the way, or waits to get onto a street, gets the quickest way to any exit that is
  left, at once: the closure is announced, and officers stand at the last turn-off;
- who doesn't mean to leave yet finds out when leaving, as with any traffic.

A lane that a hazard closes lets nobody through. Who is on it becomes one of SUMO's class `army`, which it admits, until
off it (`simulate.flight`); who has no other way left drives to a refuge (`simulate.refuges`), or stands before it, also
when the hazard comes. Who waits at home to get onto the very street that closes, or leaves in that second, stays there:
SUMO 1.28 would take him out without a word, so he is taken out here, by name (`at_home`).

SUMO's own closing rerouter doesn't serve: it strands who is past the last turn-off, and drivers routed by travel times
come back to the closed road. Of the routers that prepare a hierarchy, CCH sees lanes close and open, and CH doesn't
(SUMO 1.28).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from traci.connection import Connection

from evac.clock import next_multiple
from evac.demand.routes import exits_of_zones
from evac.network.exits.drive_beyond import DrivesBeyond
from evac.plans.stages import Stages
from evac.plans.timetable import (
    ADMITTED,
    CLEAR_WITHIN_S,
    FLEEING,
    Admits,
    Run,
    State,
    Timetable,
    at,
    edge_of,
    is_timed,
)
from evac.simulate.change_of_stage import ChangeOfStage
from evac.simulate.diversions import Diversions
from evac.simulate.flight import LOOK_AFTER_S, Flight
from evac.simulate.guide import Guide
from evac.simulate.kept_ways import KeptWays
from evac.simulate.lanes import admits_car, is_stricter, vehicles_on
from evac.simulate.officer import LOOK_S, Officer
from evac.simulate.refuges import Refuges
from evac.simulate.ways import ASK_EVERY_S, Ways, waiting, way_ahead, whole_ways, with_ahead, without_way

_EMPTY_EVERY_S = 10.0
"""How often it is checked whether a closed lane is empty."""
_LOOK_AGAIN_S = 2.0
"""How long after a closure it is looked again who is bound for it. SUMO 1.28 gives a vehicle that leaves between two
steps its way in the step before, when it is neither in the network nor waiting; measured: one of 4,000 on Balzers."""


@dataclass
class Controller:
    """A timetable at work.

    Parameters
    ----------
    connection
        The running simulation.
    timetable
        What to do.
    exits
        The last edges of each exit, by name.
    seed
        For drawing who follows a diversion.
    kept
        Gives vehicles other ways.
    coarse
        Whether the simulation is mesoscopic: vehicles are on edges then, not on lanes.
    stages
        Roads that are an edge of the net for each set of their lanes that is open at a time; see `evac.plans.stages`.
    refuges
        Where those go whose last way to any exit a hazard takes; they stand when None.
    drives
        The drives behind the exits, where any takes time: who is sent to another exit reckons with them.
    cars
        Cars that each vehicle stands for.
    leaves
        When vehicles mean to get onto each edge that a hazard may close (s), with their names.
    closed
        Edges that have closed and admit no car now.
    at_home
        Vehicles that waited to get onto a street when a hazard closed it.
    _taken
        Those that a hazard has closed, for good.
    """

    connection: Connection
    timetable: Timetable
    exits: Mapping[str, Sequence[str]]
    seed: int
    kept: KeptWays
    coarse: bool = False
    stages: Stages = field(default_factory=Stages)
    refuges: Refuges | None = None
    drives: DrivesBeyond | None = None
    cars: int = 1
    leaves: Mapping[str, Sequence[tuple[float, str]]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    at_home: set[str] = field(default_factory=set)
    _agenda: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    _officers: dict[str, Officer] = field(default_factory=dict)
    _holds: dict[str, Admits] = field(default_factory=dict)
    _normally: dict[str, tuple[Sequence[str], Sequence[str]]] = field(default_factory=dict)
    _opening: dict[str, tuple[str, Admits]] = field(default_factory=dict)
    _shut_since_s: dict[str, float] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _again: dict[float, list[tuple[str, set[str], tuple[str, ...]]]] = field(default_factory=partial(defaultdict, list))
    _flight: Flight = field(init=False)
    _guide: Guide = field(init=False)
    _ways: Ways = field(init=False)
    _changing: ChangeOfStage = field(init=False)
    _diversions: Diversions = field(init=False)

    def __post_init__(self) -> None:
        """Set the agenda, and the signals as they are at the order."""
        states = self.timetable.states()
        self._states = states
        self._flight = Flight(self.connection)
        self._guide = Guide(self.connection, self.kept, self.exits, self.refuges, self.drives)
        self._changing = ChangeOfStage(self.connection, self.kept)
        last = {edge for edges in self.exits.values() for edge in edges}
        self._diversions = Diversions(self.connection, self.kept, states.approaches, last, self.seed, self.coarse)
        self._timed = {lane: of_lane for lane, of_lane in states.lanes.items() if is_timed(of_lane)}
        may_close = set(map(edge_of, self._timed))
        self._ways = Ways(self.connection, may_close, self.kept.given, ASK_EVERY_S if self.coarse else 1.0)
        self._holds = {lane: ADMITTED if lane in states.normally_closed else None for lane in self._timed}
        changing: dict[float, list[str]] = defaultdict(list)
        for lane, of_lane in self._timed.items():
            for since in of_lane:
                changing[since.from_s].append(lane)
        for time_s, lanes in changing.items():
            self._at(time_s, partial(self._change_lanes, time_s, lanes))
        for tls, of_signal in states.signals.items():
            self.connection.trafficlight.setProgram(tls, states.normal_programs[tls])
            for before, state in pairwise([None, *of_signal]):
                if state is not None and (before is not None or state.actions):
                    self._at(state.from_s, partial(self._switch, tls, before, state))
        self._agenda.sort(key=lambda entry: entry[:2])

    def next_s(self, now_s: float) -> float:
        """Return when `act` has to be called next (simulated s); infinite when never."""
        times = [self._diversions.next_s(now_s), *(time_s for time_s, *_ in self._agenda[:1])]
        if self._officers:
            times.append(next_multiple(now_s, LOOK_S))
        if self._opening:
            times.append(next_multiple(now_s, _EMPTY_EVERY_S))
        if self._flight.fleeing or self._changing.leaving or self.kept.is_any:
            times.append(next_multiple(now_s, LOOK_AFTER_S))
        return min(times)

    @property
    def turned_round(self) -> set[str]:
        """Vehicles that roads closed by a hazard have sent another way."""
        return self._guide.turned_round

    @property
    def has_plans(self) -> bool:
        """Whether anything of the timetable is still to begin or to end: who stands now may go then."""
        return bool(self._agenda or self._opening)

    def act(self, now_s: float) -> None:
        """Do what is due."""
        while self._agenda and self._agenda[0][0] <= now_s:
            self._agenda.pop(0)[2](now_s)
        for officer in self._officers.values():
            if now_s % LOOK_S == 0:
                officer.act(now_s)
        self._open_what_is_empty(now_s)
        if now_s % LOOK_AFTER_S == 0:
            self._look_after_the_fleeing()
            self._tell_of_what_closed(self.kept.release())
            self._changing.look_after(self._over(now_s))
        self._diversions.act(now_s)

    def _at(self, time_s: float, do: Callable[[float], None]) -> None:
        self._agenda.append((time_s, len(self._agenda), do))

    def _tell(self, now_s: float, label: str, what: str, **counts: int) -> None:
        self.events.append({"time_s": now_s, "action": label, "what": what, **counts})

    def _change_lanes(self, time_s: float, lanes: Sequence[str], now_s: float) -> None:
        """Close and open the lanes whose states change at a time; those on asphalt that isn't empty yet open later."""
        closing: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
        for lane in lanes:
            now, label = at(self._timed[lane], time_s), _who(self._timed[lane], time_s)
            self._opening.pop(lane, None)
            # A lane closes at its time, whoever is on it; it opens once it is empty.
            if is_stricter(now, self._holds[lane]):
                closing[label, now or ()].append(lane)
            elif now != self._holds[lane]:
                self._opening[lane] = label, now
        if replaced := self.stages.replaced(time_s):
            self._open_what_is_empty(now_s)
            bound = with_ahead(self.connection, whole_ways(self.connection), replaced)
            self._changing.move_over(bound, replaced)
        self._close(closing, now_s)
        self._open_what_is_empty(now_s)

    def _close(self, groups: Mapping[tuple[str, tuple[str, ...]], Sequence[str]], now_s: float) -> None:
        """Close lanes, each group to all but some; then send those elsewhere who can go there, whatever closes."""
        together = [lane for lanes in groups.values() for lane in lanes]
        closed: list[tuple[str, tuple[str, ...], set[str], set[str], dict[str, str]]] = []
        has_looked = False
        for (label, admitted), lanes in sorted(groups.items()):
            on_lanes = {vehicle for lane in lanes for vehicle in self._on(lane)}
            edges = self._closed_with(lanes, together)
            if edges and not has_looked:
                self._ways.look(now_s)
                has_looked = True
            at_home = self._keep_at_home(edges, now_s) if admitted == (FLEEING,) else set()
            bound = self._ways.bound_for(edges)
            on_lanes |= self._flight.about_to_enter(bound, edges) if admitted == (FLEEING,) else set()
            classes = self._guide.classes(on_lanes | bound, but=admitted)
            closed.append((label, admitted, on_lanes, edges, classes))
            if at_home:
                self._tell(now_s, label, "kept at home", vehicles=len(at_home))
            # Before the lanes close: SUMO lets a car stand on a lane that doesn't admit its class any more.
            if admitted == (FLEEING,):
                here = {vehicle: vclass for vehicle, vclass in classes.items() if vehicle in on_lanes}
                self._flight.begin(here, self._taken)
            else:
                self._guide.let_through(classes)
        for (_, admitted), lanes in sorted(groups.items()):
            for lane in lanes:
                self._set(lane, admitted)
                self._shut_since_s[lane] = now_s
        gone = {edge for _, _, _, edges, _ in closed for edge in edges}
        self.closed |= gone
        for label, admitted, on_lanes, _, classes in closed:
            coming = {vehicle: vclass for vehicle, vclass in classes.items() if vehicle not in on_lanes}
            sent = self._guide.send_elsewhere(coming, gone, fleeing=admitted == (FLEEING,))
            self._tell(now_s, label, "closed", on_it=len(on_lanes), **_counts(len(sent), len(coming), admitted))
        again = [(label, edges, admitted) for label, admitted, _, edges, _ in closed if edges]
        again_s = now_s + _LOOK_AGAIN_S
        for at_s in (again_s, next_multiple(again_s, ASK_EVERY_S)) if self.coarse else (again_s,):
            if again and not self._again[at_s]:
                self._at(at_s, partial(self._look_again, at_s))
            self._again[at_s] += again
        self._agenda.sort(key=lambda entry: entry[:2])

    def _keep_at_home(self, edges: Collection[str], now_s: float) -> set[str]:
        """Take those out who wait to get onto a street that a hazard closes, or would do so in the next step."""
        bound = self._ways.bound_for(edges)
        waits = bound.intersection(waiting(self.connection)) if bound else ()
        kept = {name for name in waits if way_ahead(self.connection, name)[0] in edges}
        leaving = (item for edge in edges for item in self.leaves.get(edge, ()))
        kept |= {name for leaves_s, name in leaving if now_s - 1.0 < leaves_s <= now_s}
        for vehicle in kept:
            self.connection.vehicle.remove(vehicle)
        self._ways.forget(kept)
        self.at_home |= kept
        return kept

    def _look_again(self, again_s: float, now_s: float) -> None:
        """Send elsewhere who got a way over a closed road without being seen when it closed."""
        still = [
            (label, {edge for edge in edges if self._closed_with([f"{edge}_0"], ())}, admitted)
            for label, edges, admitted in self._again.pop(again_s)
        ]
        if any(closed for _, closed, _ in still):
            self._ways.look(now_s)
        for label, closed, admitted in still:
            classes = self._guide.classes(self._ways.bound_for(closed), but=admitted)
            if admitted != (FLEEING,):
                self._guide.let_through(classes)
            if classes:
                sent = self._guide.send_elsewhere(classes, closed, fleeing=admitted == (FLEEING,))
                self._tell(now_s, label, "looked again", **_counts(len(sent), len(classes), admitted))

    def let_out(self, vehicle: str) -> None:
        """Let a vehicle without another way off a road that has closed, or onto one that a plan, no hazard, closes."""
        taken, ahead = self._taken, way_ahead(self.connection, vehicle)
        if ahead[0] in taken:
            self._flight.begin({vehicle: self.connection.vehicle.getVehicleClass(vehicle)}, taken)
        elif taken.isdisjoint(ahead):
            self._guide.let_through([vehicle])

    def _look_after_the_fleeing(self) -> None:
        """Let those who are off the roads that a hazard has closed drive by the rules again, another way if need be."""
        if not self._flight.fleeing:
            return  # who is there needn't be asked
        shut = self._taken
        for vehicle, vclass in self._flight.escaped(shut).items():
            if shut.isdisjoint(way_ahead(self.connection, vehicle)):
                self._flight.end(vehicle)
            elif self._guide.send_elsewhere({vehicle: vclass}, shut, fleeing=True):
                self._flight.forget(vehicle)

    def _tell_of_what_closed(self, vehicles: Collection[str]) -> None:
        """Send those elsewhere who kept a way over a road that a hazard has closed since, and are on another one."""
        bound = with_ahead(self.connection, vehicles, self._taken)
        classes = self._guide.classes(bound, but=(FLEEING,))
        self._guide.send_elsewhere(classes, self._taken, fleeing=True)

    def _over(self, now_s: float) -> dict[str, str]:
        """Return the edges of stages that are over, with the edge of the same road that is open instead of each."""
        roads = self.stages.roads
        return {edge: self.stages.at(roads[edge], now_s) for edge in roads if self._holds[f"{edge}_0"] == ADMITTED}

    def _open_what_is_empty(self, now_s: float) -> None:
        """Open lanes that are to open, but those whose asphalt the other direction still has."""
        if not self._opening:
            return
        taken: set[str] = set()
        for item in self._states.opposed:
            for one, other in ((item.lanes, item.reversed_lanes), (item.reversed_lanes, item.lanes)):
                if not set(one).isdisjoint(self._opening) and not self._is_clear(other, now_s):
                    taken.update(one)
        opened: dict[tuple[str, str], None] = {}
        for lane in [lane for lane in self._opening if lane not in taken]:
            label, holds = self._opening.pop(lane)
            self._set(lane, holds)
            opened[label, "opened" if lane in self._states.normally_closed else "opened again"] = None
        for label, what in opened:
            self._tell(now_s, label, what)
        if opened and self.coarse:
            self._lead_who_had_no_way()

    def _lead_who_had_no_way(self) -> None:
        """Give who had no way from the street where it begins the one that has opened."""
        zones = exits_of_zones(self.exits)
        ask = self.connection.vehicle
        ways: dict[tuple[str, str, str], tuple[str, ...]] = {}
        for vehicle, (start, zone) in without_way(whole_ways(self.connection)).items():
            key = start, str(ask.getVehicleClass(vehicle)), zone
            if key not in ways:
                ways[key] = self._guide.way_out(*key[:2], zones.get(zone, ()))
            if ways[key]:
                self.kept.give(vehicle, ways[key])

    def _is_clear(self, lanes: Iterable[str], now_s: float) -> bool:
        """Return whether lanes are closed, and nobody is on them, or they have been for as long as that may take.

        Those that are closed from the order to the end are clear: nobody ever was on them, or the net lacks them.
        """
        return all(
            self._holds[lane] is not None
            and (not self._on(lane) or now_s - self._shut_since_s.get(lane, now_s) >= CLEAR_WITHIN_S)
            for lane in lanes
            if lane in self._timed
        )

    def _on(self, lane: str) -> tuple[str, ...]:
        return vehicles_on(self.connection, lane, by_edge=self.coarse)

    def _set(self, lane: str, admits: Admits) -> None:
        """Let these vehicle classes use a lane, or, when None, those that normally may."""
        ask = self.connection.lane
        allowed, disallowed = ask.getAllowed(lane), ask.getDisallowed(lane)
        normally = ((), ()) if lane in self._states.normally_closed else (allowed, disallowed)
        allowed, disallowed = self._normally.setdefault(lane, normally)
        if admits is not None or allowed:
            ask.setAllowed(lane, list(allowed if admits is None else admits))
        else:
            ask.setDisallowed(lane, list(disallowed))  # an empty list of `setAllowed` would admit nobody
        self._holds[lane] = admits
        if admits is None:
            self.closed.discard(edge_of(lane))
        elif admits == (FLEEING,):
            self._taken.add(edge_of(lane))

    def _switch(self, tls: str, before: State[Run] | None, state: State[Run], now_s: float) -> None:
        self._officers.pop(tls, None)
        self.connection.trafficlight.setProgram(tls, state.holds.program)
        if state.holds.officer:
            self._officers[tls] = Officer(self.connection, tls, state.holds.program, coarse=self.coarse, cars=self.cars)
        what = "officer on duty" if state.holds.officer else "signal switched"
        if not state.actions and before is not None:
            self._tell(now_s, "; ".join(before.actions), "signal as normal")
        else:
            self._tell(now_s, "; ".join(state.actions), what)

    def _closed_with(self, lanes: Iterable[str], closing: Iterable[str]) -> set[str]:
        """Return the edges of lanes that admit no car any more when others close too."""
        return {
            edge
            for edge in map(edge_of, lanes)
            if not any(
                admits_car(self.connection, lane)
                for number in range(self.connection.edge.getLaneNumber(edge))
                if (lane := f"{edge}_{number}") not in closing
            )
        }


def _who(of_lane: Sequence[State[Admits]], time_s: float) -> str:
    """Return the actions that begin or end at a time, or else those that hold."""
    now = next(state for state in reversed(of_lane) if state.from_s <= time_s)
    before = {action for state in of_lane if state.until_s == now.from_s for action in state.actions}
    return "; ".join(sorted(before ^ set(now.actions) or now.actions))


def _counts(sent: int, bound: int, admitted: Sequence[str]) -> dict[str, int]:
    """Return what became of those bound for a road that closes: before a hazard, who has no other way stands."""
    return {"sent_elsewhere": sent, "held" if admitted == (FLEEING,) else "let_through": bound - sent}
