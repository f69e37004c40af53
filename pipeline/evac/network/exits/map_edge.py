"""Where a map ends: at its declared bounds, else at the outline of its roads; and which roads go on beyond.

OpenStreetMap doesn't mark where an extract was cut. Certain are a road that passes the declared bounds and a road whose
next node the file lacks. Where a file shows neither, a through road that just ends near the edge, with nothing there
that says so, is presumed to be cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from evac.network.exits.graph import Mask, RoadWeb, rank_of
from evac.osm.source import joined
from evac.projection import line_through

_HULL_RATIO = 0.1  # of shapely.concave_hull: follows a valley's or a country's outline, not single streets
NEAR_M = 500.0  # how far short of the outline through roads of the three test maps end (at most 464 m)
_MINOR_NEAR_M = 50.0  # minor roads: only those that end on the edge itself; inner ends are cul-de-sacs
_LEAST_MINOR = rank_of("unclassified")  # streets that just end are cul-de-sacs, wherever a hull of roads happens to run
_AT_BOUNDS_M = 5.0  # a node this near to the declared bounds is on them: bounds are rounded
_FILLED = (
    0.75  # roads that fill less of the declared bounds have another shape: Liechtenstein's fill a quarter of its box
)
_AT_BORDER_M = 50.0  # bridges end at a border in the river, which is drawn no better than this
_LEAST_CUT = 5  # roads that just end by the outline: fewer may be quays and valleys' ends, whatever the bounds say
_BEARING_SPAN_M = 50.0  # bearings are taken over this length
_THROUGH = rank_of("tertiary")  # from this class up, a road that just ends has been cut off
_LEAST_FILLED = 0.01  # bounds whose roads fill less of them, such as the whole world, say nothing
_MOST_OUTSIDE = 0.02  # more of the ways lie wholly outside of the bounds: these aren't where its roads end
_POCKET_M = 1_500.0  # of minor roads behind a map end: a few streets, not a part of the town
_MOST_NODES = 500  # on a carriageway between two junctions
_SIDES = {"north": (1, 1), "east": (0, 1), "south": (1, -1), "west": (0, -1)}


@dataclass(frozen=True)
class MapEdge:
    """Where a map ends.

    Parameters
    ----------
    outline
        What it covers (m).
    declared
        Whether the file says so.
    """

    outline: shapely.Geometry
    declared: bool

    def beyond_m(self, area: shapely.Geometry) -> dict[str, float]:
        """Return how far the map reaches beyond an area (m) on each side; negative where it ends inside."""
        reach, box = np.array(self.outline.bounds).reshape(2, 2), np.array(area.bounds).reshape(2, 2)
        return {side: float(sign * (reach - box)[int(sign > 0), axis]) for side, (axis, sign) in _SIDES.items()}


def edge_of(roads: RoadWeb) -> MapEdge:
    """Return where the map of some roads ends."""
    points = line_through(roads.xy[roads.on_road])
    if roads.web.boxes:
        declared = roads.plane.shape(joined(roads.web.boxes))
        if _holds_the_roads(roads, declared) and points.envelope.area > _LEAST_FILLED * declared.area:
            return MapEdge(declared, declared=True)
    return MapEdge(_outline_of(points), declared=False)


def _holds_the_roads(roads: RoadWeb, declared: shapely.Geometry) -> bool:
    """Return whether roads end where the bounds are: ways are whole, but none lies wholly outside."""
    within = _within(roads, declared)
    touched = np.zeros(len(roads.ways), dtype=bool)
    np.logical_or.at(touched, roads.way, within[roads.start] | within[roads.end])
    apart = [
        number
        for number in np.flatnonzero(~touched)
        if not declared.intersects(shapely.LineString(roads.xy[roads.ways[number].nodes]))
    ]
    return len(apart) <= _MOST_OUTSIDE * len(roads.ways)


def _within(roads: RoadWeb, shape: shapely.Geometry) -> Mask:
    shapely.prepare(shape)
    found: Mask = shapely.intersects_xy(shape, roads.xy[:, 0], roads.xy[:, 1])
    return found


@dataclass(frozen=True)
class CutOff:
    """Nodes at which the map cuts roads that go on.

    Parameters
    ----------
    certain
        The file says so.
    presumed
        A through road just ends near the map's edge.
    """

    certain: Mask
    presumed: Mask


def cut_off(roads: RoadWeb, edge: MapEdge) -> CutOff:
    """Return where the map cuts roads off."""
    certain = roads.web.nodes["off_file"].to_numpy(dtype=bool) & roads.on_road
    ends = road_ends(roads, np.ones(len(roads.start), dtype=bool))
    at_bounds = np.zeros(roads.count, dtype=bool)
    if edge.declared:
        near = _distance_m(roads, edge.outline) <= _AT_BOUNDS_M
        certain = certain | (roads.on_road & ~_within(roads, edge.outline) & ~near)
        at_bounds[ends] = near[ends] & ~certain[ends]
    return CutOff(certain | at_bounds, _presumed(roads, edge, ends, certain, at_bounds))


def _presumed(roads: RoadWeb, edge: MapEdge, ends: NDArray[np.int64], certain: Mask, at_bounds: Mask) -> Mask:
    """Return where through roads just end near the map's edge, and nothing says why.

    A file that shows where it cuts some roads does so for all: nothing is presumed there. Ends that lie on the bounds
    (`at_bounds`) show it if they are most; where ways have lost their nodes outside, some lie there by chance.
    """
    plain = ~(_said_to_end(roads) | certain | at_bounds)
    points = line_through(roads.xy[roads.on_road])
    gaps = (roads.web.nodes["off_file"] & ~roads.web.nodes["cut_short"]).to_numpy(dtype=bool)
    shown = bool((certain & ~gaps).any())
    if not edge.declared:
        if shown:
            return np.zeros(roads.count, dtype=bool)
        near = _ending_near(roads, ends, plain, [edge.outline, points.convex_hull])
        return _off_islands(roads, near | _at_border(roads, ends, plain, edge.outline), certain)
    found = np.zeros(roads.count, dtype=bool)
    if not shown:
        short = _ending_near(roads, ends, plain, [edge.outline])
        found = short if short.sum() >= at_bounds.sum() else found
    outline = _outline_of(points)
    if outline.intersection(edge.outline).area > _FILLED * edge.outline.area:
        return found
    # An extract in the shape of a country declares the box around it. It is told by secondary and higher roads that
    # just end at the outline of the roads, which they seldom do in truth, many more than pass the box.
    high = np.array(
        [node for node in ends if roads.rank[roads.way[roads.end == node]].min() < _THROUGH], dtype=np.int64
    )
    at_outline = _ending_near(roads, high, plain, [outline])
    is_frame = at_outline.sum() >= _LEAST_CUT and at_outline.sum() > 2 * (certain | at_bounds | found)[high].sum()
    if not is_frame:
        return found
    at_border = _at_border(roads, high, plain, outline)
    return found | (at_border if at_border.any() else at_outline)


def _at_border(roads: RoadWeb, ends: NDArray[np.int64], plain: Mask, outline: shapely.Geometry) -> Mask:
    """Return the ends of through roads near the map's edge that have crossed a border, or cross one straight on."""
    found = np.zeros(roads.count, dtype=bool)
    borders = roads.plane.shape(roads.web.borders)
    if borders.is_empty:
        return found
    shapely.prepare(borders)
    near = _distance_m(roads, outline) <= NEAR_M
    for node in [node for node in ends if plain[node] and near[node]]:
        arrivals = roads.way[roads.end == node]
        way = roads.ways[arrivals[np.argmin(roads.rank[arrivals])]]
        ahead = [roads.xy[node], roads.xy[node] + NEAR_M * _heading(roads, node)]
        course = shapely.MultiLineString([roads.xy[way.nodes], ahead])
        through = roads.rank[arrivals].min() <= _THROUGH
        found[node] = through and bool(shapely.dwithin(borders, course, _AT_BORDER_M))
    return found


def _off_islands(roads: RoadWeb, presumed: Mask, certain: Mask) -> Mask:
    """Return the presumed cuts without those on islands: roads that a ferry leaves from and that few roads lead out of.

    The hull of the roads of an island is its shore, where roads end in truth.
    """
    piece = roads.pieces(np.ones(len(roads.start), dtype=bool), strong=False)
    cuts = np.bincount(piece[presumed | certain], minlength=piece.max() + 1)
    island = np.zeros(len(cuts), dtype=bool)
    for ferry in roads.ferries:
        landed = np.unique(piece[ferry.nodes[roads.on_road[ferry.nodes]]])
        if len(landed) != 1 or not roads.on_road[ferry.nodes[[0, -1]]].all():
            island[landed] = True
    return presumed & ~(island & (cuts < _LEAST_CUT))[piece]


def _ending_near(roads: RoadWeb, ends: NDArray[np.int64], plain: Mask, shapes: Sequence[shapely.Geometry]) -> Mask:
    """Return the ends of roads that are near the edge of some shape and head off it."""
    near = [_distance_m(roads, shape) for shape in shapes]
    found = np.zeros(roads.count, dtype=bool)
    for node in [node for node in ends if plain[node]]:
        rank = roads.rank[roads.way[roads.end == node]].min()
        if rank > _LEAST_MINOR:
            continue
        within_m = NEAR_M if rank <= _THROUGH else _MINOR_NEAR_M
        found[node] = any(
            away[node] <= within_m and _heads_off(roads, node, shape) for shape, away in zip(shapes, near, strict=True)
        )
    for node in pocket_ends(roads, np.min(near, axis=0) <= NEAR_M):
        found[node] |= plain[node] and any(_heads_off(roads, node, shape) for shape in shapes)
    return found


def _outline_of(points: shapely.Geometry) -> shapely.Geometry:
    outline = shapely.concave_hull(points, ratio=_HULL_RATIO)
    return outline if outline.area > 0 else points.envelope.buffer(1.0)


def road_ends(roads: RoadWeb, arcs: Mask) -> NDArray[np.int64]:
    """Return the nodes that some arcs lead to and from which they lead nowhere but back."""
    came = np.full(roads.count, -1, dtype=np.int64)
    came[roads.end[arcs]] = roads.start[arcs]
    onward = np.zeros(roads.count, dtype=bool)
    start, end = roads.start[arcs], roads.end[arcs]
    onward[start[end != came[start]]] = True
    several = np.zeros(roads.count, dtype=bool)  # arrivals from more than one side
    several[end[start != came[end]]] = True
    ends = np.flatnonzero((came >= 0) & ~onward & ~(several & _goes_back(roads, arcs)))
    return np.concatenate([ends, _joined_carriageways(roads, arcs)])


def _joined_carriageways(roads: RoadWeb, arcs: Mask) -> NDArray[np.int64]:
    """Return the nodes at which two carriageways of a road end in one another: on from there it has but one."""
    used = np.flatnonzero(arcs)
    goes_in = np.bincount(roads.end[used], minlength=roads.count)
    goes_out = np.bincount(roads.start[used], minlength=roads.count)
    passing = (goes_in == 1) & (goes_out == 1)
    into, out_of = np.full((2, roads.count), -1, dtype=np.int64)
    into[roads.end[used]] = out_of[roads.start[used]] = used
    found = []
    for node in np.flatnonzero(passing):
        one, other = roads.way[into[node]], roads.way[out_of[node]]
        if one == other or roads.rank[one] > _THROUGH or roads.ways[one].label != roads.ways[other].label:
            continue
        first, last = int(roads.start[into[node]]), int(roads.end[out_of[node]])
        for _ in range(_MOST_NODES):
            if not passing[first]:
                break
            first = int(roads.start[into[first]])
        for _ in range(_MOST_NODES):
            if not passing[last]:
                break
            last = int(roads.end[out_of[last]])
        if first == last != node and not passing[first]:
            found.append(node)
    return np.array(found, dtype=np.int64)


def _goes_back(roads: RoadWeb, arcs: Mask) -> Mask:
    found = np.zeros(roads.count, dtype=bool)
    found[roads.start[arcs]] = True
    return found


def _distance_m(roads: RoadWeb, shape: shapely.Geometry) -> NDArray[np.float64]:
    found: NDArray[np.float64] = shapely.distance(shapely.boundary(shape), roads.spots)
    return found


def _said_to_end(roads: RoadWeb) -> Mask:
    """Return the nodes that say that the road ends, or where something goes on that isn't for cars."""
    found = np.array([sign is not None for sign in roads.sign], dtype=bool)
    for way in roads.closed:
        found[way.nodes] = True
    return found


def _heads_off(roads: RoadWeb, node: int, shape: shapely.Geometry) -> bool:
    """Return whether straight on from a road's end is soon off the map."""
    ahead = roads.xy[node] + NEAR_M * _heading(roads, node)
    return not shapely.intersects_xy(shape, *ahead)


def _heading(roads: RoadWeb, node: int) -> NDArray[np.float64]:
    """Return the direction of travel (a unit vector) in which the highest road arrives at a node."""
    arrivals = np.flatnonzero(roads.end == node)
    arc = arrivals[np.argmin(roads.rank[roads.way[arrivals]])]
    line = roads.xy[roads.ways[roads.way[arc]].nodes]
    along = shapely.LineString(line)
    at = along.project(shapely.Point(roads.xy[node]))
    towards = roads.xy[roads.start[arc]] - roads.xy[node]
    steps = [at - _BEARING_SPAN_M, at + _BEARING_SPAN_M]
    before = [np.array(along.interpolate(min(max(step, 0.0), along.length)).coords[0]) for step in steps]
    back = max(before, key=lambda place: float((place - roads.xy[node]) @ towards))
    vector = roads.xy[node] - back
    length = float(np.hypot(*vector))
    heading: NDArray[np.float64] = vector / length if length else -towards / max(float(np.hypot(*towards)), 1e-9)
    return heading


def pocket_ends(roads: RoadWeb, near: Mask) -> list[int]:
    """Return where roads above tertiary end, with nothing beyond but a few minor streets.

    Outside of the area these lead nowhere else but back; where the map ends inside of it, that is an end all the same.
    """
    high = roads.rank[roads.way] < _THROUGH
    found = []
    for node in road_ends(roads, high):
        legs = (roads.start == node) | (roads.end == node)
        if not near[node] or (roads.rank[roads.way[legs]] == _THROUGH).any():
            continue
        back = roads.start[(roads.end == node) & high]
        others = ~((roads.start == node) & np.isin(roads.end, back))
        seeds = np.zeros(roads.count, dtype=bool)
        seeds[node] = True
        kept = others & (roads.end != node)
        reached = roads.ahead(seeds, kept)
        behind = kept & reached[roads.start] & reached[roads.end]
        comes_back = not roads.inside[node] and roads.inside[reached].any()
        if reached.sum() > 1 and not comes_back and roads.road_m(behind) <= _POCKET_M:
            found.append(int(node))
    return found
