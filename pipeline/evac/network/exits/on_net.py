"""Found exits on a net: the edges that end where a way out was found to go on."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import numpy as np
import shapely
from sumolib.net.edge import Edge

from evac.errors import PlaceError, Problem
from evac.network.exits.graph import rank_of
from evac.network.exits.named import Ground
from evac.network.exits.record import NONE, SAME_PLACE_M, ExitEnd, RoadOut, WaysOutRecord
from evac.network.exits.resolved import ResolvedExit
from evac.network.places import end_bearing_deg, heading, same_spot, way_ids
from evac.schema.places import FoundExits

_SERVES_SHARE = 0.05
"""An exit that fewer of the area's edges can reach stands apart from its road net, unless it is the only way out of
some street. Our choice."""

_TERTIARY = rank_of("tertiary")  # nobody lives on a motorway that passes through; on lesser classes of road people do
_LISTED = 8


def found_exits(
    ground: Ground, settings: FoundExits, record: WaysOutRecord, where: str, *, none_is_wrong: bool = True
) -> tuple[ResolvedExit, ...]:
    """Return the exits of a decision on the net, by name.

    Raises
    ------
    PlaceError
        There is none, and that is wrong.
    """
    not_by = {edge.getID() for street in settings.not_by for edge in ground.index.on_street(street, f"{where}.not_by")}
    ends, _ = _serving(ground, _spots(ground, record.ends, not_by))
    if not ends and none_is_wrong:
        raise PlaceError(Problem(where, _why_there_is_none(settings, record), _REMEDY))
    names = _unique_names(ground, ends)
    found = [ground.resolved(name, [edge for edge, _ in spot]) for name, spot in zip(names, ends, strict=True)]
    return tuple(sorted(found, key=lambda item: item.name))


def exits_left_out(ground: Ground, record: WaysOutRecord, used: Container[str]) -> list[ResolvedExit]:
    """Return the ways out that a scenario doesn't use: by another exit's name, a street or a class that it asks for.

    Parameters
    ----------
    ground
        The net.
    record
        What was decided.
    used
        The edges of the scenario's exits.
    """
    unused, _ = _serving(ground, _spots(ground, (*record.ends, *record.left_out), used))
    return [ground.resolved(_main(spot)[1].label, [edge for edge, _ in spot]) for spot in unused]


def apart_from_the_streets(ground: Ground, record: WaysOutRecord) -> WaysOutRecord:
    """Return a decision in which ways out that the area's streets don't lead to are none, with the reason.

    So it is where the net lacks a road between them, or with a motorway that has no ramp there.
    """
    _, apart = _serving(ground, _spots(ground, record.ends, ()))
    gone = [(end, len(_served(ground, spot))) for spot in apart for _, end in spot]
    roads = [_no_way_to(end, count, len(ground.inside)) for end, count in gone]
    ends = {end for end, _ in gone}
    kept = tuple(end for end in record.ends if end not in ends)
    return replace(record, ends=kept, roads=(*record.roads, *roads))


def _no_way_to(end: ExitEnd, count: int, of: int) -> RoadOut:
    only = f"only {count:,} of the area's {of:,} pieces of road lead" if count else "no street of the area leads"
    reason = f"{only} there over the simulated roads"
    return RoadOut(end.label, end.highway, end.osm_way, end.lon, end.lat, NONE, reason)


_REMEDY = (
    "name the exits by street, way or point ('exits', or evac new --exits); a ferry is one with 'veh_per_h', its "
    "vehicles an hour"
)
_Spot = list[tuple[Edge, ExitEnd]]


def lines_of(ground: Ground, ends: Sequence[ExitEnd]) -> list[tuple[ExitEnd, Edge | None]]:
    """Return the edge that ends at each exit line; None where the net has none."""
    by_way: dict[int, list[Edge]] = {}
    for edge in ground.index.edges:
        for way in way_ids(edge):
            by_way.setdefault(way, []).append(edge)
    return [(end, _edge_at(ground, end, by_way.get(end.way, ground.index.edges))) for end in ends]


def _edge_at(ground: Ground, end: ExitEnd, edges: Sequence[Edge]) -> Edge | None:
    spot = shapely.Point(*ground.index.net.convertLonLat2XY(end.lon, end.lat))
    away = [spot.distance(shapely.Point(edge.getShape()[-1])) for edge in edges]
    if not away or min(away) > SAME_PLACE_M:
        if edges is not ground.index.edges:
            return _edge_at(ground, end, ground.index.edges)
        return None
    return edges[int(np.argmin(away))]


def _spots(ground: Ground, ends: Sequence[ExitEnd], not_by: Container[str]) -> list[_Spot]:
    """Group exit lines that lie side by side, such as a motorway's and its ramp's: one exit each."""
    spots: list[_Spot] = []
    for end, edge in lines_of(ground, ends):
        if edge is None or edge.getID() in not_by:
            continue
        beside = next((spot for spot in spots if same_spot([*(other for other, _ in spot), edge])), None)
        if beside is None:
            spots.append([(edge, end)])
        elif all(other.getID() != edge.getID() for other, _ in beside):
            beside.append((edge, end))
    return spots


def _serving(ground: Ground, spots: Sequence[_Spot]) -> tuple[list[_Spot], list[_Spot]]:
    """Return the exits that the area's streets lead to, and those that stand apart."""
    served = [_served(ground, spot) for spot in spots]
    many = [len(edges) >= _SERVES_SHARE * len(ground.inside) for edges in served]
    elsewhere = {edge for edges, enough in zip(served, many, strict=True) if enough for edge in edges}
    serves = [
        enough or any(ground.rank(ground.index.net.getEdge(edge)) > _TERTIARY for edge in edges - elsewhere)
        for edges, enough in zip(served, many, strict=True)
    ]
    there = [spot for spot, wanted in zip(spots, serves, strict=True) if wanted]
    return there, [spot for spot, wanted in zip(spots, serves, strict=True) if not wanted]


def _served(ground: Ground, spot: _Spot) -> frozenset[str]:
    """Return the area's edges from which an exit is reached."""
    return ground.leading_to(edge.getID() for edge, _ in spot)


def _why_there_is_none(settings: FoundExits, record: WaysOutRecord) -> str:
    least = f"of class {settings.at_least} or above " if settings.at_least else ""
    told = list(dict.fromkeys(f"{item.label}: {item.reason}" for item in record.none))
    listed = "; ".join(told[:_LISTED]) if told else "no road leaves the area"
    return f"no road {least}leads out of the area and on ({listed})"


def _unique_names(ground: Ground, spots: Sequence[_Spot]) -> list[str]:
    """Name each exit by its road; add direction, last cross street, and a number, as far as it takes to be alone."""
    main = [_main(spot) for spot in spots]
    names = [end.label for _, end in main]
    headed = [f"{name} {heading(end_bearing_deg(edge))}" for name, (edge, _) in zip(names, main, strict=True)]
    names = [long if names.count(name) > 1 else name for name, long in zip(names, headed, strict=True)]
    met = [
        ground.index.last_met(edge) if names.count(name) > 1 else []
        for name, (edge, _) in zip(names, main, strict=True)
    ]
    return unique([f"{name} after {streets[0]}" if streets else name for name, streets in zip(names, met, strict=True)])


def _main(spot: _Spot) -> tuple[Edge, ExitEnd]:
    """Return the road that gives an exit its name: the highest of those that end there, no ramp beside a road."""
    return min(spot, key=lambda item: (item[1].highway.endswith("_link"), rank_of(item[1].highway), item[1].label))


def unique(names: Sequence[str]) -> list[str]:
    """Return names with a number behind those that come more than once."""
    return [
        f"{name} {names[: place + 1].count(name)}" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]
