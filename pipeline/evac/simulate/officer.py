"""A police officer who directs traffic at a junction: manual traffic control, as `Officer` does it through traci.

What officers do, says research on evacuation and event traffic: they give green to the direction with the highest
demand, hold it as long as it flows, and end it at a gap, so their cycles are long and little time is lost in changes
(Parr, Modeling the Decision Making of Manual Traffic Control, dissertation, Louisiana State University, 2014,
https://repository.lsu.edu/gradschool_dissertations/2180/; Parr, Herrera, Wolshon and Smith, Effect of Manual Traffic
Control on Evacuation Time Estimates, Transportation Research Record 2674 (9), 2020,
https://repository.lsu.edu/civil_engineering_pubs/1223/). They see the junction and its approaches, and neither the next
junction nor the plan. NUREG/CR-7002 (Criteria for Development of Evacuation Time Estimate Studies) has manual control
treated like an actuated signal.

The rules here, looked at every `LOOK_S`:

1. A green lasts at least `MIN_GREEN_S`.
2. It ends when its stream has a gap or stands (nobody comes to the stop line, or nobody moves there), or after
   `MAX_GREEN_S`, if cars wait that it doesn't let go.
3. Next is the stage that lets most of those go. A car counts by its own movement, and only if the stage lets all go
   that stand before it on its lane: behind a driver who waits to turn left, green for those bound straight on is no
   use.
4. Whoever is the first of a lane waits for `MAX_WAIT_S` at most. A green ends before it costs anybody that, and the
   driver who has waited longest is next. Only a green without having to yield counts as a turn: a gap may never come.
5. Between stages are the yellow and the all-red that the program has for this change; SUMO times them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from traci.connection import Connection

from evac.simulate.ways import way_ahead

LOOK_S = 5.0
"""Simulated seconds between two looks at the traffic."""
_LOOK_BACK_M = 150.0
"""How far along an approach an officer counts cars: some 20 cars a lane."""
MIN_GREEN_S = 10.0
"""Shortest green: the queue has begun to move, and a side street's few cars are through."""
MAX_GREEN_S = 120.0
"""Longest green while others wait; manual cycles of several minutes are common (Parr, 2014)."""
MAX_WAIT_S = 240.0
"""Nobody who is the first of a lane waits longer for the green: two of the longest greens."""
_CHANGE_S = 7.0
"""Longest yellow and all-red between two stages (`evac.overlay.signal_timing`)."""
_QUEUED_BELOW_MPS = 2.8
"""A car slower than this stands or creeps (10 km/h)."""
NEAR_M = 75.0
"""A queue that discharges has two cars and more on this length: about 28 m a car at 13.9 m/s and 2 s."""
_TURN_S = _CHANGE_S + MIN_GREEN_S + LOOK_S
"""From the end of a green to the end of the next, if that is as short as may be."""
_MOVES_MPS = 0.5
_GOES, _GOES_FIRST = "Gg", "G"
"""A stage's letters of movements that go, and of those that don't have to yield."""


@dataclass(frozen=True)
class Car:
    """A car that an officer sees: its lane at the stop line, its movement (the signal's link), distance and speed."""

    name: str
    lane: str
    movement: int
    away_m: float
    speed_mps: float

    @property
    def queues(self) -> bool:
        """Whether it stands or creeps."""
        return self.speed_mps < _QUEUED_BELOW_MPS


Lanes = Mapping[str, Sequence[Car]]
"""The cars by their lane at the stop line (farther back: the one that they are bound for), the first of each first."""


class Officer:
    """An officer at one traffic light; `act` is called every `LOOK_S` while the officer is on duty.

    Parameters
    ----------
    connection
        The running simulation.
    tls
        The traffic light.
    program
        The officer's program, as `evac.overlay.signals` writes it: stages without end, named `stage 0`, and for each
        change the yellow and all-red, named `stage 0 to 1`, which lead on into the next stage.
    coarse
        Whether the simulation is mesoscopic: a car is seen on the first lane that leads where it is bound for.
    cars
        Cars that each vehicle stands for, so many times as far are vehicles apart (`evac.demand.packets`).
    """

    def __init__(self, connection: Connection, tls: str, program: str, *, coarse: bool = False, cars: int = 1) -> None:
        self._connection = connection
        self._coarse = coarse
        self._sight_m = _LOOK_BACK_M * cars
        self._tls = tls
        self._program = program
        phases = self._phases()
        self._changes = {phase.name: number for number, phase in enumerate(phases)}
        stages = [phase.state for number, phase in enumerate(phases) if phase.name == f"stage {number}"]
        self._lane_of = [group[0][0] if group else "" for group in connection.trafficlight.getControlledLinks(tls)]
        self._movement_of = self._movements()
        self._stop_lines = frozenset(connection.trafficlight.getControlledLanes(tls))
        self._in_sight = self._lanes_in_sight()
        self._on_duty_since_s: float | None = None
        self._rules = Rules(stages, NEAR_M * cars)

    def act(self, now_s: float) -> None:
        """Look at the traffic, and change to another stage if that is due.

        Parameters
        ----------
        now_s
            Simulated time (s).
        """
        light = self._connection.trafficlight
        if light.getProgram(self._tls) != self._program:
            light.setProgram(self._tls, self._program)
        if self._on_duty_since_s is None:
            self._on_duty_since_s = now_s
        stage, lanes = light.getPhase(self._tls), self._look()
        if stage >= len(self._rules.stages):  # yellow or all-red
            self._rules.note_waiting(lanes, now_s)
            return
        green_s = min(light.getSpentDuration(self._tls), now_s - self._on_duty_since_s)
        following = self._rules.next_stage(stage, green_s, lanes, now_s)
        if following != stage:
            light.setPhase(self._tls, self._changes[f"stage {stage} to {following}"])

    def _look(self) -> Lanes:
        cars = sorted(self._cars(), key=lambda car: (car.away_m, car.name))
        lanes: dict[str, list[Car]] = defaultdict(list)
        for car in cars:
            lanes[car.lane].append(car)
        return lanes

    def _cars(self) -> Iterator[Car]:
        """Yield the cars in sight that this junction is the next signal of."""
        if self._coarse:
            yield from self._cars_on_edges()
            return
        vehicle = self._connection.vehicle
        for lane in self._in_sight:
            for name in self._connection.lane.getLastStepVehicleIDs(lane):
                for tls, movement, away_m, _ in vehicle.getNextTLS(name)[:1]:
                    if tls == self._tls and away_m <= self._sight_m:
                        at_line = lane if lane in self._stop_lines else self._lane_of[movement]
                        yield Car(name, at_line, movement, away_m, vehicle.getSpeed(name))

    def _cars_on_edges(self) -> Iterator[Car]:
        """Yield the cars on the edges before the junction: by where they are bound for, as there are no lanes."""
        vehicle = self._connection.vehicle
        for edge in dict.fromkeys(lane.rpartition("_")[0] for lane in sorted(self._stop_lines)):
            length_m = self._connection.lane.getLength(f"{edge}_0")
            for name in self._connection.edge.getLastStepVehicleIDs(edge):
                movements = self._movement_of.get(way_ahead(self._connection, name)[:2], ())
                away_m = length_m - vehicle.getLanePosition(name)
                if movements and away_m <= self._sight_m:
                    yield Car(name, self._lane_of[movements[0]], movements[0], away_m, vehicle.getSpeed(name))

    def _movements(self) -> dict[tuple[str, ...], list[int]]:
        """Return the signal's links from one edge into another."""
        found: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, group in enumerate(self._connection.trafficlight.getControlledLinks(self._tls)):
            for before, after, _ in group:
                found[before.rpartition("_")[0], after.rpartition("_")[0]].append(number)
        return found

    def _phases(self) -> Any:
        logics = self._connection.trafficlight.getAllProgramLogics(self._tls)
        return next(logic for logic in logics if logic.programID == self._program).getPhases()

    def _lanes_in_sight(self) -> list[str]:
        """Return all lanes of the roads that lead to a stop line within sight, in order."""
        ahead_m = dict.fromkeys((lane.rpartition("_")[0] for lane in sorted(self._stop_lines)), 0.0)
        roads = list(ahead_m)
        for road in roads:  # grows on the way
            end_m = ahead_m[road] + self._connection.lane.getLength(f"{road}_0")
            before = self._before(road) if end_m < self._sight_m else []
            new = [edge for edge in before if edge not in ahead_m]
            ahead_m.update(dict.fromkeys(new, end_m))
            roads += new
        return [lane for road in roads for lane in self._lanes(road)]

    def _before(self, road: str) -> list[str]:
        """Return the roads that lead into a road."""
        edges = self._connection.junction.getIncomingEdges(self._connection.edge.getFromJunction(road))
        return [edge for edge in edges if not edge.startswith(":") and self._leads(edge, road)]

    def _leads(self, edge: str, road: str) -> bool:
        links = (link for lane in self._lanes(edge) for link in self._connection.lane.getLinks(lane))
        return any(link[0].rpartition("_")[0] == road for link in links)

    def _lanes(self, road: str) -> list[str]:
        return [f"{road}_{number}" for number in range(self._connection.edge.getLaneNumber(road))]


class Rules:
    """What an officer decides, by what is seen: the rules at the top of this module.

    Parameters
    ----------
    stages
        The state of each stage: a letter for each movement.
    near_m
        How near to the stop line a queue that discharges has two vehicles and more.
    """

    def __init__(self, stages: Sequence[str], near_m: float = NEAR_M) -> None:
        self.stages = tuple(stages)
        self._near_m = near_m
        self._waiting_since_s: dict[str, float] = {}

    def next_stage(self, stage: int, green_s: float, lanes: Lanes, now_s: float) -> int:
        """Return the stage that is due: the present one, or the one to change to.

        Parameters
        ----------
        stage
            The present stage.
        green_s
            How long it has lasted.
        lanes
            The cars in sight.
        now_s
            Simulated time (s).
        """
        if green_s < MIN_GREEN_S:
            self.note_waiting(lanes, now_s)
            return stage
        first = self.note_waiting(lanes, now_s, self._letters(stage, _GOES_FIRST))
        gains = {other: self._gain(stage, other, lanes) for other in range(len(self.stages)) if other != stage}
        if (urgent := self._urgent(first, gains, now_s)) is not None:
            return urgent
        if not any(gains.values()) or (green_s < MAX_GREEN_S and self._discharges(stage, lanes)):
            return stage
        return max(gains, key=lambda other: (gains[other], -other))

    def note_waiting(self, lanes: Lanes, now_s: float, had_turn: Collection[int] = ()) -> list[Car]:
        """Note since when the first car of each lane waits; return those, the longest waiting first.

        Those whose movement is one of `had_turn` wait for something else than the officer.
        """
        known = self._waiting_since_s
        first = [
            cars[0]
            for cars in lanes.values()
            if (cars[0].queues or cars[0].name in known) and cars[0].movement not in had_turn
        ]
        self._waiting_since_s = {car.name: known.get(car.name, now_s) for car in first}
        return sorted(first, key=lambda car: (self._waiting_since_s[car.name], car.name))

    def _urgent(self, first: Sequence[Car], gains: Mapping[int, int], now_s: float) -> int | None:
        """Return the stage of who has waited longest, if somebody would wait too long were the green to go on."""
        turns: list[int] = []
        for car in first:
            own = [stage for stage in gains if self.stages[stage][car.movement] in _GOES_FIRST]
            if own and not set(own) & set(turns):
                turns.append(max(own, key=lambda stage: (gains[stage], -stage)))
            served_s = now_s + LOOK_S + len(turns) * _TURN_S
            if own and served_s > self._waiting_since_s[car.name] + MAX_WAIT_S:
                return turns[0]
        return None

    def _discharges(self, stage: int, lanes: Lanes) -> bool:
        """Return whether cars that have green come to the stop line, and move."""
        go = self._letters(stage, _GOES)
        near = [[car for car in cars if car.movement in go and car.away_m <= self._near_m] for cars in lanes.values()]
        return any(len(cars) > 1 and any(car.speed_mps > _MOVES_MPS for car in cars) for cars in near)

    def _gain(self, stage: int, other: int, lanes: Lanes) -> int:
        """Return how many cars queue that another stage lets go, or lets go first, and the present one doesn't."""
        more = [
            self._let_go(other, letters, lanes) - self._let_go(stage, letters, lanes)
            for letters in (_GOES, _GOES_FIRST)
        ]
        return len(more[0] | more[1])

    def _let_go(self, stage: int, letters: str, lanes: Lanes) -> set[str]:
        """Return the cars that queue and that a stage lets go, with all before them on their lane."""
        go = self._letters(stage, letters)
        return {
            car.name for cars in lanes.values() for car in takewhile(lambda car: car.movement in go, cars) if car.queues
        }

    def _letters(self, stage: int, letters: str) -> set[int]:
        return {movement for movement, letter in enumerate(self.stages[stage]) if letter in letters}
