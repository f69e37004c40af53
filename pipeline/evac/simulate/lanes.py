"""What a running simulation says of its lanes."""

from __future__ import annotations

from traci.connection import Connection

from evac.plans.timetable import Admits, edge_of
from evac.sumo import CAR_CLASS


def admits_car(connection: Connection, lane: str) -> bool:
    """Return whether cars may use a lane now; an empty list of admitted classes admits all that aren't banned."""
    allowed = connection.lane.getAllowed(lane)
    return CAR_CLASS in allowed or (not allowed and CAR_CLASS not in connection.lane.getDisallowed(lane))


def vehicles_on(connection: Connection, lane: str, *, by_edge: bool = False) -> tuple[str, ...]:
    """Return who is on a lane, or, `by_edge`, on its edge: the mesoscopic model's vehicles are on no lane."""
    if by_edge:
        return tuple(connection.edge.getLastStepVehicleIDs(edge_of(lane)))
    return tuple(connection.lane.getLastStepVehicleIDs(lane))


def is_stricter(now: Admits, before: Admits) -> bool:
    """Return whether somebody may use a lane no more."""
    return now is not None and (before is None or not set(before) <= set(now))
