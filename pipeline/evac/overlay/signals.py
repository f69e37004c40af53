"""A plan's signal action as programs of SUMO's traffic lights (`<tlLogic>` of an additional file).

The letters of a state (https://sumo.dlr.de/docs/Simulation/Traffic_Lights.html#signal_state_definitions): `G` goes,
`g` goes when no stream with priority comes, `s` does so after a stop, `w` after a stop and in turn, `y` stops if it
can, `r` stops; `O` and `o` are `G` and `g` of a signal that is off or flashes. A program runs from the start of the
simulation, seen or unseen, so that switching to it at any time finds it at the second of its cycle that its offset
says.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.errors import Mend, Problem, ScenarioError
from evac.network.exits.graph import rank_of
from evac.network.place_names import normal_name
from evac.network.places import StreetIndex
from evac.overlay.junctions import Link, SignalJunction
from evac.overlay.signal_timing import (
    FOR_EVER_S,
    Step,
    Task,
    check_stage,
    coordinated,
    fixed,
    green_letters,
    movements_of,
    officer,
    offsets_s,
    present_control,
    state_of,
)
from evac.plans.model import Movement, Signal, SignalMode

OFF = "off"
"""SUMO's own program: the signal is dark; right of way rules hold, or an all-way stop where the node says so."""
DARK: Mapping[SignalMode, str] = MappingProxyType({"unregulated": "right of way", "all_way_stop": "all-way stop"})
"""Modes of a signal that is dark, and what holds then; `off` is one of them, by the country's law."""


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
    warnings
        What the plan's author should look at.
    """

    tls: str
    program: str
    logic: str
    officer: bool
    before: str
    after: str
    warnings: tuple[str, ...] = ()


def signal_programs(
    action: Signal,
    tls_ids: Sequence[str],
    net: Net,
    index: StreetIndex,
    program: str,
    *,
    where: str,
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
    offsets = offsets_s(action, tls_ids, corridor, where) if action.mode == "coordinated" else [0.0] * len(tls_ids)
    result = []
    for tls, offset_s in zip(tls_ids, offsets, strict=True):
        task = Task(action, SignalJunction(net, tls, index), where, offset_s, frozenset(corridor))
        steps, after = _MODES[action.mode](task)
        logic = _xml(tls, program, steps, offset_s) if steps else ""
        before = "right of way" if tls in made else present_control(task.junction)
        runs = program if steps else OFF
        warnings = tuple(_warnings(task, steps))
        result.append(SignalProgram(tls, runs, logic, action.mode == "officer", before, after, warnings))
    return result


def _warnings(task: Task, steps: Sequence[Step]) -> Iterator[str]:
    junction = task.junction
    if task.action.mode == "all_green":
        standing = [link for link in junction.links if steps[0].state[link.number] == "r" and link.turns != "t"]
        if standing:
            yield f"red all the time for traffic {'; '.join(junction.describe(standing))}"
    if task.action.mode == "officer" and len(steps) == 1:
        yield "there is one stage only, in which all go: the officer has nothing to decide"


def _dark(task: Task) -> tuple[list[Step], str]:
    return [], f"signals off: {DARK[task.action.mode]}"


def _flashing(task: Task) -> tuple[list[Step], str]:
    """Yellow for the main road: go, but yield to its other links; red for the others: stop, then go in a gap.

    Without `main`, and where the map gives right of way to a turn from another road, all roads get red: who has waited
    longest goes first.
    """
    junction = task.junction
    main_edges = _named_main(task) if task.action.main else _main_by_class(junction)
    unheard = _unheard(junction, main_edges)
    if unheard and task.action.main:
        remedy = "leave 'main' out, or name the road that has right of way without signals"
        what = f"traffic {junction.describe(unheard)[0]} has right of way here, and wouldn't yield to 'main'"
        raise ScenarioError(Problem(task.where, what, remedy, Mend.BY_HAND))
    main = [] if unheard else _from(junction, main_edges)
    letters = {link.number: "o" if junction.must_wait(link, main) else "O" for link in main}
    streets = _streets(junction, main_edges)
    after = f"flashing: yellow on {streets}, red on the others" if main else "flashing red on all roads: all-way stop"
    return [Step(FOR_EVER_S, state_of(junction, letters, "s" if main else "w"))], after


def _unheard(junction: SignalJunction, main_edges: Collection[Edge]) -> list[Link]:
    """Return the links of other roads that wouldn't yield to the main road where they conflict."""
    main = _from(junction, main_edges)
    side = [link for link in junction.links if link not in main]
    return [
        one for one in side if any(junction.conflict(one, other) and not junction.yields(one, other) for other in main)
    ]


def _from(junction: SignalJunction, edges: Collection[Edge]) -> list[Link]:
    return [link for link in junction.links if any(arrives in edges for arrives, _ in link.ways)]


def _named_main(task: Task) -> set[Edge]:
    wanted = task.action.main or ()
    for street in wanted:
        task.junction.movement(Movement.model_validate({"from": street}), task.where)
    keys = {normal_name(street) for street in wanted}
    index = task.junction.index
    return {edge for edge in task.junction.arrivals() if keys & {normal_name(name) for name in index.names(edge)}}


def _main_by_class(junction: SignalJunction) -> set[Edge]:
    """Return the arms of the highest class from which somebody has right of way; none where nobody has."""
    arrivals = junction.arrivals()
    best = min(rank_of(junction.index.highway(edge)) for edge in arrivals)
    first = {arrives for link in junction.links if link.connection.getState() == "O" for arrives, _ in link.ways}
    return {edge for edge in arrivals if edge in first and rank_of(junction.index.highway(edge)) == best}


def _all_green(task: Task) -> tuple[list[Step], str]:
    """Green for the named; the others stop and go in a gap where they don't cross the named and SUMO lets them wait."""
    junction = task.junction
    named = movements_of(junction, task.action.movements or (), task.where)
    check_stage(junction, named, task.where)
    letters = green_letters(junction, named)
    for link in junction.links:
        if link not in named:
            foes = [other for other in named if junction.conflict(link, other)]
            waits = all(link.target is other.target and junction.yields(link, other) for other in foes)
            letters.setdefault(link.number, "s" if waits else "r")
    after = f"always green: {'; '.join(junction.describe(named))}"
    return [Step(FOR_EVER_S, state_of(junction, letters))], after


def _streets(junction: SignalJunction, edges: Collection[Edge]) -> str:
    return ", ".join(dict.fromkeys(junction.index.label(edge) for edge in junction.arrivals() if edge in edges))


def _xml(tls: str, program: str, steps: Sequence[Step], offset_s: float) -> str:
    logic = ET.Element("tlLogic", id=tls, type="static", programID=program, offset=f"{offset_s:g}")
    for step in steps:
        phase = ET.SubElement(logic, "phase", duration=f"{step.seconds:g}", state=step.state)
        if step.name:
            phase.set("name", step.name)
        if step.onward is not None:
            phase.set("next", str(step.onward))
    ET.indent(logic, level=1)
    return ET.tostring(logic, encoding="unicode").strip()


_MODES: dict[SignalMode, Callable[[Task], tuple[list[Step], str]]] = {
    **dict.fromkeys(DARK, _dark),
    "flashing": _flashing,
    "all_green": _all_green,
    "officer": officer,
    "fixed": fixed,
    "coordinated": coordinated,
}
