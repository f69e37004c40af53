"""Bottlenecks: the lanes at the head of the queues, found in a run or named, and measured minute by minute.

A lane is *congested* in a window when its vehicles are slower than half of what a queue that is free to drive off
would do there. A congested lane's queue goes on into the slowest congested lane that it leads to; where none of these
is congested, traffic drives off freely and the lane is the queue's *head*: an active bottleneck in the sense of Daganzo
(Fundamentals of Transportation and Traffic Operations, 1997) and of Chen, Skabardonis and Varaiya (Systematic
identification of freeway bottlenecks, TRR 1867, 2004). Every congested lane's delay goes to the head of its queue;
bottlenecks are ranked by that delay. Vehicles that wait in a driveway because the street is full are in no lane and in
no bottleneck's delay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import sumolib
from numpy.typing import NDArray

from evac.tables import sum_up

Reason = Literal["exit", "signal", "lane drop", "merge", "slower road", "junction"]

_SLOW = 0.5  # share of the free speed; Chen et al. take 40 mph on a 60 mph road and a drop of 20 mph
_START_MPS2 = 2.6  # acceleration of SUMO's default car: https://sumo.dlr.de/docs/Vehicle_Type_Parameter_Defaults.html
_JAM_SPACING_M = 7.5  # SUMO's default car (5 m) and its gap at standstill (2.5 m)
_WINDOW_MIN = 5  # long enough for the waves of a stop-and-go queue to pass
_MIN_WINDOWS = 2  # a queue that stands for less than ten minutes holds up nobody for long
_MIN_SHARE = 0.01  # share of the vehicles that got out, and of all delay in queues, below which a head is left out
_LANE_SHARE = 0.5  # a lane belongs to the bottleneck when it is head for this share of its busiest lane's time
_AT_MOST = 6
_HEADINGS = ("northbound", "eastbound", "southbound", "westbound")
_SECONDS_A_MINUTE = 60
_SECONDS_AN_HOUR = 3600


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
        What holds the traffic up there, as far as the net tells.
    queue_min
        Minutes during which these lanes were the head of a queue.
    vehicles
        Vehicles that passed these lanes in the whole run.
    delay_veh_h
        Vehicle-hours lost in the queues behind these lanes.
    """

    place: str
    reason: Reason
    queue_min: int
    vehicles: int
    delay_veh_h: float


def find_bottlenecks(
    lanes: pd.DataFrame, net: sumolib.net.Net, evacuated: int, at_most: int = _AT_MOST
) -> list[FoundBottleneck]:
    """Find the lanes that hold the evacuation up, worst first.

    Parameters
    ----------
    lanes
        `tables.read_lanes` of the run.
    net
        The net of the run.
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
    links = _Links.of(net)
    heads = _delay_by_head(*_congestion(_windows(lanes), links), links)
    passed = sum_up(lanes, "lane_id", np.zeros(len(lanes), dtype=np.int64), ["vehicles"]).set_index("lane_id")
    heads["vehicles"] = passed["vehicles"].reindex(heads["lane_id"]).fillna(0).to_numpy(dtype="int64")
    edges = _by_edge(heads)
    enough = edges["vehicles"] >= _MIN_SHARE * evacuated
    enough &= edges["delay_s"] >= _MIN_SHARE * edges["delay_s"].sum()
    worst = edges[enough].sort_values(["delay_s", "edge"], ascending=[False, True]).head(at_most)
    return _named_apart([_found(row, net) for row in worst.to_dict("records")])


def union_of_bottlenecks(runs: Iterable[Sequence[FoundBottleneck]]) -> list[BottleneckLanes]:
    """Return the bottlenecks of several runs together, so that each run can be measured at all of them.

    Lanes of the same edge become one bottleneck. The longest delays in any run come first.
    """
    lanes: dict[str, set[int]] = defaultdict(set)
    worst: dict[str, FoundBottleneck] = {}
    for found in (item for run in runs for item in run):
        lanes[found.edge].update(found.lanes)
        if found.edge not in worst or found.delay_veh_h > worst[found.edge].delay_veh_h:
            worst[found.edge] = found
    ranked = sorted(worst.values(), key=lambda item: (-item.delay_veh_h, item.edge))
    return [BottleneckLanes(item.name, item.edge, tuple(sorted(lanes[item.edge]))) for item in _named_apart(ranked)]


def lane_minutes(
    lanes: pd.DataFrame, net: sumolib.net.Net, bottlenecks: Sequence[BottleneckLanes], end_s: float
) -> pd.DataFrame:
    """Measure given bottleneck lanes in every minute of a run, also the quiet ones.

    Parameters
    ----------
    lanes
        `tables.read_lanes` of the run.
    net
        The net of the run.
    bottlenecks
        The lanes to measure.
    end_s
        End of the run (seconds after the order).

    Returns
    -------
    Rows of `tables.BOTTLENECKS`, in the order of `bottlenecks`, lane and minute. `speed_mps` is absent in a minute in
    which the lane was empty. `queued`: the lane, or a lane that leads to it, was congested in that minute. A lane that
    a plan took away passes nobody.
    """
    links = _Links.of(net)
    minutes = range(int(np.ceil(end_s / _SECONDS_A_MINUTE)))
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
    rows[["vehicles", "occupancy_percent"]] = rows[["vehicles", "occupancy_percent"]].fillna(0)
    rows["vehicles"] = rows["vehicles"].astype("int32")
    queued = _queued_minutes(lanes, links, set(rows["lane_id"]))
    rows["queued"] = [
        minute in queued[lane_id] for lane_id, minute in zip(rows["lane_id"], rows["minute"], strict=True)
    ]
    return rows


def _queued_minutes(lanes: pd.DataFrame, links: _Links, lane_ids: set[str]) -> dict[str, set[int]]:
    """Return the minutes in which each lane, or one that leads to it, was congested."""
    near = {lane_id: {lane_id, *links.feeders(lane_id)} for lane_id in lane_ids}
    rows = lanes[lanes["lane_id"].isin(set().union(*near.values()))]
    rows = rows[_is_congested(rows, links, _SECONDS_A_MINUTE)]
    minutes = {str(name): set(group) for name, group in rows.groupby("lane_id", observed=True)["minute"]}
    return {lane_id: set().union(*(minutes.get(other, set()) for other in near[lane_id])) for lane_id in lane_ids}


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
    share = ((until_s - rows["minute"] * _SECONDS_A_MINUTE) / _SECONDS_A_MINUTE).clip(0.0, 1.0)
    rows["until"] = rows["vehicles"] * share
    rows["in_queue"] = rows["vehicles"].where(rows["queued"], 0)
    groups = rows.groupby(["bottleneck", "edge", "lane"], sort=False)
    rates = groups.agg(
        vehicles=("vehicles", "sum"), until=("until", "sum"), queue_min=("queued", "sum"), in_queue=("in_queue", "sum")
    )
    rates["mean_veh_per_min"] = rates.pop("until") / (until_s / _SECONDS_A_MINUTE)
    rates["queued_veh_per_min"] = rates.pop("in_queue") / rates["queue_min"].where(rates["queue_min"] > 0)
    rates["highest_veh_per_h"] = groups["vehicles"].apply(_best_quarter)
    return rates.reset_index()


def _best_quarter(vehicles: pd.Series) -> float:
    """Return the highest flow over 15 minutes in a row (veh/h); a shorter run counts as if it went on empty."""
    return float(vehicles.rolling(15, min_periods=1).sum().max()) * 4.0


@dataclass(frozen=True)
class _Links:
    """The lanes of a net and which leads to which.

    `index` gives a lane's position in `ids`, `length_m` and `slow_mps` (below it the lane is congested); `to_next` has
    a column for each of a lane's next lanes, -1 where it has fewer.
    """

    ids: list[str]
    index: dict[str, int]
    length_m: NDArray[np.float64]
    slow_mps: NDArray[np.float64]
    to_next: NDArray[np.int64]

    @classmethod
    def of(cls, net: sumolib.net.Net) -> _Links:
        lanes = [lane for edge in net.getEdges(withInternal=False) for lane in edge.getLanes()]
        ids = [lane.getID() for lane in lanes]
        index = {lane_id: number for number, lane_id in enumerate(ids)}
        following = [[index[link.getToLane().getID()] for link in lane.getOutgoing()] for lane in lanes]
        to_next = np.full((len(ids), max([1, *map(len, following)])), -1, dtype=np.int64)
        for number, after in enumerate(following):
            to_next[number, : len(after)] = after
        length_m = np.array([lane.getLength() for lane in lanes])
        return cls(ids, index, length_m, _slow_mps(length_m, np.array([lane.getSpeed() for lane in lanes])), to_next)

    def feeders(self, lane_id: str) -> list[str]:
        if lane_id not in self.index:
            return []
        rows = np.nonzero((self.to_next == self.index[lane_id]).any(axis=1))[0]
        return [self.ids[row] for row in rows]


def _slow_mps(length_m: NDArray[np.float64], speed_mps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean speed below which a lane is congested.

    On a lane shorter than it takes to reach the speed limit, vehicles that start from a stop line are slow without any
    queue: there the mean speed over the lane of a vehicle that starts at its beginning stands for the speed limit.
    """
    return _SLOW * np.minimum(speed_mps, np.sqrt(_START_MPS2 * length_m / 2.0))


def _positions(lane_ids: pd.Series, links: _Links) -> NDArray[np.int64]:
    """Return each lane's position in `links`; a lane that isn't in the net is a program error and raises KeyError."""
    of_category = np.array([links.index[lane_id] for lane_id in lane_ids.cat.categories], dtype=np.int64)
    return of_category[lane_ids.cat.codes.to_numpy()]


def _is_congested(rows: pd.DataFrame, links: _Links, window_s: int) -> NDArray[np.bool_]:
    """Tell which rows are slow and hold a queue's worth of vehicles: one, or half of what fits on a very short lane."""
    at = _positions(rows["lane_id"], links)
    sampled_s = rows["sampled_s"].to_numpy()
    slow = rows["distance_m"].to_numpy() < links.slow_mps[at] * sampled_s
    enough = np.minimum(1.0, 0.5 * links.length_m[at] / _JAM_SPACING_M)
    return np.asarray(slow & (sampled_s / window_s >= enough))


def _windows(lanes: pd.DataFrame) -> pd.DataFrame:
    """Sum the lane minutes up to windows of five minutes."""
    window = lanes["minute"].to_numpy(dtype=np.int64) // _WINDOW_MIN
    return sum_up(lanes, "lane_id", window, ["sampled_s", "distance_m", "time_loss_s"])


def _congestion(windows: pd.DataFrame, links: _Links) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return congestion and delay (s) as arrays of shape (windows, lanes)."""
    shape = (int(windows["window"].max()) + 1, len(links.ids))
    at = (windows["window"].to_numpy(), _positions(windows["lane_id"], links))
    congested = np.zeros(shape, dtype=np.bool_)
    congested[at] = _is_congested(windows, links, _WINDOW_MIN * _SECONDS_A_MINUTE)
    delay_s = np.zeros(shape, dtype=np.float32)
    delay_s[at] = windows["time_loss_s"].to_numpy()
    return congested, delay_s


def _delay_by_head(congested: NDArray[np.bool_], delay_s: NDArray[np.float32], links: _Links) -> pd.DataFrame:
    """Return, for each lane that headed a queue: `lane_id`, `windows` (how many), `delay_s` (of the whole queue)."""
    onward = _queue_goes_on_to(congested, delay_s, links)
    own = np.arange(len(links.ids))
    is_head = congested & (onward == own)
    head = _follow(onward)
    counted = congested & np.take_along_axis(is_head, head, axis=1)  # a ring of queues has no head
    windows = is_head.sum(axis=0)
    delay = np.bincount(head[counted], weights=delay_s[counted], minlength=len(own))
    lanes = np.nonzero(windows)[0]
    return pd.DataFrame(
        {"lane_id": [links.ids[lane] for lane in lanes], "windows": windows[lanes], "delay_s": delay[lanes]}
    )


def _queue_goes_on_to(congested: NDArray[np.bool_], delay_s: NDArray[np.float32], links: _Links) -> NDArray[np.int64]:
    """Return, for each window and lane, the congested next lane with the most delay, or the lane itself."""
    onward = np.broadcast_to(np.arange(len(links.ids)), congested.shape).copy()
    most = np.full(congested.shape, -1.0, dtype=np.float32)
    for after in links.to_next.T:
        there = np.where((after >= 0) & congested[:, after] & congested, delay_s[:, after], -1.0)
        better = there > most
        onward = np.where(better, after, onward)
        most = np.where(better, there, most)
    return onward


def _follow(onward: NDArray[np.int64]) -> NDArray[np.int64]:
    """Follow each lane's queue to its end by doubling the stride; lanes in a ring end anywhere in it."""
    for _ in range(int(np.ceil(np.log2(max(onward.shape[1], 2))))):
        onward = np.take_along_axis(onward, onward, axis=1)
    return onward


def _by_edge(heads: pd.DataFrame) -> pd.DataFrame:
    """Put the head lanes of an edge together; lanes that are rarely head stay out of its lanes, not of its delay."""
    parts = [lane_id.rpartition("_") for lane_id in heads["lane_id"]]
    rows = heads.assign(edge=[edge for edge, _, _ in parts], lane=[int(lane) for _, _, lane in parts])
    rows["longest"] = rows.groupby("edge")["windows"].transform("max")
    kept = rows[(rows["windows"] >= _LANE_SHARE * rows["longest"]) & (rows["longest"] >= _MIN_WINDOWS)]
    edges = kept.groupby("edge").agg(windows=("windows", "max"), vehicles=("vehicles", "sum"))
    edges["lanes"] = [tuple(sorted(group)) for _, group in kept.groupby("edge")["lane"]]
    edges["delay_s"] = rows.groupby("edge")["delay_s"].sum()
    return edges.reset_index()


def _found(row: dict[Hashable, Any], net: sumolib.net.Net) -> FoundBottleneck:
    edge = net.getEdge(row["edge"])
    return FoundBottleneck(
        name=_place(edge),
        edge=edge.getID(),
        lanes=row["lanes"],
        place=_place(edge),
        reason=why(edge),
        queue_min=int(row["windows"]) * _WINDOW_MIN,
        vehicles=int(row["vehicles"]),
        delay_veh_h=round(float(row["delay_s"]) / _SECONDS_AN_HOUR, 3),
    )


def why(edge: sumolib.net.edge.Edge) -> Reason:
    """Tell from the net what holds traffic up at an edge's downstream end."""
    links = [link for lane in edge.getLanes() for link in lane.getOutgoing()]
    if not links:
        return "exit"
    if any(link.getTLSID() for link in links):
        return "signal"
    onto = {link.getToLane().getEdge() for link in links}
    if len({link.getToLane().getID() for link in links}) < edge.getLaneNumber():
        return "lane drop"
    if any(len(after.getIncoming()) > 1 for after in onto):
        return "merge"
    slowest = min(after.getSpeed() for after in onto)
    return "slower road" if slowest < edge.getSpeed() else "junction"


def _place(edge: sumolib.net.edge.Edge) -> str:
    """Return "street northbound at cross street" as far as the streets have names, else with the edge's id."""
    own = edge.getName() or edge.getID()
    node = edge.getToNode()
    near = {other.getName() for other in [*node.getIncoming(), *node.getOutgoing()]} - {"", own}
    (west, south), (east, north) = edge.getShape()[-2:]
    bearing_deg = np.degrees(np.arctan2(east - west, north - south)) % 360
    heading = f"{own} {_HEADINGS[int((bearing_deg + 45) % 360 // 90)]}"
    return f"{heading} at {min(near)}" if near else heading


def _named_apart(found: Sequence[FoundBottleneck]) -> list[FoundBottleneck]:
    """Name bottlenecks by their place, with a number where several share it."""
    seen: dict[str, int] = defaultdict(int)
    apart = []
    for item in found:
        seen[item.place] += 1
        number = f" #{seen[item.place]}" if seen[item.place] > 1 else ""
        apart.append(replace(item, name=item.place + number))
    return apart
