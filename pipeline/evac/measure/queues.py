"""Queues: where they stand in a run, and which lane is at the head of each.

A lane is *congested* in a window of time when its vehicles are slower than half of what a queue that is free to drive
off would do there. A congested lane's queue goes on into the congested lane with the most delay that it leads to; where
none of these is congested, traffic drives off freely, and the lane is the queue's *head*: an active bottleneck in the
sense of Daganzo (Fundamentals of Transportation and Traffic Operations, 1997) and of Chen, Skabardonis and Varaiya
(Systematic identification of freeway bottlenecks, TRR 1867, 2004).

One case is different. Queues in side streets that wait for gaps on a *full* road each have a head of their own, yet it
is the road that has no more room. Without a signal, such a queue goes on to the road that it merges onto, and along it
as far as it is full; its head is the road's lane after the last merge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import sumolib
from numpy.typing import NDArray

from evac import clock
from evac.tables import sum_up

WINDOW_MIN = 5
"""Length of a window (minutes): long enough for the waves of a stop-and-go queue to pass."""

STOP_LINE, MERGE = "stop line", "merge"
"""Where a queue is held: at the end of its head lane, or at the beginning, where traffic merges onto it."""

_SLOW = 0.5  # share of the free speed; Chen et al. take 40 mph on a 60 mph road and a drop of 20 mph
_START_MPS2 = 2.6  # acceleration of SUMO's default car: https://sumo.dlr.de/docs/Vehicle_Type_Parameter_Defaults.html
_JAM_SPACING_M = 7.5  # SUMO's default car (5 m) and its gap at standstill (2.5 m)
# 70 % of the capacity of one direction of a two-lane highway, 1,700 veh/h (Highway Capacity Manual, 7th edition,
# chapter 15). From there on a stop-controlled side street gets few gaps (chapter 20).
_FULL_VEH_PER_H = 1200


@dataclass(frozen=True)
class Links:
    """The lanes of a net and which leads to which.

    Parameters
    ----------
    ids
        Lane ids.
    index
        Position of each id in `ids`.
    length_m
        Length of each lane.
    slow_mps
        Mean speed below which each lane is congested.
    to_next
        Positions of each lane's next lanes, -1 where it has fewer than the most; shape (lanes, most).
    to_merge
        The same, only where traffic of several streets merges onto the next lane, and without a signal.
    stretch_start
        The lane at which the stretch of road that each lane is on begins: nothing joins or leaves it since.
    """

    ids: list[str]
    index: dict[str, int]
    length_m: NDArray[np.float64]
    slow_mps: NDArray[np.float64]
    to_next: NDArray[np.int64]
    to_merge: NDArray[np.int64]
    stretch_start: NDArray[np.int64]

    @classmethod
    def of(cls, net: sumolib.net.Net) -> Links:
        """Read the lanes and connections of a net."""
        lanes = [lane for edge in net.getEdges(withInternal=False) for lane in edge.getLanes()]
        index = {lane.getID(): number for number, lane in enumerate(lanes)}
        links = [(index[lane.getID()], link) for lane in lanes for link in lane.getOutgoing()]
        onward: dict[int, list[int]] = defaultdict(list)
        merging: dict[int, list[int]] = defaultdict(list)
        for here, link in links:
            there = index[link.getToLane().getID()]
            onward[here].append(there)
            if len(link.getTo().getIncoming()) > 1 and not link.getTLSID():
                merging[here].append(there)
        length_m = np.array([lane.getLength() for lane in lanes])
        slow_mps = _slow_mps(length_m, np.array([lane.getSpeed() for lane in lanes]))
        to_next, to_merge = _as_columns(onward, len(lanes)), _as_columns(merging, len(lanes))
        return cls(list(index), index, length_m, slow_mps, to_next, to_merge, _stretch_starts(onward, len(lanes)))

    def feeders(self, lane_id: str) -> list[str]:
        """Return the lanes that lead to a lane; none for one that isn't in the net."""
        if lane_id not in self.index:
            return []
        rows = np.nonzero((self.to_next == self.index[lane_id]).any(axis=1))[0]
        return [self.ids[row] for row in rows]


@dataclass(frozen=True)
class Queues:
    """The queues of a run, found once for all that is read off them.

    Parameters
    ----------
    links
        The lanes of the net.
    windows
        `_queues_by_window` of the run.
    congested
        Whether each lane is congested in each window; shape (windows, lanes).
    """

    links: Links
    windows: pd.DataFrame
    congested: NDArray[np.bool_]

    @classmethod
    def of(cls, lanes: pd.DataFrame, links: Links) -> Queues:
        """Find the queues in `tables.read_lanes` of a run."""
        if lanes.empty:
            nothing = pd.DataFrame({"window": [], "delay_s": [], "merge": [], "lane_id": []})
            return cls(links, nothing, np.zeros((0, len(links.ids)), dtype=np.bool_))
        congested, full, delay_s = _states(lanes, links)
        return cls(links, _queues_by_window(congested, full, delay_s, links), congested)

    def times_s(self, lane_ids: Sequence[str]) -> list[float]:
        """Return the middle of each window in which one of these lanes is the head of a queue (s after the order)."""
        return [(window + 0.5) * WINDOW_MIN * clock.MINUTE_S for window in self.windows_of(lane_ids)]

    def windows_of(self, lane_ids: Sequence[str]) -> list[int]:
        """Return the windows in which one of these lanes is the head of a queue, in order."""
        return sorted(self.windows.loc[self.windows["lane_id"].isin(lane_ids), "window"].unique().tolist())


def is_congested(rows: pd.DataFrame, links: Links, window_s: int) -> NDArray[np.bool_]:
    """Tell which rows are slow and hold a queue's worth of vehicles: one, or half of what fits on a very short lane.

    Parameters
    ----------
    rows
        `lane_id` (categorical), `sampled_s` and `distance_m` of each lane and window.
    links
        The lanes of the net.
    window_s
        Length of a window (s).
    """
    at = _positions(rows["lane_id"], links)
    sampled_s = rows["sampled_s"].to_numpy()
    slow = rows["distance_m"].to_numpy() < links.slow_mps[at] * sampled_s
    enough = np.minimum(1.0, 0.5 * links.length_m[at] / _JAM_SPACING_M)
    return np.asarray(slow & (sampled_s / window_s >= enough))


def heads_of_queues(queues: Queues) -> pd.DataFrame:
    """Return the lanes at the heads of the queues.

    Parameters
    ----------
    queues
        The queues of the run.

    Returns
    -------
    One row for each lane that headed a queue: `lane_id`, `windows` (how many of `WINDOW_MIN` it did), `delay_s` (lost
    in all of its queues), `where` (`STOP_LINE` or `MERGE`). A ring of queues has no head.
    """
    heads = queues.windows.groupby("lane_id", as_index=False).agg(
        windows=("window", "nunique"), delay_s=("delay_s", "sum"), merge=("merge", "mean")
    )
    heads["where"] = np.where(heads.pop("merge") > 0.5, MERGE, STOP_LINE)  # noqa: PLR2004 (the greater part)
    return heads


def _queues_by_window(
    congested: NDArray[np.bool_], full: NDArray[np.bool_], delay_s: NDArray[np.float32], links: Links
) -> pd.DataFrame:
    """Return one row for each congested lane and window: `window`, `lane_id` (its queue's head), `delay_s`, `merge`.

    Parameters
    ----------
    congested, full, delay_s
        `_states` of the run.
    links
        The lanes of the net.
    """
    onward = _queue_goes_on_to(congested, full, delay_s, links)
    last = _follow(onward)
    ends = np.take_along_axis(onward, last, axis=1) == last
    at_merge = np.take_along_axis(~congested, last, axis=1)
    head = np.where(at_merge, links.stretch_start[last], last)
    window, lane = np.nonzero(congested & ends)
    queues = pd.DataFrame({"window": window, "head": head[window, lane], "delay_s": delay_s[window, lane]})
    queues["merge"] = at_merge[window, lane]
    queues["lane_id"] = np.array(links.ids)[queues.pop("head")]
    return queues


def _as_columns(lists: dict[int, list[int]], count: int) -> NDArray[np.int64]:
    """Return lists of positions as the rows of an array, filled up with -1."""
    columns = np.full((count, max([1, *map(len, lists.values())])), -1, dtype=np.int64)
    for here, there in lists.items():
        columns[here, : len(there)] = there
    return columns


def _stretch_starts(onward: dict[int, list[int]], count: int) -> NDArray[np.int64]:
    """Return, for each lane, the lane farthest upstream from which all traffic comes and that leads nowhere else."""
    feeders: dict[int, list[int]] = defaultdict(list)
    for here, after in onward.items():
        for there in after:
            feeders[there].append(here)
    start = np.arange(count)
    for lane, before in feeders.items():
        if len(before) == 1 and len(onward[before[0]]) == 1:
            start[lane] = before[0]
    followed: NDArray[np.int64] = _follow(start[np.newaxis])[0]
    return followed


def _slow_mps(length_m: NDArray[np.float64], speed_mps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean speed below which a lane is congested.

    On a lane shorter than it takes to reach the speed limit, vehicles that start from a stop line are slow without any
    queue: there the mean speed over the lane of a vehicle that starts at its beginning stands for the speed limit.
    """
    return _SLOW * np.minimum(speed_mps, np.sqrt(_START_MPS2 * length_m / 2.0))


def _positions(lane_ids: pd.Series, links: Links) -> NDArray[np.int64]:
    """Return each lane's position in `links`."""
    of_category = np.array([links.index[lane_id] for lane_id in lane_ids.cat.categories], dtype=np.int64)
    return of_category[lane_ids.cat.codes.to_numpy()]


def _states(lanes: pd.DataFrame, links: Links) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float32]]:
    """Return congested, full, and delay (s) as arrays of shape (windows, lanes)."""
    window = lanes["minute"].to_numpy(dtype=np.int64) // WINDOW_MIN
    rows = sum_up(lanes, "lane_id", window, ["vehicles", "sampled_s", "distance_m", "time_loss_s"])
    shape = (int(rows["window"].max()) + 1, len(links.ids))
    at = (rows["window"].to_numpy(), _positions(rows["lane_id"], links))
    congested, full = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    congested[at] = is_congested(rows, links, WINDOW_MIN * clock.MINUTE_S)
    full[at] = rows["vehicles"].to_numpy() * (60 / WINDOW_MIN) >= _FULL_VEH_PER_H
    delay_s = np.zeros(shape, dtype=np.float32)
    delay_s[at] = rows["time_loss_s"].to_numpy()
    return congested, full, delay_s


def _queue_goes_on_to(
    congested: NDArray[np.bool_], full: NDArray[np.bool_], delay_s: NDArray[np.float32], links: Links
) -> NDArray[np.int64]:
    """Return, for each window and lane, the lane in which its queue goes on, or the lane itself."""
    own = np.broadcast_to(np.arange(len(links.ids)), congested.shape)
    into_queue = _most_delayed(congested, congested, delay_s, links.to_next)
    onto_road = _most_delayed(congested, full, delay_s, links.to_merge)
    along_road = _most_delayed(full & ~congested, full, delay_s, links.to_next)
    choices = (into_queue, onto_road, along_road)
    return np.select([choice >= 0 for choice in choices], choices, default=own)


def _most_delayed(
    here: NDArray[np.bool_], there: NDArray[np.bool_], delay_s: NDArray[np.float32], to_next: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return, where `here` holds, the next lane with the most delay among those where `there` holds; -1 for none."""
    best = np.full(here.shape, -1, dtype=np.int64)
    most = np.full(here.shape, -1.0, dtype=np.float32)
    for after in to_next.T:
        delay = np.where((after >= 0) & here & there[:, after], delay_s[:, after], -1.0)
        best = np.where(delay > most, after, best)
        most = np.maximum(most, delay)
    return best


def _follow(onward: NDArray[np.int64]) -> NDArray[np.int64]:
    """Follow each lane's queue to its end by doubling the stride; lanes in a ring end anywhere in it."""
    for _ in range(int(np.ceil(np.log2(max(onward.shape[1], 2))))):
        onward = np.take_along_axis(onward, onward, axis=1)
    return onward
