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
   `MAX_GREEN_S`, if cars wait that have red.
3. Next is the stage with the longest queue; but a stage with cars that have waited for `MAX_WAIT_S` goes first.
4. Between stages are the yellow and the all-red that the program has for this change; SUMO times them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from traci.connection import Connection

LOOK_S = 5.0
"""Simulated seconds between two looks at the traffic."""
LOOK_BACK_M = 150.0
"""How far along an approach an officer counts cars: some 20 cars a lane."""
MIN_GREEN_S = 10.0
"""Shortest green: the queue has begun to move, and a side street's few cars are through."""
MAX_GREEN_S = 120.0
"""Longest green while others wait; manual cycles of several minutes are common (Parr, 2014)."""
MAX_WAIT_S = 240.0
"""Cars that have waited this long go before a longer queue: two of the longest greens."""
QUEUED_BELOW_MPS = 2.8
"""A car slower than this stands or creeps (10 km/h)."""
NEAR_M = 75.0
"""A queue that discharges has two cars and more on this length: about 28 m a car at 13.9 m/s and 2 s."""
_MOVES_MPS = 0.5
_STEPS_BACK = 20  # edges; nobody sees around more corners


@dataclass(frozen=True)
class _Reach:
    """A lane that leads to the stop line, and how far its end is from it (m)."""

    lane: str
    ahead_m: float


@dataclass(frozen=True)
class _Approach:
    """What an officer sees on one lane at the stop line: cars that queue, cars near, and whether one of those moves."""

    queued: int
    near: int
    moves: bool

    @property
    def discharges(self) -> bool:
        return self.near > 1 and self.moves


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
    """

    def __init__(self, connection: Connection, tls: str, program: str) -> None:
        self._connection = connection
        self._tls = tls
        self._program = program
        phases = self._phases()
        self._changes = {phase.name: number for number, phase in enumerate(phases)}
        states = [phase.state for number, phase in enumerate(phases) if phase.name == f"stage {number}"]
        self._stages = [self._lanes(state, "Gg") for state in states]
        self._first = [self._lanes(state, "G") for state in states]
        self._reaches = {lane: self._reach(lane) for stage in self._stages for lane in stage}
        self._on_duty_since_s: float | None = None
        self._waiting_since_s: dict[int, float] = {}

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
        stage = light.getPhase(self._tls)
        if stage >= len(self._stages):  # yellow or all-red
            return
        green_s = min(light.getSpentDuration(self._tls), now_s - self._on_duty_since_s)
        seen = {lane: self._look(lane) for lane in self._reaches}
        queues = self._queues(stage, seen)
        self._note_waiting(queues, now_s)
        if self._ends(stage, seen, green_s) and any(queues.values()):
            self._change(stage, self._next(queues, now_s))

    def _ends(self, stage: int, seen: dict[str, _Approach], green_s: float) -> bool:
        if green_s < MIN_GREEN_S:
            return False
        return green_s >= MAX_GREEN_S or not any(seen[lane].discharges for lane in self._stages[stage])

    def _queues(self, stage: int, seen: dict[str, _Approach]) -> dict[int, int]:
        """Return the queue of each other stage, on lanes that are red now, or yield now and wouldn't then."""
        others = [number for number in range(len(self._stages)) if number != stage]
        gains = {
            number: (self._stages[number] - self._stages[stage]) | (self._first[number] - self._first[stage])
            for number in others
        }
        return {number: sum(seen[lane].queued for lane in lanes) for number, lanes in gains.items()}

    def _note_waiting(self, queues: dict[int, int], now_s: float) -> None:
        waiting = [number for number, cars in queues.items() if cars > 0]
        self._waiting_since_s = {number: self._waiting_since_s.get(number, now_s) for number in waiting}

    def _next(self, queues: dict[int, int], now_s: float) -> int:
        longest_s, first = max((now_s - since_s, -number) for number, since_s in self._waiting_since_s.items())
        if longest_s >= MAX_WAIT_S:
            return -first
        return max(queues, key=lambda number: (queues[number], -number))

    def _change(self, stage: int, following: int) -> None:
        self._connection.trafficlight.setPhase(self._tls, self._changes[f"stage {stage} to {following}"])

    def _look(self, lane: str) -> _Approach:
        cars = [car for reach in self._reaches[lane] for car in self._cars(reach)]
        queued = sum(speed < QUEUED_BELOW_MPS and away_m <= LOOK_BACK_M for away_m, speed in cars)
        near = [speed for away_m, speed in cars if away_m <= NEAR_M]
        return _Approach(queued, len(near), any(speed > _MOVES_MPS for speed in near))

    def _cars(self, reach: _Reach) -> list[tuple[float, float]]:
        """Return how far each car of a lane is from the stop line (m), and its speed (m/s)."""
        vehicle = self._connection.vehicle
        end_m = reach.ahead_m + self._connection.lane.getLength(reach.lane)
        cars = self._connection.lane.getLastStepVehicleIDs(reach.lane)
        return [(end_m - vehicle.getLanePosition(car), vehicle.getSpeed(car)) for car in cars]

    def _phases(self) -> Any:
        logics = self._connection.trafficlight.getAllProgramLogics(self._tls)
        return next(logic for logic in logics if logic.programID == self._program).getPhases()

    def _lanes(self, state: str, letters: str) -> frozenset[str]:
        """Return the lanes at the stop line that a state shows one of the letters."""
        links = self._connection.trafficlight.getControlledLinks(self._tls)
        return frozenset(
            link[0] for letter, group in zip(state, links, strict=True) for link in group if letter in letters
        )

    def _reach(self, lane: str) -> list[_Reach]:
        """Return the lanes that lead to a stop line within sight, that at the stop line first."""
        stop_lines = set(self._connection.trafficlight.getControlledLanes(self._tls))
        found = [_Reach(lane, 0.0)]
        for reach in found:  # grows on the way
            ahead_m = reach.ahead_m + self._connection.lane.getLength(reach.lane)
            if ahead_m < LOOK_BACK_M and len(found) < _STEPS_BACK:
                known = {other.lane for other in found} | stop_lines
                found += [_Reach(before, ahead_m) for before in self._before(reach.lane) if before not in known]
        return found

    def _before(self, lane: str) -> list[str]:
        """Return the lanes that lead into a lane."""
        connection = self._connection
        node = connection.edge.getFromJunction(connection.lane.getEdgeID(lane))
        edges = [edge for edge in connection.junction.getIncomingEdges(node) if not edge.startswith(":")]
        lanes = [f"{edge}_{number}" for edge in edges for number in range(connection.edge.getLaneNumber(edge))]
        return [before for before in lanes if any(link[0] == lane for link in connection.lane.getLinks(before))]
