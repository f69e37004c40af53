"""Contraflow: which lanes of the opposite direction become lanes of the stretch's direction.

Two forms, told by the map:

- *One roadway*, two directions between the same junctions: the stretch's edges get the reversed lanes.
- *Two roadways* (a dual carriageway): each edge of the other roadway gets a twin against its direction.

How the net gets them is `overlay.reversing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from sumolib.net.edge import Edge
from sumolib.net.node import Node

from evac.errors import Mend, PlaceError, Problem
from evac.network.places import angle_between_deg, bearing_at_deg, centre_line
from evac.overlay.where import Where
from evac.plans.model import Contraflow, Stretch

_OPPOSITE_DEG = 120.0
_BESIDE_M = 300.0  # how far apart the two roadways of a road run at most, in hills
_END_M = 1.0


@dataclass(frozen=True)
class Reversed:
    """An edge whose lanes are reversed.

    Parameters
    ----------
    edge
        The edge in its own direction.
    beside
        The stretch's edge that gets the lanes; None on a roadway of its own, which gets a twin.
    lanes
        Lanes that are reversed.
    """

    edge: Edge
    beside: Edge | None
    lanes: int

    @property
    def ends(self) -> tuple[Node, Node]:
        """Return the junctions where the reversed lanes begin and end."""
        return self.edge.getToNode(), self.edge.getFromNode()


def plan_contraflow(action: Contraflow, where: Where, place: str) -> list[Reversed]:
    """Return the edges that an action reverses, in the driving order of the stretch.

    Raises
    ------
    PlaceError
        The stretch isn't there, or has nothing to reverse.
    """
    stretch, way = _stretch(action.where, where, f"{place}.where")
    if not stretch:
        return [_reversal(edge, None, action, where, place) for edge in way]
    partners = {edge: opposite_of(edge, where) for edge in stretch}
    if all(partner is not None for partner in partners.values()):
        return [_reversal(partner, edge, action, where, place) for edge, partner in partners.items() if partner]
    other = _other_roadway(stretch, where)
    mixed = [_reversal(partner, edge, action, where, place) for edge, partner in partners.items() if partner]
    twins = [edge for edge in other if edge not in set(partners.values())]
    if not twins:
        what = "has no opposite direction to reverse"
        bare = next(edge for edge, partner in partners.items() if partner is None)
        raise PlaceError(
            Problem(place, f"{where.index.describe(bare)} {what}", "end the stretch before it", Mend.STRETCH)
        )
    return [*mixed, *(_reversal(edge, None, action, where, place) for edge in twins)]


def _stretch(stretch: Stretch, where: Where, place: str) -> tuple[list[Edge], list[Edge]]:
    """Return the stretch's edges, or, on a one-way street against its direction, none and the street's edges."""
    try:
        return where.path(stretch, place), []
    except PlaceError:
        if stretch.start is None or stretch.end is None:
            raise
        # Named against a one-way street, ends and all: the street that is there is to be turned round.
        turned = stretch.model_copy(update={"start": stretch.end, "end": stretch.start, "towards": None})
        try:
            return [], where.path(turned, place)[::-1]
        except PlaceError:
            pass
        raise


def _reversal(edge: Edge, beside: Edge | None, action: Contraflow, where: Where, place: str) -> Reversed:
    usable = sum(lane.allows("passenger") for lane in edge.getLanes()) - action.keep_emergency_lane
    lanes = usable if action.lanes is None else action.lanes
    if not 1 <= lanes <= usable:
        had = f"{edge.getLaneNumber()} lane{'s' if edge.getLaneNumber() > 1 else ''}"
        kept = ", one of them kept for emergency vehicles" if action.keep_emergency_lane else ""
        what = f"{where.index.describe(edge)} has {had}{kept}: {max(lanes, 1)} can't be reversed"
        remedy = "leave out 'keep_emergency_lane'" if action.keep_emergency_lane else "reverse fewer lanes"
        raise PlaceError(Problem(place, what, f"{remedy}, or reverse a shorter stretch", Mend.FEWER_LANES))
    return Reversed(edge, beside, lanes)


def opposite_of(edge: Edge, where: Where) -> Edge | None:
    """Return the opposite direction of the same roadway."""
    back = [
        other
        for other in edge.getToNode().getOutgoing()
        if other.getToNode() is edge.getFromNode() and other.allows(where.index.vclass)
    ]
    # Two streets may join the same junctions; the opposite direction bears the same name.
    named = [other for other in back if other.getName() == edge.getName()]
    return next(iter(named or back), None)


def _other_roadway(stretch: Sequence[Edge], where: Where) -> list[Edge]:
    """Return the edges of the other roadway beside a stretch, in the driving order of the stretch."""
    line = shapely.LineString([point[:2] for edge in stretch for point in edge.getShape()])
    names = {name for edge in stretch for name in where.index.names(edge)[:1]}
    found: list[tuple[float, Edge]] = []
    for edge in where.index.edges:
        if edge in stretch or opposite_of(edge, where) is not None:
            continue
        middle = centre_line(edge).interpolate(0.5, normalized=True)
        if line.distance(middle) > _BESIDE_M:
            continue
        along = min(stretch, key=lambda item: centre_line(item).distance(middle))
        if not names & set(where.index.names(edge)) and where.index.highway(edge) != where.index.highway(along):
            continue  # the roadways of one road may bear different names, and are of one class
        bearings = bearing_at_deg(edge, middle), bearing_at_deg(along, middle)
        position_m = line.project(middle)
        if not _END_M < position_m < line.length - _END_M:
            continue  # beyond an end of the stretch
        if angle_between_deg(*bearings) >= _OPPOSITE_DEG:
            found.append((position_m, edge))
    return [edge for _, edge in sorted(found, key=lambda item: item[0])]
