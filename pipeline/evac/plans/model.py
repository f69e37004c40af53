"""A plan file: what the city changes compared with normal rules.

An action belongs to the module of what it changes: `roads`, `junctions` or `people`.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from evac.plans.action import Action, Minute, Resources, TimedAction, When, when_of
from evac.plans.junctions import (
    AllowTurn,
    BanTurn,
    Barricade,
    Dedicate,
    GreenStage,
    JunctionAction,
    Signal,
    SignalMode,
)
from evac.plans.people import Behaviour, Divert, EvacuateOnly, PeopleAction, Phase
from evac.plans.places import Junction, LaneNumber, Movement, Stretch
from evac.plans.roads import Close, Contraflow, Open, RoadAction, Speed, TakeLane, UseCentreLane, UseShoulder
from evac.schema.base import Model, Name

__all__ = [
    "Action",
    "AllowTurn",
    "AnyAction",
    "BanTurn",
    "Barricade",
    "Behaviour",
    "Close",
    "Contraflow",
    "Dedicate",
    "Divert",
    "EvacuateOnly",
    "GreenStage",
    "Junction",
    "LaneNumber",
    "Minute",
    "Movement",
    "Open",
    "Phase",
    "Plan",
    "Resources",
    "Signal",
    "SignalMode",
    "Speed",
    "Stretch",
    "TakeLane",
    "TimedAction",
    "UseCentreLane",
    "UseShoulder",
    "When",
    "when_of",
]

AnyAction = Annotated[RoadAction | JunctionAction | PeopleAction, Field(discriminator="do")]


class Plan(Model):
    """A plan: an overlay of changes on the scenario's normal rules."""

    name: Name
    """The plan, as reports have it."""
    note: str = ""
    """What a reader must know about this plan."""
    extends: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)] | None = None
    """Another plan of the same folder, by its file name without `.yaml`: its actions come first."""
    without: tuple[Name, ...] = ()
    """Labels of actions of the extended plan that this one leaves out."""
    actions: tuple[AnyAction, ...] = ()
    """The changes."""

    @model_validator(mode="after")
    def _labels_are_unique(self) -> Self:
        labels = [action.label for action in self.actions if action.label is not None]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"'actions' has the label {', '.join(map(repr, twice))} twice")
        if self.without and self.extends is None:
            raise ValueError("'without' needs 'extends'")
        return self
