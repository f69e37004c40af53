"""Whether it is known already if enough vehicles of some groups are safe, so that a run needn't go on.

What is seen here, once a simulated minute, is less than what the run's outputs tell: who drove over a road that the
hazard had reached between two looks isn't seen on it. So a run that ends by it is measured like any other, and where
that shows that too little was known, it is run again to its end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import traci.constants as tc
from traci.connection import Connection

from evac.demand.packets import Packets
from evac.simulate.answers import text, values_of, vehicles_known


@dataclass(frozen=True)
class Group:
    """Vehicles of which it is asked whether enough are safe: out, or in a refuge, and never on a reached road.

    Parameters
    ----------
    leaves_s
        When each that has a way leaves (s after the order).
    lost
        How many have none: they aren't safe in any case.
    needed
        How many have to be safe.
    """

    leaves_s: Mapping[str, float]
    lost: int
    needed: int

    @property
    def spare(self) -> int:
        """How many may not be safe."""
        return len(self.leaves_s) + self.lost - self.needed

    @property
    def is_lost(self) -> bool:
        """Whether too many aren't safe whatever happens."""
        return self.lost > self.spare

    @property
    def enough_left_s(self) -> float:
        """When as many have left as have to be safe (s); infinite where so many never do."""
        left_s = sorted(self.leaves_s.values())
        return left_s[self.needed - 1] if 0 < self.needed <= len(left_s) else math.inf


class Fates:
    """Looks at the groups of a running simulation.

    Parameters
    ----------
    connection
        The running simulation.
    groups
        The groups.
    reached_s
        When the hazard reaches each edge that it ever reaches (s after the order).
    packets
        Who drives for whom; everybody himself when None.
    """

    def __init__(
        self,
        connection: Connection,
        groups: Sequence[Group],
        reached_s: Mapping[str, float],
        packets: Packets | None = None,
    ) -> None:
        self._connection, self._reached_s, self._packets = connection, reached_s, packets or Packets()
        self._open = [group for group in groups if not group.is_lost]
        self._first_s = min(reached_s.values(), default=math.inf)
        self._exposed: set[str] = set()

    def are_known(self, now_s: float, at_home: AbstractSet[str] = frozenset()) -> bool:
        """Return whether each group is known to be safe, or known not to be; to be asked once a simulated minute.

        Parameters
        ----------
        now_s
            Simulated time (s after the order).
        at_home
            Vehicles that don't leave home any more.
        """
        is_burning = now_s > self._first_s
        if is_burning or any(group.enough_left_s < now_s for group in self._open):
            on_road = set(vehicles_known(self._connection))
            there = self._packets.all_of(on_road.union(self._connection.simulation.getPendingVehicles()))
            at_home = self._packets.all_of(at_home)
            if is_burning:
                self._see_exposed(on_road, now_s)
            self._open = [group for group in self._open if not self._is_known(group, there, at_home, now_s)]
        return not self._open

    def _see_exposed(self, on_road: AbstractSet[str], now_s: float) -> None:
        for group in self._open:
            leaders = {self._packets.leader_of.get(name, name) for name in group.leaves_s.keys() - self._exposed}
            mine = list(leaders & on_road)
            for vehicle, road in zip(mine, values_of(self._connection, tc.VAR_ROAD_ID, mine), strict=True):
                if self._reached_s.get(text(road), math.inf) < now_s:
                    self._exposed |= self._packets.all_of([vehicle])

    def _is_known(self, group: Group, there: AbstractSet[str], at_home: AbstractSet[str], now_s: float) -> bool:
        lost = group.leaves_s.keys() & (self._exposed | at_home)
        left = {vehicle for vehicle, leaves_s in group.leaves_s.items() if leaves_s < now_s}
        gone = left.difference(there, lost)
        return len(gone) >= group.needed or group.lost + len(lost) > group.spare
