"""Bottlenecks: the lanes that hold the evacuation up, found in a run or named, and measured minute by minute.

`queues` tells which lanes are at the head of the queues; here they are ranked by the delay in the queues behind them.
Vehicles that wait in a driveway because the street is full are in no lane and in no bottleneck's delay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import sumolib

from evac import clock
from evac.measure.control import Control, SignalReason
from evac.measure.queues import MERGE, WINDOW_MIN, Queues, heads_of_queues, is_congested
from evac.network.places import end_bearing_deg, heading
from evac.network.street_names import street_of
from evac.tables import sum_up

Reason = SignalReason | Literal["exit", "lane drop", "merge", "slower road", "junction"]

_MIN_WINDOWS = 2  # a queue that stands for less than ten minutes holds up nobody for long
_MIN_SHARE = 0.01  # share of the vehicles that got out, and of all delay in queues, below which a head is left out
_LANE_SHARE = 0.5  # a lane belongs to the bottleneck when it is head for this share of its busiest lane's time
_AT_MOST = 6
_STEP_M = 10  # distances in a place's name are in steps of this


@dataclass(frozen=True)
class BottleneckLanes:
    """Lanes of one edge that are measured at the edge's downstream end.

    Parameters
    ----------
    name
        What the report calls them.
    edge
        SUMO's edge id.
    lanes
        Lane indices, counted from the kerb (0 is the outermost).
    """

    name: str
    edge: str
    lanes: tuple[int, ...]


@dataclass(frozen=True)
class FoundBottleneck(BottleneckLanes):
    """A bottleneck found in a run.

    Parameters
    ----------
    place
        Street, direction of travel and cross street; several bottlenecks may share it, and are numbered in `name`.
    reason
        What holds the traffic up there, as far as the net and the plan's signals tell.
    queue_min
        Minutes during which these lanes were the head of a queue.
    vehicles
        Vehicles that passed these lanes in the whole run.
    delay_veh_h
        Vehicle-hours lost in the queues behind these lanes.
    where
        Where the queues are held: at the lanes' end (`STOP_LINE`), or at their beginning, where others merge onto
        them (`MERGE`).
    """

    place: str
    reason: Reason
    queue_min: int
    vehicles: int
    delay_veh_h: float
    where: str


def find_bottlenecks(
    lanes: pd.DataFrame, queues: Queues, control: Control, evacuated: int, at_most: int = _AT_MOST
) -> list[FoundBottleneck]:
    """Find the lanes that hold the evacuation up, worst first.

    Parameters
    ----------
    lanes
        `tables.read_lanes` of the run.
    queues
        The queues of the run.
    control
        The net of the run, and what its signals do.
    evacuated
        Vehicles that got out.
    at_most
        How many to return.

    Returns
    -------
    Bottlenecks that stood at the head of a queue for ten minutes or more, and through which at least 1 % of the
    vehicles passed that got out, and which took at least 1 % of the delay in queues.
    """
    if lanes.empty:
        return []
    heads = heads_of_queues(queues)
    passed = sum_up(lanes, "lane_id", np.zeros(len(lanes), dtype=np.int64), ["vehicles"]).set_index("lane_id")
    heads["vehicles"] = passed["vehicles"].reindex(heads["lane_id"]).fillna(0).to_numpy(dtype="int64")
    edges = _by_edge(heads)
    enough = edges["vehicles"] >= _MIN_SHARE * evacuated
    enough &= edges["delay_s"] >= _MIN_SHARE * edges["delay_s"].sum()
    worst = edges[enough].sort_values(["delay_s", "edge"], ascending=[False, True]).head(at_most)
    return _named_apart([_found(row, queues, control) for row in worst.to_dict("records")])


def measured_lanes(
    named: Sequence[BottleneckLanes], runs: Iterable[Sequence[FoundBottleneck]], at_most: int = _AT_MOST
) -> list[BottleneckLanes]:
    """Return the lanes to measure in each of several runs, so that they can be compared.

    The named ones come first. Then come those found in any run at other edges, lanes of the same edge as one
    bottleneck, the longest delays first.

    Parameters
    ----------
    named
        The scenario's bottlenecks.
    runs
        What was found in each run.
    at_most
        How many of the found ones to return.
    """
    lanes: dict[str, set[int]] = defaultdict(set)
    worst: dict[str, FoundBottleneck] = {}
    taken = {item.edge for item in named}
    for found in (item for run in runs for item in run if item.edge not in taken):
        lanes[found.edge].update(found.lanes)
        if found.edge not in worst or found.delay_veh_h > worst[found.edge].delay_veh_h:
            worst[found.edge] = found
    ranked = _named_apart(sorted(worst.values(), key=lambda item: (-item.delay_veh_h, item.edge))[:at_most])
    return [*named, *(BottleneckLanes(item.name, item.edge, tuple(sorted(lanes[item.edge]))) for item in ranked)]


def lane_minutes(
    lanes: pd.DataFrame, queues: Queues, bottlenecks: Sequence[BottleneckLanes], end_s: float
) -> pd.DataFrame:
    """Measure given bottleneck lanes in every minute of a run, also the quiet ones.

    Parameters
    ----------
    lanes
        `tables.read_lanes` of the run.
    queues
        The queues of the run.
    bottlenecks
        The lanes to measure.
    end_s
        End of the run (seconds after the order).

    Returns
    -------
    Rows of `tables.BOTTLENECKS`, in the order of `bottlenecks`, lane and minute. `speed_mps` is absent in a minute in
    which the lane was empty. `queued`: the lane, or a lane that leads to it, was congested in that minute, or it was
    the head of a queue, wherever that stood. A lane that
    a plan took away passes nobody.
    """
    minutes = range(int(np.ceil(end_s / clock.MINUTE_S)))
    keys = [
        (item.name, item.edge, lane, f"{item.edge}_{lane}", minute)
        for item in bottlenecks
        for lane in item.lanes
        for minute in minutes
    ]
    rows = pd.DataFrame(keys, columns=["bottleneck", "edge", "lane", "lane_id", "minute"])
    measured = ["lane_id", "minute", "vehicles", "distance_m", "sampled_s", "occupancy_percent"]
    seen = lanes.loc[lanes["lane_id"].isin(set(rows["lane_id"])), measured]
    rows = rows.merge(seen.astype({"lane_id": str}), on=["lane_id", "minute"], how="left")
    rows["speed_mps"] = rows["distance_m"] / rows["sampled_s"].where(rows["sampled_s"] > 0)
    # SUMO leaves lanes without a vehicle out of its output: they passed nobody.
    rows[["vehicles", "occupancy_percent"]] = rows[["vehicles", "occupancy_percent"]].fillna(0)
    rows["vehicles"] = rows["vehicles"].astype("int32")
    queued = _queued_minutes(lanes, queues, set(rows["lane_id"]))
    rows["queued"] = [
        minute in queued[lane_id] for lane_id, minute in zip(rows["lane_id"], rows["minute"], strict=True)
    ]
    return rows


def _queued_minutes(lanes: pd.DataFrame, queues: Queues, lane_ids: set[str]) -> dict[str, set[int]]:
    """Return the minutes in which each lane, or one that leads to it, was congested, or it was the head of a queue."""
    near = {lane_id: {lane_id, *queues.links.feeders(lane_id)} for lane_id in lane_ids}
    rows = lanes[lanes["lane_id"].isin(set().union(*near.values()))]
    rows = rows[is_congested(rows, queues.links, clock.MINUTE_S)]
    congested = {str(name): set(group) for name, group in rows.groupby("lane_id", observed=True)["minute"]}
    headed = _headed_minutes(queues.windows, lane_ids)
    return {
        lane_id: headed[lane_id].union(*(congested.get(other, set()) for other in near[lane_id]))
        for lane_id in lane_ids
    }


def _headed_minutes(windows: pd.DataFrame, lane_ids: set[str]) -> dict[str, set[int]]:
    """Return the minutes in which each lane was the head of a queue, wherever the queue stood."""
    minutes: dict[str, set[int]] = {lane_id: set() for lane_id in lane_ids}
    heads = windows.loc[windows["lane_id"].isin(lane_ids), ["lane_id", "window"]].drop_duplicates()
    for lane_id, window in heads.itertuples(index=False):
        minutes[str(lane_id)].update(range(window * WINDOW_MIN, (window + 1) * WINDOW_MIN))
    return minutes


def mean_rates(minutes: pd.DataFrame, until_s: float) -> pd.DataFrame:
    """Return the two mean rates of each bottleneck lane.

    Parameters
    ----------
    minutes
        Rows of `tables.BOTTLENECKS`.
    until_s
        When 95 % of the planned vehicles were out (or the end of the run, when they never were).

    Returns
    -------
    One row a lane: `bottleneck`, `edge`, `lane`, `vehicles` (whole run), `mean_veh_per_min` (from the order until
    `until_s`), `queue_min` (minutes with a queue), `queued_veh_per_min` (mean of these; absent without a queue),
    `highest_veh_per_h` (best quarter of an hour: capacity as the Highway Capacity Manual counts it).
    """
    rows = minutes.copy()
    # The minute in which 95 % are out counts by the part of it that is before.
    share = ((until_s - rows["minute"] * clock.MINUTE_S) / clock.MINUTE_S).clip(0.0, 1.0)
    rows["until"] = rows["vehicles"] * share
    rows["in_queue"] = rows["vehicles"].where(rows["queued"], 0)
    groups = rows.groupby(["bottleneck", "edge", "lane"], sort=False)
    rates = groups.agg(
        vehicles=("vehicles", "sum"), until=("until", "sum"), queue_min=("queued", "sum"), in_queue=("in_queue", "sum")
    )
    rates["mean_veh_per_min"] = rates.pop("until") / (until_s / clock.MINUTE_S)
    rates["queued_veh_per_min"] = rates.pop("in_queue") / rates["queue_min"].where(rates["queue_min"] > 0)
    rates["highest_veh_per_h"] = groups["vehicles"].apply(_best_quarter)
    return rates.reset_index()


def _best_quarter(vehicles: pd.Series) -> float:
    """Return the highest flow over 15 minutes in a row (veh/h); a shorter run counts as if it went on empty."""
    return float(vehicles.rolling(15, min_periods=1).sum().max()) * 4.0


def _by_edge(heads: pd.DataFrame) -> pd.DataFrame:
    """Put the head lanes of an edge together; lanes that are rarely head stay out of its lanes, not of its delay."""
    parts = [lane_id.rpartition("_") for lane_id in heads["lane_id"]]
    rows = heads.assign(edge=[edge for edge, _, _ in parts], lane=[int(lane) for _, _, lane in parts])
    rows["longest"] = rows.groupby("edge")["windows"].transform("max")
    kept = rows[(rows["windows"] >= _LANE_SHARE * rows["longest"]) & (rows["longest"] >= _MIN_WINDOWS)]
    edges = kept.groupby("edge").agg(windows=("windows", "max"), vehicles=("vehicles", "sum"), where=("where", "first"))
    edges["lanes"] = [tuple(sorted(group)) for _, group in kept.groupby("edge")["lane"]]
    edges["delay_s"] = rows.groupby("edge")["delay_s"].sum()
    return edges.reset_index()


def _found(row: dict[Hashable, Any], queues: Queues, control: Control) -> FoundBottleneck:
    edge = control.net.getEdge(row["edge"])
    times_s = queues.times_s([edge.getLane(number).getID() for number in row["lanes"]])
    after_merge = row["where"] == MERGE
    place = _place(edge, after=after_merge)
    return FoundBottleneck(
        name=place,
        edge=edge.getID(),
        lanes=row["lanes"],
        place=place,
        reason="merge" if after_merge else why(edge, control, times_s),
        queue_min=int(row["windows"]) * WINDOW_MIN,
        vehicles=int(row["vehicles"]),
        delay_veh_h=round(float(row["delay_s"]) / clock.HOUR_S, 3),
        where=str(row["where"]),
    )


def why(edge: sumolib.net.edge.Edge, control: Control, times_s: Sequence[float]) -> Reason:
    """Tell what holds traffic up at an edge's downstream end while a queue stands there at these times."""
    links = [link for lane in edge.getLanes() for link in lane.getOutgoing()]
    if not links:
        return "exit"
    # The most particular reason first: where lanes also drop behind a signal, the signal holds them.
    if signal := control.signal_at(edge, times_s):
        return signal
    onto = {link.getToLane().getEdge() for link in links}
    if len({link.getToLane().getID() for link in links}) < edge.getLaneNumber():
        return "lane drop"
    if any(len(after.getIncoming()) > 1 for after in onto):
        return "merge"
    slowest = min(after.getSpeed() for after in onto)
    return "slower road" if slowest < edge.getSpeed() else "junction"


def _place(edge: sumolib.net.edge.Edge, *, after: bool) -> str:
    """Return "street northbound at (after) cross street" as far as the streets have names.

    Where no cross street is there, the next one behind is named, with how far back it is.
    """
    own = edge.getName()
    node = edge.getFromNode() if after else edge.getToNode()
    road = f"{street_of(edge)} {heading(end_bearing_deg(edge))}"
    if near := _crossing(node, own):
        return f"{road} {'after' if after else 'at'} {near}"
    behind_m = 0.0 if after else edge.getLength()
    for before in _behind(edge):
        if near := _crossing(before.getToNode(), own):
            return f"{road}, {_round_m(behind_m)} m after {near}"
        behind_m += before.getLength()
    return road


def _crossing(node: sumolib.net.node.Node, own: str) -> str:
    return min({other.getName() for other in [*node.getIncoming(), *node.getOutgoing()]} - {"", own}, default="")


def _behind(edge: sumolib.net.edge.Edge) -> Iterator[sumolib.net.edge.Edge]:
    """Yield the edges of the same street that lead to an edge, one after the other."""
    seen = {edge.getID()}
    while True:
        leading = [
            other
            for other in edge.getFromNode().getIncoming()
            if other.getName() == edge.getName() and other.getFromNode() is not edge.getToNode()
        ]
        if len(leading) != 1 or leading[0].getID() in seen:
            return
        edge = leading[0]
        seen.add(edge.getID())
        yield edge


def _round_m(length_m: float) -> int:
    return max(_STEP_M, round(length_m / _STEP_M) * _STEP_M)


def _named_apart(found: Sequence[FoundBottleneck]) -> list[FoundBottleneck]:
    """Name bottlenecks by their place, with a number where several share it."""
    seen: dict[str, int] = defaultdict(int)
    apart = []
    for item in found:
        seen[item.place] += 1
        number = f" #{seen[item.place]}" if seen[item.place] > 1 else ""
        apart.append(replace(item, name=item.place + number))
    return apart
