"""True gridlock: rings of vehicles that block each other for good, found, resolved and put on record.

SUMO's own remedy, teleporting, takes any vehicle that has waited long out of the jam, wherever it stands, and flatters
the clearance time. Here a vehicle is in gridlock only when it waits, in a ring, for itself: a long queue behind a slow
bottleneck, or a side street starved by a busy main road, waits for vehicles that move.

Detection, once a minute of simulated time: vehicles that have stood for `after_s` are nodes; each waits for the
standing vehicles that are in its way (the one ahead on its route, within the space that it needs; those on the
junction, or with their rear on it, where their paths cross; those beside it, when it has to change lanes). A vehicle
can move only when all of them have gone, so every strongly connected component of two or more is a deadlock
(Coffman's circular wait; Holt 1972, doi 10.1145/356603.356607).

Resolution, `pulled over`: the foremost vehicles of the ring, those whose way on is full, drive onto the verge at
the place where they stand. Those behind who can go on do so; the others rejoin from the verge after `_PULLED_OVER_S`
as soon as there is a gap. Two side by side who each need the other's lane have no use for a verge: they change places
(`swapped lanes`). Of vehicles that block each other in the middle of a junction, with no place to pull over, the first
that has room beyond the junction drives off it, past the others (`waved through`): it moves by some metres. Nobody
jumps ahead of a queue, and nobody leaves the simulation. Where a ring was found, the next one is
resolved after `_AGAIN_S`, for `_REMEMBERED_S`: people there know by then what they are up against.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import traci.constants as tc
from traci.connection import Connection
from traci.exceptions import TraCIException

from evac.graphs import components
from evac.simulate.answers import Car, Standing, cars_on_roads, next_inner_lane, vehicles_in_network
from evac.simulate.ways import way_ahead

_PULLED_OVER_S = 60.0
"""How long a vehicle stays on the verge at least (s)."""
_AGAIN_S = 60.0
"""Standing time that makes a ring where one was found before (s)."""
_REMEMBERED_S = 1800.0
"""For how long a place of gridlock is remembered (s)."""
STANDSTILL_S = 1800.0
"""A simulation in which nothing has moved for this long has come to a standstill (s): six cycles of a slow signal."""

_JAM_SPACING_M = 10.0  # front to front, with some slack: SUMO's passenger car stands 7.5 m apart
_SPACE_M = 10.0  # a vehicle and its gap, beyond a junction that must be kept clear
_VEHICLE_M = 5.0  # length of SUMO's passenger car
_OFF_JUNCTION_M = 0.5  # where the front of a vehicle is that has just crossed
_TOUCHING_M = 1.0  # so near to the point of conflict that others see the vehicle as in it
_LEFT, _RIGHT, _FOLLOWERS, _LEADERS = 0, 1, 0, 2  # bits of SUMO's getNeighbors


@dataclass(frozen=True)
class Event:
    """A ring, and what was done about it.

    Parameters
    ----------
    time_s
        When it was found.
    vehicles
        The vehicles that were moved.
    ring
        All vehicles of the ring.
    edges
        Where they stood.
    lon, lat
        The first of `vehicles`, or of `ring`; none in a net without geographic projection.
    resolution
        `pulled over`, `swapped lanes`, `waved through`, or `none` where no vehicle of the ring could do either.
    """

    time_s: float
    vehicles: list[str]
    ring: list[str]
    edges: list[str]
    lon: float | None
    lat: float | None
    resolution: str

    def record(self) -> dict[str, Any]:
        """Return the event as plain JSON values."""
        return asdict(self)


class GridlockWatch:
    """Watches one running simulation; `poll` is called after each step of about a minute.

    Parameters
    ----------
    connection
        Connection to the simulation.
    after_s
        Vehicles of a ring have stood at least this long.
    """

    def __init__(self, connection: Connection, after_s: float) -> None:
        self.events: list[Event] = []
        self._connection = connection
        self._after_s = after_s
        self._lengths_m: dict[str, float] = {}
        self._following: dict[str, str] = {}
        self._foe_exits: dict[str, list[str]] = {}
        self._queues: dict[str, list[tuple[float, str]]] = {}
        self._found_s: dict[str, float] = {}
        self._state: dict[str, Standing] = {}
        self._moved_s = 0.0
        self._junction = connection.junction.getIDList()[0]

    def poll(self, now_s: float) -> None:
        """Find the rings that there are now and resolve them."""
        state = vehicles_in_network(self._connection, self._junction, now_s)
        if _anything_moved(self._state, state):
            self._moved_s = now_s
        self._state = state
        enough_s = self._after_s
        if any(now_s - found_s <= _REMEMBERED_S for found_s in self._found_s.values()):
            enough_s = min(_AGAIN_S, self._after_s)
        standing = {vehicle: at for vehicle, at in state.items() if at.waited_s >= enough_s}
        waits, fronts = self._wait_for(standing)
        for ring in find_rings(waits):
            if self._is_due(ring, now_s):
                self._resolve(ring, waits, fronts, now_s)

    @property
    def state(self) -> Mapping[str, Standing]:
        """Return who was in the network at the last look."""
        return self._state

    @property
    def cars(self) -> tuple[Car, ...]:
        """The vehicles on the roads, as of the last look."""
        return cars_on_roads(self._state.values())

    def stands_still(self, now_s: float) -> bool:
        """Return whether nothing in the network has moved for `STANDSTILL_S`."""
        return now_s - self._moved_s >= STANDSTILL_S

    def left(self, now_s: float) -> dict[str, tuple[str, float]]:
        """Return who is in the network: by vehicle its road, and for how long it hasn't moved (s)."""
        state = vehicles_in_network(self._connection, self._junction, now_s)
        return {vehicle: (self._road(vehicle, at), at.waited_s) for vehicle, at in state.items()}

    def _road(self, vehicle: str, at: Standing) -> str:
        """Return the road that a vehicle is on, or came from where it is on a junction."""
        if not at.lane.startswith(":"):
            return at.lane.rpartition("_")[0]
        return way_ahead(self._connection, vehicle)[0]

    def _wait_for(self, standing: Mapping[str, Standing]) -> tuple[dict[str, list[str]], set[str]]:
        """Return for whom each standing vehicle waits, and the fronts: those that wait for no one on their lane."""
        lanes = defaultdict(list)
        for vehicle, at in standing.items():
            lanes[at.lane].append((at.pos_m, vehicle))
        self._queues = {lane: sorted(queue, reverse=True) for lane, queue in lanes.items()}
        waits: dict[str, list[str]] = {}
        fronts = set()
        for queue in self._queues.values():
            ahead_m, ahead = float("inf"), ""
            for pos_m, vehicle in queue:
                if ahead_m - pos_m < _JAM_SPACING_M:
                    waits[vehicle] = [ahead]
                else:
                    fronts.add(vehicle)
                    waits[vehicle] = [
                        other for other in self._in_the_way(vehicle, standing[vehicle]) if other in standing
                    ]
                ahead_m, ahead = pos_m, vehicle
        return waits, fronts

    def _in_the_way(self, vehicle: str, at: Standing) -> list[str]:
        """Return the vehicles that must go before a front can, standing or not."""
        ask = self._connection.vehicle
        next_lane = next_inner_lane(self._connection, vehicle)
        on_junction = at.lane.startswith(":")
        crossing = self._crossing(at.lane if on_junction else next_lane)
        reach_m = sum(map(self._length_m, crossing)) - at.pos_m + _SPACE_M
        reach_m += 0.0 if on_junction else self._length_m(at.lane)
        ahead, gap_m = ask.getLeader(vehicle, reach_m) or ("", 0.0)
        found = [ahead] if ahead and gap_m < reach_m else []
        foes = ask.getJunctionFoes(vehicle, reach_m)
        found += [foe[0] for foe in foes if self._bars_the_junction(foe)]
        if on_junction:
            found += self._branching_off(at, {foe[0] for foe in foes})
        found += [tail for lane in crossing for tail in self._overhanging(lane)]
        return [other for other in found if other != vehicle] + self._beside(vehicle, at.lane)

    def _crossing(self, lane: str) -> list[str]:
        """Return a junction's inner lane and those that continue it: a left turn waits for a gap between two."""
        lanes = []
        while lane.startswith(":"):
            lanes.append(lane)
            lane = self._beyond(lane)
        return lanes

    def _bars_the_junction(self, foe: tuple[Any, ...]) -> bool:
        """Return whether a foe stands on the junction, in the way or with right of way."""
        name, _, to_conflict_m, _, beyond_conflict_m, _, _, must_yield, _ = foe
        if name not in self._state or not self._state[name].lane.startswith(":"):
            return False
        in_the_way = to_conflict_m <= _TOUCHING_M and beyond_conflict_m >= -_VEHICLE_M
        return bool(must_yield) or in_the_way

    def _branching_off(self, at: Standing, crossing: set[str]) -> list[str]:
        """Return those standing that came from the same lane, drive another way, and have their rear just ahead."""
        near_m = (at.pos_m, at.pos_m + _JAM_SPACING_M)
        return [
            name
            for lane in self._connection.lane.getInternalFoes(at.lane)
            for pos_m, name in self._queues.get(lane, ())
            if near_m[0] < pos_m < near_m[1] and name not in crossing
        ]

    def _overhanging(self, lane: str) -> list[str]:
        """Return the vehicles just off the junction whose rear is still on a path that crosses an inner lane."""
        if lane not in self._foe_exits:
            foes = self._connection.lane.getInternalFoes(lane)
            self._foe_exits[lane] = sorted({self._crossing_end(foe) for foe in foes})
        tails = (self._queues[out][-1] for out in self._foe_exits[lane] if out in self._queues)
        return [tail for pos_m, tail in tails if pos_m < _VEHICLE_M]

    def _crossing_end(self, lane: str) -> str:
        return self._beyond(self._crossing(lane)[-1]) if lane.startswith(":") else lane

    def _beyond(self, lane: str) -> str:
        """Return the lane that follows a junction's inner lane."""
        if lane not in self._following:
            links = self._connection.lane.getLinks(lane)
            self._following[lane] = (links[0][4] or links[0][0]) if links else ""
        return self._following[lane]

    def _beside(self, vehicle: str, lane: str) -> list[str]:
        """Return the vehicles in the way of a lane change without which the route can't be followed."""
        if lane.startswith(":"):
            return []
        ask = self._connection.vehicle
        for name, _, _, offset, goes_on, _ in ask.getBestLanes(vehicle):
            if name == lane and offset and not goes_on:
                side = _LEFT if offset > 0 else _RIGHT
                near = (*ask.getNeighbors(vehicle, side | _FOLLOWERS), *ask.getNeighbors(vehicle, side | _LEADERS))
                return [other for other, gap_m in near if gap_m < 0.0]
        return []

    def _length_m(self, lane: str) -> float:
        if lane not in self._lengths_m:
            self._lengths_m[lane] = self._connection.lane.getLength(lane)
        return self._lengths_m[lane]

    def _is_due(self, ring: Iterable[str], now_s: float) -> bool:
        """Return whether a ring has stood long enough, and note where it is."""
        lanes = {self._state[vehicle].lane for vehicle in ring}
        known = any(now_s - self._found_s.get(lane, -np.inf) <= _REMEMBERED_S for lane in lanes)
        due = known or min(self._state[vehicle].waited_s for vehicle in ring) >= self._after_s
        if due:
            self._found_s.update(dict.fromkeys(lanes, now_s))
        return due

    def _resolve(self, ring: list[str], waits: Mapping[str, list[str]], fronts: set[str], now_s: float) -> None:
        moved, resolution = self._move(ring, waits, fronts)
        lon, lat = self._place((moved or ring)[0])
        edges = sorted({self._state[vehicle].lane.rpartition("_")[0] for vehicle in ring})
        self.events.append(Event(now_s, moved, ring, edges, lon, lat, resolution))

    def _move(self, ring: list[str], waits: Mapping[str, list[str]], fronts: set[str]) -> tuple[list[str], str]:
        """Do what helps, the mildest first; return who was moved, and how."""
        if moved := self._swap_lanes(ring, fronts):
            return moved, "swapped lanes"
        if moved := [vehicle for vehicle in ring if vehicle in fronts and self._pull_over(vehicle)]:
            return moved, "pulled over"
        if moved := self._wave_through(ring):
            return moved, "waved through"
        moved = [vehicle for vehicle in self._waited_for(ring, waits, fronts) if self._pull_over(vehicle)]
        return moved, "pulled over" if moved else "none"

    def _wave_through(self, ring: list[str]) -> list[str]:
        """Let the first vehicle of those on the junction that has room beyond drive off it, past the others."""
        left_m = {one: self._left_m(self._state[one]) for one in ring if self._state[one].lane.startswith(":")}
        for vehicle in sorted(left_m, key=lambda one: (left_m[one], one)):
            out = self._crossing_end(self._state[vehicle].lane)
            tail_m = min((at.pos_m for at in self._state.values() if at.lane == out), default=np.inf)
            if tail_m >= _SPACE_M:
                self._connection.vehicle.moveTo(vehicle, out, _OFF_JUNCTION_M)
                return [vehicle]
        return []

    def _left_m(self, at: Standing) -> float:
        """Return how far it is to the end of the junction (m)."""
        return sum(map(self._length_m, self._crossing(at.lane))) - at.pos_m

    def _waited_for(self, ring: list[str], waits: Mapping[str, list[str]], fronts: set[str]) -> list[str]:
        inside = set(ring)
        return sorted({other for one in inside & fronts for other in waits[one] if other in inside})

    def _swap_lanes(self, ring: list[str], fronts: set[str]) -> list[str]:
        """Let pairs side by side, each in the lane that the other needs, change places; return those who did."""
        beside = {one: self._beside(one, self._state[one].lane) for one in ring if one in fronts}
        swapped: list[str] = []
        for one, others in beside.items():
            partner = next((other for other in others if one in beside.get(other, []) and other not in swapped), None)
            if partner is not None and one not in swapped:
                for vehicle, place in ((one, self._state[partner]), (partner, self._state[one])):
                    self._connection.vehicle.moveTo(vehicle, place.lane, place.pos_m)
                swapped += [one, partner]
        return swapped

    def _pull_over(self, vehicle: str) -> bool:
        """Park a vehicle where it stands; return whether SUMO lets it (not on a junction)."""
        lane, pos_m = self._state[vehicle].lane, self._state[vehicle].pos_m
        if lane.startswith(":"):
            return False
        edge, _, index = lane.rpartition("_")
        end_m = min(pos_m + 0.1, self._length_m(lane))  # a stop may not lie behind the front
        try:
            self._connection.vehicle.setStop(vehicle, edge, end_m, int(index), _PULLED_OVER_S, tc.STOP_PARKING)
        except TraCIException:
            return False
        return True

    def _place(self, vehicle: str) -> tuple[float | None, float | None]:
        x_m, y_m = self._connection.vehicle.getPosition(vehicle)
        try:
            lon, lat = self._connection.simulation.convertGeo(x_m, y_m)
        except TraCIException:
            return None, None
        return round(lon, 6), round(lat, 6)


def _anything_moved(before: Mapping[str, Standing], after: Mapping[str, Standing]) -> bool:
    """Return whether any vehicle is somewhere else, has come, or has gone."""
    if before.keys() != after.keys():
        return True
    return any((at.lane, at.pos_m) != (after[name].lane, after[name].pos_m) for name, at in before.items())


def find_rings(waits: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the sets of vehicles that wait for each other, directly or not: each sorted, and all in order.

    Parameters
    ----------
    waits
        For each standing vehicle the standing vehicles that it waits for.
    """
    vehicles = sorted(waits)
    index = {vehicle: i for i, vehicle in enumerate(vehicles)}
    pairs = np.array([(index[one], index[other]) for one, others in waits.items() for other in others], dtype=int)
    if not len(pairs):
        return []
    label = components(pairs[:, 0], pairs[:, 1], len(vehicles), strong=True)
    rings = defaultdict(list)
    for vehicle, component in zip(vehicles, label, strict=True):
        rings[component].append(vehicle)
    return sorted(ring for ring in rings.values() if len(ring) > 1)
