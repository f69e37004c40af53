"""Roads whose lanes open and close during a run, as a model without lanes sees them: one edge for each stage.

SUMO's mesoscopic model knows how many lanes a road has when it loads the net, and never looks again: a lane that opens
adds nothing, one that closes takes nothing away (1.28). What it does obey is that whole edges close and open. So in its
net a road stands once for each set of lanes that are open together (`evac.overlay.staging`), of which one at a time is
open: when the road's lanes change, the edge of the next stage opens, that of the last one closes, and whoever is bound
for the road drives on the edge that is open.

Roads that only close, and open again, as a whole are no matter: they stay one edge.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from evac.plans.timetable import (
    ADMITTED,
    Admits,
    Closing,
    Diversion,
    Opposed,
    State,
    States,
    Timetable,
    admits_drivers,
    at,
    edge_of,
    is_timed,
)

JUNCTION = ":"
"""What SUMO's ids of edges inside junctions begin with."""
_LANES = "~"
"""Stands between a road's edge and the lanes of a stage in the id of the stage's edge."""


@dataclass(frozen=True)
class Stage:
    """A road while some of its lanes are open.

    Parameters
    ----------
    edge
        The stage's edge in the net; the same for all stages with the same lanes.
    lanes
        The road's lanes that are open, by number; they are the edge's lanes, in this order.
    from_s, until_s
        When the stage holds (s after the order); infinite for ever.
    admits
        Who may use each of the lanes.
    actions
        What makes it so.
    """

    edge: str
    lanes: tuple[int, ...]
    from_s: float
    until_s: float
    admits: tuple[Admits, ...]
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stages:
    """The roads that have stages.

    Parameters
    ----------
    of
        The stages of each road, by its edge, in order of time; there is none while all lanes are closed.
    """

    of: Mapping[str, tuple[Stage, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether there is such a road."""
        return bool(self.of)

    def edges(self, road: str) -> tuple[str, ...]:
        """Return the edges that a road has in the net."""
        return tuple(dict.fromkeys(stage.edge for stage in self.of[road])) if road in self.of else (road,)

    def edges_of(self, roads: Iterable[str]) -> tuple[str, ...]:
        """Return the edges that roads have in the net."""
        return tuple(edge for road in roads for edge in self.edges(road))

    @cached_property
    def roads(self) -> dict[str, str]:
        """The road that each stage's edge is a part of."""
        return {stage.edge: road for road, stages in self.of.items() for stage in stages}

    def road(self, edge: str) -> str:
        """Return the road that an edge of the net is, or is a stage of."""
        return self.roads.get(edge, edge)

    def at(self, road: str, time_s: float) -> str:
        """Return the edge that is open at a time, or, where all lanes are closed then, the one that opens next."""
        stages = self.of.get(road)
        if stages is None:
            return road
        return next((stage for stage in stages if time_s < stage.until_s), stages[-1]).edge

    def lanes(self, lane: str) -> tuple[str, ...]:
        """Return the lanes in the net that a road's lane is."""
        road, number = lane.rsplit("_", 1)
        if road not in self.of:
            return (lane,)
        stages = {stage.edge: stage.lanes for stage in self.of[road]}
        return tuple(f"{edge}_{lanes.index(int(number))}" for edge, lanes in stages.items() if int(number) in lanes)

    def replaced(self, time_s: float) -> dict[str, str]:
        """Return the edges that close at a time because the next stage begins, and what opens instead of each."""
        return {
            before.edge: after.edge
            for stages in self.of.values()
            for before, after in pairwise(stages)
            if before.until_s == after.from_s == time_s
        }


def stages_of(timetable: Timetable, lanes_of: Mapping[str, Sequence[bool]]) -> Stages:
    """Find the roads of which a part is open at some time, and another part at another time, or that open during a run.

    Parameters
    ----------
    timetable
        What a plan does.
    lanes_of
        For each road that the plan closes or opens lanes of: whether cars may drive on each lane under normal rules.
    """
    states = timetable.states()
    timed: dict[str, dict[int, tuple[State[Admits], ...]]] = defaultdict(dict)
    for lane, of_lane in states.lanes.items():
        if is_timed(of_lane):
            timed[edge_of(lane)][int(lane.rsplit("_", 1)[1])] = of_lane
    found = {road: _stages(road, timed[road], normally) for road, normally in lanes_of.items()}
    opened = {edge_of(lane) for lane in states.normally_closed}
    return Stages(
        {
            road: stages
            for road, stages in found.items()
            if len({stage.lanes for stage in stages}) > 1 or (stages and road in opened)
        }
    )


def in_stages(timetable: Timetable, stages: Stages) -> Timetable:
    """Return a timetable for the net in which roads have stages: their edges close and open, not single lanes.

    A diversion for some lanes becomes one for the lanes that a stage has of them. Two directions of the same asphalt
    don't wait for each other any more where one of them has stages.
    """
    here = [stage for of_road in stages.of.values() for stage in of_road]
    closings = [*_not_of(timetable.closings, stages), *_of_stages(stages, here)]
    return replace(
        timetable,
        closings=tuple(closings),
        openings=(),  # the road of each has stages
        opposed=tuple(item for item in timetable.opposed if not _staged(item, stages)),
        limits=tuple(
            replace(item, lanes=tuple(lane for old in item.lanes for lane in stages.lanes(old)))
            for item in timetable.limits
        ),
        diversions=tuple(part for item in timetable.diversions for part in _diversions(item, stages)),
    )


def cleared_first(timetable: Timetable, clear_s: Mapping[Opposed, float]) -> Timetable:
    """Let lanes that led out come back to their own direction only when they are likely to be empty.

    When they turn to lead out they are empty as a rule: nobody drives into an area that is being evacuated.

    Parameters
    ----------
    timetable
        What a plan does.
    clear_s
        How long driving each stretch empty takes (s).
    """
    late: dict[str, float] = {}
    for item, seconds in clear_s.items():
        for lane in item.lanes:
            late[lane] = max(late.get(lane, 0.0), seconds)
    closings = [
        part if part.until_s is None else replace(part, until_s=part.until_s + seconds)
        for item in timetable.closings
        for part, seconds in _by_delay(item, late)
    ]
    return replace(timetable, closings=tuple(closings))


def _by_delay(item: Closing, late: Mapping[str, float]) -> Iterator[tuple[Closing, float]]:
    """Give an action's lanes that are late by the same time together, with that time."""
    groups: dict[float, list[str]] = defaultdict(list)
    for lane in item.lanes:
        groups[late.get(lane, 0.0)].append(lane)
    for seconds, lanes in groups.items():
        yield replace(item, lanes=tuple(lanes)), seconds


def _stages(
    road: str, of_lanes: Mapping[int, tuple[State[Admits], ...]], normally: Sequence[bool]
) -> tuple[Stage, ...]:
    """Return the stages of a road, equal neighbours as one."""
    times = sorted({0.0, *(state.from_s for of_lane in of_lanes.values() for state in of_lane)})
    found: list[Stage] = []
    for from_s, until_s in zip(times, [*times[1:], math.inf], strict=True):
        holds = {number: at(of_lane, from_s) for number, of_lane in of_lanes.items()}
        usable = [
            number
            for number, normal in enumerate(normally)
            if (admits_drivers(holds[number]) if number in holds else normal)
        ]
        actions = {action for of_lane in of_lanes.values() for action in _actions(of_lane, from_s)}
        stage = Stage(
            f"{road}{_LANES}{'-'.join(map(str, usable))}",
            tuple(usable),
            from_s,
            until_s,
            tuple(holds.get(number) for number in usable),
            tuple(sorted(actions)),
        )
        if found and (found[-1].lanes, found[-1].admits, found[-1].until_s) == (stage.lanes, stage.admits, from_s):
            found[-1] = replace(found[-1], until_s=until_s)
        elif usable:
            found.append(stage)
    return tuple(found)


def _actions(of_lane: Sequence[State[Admits]], time_s: float) -> tuple[str, ...]:
    return next(state.actions for state in reversed(of_lane) if state.from_s <= time_s)


def _of_stages(stages: Stages, here: Sequence[Stage]) -> Iterator[Closing]:
    """Close the edge of each stage while it doesn't hold; while it does, its lanes admit whom the road's do."""
    for road, of_road in stages.of.items():
        label = "; ".join(sorted({action for stage in of_road for action in stage.actions})) or road
        for edge in stages.edges(road):
            mine = [stage for stage in of_road if stage.edge == edge]
            lanes = tuple(f"{edge}_{number}" for number in range(len(mine[0].lanes)))
            ends = [0.0, *(stage.until_s for stage in mine)]
            for from_s, until_s in zip(ends, [*(stage.from_s for stage in mine), math.inf], strict=True):
                if from_s < until_s:
                    yield Closing(label, from_s, _or_never(until_s), lanes, ADMITTED)
    for stage in here:
        for number, admits in enumerate(stage.admits):
            if admits is not None:
                lanes = (f"{stage.edge}_{number}",)
                yield Closing("; ".join(stage.actions), stage.from_s, _or_never(stage.until_s), lanes, admits)


def _or_never(time_s: float) -> float | None:
    return None if time_s == math.inf else time_s


def _not_of(items: Iterable[Closing], stages: Stages) -> Iterator[Closing]:
    for item in items:
        lanes = tuple(lane for lane in item.lanes if edge_of(lane) not in stages.of and not lane.startswith(JUNCTION))
        if lanes:
            yield replace(item, lanes=lanes)


def _staged(item: Opposed, stages: Stages) -> bool:
    return any(edge_of(lane) in stages.of for lane in (*item.lanes, *item.reversed_lanes))


def opposed_in_stages(states: States, stages: Stages) -> list[Opposed]:
    """Return the two directions of the same asphalt of which one has stages."""
    return [item for item in states.opposed if _staged(item, stages)]


def _diversions(item: Diversion, stages: Stages) -> Iterator[Diversion]:
    """Give a diversion as it is on the net with stages: for each edge of its own where lanes count."""
    exit_edges, by = stages.edges_of(item.exit_edges), stages.edges_of(item.by)
    for road in item.edges:
        for edge in stages.edges(road):
            lanes = item.lanes
            if lanes and road in stages.of:
                open_lanes = next(stage.lanes for stage in stages.of[road] if stage.edge == edge)
                lanes = tuple(open_lanes.index(number) for number in item.lanes if number in open_lanes)
                if not lanes:
                    continue
            yield replace(item, edges=(edge,), exit_edges=exit_edges, by=by, lanes=lanes)
