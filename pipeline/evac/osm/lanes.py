"""How many lanes a car may use in each direction, and where each may turn.

SUMO's own table gives an untagged primary road two lanes a direction and so doubles the capacity of a way out. Here
every count is explicit:

- tagged: `lanes`, `lanes:forward`, `lanes:backward`, `lanes:both_ways`, else the entries of `turn:lanes`;
- an untagged two-way street has one lane a direction, whatever its class;
- an untagged one-way street has two lanes on a motorway or trunk road, else one;
- of an odd total on a two-way street the odd lane serves neither direction: it is the centre turn lane of an American
  street, or a climbing lane whose direction isn't tagged. That is a guess, and marked as one;
- `lanes=1` on a two-way street gives one lane a direction: SUMO can't share a lane, so opposing cars pass each other;
- bus lanes and other lanes closed to cars don't count; HOV lanes do, because families who leave share a car.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evac.osm.access import Tags

_MAX_LANES = 16  # more in one direction, or in all, is a typing error: the widest toll plazas have about that many
_LANE_ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
_RESERVED_KEYS = ("bus", "psv")


@dataclass(frozen=True)
class Lanes:
    """Lanes for cars of one way.

    Parameters
    ----------
    forward, backward
        Lanes in and against the direction of the way; 0 where a one-way street has none.
    guessed
        The numbers aren't tagged.
    turns_forward, turns_backward
        Values for `turn:lanes`, one entry a lane from the left; None when not tagged, or when they don't fit the count.
    """

    forward: int
    backward: int
    guessed: bool
    turns_forward: str | None = None
    turns_backward: str | None = None


def count_lanes(tags: Tags, highway: str, direction: int) -> Lanes:
    """Return the lanes of a way.

    Parameters
    ----------
    tags
        The way's tags.
    highway
        Its class.
    direction
        1 one-way, -1 one-way against the way's direction, 0 both (`access.direction`).
    """
    if direction == 0:
        forward, backward, guessed = _two_way(tags)
        ahead = _usable(tags, ":forward", forward)
        back = _usable(tags, ":backward", backward)
        turns = _turns(tags, ":forward", ahead, forward), _turns(tags, ":backward", back, backward)
        return Lanes(len(ahead), len(back), guessed, *turns)
    suffix = ":forward" if direction > 0 else ":backward"
    tagged = _number(tags, "lanes") or _number(tags, f"lanes{suffix}") or _entries(tags, suffix, one_way=True)
    lanes = tagged or _one_way_default(highway)
    usable = _usable(tags, suffix, lanes, one_way=True)
    one_turns = _turns(tags, suffix, usable, lanes, one_way=True)
    if direction > 0:
        return Lanes(len(usable), 0, tagged is None, one_turns, None)
    return Lanes(0, len(usable), tagged is None, None, one_turns)


def _one_way_default(highway: str) -> int:
    return 2 if highway in {"motorway", "trunk"} else 1


def _two_way(tags: Tags) -> tuple[int, int, bool]:
    total, centre = _number(tags, "lanes"), _number(tags, "lanes:both_ways") or 0
    forward = _number(tags, "lanes:forward") or _entries(tags, ":forward")
    backward = _number(tags, "lanes:backward") or _entries(tags, ":backward")
    if total is not None:
        rest = total - centre
        if forward is None and backward is None:
            return max(1, rest // 2), max(1, rest // 2), rest > 1 and rest % 2 == 1
        forward = forward or max(1, rest - (backward or 0))
        backward = backward or max(1, rest - forward)
    guessed = forward is None or backward is None
    return forward or 1, backward or 1, guessed


def _number(tags: Tags, key: str) -> int | None:
    """Return a tagged count; the least of a list such as `2;3`, None when it is no sensible number."""
    numbers = [int(float(text)) for text in re.findall(r"\d+(?:\.\d+)?", tags.get(key, ""))]
    return min(numbers) if numbers and 1 <= min(numbers) <= _MAX_LANES else None


def _by_lane(tags: Tags, key: str, suffix: str, *, one_way: bool = False) -> list[str] | None:
    text = tags.get(f"{key}:lanes{suffix}") or (tags.get(f"{key}:lanes") if one_way else None)
    return text.split("|") if text else None


def _entries(tags: Tags, suffix: str, *, one_way: bool = False) -> int | None:
    turns = _by_lane(tags, "turn", suffix, one_way=one_way)
    return len(turns) if turns and len(turns) <= _MAX_LANES else None


def _usable(tags: Tags, suffix: str, lanes: int, *, one_way: bool = False) -> list[int]:
    """Return the indices, from the left, of the lanes that cars may use; one at least."""
    for key in _LANE_ACCESS_KEYS:
        access = _by_lane(tags, key, suffix, one_way=one_way)
        if access and len(access) == lanes:
            return [i for i, value in enumerate(access) if value != "no"] or [0]
    for key in _RESERVED_KEYS:
        reserved = _by_lane(tags, key, suffix, one_way=one_way)
        if reserved and len(reserved) == lanes:
            return [i for i, value in enumerate(reserved) if value != "designated"] or [0]
        count = _number(tags, f"lanes:{key}{suffix}") or (_number(tags, f"lanes:{key}") if one_way else None)
        if count:
            return list(range(max(1, lanes - count)))
    return list(range(lanes))


def _turns(tags: Tags, suffix: str, usable: list[int], lanes: int, *, one_way: bool = False) -> str | None:
    turns = _by_lane(tags, "turn", suffix, one_way=one_way)
    if turns is None or len(turns) != lanes or all(turn in {"", "none"} for turn in turns):
        return None
    return "|".join(turns[i] for i in usable)
