"""Lanes, turns, closures and speeds of a plan in plain XML.

A lane that closes keeps its movements, which nobody uses then; what only it served is served by the open lane beside
it as well. So one net has both states, and an action with a time only switches who may use which lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sumolib.net.edge import Edge

from evac.errors import PlaceError, Problem
from evac.overlay.movements import Movement
from evac.overlay.plain import PlainNet
from evac.overlay.turning import KERB, join_idle_lanes, side_of
from evac.overlay.where import Where
from evac.plans.model import AllowTurn, BanTurn, Barricade, Dedicate, Speed, TakeLane
from evac.plans.model import Movement as NamedMovement


def use_shoulder(plain: PlainNet, stretch: Sequence[Edge], *, timed: bool) -> list[str]:
    """Give each edge of a stretch a lane at the kerb, and return the new lanes.

    What turns on the kerb's side does so from the new lane and into it. With `timed` the lane is closed at first, and
    the lane beside it keeps these turns as well.
    """
    names = [edge.getID() for edge in stretch]
    for name in names:
        plain.widen(name, 1, at_kerb=True)
    for name in names:
        for movement in [*plain.out_of(name), *plain.into(name)]:
            _serve_shoulder(plain, movement, set(names), keep=timed)
    join_idle_lanes(plain, names)
    for name in names if timed else ():
        plain.close_lane(name, 0)
    return [f"{name}_0" for name in names]


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
        raise PlaceError(Problem(place, what, "take fewer, or use 'close'"))
    return usable[: action.lanes] if action.side == "kerb" else usable[-action.lanes :]


def lanes_of(edge: Edge, numbers: Sequence[int] | None, where: Where, place: str) -> list[int]:
    """Return the lanes of an edge that are meant: the named ones, or all that cars may use."""
    usable = [lane.getIndex() for lane in edge.getLanes() if lane.allows(where.index.vclass)]
    missing = sorted(set(numbers or ()) - set(usable))
    if missing:
        what = f"{where.index.describe(edge)} has the lanes {usable} for cars (0 is at the kerb), not {missing}"
        raise PlaceError(Problem(place, what, "leave 'lanes' out for all of them"))
    return list(numbers or usable)


def close_lanes(
    plain: PlainNet,
    edge: Edge,
    lanes: Sequence[int],
    *,
    now: bool,
    emergency: bool = True,
    residents: bool = False,
) -> list[str]:
    """Prepare lanes to be closed, or close them from the order on (`now`); return their ids."""
    name = edge.getID()
    left = [lane for lane in range(plain.lanes(name)) if lane not in lanes]
    if left:
        _serve_from_beside(plain, name, set(lanes), left)
    if now:
        for lane in lanes:
            plain.close_lane(name, lane, emergency=emergency, residents=residents)
    return [f"{name}_{lane}" for lane in lanes]


def _serve_from_beside(plain: PlainNet, edge: str, closed: set[int], left: Sequence[int]) -> None:
    """Let the open lanes serve what only the closed ones do."""
    for old in plain.out_of(edge):
        if old.from_lane in closed and not any(item.from_lane in left for item in plain.between(edge, old.to_edge)):
            plain.allow(old._replace(from_lane=_nearest(left, old.from_lane)), old)
    for old in plain.into(edge):
        if old.to_lane in closed and not any(item.to_lane in left for item in plain.between(old.from_edge, edge)):
            plain.allow(old._replace(to_lane=_nearest(left, old.to_lane)), old)


def _nearest(lanes: Sequence[int], lane: int) -> int:
    return min(lanes, key=lambda other: (abs(other - lane), other))


def dedicate(plain: PlainNet, action: Dedicate, where: Where, place: str) -> None:
    """Let lanes lead into one street only."""
    for edge in where.index.find(action.where, f"{place}.where"):
        name = edge.getID()
        added = range(edge.getLaneNumber(), plain.lanes(name))
        lanes = list(action.lanes)
        lanes_of(edge, [lane for lane in lanes if lane not in added], where, f"{place}.lanes")
        movement = NamedMovement.model_validate({"to": action.into, "leaving": action.leaving})
        _, targets = where.arms(edge.getToNode(), movement, f"{place}.to")
        target = next((item for item in targets if item.getToNode() is not edge.getFromNode()), targets[0]).getID()
        served = plain.between(name, target)
        onto = _onto(plain, action, target, where, f"{place}.onto_lanes")
        for lane, to_lane in zip(lanes, onto, strict=True):
            plain.allow(Movement(name, lane, target, to_lane), served[0] if served else _beside(plain, name, lane))
        for old in plain.out_of(name):
            if action.onto_lanes and old.to_edge == target and _is_astray(old, lanes, onto):
                plain.forbid(old)
            elif old.from_lane in lanes and old.to_edge != target:
                _move_over(plain, old, lanes)
            elif action.exclusive and old.to_edge == target and old.from_lane not in lanes:
                plain.forbid(old)


def _is_astray(old: Movement, lanes: Sequence[int], onto: Sequence[int]) -> bool:
    """Return whether a dedicated lane leads onto another lane than its own, or another lane onto one of theirs."""
    own = dict(zip(lanes, onto, strict=True))
    return own.get(old.from_lane, old.to_lane) != old.to_lane or (old.from_lane not in own and old.to_lane in onto)


def _onto(plain: PlainNet, action: Dedicate, target: str, where: Where, place: str) -> tuple[int, ...]:
    """Return the lanes of the target that dedicated lanes lead onto."""
    last = plain.lanes(target) - 1
    if action.onto_lanes is None:
        return tuple(min(count, last) for count in range(len(action.lanes)))
    if max(action.onto_lanes) > last:
        street = where.index.describe(where.index.net.getEdge(target))
        what = f"{street} has the lanes 0 to {last} under this plan, not {max(action.onto_lanes)}"
        raise PlaceError(Problem(place, what, "lanes are counted from the kerb, beginning with 0"))
    return action.onto_lanes


def _beside(plain: PlainNet, edge: str, lane: int) -> Movement | None:
    """Return a movement of the same lane, whose signal a new one shows."""
    return next((item for item in plain.out_of(edge) if item.from_lane == lane), None)


def _move_over(plain: PlainNet, old: Movement, lanes: Sequence[int]) -> None:
    """Take a movement from a dedicated lane; where no other lane has it, the one beside gets it."""
    others = [lane for lane in range(plain.lanes(old.from_edge)) if lane not in lanes]
    if others and not any(item.from_lane in others for item in plain.between(old.from_edge, old.to_edge)):
        plain.allow(old._replace(from_lane=_nearest(others, old.from_lane)), old)
    plain.forbid(old)


def change_turns(plain: PlainNet, action: BanTurn | AllowTurn | Barricade, where: Where, place: str) -> None:
    """Forbid or allow movements through a junction.

    Raises
    ------
    PlaceError
        The junction, its arms or the movement aren't there, or the movement is allowed already.
    """
    match action:
        case BanTurn():
            _ban(plain, action, where, place)
        case AllowTurn():
            _allow(plain, action, where, place)
        case Barricade():
            _barricade(plain, action, where, place)


def _ban(plain: PlainNet, action: BanTurn, where: Where, place: str) -> None:
    """Forbid movements through a junction."""
    sources, targets = where.arms(where.junction(action.where, f"{place}.where"), action.movement, f"{place}.movement")
    found = [
        movement
        for source in sources
        for target in targets
        for movement in plain.between(source.getID(), target.getID())
    ]
    if not found:
        raise PlaceError(Problem(f"{place}.movement", "the map has no such movement at this junction", "leave it out"))
    for movement in found:
        plain.forbid(movement)


def _allow(plain: PlainNet, action: AllowTurn, where: Where, place: str) -> None:
    """Allow movements through a junction that the map hasn't: from the lane on the side of the turn."""
    sources, targets = where.arms(where.junction(action.where, f"{place}.where"), action.movement, f"{place}.movement")
    missing = [(a, b) for a in sources for b in targets if not plain.between(a.getID(), b.getID())]
    if not missing:
        raise PlaceError(Problem(f"{place}.movement", "is allowed already", "leave it out"))
    for source, target in missing:
        name, onto = source.getID(), target.getID()
        movement = Movement(name, 0, onto, 0)
        if side_of(plain, movement) != KERB:
            movement = Movement(name, plain.lanes(name) - 1, onto, plain.lanes(onto) - 1)
        plain.allow(movement, _beside(plain, name, movement.from_lane))


def _barricade(plain: PlainNet, action: Barricade, where: Where, place: str) -> None:
    """Take away all movements between a side street and a junction."""
    node = where.junction(action.where, f"{place}.where")
    arms = {edge.getID() for edge in where.arm(node, action.street, action.heading, f"{place}.street")}
    arriving = {edge.getID() for edge in node.getIncoming()}
    for movement in plain.movements.at(arms):
        if movement.from_edge in arriving and arms & {movement.from_edge, movement.to_edge}:
            plain.forbid(movement)


def set_speed(plain: PlainNet, edges: Iterable[Edge], action: Speed) -> None:
    """Set the speed limit of edges."""
    for edge in edges:
        speed_mps = f"{new_speed_mps(edge, action):.2f}"
        plain.edges[edge.getID()].set("speed", speed_mps)
        for lane in plain.edges[edge.getID()].iter("lane"):
            if "speed" in lane.attrib:
                lane.set("speed", speed_mps)


def new_speed_mps(edge: Edge, action: Speed) -> float:
    """Return the speed limit that an action gives to an edge (m/s)."""
    return action.kph / 3.6 if action.kph is not None else float(edge.getSpeed()) * float(action.factor or 1.0)
