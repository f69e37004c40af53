"""Whether lanes that a plan adds can serve anybody: dead ones are refused, and those that few can use are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import shapely
from sumolib.net import Net

from evac.errors import Problem, ScenarioError
from evac.network.street_names import street_of
from evac.overlay.plain import PlainNet
from evac.overlay.turning import STRAIGHT, line_of, side_of
from evac.plans.timetable import edge_of
from evac.unnamed import in_prose

_BLOCK_M = 100.0
"""About a block of a town: nobody changes onto a lane that ends so soon, as the lane ahead decides where one drives."""


def require_served(net: Net, added: Mapping[str, str]) -> None:
    """Refuse a net in which a lane that the plan adds is a dead lane: capacity on paper that nobody can drive to.

    Parameters
    ----------
    net
        The plan's net.
    added
        The lanes, with file and line of the action that adds each.

    Raises
    ------
    ScenarioError
        There is such a lane.
    """
    dead: dict[str, list[str]] = {}
    for name, where in sorted(added.items()):
        edge = net.getEdge(edge_of(name))
        before = [item for item in edge.getIncoming() if item.getFromNode() is not edge.getToNode()]
        fed = any(item.getToLane().getID() == name for items in edge.getIncoming().values() for item in items)
        leads = bool(net.getLane(name).getOutgoing())
        ends = all(after.getToNode() is edge.getFromNode() for after in edge.getOutgoing())  # but for turning round
        if (before and not fed) or not (leads or ends):
            dead.setdefault(where, []).append(in_prose(street_of(edge)))
    remedy = "let the stretch begin and end where the road goes on"
    problems = [
        Problem(
            where,
            f"its new lanes on {', '.join(sorted(set(streets)))} would serve nobody: no way leads there, or none on",
            remedy,
        )
        for where, streets in dead.items()
    ]
    if problems:
        raise ScenarioError(problems)


def few_can_use(plain: PlainNet, label: str, lanes: Sequence[str]) -> Iterator[str]:
    """Give what to tell the plan's author of lanes that an action adds to a stretch; nothing where they serve well.

    Parameters
    ----------
    plain
        The plan's net.
    label
        The action.
    lanes
        SUMO's ids of the lanes.
    """
    edges = list(dict.fromkeys(map(edge_of, lanes)))
    length_m = sum(shapely.LineString(line_of(plain, edge)).length for edge in edges)
    if length_m < _BLOCK_M:
        yield f"{label}: is {length_m:.0f} m long: hardly anybody changes onto a lane that ends so soon"
    width = max(plain.lanes(edge) for edge in edges)
    feeders = _feeders(plain, edges)
    if feeders < width:
        by = f"{feeders} lane{'s' if feeders > 1 else ''} of other roads" if feeders else "no other road"
        yield f"{label}: its {width} lanes are fed by {by}: what they gain serves only who lives along it"
    yield from _narrowing(plain, label, edges)


def _feeders(plain: PlainNet, edges: Sequence[str]) -> int:
    """Return how many lanes of other roads lead onto a stretch, at its start and from side streets."""
    ends = {edge: (plain.edges[edge].attrib["from"], plain.edges[edge].attrib["to"]) for edge in edges}
    return len(
        {
            (item.from_edge, item.from_lane)
            for edge in edges
            for item in plain.into(edge)
            if item.from_edge not in ends and plain.edges[item.from_edge].attrib["from"] != ends[edge][1]
        }
    )


def _narrowing(plain: PlainNet, label: str, edges: Sequence[str]) -> Iterator[str]:
    """Tell where a stretch goes on in fewer lanes than it has."""
    begins = {plain.edges[edge].attrib["from"] for edge in edges}
    for edge in [edge for edge in edges if plain.edges[edge].attrib["to"] not in begins]:
        onward = {item.to_edge for item in plain.out_of(edge) if side_of(plain, item) == STRAIGHT}
        ahead = [item for name in onward for item in plain.into(name) if side_of(plain, item) == STRAIGHT]
        lanes = [len({(item.from_edge, item.from_lane) for item in ahead}), len({item[2:] for item in ahead})]
        if lanes[0] > lanes[1]:
            yield f"{label}: where it ends, {lanes[0]} lanes go on in {lanes[1]}: what they gain waits there"
            return
