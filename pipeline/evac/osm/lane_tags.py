"""What the tags of a way say of its lanes: counts, lists with an entry a lane, and lanes for buses.

Sources: https://wiki.openstreetmap.org/wiki/Key:lanes, Key:lanes:psv, Key:busway, Bus_lanes and Lanes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evac.osm.access import ACCESS_KEYS, BACKWARD, FORWARD, Tags, closes

MAX_LANES = 16
"""More in one direction, or in all, is a typing error: the widest toll plazas have about that many."""

_RESERVING_KEYS = ("bus", "psv", "taxi")  # a lane that is `designated` to one of these isn't for cars
_OPENED_TO_HOV = {"designated", "yes"}
_LIST_KEYS = (*ACCESS_KEYS, *_RESERVING_KEYS, "turn", "bicycle", "hov")
_OPPOSITE = {FORWARD: BACKWARD, BACKWARD: FORWARD}


def opposite(suffix: str) -> str:
    """Return the suffix of the other direction."""
    return _OPPOSITE[suffix]


def number(tags: Tags, key: str) -> int | None:
    """Return a tagged count; the least of a list such as `2;3`, None when it is no sensible number."""
    numbers = [int(float(text)) for text in re.findall(r"\d+(?:\.\d+)?", tags.get(key, ""))]
    return min(numbers) if numbers and 1 <= min(numbers) <= MAX_LANES else None


def centre_lanes(tags: Tags) -> int:
    """Return the lanes that serve neither direction, or both: centre turn lanes."""
    return number(tags, "lanes:both_ways") or len(_entries(tags, "turn", ":both_ways") or ())


@dataclass(frozen=True)
class LaneLists:
    """The lists of one direction, such as `turn:lanes:forward`, with an entry a lane from the left.

    Parameters
    ----------
    entries
        By the key before `:lanes`; all lists have the same number of entries, that of the shortest.
    agree
        Whether no list had to be left out for its length.
    """

    entries: dict[str, list[str]]
    agree: bool

    def __len__(self) -> int:
        """Return how many entries a list has; 0 where there is none."""
        return len(next(iter(self.entries.values()), ()))

    @property
    def cycle_lanes(self) -> int:
        """Return the lanes for bicycles alone, which lists have and counts don't."""
        return sum(self.is_cycle_lane(place) for place in range(len(self)))

    def for_cars(self, lanes: int) -> list[int] | None:
        """Return the places of the lanes for cars, None where the lists say nothing of it or don't fit a count."""
        if len(self) == lanes + self.cycle_lanes:
            return [place for place in range(len(self)) if self._is_for_cars(place)]
        if len(self) == lanes:  # the cycle lanes were counted too
            return [place for place in range(len(self)) if self._is_for_cars(place)]
        return None

    def turns(self, places: list[int]) -> str | None:
        """Return the value of `turn:lanes` for some of the lanes, None where it says nothing."""
        turns = self.entries.get("turn")
        if turns is None or all(turn in {"", "none"} for turn in turns):
            return None
        return "|".join(turns[place] for place in places)

    def _said(self, place: int) -> bool | None:
        """Return whether the access lists open or close a lane to cars; the most particular entry decides.

        A lane for cars with several people in them is one for cars, whatever it says of those with one.
        """
        if self._entry("hov", place) in _OPENED_TO_HOV:
            return True
        for key in reversed(ACCESS_KEYS):
            value = self._entry(key, place)
            if value:
                return not closes(value)
        return None

    def _is_for_cars(self, place: int) -> bool:
        said = self._said(place)
        if said is not None:
            return said
        reserved = any(self._entry(key, place) == "designated" for key in _RESERVING_KEYS)
        return not (reserved or self.is_cycle_lane(place))

    def is_cycle_lane(self, place: int) -> bool:
        """Return whether a lane is for bicycles alone."""
        return self._entry("bicycle", place) == "designated" and not self._said(place)

    def _entry(self, key: str, place: int) -> str:
        values = self.entries.get(key)
        return values[place] if values else ""


def lane_lists(tags: Tags, suffix: str, *, one_way: bool) -> LaneLists:
    """Return the lists of a direction.

    Parameters
    ----------
    tags
        The way's tags.
    suffix
        `FORWARD` or `BACKWARD`.
    one_way
        Lists without a suffix are of this direction.
    """
    found: dict[str, list[str]] = {}
    if not any(":lanes" in key for key in tags):
        return LaneLists(found, agree=True)
    for key in _LIST_KEYS:
        values = _entries(tags, key, suffix) or (_entries(tags, key, "") if one_way else None)
        if values:
            found[key] = values
    found = _without_cycle_lanes_that_some_have(found)
    size = min((len(values) for values in found.values()), default=0)
    kept = {key: values for key, values in found.items() if len(values) == size}
    return LaneLists(kept, len(kept) == len(found))


def _without_cycle_lanes_that_some_have(lists: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave cycle lanes out of the lists that have them where the others don't: `turn:lanes` beside `bicycle:lanes`."""
    sizes = {len(values) for values in lists.values()}
    if len(sizes) < 2:  # noqa: PLR2004  they agree
        return lists
    longest = LaneLists({key: values for key, values in lists.items() if len(values) == max(sizes)}, agree=True)
    kept = [place for place in range(len(longest)) if not longest.is_cycle_lane(place)]
    if sizes != {len(longest), len(kept)}:
        return lists
    return {
        key: [values[place] for place in kept] if key in longest.entries else values for key, values in lists.items()
    }


def _entries(tags: Tags, key: str, suffix: str) -> list[str] | None:
    text = tags.get(f"{key}:lanes{suffix}")
    values = [value.strip() for value in text.split("|")] if text else None
    return values if values and len(values) <= MAX_LANES else None


@dataclass(frozen=True)
class BusLanes:
    """Lanes for buses that no list shows: in one direction, in the other, and in either (it isn't said which)."""

    ahead: int
    against: int
    either: int


def bus_lanes(tags: Tags, suffix: str, *, one_way: bool, lefthand: bool) -> BusLanes:
    """Return the lanes for buses by the tags that count them, else by those that say on which side they are.

    Parameters
    ----------
    tags
        The way's tags.
    suffix
        The direction that counts as ahead: `FORWARD` or `BACKWARD`.
    one_way
        Cars may go in this direction only.
    lefthand
        Traffic keeps to the left.
    """
    ahead, against, total = (_counted(tags, end) for end in (suffix, opposite(suffix), ""))
    if ahead or against or total:
        return BusLanes(ahead, against, max(0, total - ahead - against))
    if one_way:
        sides = sum(tags.get(key) == "lane" for key in ("busway", "busway:left", "busway:right"))
        ahead = sides or 2 * (tags.get("busway:both") == "lane")
        contraflow = any(
            tags.get(key) == "opposite_lane" for key in ("busway", "busway:left", "busway:right", "busway:both")
        )
        return BusLanes(ahead, int(contraflow), 0)
    return _beside(tags, suffix, lefthand=lefthand)


def _beside(tags: Tags, suffix: str, *, lefthand: bool) -> BusLanes:
    """Return the bus lanes on the sides of a two-way street."""
    both = tags.get("busway") == "lane" or tags.get("busway:both") == "lane"
    left, right = (int(both or tags.get(f"busway:{side}") == "lane") for side in ("left", "right"))
    forward, backward = (left, right) if lefthand else (right, left)
    return BusLanes(forward, backward, 0) if suffix == FORWARD else BusLanes(backward, forward, 0)


def _counted(tags: Tags, suffix: str) -> int:
    """Return the count of bus lanes; `psv` and `bus` count the same lanes."""
    return max(number(tags, f"lanes:{key}{suffix}") or 0 for key in ("psv", "bus"))
