"""Lanes that a plan's actions add, open and close, all together: contraflow, shoulders, opened roads, closures.

First it is taken in what each action asks for, then the net is built for all of them, in an order of its own. What the
states of the timetable say holds from the order to the end is built in; for all else the net has both states.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from sumolib.net import Net
from sumolib.net.connection import Connection
from sumolib.net.edge import Edge
from sumolib.net.lane import Lane

from evac.errors import Mend, PlaceError, Problem, ScenarioError
from evac.network.exits import ResolvedExit
from evac.network.inner_lanes import lanes_behind
from evac.network.places import StreetIndex
from evac.overlay import roads
from evac.overlay.contraflow import Reversed, opposite_of, plan_contraflow
from evac.overlay.plain import PlainNet
from evac.overlay.reversing import apply_contraflow
from evac.overlay.serving import few_can_use
from evac.overlay.where import Where, exit_called
from evac.plans.action import Action
from evac.plans.contradictions import Claim, Does
from evac.plans.model import Close, Contraflow, Open, Stretch, TakeLane, UseCentreLane, UseShoulder, When
from evac.plans.reading import LoadedAction
from evac.plans.timetable import ADMITTED, Admits, Closing, Opening, Opposed, State, States, Timetable, at, edge_of
from evac.sumo import RESIDENT_CLASS

LaneAction = Contraflow | UseShoulder | UseCentreLane | TakeLane | Open | Close
_LET_THROUGH_ONLY = ("authority",)


@dataclass(frozen=True)
class _Asked:
    """An action, and the lanes of the map that it is about, by edge."""

    item: LoadedAction
    when: When
    lanes: Mapping[str, Sequence[int]]
    admits: tuple[str, ...] = ADMITTED


@dataclass
class LaneChanges:
    """What a plan does to lanes.

    Parameters
    ----------
    plain
        The net; changed by `build`.
    where
        Finds places on the baseline's net.
    exits
        The exits on the baseline's net.
    """

    ACTIONS: ClassVar[tuple[type[Action], ...]] = (Contraflow, UseShoulder, UseCentreLane, TakeLane, Open, Close)

    plain: PlainNet
    where: Where
    exits: Sequence[ResolvedExit]
    added: dict[str, str] = field(default_factory=dict)
    """Lanes that are added (contraflow, shoulders, centre lanes), with file and line of the action."""
    for_residents: set[str] = field(default_factory=set)
    """Lanes that are closed to through traffic only, at some time."""
    _contraflows: list[tuple[LoadedAction, When, tuple[Reversed, ...]]] = field(default_factory=list)
    _beside: list[_Asked] = field(default_factory=list)
    _opened: list[_Asked] = field(default_factory=list)
    _closed: list[_Asked] = field(default_factory=list)
    _closings: list[Closing] = field(default_factory=list)
    _openings: list[Opening] = field(default_factory=list)
    _opposed: list[Opposed] = field(default_factory=list)
    _gained: list[tuple[str, Sequence[str]]] = field(default_factory=list)

    def take(self, item: LoadedAction, action: LaneAction) -> list[Claim]:
        """Find the lanes of an action, and return what it claims.

        Raises
        ------
        PlaceError
            Its place isn't found, or it makes no sense there.
        """
        place = f"{item.where}.where"
        match action:
            case Contraflow():
                return self._take_contraflow(item, action)
            case UseShoulder():
                return self._take_beside(item, action.when, self.where.path(action.where, place))
            case UseCentreLane():
                return self._take_centre(item, action)
            case Open():
                opened = {edge.getID(): _closed_lanes(edge) for edge in self._closed_edges(action.where, place)}
                self._opened.append(_Asked(item, action.when, opened))
                return _claims(item, action.when, "opens", opened)
            case TakeLane():
                edges = self.where.stretch(action.where, place)
                taken = {edge.getID(): roads.kerb_or_middle(edge, action, self.where, item.where) for edge in edges}
                self._closed.append(_Asked(item, action.when, taken))
                return _claims(item, action.when, "narrows", taken)
            case Close():
                return self._take_closure(item, action)

    def build(self) -> None:
        """Build what all actions together ask for.

        Raises
        ------
        ScenarioError
            Two contraflows share a part of a road.
        """
        self._build_beside()
        self._build_contraflows()
        for asked in self._opened:
            self._openings.append(Opening(*asked.item.span(asked.when), self._ids(asked.lanes)))
        for asked in self._closed:
            lanes = self._ids(asked.lanes)
            self._closings.append(Closing(*asked.item.span(asked.when), lanes, asked.admits))
            if RESIDENT_CLASS in asked.admits:
                self.for_residents |= set(lanes)
        self._build_states()

    def states(self) -> States:
        """Return what holds when on the lanes, as far as they are built."""
        return Timetable(tuple(self._closings), tuple(self._openings)).states()

    def timetable(self, net: Net, net_file: Path) -> Timetable:
        """Return what lanes do on the compiled net, with the lanes inside junctions, which open with others."""
        if not self._openings and not self._opposed:
            return Timetable(closings=tuple(self._closings))
        behind = lanes_behind(net_file)
        openings = tuple(replace(item, lanes=_with_inner_lanes(item.lanes, net, behind)) for item in self._openings)
        opposed = tuple(
            replace(item, reversed_lanes=_with_inner_lanes(item.reversed_lanes, net, behind)) for item in self._opposed
        )
        return Timetable(closings=tuple(self._closings), openings=openings, opposed=opposed)

    def warnings(self) -> Iterator[str]:
        """Give what the plan's author should look at."""
        for label, lanes in self._gained:
            yield from few_can_use(self.plain, label, lanes)

    def _take_beside(self, item: LoadedAction, when: When, edges: Sequence[Edge]) -> list[Claim]:
        """Take in a lane that edges have and cars don't use: beside those that they do."""
        lanes: dict[str, list[int]] = {edge.getID(): [0] for edge in edges}
        self._beside.append(_Asked(item, when, lanes))
        return _claims(item, when, "widens", lanes)

    def _take_centre(self, item: LoadedAction, action: UseCentreLane) -> list[Claim]:
        place = f"{item.where}.where"
        edges = self.where.path(action.where, place)
        without = [edge for edge in edges if not self.where.index.has_centre_lane(edge)]
        if without:
            what = f"{self.where.index.describe(without[0])} has no centre turn lane on the map"
            remedy = "take a shorter stretch, or, if there is one, set 'lanes:both_ways: 1' in osm.corrections"
            raise PlaceError(Problem(place, what, remedy, Mend.CORRECT_MAP))
        pairs = [(edge.getID(), back.getID()) for edge in edges if (back := opposite_of(edge, self.where)) is not None]
        shared = _claims(item, action.when, "centre", [">".join(sorted(pair)) for pair in pairs])
        return [*self._take_beside(item, action.when, edges), *shared]

    def _take_contraflow(self, item: LoadedAction, action: Contraflow) -> list[Claim]:
        found = tuple(plan_contraflow(action, self.where, item.where))
        self._contraflows.append((item, action.when, found))
        until_s = item.span(action.when)[2]
        begins = item.label, 60.0 * action.when.from_min, until_s, item.where
        claims = [Claim(*begins, one.edge.getID(), "reverses") for one in found]
        return claims + [Claim(*begins, one.beside.getID(), "gains") for one in found if one.beside is not None]

    def _take_closure(self, item: LoadedAction, action: Close) -> list[Claim]:
        if action.exit is not None:
            net = self.where.index.net
            edges = [net.getEdge(edge) for edge in exit_called(self.exits, action.exit, item.where).edges]
        else:
            assert action.where is not None  # noqa: S101  the model asks for a stretch or an exit
            edges = self.where.stretch(action.where, f"{item.where}.where")
        lanes = {edge.getID(): roads.lanes_of(edge, action.lanes, self.where, item.where) for edge in edges}
        self._closed.append(_Asked(item, action.when, lanes, _admitted(action)))
        whole = [edge for edge in edges if len(lanes[edge.getID()]) == len(roads.lanes_of(edge, None, self.where, ""))]
        narrowed = [edge.getID() for edge in edges if edge not in whole]
        return [
            *_claims(item, action.when, "closes", [edge.getID() for edge in whole]),
            *_claims(item, action.when, "narrows", narrowed),
        ]

    def _closed_edges(self, stretch: Stretch, place: str) -> list[Edge]:
        """Return the edges of a stretch that have lanes closed to cars; by point or polygon only these are meant."""
        index = StreetIndex(self.where.index.net, self.where.index.streets, vclass="emergency")
        index.edges = [edge for edge in index.edges if _closed_lanes(edge)]
        found = Where(index).stretch(stretch, place) if index.edges else []
        edges = [edge for edge in found if _closed_lanes(edge)]
        if not edges:
            what = "nothing there is closed to cars: there is nothing to open"
            remedy = "leave it out; more lanes are 'use_shoulder' or 'contraflow', a forbidden turn is 'allow_turn'"
            raise PlaceError(Problem(place, what, remedy, Mend.ALREADY_OPEN))
        return edges

    def _ids(self, lanes: Mapping[str, Sequence[int]]) -> tuple[str, ...]:
        """Return SUMO's ids, in the plan's net, of lanes as the map counts them."""
        known = self.plain.edges
        return tuple(self.plain.lane_id(edge, lane) for edge, some in lanes.items() if edge in known for lane in some)

    def _build_beside(self) -> None:
        """Give each edge one more lane, however many actions use it; those with the same times together.

        It is the first one, also where it lies in the middle: to a queue it is all the same on which side it is longer.
        """
        found = [
            Opening(*asked.item.span(asked.when), tuple(f"{edge}_0" for edge in asked.lanes)) for asked in self._beside
        ]
        groups: dict[tuple[State[Admits], ...], list[str]] = defaultdict(list)
        for lane, states in Timetable(openings=tuple(found)).states().lanes.items():
            groups[tuple(replace(state, actions=()) for state in states)].append(edge_of(lane))
        for states, edges in groups.items():
            roads.use_shoulder(self.plain, edges, timed=len(states) > 1)
        self._openings += found
        for asked in self._beside:
            lanes = [f"{edge}_0" for edge in asked.lanes]
            self.added |= dict.fromkeys(lanes, asked.item.where)
            self._gained.append((asked.item.label, lanes))

    def _build_contraflows(self) -> None:
        """Reverse each stretch once, whatever the number of actions that do so one after the other."""
        self._require_whole_stretches()
        same: dict[tuple[Reversed, ...], list[tuple[LoadedAction, When]]] = defaultdict(list)
        for item, when, found in self._contraflows:
            same[found].append((item, when))
        for found in _farthest_first(same):
            actions = same[found]
            timed = not _is_always(actions)
            normal, turned = apply_contraflow(self.plain, found, timed=timed)
            self._gained.append((actions[0][0].label, turned))
            self.added |= dict.fromkeys(turned, actions[0][0].where)
            self._opposed.append(Opposed(tuple(normal), tuple(turned)))
            for item, when in actions:
                label, ready_s, until_s = item.span(when)
                self._closings.append(Closing(label, 60.0 * when.from_min, until_s, tuple(normal)))
                self._openings.append(Opening(label, ready_s, until_s, tuple(turned)))

    def _require_whole_stretches(self) -> None:
        """Refuse contraflows that follow each other on a part of a road only: they would need lanes of their own."""
        first: dict[str, tuple[LoadedAction, tuple[Reversed, ...]]] = {}
        problems = {}
        for item, _, found in self._contraflows:
            for one in found:
                other, theirs = first.setdefault(one.edge.getID(), (item, found))
                if theirs != found:
                    what = f"'{other.label}' and '{item.label}' reverse a part of {self.where.index.describe(one.edge)}"
                    remedy = "give both the same stretch and the same lanes"
                    problems[other.where, item.where] = Problem(item.where, what, remedy)
        if problems:
            raise ScenarioError(list(problems.values()))

    def _build_states(self) -> None:
        """Close and open for good what always is so, and let open lanes serve what only closed ones do."""
        states = self.states().lanes
        opened = set(self._ids_of(self._opened))
        closing = dict.fromkeys(edge_of(lane) for item in self._closings for lane in item.lanes)
        for edge in [edge for edge in closing if edge in self.plain.edges]:  # contraflow for good takes its edges away
            for closed, left in _closed_sets(edge, self.plain.lanes(edge), states):
                roads.serve_from_beside(self.plain, edge, closed, left)
        for lane in dict.fromkeys([*self._ids_of(self._closed), *opened]):
            holds, edge, number = states[lane][0].holds, edge_of(lane), int(lane.rsplit("_", 1)[1])
            if len(states[lane]) > 1:
                continue
            if holds is not None:
                self.plain.close_lane(edge, number, emergency=bool(holds), residents=RESIDENT_CLASS in holds)
            elif lane in opened:
                self.plain.set_lane(edge, number, {"allow": "all"})

    def _ids_of(self, some: Iterable[_Asked]) -> list[str]:
        return [lane for asked in some for lane in self._ids(asked.lanes)]


def _claims(item: LoadedAction, when: When, does: Does, edges: Iterable[str]) -> list[Claim]:
    return [Claim(*item.span(when), item.where, edge, does) for edge in edges]


def _farthest_first(stretches: Iterable[tuple[Reversed, ...]]) -> list[tuple[Reversed, ...]]:
    """Return contraflows, each after those that it leads into: it is joined to the lanes that they have."""
    left, ordered = list(stretches), []
    while left:
        begins = [one[0].ends[0] for one in left]
        free = [one for one in left if one[-1].ends[1] not in begins]
        ordered.append((free or left)[0])  # a ring has no farthest one
        left.remove(ordered[-1])
    return ordered


def _is_always(actions: Iterable[tuple[LoadedAction, When]]) -> bool:
    """Return whether contraflows that follow each other hold from the order to the end, without a set-up."""
    spans = [item.span(when) for item, when in actions]
    closed = [Closing(item.label, 60.0 * when.from_min, item.span(when)[2], ("lane",)) for item, when in actions]
    opened = [Opening(*span, ("reversed",)) for span in spans]
    return all(len(states) == 1 for states in Timetable(tuple(closed), tuple(opened)).states().lanes.values())


def _admitted(action: Close) -> tuple[str, ...]:
    """Return who may drive where an action closes a road: who is let through, when it closes during the run, too."""
    admitted: tuple[str, ...] = ADMITTED
    if not action.emergency_may_pass:
        admitted = () if action.when.is_always else _LET_THROUGH_ONLY
    return (*admitted, RESIDENT_CLASS) if action.admit == "residents" else admitted


def _closed_sets(
    edge: str, count: int, states: Mapping[str, Sequence[State[Admits]]]
) -> Iterator[tuple[set[int], list[int]]]:
    """Give the lanes of an edge that are closed together at some time, and those that are open then."""
    every = {lane: states[name] for lane in range(count) if (name := f"{edge}_{lane}") in states}
    for time_s in sorted({state.from_s for some in every.values() for state in some}):
        closed = {lane for lane, some in every.items() if at(some, time_s) is not None}
        left = [lane for lane in range(count) if lane not in closed]
        if closed and left:
            yield closed, left


def _closed_lanes(edge: Edge) -> list[int]:
    return [lane.getIndex() for lane in edge.getLanes() if not lane.allows("passenger")]


def _with_inner_lanes(lanes: Sequence[str], net: Net, behind: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return lanes and, after them, those inside junctions through which traffic gets onto and off them.

    netconvert gives these the permissions that both of their ends have in common.
    """
    found: dict[str, None] = dict.fromkeys(lanes)
    at = [net.getLane(lane) for lane in lanes]
    ahead = [item.getViaLaneID() for lane in at for item in (*lane.getOutgoing(), *_into(lane))]
    while ahead:
        via = ahead.pop()
        if via and via not in found:
            found[via] = None
            ahead += behind.get(via, ())
    return tuple(found)


def _into(lane: Lane) -> list[Connection]:
    incoming = [item for items in lane.getEdge().getIncoming().values() for item in items]
    return [item for item in incoming if item.getToLane() is lane]
