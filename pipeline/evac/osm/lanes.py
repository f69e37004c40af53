"""How many lanes a car may use in each direction, and where each may turn.

SUMO's own table gives an untagged primary road two lanes a direction and so doubles the capacity of a way out. Here
every count is explicit:

- tagged: `lanes`, `lanes:forward`, `lanes:backward`, `lanes:both_ways`, else the entries of lists such as `turn:lanes`;
- an untagged two-way street has one lane a direction, whatever its class;
- an untagged one-way street has two lanes on a motorway or trunk road, else one;
- of an odd total on a two-way street the odd lane serves neither direction: it is the centre turn lane of an American
  street, or a climbing lane whose direction isn't tagged. That is a guess, and marked as one;
- where two tags contradict each other the lesser count is taken, which is a guess too, with the reason;
- `lanes=1` on a two-way street gives one lane a direction: SUMO can't share a lane, so opposing cars pass each other;
- a reversible street has all of its lanes in one direction, a guess;
- bus lanes and other lanes closed to cars don't count; HOV lanes do, because families who leave share a car.
"""

from __future__ import annotations

from dataclasses import dataclass

from evac.osm.access import BACKWARD, FORWARD, Tags, is_reversible, signed_direction
from evac.osm.lane_tags import BusLanes, LaneLists, bus_lanes, centre_lanes, lane_lists, number, opposite

_DIRECTIONS = 2


@dataclass(frozen=True)
class Lanes:
    """Lanes for cars of one way.

    Parameters
    ----------
    forward, backward
        Lanes in and against the direction of the way; 0 where a one-way street has none.
    guessed
        The numbers aren't tagged, or two tags contradict each other.
    turns_forward, turns_backward
        Values for `turn:lanes`, one entry a lane from the left; None when not tagged, or when they don't fit the count.
    contradicted
        Two tags contradict each other.
    """

    forward: int
    backward: int
    guessed: bool
    turns_forward: str | None = None
    turns_backward: str | None = None
    contradicted: bool = False


@dataclass(frozen=True)
class _Count:
    """Lanes of one direction with those for buses; None where no tag says."""

    lanes: int | None
    contradicted: bool = False


@dataclass(frozen=True)
class _Side:
    """Lanes for cars of one direction, and their turns."""

    lanes: int
    turns: str | None
    contradicted: bool


def count_lanes(tags: Tags, highway: str, direction: int, *, lefthand: bool = False) -> Lanes:
    """Return the lanes of a way.

    Parameters
    ----------
    tags
        The way's tags.
    highway
        Its class.
    direction
        1 cars go in its direction only, -1 against it only, 0 both (`access.direction`).
    lefthand
        Traffic keeps to the left.
    """
    if direction == 0 or signed_direction(tags) == 0:  # buses, say, may go both ways though cars may not
        return _only(_two_way(tags, lefthand=lefthand), direction)
    suffix = FORWARD if direction > 0 else BACKWARD
    lists = lane_lists(tags, suffix, one_way=True)
    buses = bus_lanes(tags, suffix, one_way=True, lefthand=lefthand)
    count = _one_way(tags, suffix, lists, buses)
    side = _for_cars(lists, count.lanes or _one_way_default(highway), buses.ahead + buses.either, lefthand=lefthand)
    contradicted = count.contradicted or side.contradicted
    guessed = contradicted or count.lanes is None or is_reversible(tags) or _has_hidden_contraflow(tags, suffix)
    if direction > 0:
        return Lanes(side.lanes, 0, guessed, side.turns, None, contradicted)
    return Lanes(0, side.lanes, guessed, None, side.turns, contradicted)


def _only(lanes: Lanes, direction: int) -> Lanes:
    """Leave out the lanes of a direction that is closed to cars."""
    if direction > 0:
        return Lanes(lanes.forward, 0, lanes.guessed, lanes.turns_forward, None, lanes.contradicted)
    if direction < 0:
        return Lanes(0, lanes.backward, lanes.guessed, None, lanes.turns_backward, lanes.contradicted)
    return lanes


def _one_way_default(highway: str) -> int:
    return 2 if highway in {"motorway", "trunk"} else 1


def _one_way(tags: Tags, suffix: str, lists: LaneLists, buses: BusLanes) -> _Count:
    """Count the lanes of a one-way street: `lanes` has those of buses that go against it too."""
    total = number(tags, "lanes")
    against = number(tags, f"lanes{opposite(suffix)}") or _lanes_against(tags, suffix, buses)
    said = [
        number(tags, f"lanes{suffix}"),
        max(1, total - against) if total else None,
        len(lists) - lists.cycle_lanes if len(lists) else None,
    ]
    counts = {count for count in said if count}
    with_cycle_lanes = counts == {len(lists), len(lists) - lists.cycle_lanes}  # counted as lanes, which they aren't
    none_left = total is not None and against >= max(total, _DIRECTIONS)  # all of them against the only direction
    return _Count(min(counts, default=None), (len(counts) > 1 and not with_cycle_lanes) or none_left or not lists.agree)


def _lanes_against(tags: Tags, suffix: str, buses: BusLanes) -> int:
    shown = len(lane_lists(tags, opposite(suffix), one_way=False))
    return buses.against or shown or int(_has_hidden_contraflow(tags, suffix) and (number(tags, "lanes") or 0) > 1)


def _has_hidden_contraflow(tags: Tags, suffix: str) -> bool:
    """Return whether buses may go against a one-way street on a lane that no tag counts."""
    if not any(tags.get(f"oneway:{key}") == "no" for key in ("bus", "psv")):
        return False
    counted = number(tags, f"lanes{suffix}") or number(tags, f"lanes{opposite(suffix)}")
    buses = bus_lanes(tags, suffix, one_way=True, lefthand=False)
    return not (counted or buses.against or len(lane_lists(tags, opposite(suffix), one_way=False)))


def _two_way(tags: Tags, *, lefthand: bool) -> Lanes:
    lists = {suffix: lane_lists(tags, suffix, one_way=False) for suffix in (FORWARD, BACKWARD)}
    buses = bus_lanes(tags, FORWARD, one_way=False, lefthand=lefthand)
    counts = {suffix: _one_direction(tags, suffix, lists[suffix]) for suffix in lists}
    total = number(tags, "lanes")
    rest = max(1, total - centre_lanes(tags)) if total else None  # the only lane of a narrow street serves both ways
    if rest and counts[FORWARD].lanes is None and counts[BACKWARD].lanes is None:
        return _halves(rest, buses)
    forward, backward, guessed, contradicted = _split(counts[FORWARD], counts[BACKWARD], rest)
    ahead, against = _buses_by_direction(buses, forward, backward)
    sides = (
        _for_cars(lists[FORWARD], forward, ahead, lefthand=lefthand),
        _for_cars(lists[BACKWARD], backward, against, lefthand=lefthand),
    )
    contradicted = contradicted or any(side.contradicted for side in sides)
    return Lanes(sides[0].lanes, sides[1].lanes, guessed or contradicted, sides[0].turns, sides[1].turns, contradicted)


def _one_direction(tags: Tags, suffix: str, lists: LaneLists) -> _Count:
    said = number(tags, f"lanes{suffix}")
    shown = len(lists) - lists.cycle_lanes if len(lists) else None
    counts = {count for count in (said, shown) if count}
    with_cycle_lanes = counts == {len(lists), len(lists) - lists.cycle_lanes}
    return _Count(min(counts, default=None), (len(counts) > 1 and not with_cycle_lanes) or not lists.agree)


def _halves(lanes: int, buses: BusLanes) -> Lanes:
    """Share the lanes of a two-way street of which only the total is known, without those for buses."""
    for_cars = lanes - buses.ahead - buses.against - buses.either
    half = max(1, for_cars // 2)
    too_few = for_cars < min(lanes, _DIRECTIONS)
    return Lanes(half, half, too_few or (for_cars > 1 and for_cars % 2 == 1), contradicted=too_few)


def _split(forward: _Count, backward: _Count, total: int | None) -> tuple[int, int, bool, bool]:
    """Return the lanes of both directions, whether one is guessed, and whether the total contradicts them."""
    contradicted = forward.contradicted or backward.contradicted
    ahead, back = forward.lanes, backward.lanes
    if total is None:
        return ahead or 1, back or 1, ahead is None or back is None, contradicted
    if ahead is None or back is None:
        known = ahead or back or 1
        other = max(1, total - known)
        known = max(1, min(known, total - 1))
        contradicted = contradicted or known + other != max(total, _DIRECTIONS) or known != (ahead or back)
        return (known, other, False, contradicted) if back is None else (other, known, False, contradicted)
    contradicted = contradicted or ahead + back != total
    while ahead + back > max(total, _DIRECTIONS):
        ahead, back = (ahead - 1, back) if ahead >= back else (ahead, back - 1)
    return ahead, back, False, contradicted


def _buses_by_direction(buses: BusLanes, forward: int, backward: int) -> tuple[int, int]:
    """Share bus lanes whose direction isn't said: half each, an odd one in the direction with more lanes."""
    half, odd = divmod(buses.either, 2)
    return buses.ahead + half + odd * (forward >= backward), buses.against + half + odd * (forward < backward)


def _for_cars(lists: LaneLists, lanes: int, buses: int, *, lefthand: bool) -> _Side:
    """Return which of the lanes of a direction are for cars; one at least, since the street is open to them."""
    places = lists.for_cars(lanes)
    if places is None:  # there are no lists, or they don't fit the count
        left = max(1, lanes - buses)
        return _Side(left, None, buses >= lanes > 1 or len(lists) > 0)
    if len(places) == len(lists) - lists.cycle_lanes and buses:  # lists that don't show the bus lanes
        kept = max(1, len(places) - buses)
        places = places[-kept:] if lefthand else places[:kept]
    return _Side(max(1, len(places)), lists.turns(places or [0]), not places)
