"""Cars that crash or stall in a running simulation: they stand in their lane, and drive on when it is cleared."""

from __future__ import annotations

from typing import Any

from traci.exceptions import TraCIException

from evac.clock import next_multiple
from evac.demand.incidents import Breakdowns

_LOOK_EVERY_S = 2.0
_BRAKES_MPS2 = 3.0  # less than any driver's, so that the stop is never too near
_MARGIN_M = 1.0


class Breaking:
    """The cars of a run that crash or stall.

    Parameters
    ----------
    connection
        The running simulation.
    breakdowns
        Which cars do so, and after what distance; nobody when None.
    """

    def __init__(self, connection: Any, breakdowns: Breakdowns | None) -> None:
        self._connection = connection
        self._due = {} if breakdowns is None else dict(breakdowns.after_m)
        self._lasts_s = 0.0 if breakdowns is None else breakdowns.lasts_s
        self._standing: dict[str, dict[str, Any]] = {}
        self.incidents: list[dict[str, Any]] = []
        """Each with `vehicle`, `edge`, `lane`, `pos_m`, `driven_m`, `from_s` and `until_s` (None: it stands there at
        the end)."""

    @property
    def has_plans(self) -> bool:
        """Whether the simulation may not end yet: a lane is still to be cleared."""
        return bool(self._standing)

    def next_s(self, now_s: float) -> float:
        """Return when `act` has to be called next (simulated s); infinite when never."""
        if not self._due and not self._standing:
            return float("inf")
        return next_multiple(now_s, _LOOK_EVERY_S)

    def act(self, now_s: float) -> None:
        """Stop those who have driven their distance, and note who drives on."""
        if now_s % _LOOK_EVERY_S or not (self._due or self._standing):
            return
        here = set(self._connection.vehicle.getIDList())
        for vehicle in sorted(here & self._due.keys()):
            driven_m = self._connection.vehicle.getDistance(vehicle)
            if driven_m >= self._due[vehicle] and self._stop(vehicle, driven_m):
                del self._due[vehicle]
        for vehicle, incident in list(self._standing.items()):
            self._look_at(vehicle, incident, now_s, is_here=vehicle in here)

    def _stop(self, vehicle: str, driven_m: float) -> bool:
        """Let a car stop in its lane, if there is room on its road; else it does so on the next."""
        ask = self._connection.vehicle
        edge, lane = ask.getRoadID(vehicle), ask.getLaneIndex(vehicle)
        if edge.startswith(":") or ask.isStopped(vehicle):
            return False
        pos_m = ask.getLanePosition(vehicle) + ask.getSpeed(vehicle) ** 2 / (2.0 * _BRAKES_MPS2) + _MARGIN_M
        if pos_m > self._connection.lane.getLength(f"{edge}_{lane}") - _MARGIN_M:
            return False
        try:
            ask.setStop(vehicle, edge, pos=pos_m, laneIndex=lane, duration=self._lasts_s)
        except TraCIException:
            return False
        where = {"vehicle": vehicle, "edge": edge, "lane": lane, "pos_m": round(pos_m, 1)}
        self._standing[vehicle] = {**where, "driven_m": round(driven_m, 1), "from_s": None, "until_s": None}
        return True

    def _look_at(self, vehicle: str, incident: dict[str, Any], now_s: float, *, is_here: bool) -> None:
        stands = is_here and self._connection.vehicle.isStopped(vehicle)
        if stands and incident["from_s"] is None:
            incident["from_s"] = now_s
            self.incidents.append(incident)
        elif not stands and incident["from_s"] is not None:
            incident["until_s"] = now_s
        if not is_here or incident["until_s"] is not None:
            del self._standing[vehicle]
