"""Where traffic comes in from beyond the map: on the road of an exit, in its other direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sumolib

from evac.errors import PlaceError, Problem
from evac.network.exits.resolved import ResolvedExit
from evac.network.reach import ExitEdges, WaysOut
from evac.sumo import CAR_CLASS

_SAME_ROAD_M = 150.0  # the two roadways of a road come in and go out within this distance


def exit_named(name: str, exits: Sequence[ExitEdges], where: str) -> ExitEdges:
    """Return the exit of a name.

    Raises
    ------
    PlaceError
        There is none; `where` says in the message who asked for it.
    """
    found = next((item for item in exits if item.name == name), None)
    if found is None:
        names = ", ".join(f"'{item.name}'" for item in exits)
        raise PlaceError(Problem(where, f"there is no exit '{name}'", f"the exits are {names}"))
    return found


def entrance(end: ExitEdges, net: sumolib.net.Net, out: WaysOut, where: str) -> str:
    """Return the edge on which traffic comes in where an exit's road ends: the quickest that has a way on.

    Parameters
    ----------
    end
        The exit.
    net
        The net.
    out
        The ways to where the traffic is bound for.
    where
        Who asks, for the message.

    Raises
    ------
    PlaceError
        None of the exit's roads comes in, or none leads on.
    """
    lines = np.array(_lines(end, net))
    if not len(lines):
        what = f"no traffic can come in at the exit '{end.name}': the plan turns every lane out of it round"
        raise PlaceError(Problem(where, what, "take another exit"))
    near = [
        edge
        for edge in out.graph.edges
        if edge not in end.edges
        and np.hypot(*(lines - net.getEdge(edge).getFromNode().getCoord()).T).min() <= _SAME_ROAD_M
        and not _fed(net.getEdge(edge))
    ]
    costs = {edge: float(out.cost_s[out.graph.index[edge]]) for edge in near}
    reached = {edge: cost for edge, cost in costs.items() if np.isfinite(cost)}
    if not reached:
        what = f"no traffic can come in at the exit '{end.name}'" if not near else f"no way through from '{end.name}'"
        raise PlaceError(Problem(where, what, "take an exit whose road has a direction into the area"))
    return min(reached, key=lambda edge: reached[edge])


def entrance_if_any(end: ExitEdges, net: sumolib.net.Net, out: WaysOut) -> str | None:
    """Return `entrance`, or None where there is none: a plan may have turned every lane of the road round."""
    try:
        return entrance(end, net, out, end.name)
    except PlaceError:
        return None


def _lines(end: ExitEdges, net: sumolib.net.Net) -> list[tuple[float, float]]:
    """Return where an exit's lines are: also of one that a plan leaves no lane out, by whose road traffic comes in."""
    if not end.edges and isinstance(end, ResolvedExit):
        return [net.convertLonLat2XY(end.lon, end.lat)]
    return [net.getEdge(edge).getToNode().getCoord()[:2] for edge in end.edges]


def _fed(edge: sumolib.net.edge.Edge) -> bool:
    """Return whether traffic reaches an edge from another road: then it doesn't begin at the map's end."""
    end = edge.getToNode().getID()
    return any(
        before.getFromNode().getID() != end and before.allows(CAR_CLASS) for before in edge.getFromNode().getIncoming()
    )
