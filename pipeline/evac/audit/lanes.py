"""Audit of lanes and junctions: what may hold traffic up in the simulation though not on the road, and what will."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations

import shapely
from sumolib.net.edge import Edge
from sumolib.net.lane import Lane
from sumolib.net.node import Node

from evac import clock
from evac.audit.findings import Finding
from evac.audit.guesses import Warning_, junction_name
from evac.audit.traffic import VCLASS, Traffic, middle
from evac.network.places import angle_between_deg, centre_line, end_bearing_deg, start_bearing_deg
from evac.prose import begun
from evac.unnamed import beginning, in_prose

_USED_SHARE = 0.01
_MAIN_WAY_SHARE = 0.05
_STRAIGHT_ON_DEG = 45.0
_SHORT_M = 10.0  # fewer than two queued cars of 7.5 m
_CROSSING_LEGS = 3
_ORDINARY_CROSSING = 4
_PARALLEL_M = 12.0
_PARALLEL_DEG = 20.0
_PARALLEL_LEAST_M = 50.0

SATURATION_VEH_PER_H = 1900.0
"""Base saturation flow of a lane (Highway Capacity Manual 2010, chapter 18): few evacuations get as much."""


def _lanes(edge: Edge) -> list[Lane]:
    return [lane for lane in edge.getLanes() if lane.allows(VCLASS)]


def lane_drops(traffic: Traffic) -> Iterator[Finding]:
    """Report where a main way out goes on with fewer lanes."""
    for edge in traffic.used(_MAIN_WAY_SHARE):
        after = traffic.next_edge(edge)
        if after is None or not _drops_lanes(edge, after):
            continue
        share = traffic.share(edge.getID())
        here, there = traffic.said(edge), traffic.said(after)
        goes_on = f"{here} goes on" if here == there else f"{here} goes on as {there}"
        text = f"{goes_on} with {_counted(len(_lanes(after)))} after {len(_lanes(edge))} on the map"
        yield traffic.finding("lane_drop", begun(text), edge.getShape()[-1], share, traffic.ways(after))


def _drops_lanes(edge: Edge, after: Edge) -> bool:
    straight_on = angle_between_deg(end_bearing_deg(edge), start_bearing_deg(after)) <= _STRAIGHT_ON_DEG
    return straight_on and len(_lanes(after)) < len(_lanes(edge))


def merges(traffic: Traffic) -> Iterator[Finding]:
    """Report where main ways out, or a ramp and its motorway, share a lane from one junction on."""
    feeders: dict[str, list[Edge]] = defaultdict(list)
    for edge in traffic.used(_USED_SHARE):
        after = traffic.next_edge(edge)
        if after is not None:
            feeders[after.getID()].append(edge)
    for onto, edges in sorted(feeders.items()):
        after = traffic.net.getEdge(onto)
        if len(edges) > 1 and _share_a_lane(edges, after):
            yield from _merge(traffic, edges, after)


def _merge(traffic: Traffic, edges: Sequence[Edge], after: Edge) -> Iterator[Finding]:
    names = list(dict.fromkeys(traffic.said(edge) for edge in edges[:3]))
    joining = begun(" and ".join(names)) if len(names) > 1 else _of_one_name(len(edges), traffic.name(edges[0]))
    least = traffic.share(edges[1].getID())  # the most used come first
    share = sum(traffic.share(edge.getID()) for edge in edges)
    if any("_link" in edge.getType() for edge in edges) and _fast(after):
        text = f"A ramp joins {traffic.said(after)} without a lane of its own to speed up on"
        yield traffic.finding("ramp_without_own_lane", text, after.getShape()[0], share)
    elif least >= _MAIN_WAY_SHARE:
        text = f"{joining} share {_counted(len(_lanes(after)))} of {traffic.said(after)} from here on"
        shares = " and ".join(f"{traffic.share(edge.getID()):.0%}" for edge in edges[:3])
        passing = f"{shares} of the traffic"
        yield traffic.finding("merge", text, after.getShape()[0], share, passing=passing)


def _of_one_name(number: int, name: str) -> str:
    return f"{number} {name}s" if in_prose(name) != name else f"{number} roads called {name}"


def _fast(edge: Edge) -> bool:
    return any(name in edge.getType() for name in ("motorway", "trunk"))


def _share_a_lane(edges: Sequence[Edge], after: Edge) -> bool:
    fed = [
        {link.getToLane().getID() for lane in _lanes(edge) for link in lane.getOutgoing() if link.getTo() is after}
        for edge in edges
    ]
    return any(one & other for one, other in combinations(fed, 2))


def joined_junctions(traffic: Traffic, warnings: Iterable[Warning_]) -> Iterator[Finding]:
    """Report the large junctions on the main ways out that netconvert made from several of the map's.

    Four of the map's make one ordinary crossing of two divided roads; more may be two crossings.
    """
    joined = {item["ids"][0]: len(item["ids"]) - 1 for item in warnings if item["kind"] == "junctions_joined"}
    for node in traffic.junctions(_MAIN_WAY_SHARE):
        count = joined.get(node.getID(), 0)
        if count > _ORDINARY_CROSSING:
            share = traffic.share_at(node)
            text = (
                f"{count} junctions of the map were joined into one at {in_prose(junction_name(traffic, node))}: "
                "its lanes and movements may be others in reality"
            )
            yield traffic.finding("junctions_joined", text, node.getCoord(), share)


def short_edges_at_signals(traffic: Traffic) -> Iterator[Finding]:
    """Report pieces of road between a signal and another junction that hold fewer than two cars."""
    for edge in traffic.used(_USED_SHARE):
        ends = (edge.getFromNode(), edge.getToNode())
        signal = any(node.getType().startswith("traffic_light") for node in ends)
        if edge.getLength() < _SHORT_M and signal and all(_is_crossing(node) for node in ends):
            share = traffic.share(edge.getID())
            road = f"{beginning(traffic.name(edge))} is {edge.getLength():.0f} m long"
            text = f"{road} between two junctions, one with a signal: they may be one in reality"
            yield traffic.finding("short_edge_at_signal", text, middle(edge), share)


def _is_crossing(node: Node) -> bool:
    neighbours = {edge.getFromNode().getID() for edge in node.getIncoming()}
    neighbours |= {edge.getToNode().getID() for edge in node.getOutgoing()}
    return len(neighbours) >= _CROSSING_LEGS


def unconnected_lanes(traffic: Traffic, exit_edges: Collection[str]) -> Iterator[Finding]:
    """Report lanes on the ways out that end in nothing, or that no traffic gets onto."""
    for edge in traffic.used(_USED_SHARE):
        ends = [lane for lane in _lanes(edge) if not lane.getOutgoing()]
        begins = [lane for lane in _lanes(edge) if edge.getIncoming() and not lane.getIncoming()]
        after = traffic.next_edge(edge)
        if ends and edge.getID() not in exit_edges and not (after and _drops_lanes(edge, after)):
            yield _lane_finding(traffic, edge, len(ends), "end at a junction without a way on", edge.getShape()[-1])
        if begins:
            yield _lane_finding(traffic, edge, len(begins), "are not fed by any street", edge.getShape()[0])


def _lane_finding(traffic: Traffic, edge: Edge, lanes: int, what: str, at: tuple[float, float]) -> Finding:
    share = traffic.share(edge.getID())
    text = f"{lanes} of {_counted(len(_lanes(edge)))} of {traffic.said(edge)} {what}"
    return traffic.finding("lane_not_connected", text, at, share, traffic.ways(edge))


def parallel_ramps(traffic: Traffic) -> Iterator[Finding]:
    """Report ramps that run beside their road without a lane change: drivers can't cross over in the simulation.

    Source: https://github.com/eclipse-sumo/sumo/issues/986
    """
    used = traffic.used(_USED_SHARE)
    lines = [centre_line(edge) for edge in used]
    tree = shapely.STRtree(lines)
    for number, edge in enumerate(used):
        if "_link" not in edge.getType():
            continue
        for other in tree.query(lines[number].buffer(_PARALLEL_M)):
            if _beside(edge, used[other], lines[number], lines[other]):
                share = traffic.share(edge.getID()) + traffic.share(used[other].getID())
                text = (
                    f"A ramp runs beside {traffic.said(used[other])} without a change of lanes between them: "
                    "they may be one carriageway"
                )
                yield traffic.finding("parallel_ramp", text, middle(edge), share)
                break


def _beside(ramp: Edge, road: Edge, ramp_line: shapely.LineString, road_line: shapely.LineString) -> bool:
    if ramp is road or angle_between_deg(end_bearing_deg(ramp), end_bearing_deg(road)) > _PARALLEL_DEG:
        return False
    beside = ramp_line.intersection(road_line.buffer(_PARALLEL_M))
    return bool(beside.length >= _PARALLEL_LEAST_M)


def too_much_for_the_lanes(traffic: Traffic) -> Iterator[Finding]:
    """Report, for each street, where its lanes need longest to pass the traffic: more than an hour at best."""
    if not traffic.counted:
        return
    worst: dict[str, tuple[float, Edge]] = {}
    for edge in traffic.used(_USED_SHARE):
        hours = traffic.passing[edge.getID()] / (len(_lanes(edge)) * SATURATION_VEH_PER_H)
        if hours > worst.get(traffic.name(edge), (1.0, edge))[0]:
            worst[traffic.name(edge)] = (hours, edge)
    for name, (hours, edge) in sorted(worst.items()):
        vehicles = traffic.passing[edge.getID()]
        text = (
            f"{vehicles:,.0f} vehicles have {_counted(len(_lanes(edge)))} on {in_prose(name)}: at least "
            f"{clock.clock(hours * clock.HOUR_S)} at {SATURATION_VEH_PER_H:,.0f} vehicles an hour and lane, if all "
            "take their quickest way"
        )
        share = traffic.share(edge.getID())
        yield traffic.finding("much_traffic_for_the_lanes", text, middle(edge), share, traffic.ways(edge), passing="")


def _counted(lanes: int) -> str:
    return f"{lanes} lane" + ("" if lanes == 1 else "s")
