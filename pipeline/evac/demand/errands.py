"""Trips before leaving: a household's first car fetches somebody, from a school or a relative's home, and then leaves.

The car drives from its street to the place of the errand, stands there beside the road, and looks for an exit from
there. Who does is drawn once for each household, by its own name (`draws`), and so is which of several places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sumolib
from numpy.typing import NDArray

from evac.demand.draws import uniform
from evac.demand.kerbs import Kerbs
from evac.network.reach import ExitEdges, WaysOut, road_graph, ways_out
from evac.schema.demand import Errand

COLUMNS = ("errand", "stop_edge", "stop_pos_m", "stop_s")
"""What an errand adds to the demand's table; missing where a vehicle has none."""


@dataclass(frozen=True)
class _Stop:
    """A place of an errand on the net: the edge, the position on it, and the edges from which it can be reached.

    Who lives behind it on the same edge comes to it where there is a way round the block (`comes_round`).
    """

    edge: str
    pos_m: float
    reached_from: frozenset[str]
    comes_round: bool

    def reached_by(self, vehicles: pd.DataFrame) -> NDArray[np.bool_]:
        """Return whether each vehicle can drive there, by its `edge` and `pos_m`."""
        reached = vehicles["edge"].isin(self.reached_from).to_numpy()
        behind = (vehicles["edge"] == self.edge).to_numpy() & (vehicles["pos_m"] > self.pos_m).to_numpy()
        return np.asarray(reached & (self.comes_round | ~behind))


def with_errands(
    vehicles: pd.DataFrame,
    errands: Sequence[Errand],
    net: sumolib.net.Net,
    exits: Sequence[ExitEdges],
    *,
    seed: int,
    closed: frozenset[str] = frozenset(),
) -> pd.DataFrame:
    """Return the demand's table with the errands of its vehicles.

    Parameters
    ----------
    vehicles
        A row a vehicle: `key` (its household's), `vehicle_number`, `edge`, `pos_m` (where it starts; missing: no way
        out).
    errands
        The scenario's, whose shares add up to 1 at most.
    net, exits
        The net after the plan, and the exits on it.
    seed
        The replication's seed.
    closed
        Edges that the plan closes at any time: nobody goes an errand over them, because SUMO ends a simulation when a
        trip has no way at its departure.

    Returns
    -------
    pandas.DataFrame
        With the columns `COLUMNS`. A car that can't reach the place of its errand leaves without it.

    Raises
    ------
    PlaceError
        No street near a place can be driven to and left for an exit.
    """
    table = vehicles.assign(errand=None, stop_edge=None, stop_pos_m=np.nan, stop_s=np.nan)
    if not errands:
        return table
    stops = _stops(errands, net, exits, closed)
    drawn = _drawn(table, errands, table["key"], seed)
    which = uniform(seed, "errand's place", table["key"])
    for number, item in enumerate(errands):
        place = np.floor(which * len(item.at)).astype(int)
        for at, stop in enumerate(stops[number]):
            mine = (drawn == number) & (place == at) & stop.reached_by(table)
            values: tuple[Any, ...] = (item.name, stop.edge, stop.pos_m, 60.0 * item.stop_min)
            for column, value in zip(COLUMNS, values, strict=True):
                table[column] = np.where(mine, value, table[column])
    return table.astype({"stop_pos_m": float, "stop_s": float})


def errands_not_made(vehicles: pd.DataFrame, errands: Sequence[Errand], keys: pd.Series, *, seed: int) -> int:
    """Return how many cars leave without the errand that is drawn for them, because they can't drive there.

    Parameters
    ----------
    vehicles
        The demand's table, with `COLUMNS`.
    errands
        The scenario's.
    keys
        Of each vehicle, its household's key.
    seed
        The replication's seed.
    """
    drawn = _drawn(vehicles, errands, keys, seed)
    return int(((drawn < len(errands)) & vehicles["errand"].isna().to_numpy()).sum())


def _drawn(vehicles: pd.DataFrame, errands: Sequence[Errand], keys: pd.Series, seed: int) -> NDArray[np.int64]:
    """Return the number of the errand that is drawn for each car; their count for those without one."""
    drawn = np.searchsorted(np.cumsum([item.share for item in errands]), uniform(seed, "errand", keys))
    first = (vehicles["vehicle_number"] == 0).to_numpy() & vehicles["edge"].notna().to_numpy()
    return np.where(first, drawn, len(errands))


def _stops(
    errands: Sequence[Errand], net: sumolib.net.Net, exits: Sequence[ExitEdges], closed: frozenset[str]
) -> list[list[_Stop]]:
    """Return the places of each errand on the net."""
    ends = [edge for item in exits for edge in item.edges]
    graph = road_graph(net)
    out = ways_out(graph, ends)
    kerbs = Kerbs(net, graph, out.cost_s)
    still_out = ways_out(road_graph(net, closed=closed), ends) if closed else out
    found = [[kerbs.beside(point, f"before_leaving, '{item.name}'") for point in item.at] for item in errands]
    return [[_stop(net, edge, pos_m, still_out) for edge, pos_m in places] for places in found]


def _stop(net: sumolib.net.Net, edge: str, pos_m: float, out: WaysOut) -> _Stop:
    reached_from = _reached_from(edge, out)
    comes_round = any(after.getID() in reached_from for after in net.getEdge(edge).getOutgoing())
    return _Stop(edge, pos_m, reached_from, comes_round)


def _reached_from(edge: str, out: WaysOut) -> frozenset[str]:
    """Return the edges from which a stop can be reached; none where no exit can be reached from the stop."""
    graph = out.graph
    if edge not in graph.index or not np.isfinite(out.cost_s[graph.index[edge]]):
        return frozenset()
    there = ways_out(graph, [edge])
    return frozenset(graph.edges[place] for place in there.reachable())
