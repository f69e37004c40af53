"""Gives vehicles other ways such that SUMO's record of who drove where, by which exposure is measured, stays whole.

Whoever gives a car another way does it here, so that it is known who has one (`given`).

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

import traci.constants as tc
from traci.connection import Connection
from traci.exceptions import TraCIException

from evac.simulate.answers import values_of, vehicles_known, whole_number
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
    given: set[str] = field(default_factory=set)
    """Who has got another way since somebody took note of it, and emptied this."""
    _every: dict[str, str] = field(default_factory=dict)

    @property
    def is_any(self) -> bool:
        """Whether anybody keeps a way."""
        return bool(self._every)

    def give(self, vehicle: str, way: Sequence[str], *, for_good: bool = False) -> None:
        """Give a vehicle a way from the edge that it is on; with `for_good` it looks for no other any more.

        Raises
        ------
        TraCIException
            That is no way.
        """
        ask = self.connection.vehicle
        driven = ask.getRouteIndex(vehicle)
        ask.setRoute(vehicle, way)
        self.given.add(vehicle)
        until_onward = self.coarse and driven > 0
        if for_good:
            self._every.pop(vehicle, None)
        elif until_onward:
            self._every.setdefault(vehicle, _rerouting_every(self.connection, vehicle))
        if for_good or until_onward:
            keep_way(self.connection, vehicle)

    def release(self) -> None:
        """Let those look for other ways again who are on another edge."""
        if not self._every:
            return
        present = set(vehicles_known(self.connection))
        self._every = {vehicle: every for vehicle, every in self._every.items() if vehicle in present}
        kept = list(self._every)
        for vehicle, driven in zip(kept, values_of(self.connection, tc.VAR_ROUTE_INDEX, kept), strict=True):
            if whole_number(driven) > 0:
                self.connection.vehicle.setParameter(vehicle, REROUTE_EVERY, self._every.pop(vehicle))


def _rerouting_every(connection: Connection, vehicle: str) -> str:
    """Return how often a vehicle looks for another way (s); 0 when it never does."""
    try:
        return str(connection.vehicle.getParameter(vehicle, REROUTE_EVERY))
    except TraCIException:  # it has no device for it
        return "0"
