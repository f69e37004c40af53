"""Roads that go on far beyond what is kept of a map, cut there.

How long a way is says how mappers have split a road, nothing of the place: a highway through a desert may be one way of
50 km. Kept whole it puts its exit line there, half an hour behind those of the town's other roads, and hardly anybody
takes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from evac.osm.roads import Roads, Way, fresh_ids
from evac.osm.source import Box, joined
from evac.projection import grown

FAR_M = 1_000.0
"""A road is cut at its first node so far (m) beyond what is kept. Our choice: a minute's drive."""

_MOST_OUTSIDE = 0.02  # more of the ways lie wholly outside of the bounds: these aren't where the file was cut


@dataclass(frozen=True)
class FarWay:
    """A way whose ends lie far beyond.

    Parameters
    ----------
    nodes
        Of the whole way.
    first, last
        Positions of the first and the last of its nodes that aren't.
    head, tail
        Ids of the parts before and after these; None where there is none.
    """

    nodes: tuple[int, ...]
    first: int
    last: int
    head: int | None
    tail: int | None

    def kept(self, parts: Container[int]) -> slice:
        """Return which of its nodes are kept, with those of its ends that are among some parts of ways."""
        first = 0 if self.head in parts else self.first
        last = len(self.nodes) - 1 if self.tail in parts else self.last
        return slice(first, last + 1)


def cut_far_ways(roads: Roads, polygon: shapely.Geometry) -> dict[int, FarWay]:
    """Cut the ways where they are far beyond a polygon (WGS 84) for good, and return them by id.

    The part in between keeps the id. A way that comes back is one whole in between.
    """
    near = grown(polygon, FAR_M)
    shapely.prepare(near)
    fresh = fresh_ids(roads)
    pieces = Counter(way.file_id for way in roads.ways.values())
    found = {}
    for way in list(roads.ways.values()):
        line = np.array([(roads.nodes[ref].lon, roads.nodes[ref].lat) for ref in way.nodes])
        within = shapely.intersects_xy(near, line[:, 0], line[:, 1])
        if within.all() or pieces[way.file_id] > 1 or not near.intersects(shapely.LineString(line)):
            continue
        segments = shapely.linestrings(np.stack([line[:-1], line[1:]], axis=1))
        there = np.flatnonzero(shapely.intersects(near, segments))
        found[way.way_id] = _cut(roads, way, int(there[0]), int(there[-1]) + 1, (fresh(), fresh()))
    return {way: far for way, far in found.items() if far.head or far.tail}


def _cut(roads: Roads, way: Way, first: int, last: int, ids: tuple[int, int]) -> FarWay:
    nodes = way.nodes
    roads.ways[way.way_id] = replace(way, nodes=nodes[first : last + 1])
    head, tail = (ids[0] if first else None), (ids[1] if last < len(nodes) - 1 else None)
    for part, line in ((head, nodes[: first + 1]), (tail, nodes[last:])):
        if part is not None:
            roads.ways[part] = replace(way, way_id=part, file_id=part, nodes=line)
    return FarWay(tuple(nodes), first, last, head, tail)


def nodes_left_out(far: Mapping[int, FarWay], parts: Container[int]) -> set[int]:
    """Return the nodes that aren't kept, with those parts of the ways that are."""
    kept = {ref for way in far.values() for ref in way.nodes[way.kept(parts)]}
    return {ref for way in far.values() for ref in way.nodes} - kept


def drop_far_ends(roads: Roads, boxes: Sequence[Box], named: Sequence[tuple[float, float]]) -> None:
    """Drop the ends of roads that lie far beyond the bounds by which a file was cut, for good.

    Parameters
    ----------
    roads
        The roads of the file.
    boxes
        What the file says it covers: nothing is dropped where it says nothing, or its roads lie elsewhere.
    named
        Places (WGS 84) that a scenario names: roads are kept as far as these.
    """
    covered = joined(boxes)
    if covered.is_empty or _lie_elsewhere(roads, covered):
        return
    for far in cut_far_ways(roads, covered.union(shapely.MultiPoint(list(named)))).values():
        for part in (far.head, far.tail):
            if part is not None:
                del roads.ways[part]


def _lie_elsewhere(roads: Roads, covered: shapely.Geometry) -> bool:
    shapely.prepare(covered)
    lines = [[(roads.nodes[ref].lon, roads.nodes[ref].lat) for ref in way.nodes] for way in roads.ways.values()]
    touching = shapely.intersects(covered, np.array([shapely.LineString(line) for line in lines]))
    return bool((~touching).sum() > _MOST_OUTSIDE * len(lines))
