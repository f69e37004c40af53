"""Vehicles on a road of which other lanes are open from now on, where it is one edge for each set of its lanes.

Who is bound for the edge that closes drives on the one that opens, and who is on it leaves it at its end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from traci.connection import Connection
from traci.exceptions import TraCIException

from evac.simulate.kept_ways import KeptWays
from evac.simulate.ways import way_ahead

_LEAVING = "authority"
"""SUMO's class of who leaves an edge that is closed: it may drive on to its end."""


@dataclass
class ChangeOfStage:
    """Who is still on an edge whose stage is over (`evac.plans.stages`), and of which class they were before.

    Parameters
    ----------
    connection
        The running simulation.
    kept
        Gives vehicles other ways.
    """

    connection: Connection
    kept: KeptWays
    leaving: dict[str, str] = field(default_factory=dict)

    def move_over(self, vehicles: Collection[str], replaced: Mapping[str, str]) -> None:
        """Give vehicles the same way, over the edges that have opened instead of those that close.

        One that can't go on like that, because two stages don't join, looks for another way as after any closure.
        """
        ask = self.connection.vehicle
        waiting = set(self.connection.simulation.getPendingVehicles())
        for vehicle in sorted(vehicles):
            ahead = way_ahead(self.connection, vehicle)
            here = None if vehicle in waiting else ahead[0]
            if self._go_on(vehicle, here, ahead, replaced) and here in replaced:
                self.leaving[vehicle] = ask.getVehicleClass(vehicle)
                ask.setVehicleClass(vehicle, _LEAVING)

    def look_after(self, shut: Mapping[str, str]) -> None:
        """Make those who are off the edges that are `shut` what they were, bound for what is open instead of each.

        Who has left the network is forgotten.
        """
        ask = self.connection.vehicle
        present = set(ask.getIDList()) if self.leaving else set()
        self.leaving = {vehicle: vclass for vehicle, vclass in self.leaving.items() if vehicle in present}
        for vehicle, vclass in list(self.leaving.items()):
            here = ask.getRoadID(vehicle)
            if here not in shut and self._go_on(vehicle, here, way_ahead(self.connection, vehicle), shut):
                ask.setVehicleClass(vehicle, vclass)
                del self.leaving[vehicle]

    def _go_on(self, vehicle: str, here: str | None, ahead: Sequence[str], replaced: Mapping[str, str]) -> bool:
        """Let a vehicle drive the way that it has ahead, over other edges; return whether it can."""
        first = () if here is None else ahead[:1]
        try:
            self.kept.give(vehicle, [*first, *(replaced.get(edge, edge) for edge in ahead[len(first) :])])
        except TraCIException:
            return False
        return True
