"""The way of a vehicle in a running simulation: what is left of it, the quickest now, and that it is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from traci.connection import Connection
from traci.exceptions import TraCIException

from evac.demand.buses import PREFIX as BUS
from evac.demand.routes import vehicle_type


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


def ways_ahead(connection: Connection) -> dict[str, frozenset[str]]:
    """Return the edges ahead of each vehicle, in the network or waiting to get onto a street.

    SUMO gives a vehicle its way when it means to leave, which may be long before there is room for it. Buses are left
    out: they have people to fetch, and wait, or look for another way themselves.
    """
    present = (*connection.vehicle.getIDList(), *connection.simulation.getPendingVehicles())
    return {name: frozenset(way_ahead(connection, name)) for name in present if not name.startswith(BUS)}


def bound_for(edges: Collection[str], ways: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the vehicles that have any of some edges on their ways."""
    return {vehicle for vehicle, way in ways.items() if not way.isdisjoint(edges)}


def keep_way(connection: Connection, vehicle: str) -> None:
    """Let a vehicle look for no other way any more."""
    connection.vehicle.setParameter(vehicle, "device.rerouting.period", "0")
