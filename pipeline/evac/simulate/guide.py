"""Leads vehicles whose way closes: another way to any exit or refuge, or through where only a plan has closed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from traci.connection import Connection

from evac.network.exits.drive_beyond import DrivesBeyond
from evac.simulate.kept_ways import KeptWays
from evac.simulate.refuges import Refuges
from evac.simulate.ways import quickest_way, stop_ahead, way_ahead

_LET_THROUGH = "authority"


@dataclass
class Guide:
    """Whoever stands at the last turn-off.

    Parameters
    ----------
    connection
        The running simulation.
    kept
        Who keeps a new way for the time being.
    exits
        The last edges of each exit, by name.
    refuges
        Where those go whose last way to any exit a hazard takes; they stand when None.
    drives
        The drives behind the exits, where any takes time: who is sent to another exit reckons with them.
    turned_round
        Vehicles that roads closed by a hazard have sent another way.
    """

    connection: Connection
    kept: KeptWays
    exits: Mapping[str, Sequence[str]]
    refuges: Refuges | None = None
    drives: DrivesBeyond | None = None
    turned_round: set[str] = field(default_factory=set)

    def classes(self, vehicles: Iterable[str], *, but: Sequence[str]) -> dict[str, str]:
        """Return the class of each vehicle, those of the classes `but` left out."""
        ask = self.connection.vehicle
        classes = {vehicle: str(ask.getVehicleClass(vehicle)) for vehicle in sorted(vehicles)}
        return {vehicle: vclass for vehicle, vclass in classes.items() if vclass not in but}

    def let_through(self, vehicles: Iterable[str]) -> None:
        """Let vehicles drive where a plan has closed the road."""
        for vehicle in vehicles:
            self.connection.vehicle.setVehicleClass(vehicle, _LET_THROUGH)

    def send_elsewhere(self, classes: Mapping[str, str], closed: set[str], *, fleeing: bool) -> set[str]:
        """Give vehicles, which are admitted to closed lanes by now, another way where there is one; return which.

        `classes` has the class of each as it was, and is again where it has another way. Those who are `fleeing`, and
        have no way to any exit, take one to a refuge; who keeps a way is told on the next road (`kept_ways`). Who has
        somebody to fetch does so where a way still leads there.
        """
        ways: dict[tuple[str, str], tuple[str, ...]] = {}
        sent: set[str] = set()
        refuges = self.refuges if fleeing else None
        ask = self.connection.vehicle
        for vehicle, vclass in classes.items():
            ahead = way_ahead(self.connection, vehicle)
            if fleeing and ask.getVehicleClass(vehicle) == vclass and self.kept.must_wait(vehicle, ahead, closed):
                continue  # but not who might drive into a closed road meanwhile
            on_junction = ask.getRoadID(vehicle).startswith(":") and len(ahead) > 1
            start = ahead[on_junction]
            if (start, vclass) not in ways:
                ways[start, vclass] = () if start in closed else self.way_out(start, vclass)
            way = ways[start, vclass]
            way = way or (refuges.way(start, vclass) if refuges and start not in closed else ())
            if way:
                ask.setVehicleClass(vehicle, vclass)
                way = self._over_stop(vehicle, vclass, way)
                self.kept.give(vehicle, [*ahead[:on_junction], *way], for_good=not ways[start, vclass])
                sent.add(vehicle)
        self.turned_round |= sent if fleeing else set()
        return sent

    def _over_stop(self, vehicle: str, vclass: str, way: tuple[str, ...]) -> tuple[str, ...]:
        """Return the way over the stop that a vehicle has ahead; the given one, without the stop, where none is open.

        SUMO drops a stop that isn't on a new way without a word, and in the mesoscopic model ends the run.
        """
        stop = stop_ahead(self.connection, vehicle)
        if stop is None or stop == way[0]:
            return way
        there = quickest_way(self.connection, way[0], vclass, [stop])
        onward = self.way_out(stop, vclass) if there else ()
        if onward:
            return (*there[:-1], *onward)
        self.connection.vehicle.replaceStop(vehicle, 0, "")
        return way

    def way_out(self, start: str, vclass: str, to: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the quickest way of a class from an edge to any exit now, or to some edges; none if none is."""
        targets = [edge for edges in self.exits.values() for edge in edges] if to is None else to
        beyond_s = self.drives.drives_s(self.connection.simulation.getTime()) if self.drives else None
        return quickest_way(self.connection, start, vclass, targets, beyond_s)
