"""Exits: where a vehicle counts as evacuated.

An exit's line is the downstream end of its edges. Named exits are places of the scenario (`named`). Found exits are
decided on the whole map (`decide`, on the graph of `graph`, with `map_edge`: where the map ends, and `why_none`: what
stops a road), recorded (`record`), and found again on the net (`on_net`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from sumolib.net import Net

from evac.clock import MINUTE_S
from evac.errors import DataError, PlaceError, Problem
from evac.network.exits.named import Ground, named_exit
from evac.network.exits.on_net import found_exits
from evac.network.exits.record import WaysOutRecord
from evac.network.exits.resolved import ResolvedExit, Spell
from evac.network.reach import ExitEdges, road_graph, ways_out
from evac.schema.places import Beyond, Exit, FoundExits

__all__ = ["Ground", "ResolvedExit", "named_exit", "require_reachable", "resolve_exits"]


def resolve_exits(
    ground: Ground,
    exits: Sequence[Exit] | FoundExits,
    *,
    ways_out: WaysOutRecord | None = None,
    where: str = "exits",
) -> tuple[ResolvedExit, ...]:
    """Return the exits of a scenario on its net.

    Parameters
    ----------
    ground
        The net, and the area ordered to leave.
    exits
        The exits by name, or how to find them.
    ways_out
        What was decided of the roads that leave the area, for exits that are to be found.
    where
        File and key for the error message.

    Raises
    ------
    PlaceError
        An exit isn't on the map, fits several places, is another one's piece of road, or none was found. All problems
        are raised at once.
    """
    if not isinstance(exits, FoundExits):
        return _named(ground, exits, where)
    if ways_out is None:
        raise ValueError("exits are to be found, but nothing was decided")
    also = _named(ground, exits.also, f"{where}.also")
    taken = {edge for item in also for edge in item.edges}
    found = found_exits(ground, exits, ways_out, where, none_is_wrong=not also)
    return (*(item for item in found if taken.isdisjoint(item.edges)), *also)


def _named(ground: Ground, exits: Sequence[Exit], where: str) -> tuple[ResolvedExit, ...]:
    resolved: list[ResolvedExit] = []
    problems: list[Problem] = []
    for item in exits:
        try:
            edges = named_exit(ground, item, f"{where}, '{item.name}'")
            found = ground.resolved(item.name, edges, item.veh_per_h)
            spells = tuple(_spell(spell) for spell in item.beyond)
            resolved.append(replace(found, beyond=spells, drive_s=item.beyond_min * MINUTE_S))
        except PlaceError as error:
            problems.extend(error.problems)
    problems += _twice(resolved, where)
    if problems:
        raise PlaceError(problems)
    return tuple(resolved)


def _twice(resolved: Sequence[ResolvedExit], where: str) -> list[Problem]:
    """Return a problem for each two exits that are the same piece of road: one would take all that the other does."""
    return [
        Problem(f"{where}, '{two.name}'", f"is the same end of a road as '{one.name}'", "name each exit once")
        for one, two in combinations(resolved, 2)
        if not set(one.edges).isdisjoint(two.edges)
    ]


def _spell(beyond: Beyond) -> Spell:
    drive_s = None if beyond.beyond_min is None else beyond.beyond_min * MINUTE_S
    return Spell(beyond.from_min * MINUTE_S, beyond.until_min * MINUTE_S, beyond.veh_per_h, drive_s)


def require_reachable(net: Net, exits: Sequence[ExitEdges], from_edges: Iterable[str], where: str = "exits") -> None:
    """Refuse a scenario from whose households no exit can be reached.

    Raises
    ------
    DataError
        No edge of `from_edges` has a way to any exit.
    """
    graph = road_graph(net)
    served = ways_out(graph, [edge for item in exits for edge in item.edges])
    if any(np.isfinite(served.cost_s[graph.index[edge]]) for edge in from_edges if edge in graph.index):
        return
    names = ", ".join(f"'{item.name}'" for item in exits)
    what = f"no exit reachable: no street of the evacuation area has a way to {names}"
    raise DataError(
        Problem(where, what, "check the exits' direction ('towards'), and that the map joins them to the area")
    )
