"""Exits that take only so many vehicles an hour, always (a ferry) or at times (the next town is jammed).

Each vehicle stops at the exit line until it is due, and the queue stands on the map. A lane alone would pass its
saturation flow over the line, which for a ferry is many times too much. When a limit ends, those held drive on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import traci

from evac.clock import HOUR_S
from evac.network.exits.resolved import Spell

_LINE_M = 1.0
"""How far before the end of the lane a vehicle waits (m)."""

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
    beyond
        When an exit takes less, or has a limit at all, by its name.
    """

    def __init__(
        self,
        connection: Any,
        exits: Mapping[str, Sequence[str]],
        veh_per_h: Mapping[str, float],
        beyond: Mapping[str, Sequence[Spell]],
    ) -> None:
        self._connection = connection
        names = list(dict.fromkeys([*veh_per_h, *beyond]))
        self._edges = {name: tuple(exits[name]) for name in names}
        self._always = {name: (Spell(0.0, _FOR_EVER_S, limit),) for name, limit in veh_per_h.items()}
        self._beyond = beyond
        self._next_s = dict.fromkeys(names, 0.0)
        self._held: dict[str, list[str]] = {name: [] for name in names}

    @property
    def is_needed(self) -> bool:
        """Return whether any exit has a limit."""
        return bool(self._edges)

    def holds_anybody(self, now_s: float) -> bool:
        """Return whether somebody is before the line of an exit until it is his turn: nothing else need move then."""
        return any(
            self._connection.edge.getLastStepVehicleNumber(edge)
            for name, edges in self._edges.items()
            if self._every_s(name, now_s) is not None
            for edge in edges
        )

    def longest_wait_s(self, now_s: float) -> float:
        """Return the longest time between two vehicles at an exit now (s); 0 where lanes alone decide."""
        return max((self._every_s(name, now_s) or 0.0 for name in self._edges), default=0.0)

    def act(self, now_s: float) -> None:
        """Stop those who have come to an exit's last edge, and let the next one go where it is due."""
        for name, edges in self._edges.items():
            every_s = self._every_s(name, now_s)
            if every_s is None:
                self._release_all(name)
                continue
            for edge in edges:
                self._hold(name, edge, now_s, every_s)
            self._release(name, now_s, every_s)

    def _every_s(self, name: str, now_s: float) -> float | None:
        """Return the seconds between two vehicles at an exit now; None where its lanes decide."""
        spells = (*self._always.get(name, ()), *self._beyond.get(name, ()))
        held = [spell.veh_per_h for spell in spells if spell.from_s <= now_s < spell.until_s]
        rates = [rate for rate in held if rate is not None]
        return HOUR_S / min(rates) if rates else None

    def _release_all(self, name: str) -> None:
        """Let those go who are held; who has still to come to the line goes when there."""
        for vehicle in self._waiting(name):
            self._connection.vehicle.resume(vehicle)

    def _waiting(self, name: str) -> list[str]:
        """Return who stands at the line of an exit, in the order in which they came onto its last edge."""
        on_edge = self._connection.edge.getLastStepVehicleIDs
        there = {vehicle for edge in self._edges[name] for vehicle in on_edge(edge)}
        ask = self._connection.vehicle
        return [vehicle for vehicle in self._held[name] if vehicle in there and ask.isStopped(vehicle)]

    def _hold(self, name: str, edge: str, now_s: float, every_s: float) -> None:
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
                self._next_s[name] = max(self._next_s[name], now_s) + every_s

    def _release(self, name: str, now_s: float, every_s: float) -> None:
        if now_s < self._next_s[name]:
            return
        for vehicle in self._waiting(name)[:1]:
            self._connection.vehicle.resume(vehicle)
            # Who moves up to the line may be late, which costs no capacity. After a gap the rate begins anew.
            is_late = now_s - self._next_s[name] >= every_s
            self._next_s[name] = (now_s if is_late else self._next_s[name]) + every_s
