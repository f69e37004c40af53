"""Exits that take only so many vehicles an hour, always (a ferry) or at times (the next town is jammed).

Each vehicle stops at the exit line until it is due, and the queue stands on the map. A lane alone would pass its
saturation flow over the line, which for a ferry is many times too much. When a limit ends, those held drive on. Where
the road to the line is too short to stop on it, they are held at the end of the road before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import traci

from evac.clock import HOUR_S
from evac.network.exits.resolved import Spell
from evac.simulate.ways import LONGEST_STOP_S

_LINE_M = 1.0
"""How far before the end of the lane a vehicle waits (m)."""

_FOR_EVER_S = 1e7
_FAST = 1.3
"""How fast the fastest drive, as a multiple of the limit: three standard deviations of the desired speeds."""
_BRAKES_MPS2 = 4.0
"""As who stops at the line brakes (a little less than SUMO's drivers can)."""


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
        self._last = {name: frozenset(exits[name]) for name in names}
        self._edges = {name: tuple(self._with_those_before(exits[name])) for name in names}
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

    def _with_those_before(self, exit_edges: Sequence[str]) -> list[str]:
        """Return an exit's last edges, and those before them on which one has to be stopped, as these are short."""
        found = dict.fromkeys(exit_edges)
        short = [edge for edge in found if self._is_short(edge)]
        while short:
            junction = self._connection.edge.getFromJunction(short.pop())
            for edge in self._connection.junction.getIncomingEdges(junction):
                if not edge.startswith(":") and edge not in found:
                    found[edge] = None
                    short += [edge] if self._is_short(edge) else []
        return list(found)

    def _is_short(self, edge: str) -> bool:
        """Return whether who drives onto an edge may be over its end before he is seen and has stopped."""
        speed_mps = _FAST * float(self._connection.lane.getMaxSpeed(f"{edge}_0"))
        needs_m = speed_mps + speed_mps**2 / (2.0 * _BRAKES_MPS2) + _LINE_M
        return float(self._connection.lane.getLength(f"{edge}_0")) < needs_m

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
        return [vehicle for vehicle in self._held[name] if vehicle in there and self._is_held(vehicle)]

    def _is_held(self, vehicle: str) -> bool:
        """Return whether a vehicle stands until it is let go: one that has crashed, or fetches somebody, isn't."""
        ask = self._connection.vehicle
        return bool(ask.isStopped(vehicle)) and float(ask.getStops(vehicle, 1)[0].duration) > LONGEST_STOP_S

    def _hold(self, name: str, edge: str, now_s: float, every_s: float) -> None:
        ask = self._connection.vehicle
        for vehicle in self._connection.edge.getLastStepVehicleIDs(edge):
            if vehicle in self._held[name]:
                continue
            if edge not in self._last[name] and ask.getRoute(vehicle)[-1] not in self._last[name]:
                continue
            at_m = max(self._connection.lane.getLength(f"{edge}_0") - _LINE_M, 0.1)
            self._held[name].append(vehicle)
            try:
                ask.setStop(vehicle, edge, pos=at_m, laneIndex=self._lane(vehicle, edge), duration=_FOR_EVER_S)
            except traci.TraCIException:  # too near to the line to stop: it goes, and the next waits the longer
                self._next_s[name] = max(self._next_s[name], now_s) + every_s

    def _lane(self, vehicle: str, edge: str) -> int:
        """Return the lane in which to stop: the vehicle's own, unless another leads on and that one doesn't."""
        ask = self._connection.vehicle
        route, index, own = ask.getRoute(vehicle), ask.getRouteIndex(vehicle), int(ask.getLaneIndex(vehicle))
        if index + 1 >= len(route):
            return own
        lanes = range(self._connection.edge.getLaneNumber(edge))
        links = {lane: self._connection.lane.getLinks(f"{edge}_{lane}") for lane in lanes}
        on = [lane for lane in lanes if any(link[0].rpartition("_")[0] == route[index + 1] for link in links[lane])]
        return min(on, key=lambda lane: abs(lane - own), default=own)

    def _release(self, name: str, now_s: float, every_s: float) -> None:
        if now_s < self._next_s[name]:
            return
        for vehicle in self._waiting(name)[:1]:
            self._connection.vehicle.resume(vehicle)
            # Who moves up to the line may be late, which costs no capacity. After a gap the rate begins anew.
            is_late = now_s - self._next_s[name] >= every_s
            self._next_s[name] = (now_s if is_late else self._next_s[name]) + every_s
