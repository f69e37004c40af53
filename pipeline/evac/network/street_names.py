"""What people call a street of the net: nobody knows an edge's id."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sumolib.net.edge import Edge

_FAR = 12
"""Pieces of road that are followed to one with a name: further on, it tells nobody where the road is."""
_NAMELESS = ("road ", "ramp ")  # what a street without a name is called begins so


def street_of(edge: Edge) -> str:
    """Return the name of an edge's street; of one without a name where it leads, or else where it comes from.

    `Main Street`; `road to Main Street`, `ramp to Main Street`, `road from Main Street`, `road without a name`.
    """
    if edge.getName():
        return str(edge.getName())
    kind = "ramp" if edge.getType().endswith("_link") else "road"
    if ahead := _next_name(edge, lambda one: one.getToNode().getOutgoing()):
        return f"{kind} to {ahead}"
    if behind := _next_name(edge, lambda one: one.getFromNode().getIncoming()):
        return f"{kind} from {behind}"
    return f"{kind} without a name"


def is_on(edge: Edge, street: str) -> bool:
    """Return whether an edge's street is called so by `street_of`; the neighbours are looked at where that matters."""
    if edge.getName() or not street.startswith(_NAMELESS):
        return str(edge.getName()) == street
    return street_of(edge) == street


def _next_name(edge: Edge, beyond: Callable[[Edge], Iterable[Edge]]) -> str:
    """Return the first name on the way on, by the number of pieces; of several, the first in the alphabet."""
    seen, reached = {edge.getID()}, [edge]
    for _ in range(_FAR):
        reached = [other for one in reached for other in beyond(one) if other.getID() not in seen]
        if names := {str(other.getName()) for other in reached} - {""}:
            return min(names)
        seen.update(other.getID() for other in reached)
    return ""
