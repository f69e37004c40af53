"""Which barriers on a road stop a resident's car, and which nodes are signals for cars.

Gates are open: residents open theirs, and where nobody does the map says `locked=yes` or closes the gate to cars
(https://wiki.openstreetmap.org/wiki/Key:locked). Of all other barriers only those listed here let a car pass, which is
what https://wiki.openstreetmap.org/wiki/Key:barrier says of them; an access tag on the node goes before the list. An
access tag that closes stops cars without a barrier too, unless it is about something else that the node is, such as a
crossing or an entrance.
"""

from __future__ import annotations

from evac.osm.access import Tags, car_access, closes
from evac.osm.passable import too_small

_GATES = {
    "gate", "hampshire_gate", "lift_gate", "sliding_beam", "sliding_gate", "swing_gate", "bump_gate", "wire_gate",
}  # fmt: skip
_PASSING = _GATES | {
    "no", "border_control", "cattle_grid", "checkpoint", "coupure", "entrance", "height_restrictor", "kerb", "arch",
    "sally_port", "toll_booth", "width_restrictor",
}  # fmt: skip
_OPENED_THOUGH_LOCKED = {"yes", "permissive", "designated", "destination", "customers", "residents", "permit"}
# `traffic_signals=*` of signals that don't take turns: https://wiki.openstreetmap.org/wiki/Key:traffic_signals.
# `emergency` is dark until a fire engine comes out; blinkers warn; the others say which lanes are open, or stop cars
# for trams and trains.
_NO_TURNS = {
    "blinker", "blink_mode", "blinking", "bus", "bus_priority", "emergency", "level_crossing", "lane_control", "no",
    "tram", "tram_priority", "tunnel", "tunnel_lane_control", "variable_message_sign", "flashing",
}  # fmt: skip
_ABOUT_SOMETHING_ELSE = ("amenity", "crossing", "entrance", "highway", "public_transport", "shop", "tourism")
_NOT_IN_USE = ("abandoned", "demolished", "disused", "proposed", "razed", "removed")


def blocks_cars(tags: Tags) -> bool:
    """Return whether a node on a road stops cars."""
    given = car_access(tags)
    if "barrier" not in tags:
        shut = too_small(tags) is not None or (given is not None and closes(given))
        return shut and not any(key in tags for key in _ABOUT_SOMETHING_ELSE)
    if tags.get("locked") == "yes" and given not in _OPENED_THOUGH_LOCKED:
        return True
    if too_small(tags):
        return True
    return closes(given) if given is not None else not _kinds(tags) <= _PASSING


def is_open_gate(tags: Tags) -> bool:
    """Return whether a node is a gate that lets cars pass, as far as the map says."""
    return not _kinds(tags).isdisjoint(_GATES) and not blocks_cars(tags)


def is_signal(tags: Tags) -> bool:
    """Return whether a node is a signal that lets the approaches of cars take turns.

    Signals on the node of the junction, ahead of it, and on its crossings.
    """
    if any(tags.get(key) == "yes" for key in _NOT_IN_USE) or tags.get("traffic_signals") in _NO_TURNS:
        return False
    return tags.get("highway") == "traffic_signals" or tags.get("crossing") == "traffic_signals"


def _kinds(tags: Tags) -> set[str]:
    """Return what stands there: one thing, or several such as `cattle_grid;gate`."""
    return {kind.strip() for kind in tags.get("barrier", "").split(";")} - {""}
