"""Full junctions at which a run is known to be off: which of them held the evacuation up, and which way they err.

The Highway Capacity Manual (7th edition) says what gets through an all-way stop, across or into a road that goes first,
into a roundabout, and to the left on green. SUMO's drivers meet it in some cases and miss it in others
(docs/verification.md); a run in which such a junction matters says so.

Where two roads merge drivers take turns, as queues are observed to. SUMO's zipper doesn't tell a queue from a stream:
beside a road that flows freely a side street then gets in more often than there are gaps. How often that is can be read
off the lanes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import sumolib
from numpy.typing import NDArray

from evac import clock
from evac.measure.bottlenecks import FoundBottleneck
from evac.measure.control import GREEN, GREEN_IN_GAPS, STOP, YIELDS, Control, during
from evac.measure.queues import STOP_LINE, WINDOW_MIN, Queues
from evac.network.street_names import street_of
from evac.tables import sum_up

_CRITICAL_S, _FOLLOW_UP_S = 6.2, 3.3
"""Right turn from a two-way stop: Highway Capacity Manual, 7th edition, chapter 20. A left turn needs longer gaps."""
_USED_VEH_PER_H = 100.0
"""Beside a road with less than this nobody waits for gaps."""
_MIN_SHARE = 0.01
"""Share of the vehicles that got out below which those that got in too easily decide nothing."""
_ZIPPER = "Z"
_STRAIGHT, _LEFT = "s", "l"

DIRECTION: Mapping[str, str] = MappingProxyType(
    {
        "all-way stop": (
            "an all-way stop: where it is full on three or four sides a fifth to three fifths more get through than "
            "observed, and clearance times are too short"
        ),
        "crossing": (
            "crosses a road that goes first: up to three quarters more get through than observed, and clearance times "
            "are too short"
        ),
        "roundabout": (
            "enters a roundabout: up to a quarter less get in than observed, and clearance times are too long"
        ),
        "left turn off a road": (
            "where cars turn left here against oncoming traffic, a third or less get through of what is observed, "
            "because drivers take turns at this junction; they hold up who is behind them, and clearance times are too "
            "long"
        ),
        "left turn": (
            "turns left on green: where the other direction is full up to three tenths less get through than "
            "observed, and clearance times are too long"
        ),
    }
)
"""What a run says of each kind of junction that holds it up."""


def junctions_off(
    found: Iterable[FoundBottleneck], queues: Queues, control: Control, lanes: pd.DataFrame
) -> dict[str, str]:
    """Return the bottlenecks at whose stop line the simulation is known to miss the manual: the kind by the name.

    Where a plan changes a signal, what it does for most of the time of the queue counts. `lanes` are those of
    `tables.read_lanes` of the run.
    """
    net = control.net
    rings = {node for ring in net.getRoundabouts() for node in ring.getNodes()}
    kinds = {
        item.name: _kind(item, queues, control, rings) or _kept_by_turns(item, queues, control, lanes)
        for item in found
        if item.where == STOP_LINE and net.hasEdge(item.edge)
    }
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _kind(item: FoundBottleneck, queues: Queues, control: Control, rings: set[str]) -> str | None:
    edge = control.net.getEdge(item.edge)
    node, lanes = edge.getToNode(), [edge.getLane(number) for number in item.lanes]
    run = during(control.runs(edge), queues.times_s([lane.getID() for lane in lanes]))
    links = [(link, control.letters(link, run)) for lane in lanes for link in lane.getOutgoing()]
    if node.getType() == "allway_stop" or (links and all(letters == {STOP} for _, letters in links)):
        return "all-way stop"
    if node.getID() in rings:
        return None if edge.getFromNode().getID() in rings else "roundabout"
    if any(_is_straight(link) and (letters & set(YIELDS) or _crosses_in_turns(link)) for link, letters in links):
        return "crossing"
    if links and all(link.getDirection() == _LEFT and _only_in_gaps(letters) for link, letters in links):
        return "left turn"
    return None


def _only_in_gaps(letters: set[str]) -> bool:
    return GREEN_IN_GAPS in letters and GREEN not in letters


def _is_straight(link: Any) -> bool:
    return bool(link.getDirection() == _STRAIGHT)


def _lets_pass(link: Any) -> list[Any]:
    """Return the links that go straight over a link's way, and first: from another road, and into another."""
    node = link.getFrom().getToNode()
    others = (other for other in node.getConnections() if _is_straight(other) and other.getTo() is not link.getTo())
    return [other for other in others if other.getFrom() is not link.getFrom() and node.forbids(other, link)]


def _crosses_in_turns(link: Any) -> bool:
    """Return whether a link takes turns with those who turn into its road, and crosses others that go first."""
    return link.getState() == _ZIPPER and bool(_lets_pass(link))


def _kept_by_turns(item: FoundBottleneck, queues: Queues, control: Control, lanes: pd.DataFrame) -> str | None:
    """Tell of a lane from which one turns left over a road of which drivers take turns with those who come into it.

    SUMO has who lets such drivers pass wait for a gap of 16 s, where it is 1 s before drivers who just go first.
    """
    edge = control.net.getEdge(item.edge)
    links = [link for number in item.lanes for link in edge.getLane(number).getOutgoing()]
    left = [link for link in links if link.getDirection() == _LEFT and link.getState() in YIELDS]
    over = {other.getFromLane().getID() for link in left for other in _lets_pass(link) if other.getState() == _ZIPPER}
    windows = queues.windows_of([edge.getLane(number).getID() for number in item.lanes])
    there = lanes["lane_id"].isin(over) & (lanes["minute"] // WINDOW_MIN).isin(windows)
    passed = float(lanes.loc[there, "vehicles"].sum())
    is_used = passed * clock.HOUR_MIN >= _USED_VEH_PER_H * WINDOW_MIN * max(len(windows), 1)
    return "left turn off a road" if over and is_used else None


@dataclass(frozen=True)
class _Merge:
    """A turn into a lane that another road leads straight into, and drivers who take turns there."""

    side: Any
    main: Any
    into: Any


def let_in_beyond_gaps(lanes: pd.DataFrame, queues: Queues, net: sumolib.net.Net, evacuated: int) -> dict[str, int]:
    """Return how many more vehicles got in beside a freely flowing road than its gaps let in, by place.

    Parameters
    ----------
    lanes
        `tables.read_lanes` of the run.
    queues
        The queues of the run.
    net
        The net of the run.
    evacuated
        Vehicles that got out; a place with less than a hundredth of them isn't told.
    """
    merges = list(_merges(net))
    names = sorted({lane.getID() for item in merges for lane in (item.side, item.main, item.into)})
    mine = lanes[lanes["lane_id"].isin(names)]
    if mine.empty:
        return {}
    passed = _passed(mine, names, len(queues.congested))
    congested = queues.congested[:, [queues.links.index[name] for name in names]].T
    at = {name: row for row, name in enumerate(names)}
    counts: Counter[str] = Counter()
    for item in merges:
        side, main, into = (at[lane.getID()] for lane in (item.side, item.main, item.into))
        got_in = np.minimum(passed[side], np.maximum(passed[into] - passed[main], 0.0))
        main_veh_per_h = passed[main] * clock.HOUR_MIN / WINDOW_MIN
        gaps = gap_capacity_veh_per_h(main_veh_per_h) * WINDOW_MIN / clock.HOUR_MIN
        free = ~congested[main] & (main_veh_per_h >= _USED_VEH_PER_H)
        place = f"{street_of(item.side.getEdge())} into {street_of(item.into.getEdge())}"
        counts[place] += round(float(np.maximum(got_in - gaps, 0.0)[free].sum()))
    return {place: number for place, number in sorted(counts.items()) if number >= max(1.0, _MIN_SHARE * evacuated)}


def gap_capacity_veh_per_h(main_veh_per_h: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what gets into a stream in random order from a full side street (Harders, 1968), in vehicles an hour."""
    per_s = np.maximum(main_veh_per_h, 1.0) / clock.HOUR_S
    return np.asarray(clock.HOUR_S * per_s * np.exp(-per_s * _CRITICAL_S) / (1.0 - np.exp(-per_s * _FOLLOW_UP_S)))


def _merges(net: sumolib.net.Net) -> Iterable[_Merge]:
    arriving: dict[Any, list[Any]] = defaultdict(list)
    for edge in net.getEdges(withInternal=False):
        for lane in edge.getLanes():
            for link in lane.getOutgoing():
                if link.getState() == _ZIPPER:
                    arriving[link.getToLane()].append(link)
    for into, links in arriving.items():
        straight = [link for link in links if link.getDirection() == _STRAIGHT]
        if len(straight) == 1:
            main = straight[0].getFromLane()
            for link in links:
                if link is not straight[0] and link.getFrom() is not straight[0].getFrom():
                    yield _Merge(link.getFromLane(), main, into)


def _passed(rows: pd.DataFrame, names: list[str], windows: int) -> NDArray[np.float64]:
    """Return how many vehicles passed each lane's end in each window; shape (lanes, windows)."""
    sums = sum_up(rows, "lane_id", rows["minute"].to_numpy(dtype=np.int64) // WINDOW_MIN, ["vehicles"])
    passed = np.zeros((len(names), windows))
    at = pd.Index(names).get_indexer(pd.Index(sums["lane_id"].astype(str)))
    passed[at, sums["window"].to_numpy()] = sums["vehicles"].to_numpy()
    return passed
