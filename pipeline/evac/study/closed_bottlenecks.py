"""Bottlenecks that a scenario names on roads that a plan or a hazard closes: nothing passes them then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sumolib.net import Net

from evac import clock
from evac.measure.bottlenecks import BottleneckLanes
from evac.plans.timetable import Timetable, edge_of
from evac.study.ways_out import RoadState, road_states
from evac.sumo import CAR_CLASS


def closed_bottlenecks(
    net: Net, timetable: Timetable, for_residents: Iterable[str], bottlenecks: Sequence[BottleneckLanes]
) -> Iterator[str]:
    """Yield a sentence for each bottleneck whose road is closed for some time.

    Parameters
    ----------
    net, timetable
        The roads as they are under the plan, and what changes on them.
    for_residents
        Lanes that are closed to through traffic only: those who live there still pass.
    bottlenecks
        The bottlenecks that the scenario names.
    """
    if not bottlenecks:
        return
    states, passed = road_states(net, timetable), frozenset(map(edge_of, for_residents))
    for item in bottlenecks:
        spells = [] if item.edge in passed else _closed_min(net, item.edge, states)
        if spells:
            when = " and ".join(spells)
            yield f"bottleneck '{item.name}': its road is closed {when}, and nothing passes it then; name another place"


def _closed_min(net: Net, edge: str, states: Sequence[RoadState]) -> list[str]:
    """Return when a road is closed, in words."""
    normally = net.getEdge(edge).allows(CAR_CLASS)
    is_open = [edge not in state.closed if normally else edge in state.opened for state in states]
    changes = [n for n, now in enumerate(is_open) if n == 0 or now != is_open[n - 1]]
    spells = []
    for begin, end in zip(changes, [*changes[1:], None], strict=True):
        if not is_open[begin]:
            words = clock.while_words(states[begin].from_s, None if end is None else states[end].from_s)
            spells.append(words or "from the order on")
    return spells
