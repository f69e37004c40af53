"""What lies behind the exits that a scenario names, as far as the map shows.

A way on, what ends the road, or a road that several of them share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.errors import PlaceError, Problem
from evac.network.exits.decide import Decision
from evac.network.exits.graph import Mask
from evac.network.exits.lead import LEAST_NETWORK_M
from evac.network.exits.map_edge import NEAR_M
from evac.network.exits.record import NONE, SAME_PLACE_M, RoadOut, SharedRoad, WaysOutRecord
from evac.network.exits.resolved import ResolvedExit
from evac.network.exits.sharing import Line, near_to, shared_behind, shared_road
from evac.network.exits.why_none import AT_FERRIES, stopped_at
from evac.network.places import way_ids
from evac.projection import line_through

_SAME_NODE_M = 0.1  # both directions of a road arrive at one node


@dataclass(frozen=True)
class BehindExits:
    """What lies behind some exits.

    Parameters
    ----------
    ended
        The exits behind which the road ends, is closed or leads back, each with the reason.
    shared
        The roads that several of them share, with fewer lanes than they have.
    """

    ended: tuple[RoadOut, ...] = ()
    shared: tuple[SharedRoad, ...] = ()


def behind_exits(
    decision: Decision, decided: WaysOutRecord, net: Net, exits: Sequence[ResolvedExit], *, where: str
) -> BehindExits:
    """Return what lies behind the exits that a scenario names.

    Parameters
    ----------
    decision
        The decision for the area on the map.
    decided
        The ways out of the area: a road goes on behind each of their lines.
    net
        The net.
    exits
        The exits that the scenario names.
    where
        File and key for the error message.

    Raises
    ------
    PlaceError
        The road ends at a ferry, and the scenario doesn't say how many vehicles it takes.
    """
    lanes_decide = [item for item in exits if item.veh_per_h is None]
    if not lanes_decide:
        return BehindExits()
    behind = _Behind(decision, decided)
    found, problems = [], []
    for item in lanes_decide:
        reasons = [reason for edge in item.edges if (reason := behind.reason(net.getEdge(edge), net))]
        if not AT_FERRIES.isdisjoint(reasons):
            what = "is at a ferry, which takes so many vehicles an hour, not as many as its road"
            problems.append(Problem(f"{where}, '{item.name}'", what, "give the ferry's capacity: 'veh_per_h'"))
        elif reasons:
            found.append(RoadOut(item.name, "", 0, item.lon, item.lat, NONE, reasons[0]))
    if problems:
        raise PlaceError(problems)
    return BehindExits(tuple(found), tuple(behind.shared(lanes_decide, net)))


class _Behind:
    """What the map shows behind an exit line.

    Parameters
    ----------
    decision
        The decision for the area on the map.
    decided
        The ways out of the area.
    """

    def __init__(self, decision: Decision, decided: WaysOutRecord) -> None:
        self._roads = roads = decision.roads
        self._lead = decision.lead
        spots, cut = roads.spots, self._lead.cut
        lines = np.array([[end.lon, end.lat] for end in (*decided.ends, *decided.lesser)]).reshape(-1, 2)
        at_lines = shapely.distance(shapely.multipoints(roads.plane.project(lines)), spots) <= SAME_PLACE_M
        self._goes_on: Mask = cut.certain | cut.presumed | at_lines
        border = decision.edge.outline.boundary
        if not cut.certain.any():  # bounds that cut nothing are drawn around the roads
            border = border.union(line_through(roads.xy[roads.on_road]).convex_hull.boundary)
        self._near_edge: Mask = shapely.distance(border, spots) <= NEAR_M

    def reason(self, line: Edge, net: Net) -> str | None:
        """Return why nobody gets on behind an exit line; None where somebody does."""
        roads, arc = self._roads, self._arrival(line, net)
        if arc is None:
            return None
        node = int(roads.end[arc])
        reached = self._reached(node, int(roads.start[arc]))
        network_m = roads.road_m(reached[roads.start] & reached[roads.end])
        if (reached & self._goes_on).any() or network_m >= LEAST_NETWORK_M:
            return None
        if reason := stopped_at(roads, reached, int(roads.way[arc])):
            return reason
        if self._near_edge[node]:
            return None
        back = reached.sum() > 1 and (reached & roads.inside).any()
        return "it leads back into the area" if back else "it ends"

    def shared(self, exits: Sequence[ResolvedExit], net: Net) -> Iterator[SharedRoad]:
        """Give the roads on which exits meet again behind lines that lie before the map's end."""
        roads = self._roads
        lines, names = [], []
        for item in exits:
            for edge in item.edges:
                arc = self._arrival(net.getEdge(edge), net)
                if arc is not None and not roads.inside[roads.end[arc]]:
                    node = int(roads.end[arc])
                    lines.append(Line(node, (node,), arc, on_road=True))
                    names.append(item.name)
        before_the_end = [line for line in lines if not self._goes_on[line.node]]
        if len(before_the_end) < 2:  # noqa: PLR2004  one shares what is behind it with nobody
            return
        arcs = [line.arc for line in lines]
        back = np.isin(roads.start, roads.end[arcs]) & np.isin(roads.end, roads.start[arcs])
        everywhere = np.ones(len(roads.start), dtype=bool)
        for found in shared_behind(
            roads, self._lead, everywhere, self._lead.outside & ~back, lines, near=near_to(roads, lines)
        ):
            if len(found.lines) > 1:
                yield shared_road(roads, found, lines, names, simulated=True)

    def _reached(self, node: int, before: int) -> Mask:
        """Return the nodes that one comes to from a line without turning round, nor through the area from outside."""
        roads = self._roads
        onward = ~((roads.start == node) & (roads.end == before))
        if not roads.inside[node]:
            onward &= ~roads.inside[roads.start]
        here = np.zeros(roads.count, dtype=bool)
        here[node] = True
        return roads.ahead(here, onward)

    def _arrival(self, line: Edge, net: Net) -> int | None:
        """Return the arc that ends at an exit line."""
        roads, ids = self._roads, set(way_ids(line))
        mine = np.array([way.way_id in ids for way in roads.ways], dtype=bool)[roads.way]
        shape = line.getShape()
        end, before = (roads.plane.project(np.array([net.convertXY2LonLat(*shape[at])]))[0] for at in (-1, -2))
        away_m = np.hypot(*(roads.xy[roads.end] - end).T)
        near = np.flatnonzero(mine & (away_m <= SAME_PLACE_M))
        if not len(near):
            return None
        nearest = near[away_m[near] <= away_m[near].min() + _SAME_NODE_M]
        along = (roads.xy[roads.end[nearest]] - roads.xy[roads.start[nearest]]) @ (end - before)
        return int(nearest[np.argmax(along / roads.length_m[nearest])])
