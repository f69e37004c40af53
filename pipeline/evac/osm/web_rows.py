"""What a way is on the web of roads (`web`): its row, what people call it, and what it is where cars may not drive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from typing import Any

from evac.osm.access import (
    ACCESS_KEYS,
    CLASSES,
    CLOSED,
    OUT_OF_USE,
    TOO_SMALL,
    Tags,
    car_access,
    closes,
    direction,
    is_reversible,
    open_directions,
    why_left_out,
)
from evac.osm.lanes import count_lanes
from evac.osm.moments import closes_at_times, turns_at_times
from evac.osm.passable import out_of_use, too_small
from evac.osm.roads import Roads, Way, on_the_road

FERRY, FOOT_FERRY = "ferry", "passenger ferry"
"""Classes of ferries, beside those of `highway`: one that takes cars, and one that doesn't."""
_ON_WATER = {FERRY: "a ferry", FOOT_FERRY: "a ferry that takes no cars"}

TERMINAL = "a ferry terminal"
"""What a road ends at where ferries land, though the map may not draw any."""

_NAMES = ("name", "ref", "destination", "destination:ref", "junction:ref")
# Signs at the end of a road that say that it ends: https://wiki.openstreetmap.org/wiki/Key:noexit
_ENDS = {"turning_circle": "a turning circle", "turning_loop": "a turning loop", "mini_roundabout": "a roundabout"}
_NOT_FOR_CARS = {
    "track": "a track",
    "path": "a path",
    "footway": "a footway",
    "pedestrian": "a pedestrian street",
    "steps": "steps",
    "cycleway": "a cycleway",
    "bridleway": "a bridleway",
    "busway": "a road for buses",
    "bus_guideway": "a road for buses",
    "raceway": "a race track",
    "escape": "an escape lane",
    "corridor": "a corridor",
}
NOT_BUILT = {"construction": "a road under construction", "proposed": "a road that isn't built yet"}
"""Classes of roads that there aren't yet, in words."""
# What a key begins with whose road isn't there now: https://wiki.openstreetmap.org/wiki/Lifecycle_prefix
_GONE = dict.fromkeys(
    ("razed", "demolished", "removed", "destroyed", "collapsed", "dismantled", "historic", "ruins", "was"),
    "a road that is no longer there",
)
_STAGES = {
    **NOT_BUILT,
    "planned": NOT_BUILT["proposed"],
    **dict.fromkeys(("disused", "abandoned", "closed", "impassable"), "a road that is out of use"),
    **_GONE,
}
STAGE_KEYS = tuple(f"{stage}:highway" for stage in _STAGES)
"""Keys of roads that aren't there now."""

# Roads that only some people may use, not the public on its way through: destination is a public road all the same.
_FOR_FEW = {"private", "permit", "residents", "employees", "members", "customers", "delivery"}
_PLANNED = ("proposed", "planned")


def label_of(tags: Tags) -> str | None:
    """Return what people call a way: its name, its road number, else where it leads; None where the map has none."""
    for key, words in zip(_NAMES, ("{}", "{}", "to {}", "to {}", "junction {}"), strict=True):
        parts = [part.strip() for part in tags.get(key, "").split(";") if part.strip()]
        if parts:
            if key == "ref" and parts[0].isdigit():
                return f"road {parts[0]}"  # the bare number says nothing in a list of exits
            return words.format(" / ".join(parts) if "destination" in key else parts[0])
    return None


def gates_of(roads: Roads) -> dict[int, dict[str, Any]]:
    """Return what the pieces of road at a gate have of it that isn't open to everybody, or not at all times."""
    found = {}
    for ref in on_the_road(roads):
        node = roads.nodes[ref]
        if "barrier" in node.tags:
            private = _private(node.tags)
            said = {
                "private": private and f"{barrier_in_words(node.tags)}, {private}",
                "at_times": _closing(node.at_times),
            }
            if any(said.values()):
                both_ways = {"unsure": 0} if said["at_times"] else {}
                found[ref] = {"gate": True, **both_ways, **{key: value for key, value in said.items() if value}}
    return found


def open_rows(way: Way, gates: Mapping[int, dict[str, Any]]) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """Give a way's row and its nodes; in several parts where it passes a gate that isn't open to all."""
    row = {
        **closed_row(way.way_id, way.osm_way_id, way.file_id, way.tags, None),
        "direction": direction(way.tags),
        **_lanes(way),
        **_not_always(way),
        "private": _private(way.tags),
    }
    if gates.keys().isdisjoint(way.nodes):
        yield row, list(way.nodes)
        return
    pieces = (next(filter(gates.__contains__, piece), None) for piece in pairwise(way.nodes))
    done = 0
    for gate, run in groupby(pieces):
        end = done + sum(1 for _ in run)
        yield (row if gate is None else row | gates[gate]), way.nodes[done : end + 1]
        done = end


def closed_row(way_id: int, osm_way_id: int, file_id: int, tags: Tags, closed: str | None) -> dict[str, Any]:
    """Return the row of a way that cars may not use, which is in words what `closed` says."""
    return {
        "way_id": way_id,
        "osm_way_id": osm_way_id,
        "file_id": file_id,
        "highway": tags.get("highway", "") if closed is None else _class_of(tags),
        "label": label_of(tags),
        "direction": 0,
        "lanes_forward": 0,
        "lanes_backward": 0,
        "closed": closed,
        "at_times": None,
        "unsure": 0,
        "private": None,
        "gate": False,
    }


def _lanes(way: Way) -> dict[str, int]:
    """Return the lanes for cars, but for the side on which a bus lane is that only a country's rule could tell."""
    lanes = count_lanes(way.tags, way.tags["highway"], direction(way.tags))
    return {"lanes_forward": lanes.forward, "lanes_backward": lanes.backward}


def _not_always(way: Way) -> dict[str, Any]:
    """Return what the map says of when a way is open, and in which direction it isn't always; nothing where it is."""
    reversed_ = [(False, True)] if is_reversible(way.tags) else []
    others = [*(open_directions(tags) for tags in way.otherwise), *reversed_]
    now = open_directions(way.tags)
    forward, backward = (open_ and not all(other[side] for other in others) for side, open_ in enumerate(now))
    if not forward and not backward:
        return {}
    said = [text for text in way.at_times if closes_at_times(text) or turns_at_times(text)]
    return {"at_times": "; ".join(said) or "oneway=reversible", "unsure": int(forward) - int(backward)}


def _closing(said: Iterable[str]) -> str | None:
    return "; ".join(filter(closes_at_times, said)) or None


def _class_of(tags: Tags) -> str:
    """Return the class of a way that cars may not use, or of what was or will be there."""
    if tags.get("route") == FERRY:
        return FOOT_FERRY if closes(car_access(tags) or "yes") else FERRY
    stage = stage_of(tags)
    if stage is None or stage in _GONE:
        return tags.get("highway", "")
    return stage if stage in NOT_BUILT else tags[f"{stage}:highway"]


def stage_of(tags: Tags) -> str | None:
    """Return the stage of life of a road that isn't there now; None where there is one, or never was."""
    if "highway" in tags:
        return None
    return next((stage for stage in _STAGES if tags.get(f"{stage}:highway") in CLASSES), None)


def _private(tags: Tags) -> str | None:
    """Return the tag that makes a way private for cars; None where none does."""
    given = car_access(tags)
    if given is None or not all(part.strip() in _FOR_FEW for part in given.split(";")):
        return None
    return next(f"{key}={given}" for key in reversed(ACCESS_KEYS) if key in tags)


def what_it_is(tags: Tags, min_road_class: str) -> str | None:
    """Return what a way is that cars may not use; None where it says nothing of roads."""
    if tags.get("route") == FERRY or tags.get("man_made") == "pier":
        return _ON_WATER.get(_class_of(tags), "a pier")
    if stage := stage_of(tags):
        return _STAGES[stage]
    highway = tags.get("highway", "")
    if highway in _STAGES or highway in _NOT_FOR_CARS:
        return {**_STAGES, **_NOT_FOR_CARS}[highway]
    if highway not in CLASSES or why_left_out(tags, min_road_class) is None:
        return None
    if any(tags.get(key) == "yes" for key in _PLANNED):
        return NOT_BUILT["proposed"]
    for_now = (key for key in tags if key.startswith("temporary:") or key.endswith(":temporary"))
    given = [f"{key}={tags[key]}" for key in (*for_now, *reversed(ACCESS_KEYS)) if key in tags and closes(tags[key])]
    reason = why_left_out(tags, min_road_class) or ""
    tag_of = {CLOSED: " ".join(given[:1]), OUT_OF_USE: out_of_use(tags, CLASSES), TOO_SMALL: too_small(tags)}
    said = tag_of.get(reason)
    return f"a road that is {reason} ({said})" if said else f"a road that is {reason}"


def barrier_in_words(tags: Tags) -> str:
    """Return what a barrier is for people."""
    if "forbidden_exit" in tags:
        return "a closure of the scenario"
    if "barrier" not in tags:
        given = car_access(tags)
        return f"a point that no car passes ({too_small(tags) or f'access={given}'})"
    kind = tags["barrier"].replace("_", " ")
    kind = "barrier" if kind == "yes" else kind
    return f"a locked {kind}" if tags.get("locked") == "yes" else f"a {kind}"


def sign_at(tags: Tags) -> str | None:
    """Return what a node at a road's end says of it, in words; None where it says nothing."""
    if tags.get("highway") in _ENDS:
        return _ENDS[tags["highway"]]
    if tags.get("noexit") == "yes":
        return "a sign that it is no exit"
    return TERMINAL if tags.get("amenity") == "ferry_terminal" else None
