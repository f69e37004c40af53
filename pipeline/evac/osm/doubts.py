"""What the map says and the simulation can't follow for certain: told where traffic passes, by the audit.

A road that is closed at times, a ford, a gate that is taken for open, a barrier that is taken for shut, a turn ban that
could not be applied, lanes whose tags contradict each other, a road that the file has only in parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from evac.osm.access import ACCESS_KEYS, Tags, car_access, is_alternating, is_reversible, was_under_construction
from evac.osm.barriers import blocks_cars, is_open_gate
from evac.osm.closures import FORBIDDEN
from evac.osm.moments import closes_at_times, turns_at_times
from evac.osm.passable import POINT_KEYS, hard_going, may_flood, too_small
from evac.osm.restrictions import Turns
from evac.osm.roads import Roads, Way, on_the_road
from evac.osm.speeds import is_unknown_law, speed_tag
from evac.osm.write import Street
from evac.unnamed import in_prose, unnamed

_ADVISED_AGAINST = {"discouraged", "unsuitable"}  # https://wiki.openstreetmap.org/wiki/Tag:access=discouraged
_SAYS_SOMETHING = {"barrier", *ACCESS_KEYS, *POINT_KEYS}


@dataclass(frozen=True)
class Doubt:
    """One doubt.

    Parameters
    ----------
    kind
        What sort of thing, such as `closed_at_times`.
    text
        One sentence without its full stop.
    ways
        Ids of the simulated ways that it is about.
    lon, lat
        Where (degrees).
    then, last
        Of a turn: the ways after `ways` that it passes, and those that it ends on.
    only
        Of a turn: all others are banned.
    at_point
        It is about the point, not about all of the ways.
    """

    kind: str
    text: str
    ways: tuple[int, ...]
    lon: float
    lat: float
    then: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    only: bool = False
    at_point: bool = False


def doubts_of(roads: Roads, streets: Iterable[Street], turns: Turns) -> list[dict[str, Any]]:
    """Return the doubts about a map's roads, as they are written to `doubts.json`.

    Parameters
    ----------
    roads
        The roads, cut at barriers.
    streets
        The simulated ones, with their lanes.
    turns
        Their turns, as they were written.
    """
    found = [
        *(doubt for way in roads.ways.values() for doubt in _of_way(roads, way)),
        *(doubt for street in streets for doubt in _of_lanes(roads, street)),
        *_of_closed_roads(roads),
        *_of_points(roads),
        *_of_barriers(roads),
        *_of_gaps(roads),
        *_of_turns(roads, turns),
    ]
    return [asdict(doubt) for doubt in found]


def named(way: Way) -> str:
    """Return the name of a way for people."""
    tags = way.tags
    return tags.get("name") or tags.get("ref") or f"{in_prose(unnamed(tags['highway']))} (way {way.osm_way_id})"


def _middle_of(roads: Roads, way: Way) -> tuple[float, float]:
    """Return the longitude and latitude of the node in the middle of a way."""
    node = roads.nodes[way.nodes[len(way.nodes) // 2]]
    return node.lon, node.lat


def _of_way(roads: Roads, way: Way) -> Iterator[Doubt]:
    lon, lat = _middle_of(roads, way)
    for said in way.at_times:
        other = "runs another way at times" if turns_at_times(said) else "has other lanes at times"
        what = "isn't open at all times" if closes_at_times(said) else other
        text = f"{named(way)} {what} ({said}), and counts as the map's other tags say"
        yield Doubt("closed_at_times", text, (way.way_id,), lon, lat)
    for kind, text in _of_passing(way.tags, "along", named(way)):
        yield Doubt(kind, text, (way.way_id,), lon, lat)
    if is_unknown_law(speed_tag(way.tags)):
        text = f"the limit of {named(way)} is guessed: the law behind {speed_tag(way.tags)} isn't known here"
        yield Doubt("speed_named", text, (way.way_id,), lon, lat)
    if was_under_construction(way.tags):
        text = f"{named(way)} is mapped as open and as being built (construction={way.tags['construction']}): open here"
        yield Doubt("being_built", text, (way.way_id,), lon, lat)
    if is_reversible(way.tags):
        text = f"{named(way)} changes its direction in the course of the day; all of its lanes go the way it is drawn"
        yield Doubt("direction_at_times", text, (way.way_id,), lon, lat)
    if is_alternating(way.tags):
        text = f"both directions take turns on {named(way)}; it has a lane for each here"
        yield Doubt("lane_shared", text, (way.way_id,), lon, lat)


def _of_passing(tags: Tags, how: str, where: str) -> Iterator[tuple[str, str]]:
    """Give the kind and the text of what may keep cars from getting along a road, or past a point on it."""
    given = car_access(tags)
    advised = [f"access={given}"] if given in _ADVISED_AGAINST else []
    for tag in [*hard_going(tags), *advised]:
        yield "passable_for_few", f"not every car gets {how} {where} ({tag}), which counts as any other"
    if floods := may_flood(tags):
        yield "may_flood", f"{where} may be under water after heavy rain ({floods}), and counts as any other"


def _of_lanes(roads: Roads, street: Street) -> Iterator[Doubt]:
    if street.lanes.contradicted:
        said = ", ".join(f"{key}={value}" for key, value in sorted(street.way.tags.items()) if _is_about_lanes(key))
        text = f"the tags of {named(street.way)} contradict each other ({said}); the lesser count of lanes is taken"
        yield Doubt("lanes_contradict", text, (street.way.way_id,), *_middle_of(roads, street.way))


def _is_about_lanes(key: str) -> bool:
    return key.startswith(("lanes", "busway", "oneway:bus", "oneway:psv")) or ":lanes" in key


def _of_closed_roads(roads: Roads) -> Iterator[Doubt]:
    for way in roads.closed.values():
        places = [roads.closed_nodes[ref] for ref in way.nodes if ref in roads.closed_nodes]
        for said in way.at_times if places else ():
            text = f"{named(way)} is open to cars at times ({said}), and counts as closed"
            yield Doubt("opened_at_times", text, (), places[0].lon, places[0].lat)


def _of_points(roads: Roads) -> Iterator[Doubt]:
    ways = _ways_by_node(roads)
    for ref, node in roads.nodes.items():
        if ref not in ways or blocks_cars(node.tags):
            continue
        what, where = _words(node.tags), named(ways[ref][0])
        ids = tuple(way.way_id for way in ways[ref])
        for said in node.at_times:
            text = f"a {what} on {where} isn't open at all times ({said}), and counts as open"
            yield Doubt("closed_at_times", text, ids, node.lon, node.lat, at_point=True)
        for kind, text in _of_passing(node.tags, "past", f"a point on {where}"):
            yield Doubt(kind, text, ids, node.lon, node.lat, at_point=True)
        if is_open_gate(node.tags) and not node.at_times:
            text = f"a {what} stands on {where}, and counts as open"
            yield Doubt("open_gate", text, ids, node.lon, node.lat, at_point=True)


def _of_barriers(roads: Roads) -> Iterator[Doubt]:
    for ref, sides in roads.cuts.items():
        node = roads.nodes[ref]
        if node.tags != FORBIDDEN:
            text = f"a {_words(node.tags)} cuts {named(sides[0][0])}: no car passes"
            yield Doubt("barrier", text, (), node.lon, node.lat)


def _words(tags: Tags) -> str:
    kind = tags.get("barrier", "point").replace("_", " ") if tags.get("barrier") != "yes" else "barrier"
    said = [f"{key}={tags[key]}" for key in ("locked", "access", "motor_vehicle", "motorcar", "vehicle") if key in tags]
    said += [small] if (small := too_small(tags)) else []
    return f"{kind} ({', '.join(said)})" if said else kind


def _of_gaps(roads: Roads) -> Iterator[Doubt]:
    for gap in roads.gaps:
        node = roads.nodes.get(gap.node) or roads.closed_nodes[gap.node]
        what = "1 node" if gap.lacking == 1 else f"{gap.lacking} nodes"
        text = f"the file lacks {what} of {named(gap.way)}, which is cut in two here; take an extract that has it whole"
        yield Doubt("way_gap", text, (), node.lon, node.lat)


def _of_turns(roads: Roads, turns: Turns) -> Iterator[Doubt]:
    names = {way.file_id: named(way) for way in roads.ways.values()}
    for item in turns.not_applied:
        start, last = turns.ways_of(item.from_ways), turns.ways_of(item.to_ways)
        if not start or not last:
            continue
        turn = f"'{item.kind.replace('_', ' ')}' from {names[item.from_ways[0]]} to {names[item.to_ways[0]]}"
        if item.at_times is None:
            kind, text = (
                "turn_ban_over_ways",
                f"{turn} by another road isn't applied: it bans a way through, not a turn",
            )
        else:
            kind, text = "turn_ban_at_times", f"{turn} holds at times ({item.at_times}), and isn't applied"
        place = _middle_of(roads, roads.ways[start[0]])
        yield Doubt(kind, text, start, *place, then=turns.ways_of(item.via_ways), last=last, only=not item.is_ban)


def _ways_by_node(roads: Roads) -> dict[int, list[Way]]:
    """Return the ways at each node on a road, not on a junction, at which something may keep cars from passing."""
    ways: dict[int, list[Way]] = defaultdict(list)
    for way in roads.ways.values():
        for ref in way.nodes:
            if not _SAYS_SOMETHING.isdisjoint(roads.nodes[ref].tags):
                ways[ref].append(way)
    standing = on_the_road(roads)
    return {ref: found for ref, found in ways.items() if ref in standing}
