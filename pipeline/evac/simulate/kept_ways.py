"""Gives vehicles other ways such that SUMO's record of who drove where, by which exposure is measured, stays whole.

In the mesoscopic model SUMO 1.28 forgets with `vehicle.setRoute` which edges a vehicle has driven: it is on the first
edge of its route then. Its record of ways (vehroute output) learns of that only when the vehicle comes onto another
edge. With yet another way before that, it takes as many edges of the way between for driven as were driven when that
was given; where it has fewer, SUMO ends with SIGSEGV when it writes them. So the vehicle looks for no other way by
itself until it is on another edge. Who has to be told of a second closure before that is told all the same: standing
before it they would block the road.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from traci.connection import Connection
from traci.exceptions import TraCIException

from evac.simulate.ways import REROUTE_EVERY, keep_way


@dataclass
class KeptWays:
    """Who keeps a way for the time being.

    Parameters
    ----------
    connection
        The running simulation.
    coarse
        Whether it is mesoscopic: nobody has to keep a way otherwise.
    """

    connection: Connection
    coarse: bool
    _every: dict[str, str] = field(default_factory=dict)

    @property
    def is_any(self) -> bool:
        """Whether anybody keeps a way."""
        return bool(self._every)

    def give(self, vehicle: str, way: Sequence[str], *, for_good: bool = False) -> None:
        """Give a vehicle a way from the edge that it is on; with `for_good` it looks for no other any more."""
        ask = self.connection.vehicle
        driven = ask.getRouteIndex(vehicle)
        ask.setRoute(vehicle, way)
        until_onward = self.coarse and driven > 0
        if for_good:
            self._every.pop(vehicle, None)
        elif until_onward:
            self._every.setdefault(vehicle, _rerouting_every(self.connection, vehicle))
        if for_good or until_onward:
            keep_way(self.connection, vehicle)

    def release(self) -> None:
        """Let those look for other ways again who are on another edge."""
        present = set(self.connection.vehicle.getIDList()) if self._every else set()
        self._every = {vehicle: every for vehicle, every in self._every.items() if vehicle in present}
        ask = self.connection.vehicle
        for vehicle in [vehicle for vehicle in self._every if ask.getRouteIndex(vehicle) > 0]:
            ask.setParameter(vehicle, REROUTE_EVERY, self._every.pop(vehicle))


def _rerouting_every(connection: Connection, vehicle: str) -> str:
    """Return how often a vehicle looks for another way (s); 0 when it never does."""
    try:
        return str(connection.vehicle.getParameter(vehicle, REROUTE_EVERY))
    except TraCIException:  # it has no device for it
        return "0"
