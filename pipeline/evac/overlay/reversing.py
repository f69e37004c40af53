"""Contraflow in plain XML: reversed lanes are added to the stretch, and joined up at both ends.

On one roadway the stretch's edges get the reversed lanes in the middle of the road. Drivers change between them and the
others as they like. On two, the twins are joined to each other, to the side roads, and to the stretch where the
roadways meet.

Both ends are joined up: the reversed lanes are fed from the lanes that feed the stretch, those in the middle of
the road first, and lead on into the same lanes as the stretch's own. Side streets keep every movement onto the stretch,
and those that could only turn into the reversed direction turn into the reversed lanes.

A contraflow that is there from the order on takes the reversed lanes out of the net. One that is set up during the
evacuation leaves them in, with the reversed lanes closed at first: one net with both states.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from evac.overlay.contraflow import Reversed
from evac.overlay.movements import Movement
from evac.overlay.plain import PlainNet
from evac.overlay.turning import KERB, MIDDLE, goes_straight, join_idle_lanes, side_of

TWIN = "contraflow."
"""What the id of a reversed edge begins with; the rest is the id of the edge that it reverses."""


def apply_contraflow(plain: PlainNet, found: Sequence[Reversed], *, timed: bool) -> tuple[list[str], list[str]]:
    """Reverse lanes in plain XML.

    Parameters
    ----------
    plain
        The net; changed.
    found
        What is reversed.
    timed
        Whether both states stay in the net: the reversed lanes are closed then, and nothing is taken away.

    Returns
    -------
    The lanes that lose their direction, and those that have the other one, by SUMO's ids (as in the timed net).
    """
    reversing = _Reversing(plain, found)
    reversing.build()
    if not timed:  # else the lanes that turn now have to, until the others open
        reversing.turn_from_as_many_lanes_as_go_on()
    normal, reversed_lanes = _lane_ids(plain, found)
    for edge, lane in (lane.rsplit("_", 1) for lane in reversed_lanes if timed):
        plain.close_lane(edge, int(lane))
    if not timed:
        _take_away(plain, found)
    return normal, reversed_lanes


def _lane_ids(plain: PlainNet, found: Sequence[Reversed]) -> tuple[list[str], list[str]]:
    normal, turned = [], []
    for item in found:
        name, count = item.edge.getID(), item.edge.getLaneNumber()
        normal += [plain.lane_id(name, lane) for lane in range(count - item.lanes, count)]
        if item.beside is None:
            turned += [f"{TWIN}{name}_{lane}" for lane in range(item.lanes)]
        else:
            beside = item.beside.getID()
            width = plain.lanes(beside)
            turned += [f"{beside}_{lane}" for lane in range(width - item.lanes, width)]
    return normal, turned


def _take_away(plain: PlainNet, found: Sequence[Reversed]) -> None:
    """Take the reversed lanes from their own direction; what is left of it there is for emergency vehicles or cars."""
    for item in found:
        name = item.edge.getID()
        if item.lanes == item.edge.getLaneNumber():
            plain.remove_edge(name)
            if item.beside is not None:
                plain.edges[item.beside.getID()].set("spreadType", "center")
        else:
            plain.narrow(name, item.lanes)


def _edges_at_ends_of(edges: Sequence[str], plain: PlainNet) -> list[str]:
    """Return the edges that begin or end where some edges do, these among them."""
    nodes = {plain.edges[edge].attrib[end] for edge in edges for end in ("from", "to")}
    return [
        name for name, edge in plain.edges.items() if not nodes.isdisjoint((edge.attrib["from"], edge.attrib["to"]))
    ]


class _Reversing:
    """Adds the reversed lanes of one action and joins them up; the other direction stays as it was."""

    def __init__(self, plain: PlainNet, found: Sequence[Reversed]) -> None:
        self.plain = plain
        self.beside = {item.beside.getID(): item for item in found if item.beside is not None}
        self.twins = {item.edge.getID(): item for item in found if item.beside is None}
        self.starting = {item.edge.getToNode().getID(): f"{TWIN}{name}" for name, item in self.twins.items()}
        self.ending = {item.edge.getFromNode().getID(): f"{TWIN}{name}" for name, item in self.twins.items()}
        self.losing = {item.edge.getID() for item in found}
        near = _edges_at_ends_of([*self.beside, *self.twins], plain)
        self.old_lanes = {edge: plain.lanes(edge) for edge in near}
        self.before = plain.movements.at(near)

    def build(self) -> None:
        for item in self.beside.values():
            self.plain.widen(item.beside.getID(), item.lanes)  # type: ignore[union-attr]  # has one: see __init__
        for name, item in self.twins.items():
            self._add_twin(name, item.lanes)
        for movement in self.before:
            self._follow(movement)
        self._join_roadways()
        self._let_side_streets_in()
        self._serve_idle_lanes()
        join_idle_lanes(self.plain, self.beside)

    def turn_from_as_many_lanes_as_go_on(self) -> None:
        """Let no more lanes turn across the road than the street has that they turn into: those in the middle do.

        Two lanes that turn into one at once collide in SUMO 1.28, and nobody would mark them so.
        """
        for edge in self.beside:
            targets = {item.to_edge for item in self.plain.out_of(edge) if side_of(self.plain, item) == MIDDLE}
            for target in targets:
                turning = self.plain.between(edge, target)
                lanes = sorted({item.from_lane for item in turning})[: -self.plain.lanes(target)]
                for movement in turning:
                    if movement.from_lane in lanes:
                        self.plain.forbid(movement)

    def _add_twin(self, name: str, lanes: int) -> None:
        """Add an edge against the direction of another one, on its lanes in the middle of the road."""
        edge = deepcopy(self.plain.edges[name])
        edge.set("id", f"{TWIN}{name}")
        edge.attrib["from"], edge.attrib["to"] = edge.attrib["to"], edge.attrib["from"]
        if "shape" in edge.attrib:
            edge.set("shape", " ".join(edge.attrib["shape"].split()[::-1]))
        edge.set("numLanes", str(lanes))
        for lane in list(edge.iter("lane")):
            if int(lane.attrib["index"]) >= lanes:
                edge.remove(lane)
        # They name the ends of the way in the file, the other way round now.
        for param in [item for item in edge.iter("param") if item.get("key") in ("origFrom", "origTo")]:
            edge.remove(param)
        self.plain.edges[edge.attrib["id"]] = edge
        self.old_lanes[edge.attrib["id"]] = 0

    def _added(self, edge: str) -> range:
        """Return the numbers of the lanes that an edge has got."""
        return range(self.old_lanes[edge], self.plain.lanes(edge))

    def _follow(self, old: Movement) -> None:
        """Add to a movement of the baseline what the reversed lanes need beside it."""
        if old.from_edge in self.twins or old.to_edge in self.twins:
            self._mirror(old)
        elif old.from_edge in self.beside or old.to_edge in self.beside:
            self._widen(old)

    def _widen(self, old: Movement) -> None:
        """Join the lanes that an edge has got to what the lane beside them is joined to.

        Traffic that turns off the stretch or onto it on the kerb's side does so at the kerb, and traffic that turns on
        the other side uses the lane in the middle of the road: nobody turns across the lanes beside his own.
        """
        side = side_of(self.plain, old)
        sources, targets = [old.from_lane], [old.to_lane]
        if old.from_edge in self.beside and self._is_last(old, of_from=True) and side != KERB:
            sources = list(self._added(old.from_edge))
        if old.to_edge in self.beside and self._is_last(old, of_from=False) and side != KERB:
            targets = list(self._added(old.to_edge))
        # Across the road one lane turns into one: two side by side would cross each other.
        if side == MIDDLE:
            sources, targets = sources[-1:], targets[-1:]
        elif old.from_edge not in self.beside:
            sources = self._idle(old.from_edge, leading_on=True) or sources
        elif old.to_edge not in self.beside:
            targets = self._idle(old.to_edge, leading_on=False) or targets
        for number in range(max(len(sources), len(targets))):
            source, target = sources[min(number, len(sources) - 1)], targets[min(number, len(targets) - 1)]
            self.plain.allow(Movement(old.from_edge, source, old.to_edge, target), old)

    def _serve_idle_lanes(self) -> None:
        """Join an added lane that nothing leads to, or that leads nowhere, like the lane beside it."""
        for edge in self.beside:
            for lane in self._added(edge):
                if self.plain.out_of(edge) and not any(item.from_lane == lane for item in self.plain.out_of(edge)):
                    like = max(self.plain.out_of(edge), key=lambda item: (item.from_lane, item.to_lane))
                    self.plain.allow(like._replace(from_lane=lane), like)
                if self.plain.into(edge) and not any(item.to_lane == lane for item in self.plain.into(edge)):
                    like = max(self.plain.into(edge), key=lambda item: (item.to_lane, item.from_lane))
                    self.plain.allow(like._replace(to_lane=lane), like)

    def _idle(self, edge: str, *, leading_on: bool) -> list[int]:
        """Return the lanes of an edge that, in the baseline, lead nowhere, or that nothing leads to."""
        if leading_on:
            busy = {item.from_lane for item in self.before if item.from_edge == edge}
        else:
            busy = {item.to_lane for item in self.before if item.to_edge == edge}
        return [lane for lane in range(self.plain.lanes(edge)) if lane not in busy]

    def _is_last(self, old: Movement, *, of_from: bool) -> bool:
        """Return whether a movement is the one nearest to the middle of the road between its two edges."""
        same = [item for item in self.before if (item.from_edge, item.to_edge) == (old.from_edge, old.to_edge)]
        lane = max((item.from_lane if of_from else item.to_lane) for item in same)
        other = max((item.to_lane if of_from else item.from_lane) for item in same)
        return (old.from_lane, old.to_lane) == ((lane, other) if of_from else (other, lane))

    def _mirror(self, old: Movement) -> None:
        """Add the movements of the twins: against the direction of the roadway, and to and from its side roads."""
        if old.from_edge in self.twins and old.to_edge in self.twins:
            pair = f"{TWIN}{old.to_edge}", f"{TWIN}{old.from_edge}"
            self._allow_all(*pair, old)
        elif old.to_edge in self.twins:  # from a side road onto the roadway
            node = self.plain.edges[old.from_edge].attrib["to"]
            twin = self.starting.get(node)
            if twin is not None and old.from_edge not in self.beside:
                self.plain.allow(Movement(old.from_edge, old.from_lane, twin, 0), old)
        else:  # from the roadway into a side road
            node = self.plain.edges[old.to_edge].attrib["from"]
            twin = self.ending.get(node)
            if twin is not None and self.plain.edges[old.to_edge].attrib["to"] != self.plain.edges[twin].attrib["from"]:
                self.plain.allow(Movement(twin, 0, old.to_edge, old.to_lane), old)

    def _allow_all(self, from_edge: str, to_edge: str, like: Movement | None) -> None:
        """Join two edges lane by lane; the narrower one's last lane takes what is over."""
        lanes = self.plain.lanes(from_edge), self.plain.lanes(to_edge)
        for number in range(max(lanes)):
            movement = Movement(from_edge, min(number, lanes[0] - 1), to_edge, min(number, lanes[1] - 1))
            self.plain.allow(movement, like)

    def _join_roadways(self) -> None:
        """Join the twins to the stretch where the roadways part and meet: the lanes in the middle go onto them."""
        for node, twin in self.starting.items():
            if node not in self.ending:
                self._feed(twin, node)
        for node, twin in self.ending.items():
            if node not in self.starting:
                self._lead_on(twin, node)

    def _feed(self, twin: str, node: str) -> None:
        outgoing = [name for name, edge in self.plain.edges.items() if edge.attrib["from"] == node and name != twin]
        for movement in [item for name in outgoing for item in self.before if item.to_edge == name]:
            feeder = movement.from_edge
            if feeder in self.twins or not goes_straight(self.plain, feeder, twin):
                continue
            free = self._added(feeder) or range(self.plain.lanes(feeder))[-1:]
            width = self.plain.lanes(twin)
            for number in range(max(width, len(free))):
                source = free[min(number, len(free) - 1)]
                self.plain.allow(Movement(feeder, source, twin, min(number, width - 1)), movement)

    def _lead_on(self, twin: str, node: str) -> None:
        incoming = [name for name, edge in self.plain.edges.items() if edge.attrib["to"] == node and name != twin]
        for movement in [item for name in incoming for item in self.before if item.from_edge == name]:
            onward = movement.to_edge
            if onward in self.twins or not goes_straight(self.plain, twin, onward):
                continue
            free = self._added(onward) or range(self.plain.lanes(onward))[-1:]
            width = self.plain.lanes(twin)
            for number in range(max(width, len(free))):
                target = free[min(number, len(free) - 1)]
                self.plain.allow(Movement(twin, min(number, width - 1), onward, target), movement)

    def _let_side_streets_in(self) -> None:
        """Let side streets that could only turn into the reversed direction turn into the reversed lanes."""
        for name, item in self.beside.items():
            node = item.edge.getFromNode().getID()  # where the reversed direction began: the stretch's edge ends there
            for movement in [old for old in self.before if old.to_edge == item.edge.getID()]:
                onward = [
                    other
                    for other in self.beside
                    if self.plain.edges[other].attrib["from"] == node and movement.from_edge != name
                ]
                if movement.from_edge in self.losing:
                    continue  # it has no traffic any more
                served = any(self.plain.between(movement.from_edge, other) for other in onward)
                if onward and not served and movement.from_edge not in self.beside:
                    lane = self.plain.lanes(onward[0]) - 1
                    self.plain.allow(Movement(movement.from_edge, movement.from_lane, onward[0], lane), movement)
