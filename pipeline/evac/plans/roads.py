"""Actions that change lanes and speeds of roads: contraflow, shoulders, lanes taken, closures, openings, limits."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evac.plans.action import TimedAction
from evac.plans.places import LaneNumber, Stretch, lanes_in_words
from evac.schema.base import Name


class Contraflow(TimedAction):
    """Lanes of the opposite direction serve the stretch's direction of travel.

    With `when`, traffic drives normally until the set-up begins; then nobody enters the lanes that will be reversed,
    those on them drive out, and the reversed lanes open when the set-up is over and the last of them has left.
    """

    do: Literal["contraflow"]
    """The action."""
    where: Stretch
    """The stretch, in the direction in which the traffic shall flow."""
    lanes: Annotated[int, Field(ge=1)] | None = None
    """How many lanes of the opposite direction are reversed, from the middle of the road; all when left out."""
    keep_emergency_lane: bool = False
    """Leave one lane of the opposite direction to emergency vehicles."""

    def does(self) -> str:
        """Return what it does and where, in words."""
        lanes = f"{self.lanes} lane(s)" if self.lanes else "all lanes"
        kept = " but one for emergency vehicles" if self.keep_emergency_lane else ""
        return f"contraflow ({lanes}{kept}) on {self.where}"


class UseShoulder(TimedAction):
    """The shoulder becomes a lane at the kerb."""

    do: Literal["use_shoulder"]
    """The action."""
    where: Stretch
    """The stretch."""

    def does(self) -> str:
        """Return what it does and where, in words."""
        return f"shoulder as a lane on {self.where}"


class UseCentreLane(TimedAction):
    """The two-way left-turn lane in the middle of the road becomes a lane of one direction.

    Only where the map has one (`lanes:both_ways`); a correction of the scenario (`osm.corrections`) may say so.
    """

    do: Literal["use_centre_lane"]
    """The action."""
    where: Stretch
    """The stretch, in the direction that gets the lane."""

    def does(self) -> str:
        """Return what it does and where, in words."""
        return f"centre turn lane as a lane on {self.where}"


class TakeLane(TimedAction):
    """Lanes are taken away from the traffic (a work site, emergency vehicles, parked cars)."""

    do: Literal["take_lane"]
    """The action."""
    where: Stretch
    """The stretch."""
    lanes: Annotated[int, Field(ge=1)] = 1
    """How many lanes."""
    side: Literal["kerb", "middle"] = "kerb"
    """Whether the lanes at the kerb or those in the middle of the road go."""

    def does(self) -> str:
        """Return what it does and where, in words."""
        return f"{self.lanes} lane(s) at the {self.side} taken on {self.where}"


class Close(TimedAction):
    """A road, some of its lanes, or an exit is closed.

    Drivers who have no other way left when it closes are let through; all others are sent another way.
    """

    do: Literal["close"]
    """The action."""
    where: Stretch | None = None
    """The stretch, in one direction of travel where `towards`, `from` or `to` say which, else in both."""
    exit: Name | None = None
    """An exit of the scenario, instead of a stretch."""
    lanes: Annotated[tuple[LaneNumber, ...], Field(min_length=1)] | None = None
    """Lanes that close, counted from the kerb; the whole road when left out."""
    emergency_may_pass: bool = True
    """Whether emergency vehicles still may pass."""
    admit: Literal["residents"] | None = None
    """`residents`: closed to through traffic only. Who lives on the stretch, or has no other way out, may drive there;
    nobody when left out."""
    accept_cut_off: bool = False
    """Whether the plan is run although this action takes the only way out from households; they are listed in any
    case."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.where is None) == (self.exit is None):
            raise ValueError("give either 'where' or 'exit'")
        if self.exit is not None and self.lanes is not None:
            raise ValueError("'lanes' belongs to 'where': an exit closes with all of its lanes")
        if self.admit is not None and (self.exit is not None or self.lanes is not None):
            raise ValueError("'admit' is for a whole stretch: leave out 'exit' and 'lanes'")
        return self

    def does(self) -> str:
        """Return what it does and where, in words."""
        lanes = f"{lanes_in_words(self.lanes)} of " if self.lanes else ""
        to_whom = " to through traffic" if self.admit else ""
        return f"{lanes}{self.where or f'exit {self.exit}'} closed{to_whom}"


class Open(TimedAction):
    """Roads that the map closes to cars are opened: closed streets, tracks (fire roads), roads for buses, locked gates.

    Under other plans they aren't there. A path can't be opened: `osm.corrections` of the scenario makes it a road, for
    all plans.
    """

    do: Literal["open"]
    """The action."""
    where: Stretch
    """The road, or a `point` on it or at the gate; both directions where nothing says which."""

    def does(self) -> str:
        """Return what it does and where, in words."""
        return f"{self.where} opened"


class Speed(TimedAction):
    """A speed limit, or the speed that smoke leaves."""

    do: Literal["speed"]
    """The action."""
    where: Stretch
    """The stretch; both directions where nothing says which."""
    kph: Annotated[float, Field(gt=0.0, le=200.0)] | None = None
    """The new limit (km/h)."""
    factor: Annotated[float, Field(gt=0.0, le=3.0)] | None = None
    """Instead: a multiple of the limit that holds normally."""

    @model_validator(mode="after")
    def _one_speed(self) -> Self:
        if (self.kph is None) == (self.factor is None):
            raise ValueError("give either 'kph' or 'factor'")
        return self

    def does(self) -> str:
        """Return what it does and where, in words."""
        speed = f"{self.kph:g} km/h" if self.kph else f"{self.factor:.0%} of the limit"
        return f"{speed} on {self.where}"


RoadAction = Contraflow | UseShoulder | UseCentreLane | TakeLane | Close | Open | Speed
"""An action that changes lanes or speeds of roads."""
