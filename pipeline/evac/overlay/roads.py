"""Lanes at the kerb, and lanes that close, in plain XML.

A lane that closes keeps its movements, which nobody uses then; what only it served is served by the open lane beside
it as well. So one net has both states, and an action with a time only switches who may use which lane.
"""

from __future__ import annotations

from collections.abc import Sequence

from sumolib.net.edge import Edge

from evac.errors import Mend, PlaceError, Problem
from evac.overlay.movements import Movement
from evac.overlay.plain import PlainNet
from evac.overlay.turning import KERB, join_idle_lanes, side_of
from evac.overlay.where import Where
from evac.plans.model import TakeLane


def use_shoulder(plain: PlainNet, names: Sequence[str], *, timed: bool) -> None:
    """Give each edge of a stretch a lane at the kerb.

    What turns on the kerb's side does so from the new lane and into it. With `timed` the lane is closed at first, and
    the lane beside it keeps these turns as well.
    """
    for name in names:
        plain.widen(name, 1, at_kerb=True)
    for name in names:
        for movement in [*plain.out_of(name), *plain.into(name)]:
            _serve_shoulder(plain, movement, set(names), keep=timed)
    join_idle_lanes(plain, names)
    for name in names if timed else ():
        plain.close_lane(name, 0)


def _serve_shoulder(plain: PlainNet, old: Movement, widened: set[str], *, keep: bool) -> None:
    """Join the new lane at the kerb to what the lane beside it is joined to, unless that turns to the middle."""
    side = side_of(plain, old)
    from_kerb = old.from_edge in widened and old.from_lane == 1
    to_kerb = old.to_edge in widened and old.to_lane == 1
    at_kerb_before = old.from_lane == 0 or old.from_edge in widened
    if not (from_kerb or to_kerb) or side > 0 or not at_kerb_before:
        return
    new = old._replace(from_lane=0 if from_kerb else old.from_lane, to_lane=0 if to_kerb else old.to_lane)
    plain.allow(new, old)
    if side == KERB and not keep:
        plain.forbid(old)


def kerb_or_middle(edge: Edge, action: TakeLane, where: Where, place: str) -> list[int]:
    """Return the lanes of an edge that an action takes."""
    usable = [lane.getIndex() for lane in edge.getLanes() if lane.allows(where.index.vclass)]
    if len(usable) <= action.lanes:
        what = f"{where.index.describe(edge)} has {len(usable)} lane(s) for cars: taking {action.lanes} leaves none"
        raise PlaceError(Problem(place, what, "take fewer, or use 'close'", Mend.CLOSE))
    return usable[: action.lanes] if action.side == "kerb" else usable[-action.lanes :]


def lanes_of(edge: Edge, numbers: Sequence[int] | None, where: Where, place: str) -> list[int]:
    """Return the lanes of an edge that are meant: the named ones, or all that cars may use."""
    usable = [lane.getIndex() for lane in edge.getLanes() if lane.allows(where.index.vclass)]
    missing = sorted(set(numbers or ()) - set(usable))
    if missing:
        what = f"{where.index.describe(edge)} has the lanes {usable} for cars (0 is at the kerb), not {missing}"
        raise PlaceError(Problem(place, what, "leave 'lanes' out for all of them", Mend.BY_HAND))
    return list(numbers or usable)


def serve_from_beside(plain: PlainNet, edge: str, closed: set[int], left: Sequence[int]) -> None:
    """Let the open lanes serve what only the closed ones do."""
    for old in plain.out_of(edge):
        if old.from_lane in closed and not any(item.from_lane in left for item in plain.between(edge, old.to_edge)):
            plain.allow(old._replace(from_lane=nearest(left, old.from_lane)), old)
    for old in plain.into(edge):
        if old.to_lane in closed and not any(item.to_lane in left for item in plain.between(old.from_edge, edge)):
            plain.allow(old._replace(to_lane=nearest(left, old.to_lane)), old)


def nearest(lanes: Sequence[int], lane: int) -> int:
    """Return the lane beside a lane, of some."""
    return min(lanes, key=lambda other: (abs(other - lane), other))
