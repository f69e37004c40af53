"""Turns of a plan in plain XML: movements that are forbidden or allowed, and lanes that serve one movement only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from sumolib.net.edge import Edge
from sumolib.net.node import Node

from evac.errors import Mend, PlaceError, Problem
from evac.overlay.movements import Movement
from evac.overlay.plain import PlainNet
from evac.overlay.roads import lanes_of, nearest
from evac.overlay.turning import KERB, side_of
from evac.overlay.where import Where
from evac.plans.action import Action
from evac.plans.contradictions import Claim, Does
from evac.plans.model import AllowTurn, BanTurn, Barricade, Dedicate
from evac.plans.model import Movement as NamedMovement
from evac.plans.reading import LoadedAction
from evac.plans.timetable import Turn

TurnAction = BanTurn | AllowTurn | Barricade | Dedicate
_Pairs = Sequence[tuple[Edge, Edge]]


@dataclass
class Turns:
    """What a plan does to turns, from the order to the end: what is allowed is built first, what is forbidden last.

    Parameters
    ----------
    plain
        The net; changed by `build`.
    where
        Finds places on the baseline's net.
    """

    ACTIONS: ClassVar[tuple[type[Action], ...]] = (BanTurn, AllowTurn, Barricade, Dedicate)

    plain: PlainNet
    where: Where
    dedicated: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Edges with dedicated lanes, with the actions' labels."""
    _dedicated: list[tuple[LoadedAction, Dedicate, Edge, str]] = field(default_factory=list)
    _allowed: list[tuple[LoadedAction, _Pairs]] = field(default_factory=list)
    _forbidden: list[tuple[LoadedAction, _Pairs]] = field(default_factory=list)
    _barricaded: list[tuple[Node, set[str]]] = field(default_factory=list)

    def take(self, item: LoadedAction, action: TurnAction) -> list[Claim]:
        """Find the movements of an action, and return what it claims.

        Raises
        ------
        PlaceError
            The junction, its arms or the movement aren't there, or the movement is allowed already.
        """
        if isinstance(action, Dedicate):
            return self._take_dedicated(item, action)
        node = self.where.junction(action.where, f"{item.where}.where")
        if isinstance(action, Barricade):
            arms = self.where.arm(node, action.street, action.heading, f"{item.where}.street")
            pairs = [(a, b) for a in node.getIncoming() for b in node.getOutgoing() if {a, b} & set(arms)]
            self._barricaded.append((node, {edge.getID() for edge in arms}))
        else:
            sources, targets = self.where.arms(node, action.movement, f"{item.where}.movement")
            pairs = [(a, b) for a in sources for b in targets]
        allows = isinstance(action, AllowTurn)
        if isinstance(action, BanTurn) and not any(self._there(pair) for pair in pairs):
            what = "the map has no such movement at this junction"
            raise PlaceError(Problem(f"{item.where}.movement", what, "leave it out"))
        (self._allowed if allows else self._forbidden).append((item, pairs))
        how = "allowed" if allows else "forbidden"
        return [_claim(item, f"{a.getID()}>{b.getID()}", "turns", how) for a, b in pairs]

    def build(self) -> None:
        """Build what all actions together ask for.

        Raises
        ------
        PlaceError
            A lane isn't there, or a movement is allowed already.
        """
        for item, pairs in self._allowed:
            self._allow(item, pairs)
        for item, action, edge, target in self._dedicated:
            self._dedicate(item, action, edge, target)
        for _, pairs in self._forbidden:
            for source, target in pairs:
                for movement in self.plain.between(source.getID(), target.getID()):
                    self.plain.forbid(movement)
        for node, arms in self._barricaded:
            arriving = {edge.getID() for edge in node.getIncoming()}
            for movement in self.plain.movements.at(arms):  # onto reversed lanes as well
                if movement.from_edge in arriving:
                    self.plain.forbid(movement)

    def exclusive(self) -> Iterator[tuple[LoadedAction, list[str]]]:
        """Give the lanes, by SUMO's ids, that alone lead where an action dedicates them."""
        for item, action, edge, _ in self._dedicated:
            if action.exclusive:
                yield item, [f"{edge.getID()}_{lane}" for lane in action.lanes]

    def spans(self) -> tuple[Turn, ...]:
        """Return the turns of the timetable."""
        return tuple(
            Turn(item.label, 0.0, None, a.getID(), b.getID(), allowed)
            for allowed, some in ((True, self._allowed), (False, self._forbidden))
            for item, pairs in some
            for a, b in pairs
        )

    def _there(self, pair: tuple[Edge, Edge]) -> bool:
        return bool(self.plain.between(pair[0].getID(), pair[1].getID()))

    def _allow(self, item: LoadedAction, pairs: _Pairs) -> None:
        """Allow movements that the map hasn't: from the lane on the side of the turn."""
        missing = [pair for pair in pairs if pair[1] not in pair[0].getOutgoing()]
        if not missing:
            raise PlaceError(Problem(f"{item.where}.movement", "is allowed already", "leave it out"))
        for name, onto in [(a.getID(), b.getID()) for a, b in missing]:
            movement = Movement(name, 0, onto, 0)
            if side_of(self.plain, movement) != KERB:
                movement = Movement(name, self.plain.lanes(name) - 1, onto, self.plain.lanes(onto) - 1)
            self.plain.allow(movement, self._beside(name, movement.from_lane))

    def _take_dedicated(self, item: LoadedAction, action: Dedicate) -> list[Claim]:
        claims = []
        for edge in self.where.index.find(action.where, f"{item.where}.where"):
            name = edge.getID()
            movement = NamedMovement.model_validate({"to": action.into, "leaving": action.leaving})
            _, targets = self.where.arms(edge.getToNode(), movement, f"{item.where}.to")
            target = next((one for one in targets if one.getToNode() is not edge.getFromNode()), targets[0]).getID()
            self._dedicated.append((item, action, edge, target))
            self.dedicated[name].append(item.label)
            claims.append(_claim(item, name, "leads", "some lanes"))
            claims.append(_claim(item, f"{name}>{target}", "turns", "allowed"))
            claims += [_claim(item, f"{name}_{lane}", "leads", target) for lane in action.lanes]
            only = tuple(sorted(action.lanes)) if action.exclusive else "also others"
            claims.append(_claim(item, f"{name}>{target} by", "leads", only))
        return claims

    def _dedicate(self, item: LoadedAction, action: Dedicate, edge: Edge, target: str) -> None:
        """Let lanes lead into one street only."""
        plain, name, lanes = self.plain, edge.getID(), list(action.lanes)
        first = plain.at_kerb(name)
        of_map = range(first, first + edge.getLaneNumber())
        missing = [lane for lane in lanes if lane >= plain.lanes(name)]
        counted = [lane - first for lane in lanes if lane in of_map]
        lanes_of(edge, [*counted, *missing], self.where, f"{item.where}.lanes")
        served = plain.between(name, target)
        onto = self._onto(item, action, target)
        for lane, to_lane in zip(lanes, onto, strict=True):
            plain.allow(Movement(name, lane, target, to_lane), served[0] if served else self._beside(name, lane))
        for old in plain.out_of(name):
            if action.onto_lanes and old.to_edge == target and _is_astray(old, lanes, onto):
                plain.forbid(old)
            elif old.from_lane in lanes and old.to_edge != target:
                self._move_over(old, lanes)
            elif action.exclusive and old.to_edge == target and old.from_lane not in lanes:
                plain.forbid(old)

    def _onto(self, item: LoadedAction, action: Dedicate, target: str) -> tuple[int, ...]:
        """Return the lanes of the target that dedicated lanes lead onto."""
        last = self.plain.lanes(target) - 1
        if action.onto_lanes is None:
            return tuple(min(count, last) for count in range(len(action.lanes)))
        if max(action.onto_lanes) > last:
            street = self.where.index.describe(self.where.index.net.getEdge(target))
            what = f"{street} has the lanes 0 to {last} under this plan, not {max(action.onto_lanes)}"
            raise PlaceError(
                Problem(
                    f"{item.where}.onto_lanes", what, "lanes are counted from the kerb, beginning with 0", Mend.BY_HAND
                )
            )
        return action.onto_lanes

    def _beside(self, edge: str, lane: int) -> Movement | None:
        """Return a movement of the same lane, whose signal a new one shows."""
        return next((item for item in self.plain.out_of(edge) if item.from_lane == lane), None)

    def _move_over(self, old: Movement, lanes: Sequence[int]) -> None:
        """Take a movement from a dedicated lane; where no other lane has it, the one beside gets it."""
        others = [lane for lane in range(self.plain.lanes(old.from_edge)) if lane not in lanes]
        if others and not any(item.from_lane in others for item in self.plain.between(old.from_edge, old.to_edge)):
            self.plain.allow(old._replace(from_lane=nearest(others, old.from_lane)), old)
        self.plain.forbid(old)


def _claim(item: LoadedAction, place: str, does: Does, how: object) -> Claim:
    return Claim(item.label, 0.0, None, item.where, place, does, how)


def _is_astray(old: Movement, lanes: Sequence[int], onto: Sequence[int]) -> bool:
    """Return whether a dedicated lane leads onto another lane than its own, or another lane onto one of theirs."""
    own = dict(zip(lanes, onto, strict=True))
    return own.get(old.from_lane, old.to_lane) != old.to_lane or (old.from_lane not in own and old.to_lane in onto)
