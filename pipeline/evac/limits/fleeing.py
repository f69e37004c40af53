"""Who flees from roads that close: drivers on them are let through, over the closed roads that lie ahead of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sumolib.net.edge import Edge

from evac.clock import HOUR_S
from evac.graphs import components, quickest_from
from evac.plans.timetable import Admits, State, admits_drivers

_JAM_SPACING_M = 7.0  # the least of all drivers: a car of 5 m and the gap of 2 m that aggressive ones keep
_THERE_AND_BACK = 2.0  # a graph's diameter is at most twice the way from any of its nodes to the farthest

Lanes = Sequence[Sequence[State[Admits]]]
"""For each lane of a road, when who may use it."""

Window = tuple[float, float]
"""From when until when (s after the order)."""


def is_open(states: Sequence[State[Admits]], time_s: float) -> bool:
    """Return whether any car may use a lane at a time (s)."""
    return any(state.from_s <= time_s < state.until_s and admits_drivers(state.holds) for state in states)


def standing(edge: Edge, lanes: int) -> float:
    """Return how many vehicles can stand on some lanes of a road."""
    return lanes * (float(edge.getLength()) / _JAM_SPACING_M + 1.0)


def fled_over(lanes: Mapping[Edge, Lanes], a_lane_veh_per_h: float, slowest_mps: float) -> dict[str, list[Window]]:
    """Return when those who flee from other roads may still pass each road though it is closed.

    A road by itself has none: who stands on it passes its end at once, as far as a bound goes. Of closed roads that
    hang together, those that close at a time hold no more than can stand on them. These drive no farther than through
    all of the closed roads, and none waits longer than until a lane has passed all of them.

    Parameters
    ----------
    lanes
        Of each road that closes or opens at some time, when its lanes are open.
    a_lane_veh_per_h
        The least that a lane passes.
    slowest_mps
        The least speed limit.
    """
    junctions = {node.getID() for edge in lanes for node in (edge.getFromNode(), edge.getToNode())}
    number = {node: position for position, node in enumerate(sorted(junctions))}
    ends = {edge: (number[edge.getFromNode().getID()], number[edge.getToNode().getID()]) for edge in lanes}
    found: dict[str, list[Window]] = {edge.getID(): [] for edge in lanes}
    was_open = {edge: [False] * len(mine) for edge, mine in lanes.items()}
    ever_open = was_open
    for time_s in sorted({state.from_s for mine in lanes.values() for states in mine for state in states}):
        now = {edge: [is_open(states, time_s) for states in mine] for edge, mine in lanes.items()}
        closed = [edge for edge in lanes if closing(ever_open[edge], now[edge])]
        stand = np.array([standing(edge, closing(was_open[edge], now[edge])) for edge in closed])
        ever_open = {edge: [a or b for a, b in zip(ever_open[edge], now[edge], strict=True)] for edge in lanes}
        was_open = now
        if not stand.any():
            continue
        for group in _together(np.array([ends[edge] for edge in closed]), len(number)):
            those = [closed[position] for position in group]
            if len(those) > 1 and (waiting := stand[group].sum()):
                drive_s = _across_m(those, ends, len(number)) / slowest_mps
                until_s = time_s + drive_s + waiting / a_lane_veh_per_h * HOUR_S
                for edge in those:
                    found[edge.getID()].append((time_s, until_s))
    return found


def closing(before: Sequence[bool], now: Sequence[bool]) -> int:
    """Return how many lanes that were open are not."""
    return sum(was and not still for was, still in zip(before, now, strict=True))


def _together(ends: np.ndarray, count: int) -> list[np.ndarray]:
    """Return the positions of roads by the groups that hang together."""
    group = components(ends[:, 0], ends[:, 1], count, strong=False)[ends[:, 0]]
    return [np.flatnonzero(group == label) for label in np.unique(group)]


def _across_m(edges: Sequence[Edge], ends: Mapping[Edge, tuple[int, int]], count: int) -> float:
    """Return the most metres (m) that one drives from any place on some roads to another, over these."""
    start, end = (np.array([ends[edge][side] for edge in edges]) for side in (0, 1))
    length_m = np.array([edge.getLength() for edge in edges], dtype=float)
    away_m, _ = quickest_from(
        int(start[0]), np.concatenate([start, end]), np.concatenate([end, start]), np.tile(length_m, 2), count
    )
    return float(_THERE_AND_BACK * away_m[np.isfinite(away_m)].max() + length_m.max())
