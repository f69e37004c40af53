"""What a running simulation says of its lanes."""

from __future__ import annotations

from traci.connection import Connection

from evac.sumo import CAR_CLASS


def admits_car(connection: Connection, lane: str) -> bool:
    """Return whether cars may use a lane now; an empty list of admitted classes admits all that aren't banned."""
    allowed = connection.lane.getAllowed(lane)
    return CAR_CLASS in allowed or (not allowed and CAR_CLASS not in connection.lane.getDisallowed(lane))
