"""Where on a net each household's vehicles start: its street point, found again on the net of the plan.

A household is tied to a point on an OpenStreetMap way. Its vehicles start beside that point, in the direction with the
quicker way out. Only where a plan has taken the way off the net does the nearest road of the same name serve, and if
there is none the nearest road that a car may leave a driveway to; never one farther than `_RANGE_M`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sumolib

from evac.network import reach
from evac.network.places import centre_line, way_ids
from evac.osm.access import may_leave

_RANGE_M = 50.0
"""How far a start may be from the household's street point: junctions and joined carriageways move a road's centre line
by some tens of metres."""
_BESIDE_M = 10.0
"""Edges that are this little farther than the nearest count as beside the point: the two directions of a road, and the
edges before and after a junction."""
_CAR_LENGTH_M = 5.0
_TO_LANE_END_M = 1.0
FREE_CHOICE = ""
"""Stands for the exit of a vehicle that may take any."""
ANY_REFUGE = "any refuge"
"""Stands for the destination of a vehicle that has no way left to any exit, and takes the quickest to a refuge."""

StartsOf = Callable[[str], pd.DataFrame]
"""From an exit's name (`FREE_CHOICE` for any) to where households start that are all held to it (`Starts.when`)."""


@dataclass(frozen=True)
class _Edges:
    """The edges of a net that cars may drive when some of its closed ones are open.

    Parameters
    ----------
    table
        A row an edge: `edge`, `rank` (its place among their ids), `length_m`, `time_s`, `name`, `driveways`, `line`.
    ways
        OpenStreetMap way ids by position in `table`.
    """

    table: pd.DataFrame
    ways: Sequence[frozenset[int]]


class Starts:
    """Where the vehicles of households start, whichever roads of a net are open.

    Which edges lie near a household is found once, for all times of a plan.

    Parameters
    ----------
    households
        The households' table: `way_id`, `street`, `street_lon`, `street_lat`, `connected`, `reason`.
    net
        The net.
    exits
        The exits on it: no way leads on beyond their lines.
    refuges
        The refuges on it, past which one may drive.
    """

    def __init__(
        self,
        households: pd.DataFrame,
        net: sumolib.net.Net,
        exits: Sequence[reach.ExitEdges],
        refuges: Sequence[reach.ExitEdges] = (),
    ) -> None:
        self._households, self._net, self._exits, self._refuges = households, net, exits, refuges
        self._near: dict[frozenset[str], pd.DataFrame] = {}

    def when(self, closed: frozenset[str] = frozenset(), opened: frozenset[str] = frozenset()) -> StartsOf:
        """Return a function that finds the starts of all households for an exit, each once.

        Parameters
        ----------
        closed, opened
            Edges that a plan has closed, and those that it has opened, which the net has closed.

        Returns
        -------
        Callable
            From an exit's name to a table with the households' index: `edge`, `pos_m` (from the edge's start),
            `reason` (why there is no way out, else missing).
        """
        cost_s = self._cost_s(closed, opened)

        @cache
        def find(exit_name: str) -> pd.DataFrame:
            return _found(self._households, self._near_now(closed, opened), cost_s[exit_name])

        return find

    def _near_now(self, closed: frozenset[str], opened: frozenset[str]) -> pd.DataFrame:
        if opened not in self._near:
            connected = self._households[self._households["connected"].astype(bool)]
            self._near[opened] = _near_edges(connected, _edges(self._net, opened), self._net)
        near = self._near[opened]
        return _best_matches(near[~near["edge"].isin(closed)] if closed else near)

    def _cost_s(self, closed: frozenset[str], opened: frozenset[str]) -> Mapping[str, pd.Series]:
        """Return the free-flow seconds by edge to each exit and refuge, any exit and any refuge."""
        out = reach.cost_by_exit(self._net, self._exits, closed, opened)
        cost_s = {**out, FREE_CHOICE: out.min(axis=1), ANY_REFUGE: pd.Series(dtype=float)}
        if self._refuges:
            in_refuge = reach.cost_by_exit(self._net, self._exits, closed, opened, to=self._refuges)
            cost_s |= {**in_refuge, ANY_REFUGE: in_refuge.min(axis=1)}
        return cost_s


def _edges(net: sumolib.net.Net, opened: frozenset[str]) -> _Edges:
    known = net.getEdges(withInternal=False)
    edges = [edge for edge in known if edge.allows("passenger") or edge.getID() in opened]
    names = np.array([edge.getID() for edge in edges], dtype=object)
    table = pd.DataFrame(
        {
            "edge": names,
            "rank": np.argsort(np.argsort(names)),
            "length_m": [edge.getLength() for edge in edges],
            "time_s": [edge.getLength() / edge.getSpeed() for edge in edges],
            "name": [edge.getName() for edge in edges],
            "driveways": np.array([may_leave({"highway": edge.getType().rpartition(".")[2]}) for edge in edges], bool),
            "line": [centre_line(edge) for edge in edges],
        }
    )
    return _Edges(table, [frozenset(way_ids(edge)) for edge in edges])


def _found(households: pd.DataFrame, near: pd.DataFrame, cost_s: pd.Series) -> pd.DataFrame:
    """Return where the vehicles of each household start, for a destination with these free-flow seconds by edge."""
    starts = pd.DataFrame({"edge": None, "pos_m": np.nan, "reason": None}, index=households.index, dtype=object)
    connected = households["connected"].to_numpy(dtype=bool)
    starts.loc[~connected, "reason"] = households.loc[~connected, "reason"].fillna("not connected to a street")
    from_start_s = near["edge"].map(cost_s).astype(float)
    way_s = from_start_s - near["time_s"] * near["pos_m"] / near["length_m"]  # from the position to beyond the line
    chosen = _quickest_beside(near.assign(cost_s=way_s)[np.isfinite(way_s)])
    starts.loc[chosen.index, "edge"] = chosen["edge"]
    starts.loc[chosen.index, "pos_m"] = fitting_position_m(chosen["pos_m"], chosen["length_m"])
    _explain_missing(starts, households, near, connected)
    return starts.astype({"pos_m": float})


def for_residents(residents: pd.Series, theirs: StartsOf, others: StartsOf) -> StartsOf:
    """Return a function that finds the starts of residents on the roads that are open to them, and of all others.

    Parameters
    ----------
    residents
        Whether each household may drive where roads are closed to through traffic.
    theirs, others
        The starts where these roads are open, and where they are closed.
    """

    @cache
    def find(exit_name: str) -> pd.DataFrame:
        found = others(exit_name).copy()
        found.loc[residents] = theirs(exit_name)[residents]
        return found

    return find


def _near_edges(households: pd.DataFrame, edges: _Edges, net: sumolib.net.Net) -> pd.DataFrame:
    """Return a row for each household and edge within range, with the distance and the position along the edge."""
    lon, lat = households["street_lon"].to_numpy(dtype=float), households["street_lat"].to_numpy(dtype=float)
    x_m, y_m = net.getGeoProj()(lon, lat)
    offset_x_m, offset_y_m = net.getLocationOffset()
    points = shapely.points(np.asarray(x_m) + offset_x_m, np.asarray(y_m) + offset_y_m)
    lines = edges.table["line"].to_numpy()
    here, there = shapely.STRtree(lines).query(points, predicate="dwithin", distance=_RANGE_M)
    near: pd.DataFrame = edges.table.iloc[there].drop(columns="line").reset_index(drop=True)
    near["household"] = households.index[here]
    near["distance_m"] = shapely.distance(points[here], lines[there])
    near["pos_m"] = shapely.line_locate_point(lines[there], points[here], normalized=True) * near["length_m"]
    way = households["way_id"].to_numpy()[here]
    street = households["street"].to_numpy()[here]
    near["same_way"] = np.array([mine in edges.ways[k] for mine, k in zip(way, there, strict=True)], dtype=bool)
    near["same_name"] = np.array([bool(a) and a == b for a, b in zip(street, near["name"], strict=True)], dtype=bool)
    return near


def _best_matches(near: pd.DataFrame) -> pd.DataFrame:
    """Keep, for each household, the edges of its way; else of its street's name; else where a car may leave."""
    tier = np.select([near["same_way"], near["same_name"], near["driveways"]], [0, 1, 2], default=3)
    near = near.assign(tier=tier)[tier < 3]  # noqa: PLR2004
    best = near.groupby("household")["tier"].transform("min")
    return near[near["tier"] == best].copy()


def _quickest_beside(near: pd.DataFrame) -> pd.DataFrame:
    """Return a row a household: of the edges beside its point, the one with the quickest way out."""
    nearest_m = near.groupby("household")["distance_m"].transform("min")
    beside = near[near["distance_m"] <= nearest_m + _BESIDE_M]
    quickest = beside.sort_values(["household", "cost_s", "rank"]).drop_duplicates("household")
    return quickest.set_index("household")


def fitting_position_m(pos_m: pd.Series | float, length_m: pd.Series | float) -> Any:
    """Return positions at which a whole car stands on the edge (or, on an edge shorter than a car, near its end)."""
    last_m = np.maximum(length_m - _TO_LANE_END_M, length_m / 2.0)
    return np.round(np.clip(pos_m, np.minimum(_CAR_LENGTH_M, last_m), last_m), 2)


def _explain_missing(starts: pd.DataFrame, households: pd.DataFrame, near: pd.DataFrame, connected: np.ndarray) -> None:
    missing = starts["edge"].isna() & connected
    on_net = households.index.isin(near["household"])
    named = households["street"].fillna("its street")
    starts.loc[missing & ~on_net, "reason"] = f"no road for cars within {_RANGE_M:.0f} m under this plan"
    starts.loc[missing & on_net, "reason"] = "no way to an exit from " + named[missing & on_net]
