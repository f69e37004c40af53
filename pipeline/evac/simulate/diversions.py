"""Drivers who are told on an approach to which exit they shall drive, by the lane in which they are."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from traci.connection import Connection

from evac.demand.buses import PREFIX as BUS
from evac.demand.draws import uniform
from evac.plans.timetable import Lead, State, at
from evac.simulate.kept_ways import KeptWays
from evac.simulate.ways import quickest_way, stop_ahead, way_ahead


@dataclass
class Diversions:
    """The diversions of a timetable at work.

    While one holds, the vehicles on its approach are looked at each second: none passes a road of 20 m unseen.

    Parameters
    ----------
    connection
        The running simulation.
    kept
        Gives vehicles other ways.
    approaches
        By edge, who is led where from when until when.
    last_edges
        The last edges of all exits: there it is too late.
    seed
        For drawing who follows.
    coarse
        Whether the simulation is mesoscopic: vehicles are on edges then, not on lanes.
    """

    connection: Connection
    kept: KeptWays
    approaches: Mapping[str, Sequence[State[tuple[Lead, ...]]]]
    last_edges: Collection[str]
    seed: int
    coarse: bool
    _led: set[tuple[tuple[Lead, ...], str]] = field(default_factory=set)

    def next_s(self, now_s: float) -> float:
        """Return when `act` has to be called next (simulated s); infinite when never."""
        states = [state for of_edge in self.approaches.values() for state in of_edge if state.holds]
        times = [state.from_s for state in states if state.from_s > now_s]
        if any(at(of_edge, now_s) for of_edge in self.approaches.values()):
            times.append(math.floor(now_s) + 1.0)
        return min(times, default=float("inf"))

    def act(self, now_s: float) -> None:
        """Tell each driver on an approach once where the lane leads in which they are.

        Who has somebody to fetch first isn't leaving yet.
        """
        for edge, of_edge in self.approaches.items():
            if leads := at(of_edge, now_s):
                self._divert(edge, leads)

    def _divert(self, edge: str, leads: tuple[Lead, ...]) -> None:
        for vehicle in self.connection.edge.getLastStepVehicleIDs(edge):
            if (leads, vehicle) not in self._led and not vehicle.startswith(BUS):
                lane = self._lane_of(vehicle, edge)
                lead = next((item for item in leads if item.concerns(lane)), None)
                if lead is None or stop_ahead(self.connection, vehicle) is not None:
                    continue
                self._led.add((leads, vehicle))
                if uniform(self.seed, "diversion", [vehicle])[0] < lead.compliance:
                    self._lead(vehicle, lead)

    def _lane_of(self, vehicle: str, edge: str) -> int:
        """Return the number of the lane that a vehicle is in; drawn where vehicles are on no lane."""
        if not self.coarse:
            return int(self.connection.vehicle.getLaneIndex(vehicle))
        return int(uniform(self.seed, "lane", [vehicle])[0] * self.connection.edge.getLaneNumber(edge))

    def _lead(self, vehicle: str, item: Lead) -> None:
        """Send a vehicle to the exit for good: it looks for no other way from now on.

        On the last edge of an exit it is too late.
        """
        ask = self.connection.vehicle
        start = way_ahead(self.connection, vehicle)[0]
        if start in self.last_edges:
            return
        way = self._way(start, ask.getVehicleClass(vehicle), item)
        if way and not ask.getRoadID(vehicle).startswith(":"):
            self.kept.give(vehicle, way, for_good=True)

    def _way(self, start: str, vclass: str, item: Lead) -> tuple[str, ...]:
        """Return the quickest way of a class from an edge to a diversion's exit, over its road where it names one."""
        if not item.by:
            return quickest_way(self.connection, start, vclass, item.exit_edges)
        first = quickest_way(self.connection, start, vclass, item.by)
        onward = quickest_way(self.connection, first[-1], vclass, item.exit_edges) if first else ()
        return (*first[:-1], *onward) if onward else ()
