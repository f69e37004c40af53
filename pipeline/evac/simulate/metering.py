"""Exits that take only so many vehicles an hour, such as a ferry: each vehicle stops at the exit line until it is due.

A lane alone would pass its saturation flow over the line, which for a ferry is many times too much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import traci

_LINE_M = 1.0
"""How far before the end of the lane a vehicle waits (m)."""

_HOUR_S = 3600.0
_FOR_EVER_S = 1e7


class Metering:
    """The exits with a capacity of a run.

    Parameters
    ----------
    connection
        The running simulation.
    exits
        The edges of each exit by its name.
    veh_per_h
        The most vehicles an hour of those exits that have a limit.
    """

    def __init__(self, connection: Any, exits: Mapping[str, Sequence[str]], veh_per_h: Mapping[str, float]) -> None:
        self._connection = connection
        self._edges = {name: tuple(exits[name]) for name in veh_per_h}
        self._every_s = {name: _HOUR_S / limit for name, limit in veh_per_h.items()}
        self._next_s = dict.fromkeys(veh_per_h, 0.0)
        self._held: dict[str, list[str]] = {name: [] for name in veh_per_h}

    @property
    def is_needed(self) -> bool:
        """Return whether any exit has a limit."""
        return bool(self._edges)

    def act(self, now_s: float) -> None:
        """Stop those who have come to an exit's last edge, and let the next one go where it is due."""
        for name, edges in self._edges.items():
            for edge in edges:
                self._hold(name, edge, now_s)
            self._release(name, now_s)

    def _hold(self, name: str, edge: str, now_s: float) -> None:
        ask = self._connection.vehicle
        for vehicle in self._connection.edge.getLastStepVehicleIDs(edge):
            if vehicle in self._held[name]:
                continue
            lane = ask.getLaneID(vehicle)
            at_m = max(self._connection.lane.getLength(lane) - _LINE_M, 0.1)
            self._held[name].append(vehicle)
            try:
                ask.setStop(vehicle, edge, pos=at_m, laneIndex=ask.getLaneIndex(vehicle), duration=_FOR_EVER_S)
            except traci.TraCIException:  # too near to the line to stop: it goes, and the next waits the longer
                self._next_s[name] = max(self._next_s[name], now_s) + self._every_s[name]

    def _release(self, name: str, now_s: float) -> None:
        if now_s < self._next_s[name]:
            return
        ask = self._connection.vehicle
        there = {vehicle for edge in self._edges[name] for vehicle in self._connection.edge.getLastStepVehicleIDs(edge)}
        for vehicle in self._held[name]:
            if vehicle in there and ask.isStopped(vehicle):
                ask.resume(vehicle)
                # What was due is kept, so that moving up to the line costs no capacity.
                self._next_s[name] = max(self._next_s[name], now_s - self._every_s[name]) + self._every_s[name]
                return
