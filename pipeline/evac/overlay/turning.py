"""Which way a movement turns, by the lines of its edges in plain XML."""

from __future__ import annotations

import math
from collections.abc import Iterable

from evac.network.places import angle_between_deg
from evac.overlay.movements import Movement
from evac.overlay.plain import PlainNet

KERB, STRAIGHT, MIDDLE = -1, 0, 1
"""Towards the kerb, straight on, towards the middle of the road."""
_TURN_DEG = 45.0
_PARTING_DEG = 75.0  # the roadways of a dual carriageway part and meet at less than this angle


def side_of(plain: PlainNet, movement: Movement) -> int:
    """Return on which side a movement turns: `KERB`, `STRAIGHT` or `MIDDLE`; round is towards the middle."""
    if plain.edges[movement.from_edge].attrib["from"] == plain.edges[movement.to_edge].attrib["to"]:
        return MIDDLE
    arriving = bearing_deg(plain, movement.from_edge, at_end=True)
    leaving = bearing_deg(plain, movement.to_edge, at_end=False)
    right_deg = (leaving - arriving + 180.0) % 360.0 - 180.0
    if abs(right_deg) <= _TURN_DEG:
        return STRAIGHT
    return KERB if (right_deg > 0) != plain.lefthand else MIDDLE


def goes_straight(plain: PlainNet, from_edge: str, to_edge: str) -> bool:
    """Return whether traffic of one edge goes on into another without a turn, as where roadways part and meet."""
    arriving, leaving = bearing_deg(plain, from_edge, at_end=True), bearing_deg(plain, to_edge, at_end=False)
    return angle_between_deg(arriving, leaving) <= _PARTING_DEG


def bearing_deg(plain: PlainNet, edge: str, *, at_end: bool) -> float:
    """Return the direction of travel at the end, or at the start, of an edge (degrees clockwise from north)."""
    points = line_of(plain, edge)
    (x0, y0), (x1, y1) = points[-2:] if at_end else points[:2]
    return math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360.0


def line_of(plain: PlainNet, edge: str) -> list[tuple[float, float]]:
    """Return the line of an edge in the net's coordinates (m)."""
    element = plain.edges[edge]
    points = [_point(part) for part in element.get("shape", "").split()]
    if len(points) > 1:
        return points
    nodes = [plain.nodes[element.attrib[key]] for key in ("from", "to")]
    return [(float(node.attrib["x"]), float(node.attrib["y"])) for node in nodes]


def _point(text: str) -> tuple[float, float]:
    x, y, *_ = text.split(",")
    return float(x), float(y)


def join_idle_lanes(plain: PlainNet, changed: Iterable[str]) -> None:
    """Use the lanes before and behind edges that have got lanes: those that led nowhere, or that nothing led to.

    Where a road with two lanes becomes one with one, a lane ends; when the second road gets a lane, both go on.
    """
    for edge in changed:
        lanes = plain.lanes(edge)
        for movement in [item for item in plain.into(edge) if side_of(plain, item) == STRAIGHT]:
            feeder = movement.from_edge
            busy = {item.from_lane for item in plain.out_of(feeder)}
            for lane in set(range(plain.lanes(feeder))) - busy:
                plain.allow(Movement(feeder, lane, edge, min(lane, lanes - 1)), movement)
        for movement in [item for item in plain.out_of(edge) if side_of(plain, item) == STRAIGHT]:
            onward = movement.to_edge
            fed = {item.to_lane for item in plain.into(onward)}
            for lane in set(range(plain.lanes(onward))) - fed:
                plain.allow(Movement(edge, min(lane, lanes - 1), onward, lane), movement)
