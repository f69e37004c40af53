"""Turns at junctions through which nobody gets, told to those who choose their way.

SUMO's drivers judge a way by the speeds on its roads, not by its turns: those who stand before a turn stand on the same
road whichever way they go on. Told how long turns took (`weights.separate-turns`) they know of a slow one, but nothing
of one that nobody gets through, and other costs come with it (docs/method.md). Here a turn for which the first car of
its lane has stood for `_BLOCKED_AFTER_S` is judged to take as long again as that car has waited.

SUMO reads the travel times at every full minute. For that one second the turn's path over the junction has the speed
limit at which it takes so long, which holds up nobody, since nobody gets onto it. A turn that nobody ever made keeps
its free time in SUMO.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol

from traci.exceptions import TraCIException

from evac.simulate.answers import Standing, next_inner_lane
from evac.simulate.ways import way_ahead

TOLD_WITHIN_S = 1.0
"""How long a blocked turn is slow (s): the step in which SUMO reads the travel times."""
_BLOCKED_AFTER_S = 120.0
"""Standing time of a lane's first car that makes its turn a blocked one (s): longer than the red of a signal."""
_LEFT_A_MINUTE_LATER = 0.5 ** (1 / 5)
"""Share of the wait that is still believed a minute later when nobody waits there any more: half of it after five
minutes, in which every informed driver looks once. Then the turn is tried again."""


class _Watch(Protocol):
    """Who was in the network at the last look."""

    @property
    def state(self) -> Mapping[str, Standing]: ...


@dataclass(frozen=True)
class _Blocked:
    """A turn, by its lane over the junction: the wait (s), who waited there, and the roads that it joins."""

    wait_s: float
    vehicle: str
    roads: tuple[str, ...]


class BlockedTurns:
    """The blocked turns of a running simulation.

    Parameters
    ----------
    connection
        The running simulation.
    watch
        Looks at it once a minute.
    """

    def __init__(self, connection: Any, watch: _Watch) -> None:
        self._connection = connection
        self._watch = watch
        self._blocked: dict[str, _Blocked] = {}
        self._limits_mps: dict[str, float] = {}

    def tell(self) -> bool:
        """Slow the turns that were blocked at the last look, until `end`; return whether there are any."""
        self._blocked = {**self._remembered(), **self._waiting()}
        lanes = self._connection.lane
        for lane, blocked in self._blocked.items():
            self._limits_mps[lane] = lanes.getMaxSpeed(lane)
            lanes.setMaxSpeed(lane, lanes.getLength(lane) / blocked.wait_s)
        return bool(self._blocked)

    def end(self) -> None:
        """Give the turns their own speed again."""
        for lane, limit_mps in self._limits_mps.items():
            self._connection.lane.setMaxSpeed(lane, limit_mps)
        self._limits_mps.clear()

    def _waiting(self) -> dict[str, _Blocked]:
        """Return the turns before which the first car of a lane has stood too long."""
        state = self._watch.state
        first: dict[str, tuple[float, str]] = {}
        for vehicle, at in state.items():
            first[at.lane] = max(first.get(at.lane, (0.0, "")), (at.pos_m, vehicle))
        standing = (vehicle for _, vehicle in first.values() if vehicle and state[vehicle].waited_s >= _BLOCKED_AFTER_S)
        found: dict[str, _Blocked] = {}
        for vehicle in standing:
            turn = next_inner_lane(self._connection, vehicle)
            if turn and not state[vehicle].lane.startswith(":"):
                known_s = self._blocked[turn].wait_s if turn in self._blocked else 0.0
                found[turn] = _Blocked(max(state[vehicle].waited_s, known_s), vehicle, self._roads(vehicle))
        return found

    def _roads(self, vehicle: str) -> tuple[str, ...]:
        """Return the road that a vehicle is on and the next of its way."""
        return way_ahead(self._connection, vehicle)[:2]

    def _remembered(self) -> dict[str, _Blocked]:
        """Return what is still believed of the turns that were blocked a minute ago."""
        believed = {
            turn: replace(blocked, wait_s=blocked.wait_s * _LEFT_A_MINUTE_LATER)
            for turn, blocked in self._blocked.items()
            if not self._has_turned(blocked)
        }
        return {turn: blocked for turn, blocked in believed.items() if blocked.wait_s >= _BLOCKED_AFTER_S}

    def _has_turned(self, blocked: _Blocked) -> bool:
        """Return whether the car that waited has made the turn."""
        ask = self._connection.vehicle
        try:
            route, at = ask.getRoute(blocked.vehicle), ask.getRouteIndex(blocked.vehicle)
        except TraCIException:  # it is out by now
            return True
        return any(pair == blocked.roads for pair in pairwise(route[: at + 1]))
