"""Vehicles on roads that a hazard has reached: they drive on and off them, and then by the rules again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from traci.connection import Connection

from evac.plans.timetable import FLEEING
from evac.simulate.ways import way_ahead

LOOK_AFTER_S = 10.0
"""How often it is looked who is off such a road."""


@dataclass
class Flight:
    """Who flees, and of which class they were before.

    Parameters
    ----------
    connection
        The running simulation.
    """

    connection: Connection
    fleeing: dict[str, str] = field(default_factory=dict)

    def about_to_enter(self, vehicles: Iterable[str], edges: Collection[str]) -> set[str]:
        """Return those of some vehicles that are on a junction already, and drive off it onto one of the edges."""
        ask = self.connection.vehicle
        return {
            vehicle
            for vehicle in vehicles
            if ask.getRoadID(vehicle).startswith(":")
            and next(iter(way_ahead(self.connection, vehicle)[1:]), None) in edges
        }

    def begin(self, classes: Mapping[str, str], shut: Collection[str]) -> None:
        """Let vehicles, each with its class, drive on where a hazard closes roads.

        Those who stand before a road that it has closed already (`shut`) stay: nobody drives into a fire to flee.
        """
        for vehicle, vclass in classes.items():
            if next(iter(way_ahead(self.connection, vehicle)[1:]), None) not in shut:
                self.fleeing[vehicle] = vclass
                self.connection.vehicle.setVehicleClass(vehicle, FLEEING)

    def escaped(self, shut: Collection[str]) -> dict[str, str]:
        """Return those who are on an open road now, with their class; who has left the network is forgotten."""
        present = set(self.connection.vehicle.getIDList())
        self.fleeing = {vehicle: vclass for vehicle, vclass in self.fleeing.items() if vehicle in present}
        roads = {vehicle: self.connection.vehicle.getRoadID(vehicle) for vehicle in self.fleeing}
        return {
            vehicle: self.fleeing[vehicle]
            for vehicle, road in roads.items()
            if road not in shut and not road.startswith(":")
        }

    def end(self, vehicle: str) -> None:
        """Make a vehicle what it was."""
        self.connection.vehicle.setVehicleClass(vehicle, self.fleeing.pop(vehicle))

    def forget(self, vehicle: str) -> None:
        """Take note that a vehicle is what it was."""
        del self.fleeing[vehicle]
