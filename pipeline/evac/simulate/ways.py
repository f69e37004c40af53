"""The way of a vehicle in a running simulation: what is left of it, the quickest now, and that it is kept."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import traci.constants as tc
from traci.connection import Connection
from traci.exceptions import TraCIException

from evac.demand.buses import PREFIX as BUS
from evac.demand.routes import vehicle_type
from evac.simulate.answers import number_of, texts, values_of, vehicles_known

ASK_EVERY_S = 10.0
"""How often the vehicles of the mesoscopic model are all asked for their ways again (s). A front closes thousands of
roads, each at a second of its own; who has taken a way over one meanwhile is seen at the next time."""
REROUTE_EVERY = "device.rerouting.period"
"""The parameter of a vehicle that says how often it looks for another way (s); never when 0."""
LONGEST_STOP_S = 1e6
"""A stop that lasts longer ends only when somebody ends it (s): at a metered exit, in a full refuge, of a bus."""
_ZONE_END = "-sink"
"""What SUMO adds to the name of a zone (TAZ) for its end."""


def quickest_way(
    connection: Connection, start: str, vclass: str, targets: Iterable[str], beyond_s: Mapping[str, float] | None = None
) -> tuple[str, ...]:
    """Return the quickest way of a vehicle class from an edge to the end of any of some edges now; none if none is.

    `beyond_s` has how long the drive behind an edge takes, where it counts (s).
    """
    ways = []
    for target in targets:
        try:
            stage = connection.simulation.findRoute(start, target, vehicle_type(vclass))
        except TraCIException:
            continue
        if stage.edges:
            ways.append((stage.travelTime + (beyond_s or {}).get(target, 0.0), tuple(stage.edges)))
    return min(ways, default=(0.0, ()))[1]


def way_ahead(connection: Connection, vehicle: str) -> tuple[str, ...]:
    """Return the edges of a vehicle's way from where it is, or is going to get onto the street.

    On a junction, the first is the edge that it came from.
    """
    ask = connection.vehicle
    return tuple(ask.getRoute(vehicle)[max(ask.getRouteIndex(vehicle), 0) :])


def stop_ahead(connection: Connection, vehicle: str) -> str | None:
    """Return the road where a vehicle stops first, for a time of its own: to fetch somebody, or as it has crashed."""
    ask = connection.vehicle
    lasts = any(0.0 < stop.duration < LONGEST_STOP_S for stop in ask.getStops(vehicle, 1))
    return str(ask.getStopParameter(vehicle, 0, "edge")) if lasts else None


def whole_ways(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Return the edges of the way of each vehicle in the network or waiting to get onto a street, also those behind it.

    SUMO gives a vehicle its way when it means to leave, which may be long before there is room for it. Buses are left
    out: they have people to fetch, and look for another way themselves (`simulate.buses`).
    """
    present = [name for name in (*vehicles_known(connection), *waiting(connection)) if not name.startswith(BUS)]
    ways = [texts(value) for value in values_of(connection, tc.VAR_EDGES, present)]
    return dict(zip(present, ways, strict=True))


def waiting(connection: Connection) -> tuple[str, ...]:
    """Return who waits to get onto a street."""
    return tuple(connection.simulation.getPendingVehicles())


class Ways:
    """Who drives over which roads that may close, by the whole ways of all vehicles.

    A way is asked for when a vehicle is new, has got another one from us, or may have taken one by itself. That is
    looked at every so many seconds. SUMO gives each new way a name that the one before didn't have, and uses names
    again after that, so a vehicle whose way has the same name as before has the same way unless it has taken two since.
    In the network it looks for one once a period, and at the end of a stop in which it has missed that. So who waits to
    get onto a street, or has a stop ahead, is asked in any case.

    Parameters
    ----------
    connection
        The running simulation.
    edges
        The roads that may close.
    given
        Who has got another way from us; emptied at each look.
    every_s
        How often ways that vehicles may have taken by themselves are looked at; a second at the least.
    """

    def __init__(self, connection: Connection, edges: Collection[str], given: set[str], every_s: float) -> None:
        self._connection, self._edges, self._every_s = connection, frozenset(edges), every_s
        self._given = given
        self._over: dict[str, frozenset[str]] = {}
        self._names: dict[str, bytes] = {}
        self._on: dict[str, set[str]] = defaultdict(set)
        self._unsteady: set[str] = set()
        self._compared_s = -math.inf
        self._period_s = _period_s(connection)

    def look(self, now_s: float) -> None:
        """Take note of who is there, and of the ways that are new."""
        waits = set(waiting(self._connection))
        present = [name for name in (*vehicles_known(self._connection), *waits) if not name.startswith(BUS)]
        self.forget((self._over.keys() - set(present)) | self._given)
        self._given.clear()
        if now_s // self._every_s != self._compared_s // self._every_s:
            self.forget(self._changed(now_s))
            self._compared_s = now_s
        new = [name for name in present if name not in self._over]
        self._unsteady |= waits.intersection(new).union(self._with_stops(new))
        for name, way in zip(new, values_of(self._connection, tc.VAR_EDGES, new), strict=True):
            self._over[name] = self._edges.intersection(texts(way))
            for edge in self._over[name]:
                self._on[edge].add(name)
        self._names |= zip(new, values_of(self._connection, tc.VAR_ROUTE_ID, new), strict=True)

    def _changed(self, now_s: float) -> set[str]:
        """Return those who may have another way than when they were asked."""
        if now_s - self._compared_s >= self._period_s:
            return set(self._over)
        known = list(self._over)
        names = values_of(self._connection, tc.VAR_ROUTE_ID, known)
        others = {name for name, now in zip(known, names, strict=True) if now != self._names[name]}
        return others | self._unsteady

    def _with_stops(self, vehicles: Sequence[str]) -> set[str]:
        """Return those of some vehicles that stand at a stop, or have one ahead."""
        stops = values_of(self._connection, tc.VAR_NEXT_STOPS, vehicles)
        return {name for name, value in zip(vehicles, stops, strict=True) if number_of(value)}

    def forget(self, vehicles: Iterable[str]) -> None:
        """Ask these again next time: they have got another way, or are gone."""
        for vehicle in set(vehicles) & self._over.keys():
            for edge in self._over.pop(vehicle):
                self._on[edge].discard(vehicle)
            self._unsteady.discard(vehicle)

    def bound_for(self, edges: Iterable[str]) -> set[str]:
        """Return the vehicles that have any of some edges ahead, of those that were there at the last look."""
        crossing = set().union(*(self._on.get(edge, ()) for edge in edges))
        return with_ahead(self._connection, crossing, edges)


def _period_s(connection: Connection) -> float:
    """Return after how long a vehicle may look for another way again (s); infinite where none ever does."""
    return float(connection.simulation.getOption(REROUTE_EVERY)) or math.inf


def without_way(ways: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, str]]:
    """Return who has no way from the street where it begins: by vehicle the street, and the zone that it is bound for.

    SUMO 1.28 ends such a way in the zone's own end, which is no road. In its mesoscopic model it doesn't find one later
    either, when a way has opened: the vehicle gets onto the street, and stands there for ever.
    """
    return {
        name: (way[0], way[-1].removesuffix(_ZONE_END)) for name, way in ways.items() if way[-1].endswith(_ZONE_END)
    }


def with_ahead(connection: Connection, vehicles: Collection[str], edges: Iterable[str]) -> set[str]:
    """Return those of some vehicles that have any of some edges ahead, or are on one."""
    edges = set(edges)
    return {vehicle for vehicle in vehicles if not edges.isdisjoint(way_ahead(connection, vehicle))}


def keep_way(connection: Connection, vehicle: str) -> None:
    """Let a vehicle look for no other way any more."""
    connection.vehicle.setParameter(vehicle, REROUTE_EVERY, "0")
