"""Exits and bottlenecks that were found, named as a person would name them in a scenario.

Each is written in the way that reads best (a street and a direction, an OpenStreetMap way, a point) among those that
mean the same lanes on the net: every one is looked up before it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sumolib.net.edge import Edge

from evac import clock
from evac.audit.lanes import SATURATION_VEH_PER_H
from evac.audit.traffic import VCLASS, Traffic, middle
from evac.errors import PlaceError
from evac.network.exits import Ground, ResolvedExit, named_exit
from evac.network.exits.graph import rank_of
from evac.network.exits.on_net import lines_of, unique
from evac.network.exits.record import ExitEnd
from evac.network.places import (
    StreetIndex,
    bearing_at_deg,
    centre_line,
    compass_point,
    end_bearing_deg,
    heading,
    map_url,
    way_ids,
)
from evac.schema.places import Exit, Place

_MOST_BOTTLENECKS = 5
"""How many bottlenecks a new scenario names: a person should look at each."""

_LEAST_HOURS = 0.25
"""Lanes that pass their traffic in less aren't named: with the default departures they have no queue. Our choice."""

_LEAST_OTHER = "tertiary"  # lesser roads than this are named in no scenario
_SAME_SHARE = 0.7  # two places with this much of their traffic in common are one bottleneck
_ALONG = (0.5, 0.9, 0.75, 0.25, 0.1, 0.99)  # shares of an edge at which a point may name it
_DECIMALS = 6  # of a degree: 0.1 m
_Keys = dict[str, Any]


@dataclass(frozen=True)
class Named:
    """A place as the scenario writes it.

    Parameters
    ----------
    keys
        `name` and what says where.
    about
        What a person should know, for a comment.
    """

    keys: Mapping[str, Any]
    about: str


def name_exits(ground: Ground, exits: Iterable[ResolvedExit]) -> list[Named]:
    """Return found exits as a scenario names them, each with its lanes and a map link.

    Where no words mean all edges of an exit, such as a motorway's and its ramp's side by side, each edge is one.
    """
    named = []
    for item in exits:
        whole = _name_exit(ground, item)
        edges = [ground.index.net.getEdge(edge) for edge in item.edges]
        if whole is None and len(edges) > 1:
            names = unique([item.name] * len(edges))
            named += name_exits(
                ground, [ground.resolved(*pair) for pair in zip(names, ([edge] for edge in edges), strict=True)]
            )
        else:
            named.append(whole or Named({"name": item.name, **next(_by_point(edges[0], ground.index))}, ""))
    return named


def other_exits(ground: Ground, chosen: Iterable[ResolvedExit], lesser: Iterable[ExitEnd]) -> list[Named]:
    """Return the lesser roads that lead on too, from tertiary up, for a person to choose from."""
    taken = {edge for item in chosen for edge in item.edges}
    wanted = [end for end in lesser if rank_of(end.highway) <= rank_of(_LEAST_OTHER)]
    names = unique([end.label for end in wanted])
    places = [(name, edge) for name, (_, edge) in zip(names, lines_of(ground, wanted), strict=True)]
    return name_exits(
        ground, [ground.resolved(name, [edge]) for name, edge in places if edge and edge.getID() not in taken]
    )


def _name_exit(ground: Ground, item: ResolvedExit) -> Named | None:
    edges = [ground.index.net.getEdge(edge) for edge in item.edges]
    about = lanes_and_link(item)
    for keys in _ways_to_say_it(edges[0], ground.index):
        wanted = Exit.model_validate({"name": item.name, **keys})
        try:
            found = named_exit(ground, wanted, "exits")
        except PlaceError:
            continue
        if {edge.getID() for edge in found} == set(item.edges):
            return Named({"name": item.name, **keys}, about)
    return None


def lanes_and_link(item: ResolvedExit) -> str:
    """Return what a person should know of an exit: its lanes, and where it is."""
    return f"{item.lanes} lane{'s' if item.lanes > 1 else ''}, {map_url(item.lon, item.lat, zoom=17)}"


def _ways_to_say_it(edge: Edge, index: StreetIndex) -> Iterator[_Keys]:
    towards = compass_point(end_bearing_deg(edge))
    yield from ({"street": name, "towards": towards} for name in index.names(edge))
    yield from ({"way": way, "towards": towards} for way in way_ids(edge)[:1])
    yield from _by_point(edge, index)


def _by_point(edge: Edge, index: StreetIndex) -> Iterator[_Keys]:
    """Give points along an edge, the middle first, each with the direction of travel there: roads wind."""
    line = centre_line(edge)
    for share in _ALONG:
        spot = line.interpolate(share, normalized=True)
        lon, lat = index.net.convertXY2LonLat(spot.x, spot.y)
        point = {"lat": round(float(lat), _DECIMALS), "lon": round(float(lon), _DECIMALS)}
        yield {"point": point, "towards": compass_point(bearing_at_deg(edge, spot))}


def name_bottlenecks(traffic: Traffic, index: StreetIndex) -> list[Named]:
    """Return the lanes that need longest to pass everybody's quickest way out, one place a street and a stream.

    Parameters
    ----------
    traffic
        Everybody on the quickest way out, one vehicle a household.
    index
        The net's streets.
    """
    hours = {edge.getID(): _hours(traffic, edge) for edge in traffic.used(0.0)}
    cost_s, position = traffic.out.cost_s, traffic.out.graph.index
    chosen: list[Edge] = []
    for name in sorted(hours, key=lambda edge: (-round(hours[edge], 3), cost_s[position[edge]])):
        edge = traffic.net.getEdge(name)  # of equal ones the farthest downstream comes first: there the queue begins
        if len(chosen) < _MOST_BOTTLENECKS and hours[name] >= _LEAST_HOURS and not _told(traffic, edge, chosen):
            chosen.append(edge)
    return [named for edge in chosen for named in [_name_bottleneck(edge, index, hours[edge.getID()])] if named]


def _told(traffic: Traffic, edge: Edge, chosen: Iterable[Edge]) -> bool:
    """Return whether a street, or most of the traffic of a place, has its bottleneck already."""
    for other in chosen:
        upstream, downstream = (edge, other) if _passes(traffic, edge, other) else (other, edge)
        joined = _passes(traffic, upstream, downstream)
        same = joined and traffic.passing[upstream.getID()] >= _SAME_SHARE * traffic.passing[downstream.getID()]
        if same or traffic.name(edge) == traffic.name(other):
            return True
    return False


def _passes(traffic: Traffic, edge: Edge, other: Edge) -> bool:
    """Return whether the quickest way out from an edge leads over the other."""
    here: Edge | None = edge
    while here is not None and here is not other:
        here = traffic.next_edge(here)
    return here is other


def _hours(traffic: Traffic, edge: Edge) -> float:
    lanes = sum(lane.allows(VCLASS) for lane in edge.getLanes())
    return float(traffic.passing[edge.getID()]) / (int(lanes) * SATURATION_VEH_PER_H)


def _name_bottleneck(edge: Edge, index: StreetIndex, hours: float) -> Named | None:
    name = f"{index.label(edge)} {heading(end_bearing_deg(edge))}"
    lon, lat = index.net.convertXY2LonLat(*middle(edge))
    about = (
        f"{clock.clock(hours * clock.HOUR_S)} for one vehicle a household at {SATURATION_VEH_PER_H:,.0f} an hour and "
    )
    about += "lane, "
    about += map_url(lon, lat, zoom=17)
    for keys in _ways_to_say_where(edge, index):
        try:
            found = index.find(Place.model_validate(keys), "bottlenecks")
        except PlaceError:
            continue
        if [item.getID() for item in found] == [edge.getID()]:
            return Named({"name": name, **keys}, about)
    return None


def _ways_to_say_where(edge: Edge, index: StreetIndex) -> Iterator[_Keys]:
    towards = compass_point(end_bearing_deg(edge))
    for street in index.names(edge)[:1]:
        yield from ({"street": street, "crossing": met, "towards": towards} for met in index.met_at(edge))
    yield from _by_point(edge, index)
