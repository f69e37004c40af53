"""A plan's signal action as programs of SUMO's traffic lights (`<tlLogic>` of an additional file).

The letters of a state (https://sumo.dlr.de/docs/Simulation/Traffic_Lights.html#signal_state_definitions): `G` goes,
`g` goes when no stream with priority comes, `s` does so after a stop, `y` stops if it can, `r` stops; `O` and `o` are
`G` and `g` of a signal that is off or flashes. A program runs from the start of the simulation, seen or unseen, so
that switching to it at any time finds it at the second of its cycle that its offset says.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.errors import PlaceError, Problem, ScenarioError
from evac.network.place_names import normal_name
from evac.network.places import StreetIndex
from evac.overlay.junctions import Link, SignalJunction
from evac.schema.plan import Movement, Signal

OFF = "off"
"""SUMO's own program: the signal is dark, right of way rules hold."""
STAGE_NAME = "stage {0}"
"""Name of an officer's stage in the program."""
CHANGE_NAME = "stage {0} to {1}"
"""Name of the first phase between two of an officer's stages."""

# Yellow and all-red: the kinematic equations of the Institute of Transportation Engineers (Traffic Engineering Handbook;
# MUTCD 2009, section 4D.26, and FHWA-HOP-08-024, section 5.3): yellow t + v / 2a, all-red (w + l) / v.
_REACTION_S = 1.0
_DECELERATION_MPS2 = 3.05  # 10 ft/s2
_CAR_M = 6.1  # 20 ft
_YELLOW_S = (3, 5)  # MUTCD: at least 3 s; beyond 5 s drivers go on (FHWA-HOP-08-024)
_ALL_RED_S = (1, 2)
_FOR_EVER_S = 604_800  # a plan's times end after a week
_MIN_GREEN_S = 5  # SUMO's own shortest green of netconvert's programs
# OpenStreetMap's classes, the main ones first (https://wiki.openstreetmap.org/wiki/Key:highway#Roads).
_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential")
_GREEN = frozenset("Gg")


@dataclass(frozen=True)
class SignalProgram:
    """What one traffic light does under an action.

    Parameters
    ----------
    tls
        SUMO's id of the traffic light.
    program
        Program to switch to: `off`, or the id of `logic`.
    logic
        `<tlLogic>` for an additional file; empty for `off`.
    officer
        Whether an officer steers it while it runs (`evac.simulate.officer`).
    before, after
        How the junction was controlled and how it is now, for people.
    """

    tls: str
    program: str
    logic: str
    officer: bool
    before: str
    after: str


@dataclass(frozen=True)
class _Step:
    """A phase of a program."""

    seconds: float
    state: str
    name: str = ""
    onward: int | None = None


@dataclass(frozen=True)
class _Task:
    """An action at one traffic light."""

    action: Signal
    junction: SignalJunction
    where: str
    offset_s: float = 0.0
    corridor: frozenset[Edge] = frozenset()


def signal_programs(
    action: Signal,
    tls_ids: Sequence[str],
    net: Net,
    index: StreetIndex,
    program: str,
    where: str,
    *,
    corridor: Sequence[Edge] = (),
    made: Collection[str] = (),
) -> list[SignalProgram]:
    """Return what each traffic light does under an action, in the order of `tls_ids`.

    Parameters
    ----------
    action
        The action.
    tls_ids
        The traffic lights, along the corridor for `coordinated`.
    net
        The compiled net, with foes.
    index
        Street names of that net.
    program
        Id for the programs.
    where
        File and key for error messages.
    corridor
        The edges of the action's corridor, in the direction of travel; `coordinated` needs them.
    made
        Traffic lights that the plan itself put where there was none.

    Raises
    ------
    PlaceError
        A movement or street isn't at the junction, or a light isn't on the corridor.
    ScenarioError
        Movements that cross have green together, a movement never has green, the cycle is too short, or the map gives
        right of way to a street that `main` leaves out.
    """
    offsets = _offsets_s(action, tls_ids, corridor, where) if action.mode == "coordinated" else [0.0] * len(tls_ids)
    result = []
    for tls, offset_s in zip(tls_ids, offsets, strict=True):
        task = _Task(action, SignalJunction(net, tls, index), where, offset_s, frozenset(corridor))
        steps, after = _MODES[action.mode](task)
        logic = _xml(tls, program, steps, offset_s) if steps else ""
        before = "right of way" if tls in made else _current(task.junction)
        result.append(SignalProgram(tls, program if steps else OFF, logic, action.mode == "officer", before, after))
    return result


def _off(_task: _Task) -> tuple[list[_Step], str]:
    return [], "signals off: right of way"


def _flashing(task: _Task) -> tuple[list[_Step], str]:
    """Yellow for the main road: go, but yield to its other links; red for the others: stop, then go in a gap."""
    junction = task.junction
    main_edges = _named_main(task) if task.action.main else _main_by_class(junction)
    main = [link for link in junction.links if any(arrives in main_edges for arrives, _ in link.ways)]
    side = [link for link in junction.links if link not in main]
    unheard = [
        (one, other)
        for one in side
        for other in main
        if junction.conflict(one, other) and not junction.yields(one, other)
    ]
    if unheard:
        first = junction.describe([unheard[0][0]])[0]
        remedy = "leave 'main' out, or name the road that has right of way without signals"
        what = f"traffic {first} has right of way here, and wouldn't yield to the streets of 'main'"
        raise ScenarioError(Problem(task.where, what, remedy))
    letters = {link.number: "o" if junction.must_wait(link, main) else "O" for link in main}
    letters.update({link.number: "s" for link in side})
    streets = _streets(junction, main_edges)
    after = f"flashing: yellow on {streets}, red on the others" if main else "flashing red on all roads: all-way stop"
    return [_Step(_FOR_EVER_S, _state(junction, letters, "s"))], after


def _named_main(task: _Task) -> set[Edge]:
    wanted = task.action.main or ()
    for street in wanted:
        task.junction.movement(Movement.model_validate({"from": street}), task.where)
    keys = {normal_name(street) for street in wanted}
    index = task.junction.index
    return {edge for edge in task.junction.arrivals() if keys & {normal_name(name) for name in index.names(edge)}}


def _main_by_class(junction: SignalJunction) -> set[Edge]:
    """Return the arms of the highest class from which somebody has right of way; none where nobody has."""
    arrivals = junction.arrivals()
    best = min(_rank(junction.index.highway(edge)) for edge in arrivals)
    first = {arrives for link in junction.links if link.connection.getState() == "O" for arrives, _ in link.ways}
    return {edge for edge in arrivals if edge in first and _rank(junction.index.highway(edge)) == best}


def _rank(highway: str) -> int:
    name = highway.removesuffix("_link")
    return _CLASSES.index(name) if name in _CLASSES else len(_CLASSES)


def _all_green(task: _Task) -> tuple[list[_Step], str]:
    """Green for the named; the others stop and go in a gap where they don't cross the named and SUMO lets them wait."""
    junction = task.junction
    named = _movements(junction, task.action.movements or (), task.where)
    _check_stage(junction, named, task.where)
    letters = _green(junction, named)
    for link in junction.links:
        if link not in named:
            foes = [other for other in named if junction.conflict(link, other)]
            waits = all(link.target is other.target and junction.yields(link, other) for other in foes)
            letters.setdefault(link.number, "s" if waits else "r")
    after = f"always green: {'; '.join(junction.describe(named))}"
    return [_Step(_FOR_EVER_S, _state(junction, letters))], after


def _fixed(task: _Task) -> tuple[list[_Step], str]:
    junction = task.junction
    stages = task.action.stages or ()
    linked = [_movements(junction, stage.movements, f"{task.where}.stages.{n}") for n, stage in enumerate(stages)]
    linked = [_with_companions(junction, links, linked) for links in linked]
    for number, links in enumerate(linked):
        _check_stage(junction, links, f"{task.where}.stages.{number}")
    _check_complete(junction, linked, task.where)
    states = [_state(junction, _green(junction, links)) for links in linked]
    steps: list[_Step] = []
    for number, stage in enumerate(stages):
        change = _change(junction, states[number], states[(number + 1) % len(states)])
        steps += [_Step(stage.green_s, states[number], STAGE_NAME.format(number)), *change]
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
        raise ScenarioError(Problem(where, what, "add it to a stage, or ban it with 'ban_turn'"))


def _check_stage(junction: SignalJunction, links: Sequence[Link], where: str) -> None:
    """Refuse streams that cross and can't wait for each other's gaps."""
    problems = [
        Problem(where, f"green together, but they cross: {a} and {b}", "give them green in different stages")
        for number, one in enumerate(links)
        for other in links[:number]
        if junction.crosses(one, other)
        for a, b in [(junction.describe([one])[0], junction.describe([other])[0])]
    ]
    if problems:
        raise ScenarioError(dict.fromkeys(problems))


def _officer(task: _Task) -> tuple[list[_Step], str]:
    """Each stage of the present program until further notice, and the way from each to each other."""
    junction = task.junction
    states = _present_stages(junction)
    steps = [_Step(_FOR_EVER_S, state, STAGE_NAME.format(number)) for number, state in enumerate(states)]
    for one, state in enumerate(states):
        for other, following in enumerate(states):
            if one != other:
                yellow, red = _change(junction, state, following)
                steps.append(_Step(yellow.seconds, yellow.state, CHANGE_NAME.format(one, other)))
                steps.append(_Step(red.seconds, red.state, onward=other))
    return steps, f"an officer, {len(states)} stages, serves the longest queue"


def _present_stages(junction: SignalJunction) -> list[str]:
    return list(dict.fromkeys(phase.state for phase in _present(junction).getPhases() if _is_green(phase.state)))


def _coordinated(task: _Task) -> tuple[list[_Step], str]:
    """Stretch the greens of the present program to the cycle, the corridor's stage first."""
    phases = _present(task.junction).getPhases()
    greens = [number for number, phase in enumerate(phases) if _is_green(phase.state)]
    lost_s = sum(phase.duration for number, phase in enumerate(phases) if number not in greens)
    cycle_s = task.action.cycle_s
    if cycle_s < lost_s + _MIN_GREEN_S * len(greens):
        what = f"a cycle of {cycle_s} s is too short for {len(greens)} stages and {lost_s:g} s of yellow and red"
        raise ScenarioError(Problem(f"{task.where}.cycle_s", what, "make 'cycle_s' longer"))
    seconds = dict(zip(greens, _shared([phases[n].duration for n in greens], cycle_s - lost_s), strict=True))
    steps = [_Step(seconds.get(number, phase.duration), phase.state) for number, phase in enumerate(phases)]
    first = max(greens, key=lambda number: _corridor_greens(task, phases[number].state))
    after = f"fixed time, cycle {cycle_s} s, {task.offset_s:.0f} s after the first signal of the corridor"
    return steps[first:] + steps[:first], after


def _shared(greens_s: Sequence[float], total_s: float) -> list[float]:
    """Share time in proportion in whole seconds, none below the shortest green; the longest takes the remainder."""
    spare_s = total_s - _MIN_GREEN_S * len(greens_s)
    shares = [_MIN_GREEN_S + math.floor(spare_s * green / sum(greens_s)) for green in greens_s]
    longest = shares.index(max(shares))
    return [share + (total_s - sum(shares) if number == longest else 0.0) for number, share in enumerate(shares)]


def _corridor_greens(task: _Task, state: str) -> int:
    """Return how many links along the corridor have green with priority."""
    return sum(
        state[link.number] == "G" and link.source in task.corridor and link.target in task.corridor
        for link in task.junction.links
    )


def _offsets_s(action: Signal, tls_ids: Sequence[str], corridor: Sequence[Edge], where: str) -> list[float]:
    """Return when a platoon at the speed limit that passes the first light's stop line at 0 s reaches each one's (s)."""
    reached: dict[str, float] = {}
    time_s = 0.0
    for edge in corridor:
        time_s += edge.getLength() / edge.getSpeed()
        for tls in {connection.getTLSID() for group in edge.getOutgoing().values() for connection in group}:
            reached.setdefault(tls, time_s)
    missing = [tls for tls in tls_ids if tls not in reached]
    if missing:
        what = f"no traffic on the corridor arrives at the signal {', '.join(missing)}"
        raise PlaceError(Problem(where, what, "let the corridor end behind its last signal"))
    first_s = reached[tls_ids[0]] if tls_ids else 0.0
    return [float(round(reached[tls] - first_s) % action.cycle_s) for tls in tls_ids]


def _movements(junction: SignalJunction, movements: Iterable[Movement], where: str) -> list[Link]:
    found = (link for movement in movements for link in junction.movement(movement, where))
    return list(dict.fromkeys(found))


def _green(junction: SignalJunction, links: Sequence[Link]) -> dict[int, str]:
    """Return the letters of links that have green together: small for those that yield to another of them."""
    return {link.number: "g" if junction.must_wait(link, links) else "G" for link in links}


def _change(junction: SignalJunction, state: str, following: str) -> list[_Step]:
    """Return yellow and all-red between two stages; who has green in both keeps it."""
    kept = [_keeps(one, other) for one, other in zip(state, following, strict=True)]
    yellow = [keep or ("y" if one in _GREEN else "r") for one, keep in zip(state, kept, strict=True)]
    ending = [link for link in junction.links if yellow[link.number] == "y"] or junction.links
    yellow_s = max(_REACTION_S + link.source.getSpeed() / (2 * _DECELERATION_MPS2) for link in ending)
    red_s = max((_width_m(link) + _CAR_M) / link.source.getSpeed() for link in ending)
    return [
        _Step(_within(yellow_s, _YELLOW_S), "".join(yellow)),
        _Step(_within(red_s, _ALL_RED_S), "".join(keep or "r" for keep in kept)),
    ]


def _keeps(one: str, other: str) -> str:
    return ("G" if (one, other) == ("G", "G") else "g") if one in _GREEN and other in _GREEN else ""


def _width_m(link: Link) -> float:
    """Return the distance across the junction (m)."""
    start = link.connection.getFromLane().getShape()[-1]
    end = link.connection.getToLane().getShape()[0]
    return math.dist(start[:2], end[:2])


def _within(seconds: float, limits: tuple[int, int]) -> int:
    return min(max(math.ceil(seconds), limits[0]), limits[1])


def _present(junction: SignalJunction) -> Any:
    return next(iter(junction.programs.values()))


def _current(junction: SignalJunction) -> str:
    """Return how signals work without the plan."""
    program = _present(junction)
    if program.getType() != "static":
        return f"signals, {program.getType().replace('_', ' ')}"
    return f"signals, fixed time, cycle {sum(phase.duration for phase in program.getPhases()):g} s"


def _is_green(state: str) -> bool:
    return bool(_GREEN & set(state)) and not set("yYu") & set(state)


def _streets(junction: SignalJunction, edges: Collection[Edge]) -> str:
    return ", ".join(dict.fromkeys(junction.index.label(edge) for edge in junction.arrivals() if edge in edges))


def _state(junction: SignalJunction, letters: dict[int, str], other: str = "r") -> str:
    return "".join(letters.get(number, other) for number in range(junction.size))


def _xml(tls: str, program: str, steps: Sequence[_Step], offset_s: float) -> str:
    logic = ET.Element("tlLogic", id=tls, type="static", programID=program, offset=f"{offset_s:g}")
    for step in steps:
        phase = ET.SubElement(logic, "phase", duration=f"{step.seconds:g}", state=step.state)
        if step.name:
            phase.set("name", step.name)
        if step.onward is not None:
            phase.set("next", str(step.onward))
    ET.indent(logic, level=1)
    return ET.tostring(logic, encoding="unicode").strip()


_MODES: dict[str, Callable[[_Task], tuple[list[_Step], str]]] = {
    "off": _off,
    "flashing": _flashing,
    "all_green": _all_green,
    "officer": _officer,
    "fixed": _fixed,
    "coordinated": _coordinated,
}
