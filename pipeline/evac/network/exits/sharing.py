"""Roads that exits share behind their lines: fewer lanes than the exits have, because their roads meet again there.

How much gets out is a flow: from the streets of the area over the simulated roads to the exit lines, and from there on
to where the map ends, each road with its lanes. Where less flows to the end than to the lines, the cut behind the lines
that is nearest to them is what the exits share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from evac.graphs import components, most_flow, reached_from
from evac.network.exits.graph import Mask, RoadWeb, rank_of
from evac.network.exits.lead import Lead
from evac.network.exits.record import SharedRoad

_MANY = 10_000
"""Lanes of what limits nothing."""

_THROUGH = rank_of("tertiary")  # who comes from elsewhere doesn't drive on through side streets
_HIGHWAY = rank_of("trunk")  # nobody lives on one

_SHARED_M = 5_000.0
"""What exits share so near to their lines (m) is told: their queues may stand back to there. Our choice."""

_NO_ARC = -1
"""What joins two nodes that are one place."""


@dataclass(frozen=True)
class Line:
    """An exit line.

    Parameters
    ----------
    node
        Where the simulated road ends.
    onward
        Nodes at which roads go on: this one, and those on the last piece of road before it.
    arc
        The simulated road's last piece.
    on_road
        Whether the road goes on simulated: only who comes over the last piece crosses the line there.
    """

    node: int
    onward: tuple[int, ...]
    arc: int
    on_road: bool = False


@dataclass(frozen=True)
class Shared:
    """What some exits share.

    Parameters
    ----------
    lines
        Their positions among the lines that were given.
    lanes
        The lanes that all of them have together further on.
    narrow
        The arcs with these lanes.
    between
        The arcs from the lines to these.
    """

    lines: tuple[int, ...]
    lanes: int
    narrow: NDArray[np.int64]
    between: NDArray[np.int64]


def shared_behind(
    roads: RoadWeb, lead: Lead, simulated: Mask, beyond: Mask, lines: Sequence[Line], *, near: Mask
) -> Iterator[Shared]:
    """Give what exits share behind their lines, where there is no room for as many as live in the area before that.

    Parameters
    ----------
    roads, lead
        The roads of the whole map, and what leads on outside of the area.
    simulated
        The arcs over which one comes to the lines.
    beyond
        The arcs over which one goes on from there.
    lines
        The exits' lines.
    near
        The nodes that are looked at: who comes to any other is away.
    """
    if not lines:
        return
    through = roads.rank[roads.way] <= max(_THROUGH, *roads.rank[roads.way[[line.arc for line in lines]]])
    away = lead.goes_on | ~near
    gets_on = roads.behind(away, beyond & through)
    # Who gets on into the rest of the map alone stays there: nothing limits that.
    away |= _marked(roads.count, [line.node for line in lines if not gets_on[list(line.onward)].any()])
    off = np.flatnonzero(beyond & through & near[roads.start] & gets_on[roads.end])
    flow = _Flow(roads, np.flatnonzero(simulated & ~roads.at_times), off, lines)
    for found in flow.shared(away):
        behind = _marked(roads.count, [node for at in found.lines for node in lines[at].onward])
        if _room_m(roads, beyond, behind, roads.end[found.narrow]) < lead.room_m:
            yield found


def near_to(roads: RoadWeb, lines: Sequence[Line]) -> Mask:
    """Return the nodes so near to some lines that what exits share there is told."""
    places = shapely.MultiPoint(roads.xy[[line.node for line in lines]])
    found: Mask = shapely.distance(places, roads.spots) <= _SHARED_M
    return found


def shared_road(
    roads: RoadWeb, item: Shared, lines: Sequence[Line], names: Sequence[str], *, simulated: bool = False
) -> SharedRoad:
    """Return what is told of a road that exits share.

    Parameters
    ----------
    roads
        The roads of the map.
    item
        What they share.
    lines, names
        The lines of all exits, and what these are called.
    simulated
        Whether the road is.
    """
    ways = roads.way[item.narrow]
    first = int(np.argmin(roads.rank[ways]))
    node = int(roads.start[item.narrow[first]])
    meet = [lines[at] for at in item.lines]
    return SharedRoad(
        label=" and ".join(dict.fromkeys(roads.label(way) for way in ways)),
        highway=roads.ways[ways[first]].highway,
        osm_way=roads.ways[ways[first]].osm_way_id,
        lanes=item.lanes,
        exits=tuple(names[at] for at in item.lines),
        nodes=tuple(line.node for line in meet),
        lanes_of_each=tuple(int(roads.lanes[line.arc]) for line in meet),
        lon=float(roads.lon[node]),
        lat=float(roads.lat[node]),
        simulated=simulated,
    )


def _marked(count: int, nodes: Sequence[int] | NDArray[np.int64]) -> Mask:
    found = np.zeros(count, dtype=bool)
    found[np.asarray(nodes, dtype=np.int64)] = True
    return found


def _room_m(roads: RoadWeb, beyond: Mask, behind: Mask, after: NDArray[np.int64]) -> float:
    """Return the length of the side streets that one comes to behind some lines without passing what they share."""
    before = beyond & ~_marked(roads.count, after)[roads.end]
    reached = roads.ahead(behind, before)
    return roads.road_m(before & reached[roads.start] & (roads.rank[roads.way] > _THROUGH))


class _Flow:
    """The flow out of an area.

    Each node is there twice: on the simulated roads, and behind the lines. From there one may come back to the
    simulated roads, but one comes there over a line alone; each line is a node of its own.
    """

    def __init__(
        self, roads: RoadWeb, within: NDArray[np.int64], off: NDArray[np.int64], lines: Sequence[Line]
    ) -> None:
        self._roads, self._lines, count = roads, lines, roads.count
        self._source, self._sink = 2 * count, 2 * count + 1
        back = np.intersect1d(roads.end[off], roads.start[within])
        self._crossed = self._sink + 1 + np.arange(len(lines))
        self._size = self._sink + 1 + len(lines)
        joins = [
            (np.full_like(homes := _homes(roads, within), self._source), homes),
            (count + back, back),
            *(
                (np.full(len(line.onward), crossed), count + np.array(line.onward))
                for line, crossed in zip(lines, self._crossed, strict=True)
            ),
            *(
                (np.array([line.node]), np.array([crossed]))
                for line, crossed in zip(lines, self._crossed, strict=True)
                if not line.on_road
            ),
        ]
        starts, ends = (np.concatenate(column) for column in zip(*joins, strict=True))
        self._arc = np.concatenate([within, off, np.full(len(starts), _NO_ARC)])
        self._start = np.concatenate([roads.start[within], count + roads.start[off], starts])
        self._end = np.concatenate([roads.end[within], count + roads.end[off], ends])
        for line, crossed in zip(lines, self._crossed, strict=True):
            if line.on_road:
                self._end[: len(within)][within == line.arc] = crossed
        self._lanes = np.where(self._arc == _NO_ARC, _MANY, roads.lanes[self._arc])
        self._comes_back: Mask = (self._start >= count) & (self._start < 2 * count) & (self._end < count)

    def shared(self, away: Mask) -> Iterator[Shared]:
        """Give what exits share on their way to some nodes, each group of exits that meet by itself."""
        roads, count = self._roads, self._roads.count
        to_lines, _ = self._most(self._crossed)
        to_ends, before = self._most(count + np.flatnonzero(away))
        if to_ends >= to_lines:
            return
        onward = [[count + node for node in line.onward if before[count + node]] for line in self._lines]
        start, end, size = self._start, self._end, self._size
        seeds = _marked(size, [node for nodes in onward for node in nodes])
        # Who comes back to the simulated roads gets about on all of them, to what limits others before their lines.
        kept = before[start] & before[end] & ~self._comes_back
        passed = reached_from(seeds, start[kept], end[kept], size)
        narrow = (self._arc != _NO_ARC) & passed[start] & ~before[end]
        kept &= passed[start]
        between = kept & reached_from(_marked(size, start[narrow]), end[kept], start[kept], size)[end]
        piece = components(start[between], end[between], size, strong=False)
        for number in np.unique(piece[start[narrow]]):
            mine = piece[start] == number
            meet = tuple(at for at, nodes in enumerate(onward) if (piece[nodes] == number).any())
            arcs, path = self._arc[narrow & mine], self._arc[between & mine & (self._arc != _NO_ARC)]
            yield Shared(meet, int(roads.lanes[arcs].sum()), arcs, path)

    def _most(self, ends: NDArray[np.int64]) -> tuple[int, Mask]:
        """Return the most lanes that are filled to some nodes, and the nodes before the cut nearest to the streets."""
        start = np.concatenate([self._start, ends])
        end = np.concatenate([self._end, np.full(len(ends), self._sink)])
        lanes = np.concatenate([self._lanes, np.full(len(ends), _MANY)])
        used, position = np.unique(np.concatenate([start, end, [self._source, self._sink]]), return_inverse=True)
        (first, last), (source, sink) = np.split(position[:-2], 2), position[-2:]
        most, before = most_flow(first, last, lanes, len(used), source=int(source), sink=int(sink))
        return most, _marked(self._size, used[before])


def _homes(roads: RoadWeb, within: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the nodes at which people set out: all of the area's but those on its highways alone."""
    streets = within[roads.rank[roads.way[within]] > _HIGHWAY]
    passed = _marked(roads.count, np.concatenate([roads.start[streets], roads.end[streets]]))
    found = np.flatnonzero(roads.inside & passed)
    return found if len(found) else np.flatnonzero(roads.inside & roads.on_road)
