"""Gives vehicles other ways such that SUMO's record of who drove where, by which exposure is measured, stays whole.

Whoever gives a car another way does it here, so that it is known who has one (`given`).

In the mesoscopic model SUMO 1.28 forgets with `vehicle.setRoute` which edges a vehicle has driven: it is on the first
edge of its route then. Its record of ways (vehroute output) learns of that only when the vehicle comes onto another
edge. With yet another way before that, it takes as many edges of the way between for driven as were driven when that
was given; where it has fewer, SUMO ends with SIGSEGV when it writes them. So the vehicle looks for no other way by
itself until it is on another edge, and is told there of what has closed meanwhile (`release`). Only who would stand
before a closed road otherwise is told at once, for it would block the road (`must_wait`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    _every: dict[str, str | None] = field(default_factory=dict)
    """Who keeps a way, and how often they looked for another one before; None: they never do again."""

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
        until_onward = self.coarse and (driven > 0 or vehicle in self._every)
        if until_onward:
            self._every.setdefault(vehicle, _rerouting_every(self.connection, vehicle))
        if for_good and until_onward:
            self._every[vehicle] = None
        if for_good or until_onward:
            keep_way(self.connection, vehicle)

    def must_wait(self, vehicle: str, ahead: Sequence[str], closed: Collection[str]) -> bool:
        """Return whether a vehicle, which has these edges ahead, is to be told on the next one of some that closed."""
        return vehicle in self._every and next(iter(ahead[1:]), None) not in closed

    def release(self) -> set[str]:
        """Let those look for other ways again who are on another edge; return them."""
        if not self._every:
            return set()
        present = set(vehicles_known(self.connection))
        self._every = {vehicle: every for vehicle, every in self._every.items() if vehicle in present}
        kept = list(self._every)
        driven = values_of(self.connection, tc.VAR_ROUTE_INDEX, kept)
        onward = {vehicle for vehicle, edges in zip(kept, driven, strict=True) if whole_number(edges) > 0}
        for vehicle in sorted(onward):
            if (every := self._every.pop(vehicle)) is not None:
                self.connection.vehicle.setParameter(vehicle, REROUTE_EVERY, every)
        return onward


def _rerouting_every(connection: Connection, vehicle: str) -> str:
    """Return how often a vehicle looks for another way (s); 0 when it never does."""
    try:
        return str(connection.vehicle.getParameter(vehicle, REROUTE_EVERY))
    except TraCIException:  # it has no device for it
        return "0"
