"""Stop and give-way signs of the map: which approach of which junction has one.

https://wiki.openstreetmap.org/wiki/Tag:highway=stop and https://wiki.openstreetmap.org/wiki/Tag:highway=give_way: a
node on the road that has to wait, where it has to. `direction` says for which direction of the way; where it is left
out, or says something else (a bearing), it is the one in which the junction is nearer, of those that cars drive.
`stop=all`, on the sign or on the junction's node, makes an all-way stop.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pyproj import Geod

from evac.osm.access import direction
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
    found = _Approaches(roads).signs()
    return list(dict.fromkeys(found))


class _Approaches:
    """Where one comes to from a sign.

    Parameters
    ----------
    roads
        The map's roads.
    """

    def __init__(self, roads: Roads) -> None:
        self._roads = roads
        self._at: dict[int, list[tuple[Way, int]]] = defaultdict(list)
        arms: Counter[int] = Counter()
        for way in roads.ways.values():
            arms.update((*way.nodes[1:], *way.nodes[:-1]))
            for place, ref in enumerate(way.nodes):
                self._at[ref].append((way, place))
        self._junctions = {ref for ref, count in arms.items() if count >= _ARMS}

    def signs(self) -> Iterator[Sign]:
        """Give the signs, some of them more than once."""
        for ref, here in self._at.items():
            tags = self._roads.nodes[ref].tags
            kind = tags.get("highway")
            if kind not in (STOP, GIVE_WAY):
                continue
            everybody = kind == STOP and tags.get("stop") == "all"
            if ref in self._junctions:
                if everybody:
                    yield Sign(ref, None, 1, ALL_WAY)
                continue
            for junction, way_id, step in self._faced(here, tags.get("direction", "")):
                yield Sign(junction, None if everybody else way_id, step, ALL_WAY if everybody else kind)

    def _faced(self, here: Iterable[tuple[Way, int]], direction_tag: str) -> list[tuple[int, int, int]]:
        """Return the approaches for which a sign stands: the one whose junction is nearest, unless it is for both."""
        steps = _STEPS.get(direction_tag, (1, -1))
        ahead = [found for way, place in here for step in steps if (found := self._ahead(way, place, step)) is not None]
        faced = [(junction, way_id, step) for _, junction, way_id, step in sorted(ahead)]
        return faced if direction_tag == "both" else faced[:1]

    def _ahead(self, way: Way, place: int, step: int) -> tuple[float, int, int, int] | None:
        """Return the distance to the junction that comes next (m), its node, and the way that gets there, and how.

        Cars have to drive that way, and the junction has to be near; where a way ends before it the next one counts.
        """
        passed, here = [way.nodes[place]], place
        while _may_drive(way, step):
            if not 0 <= here + step < len(way.nodes):
                going_on = self._next_way(way, passed[-1])
                if going_on is None:
                    return None
                way, here, step = going_on
                continue
            here += step
            passed.append(way.nodes[here])
            metres = self._length_m(passed)
            if metres > FARTHEST_M:
                return None
            if passed[-1] in self._junctions:
                return metres, passed[-1], way.way_id, step
        return None

    def _next_way(self, way: Way, end: int) -> tuple[Way, int, int] | None:
        """Return the way that goes on where another ends, its node there, and the direction on; None without one."""
        others = [(other, place) for other, place in self._at[end] if other is not way]
        if len(others) != 1:
            return None
        other, place = others[0]
        return other, place, 1 if place == 0 else -1

    def _length_m(self, refs: Iterable[int]) -> float:
        lons, lats = zip(*((self._roads.nodes[ref].lon, self._roads.nodes[ref].lat) for ref in refs), strict=True)
        return float(_EARTH.line_length(lons, lats))


def _may_drive(way: Way, step: int) -> bool:
    return direction(way.tags) in (0, step)
