"""Which ways a resident's car may use, in which direction, and from which it may pull out of a driveway.

Private, destination and customer roads are in: the people who live there leave by them. Roads that are closed to
cars under normal rules (`motor_vehicle=no`, `access=no`, agricultural, emergency or bus only) are out, and so are
tracks, footways, and roads that are under construction or out of use; a plan may open the closed roads and the tracks
(`closed`). Which barriers stop cars says `barriers`, what a car gets along says `passable`.
"""

from __future__ import annotations

from collections.abc import Mapping

from evac.osm.passable import out_of_use, too_small

Tags = Mapping[str, str]

# Lowest first; https://wiki.openstreetmap.org/wiki/Key:highway
_RANKS = {
    "service": 0,
    "living_street": 1,
    "road": 2,
    "residential": 2,
    "unclassified": 3,
    "tertiary": 4,
    "secondary": 5,
    "primary": 6,
    "trunk": 7,
    "motorway": 8,
}
_LINKS = ("tertiary", "secondary", "primary", "trunk", "motorway")
CLASSES = (*_RANKS, *(f"{name}_link" for name in _LINKS))

OUT_OF_USE, TOO_SMALL, CLOSED = "out of use or under construction", "too small for a car", "closed to cars"
"""Why a street isn't simulated."""

_OPENED = ("track", "busway")
_SERVICE_NOT_FOR_CARS = {"emergency_access", "bus", "busway"}

FORWARD, BACKWARD = ":forward", ":backward"
"""What a key ends in when its value holds in, or against, the direction of the way."""

# From general to particular: https://wiki.openstreetmap.org/wiki/Key:access#Transport_mode_restrictions
ACCESS_KEYS = ("access", "vehicle", "motor_vehicle", "motorcar")
_ONEWAY_KEYS = ("oneway", "oneway:vehicle", "oneway:motor_vehicle", "oneway:motorcar")
_CLOSED = {
    "no", "agricultural", "forestry", "emergency", "psv", "bus", "coach", "tourist_bus", "taxi", "tram", "military",
    "official", "hgv", "goods", "bicycle", "foot", "horse", "moped", "motorcycle", "ski", "snowmobile",
    # What mappers write though the wiki doesn't have it, and can't mean anything else:
    "closed", "construction", "forbidden", "impassable", "impossible", "none", "never", "police", "prohibited",
}  # fmt: skip


def _base_class(highway: str) -> str:
    """Return the class of a road without `_link`."""
    return highway.removesuffix("_link")


def why_left_out(tags: Tags, min_road_class: str) -> str | None:
    """Return why a way isn't simulated, or None when it is.

    Parameters
    ----------
    tags
        The way's tags; without the key `highway` where a correction has taken it away.
    min_road_class
        Lowest class that is simulated.
    """
    highway = tags.get("highway")
    if highway not in CLASSES:
        return "not a street"
    if _RANKS[_base_class(highway)] < _RANKS[min_road_class]:
        return f"below '{min_road_class}'"
    if tags.get("area") == "yes":
        return "an area"
    if out_of_use(tags, CLASSES):
        return OUT_OF_USE
    if too_small(tags):
        return TOO_SMALL
    return CLOSED if _is_closed(tags) else None


def may_be_opened(tags: Tags) -> bool:
    """Return whether a way that isn't simulated is a road all the same, which a plan can open to cars.

    That is a street that is closed to cars, a track (most fire roads are mapped so) or a road for buses.
    """
    if tags.get("area") == "yes" or out_of_use(tags, CLASSES) or too_small(tags):
        return False
    highway = tags.get("highway")
    return (highway in CLASSES and _is_closed(tags)) or highway in _OPENED


def may_leave(tags: Tags) -> bool:
    """Return whether a car may pull out of a driveway here: not on fast roads, links and bridges or in tunnels."""
    highway = tags["highway"]
    if highway in {"motorway", "trunk"} or highway.endswith("_link"):
        return False
    return tags.get("tunnel", "no") == "no" and tags.get("bridge", "no") == "no"


def direction(tags: Tags) -> int:
    """Return 1 for a street that cars may use in the way's direction only, -1 against it only, 0 for both.

    A street that is closed to cars has the direction of its one-way sign.
    """
    forward, backward = open_directions(tags)
    return int(forward) - int(backward) if forward or backward else signed_direction(tags)


def signed_direction(tags: Tags) -> int:
    """Return 1 for a one-way street for cars, -1 for one against the way's direction, 0 for both directions.

    Motorways, their links and roundabouts are one-way unless tagged otherwise
    (https://wiki.openstreetmap.org/wiki/Key:oneway). A reversible street has all of its lanes in one direction at a
    time (https://wiki.openstreetmap.org/wiki/Tag:oneway=reversible), here in the way's: which way it runs in an
    evacuation is for the plan to say.
    """
    given = _most_particular(tags, _ONEWAY_KEYS)
    if given in {"-1", "reverse"}:
        return -1
    if given in {"yes", "true", "1", "reversible"}:
        return 1
    if given is not None:
        return 0
    implied = tags["highway"] in {"motorway", "motorway_link"} or tags.get("junction") in {"roundabout", "circular"}
    return int(implied)


def is_reversible(tags: Tags) -> bool:
    """Return whether a street's direction for cars changes in the course of the day."""
    return _most_particular(tags, _ONEWAY_KEYS) == "reversible"


def is_alternating(tags: Tags) -> bool:
    """Return whether both directions take turns on one lane."""
    return _most_particular(tags, _ONEWAY_KEYS) == "alternating"


def car_access(tags: Tags, suffix: str = "") -> str | None:
    """Return what the tags of a way or a node say of cars: the most particular value, None where there is none.

    Parameters
    ----------
    tags
        Its tags.
    suffix
        `FORWARD` or `BACKWARD`; values for both directions hold for each of them.
    """
    return _most_particular(tags, ACCESS_KEYS, suffix)


def closes(value: str) -> bool:
    """Return whether an access value closes to residents' cars; of a list such as `no;bus`, all entries have to."""
    return all(part.strip().lower() in _CLOSED for part in value.split(";"))


def _most_particular(tags: Tags, keys: tuple[str, ...], suffix: str = "") -> str | None:
    found = None
    for key in keys:
        found = tags.get(f"{key}{suffix}", tags.get(key, found))
    return found


def open_directions(tags: Tags) -> tuple[bool, bool]:
    """Return whether cars may use a way in, and against, its direction."""
    runs = signed_direction(tags)
    given = (car_access(tags, suffix) for suffix in (FORWARD, BACKWARD))
    forward, backward = (value is None or not closes(value) for value in given)
    return forward and runs >= 0, backward and runs <= 0


def _is_closed(tags: Tags) -> bool:
    if tags.get("service") in _SERVICE_NOT_FOR_CARS and car_access(tags) is None:
        return True
    return not any(open_directions(tags))


def was_under_construction(tags: Tags) -> bool:
    """Return whether an open road still says what class of road is being built."""
    return tags.get("construction") in CLASSES
