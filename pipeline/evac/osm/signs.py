"""Stop and give-way signs of the map: which approach of which junction has one.

https://wiki.openstreetmap.org/wiki/Tag:highway=stop and https://wiki.openstreetmap.org/wiki/Tag:highway=give_way: a
node on the road that has to wait, where it has to. `direction` says for which direction of the way; where it is left
out, it is the one in which the junction is nearer. `stop=all`, on the sign or on the junction's node, makes an all-way
stop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from pyproj import Geod

from evac.osm.roads import Roads, Way

STOP, GIVE_WAY, ALL_WAY = "stop", "give_way", "all_way"
FARTHEST_M = 40.0
"""A sign farther than this from the junction ahead isn't that junction's."""
_ARMS = 3  # of a junction
_STEPS = {"forward": (1,), "backward": (-1,), "both": (1, -1)}
_EARTH = Geod(ellps="WGS84")


class Sign(NamedTuple):
    """A sign at an approach of a junction.

    Parameters
    ----------
    node
        The junction's node.
    way
        The way that arrives; None where the sign stands for all.
    step
        1 where it arrives in the way's direction, -1 against it.
    kind
        `STOP`, `GIVE_WAY`, or `ALL_WAY` where all approaches have to stop.
    """

    node: int
    way: int | None
    step: int
    kind: str


def read_signs(roads: Roads) -> list[Sign]:
    """Return the signs of a map's roads, each once."""
    arms = Counter(ref for way in roads.ways.values() for ref in (*way.nodes[1:], *way.nodes[:-1]))
    junctions = {ref for ref, count in arms.items() if count >= _ARMS}
    found = [sign for way in roads.ways.values() for sign in _signs_of(way, roads, junctions)]
    return list(dict.fromkeys(found))


def _signs_of(way: Way, roads: Roads, junctions: set[int]) -> Iterator[Sign]:
    for place, ref in enumerate(way.nodes):
        tags = roads.nodes[ref].tags
        kind = tags.get("highway")
        if kind not in (STOP, GIVE_WAY):
            continue
        everybody = kind == STOP and tags.get("stop") == "all"
        if ref in junctions:
            if everybody:
                yield Sign(ref, None, 1, ALL_WAY)
            continue
        steps = _STEPS.get(tags.get("direction", ""), (1, -1))
        ahead = [found for step in steps if (found := _junction_ahead(way, place, step, roads, junctions)) is not None]
        for metres, junction, step in ahead if "direction" in tags else sorted(ahead)[:1]:
            if metres <= FARTHEST_M:
                yield Sign(junction, None if everybody else way.way_id, step, ALL_WAY if everybody else kind)


def _junction_ahead(
    way: Way, place: int, step: int, roads: Roads, junctions: set[int]
) -> tuple[float, int, int] | None:
    """Return the distance to the junction that comes next along a way (m), its node, and the direction."""
    end = len(way.nodes) if step > 0 else -1
    passed = [way.nodes[place]]
    for index in range(place + step, end, step):
        passed.append(way.nodes[index])
        if way.nodes[index] in junctions:
            lons, lats = zip(*((roads.nodes[ref].lon, roads.nodes[ref].lat) for ref in passed), strict=True)
            return float(_EARTH.line_length(lons, lats)), way.nodes[index], step
    return None
