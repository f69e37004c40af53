"""The way of a vehicle in a running simulation: what is left of it, the quickest now, and that it is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from traci.connection import Connection
from traci.exceptions import TraCIException

from evac.demand.buses import PREFIX as BUS
from evac.demand.routes import vehicle_type

ASK_EVERY_S = 10.0
"""How often the vehicles of the mesoscopic model are all asked for their ways again (s). A front closes thousands of
roads, each at a second of its own; who has taken a way over one meanwhile is seen at the next time."""
REROUTE_EVERY = "device.rerouting.period"
"""The parameter of a vehicle that says how often it looks for another way (s); never when 0."""
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


def whole_ways(connection: Connection, known: Mapping[str, tuple[str, ...]] = {}) -> dict[str, tuple[str, ...]]:
    """Return the edges of the way of each vehicle in the network or waiting to get onto a street, also those behind it.

    SUMO gives a vehicle its way when it means to leave, which may be long before there is room for it. Buses are left
    out: they have people to fetch, and look for another way themselves (`simulate.buses`). Who is `known` isn't asked.
    """
    ask = connection.vehicle
    present = (*ask.getIDList(), *connection.simulation.getPendingVehicles())
    return {name: known.get(name) or ask.getRoute(name) for name in present if not name.startswith(BUS)}


class Ways:
    """The whole ways of all vehicles, those that are known asked again only every so many seconds.

    Parameters
    ----------
    connection
        The running simulation.
    every_s
        How often; a second at the least.
    """

    def __init__(self, connection: Connection, every_s: float) -> None:
        self._connection, self._every_s = connection, every_s
        self._known: dict[str, tuple[str, ...]] = {}
        self._since: float | None = None

    def known(self, now_s: float) -> dict[str, tuple[str, ...]]:
        """Return the edges of the way of each vehicle, as `whole_ways` does; who is new is asked in any case."""
        since = now_s // self._every_s
        self._known = whole_ways(self._connection, self._known if since == self._since else {})
        self._since = since
        return dict(self._known)

    def forget(self, vehicles: Iterable[str]) -> None:
        """Ask these again next time: they have got another way."""
        for vehicle in vehicles:
            self._known.pop(vehicle, None)


def without_way(ways: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, str]]:
    """Return who has no way from the street where it begins: by vehicle the street, and the zone that it is bound for.

    SUMO 1.28 ends such a way in the zone's own end, which is no road. In its mesoscopic model it doesn't find one later
    either, when a way has opened: the vehicle gets onto the street, and stands there for ever.
    """
    return {
        name: (way[0], way[-1].removesuffix(_ZONE_END)) for name, way in ways.items() if way[-1].endswith(_ZONE_END)
    }


def bound_for(connection: Connection, edges: Collection[str], ways: Mapping[str, Collection[str]]) -> set[str]:
    """Return the vehicles that have any of some edges ahead; `ways` are whole ways, so that few are asked where on."""
    edges = set(edges)
    crossing = [vehicle for vehicle, way in ways.items() if not edges.isdisjoint(way)]
    return {vehicle for vehicle in crossing if not edges.isdisjoint(way_ahead(connection, vehicle))}


def keep_way(connection: Connection, vehicle: str) -> None:
    """Let a vehicle look for no other way any more."""
    connection.vehicle.setParameter(vehicle, REROUTE_EVERY, "0")
