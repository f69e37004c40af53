"""Whether a car gets along a road or past a point at all: what is out of use, too small, or hard to get along.

The law is in `access`; this is what stands there. What no ordinary car gets along is left out; what some get along
counts as any other road, and is told where traffic passes (`doubts`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

# A family car with two people in it: t, t, t, m, m, m, t, number. SUMO's passenger car is 1.5 t, 5 m, 1.8 m and 1.5 m;
# cars newly sold in Europe in 2022 have a mean of 1.5 t (ready to drive) and 1.8 m (ICCT, European Vehicle Market
# Statistics 2023/24), without their mirrors, which signs for the width leave out too.
CAR: Mapping[str, float] = {
    "weight": 1.5, "emptyweight": 1.2, "weightrating": 2.0, "length": 5.0, "width": 1.8, "height": 1.5,
    "axleload": 0.8, "axles": 2.0, "wheels": 4.0, "occupants": 2.0,
}  # fmt: skip
"""What conditions and limits of the map are held against."""

# What vans, campers and the heaviest of cars need; width with mirrors.
_LARGE_CAR = {"weight": 2.5, "weightrating": 3.0, "length": 5.5, "width": 2.0, "height": 2.0, "axleload": 1.3}
_LIMITS = {f"max{quantity}{suffix}": quantity for quantity in _LARGE_CAR for suffix in ("", ":physical")}

# https://wiki.openstreetmap.org/wiki/Map_features/Units: m and t where no unit is given; feet and inches as 6'6".
_NUMBER = re.compile(r"^(\d+(?:[.,]\d+)?) ?(m|cm|ft|feet|t|kg|lbs?|st|cwt)?$")
_FEET = re.compile(r"^(\d+)(?:'| ?ft) ?(?:(\d+(?:\.\d+)?)(?:\"|''| ?in)?)?$")
_UNITS = {"m": 1.0, "cm": 0.01, "ft": 0.3048, "feet": 0.3048, "t": 1.0, "kg": 0.001, "lb": 0.45359237e-3,
          "lbs": 0.45359237e-3, "st": 0.90718474, "cwt": 0.05080235}  # fmt: skip
_INCH_M = 0.0254

# https://wiki.openstreetmap.org/wiki/Lifecycle_prefix and Key:operational_status, as a key (`abandoned=yes`) or as what
# a bridge, a tunnel or the road itself is said to be (`bridge=collapsed`).
_OUT_OF_USE = {
    "abandoned", "blocked", "broken", "closed", "collapsed", "demolished", "destroyed", "dismantled", "disused",
    "flooded", "impassable", "missing", "planned", "proposed", "razed", "removed", "ruined", "ruins", "submerged",
    "under_construction", "washed_away", "washed_out",
}  # fmt: skip
_SAYS_ITS_STATE = (
    "bridge", "bridge:status", "condition", "damage", "ford", "operational_status", "smoothness", "status", "tunnel",
)  # fmt: skip
_GONE_BELOW = ("collapsed:bridge", "destroyed:bridge", "collapsed:tunnel", "flooded:tunnel")
_SAYS_IF_PASSABLE = ("passable", "practicable", "traversable")
# As the car profile of OSRM has it: https://github.com/Project-OSRM/osrm-backend/blob/v5.27.1/profiles/car.lua
# But for a class of road: it says what `highway=construction` becomes, and stays behind when the road is opened
# (https://github.com/Project-OSRM/osrm-backend/issues/4462 and 5778).
_WORKS_OPEN_TO_TRAFFIC = {"no", "minor", "widening"}

# Roads that some cars don't get along: https://wiki.openstreetmap.org/wiki/Key:ford, and the same for the other keys.
_HARD: Mapping[str, Callable[[str], bool]] = {
    "ford": lambda value: value != "no",
    "4wd_only": lambda value: value in {"yes", "recommended"},
    "smoothness": lambda value: value in {"horrible", "very_horrible"},
    "obstacle": lambda value: value != "no",
}
_WIDTHS = ("width", "est_width")  # of the road: less sure than a sign, and often of the pavement or a lane
# https://wiki.openstreetmap.org/wiki/Tag:flood_prone=yes, Tag:hazard=flooding, Tag:bridge=low_water_crossing
_UNDER_WATER_AT_TIMES = {"flood_prone": {"yes"}, "hazard": {"flooding", "flood"}, "bridge": {"low_water_crossing"}}
POINT_KEYS = (*_LIMITS, "ford", "obstacle", "flood_prone", "hazard")
"""Keys of points on a road that say something of whether cars get past."""


def out_of_use(tags: Mapping[str, str], classes: tuple[str, ...]) -> str | None:
    """Return the tag by which a road isn't in use (now, any more, or yet); None where none says so.

    Parameters
    ----------
    tags
        The way's tags.
    classes
        Classes of road, which `construction` names on roads that have been opened.
    """
    for key in _OUT_OF_USE:
        if tags.get(key) == "yes":
            return f"{key}=yes"
    for key in _SAYS_ITS_STATE:
        if tags.get(key) in _OUT_OF_USE or (key != "smoothness" and tags.get(key) == "construction"):
            return f"{key}={tags[key]}"
    for key in _SAYS_IF_PASSABLE:
        if tags.get(key) == "no":
            return f"{key}=no"
    gone = next((key for key in _GONE_BELOW if tags.get(key, "no") != "no"), None)
    if gone:
        return f"{gone}={tags[gone]}"
    works = tags.get("construction", "no")
    return None if works in _WORKS_OPEN_TO_TRAFFIC or works in classes else f"construction={works}"


def too_small(tags: Mapping[str, str]) -> str | None:
    """Return the tag by which a car doesn't fit through a road, or past what stands on it; None where it does."""
    return next(_below(tags, CAR), None)


def hard_going(tags: Mapping[str, str]) -> list[str]:
    """Return the tags of a road or a point that not every car gets along."""
    found = [f"{key}={tags[key]}" for key, is_hard in _HARD.items() if key in tags and is_hard(tags[key])]
    narrow = [f"{key}={tags[key]}" for key in _WIDTHS if _is_less(_metric(tags.get(key, "")), CAR["width"])]
    return [*found, *narrow, *_below(tags, _LARGE_CAR)]


def may_flood(tags: Mapping[str, str]) -> str | None:
    """Return the tag that says of a road or a point that it floods after heavy rain; None where none does."""
    return next((f"{key}={tags[key]}" for key, said in _UNDER_WATER_AT_TIMES.items() if tags.get(key) in said), None)


def _below(tags: Mapping[str, str], needed: Mapping[str, float]) -> Iterator[str]:
    for key, quantity in _LIMITS.items():
        if key in tags and _is_less(_metric(tags[key]), needed[quantity]):
            yield f"{key}={tags[key]}"


def _is_less(value: float | None, needed: float) -> bool:
    return value is not None and value < needed


def _metric(text: str) -> float | None:
    """Return a length in metres or a weight in tonnes; None for what is neither (`default`, `none`)."""
    text = text.strip().lower()
    if number := _NUMBER.match(text):
        return float(number.group(1).replace(",", ".")) * _UNITS[number.group(2) or "m"]
    if feet := _FEET.match(text):
        return float(feet.group(1)) * _UNITS["ft"] + float(feet.group(2) or 0) * _INCH_M
    return None
