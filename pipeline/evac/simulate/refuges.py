"""Lets vehicles into refuges as long as there is room, and turns on those who come when there is none.

A vehicle whose way ends on a refuge's edge is in it at that edge's end. It takes a place when it drives onto the edge;
when no place is left it is told there, and takes the quickest way to any exit, or else to another refuge that has
room. Who has neither pulls over and stands beside the road, not safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import traci.constants as tc
from traci.connection import Connection
from traci.exceptions import TraCIException

from evac.hazards.refuges import ResolvedRefuge
from evac.simulate.kept_ways import KeptWays
from evac.simulate.ways import keep_way, quickest_way

_LINE_M = 1.0
"""How far before the end of the edge a vehicle that finds no place pulls over (m)."""
_AHEAD_M = 0.1
"""A stop may not lie behind a vehicle's front (m)."""
_FOR_EVER_S = 1e7


class Refuges:
    """The refuges of a run.

    Parameters
    ----------
    connection
        The running simulation.
    refuges
        The refuges on its net.
    exits
        The last edges of each exit.
    kept
        Gives vehicles other ways.
    """

    def __init__(
        self,
        connection: Connection,
        refuges: Sequence[ResolvedRefuge],
        exits: Mapping[str, Sequence[str]],
        kept: KeptWays,
    ) -> None:
        self.turned_on: dict[str, list[str]] = {item.name: [] for item in refuges}
        self._connection, self._kept = connection, kept
        self._edges = {item.name: item.edges for item in refuges}
        self._refuge_of = {edge: item.name for item in refuges for edge in item.edges}
        self._room = {item.name: item.vehicles for item in refuges}
        self._places: dict[str, set[str]] = {item.name: set() for item in refuges}
        self._exit_edges = [edge for edges in exits.values() for edge in edges]

    @property
    def has_plans(self) -> bool:
        """Whether the simulation may not end yet: it may."""
        return False

    def next_s(self, now_s: float) -> float:
        """Return when `act` has to be called next (simulated s); infinite when never.

        Each second: nobody drives onto an edge and off it unseen.
        """
        return now_s + 1.0 if self._edges else float("inf")

    def act(self, now_s: float) -> None:  # noqa: ARG002  it is the same at any time
        """Give those a place who have come onto the edge of the refuge that they are bound for, or turn them on."""
        for edge, name in self._refuge_of.items():
            for vehicle in self._connection.edge.getLastStepVehicleIDs(edge):
                if vehicle not in self._places[name] and self._connection.vehicle.getRoute(vehicle)[-1] == edge:
                    self._let_in(vehicle, name, edge)

    def way(self, start: str, vclass: str) -> tuple[str, ...]:
        """Return the quickest way of a class from an edge to a refuge that has room now; none if none is."""
        return quickest_way(self._connection, start, vclass, self._with_room())

    def _with_room(self) -> list[str]:
        return [edge for edge, name in self._refuge_of.items() if len(self._places[name]) < self._room[name]]

    def _let_in(self, vehicle: str, name: str, edge: str) -> None:
        if len(self._places[name]) < self._room[name]:
            self._places[name].add(vehicle)
            return
        ask = self._connection.vehicle
        if vehicle not in self.turned_on[name]:
            self.turned_on[name].append(vehicle)
        vclass = ask.getVehicleClass(vehicle)
        way = quickest_way(self._connection, edge, vclass, self._exit_edges) or self.way(edge, vclass)
        if way:
            self._kept.give(vehicle, way, for_good=True)
        elif not ask.getStops(vehicle):
            self._pull_over(vehicle, edge)

    def _pull_over(self, vehicle: str, edge: str) -> None:
        """Let a vehicle stand beside the road at the end of its edge, or where it is, for good."""
        ask = self._connection.vehicle
        length_m = self._connection.lane.getLength(f"{edge}_0")
        lane = max(ask.getLaneIndex(vehicle), 0)
        keep_way(self._connection, vehicle)
        try:
            ask.setStop(vehicle, edge, max(length_m - _LINE_M, 0.1), lane, _FOR_EVER_S, tc.STOP_PARKING)
        except TraCIException:  # too near to brake: it would drive in, where there is no room
            ask.setPreviousSpeed(vehicle, 0.0)
            at_m = min(ask.getLanePosition(vehicle) + _AHEAD_M, length_m)
            ask.setStop(vehicle, edge, at_m, lane, _FOR_EVER_S, tc.STOP_PARKING)
