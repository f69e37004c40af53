"""Sends buses while the simulation runs: to the stop where most people are without a seat, as often as it takes.

A bus enters where its fleet comes in, drives in the same traffic as everybody, stands beside the road at its stop,
takes who is there until it is full or nobody has come for a while, and leaves by its exit; some time later it is back,
empty. Where its way closes it takes another one over its stop to its exit, or else to any exit, without the people at a
stop that it can't reach any more. Without a way to any exit it stands, or is let through where only a plan has closed
the road.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import traci.constants as tc
from traci.connection import Connection
from traci.exceptions import TraCIException

from evac.clock import next_multiple
from evac.demand.buses import PREFIX, BusService, Line, Stop
from evac.simulate.controller import Controller
from evac.simulate.lanes import admits_car
from evac.simulate.ways import way_ahead

LOOK_S = 10.0
"""How often the buses on the road are looked at (s)."""
_ASK_EVERY_S = 60.0  # a bus at the end of the map asks this often whether it is needed
_FOR_EVER_S = 1e7
_Way = tuple[tuple[str, ...], float]  # edges, and free-flow or present seconds


@dataclass
class Trip:
    """A bus's way in to a stop and out again.

    Parameters
    ----------
    bus
        The vehicle's name; each trip is one of its own.
    fleet, stop
        Names.
    seats
        People that it has room for.
    sent_s, at_stop_s, left_stop_s, gave_up_s
        Seconds after the order; None as long as it hasn't happened. A bus gives its stop up when no way leads there any
        more.
    people
        People in it.
    boarded
        Who got in: household, and when (s).
    """

    bus: str
    fleet: str
    stop: str
    seats: int
    sent_s: float
    at_stop_s: float | None = None
    left_stop_s: float | None = None
    gave_up_s: float | None = None
    people: int = 0
    boarded: list[tuple[int, float]] = field(default_factory=list)

    def takes(self, people: int) -> bool:
        """Return whether there is room for a household; an empty bus takes any."""
        return not self.people or self.people + people <= self.seats

    @property
    def is_coming(self) -> bool:
        """Return whether it will take people at its stop, or does."""
        return self.left_stop_s is None and self.gave_up_s is None


@dataclass
class _Bus:
    """A bus: its line, when it is next at the end of the map, and the trip that it is on."""

    name: str
    line: Line
    free_s: float
    trips: int = 0
    trip: Trip | None = None
    entered: bool = False
    busy_until_s: float = 0.0


@dataclass(frozen=True)
class _Waiting:
    """A household that nobody has fetched yet."""

    household: int
    people: int
    at_stop_s: float


class Dispatcher:
    """The buses of a run.

    Parameters
    ----------
    connection
        The running simulation.
    service
        The buses and the people; None where there are none.
    roads
        Tells which roads have closed.
    exits
        The last edges of each exit.
    """

    def __init__(
        self,
        connection: Connection,
        service: BusService | None,
        roads: Controller,
        exits: Mapping[str, Sequence[str]],
    ) -> None:
        self.trips: list[Trip] = []
        self._connection = connection
        self._roads = roads
        self._exit_edges = [edge for edges in exits.values() for edge in edges]
        self._service = service
        self._stops = {stop.name: stop for stop in service.stops} if service else {}
        self._waiting = _by_stop(service) if service else {}
        lines = service.lines if service else ()
        self._fleet = [
            _Bus(f"{PREFIX}{number}.{line.name}", line, line.ready_s)
            for line in lines
            if line.start is not None
            for number in range(line.number)
        ]
        self._no_way = False

    @property
    def has_plans(self) -> bool:
        """Whether a bus is at its stop, or will be sent for those who still wait; SUMO knows whether one moves."""
        at_stop = any(bus.trip and bus.trip.at_stop_s is not None and bus.trip.is_coming for bus in self._fleet)
        some_free = any(bus.trip is None for bus in self._fleet)
        return at_stop or (some_free and self._anybody_waits and not self._no_way)

    @property
    def _anybody_waits(self) -> bool:
        return any(self._waiting.values())

    def next_s(self, now_s: float) -> float:
        """Return when `act` has to be called next (simulated s); infinite when never."""
        if any(bus.trip is not None for bus in self._fleet):
            return next_multiple(now_s, LOOK_S)
        if not self._anybody_waits:
            return float("inf")
        free_s = min((bus.free_s for bus in self._fleet), default=float("inf"))
        return free_s if free_s > now_s else next_multiple(now_s, _ASK_EVERY_S)

    def act(self, now_s: float) -> None:
        """Let people in at the stops, send buses that are full, and those that are back."""
        on_road = [bus for bus in self._fleet if bus.trip is not None]
        if on_road:
            there = set(self._connection.vehicle.getIDList())
            for bus in on_road:
                self._look_at(bus, there, now_s)
        free = [bus for bus in self._fleet if bus.trip is None and bus.free_s <= now_s]
        if free and self._anybody_waits and (now_s % _ASK_EVERY_S == 0 or on_road):
            way = cache(self._way)  # nothing moves meanwhile: all buses of a line have the same
            tried = [self._send(bus, way, now_s) for bus in free]
            self._no_way = not any(tried) and not any(bus.trip and bus.trip.is_coming for bus in on_road)

    def record(self) -> list[dict[str, Any]]:
        """Return the trips as JSON has them."""
        return [asdict(trip) for trip in self.trips]

    def _look_at(self, bus: _Bus, there: set[str], now_s: float) -> None:
        trip = bus.trip
        assert trip is not None  # noqa: S101  only buses on the road are looked at
        if trip.bus not in there:
            if bus.entered:  # it has crossed the exit line
                bus.trip, bus.free_s, bus.entered = None, now_s + bus.line.beyond_s, False
            return
        bus.entered = True
        if trip.is_coming and self._connection.vehicle.isStopped(trip.bus):
            self._serve(bus, trip, now_s)
        else:
            self._look_ahead(bus.line, trip, now_s)

    def _serve(self, bus: _Bus, trip: Trip, now_s: float) -> None:
        """Let people in; leave when the bus is full, nobody has come for a while or is left to, or the road closes."""
        service, waiting = self._service, self._waiting[trip.stop]
        assert service is not None  # noqa: S101  there is a bus
        if trip.at_stop_s is None:
            trip.at_stop_s = bus.busy_until_s = now_s
        for item in [item for item in waiting if item.at_stop_s <= now_s]:
            if trip.takes(item.people):
                waiting.remove(item)
                trip.boarded.append((item.household, now_s))
                trip.people += item.people
                bus.busy_until_s = max(bus.busy_until_s, now_s) + service.boarding_s * item.people
        fits = [item for item in waiting if trip.takes(item.people)]
        idle_s = now_s - bus.busy_until_s
        has_closed = self._stops[trip.stop].edge in self._roads.closed
        if has_closed or (idle_s >= 0.0 and (not fits or idle_s >= service.hold_s)):
            self._connection.vehicle.resume(trip.bus)
            trip.left_stop_s = now_s
            if has_closed:
                self._roads.let_out(trip.bus)

    def _look_ahead(self, line: Line, trip: Trip, now_s: float) -> None:
        """Give a bus whose way has closed another one: over its stop if that can be reached; by its exit, or any."""
        ahead = way_ahead(self._connection, trip.bus)
        if self._roads.closed.isdisjoint(ahead[1:]):
            return
        ask = self._connection.vehicle
        on_junction = ask.getRoadID(trip.bus).startswith(":") and len(ahead) > 1
        start = ahead[on_junction]
        way = self._over_stop(start, line, trip) if trip.is_coming else None
        if way is None and trip.is_coming:
            trip.gave_up_s = now_s
            ask.replaceStop(trip.bus, 0, "")
        way = way or self._quickest(start, line.exit_edges) or self._quickest(start, self._exit_edges)
        if way is not None:
            ask.setRoute(trip.bus, [*ahead[:on_junction], *way[0]])
        else:
            self._roads.let_out(trip.bus)

    def _over_stop(self, start: str, line: Line, trip: Trip) -> _Way | None:
        """Return the way over a bus's stop to its exit, or else to any; None where none is open."""
        stop = self._stops[trip.stop].edge
        out = self._quickest(stop, line.exit_edges) or self._quickest(stop, self._exit_edges)
        return _joined(self._route(start, stop), out)

    def _send(self, bus: _Bus, way_of: Callable[[Line, Stop], _Way | None], now_s: float) -> bool:
        """Send a bus to where most people are without a seat by the time it is there; tell whether any way was open."""
        options = []
        any_way = False
        for stop in self._stops.values():
            if not self._waiting[stop.name]:
                continue
            way = way_of(bus.line, stop)
            if way is None:
                continue
            any_way = True
            edges, time_s = way
            people = self._without_seat(stop.name, now_s + time_s)
            if people > 0:
                options.append((people, -time_s, stop.name, edges))
        if options:
            *_, name, edges = max(options)
            self._begin(bus, self._stops[name], edges, now_s)
        return any_way

    def _without_seat(self, stop: str, by_s: float) -> int:
        people = sum(item.people for item in self._waiting[stop] if item.at_stop_s <= by_s)
        coming = [bus.trip for bus in self._fleet if bus.trip is not None and bus.trip.is_coming]
        return people - sum(trip.seats - trip.people for trip in coming if trip.stop == stop)

    def _way(self, line: Line, stop: Stop) -> _Way | None:
        """Return the edges from where a line comes in over a stop to its exit, and the time to the stop (s)."""
        return _joined(self._route(line.start or "", stop.edge), self._quickest(stop.edge, line.exit_edges))

    def _quickest(self, start: str, ends: Iterable[str]) -> _Way | None:
        """Return the quickest way from an edge to any of some."""
        ways = [self._route(start, end) for end in ends]
        return min((way for way in ways if way is not None), key=lambda way: way[1], default=None)

    def _route(self, start: str, end: str) -> _Way | None:
        try:
            stage = self._connection.simulation.findRoute(start, end, PREFIX)
        except TraCIException:  # a plan has closed the edge at which it begins
            return None
        return (tuple(stage.edges), float(stage.travelTime)) if stage.edges else None

    def _begin(self, bus: _Bus, stop: Stop, edges: tuple[str, ...], now_s: float) -> None:
        name = f"{bus.name}.{bus.trips}"
        ask = self._connection
        ask.route.add(name, list(edges))
        ask.vehicle.add(name, name, typeID=PREFIX, depart="now", departLane="best", departSpeed="max")
        lane = next(
            number for number in range(ask.edge.getLaneNumber(stop.edge)) if admits_car(ask, f"{stop.edge}_{number}")
        )
        ask.vehicle.setStop(name, stop.edge, stop.pos_m, lane, _FOR_EVER_S, tc.STOP_PARKING)
        bus.trips += 1
        bus.entered = False
        bus.trip = Trip(name, bus.line.name, stop.name, bus.line.capacity, now_s)
        self.trips.append(bus.trip)


def _joined(to_stop: _Way | None, out: _Way | None) -> _Way | None:
    """Return the edges over a stop, and the time to it; None where one half is missing."""
    return ((*to_stop[0], *out[0][1:]), to_stop[1]) if to_stop and out else None


def _by_stop(service: BusService) -> dict[str, list[_Waiting]]:
    """Return who comes to each stop, by when they are there."""
    rows = service.passengers.dropna(subset=["stop"]).sort_values(["at_stop_s", "household"])
    waiting: dict[str, list[_Waiting]] = {stop.name: [] for stop in service.stops}
    for row in rows.to_dict("records"):
        waiting[row["stop"]].append(_Waiting(int(row["household"]), int(row["people"]), float(row["at_stop_s"])))
    return waiting
