"""A plan's actions, one after the other, on plain XML; with what they leave to do while the simulation runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from xml.sax.saxutils import quoteattr

from sumolib.net import Net
from sumolib.net.connection import Connection
from sumolib.net.edge import Edge
from sumolib.net.lane import Lane

from evac.errors import PlaceError, Problem, ScenarioError
from evac.network.exits import ResolvedExit
from evac.network.places import StreetIndex
from evac.overlay import roads
from evac.overlay.contraflow import TWIN, apply_contraflow, last_reversed, narrowing, plan_contraflow, reversal
from evac.overlay.plain import PlainNet
from evac.overlay.signals import DARK, signal_programs
from evac.overlay.where import Where
from evac.plans.model import (
    AllowTurn,
    BanTurn,
    Barricade,
    Close,
    Contraflow,
    Dedicate,
    Divert,
    Open,
    Signal,
    Speed,
    Stretch,
    TakeLane,
    UseShoulder,
    When,
    when_of,
)
from evac.plans.reading import LoadedAction
from evac.plans.timetable import Diversion, LaneSpan, Reversal, SignalSwitch, Timetable

_CORRIDOR_SIGNALS = 2  # to coordinate


@dataclass(frozen=True)
class _Claim:
    """What an action does to a piece of road or a junction, for finding contradictions."""

    item: LoadedAction
    does: str
    when: When


@dataclass
class Compiling:
    """A plan on its way into a net.

    Parameters
    ----------
    plain
        The net; changed by `apply`.
    where
        Finds places on the baseline's net.
    exits
        The exits on the baseline's net.
    """

    plain: PlainNet
    where: Where
    exits: Sequence[ResolvedExit]
    closings: list[LaneSpan] = field(default_factory=list)
    openings: list[LaneSpan] = field(default_factory=list)
    reversals: list[Reversal] = field(default_factory=list)
    diversions: list[Diversion] = field(default_factory=list)
    speeds: list[tuple[str, Speed, list[Edge]]] = field(default_factory=list)
    signals: list[tuple[LoadedAction, Signal, list[str], list[Edge], bool]] = field(default_factory=list)
    added_lanes: set[str] = field(default_factory=set)
    for_residents: set[str] = field(default_factory=set)
    dedicated: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    touched: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _claims: dict[str, list[_Claim]] = field(default_factory=lambda: defaultdict(list))
    _ends: list[tuple[str, list[str]]] = field(default_factory=list)
    _new_signals: set[str] = field(default_factory=set)

    def apply(self, item: LoadedAction) -> None:
        """Apply one action.

        Raises
        ------
        UserError
            Its place isn't found, or it makes no sense there.
        """
        action = item.action
        match action:
            case Contraflow():
                self._contraflow(item, action)
            case UseShoulder() | TakeLane() | Open() | Close():
                self._lanes(item, action)
            case Dedicate():
                for edge in self.where.index.find(action.where, f"{item.where}.where"):
                    self._claim(item, edge.getID(), "uses")
                    self.dedicated.append(edge.getID())
                roads.dedicate(self.plain, action, self.where, item.where)
            case BanTurn() | AllowTurn() | Barricade():
                roads.change_turns(self.plain, action, self.where, item.where)
            case Speed():
                self._speed(item, action)
            case Signal():
                self._signal(item, action)
            case Divert():
                self._divert(item, action)

    def contradictions(self) -> list[Problem]:
        """Return a problem for each two actions that can't both hold."""
        problems: dict[tuple[str, str], Problem] = {}
        for place, claims in self._claims.items():
            for one, other in combinations(claims, 2):
                if one.item is other.item or not _overlap(one.when, other.when) or not _contradict(one, other):
                    continue
                what = f"'{one.item.label}' and '{other.item.label}' contradict each other on {self._describe(place)}"
                problems[one.item.where, other.item.where] = Problem(
                    other.item.where, what, "leave one out, or give them times that don't overlap"
                )
        return list(problems.values())

    def who_claims(self, edge: str) -> str:
        """Return file and line of the action that adds lanes to an edge, for error messages."""
        claims = self._claims[edge.removeprefix(TWIN)]
        return next(item.item.where for item in claims if item.does in ("uses", "takes away"))

    def finish(self, net: Net, index: StreetIndex, inner: Net) -> tuple[Timetable, list[str]]:
        """Return the timetable, and the elements of SUMO's additional file, for the compiled net.

        `inner` is the same net with the lanes inside junctions: those that lead to a lane that opens open with it.
        """
        self.warnings += [text for label, ends in self._ends if (text := narrowing(self.plain, label, ends))]
        switches, elements = self._switches(net, index)
        elements += [line for number, item in enumerate(self.speeds) for line in _speed_signs(number, *item)]
        timetable = Timetable(
            tuple(self.closings),
            tuple(replace(item, lanes=_with_inner_lanes(item.lanes, inner)) for item in self.openings),
            tuple(
                replace(item, reversed_lanes=_with_inner_lanes(item.reversed_lanes, inner)) for item in self.reversals
            ),
            tuple(switches),
            tuple(self.diversions),
        )
        return timetable, elements

    def _claim(self, item: LoadedAction, place: str, does: str) -> None:
        self._claims[place].append(_Claim(item, does, when_of(item.action)))
        self.touched[place].append(item.label)

    def _describe(self, place: str) -> str:
        net = self.where.index.net
        if net.hasEdge(place):
            return self.where.index.describe(net.getEdge(place))
        return f"the junction at {self.where.link(net.getNode(place))}"

    def _contraflow(self, item: LoadedAction, action: Contraflow) -> None:
        found = plan_contraflow(action, self.where, item.where)
        for one in found:
            self._claim(item, one.edge.getID(), "takes away")
            if one.beside is not None:
                self._claim(item, one.beside.getID(), "uses")
        timed = not action.when.is_always
        known = set(self.plain.edges)
        if any(one.edge.getID() not in known for one in found):
            return  # another action has it: told by `contradictions`
        normal, turned = apply_contraflow(self.plain, found, timed=timed)
        self._ends.append((item.label, last_reversed(self.plain, turned)))
        self.added_lanes |= set(turned)
        if timed:
            self.reversals.append(reversal(item.label, action, normal, turned))

    def _lanes(self, item: LoadedAction, action: UseShoulder | TakeLane | Open | Close) -> None:
        now = action.when.is_always
        edges = self._edges(item, action)
        if isinstance(action, UseShoulder):
            for edge in edges:
                self._claim(item, edge.getID(), "uses")
            lanes = roads.use_shoulder(self.plain, edges, timed=not now)
            self.added_lanes |= set(lanes)
        else:
            lanes = [lane for edge in edges for lane in self._change_lanes(item, action, edge, now=now)]
        if now:
            return
        span = _span_s(action.when)
        if isinstance(action, UseShoulder | Open):
            self.openings.append(LaneSpan(item.label, *span, tuple(lanes)))
        else:
            self.closings.append(LaneSpan(item.label, *span, tuple(lanes), _admits_residents(action)))

    def _edges(self, item: LoadedAction, action: UseShoulder | TakeLane | Open | Close) -> list[Edge]:
        place = f"{item.where}.where"
        if isinstance(action, Close) and action.exit is not None:
            return [self.where.index.net.getEdge(edge) for edge in self._exit(action.exit, item.where).edges]
        if isinstance(action, Open):
            return self._closed_edges(action.where, place)
        assert action.where is not None  # noqa: S101  the model asks for a stretch or an exit
        if isinstance(action, UseShoulder):
            return self.where.path(action.where, place)
        return self.where.stretch(action.where, place)

    def _closed_edges(self, stretch: Stretch, place: str) -> list[Edge]:
        """Return the edges of a stretch that have lanes closed to cars; by point or polygon only these are meant."""
        index = StreetIndex(self.where.index.net, self.where.index.streets, vclass="emergency")
        index.edges = [edge for edge in index.edges if _closed_lanes(edge)]
        found = Where(index).stretch(stretch, place) if index.edges else []
        edges = [edge for edge in found if _closed_lanes(edge)]
        if not edges:
            what = "nothing there is closed to cars: there is nothing to open"
            remedy = "leave it out; more lanes are 'use_shoulder' or 'contraflow', a forbidden turn is 'allow_turn'"
            raise PlaceError(Problem(place, what, remedy))
        return edges

    def _change_lanes(self, item: LoadedAction, action: TakeLane | Open | Close, edge: Edge, *, now: bool) -> list[str]:
        if isinstance(action, Open):
            return self._open(item, edge, now=now)
        if isinstance(action, TakeLane):
            numbers, emergency = roads.kerb_or_middle(edge, action, self.where, item.where), True
        else:
            numbers = roads.lanes_of(edge, action.lanes, self.where, item.where)
            emergency = action.emergency_may_pass
        residents = _admits_residents(action)
        if residents:
            self.for_residents |= {f"{edge.getID()}_{number}" for number in numbers}
        whole = len(numbers) == len(roads.lanes_of(edge, None, self.where, item.where))
        self._claim(item, edge.getID(), "takes away" if whole else "narrows")
        if edge.getID() not in self.plain.edges:
            return []
        return roads.close_lanes(self.plain, edge, numbers, now=now, emergency=emergency, residents=residents)

    def _open(self, item: LoadedAction, edge: Edge, *, now: bool) -> list[str]:
        closed = _closed_lanes(edge)
        self._claim(item, edge.getID(), "uses")
        for lane in closed if now else ():
            self.plain.set_lane(edge.getID(), lane, {"allow": "all"})
        return [f"{edge.getID()}_{lane}" for lane in closed]

    def _exit(self, name: str, where: str) -> ResolvedExit:
        found = next((item for item in self.exits if item.name == name), None)
        if found is None:
            names = ", ".join(f"'{item.name}'" for item in self.exits)
            raise PlaceError(Problem(where, f"there is no exit '{name}'", f"the exits are {names}"))
        return found

    def _speed(self, item: LoadedAction, action: Speed) -> None:
        edges = self.where.stretch(action.where, f"{item.where}.where")
        for edge in edges:
            self._claim(item, edge.getID(), "speed")
        edges = [edge for edge in edges if edge.getID() in self.plain.edges]
        if action.when.is_always:
            roads.set_speed(self.plain, edges, action)
        else:
            self.speeds.append((item.label, action, edges))

    def _divert(self, item: LoadedAction, action: Divert) -> None:
        assert action.approach is not None  # noqa: S101  diversions of zones are of the demand
        edges = tuple(edge.getID() for edge in self.where.index.find(action.approach, f"{item.where}.approach"))
        for edge in edges:
            self._claim(item, edge, "diverts")
        exit_edges = self._exit(action.to_exit, f"{item.where}.to_exit").edges
        found = self.where.index.find(action.by, f"{item.where}.by") if action.by else []
        by = tuple(edge.getID() for edge in found)
        self.diversions.append(Diversion(item.label, *_span_s(action.when), edges, exit_edges, action.compliance, by))

    def _signal(self, item: LoadedAction, action: Signal) -> None:
        if action.where is not None:
            nodes, corridor = [self.where.junction(action.where, f"{item.where}.where")], []
        else:
            corridor = self.where.path(action.corridor, f"{item.where}.corridor")  # type: ignore[arg-type]
            nodes = [edge.getToNode() for edge in corridor if self.plain.nodes[edge.getToNode().getID()].get("tl")]
            fewest = _CORRIDOR_SIGNALS if action.mode == "coordinated" else 1
            if len(nodes) < fewest:
                what = f"has {len(nodes)} signal(s), expected {fewest} or more"
                raise PlaceError(Problem(f"{item.where}.corridor", what, "name junctions one by one with 'where'"))
        had = {node.getID(): self.plain.nodes[node.getID()].get("tl") is not None for node in nodes}
        if action.mode in DARK and not all(had.values()):
            raise PlaceError(Problem(item.where, "there is no signal at this junction to switch off", "leave it out"))
        signals = []
        for node in nodes:
            self._claim(item, node.getID(), "signal")
            signals.append(self.plain.make_signal(node.getID()))
            if not had[node.getID()]:
                self._new_signals.add(signals[-1])
        self._darken(item, action, signals)
        self.signals.append((item, action, list(dict.fromkeys(signals)), list(corridor), all(had.values())))

    def _darken(self, item: LoadedAction, action: Signal, signals: Sequence[str]) -> None:
        """Make signals that are off all-way stops, where they shall be; SUMO's net says it of a signal for good."""
        others = {other.mode for _, other, ids, _, _ in self.signals if other.mode in DARK and set(ids) & set(signals)}
        if action.mode in DARK and others - {action.mode}:
            what = f"'{action.mode}' and '{min(others)}' at one junction: it can't be both in one plan"
            raise ScenarioError(Problem(item.where, what, "give both actions the same mode"))
        for signal in signals if action.mode == "all_way_stop" else ():
            self.plain.stop_all(signal)

    def _switches(self, net: Net, index: StreetIndex) -> tuple[list[SignalSwitch], list[str]]:
        """Return when each signal changes its program, and the programs."""
        switches, elements = [], []
        for number, (item, action, signals, corridor, _) in enumerate(self.signals):
            still = [net.getEdge(edge.getID()) for edge in corridor if net.hasEdge(edge.getID())]
            programs = signal_programs(
                action,
                signals,
                net,
                index,
                f"plan-{number}",
                where=item.where,
                corridor=still,
                made=self._new_signals,
            )
            for program in programs:
                self.warnings += [f"{item.label}: {text}" for text in program.warnings]
                if program.logic:
                    elements.append(program.logic)
                normal = "off" if program.tls in self._new_signals else "0"
                at_s, until_s = _span_s(action.when)
                switches.append(
                    SignalSwitch(
                        item.label,
                        at_s,
                        until_s,
                        program.tls,
                        program.program,
                        normal,
                        officer=program.officer,
                        before=program.before,
                        after=program.after,
                    )
                )
        return switches, elements


def _admits_residents(action: TakeLane | Close) -> bool:
    return isinstance(action, Close) and action.admit == "residents"


def _closed_lanes(edge: Edge) -> list[int]:
    return [lane.getIndex() for lane in edge.getLanes() if not lane.allows("passenger")]


def _with_inner_lanes(lanes: Sequence[str], inner: Net) -> tuple[str, ...]:
    """Return lanes and, after them, those inside junctions through which traffic gets onto and off them.

    netconvert gives these the permissions that both of their ends have in common.
    """
    found: dict[str, None] = dict.fromkeys(lanes)
    ahead = [item for lane in lanes for item in (*inner.getLane(lane).getOutgoing(), *_into(inner.getLane(lane)))]
    while ahead:
        via = ahead.pop().getViaLaneID()
        if via and via not in found:
            found[via] = None
            ahead += inner.getLane(via).getOutgoing()
    return tuple(found)


def _into(lane: Lane) -> list[Connection]:
    incoming = [item for items in lane.getEdge().getIncoming().values() for item in items]
    return [item for item in incoming if item.getToLane() is lane and not item.getFrom().getID().startswith(":")]


def _span_s(when: When) -> tuple[float, float | None]:
    return 60.0 * when.ready_min, None if when.until_min is None else 60.0 * when.until_min


def _overlap(one: When, other: When) -> bool:
    ends = [float("inf") if item.until_min is None else item.until_min for item in (one, other)]
    return one.from_min < ends[1] and other.from_min < ends[0]


_CONTRADICTORY = ({"takes away"}, {"takes away", "uses"}, {"takes away", "narrows"}, {"speed"}, {"signal"})


def _contradict(one: _Claim, other: _Claim) -> bool:
    """Return whether two things can't both be done to one place; two that both use it, or one that narrows it, can."""
    return _overlap(one.when, other.when) and {one.does, other.does} in _CONTRADICTORY


def _speed_signs(number: int, label: str, action: Speed, edges: Iterable[Edge]) -> list[str]:
    """Return variable speed signs, one for each new speed; SUMO takes -1 as the normal limit."""
    by_speed: dict[float, list[str]] = defaultdict(list)
    for edge in edges:
        by_speed[roads.new_speed_mps(edge, action)] += [lane.getID() for lane in edge.getLanes()]
    at_s, until_s = _span_s(action.when)
    signs = []
    for place, (speed_mps, lanes) in enumerate(sorted(by_speed.items())):
        back = "" if until_s is None else f'<step time="{until_s:g}" speed="-1"/>'
        signs.append(
            f'<variableSpeedSign id="speed-{number}-{place}" lanes={quoteattr(" ".join(lanes))}>'
            f'<step time="{at_s:g}" speed="{speed_mps:.2f}"/>{back}'
            f'<param key="label" value={quoteattr(label)}/></variableSpeedSign>'
        )
    return signs
