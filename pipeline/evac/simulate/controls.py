"""Carries out a plan's timetable in a running simulation: lanes that close and open, signals, officers, diversions.

Before its time an action asks and changes nothing, so that everything up to then is as if it never began.

When lanes close (`edge` or lane permissions, traci `lane.setAllowed`), three groups are told apart:

- who is on them, or has no other way left to any exit, is let through: the vehicle becomes one of SUMO's class
  `authority`, which closed lanes admit (before they close: SUMO 1.28 doesn't look again at the lanes that a vehicle may
  take when its class changes);
- who meant to pass there and is on the way, or waits to get onto a street, gets the quickest way to any exit that is
  left, at once: the closure is announced, and officers stand at the last turn-off;
- who doesn't mean to leave yet finds out when leaving, as with any traffic.

SUMO's own closing rerouter doesn't serve: it strands who is past the last turn-off, and drivers routed by travel times
come back to the closed road. Of the routers that prepare a hierarchy, CCH sees lanes close and open, and CH doesn't
(SUMO 1.28).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from traci.connection import Connection
from traci.exceptions import TraCIException

from evac.demand.draws import uniform
from evac.demand.drivers import CAR_CLASS, RESIDENT_CLASS
from evac.demand.routes import vehicle_type
from evac.plans.timetable import Diversion, Reversal, SignalSwitch, Timetable, edge_of
from evac.simulate.officer import LOOK_S, Officer

DIVERT_EVERY_S = 1.0
"""How often the vehicles on an approach are looked at: none passes a road of 20 m unseen."""
EMPTY_EVERY_S = 10.0
"""How often it is checked whether a closed lane is empty."""
LOOK_AGAIN_S = 2.0
"""How long after a closure it is looked again who is bound for it. SUMO 1.28 gives a vehicle that leaves between two
steps its way in the step before, when it is neither in the network nor waiting; measured: one of 4,000 on Balzers."""
_ADMITTED = ["emergency", "authority", "army"]
_LET_THROUGH = "authority"


@dataclass
class _Turning:
    """A reversal on its way: `closing` until its lanes are empty, then `open`, and back."""

    item: Reversal
    state: str = "normal"


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
    """

    connection: Connection
    timetable: Timetable
    exits: Mapping[str, Sequence[str]]
    seed: int
    events: list[dict[str, Any]] = field(default_factory=list)
    _agenda: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    _officers: dict[str, Officer] = field(default_factory=dict)
    _turning: list[_Turning] = field(default_factory=list)
    _led: set[str] = field(default_factory=set)
    _normally: dict[str, list[str]] = field(default_factory=dict)
    _shut: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Set the agenda, and the signals as they are at the order."""
        for closing in self.timetable.closings:
            self._at(closing.at_s, partial(self._close, closing.label, closing.lanes, residents=closing.residents))
            self._at(closing.until_s, partial(self._restore, closing.label, closing.lanes))
        for opening in self.timetable.openings:
            self._at(opening.at_s, partial(self._open, opening.label, opening.lanes))
            self._at(opening.until_s, partial(self._close, opening.label, opening.lanes))
        for item in self.timetable.reversals:
            turning = _Turning(item)
            self._turning.append(turning)
            self._at(item.begin_s, partial(self._begin_reversal, turning))
            self._at(item.until_s, partial(self._end_reversal, turning))
        for switch in self.timetable.signals:
            self.connection.trafficlight.setProgram(switch.tls, switch.normal)
            self._at(switch.at_s, partial(self._switch, switch))
            self._at(switch.until_s, partial(self._switch_back, switch))
        self._agenda.sort(key=lambda entry: entry[:2])

    def next_s(self, now_s: float) -> float:
        """Return when `act` has to be called next (simulated s); infinite when never."""
        times = [time_s for time_s, *_ in self._agenda[:1]]
        if self._officers:
            times.append(_next_multiple(now_s, LOOK_S))
        if any(item.state in ("closing", "returning") for item in self._turning):
            times.append(_next_multiple(now_s, EMPTY_EVERY_S))
        times += [_next_multiple(now_s, DIVERT_EVERY_S) for _ in self._diverting(now_s)][:1]
        times += [item.at_s for item in self.timetable.diversions if item.at_s > now_s]
        return min(times, default=float("inf"))

    @property
    def has_plans(self) -> bool:
        """Whether anything of the timetable is still to begin or to end: who stands now may go then."""
        return bool(self._agenda)

    def act(self, now_s: float) -> None:
        """Do what is due."""
        while self._agenda and self._agenda[0][0] <= now_s:
            self._agenda.pop(0)[2](now_s)
        for officer in self._officers.values():
            if now_s % LOOK_S == 0:
                officer.act(now_s)
        for turning in self._turning:
            self._advance(now_s, turning)
        for diversion in self._diverting(now_s):
            self._divert(diversion)

    def _at(self, time_s: float | None, do: Callable[[float], None]) -> None:
        if time_s is not None:
            self._agenda.append((time_s, len(self._agenda), do))

    def _tell(self, now_s: float, label: str, what: str, **counts: int) -> None:
        self.events.append({"time_s": now_s, "action": label, "what": what, **counts})

    def _close(self, label: str, lanes: Sequence[str], now_s: float, *, residents: bool = False) -> None:
        ask = self.connection.lane
        admitted = [*_ADMITTED, RESIDENT_CLASS] if residents else _ADMITTED
        on_lanes = {vehicle for lane in lanes for vehicle in ask.getLastStepVehicleIDs(lane)}
        closing = self._closed_with(lanes)
        classes = self._classes(on_lanes | self._bound_for(closing), but=admitted)
        for vehicle in classes:
            self.connection.vehicle.setVehicleClass(vehicle, _LET_THROUGH)
        for lane in lanes:
            self._normally.setdefault(lane, list(ask.getAllowed(lane)))
            ask.setAllowed(lane, admitted)
        bound = {vehicle: vclass for vehicle, vclass in classes.items() if vehicle not in on_lanes}
        sent = self._send_elsewhere(bound, closing)
        counts = {"on_it": len(on_lanes), "sent_elsewhere": sent, "let_through": len(bound) - sent}
        self._tell(now_s, label, "closed", **counts)
        self._shut.add(label)
        self._at(now_s + LOOK_AGAIN_S, partial(self._look_again, label, closing, admitted))
        self._agenda.sort(key=lambda entry: entry[:2])

    def _look_again(self, label: str, closed: set[str], admitted: Sequence[str], now_s: float) -> None:
        """Send elsewhere who got a way over a closed road without being seen when it closed."""
        classes = self._classes(self._bound_for(closed), but=admitted) if label in self._shut else {}
        for vehicle in classes:
            self.connection.vehicle.setVehicleClass(vehicle, _LET_THROUGH)
        if classes:
            sent = self._send_elsewhere(classes, closed)
            self._tell(now_s, label, "looked again", sent_elsewhere=sent, let_through=len(classes) - sent)

    def _restore(self, label: str, lanes: Sequence[str], now_s: float) -> None:
        for lane in lanes:
            self.connection.lane.setAllowed(lane, self._normally[lane])
        self._shut.discard(label)
        self._tell(now_s, label, "opened again")

    def _open(self, label: str, lanes: Sequence[str], now_s: float) -> None:
        for lane in lanes:
            self._normally.setdefault(lane, list(self.connection.lane.getAllowed(lane)))
            self.connection.lane.setDisallowed(lane, [])  # an empty list of `setAllowed` would admit nobody
        self._tell(now_s, label, "opened")

    def _begin_reversal(self, turning: _Turning, now_s: float) -> None:
        self._close(turning.item.label, turning.item.lanes, now_s)
        turning.state = "closing"

    def _end_reversal(self, turning: _Turning, now_s: float) -> None:
        if turning.state == "open":
            self._close(turning.item.label, turning.item.reversed_lanes, now_s)
        turning.state = "returning"

    def _advance(self, now_s: float, turning: _Turning) -> None:
        """Open lanes that have been driven empty."""
        item = turning.item
        if turning.state == "closing" and now_s >= item.ready_s and self._are_empty(item.lanes):
            self._open(item.label, item.reversed_lanes, now_s)
            turning.state = "open"
        elif turning.state == "returning" and self._are_empty(item.reversed_lanes):
            self._restore(item.label, item.lanes, now_s)
            turning.state = "normal"

    def _are_empty(self, lanes: Iterable[str]) -> bool:
        return not any(self.connection.lane.getLastStepVehicleNumber(lane) for lane in lanes)

    def _switch(self, item: SignalSwitch, now_s: float) -> None:
        self.connection.trafficlight.setProgram(item.tls, item.program)
        if item.officer:
            self._officers[item.tls] = Officer(self.connection, item.tls, item.program)
        self._tell(now_s, item.label, "officer on duty" if item.officer else "signal switched")

    def _switch_back(self, item: SignalSwitch, now_s: float) -> None:
        self._officers.pop(item.tls, None)
        self.connection.trafficlight.setProgram(item.tls, item.normal)
        self._tell(now_s, item.label, "signal as normal")

    def _closed_with(self, lanes: Sequence[str]) -> set[str]:
        """Return the edges that admit no car any more when these lanes close too."""
        closing = set(lanes)
        return {
            edge
            for edge in map(edge_of, lanes)
            if not any(
                self._admits_car(lane)
                for number in range(self.connection.edge.getLaneNumber(edge))
                if (lane := f"{edge}_{number}") not in closing
            )
        }

    def _admits_car(self, lane: str) -> bool:
        allowed = self.connection.lane.getAllowed(lane)
        return CAR_CLASS in allowed or (not allowed and CAR_CLASS not in self.connection.lane.getDisallowed(lane))

    def _classes(self, vehicles: Iterable[str], *, but: Sequence[str]) -> dict[str, str]:
        """Return the class of each vehicle, those of the classes `but` left out."""
        ask = self.connection.vehicle
        classes = {vehicle: str(ask.getVehicleClass(vehicle)) for vehicle in sorted(vehicles)}
        return {vehicle: vclass for vehicle, vclass in classes.items() if vclass not in but}

    def _bound_for(self, edges: set[str]) -> set[str]:
        """Return the vehicles that have any of the edges on their way: in the network, or waiting to get onto a street.

        SUMO gives a vehicle its way when it means to leave, which may be long before there is room for it.
        """
        if not edges:
            return set()
        ask = self.connection.vehicle
        return {
            vehicle
            for vehicle in (*ask.getIDList(), *self.connection.simulation.getPendingVehicles())
            if edges & set(ask.getRoute(vehicle)[max(ask.getRouteIndex(vehicle), 0) :])
        }

    def _send_elsewhere(self, classes: Mapping[str, str], closed: set[str]) -> int:
        """Give vehicles, which are admitted to closed lanes by now, another way where there is one; return how many.

        `classes` has the class of each as it was, and is again where it has another way.
        """
        ways: dict[tuple[str, str], tuple[str, ...]] = {}
        sent = 0
        ask = self.connection.vehicle
        for vehicle, vclass in classes.items():
            place, route = max(ask.getRouteIndex(vehicle), 0), ask.getRoute(vehicle)
            on_junction = ask.getRoadID(vehicle).startswith(":") and place + 1 < len(route)
            start = route[place + on_junction]
            if (start, vclass) not in ways:
                ways[start, vclass] = () if start in closed else self._quickest(start, vclass)
            if ways[start, vclass]:
                ask.setVehicleClass(vehicle, vclass)
                ask.setRoute(vehicle, [*route[place : place + on_junction], *ways[start, vclass]])
                sent += 1
        return sent

    def _quickest(self, start: str, vclass: str, exits: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return the quickest way of a class from an edge to any of the exits' edges now; none if none is."""
        targets = [edge for edges in self.exits.values() for edge in edges] if exits is None else exits
        ways = []
        for target in targets:
            try:
                stage = self.connection.simulation.findRoute(start, target, vehicle_type(vclass))
            except TraCIException:
                continue
            if stage.edges:
                ways.append((stage.travelTime, tuple(stage.edges)))
        return min(ways, default=(0.0, ()))[1]

    def _way(self, start: str, vclass: str, item: Diversion) -> tuple[str, ...]:
        """Return the quickest way of a class from an edge to a diversion's exit, over its road where it names one."""
        if not item.by:
            return self._quickest(start, vclass, item.exit_edges)
        first = self._quickest(start, vclass, item.by)
        onward = self._quickest(first[-1], vclass, item.exit_edges) if first else ()
        return (*first[:-1], *onward) if onward else ()

    def _diverting(self, now_s: float) -> list[Diversion]:
        return [
            item
            for item in self.timetable.diversions
            if item.at_s <= now_s and (item.until_s is None or now_s < item.until_s)
        ]

    def _divert(self, item: Diversion) -> None:
        for edge in item.edges:
            for vehicle in self.connection.edge.getLastStepVehicleIDs(edge):
                key = f"{item.label}/{vehicle}"
                if key in self._led:
                    continue
                self._led.add(key)
                if uniform(self.seed, "diversion", [key])[0] < item.compliance:
                    self._lead(vehicle, item)

    def _lead(self, vehicle: str, item: Diversion) -> None:
        """Send a vehicle to the exit for good: it looks for no other way from now on.

        On the last edge of an exit it is too late.
        """
        ask = self.connection.vehicle
        start = ask.getRoute(vehicle)[ask.getRouteIndex(vehicle)]
        if any(start in edges for edges in self.exits.values()):
            return
        way = self._way(start, ask.getVehicleClass(vehicle), item)
        if way and not ask.getRoadID(vehicle).startswith(":"):
            ask.setRoute(vehicle, way)
            ask.setParameter(vehicle, "device.rerouting.period", "0")


def _next_multiple(now_s: float, every_s: float) -> float:
    return (now_s // every_s + 1.0) * every_s
