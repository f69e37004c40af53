"""Actions that tell people something: where to go, when to leave, who leaves at all, and how they drive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evac.plans.action import Action, Minute, TimedAction
from evac.plans.places import LaneNumber, lanes_in_words, place_words
from evac.schema.base import Name, Share
from evac.schema.demand import DepartureForm
from evac.schema.places import Place


class Divert(TimedAction):
    """Traffic on an approach, or on lanes of it, or from zones, is sent to one exit."""

    do: Literal["divert"]
    """The action."""
    to_exit: Name
    """The exit; with `zones` also a refuge."""
    approach: Place | None = None
    """Whoever passes here is sent there."""
    lanes: Annotated[tuple[LaneNumber, ...], Field(min_length=1)] | None = None
    """Only who is in these lanes of the `approach`, counted from the kerb (where the plan gives it lanes: with these);
    the lane counts in which a driver is first seen there. All lanes when left out."""
    by: Place | None = None
    """A road that the way there uses (a named ramp), with `approach`: the quickest way to the exit when left out."""
    zones: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Instead of an approach: whoever leaves from these zones."""
    compliance: Share = 1.0
    """Share of the drivers that follow."""

    @model_validator(mode="after")
    def _one_group(self) -> Self:
        if (self.approach is None) == (self.zones is None):
            raise ValueError("give either 'approach' or 'zones'")
        if self.by is not None and self.approach is None:
            raise ValueError("'by' needs an 'approach': zones choose their way to the exit themselves")
        if self.lanes is not None and self.approach is None:
            raise ValueError("'lanes' needs the 'approach' that they are on")
        return self

    @property
    def changes_roads(self) -> bool:
        """Whether it changes roads: drivers on an approach are told by officers or signs there."""
        return self.zones is None

    def does(self) -> str:
        """Return what it does and where, in words."""
        lanes = f"{lanes_in_words(self.lanes)} of " if self.lanes else ""
        who = f"{lanes}{place_words(self.approach)}" if self.approach else f"zones {', '.join(self.zones or ())}"
        by = f" by {place_words(self.by)}" if self.by else ""
        return f"{who} to exit {self.to_exit}{by} ({self.compliance:.0%} follow)"


class Phase(Action):
    """Zones leave in a wave of their own."""

    do: Literal["phase"]
    """The action."""
    zones: Annotated[tuple[str, ...], Field(min_length=1)]
    """The zones."""
    offset_min: Minute = 0.0
    """Minutes after the order at which these zones are told to leave: their departures move by this. With `trigger`:
    minutes after the front has crossed it."""
    trigger: Path | None = None
    """Trigger line or area, in any format that GDAL/OGR reads: the zones are told to leave when the front of the
    scenario's hazard first crosses it; at the order where it had crossed it before."""
    layer: str | None = None
    """Layer of the trigger's file, where it has several."""
    curve: DepartureForm | None = None
    """Their own departure curve, after the offset; that of the case when left out."""

    @property
    def changes_roads(self) -> bool:
        """Whether it changes roads: it changes none."""
        return False

    def does(self) -> str:
        """Return what it does and where, in words."""
        if self.trigger is not None:
            later = f", {self.offset_min:g} min later" if self.offset_min else ""
            return f"zones {', '.join(self.zones)} leave when the front crosses {self.trigger.name}{later}"
        return f"zones {', '.join(self.zones)} leave {self.offset_min:g} min later"


class EvacuateOnly(Action):
    """Only these zones are ordered to leave; the rest of the city stays, or leaves unasked."""

    do: Literal["evacuate_only"]
    """The action."""
    zones: Annotated[tuple[str, ...], Field(min_length=1)]
    """The zones that are ordered to leave."""
    shadow_share: Share = 0.0
    """Share of the other households that leave unasked (shadow evacuation); they are traffic, and not counted in the
    clearance time."""

    @property
    def changes_roads(self) -> bool:
        """Whether it changes roads: it changes none."""
        return False

    def does(self) -> str:
        """Return what it does and where, in words."""
        return f"only zones {', '.join(self.zones)} ordered, {self.shadow_share:.0%} of the others leave unasked"


class Behaviour(Action):
    """What people do differently under this plan (a campaign, an app, a message)."""

    do: Literal["behaviour"]
    """The action."""
    informed_share: Share | None = None
    """Share of drivers with information, instead of the scenario's."""
    profile: Literal["calm", "normal", "aggressive"] | None = None
    """Driving style, instead of the scenario's."""
    at_most_vehicles: Annotated[int, Field(ge=1, le=9)] | None = None
    """Households take at most this many vehicles (the one-car campaign)."""
    followed_by: Share = 1.0
    """Share of the households that follow `at_most_vehicles`."""

    @property
    def changes_roads(self) -> bool:
        """Whether it changes roads: it changes none."""
        return False

    def does(self) -> str:
        """Return what it does and where, in words."""
        parts = []
        if self.informed_share is not None:
            parts.append(f"{self.informed_share:.0%} of drivers informed")
        if self.profile is not None:
            parts.append(f"{self.profile} drivers")
        if self.at_most_vehicles is not None:
            parts.append(f"at most {self.at_most_vehicles} vehicle(s) a household ({self.followed_by:.0%} follow)")
        return "; ".join(parts) or "no change of behaviour"


PeopleAction = Divert | Phase | EvacuateOnly | Behaviour
"""An action that tells people something."""
