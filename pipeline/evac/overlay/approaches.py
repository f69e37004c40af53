"""Approaches on which a plan sends drivers to an exit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evac.network.exits import ResolvedExit
from evac.overlay.where import Where, exit_called
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

    where: Where
    exits: Sequence[ResolvedExit]
    _diversions: list[Diversion] = field(default_factory=list)

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
        span = item.span(action.when)
        self._diversions.append(Diversion(*span, edges, exit_edges, action.compliance, by))
        how = (exit_edges, action.compliance, by)
        return [Claim(*span, item.where, edge, "diverts", how) for edge in edges]

    def spans(self) -> tuple[Diversion, ...]:
        """Return the diversions of the timetable."""
        return tuple(self._diversions)
