"""The drives behind the exits of a running simulation: which time they take, and who is out."""

from __future__ import annotations

from typing import Any

from evac.clock import next_multiple
from evac.network.exits.drive_beyond import SHUT, DrivesBeyond

_LOOK_EVERY_S = 1.0
_ARRIVED = 2  # traci's reason of a removal that is an arrival


class DriveTimes:
    """Opens the roads behind the exits by which a drive takes its time, and takes out whoever gets onto them.

    Parameters
    ----------
    connection
        The running simulation.
    drives
        The drives.
    """

    def __init__(self, connection: Any, drives: DrivesBeyond) -> None:
        self._connection = connection
        self._drives = drives
        self._changes_s = drives.times_s()
        self._roads = drives.roads_behind()

    @property
    def has_plans(self) -> bool:
        """Whether the simulation may not end yet: a drive that changes holds up nobody."""
        return False

    def next_s(self, now_s: float) -> float:
        """Return when `act` has to be called next (simulated s); infinite when never."""
        return min([next_multiple(now_s, _LOOK_EVERY_S), *(at for at in self._changes_s if at > now_s)])

    def act(self, now_s: float) -> None:
        """Do what is due."""
        for road in self._roads:
            for vehicle in self._connection.edge.getLastStepVehicleIDs(road):
                self._connection.vehicle.remove(vehicle, _ARRIVED)
        if self._changes_s and self._changes_s[0] <= now_s:
            self._changes_s = [time_s for time_s in self._changes_s if time_s > now_s]
            for road, is_open in self._drives.gates(now_s).items():
                for lane in range(self._connection.edge.getLaneNumber(road)):
                    if is_open:
                        self._connection.lane.setDisallowed(f"{road}_{lane}", [])
                    else:
                        self._connection.lane.setAllowed(f"{road}_{lane}", [SHUT])
