"""Signals and officers of a plan: which junctions, which programs, from when until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from sumolib.net import Net
from sumolib.net.edge import Edge
from sumolib.net.node import Node

from evac.errors import Mend, PlaceError, Problem, ScenarioError
from evac.network.places import StreetIndex
from evac.overlay.plain import PlainNet
from evac.overlay.signals import DARK, OFF, SignalProgram, signal_programs
from evac.overlay.where import Where
from evac.plans.action import Action
from evac.plans.contradictions import Claim
from evac.plans.model import Signal
from evac.plans.reading import LoadedAction
from evac.plans.timetable import Program

_CORRIDOR_SIGNALS = 2  # to coordinate
_NORMAL = "0"  # netconvert's id of the program in the net
_NOT_OF_THE_PROGRAM = {"label", "resources", "when"}


@dataclass
class SignalChanges:
    """What a plan does to signals.

    Parameters
    ----------
    plain
        The net; changed by `build`.
    where
        Finds places on the baseline's net.
    """

    ACTIONS: ClassVar[tuple[type[Action], ...]] = (Signal,)

    plain: PlainNet
    where: Where
    warnings: list[str] = field(default_factory=list)
    elements: dict[tuple[str, str], str] = field(default_factory=dict)
    """The programs for SUMO's additional file, by signal and program."""
    _asked: list[tuple[LoadedAction, Signal, list[Node], list[Edge]]] = field(default_factory=list)
    _new: set[str] = field(default_factory=set)

    def take(self, item: LoadedAction, action: Signal) -> list[Claim]:
        """Find the junctions of an action, and return what it claims.

        Raises
        ------
        PlaceError
            Its place isn't found, or has no signals where it needs them.
        """
        corridor: list[Edge] = []
        if action.where is not None:
            nodes = [self.where.junction(action.where, f"{item.where}.where")]
        else:
            corridor = self.where.path(action.corridor, f"{item.where}.corridor")  # type: ignore[arg-type]
            nodes = [edge.getToNode() for edge in corridor if self._has_signal(edge.getToNode())]
            fewest = _CORRIDOR_SIGNALS if action.mode == "coordinated" else 1
            if len(nodes) < fewest:
                what = f"has {len(nodes)} signal(s), expected {fewest} or more"
                remedy = "name junctions one by one with 'where'"
                raise PlaceError(Problem(f"{item.where}.corridor", what, remedy, Mend.BY_HAND))
        if action.mode in DARK and not all(map(self._has_signal, nodes)):
            raise PlaceError(Problem(item.where, "there is no signal at this junction to switch off", "leave it out"))
        self._asked.append((item, action, nodes, corridor))
        return [
            Claim(*item.span(action.when), item.where, tls, "controls", _program_of(action))
            for tls in dict.fromkeys(self.plain.nodes[node.getID()].get("tl") or node.getID() for node in nodes)
        ]

    def build(self) -> None:
        """Give junctions signals that have none and that an action controls.

        Raises
        ------
        ScenarioError
            A signal that is off is an all-way stop for one action, and none for another.
        """
        dark: dict[str, str] = {}
        for item, action, nodes, _ in self._asked:
            for node in nodes:
                had = self._has_signal(node)
                tls = self.plain.make_signal(node.getID())
                if not had:
                    self._new.add(tls)
                if action.mode in DARK:
                    self._darken(item, action, tls, dark)

    def _darken(self, item: LoadedAction, action: Signal, tls: str, dark: dict[str, str]) -> None:
        """Make a signal that is off an all-way stop, where it shall be; SUMO's net says it of a signal for good."""
        if dark.setdefault(tls, action.mode) != action.mode:
            what = f"'{action.mode}' and '{dark[tls]}' at one junction: it can't be both in one plan"
            raise ScenarioError(Problem(item.where, what, "give both actions the same mode", Mend.ONE_KIND))
        if action.mode == "all_way_stop":
            self.plain.stop_all(tls)

    def spans(self, net: Net, index: StreetIndex) -> Iterator[Program]:
        """Give the programs of the timetable, for the compiled net; the same program is one, whoever asks for it."""
        known: dict[str, str] = {}
        for item, action, nodes, corridor in self._asked:
            name = known.setdefault(_program_of(action), f"plan-{len(known)}")
            signals = list(dict.fromkeys(self.plain.nodes[node.getID()].attrib["tl"] for node in nodes))
            still = [net.getEdge(edge.getID()) for edge in corridor if net.hasEdge(edge.getID())]
            programs = signal_programs(
                action, signals, net, index, name, where=item.where, corridor=still, made=self._new
            )
            for program in programs:
                self.warnings += [f"{item.label}: {text}" for text in program.warnings]
                if program.logic:
                    self.elements[program.tls, program.program] = program.logic
                yield self._program(item, action, program)

    def _program(self, item: LoadedAction, action: Signal, program: SignalProgram) -> Program:
        return Program(
            *item.span(action.when),
            program.tls,
            program.program,
            normal=OFF if program.tls in self._new else _NORMAL,
            officer=program.officer,
            before=program.before,
            after=program.after,
        )

    def _has_signal(self, node: Node) -> bool:
        return self.plain.nodes[node.getID()].get("tl") is not None


def _program_of(action: Signal) -> str:
    """Return what the programs of an action depend on: two of the same content are one."""
    return action.model_dump_json(exclude=_NOT_OF_THE_PROGRAM)
