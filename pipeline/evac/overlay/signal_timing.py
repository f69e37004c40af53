"""The timed programs of a plan's signals: stages, yellow and all-red, cycles and offsets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sumolib.net.edge import Edge

from evac.errors import Mend, PlaceError, Problem, ScenarioError
from evac.overlay.junctions import Link, SignalJunction
from evac.plans.model import Movement, Signal

_STAGE_NAME = "stage {0}"
"""Name of an officer's stage in the program."""
_CHANGE_NAME = "stage {0} to {1}"
"""Name of the first phase between two of an officer's stages."""

# Yellow and all-red: the kinematic equations of the Institute of Transportation Engineers (Traffic Engineering
# Handbook; MUTCD 2009, section 4D.26, and FHWA-HOP-08-024, section 5.3): yellow t + v / 2a, all-red (w + l) / v.
_REACTION_S = 1.0
_DECELERATION_MPS2 = 3.05  # 10 ft/s2
_CAR_M = 6.1  # 20 ft
_YELLOW_S = (3, 5)  # MUTCD: at least 3 s; beyond 5 s drivers go on (FHWA-HOP-08-024)
_ALL_RED_S = (1, 2)
FOR_EVER_S = 604_800  # a plan's times end after a week
_MIN_GREEN_S = 5  # SUMO's own shortest green of netconvert's programs
_GREEN = frozenset("Gg")


@dataclass(frozen=True)
class Step:
    """A phase of a program."""

    seconds: float
    state: str
    name: str = ""
    onward: int | None = None


@dataclass(frozen=True)
class Task:
    """An action at one traffic light."""

    action: Signal
    junction: SignalJunction
    where: str
    offset_s: float = 0.0
    corridor: frozenset[Edge] = frozenset()


def fixed(task: Task) -> tuple[list[Step], str]:
    """Return the plan's own stages; every movement must have green in one, but for turns that go along with others."""
    junction = task.junction
    stages = task.action.stages or ()
    linked = [movements_of(junction, stage.movements, f"{task.where}.stages.{n}") for n, stage in enumerate(stages)]
    linked = [_with_companions(junction, links, linked) for links in linked]
    for number, links in enumerate(linked):
        check_stage(junction, links, f"{task.where}.stages.{number}")
    _check_complete(junction, linked, task.where)
    states = [state_of(junction, green_letters(junction, links)) for links in linked]
    steps: list[Step] = []
    for number, stage in enumerate(stages):
        change = _change(junction, states[number], states[(number + 1) % len(states)])
        steps += [Step(stage.green_s, states[number], _STAGE_NAME.format(number)), *change]
    greens = " + ".join(str(stage.green_s) for stage in stages)
    return steps, f"fixed time: {greens} s green, cycle {sum(step.seconds for step in steps):g} s"


def _with_companions(junction: SignalJunction, links: Sequence[Link], stages: Sequence[Sequence[Link]]) -> list[Link]:
    """Add turns that cross nobody, and turns round, if no stage names them: they go with others of their approach."""
    named = {link.number for stage in stages for link in stage}
    sources = {link.source for link in links}
    joining = [
        link
        for link in junction.links
        if link.number not in named and link.source in sources and _is_companion(junction, link)
    ]
    return [*links, *joining]


def _is_companion(junction: SignalJunction, link: Link) -> bool:
    """Return whether a movement need not be named: a turn that merges only (right on the right-hand side), or round."""
    merges = all(link.target is other.target for other in junction.links if junction.conflict(link, other))
    return link.turns == "t" or (link.turns != "s" and merges)


def _check_complete(junction: SignalJunction, stages: Sequence[Sequence[Link]], where: str) -> None:
    served = {link.number for stage in stages for link in stage}
    missing = junction.describe(link for link in junction.links if link.number not in served)
    if missing:
        what = f"no stage gives green to traffic {'; '.join(missing)}"
        raise ScenarioError(Problem(where, what, "add it to a stage, or ban it with 'ban_turn'", Mend.STAGES))


def check_stage(junction: SignalJunction, links: Sequence[Link], where: str) -> None:
    """Refuse streams that cross and can't wait for each other's gaps."""
    problems = [
        Problem(
            where, f"green together, but they cross: {a} and {b}", "give them green in different stages", Mend.STAGES
        )
        for number, one in enumerate(links)
        for other in links[:number]
        if junction.crosses(one, other)
        for a, b in [(junction.describe([one])[0], junction.describe([other])[0])]
    ]
    if problems:
        raise ScenarioError(dict.fromkeys(problems))


def officer(task: Task) -> tuple[list[Step], str]:
    """Each stage of the present program until further notice, and the way from each to each other.

    Where a movement has to yield in each of them, its approach gets a stage of its own as well: for a gap it might wait
    for ever.
    """
    junction = task.junction
    states = _present_stages(junction)
    states += [state for state in _own_stages(junction, states) if state not in states]
    steps = [Step(FOR_EVER_S, state, _STAGE_NAME.format(number)) for number, state in enumerate(states)]
    for one, state in enumerate(states):
        for other, following in enumerate(states):
            if one != other:
                yellow, red = _change(junction, state, following)
                steps.append(Step(yellow.seconds, yellow.state, _CHANGE_NAME.format(one, other)))
                steps.append(Step(red.seconds, red.state, onward=other))
    return steps, f"an officer serves the longest queue (stages: {len(states)})"


def _present_stages(junction: SignalJunction) -> list[str]:
    return list(dict.fromkeys(phase.state for phase in _present(junction).getPhases() if _is_green(phase.state)))


def _own_stages(junction: SignalJunction, states: Sequence[str]) -> Iterator[str]:
    """Yield a stage for each approach with a movement that never goes first: all of it, and what it doesn't meet."""
    for approach in dict.fromkeys(link.source for link in junction.links):
        going = [link for link in junction.links if link.source is approach]
        if all(any(state[link.number] == "G" for state in states) for link in going):
            continue
        for link in junction.links:
            if link.source is not approach and not any(junction.conflict(link, other) for other in going):
                going.append(link)
        yield state_of(junction, green_letters(junction, going))


def coordinated(task: Task) -> tuple[list[Step], str]:
    """Stretch the greens of the present program to the cycle, the corridor's stage first."""
    phases = _present(task.junction).getPhases()
    greens = [number for number, phase in enumerate(phases) if _is_green(phase.state)]
    lost_s = sum(phase.duration for number, phase in enumerate(phases) if number not in greens)
    cycle_s = task.action.cycle_s
    if cycle_s < lost_s + _MIN_GREEN_S * len(greens):
        what = f"a cycle of {cycle_s} s is too short for {len(greens)} stages and {lost_s:g} s of yellow and red"
        raise ScenarioError(Problem(f"{task.where}.cycle_s", what, "make 'cycle_s' longer", Mend.BY_HAND))
    seconds = dict(zip(greens, _shared([phases[n].duration for n in greens], cycle_s - lost_s), strict=True))
    steps = [Step(seconds.get(number, phase.duration), phase.state) for number, phase in enumerate(phases)]
    first = max(greens, key=lambda number: _corridor_greens(task, phases[number].state))
    after = f"fixed time, cycle {cycle_s} s, {task.offset_s:.0f} s after the first signal of the corridor"
    return steps[first:] + steps[:first], after


def _shared(greens_s: Sequence[float], total_s: float) -> list[float]:
    """Share time in proportion in whole seconds, none below the shortest green; the longest takes the remainder."""
    spare_s = total_s - _MIN_GREEN_S * len(greens_s)
    shares = [_MIN_GREEN_S + math.floor(spare_s * green / sum(greens_s)) for green in greens_s]
    longest = shares.index(max(shares))
    return [share + (total_s - sum(shares) if number == longest else 0.0) for number, share in enumerate(shares)]


def _corridor_greens(task: Task, state: str) -> tuple[int, int]:
    """Return how many links along the corridor have green with priority, and how many that arrive on it.

    The last signal may be where the corridor ends: only arrivals count there.
    """
    arriving = [link for link in task.junction.links if state[link.number] == "G" and link.source in task.corridor]
    return sum(link.target in task.corridor for link in arriving), len(arriving)


def offsets_s(action: Signal, tls_ids: Sequence[str], corridor: Sequence[Edge], where: str) -> list[float]:
    """Return how long after the first light a platoon at the speed limit reaches each (s), modulo the cycle."""
    reached: dict[str, float] = {}
    time_s = 0.0
    for before, edge in zip([None, *corridor], corridor, strict=False):
        across_m = 0.0 if before is None else _gap_m(before.getLane(0), edge.getLane(0))
        time_s += (across_m + edge.getLength()) / edge.getSpeed()
        for tls in {connection.getTLSID() for group in edge.getOutgoing().values() for connection in group}:
            reached.setdefault(tls, time_s)
    missing = [tls for tls in tls_ids if tls not in reached]
    if missing:
        what = f"no traffic on the corridor arrives at the signal {', '.join(missing)}"
        raise PlaceError(Problem(where, what, "let the corridor end behind its last signal"))
    first_s = reached[tls_ids[0]] if tls_ids else 0.0
    return [float(round(reached[tls] - first_s) % action.cycle_s) for tls in tls_ids]


def movements_of(junction: SignalJunction, movements: Iterable[Movement], where: str) -> list[Link]:
    """Return the links of movements, each once."""
    found = (link for movement in movements for link in junction.movement(movement, where))
    return list(dict.fromkeys(found))


def green_letters(junction: SignalJunction, links: Sequence[Link]) -> dict[int, str]:
    """Return the letters of links that have green together: small for those that yield to another of them."""
    return {link.number: "g" if junction.must_wait(link, links) else "G" for link in links}


def _change(junction: SignalJunction, state: str, following: str) -> list[Step]:
    """Return yellow and all-red between two stages; who has green in both keeps it."""
    kept = [_keeps(one, other) for one, other in zip(state, following, strict=True)]
    yellow = [keep or ("y" if one in _GREEN else "r") for one, keep in zip(state, kept, strict=True)]
    ending = [link for link in junction.links if yellow[link.number] == "y"] or junction.links
    yellow_s = max(_REACTION_S + link.source.getSpeed() / (2 * _DECELERATION_MPS2) for link in ending)
    red_s = max((_width_m(link) + _CAR_M) / link.source.getSpeed() for link in ending)
    return [
        Step(_within(yellow_s, _YELLOW_S), "".join(yellow)),
        Step(_within(red_s, _ALL_RED_S), "".join(keep or "r" for keep in kept)),
    ]


def _keeps(one: str, other: str) -> str:
    return ("G" if (one, other) == ("G", "G") else "g") if one in _GREEN and other in _GREEN else ""


def _width_m(link: Link) -> float:
    """Return the distance across the junction (m)."""
    return _gap_m(link.connection.getFromLane(), link.connection.getToLane())


def _gap_m(before: Any, after: Any) -> float:
    """Return the distance from the end of a lane to the start of another (m)."""
    return math.dist(before.getShape()[-1][:2], after.getShape()[0][:2])


def _within(seconds: float, limits: tuple[int, int]) -> int:
    return min(max(math.ceil(seconds), limits[0]), limits[1])


def _present(junction: SignalJunction) -> Any:
    return next(iter(junction.programs.values()))


def present_control(junction: SignalJunction) -> str:
    """Return how signals work without the plan."""
    program = _present(junction)
    if program.getType() != "static":
        return f"signals, {program.getType().replace('_', ' ')}"
    return f"signals, fixed time, cycle {sum(phase.duration for phase in program.getPhases()):g} s"


def _is_green(state: str) -> bool:
    return bool(_GREEN & set(state)) and not set("yYu") & set(state)


def state_of(junction: SignalJunction, letters: dict[int, str], other: str = "r") -> str:
    """Return a signal's state: a letter for each of its links, `other` for those that have none."""
    return "".join(letters.get(number, other) for number in range(junction.size))
