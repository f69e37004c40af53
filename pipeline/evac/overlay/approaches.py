"""Approaches on which a plan sends drivers to an exit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from sumolib.net import Net

from evac.errors import Mend, Problem, ScenarioError
from evac.network.exits import ResolvedExit
from evac.overlay.where import Where, exit_called
from evac.plans.action import Action
from evac.plans.contradictions import Claim
from evac.plans.model import Divert
from evac.plans.reading import LoadedAction
from evac.plans.timetable import Diversion


@dataclass
class Approaches:
    """What a plan tells drivers on the road.

    Parameters
    ----------
    where
        Finds places on the baseline's net.
    exits
        The exits on the baseline's net.
    """

    ACTIONS: ClassVar[tuple[type[Action], ...]] = (Divert,)

    where: Where
    exits: Sequence[ResolvedExit]
    _diversions: list[tuple[LoadedAction, Diversion]] = field(default_factory=list)

    def take(self, item: LoadedAction, action: Divert) -> list[Claim]:
        """Find the approach of an action, and return what it claims.

        Raises
        ------
        PlaceError
            The approach, the exit or the road on the way there isn't found.
        """
        assert action.approach is not None  # noqa: S101  diversions of zones are of the demand
        edges = tuple(edge.getID() for edge in self.where.index.find(action.approach, f"{item.where}.approach"))
        exit_edges = exit_called(self.exits, action.to_exit, f"{item.where}.to_exit").edges
        found = self.where.index.find(action.by, f"{item.where}.by") if action.by else []
        by = tuple(edge.getID() for edge in found)
        span, lanes = item.span(action.when), action.lanes or ()
        self._diversions.append((item, Diversion(*span, edges, exit_edges, action.compliance, by, lanes)))
        how = (exit_edges, action.compliance, by)
        claims = [Claim(*span, item.where, edge, "diverts", "some lanes" if lanes else how) for edge in edges]
        return claims + [Claim(*span, item.where, f"{edge}_{n}", "diverts", how) for edge in edges for n in lanes]

    def build(self) -> None:
        """Build nothing: drivers are told during the run."""

    def spans(self, net: Net) -> tuple[Diversion, ...]:
        """Return the diversions of the timetable, for the compiled net.

        Raises
        ------
        ScenarioError
            An approach hasn't a lane that an action names.
        """
        problems = []
        for item, told in self._diversions:
            for edge in map(net.getEdge, told.edges):
                if missing := [number for number in told.lanes if number >= edge.getLaneNumber()]:
                    has = f"the approach has the lanes 0 to {edge.getLaneNumber() - 1} under this plan"
                    what = f"{has}, not {', '.join(map(str, missing))}"
                    remedy = "lanes are counted from the kerb, beginning with 0"
                    problems.append(Problem(f"{item.where}.lanes", what, remedy, Mend.BY_HAND))
        if problems:
            raise ScenarioError(problems)
        return tuple(told for _, told in self._diversions)
