"""Which ways a resident's car may use, and from which it may pull out of a driveway.

Private, destination and customer roads are in: the people who live there leave by them. Roads that are closed to
cars under normal rules (`motor_vehicle=no`, `access=no`, agricultural, emergency or bus only) are out, and so are
tracks, footways, and roads under construction; a plan may open the closed roads and the tracks (`closed`). Bollards and
blocks cut a road; gates don't, because residents open theirs and a gate that is locked for good is tagged `access=no`.
"""

from __future__ import annotations

from collections.abc import Mapping

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

_OPENED = ("track", "busway")

# From general to particular: https://wiki.openstreetmap.org/wiki/Key:access#Transport_mode_restrictions
_ACCESS_KEYS = ("access", "vehicle", "motor_vehicle", "motorcar")
_CLOSED = {"no", "agricultural", "forestry", "emergency", "psv", "bus", "military", "bicycle", "foot"}
# https://wiki.openstreetmap.org/wiki/Key:barrier: what stops a car unless it says otherwise
_BLOCKING = {
    "bollard", "block", "bus_trap", "chain", "cycle_barrier", "debris", "ditch", "fence", "guard_rail", "hedge",
    "jersey_barrier", "log", "motorcycle_barrier", "planter", "retaining_wall", "rope", "rock", "stile", "tank_trap",
    "turnstile", "wall", "kissing_gate", "full-height_turnstile", "sump_buster",
}  # fmt: skip


def base_class(highway: str) -> str:
    """Return the class of a road without `_link`."""
    return highway.removesuffix("_link")


def why_left_out(tags: Tags, min_road_class: str) -> str | None:
    """Return why a way isn't simulated, or None when it is.

    Parameters
    ----------
    tags
        The way's tags; it has the key `highway`.
    min_road_class
        Lowest class that is simulated.
    """
    highway = tags["highway"]
    if highway not in CLASSES:
        return "not a street"
    if _RANKS[base_class(highway)] < _RANKS[min_road_class]:
        return f"below '{min_road_class}'"
    if tags.get("area") == "yes":
        return "an area"
    if tags.get("service") == "emergency_access" and not any(key in tags for key in _ACCESS_KEYS):
        return "closed to cars"
    return "closed to cars" if _is_closed(tags) else None


def may_be_opened(tags: Tags) -> bool:
    """Return whether a way that isn't simulated is a road all the same, which a plan can open to cars.

    That is a street that is closed to cars, a track (most fire roads are mapped so) or a road for buses.
    """
    if tags.get("area") == "yes":
        return False
    closed = tags["highway"] in CLASSES and (_is_closed(tags) or tags.get("service") == "emergency_access")
    return closed or tags["highway"] in _OPENED


def blocks_cars(tags: Tags) -> bool:
    """Return whether a node on a road stops cars."""
    given = _most_particular(tags)
    if given is not None and "barrier" in tags:
        return given in _CLOSED
    return tags.get("barrier") in _BLOCKING


def may_leave(tags: Tags) -> bool:
    """Return whether a car may pull out of a driveway here: not on fast roads, links and bridges or in tunnels."""
    highway = tags["highway"]
    if highway in {"motorway", "trunk"} or highway.endswith("_link"):
        return False
    return tags.get("tunnel", "no") == "no" and tags.get("bridge", "no") == "no"


def direction(tags: Tags) -> int:
    """Return 1 for a one-way street, -1 for one against the way's direction, 0 for both directions.

    Motorways, their links and roundabouts are one-way unless tagged otherwise
    (https://wiki.openstreetmap.org/wiki/Key:oneway). A reversible street counts as two-way: which way it runs in an
    evacuation is for the plan to say.
    """
    given = tags.get("oneway")
    if given in {"-1", "reverse"}:
        return -1
    if given in {"yes", "true", "1"}:
        return 1
    if given is not None:
        return 0
    implied = tags["highway"] in {"motorway", "motorway_link"} or tags.get("junction") in {"roundabout", "circular"}
    return int(implied)


def _most_particular(tags: Tags) -> str | None:
    given = [tags[key] for key in _ACCESS_KEYS if key in tags]
    return given[-1] if given else None


def _is_closed(tags: Tags) -> bool:
    given = _most_particular(tags)
    return given is not None and all(value.strip() in _CLOSED for value in given.split(";"))
