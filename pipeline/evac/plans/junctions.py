"""Actions that change how traffic passes junctions: signals and officers, turns, and what lanes lead into."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evac.plans.action import Action, TimedAction
from evac.plans.places import Junction, LaneNumber, Movement, Stretch, lanes_in_words, place_words
from evac.schema.base import Model
from evac.schema.places import Compass, Place

SignalMode = Literal["off", "unregulated", "all_way_stop", "flashing", "all_green", "officer", "fixed", "coordinated"]


class Dedicate(Action):
    """A lane that arrives at a junction serves one movement only. Holds from the order to the end."""

    do: Literal["dedicate"]
    """The action."""
    where: Place
    """The road that arrives: `street` and the `crossing` that it arrives at."""
    lanes: Annotated[tuple[LaneNumber, ...], Field(min_length=1)]
    """The lanes, counted from the kerb."""
    into: str = Field(alias="to")
    """The street that they lead into, and into nothing else."""
    leaving: Compass | None = None
    """Direction in which the traffic leaves, where that street has two arms at the junction."""
    onto_lanes: Annotated[tuple[LaneNumber, ...], Field(min_length=1)] | None = None
    """The lane of that street that each of `lanes` leads onto, counted from the kerb (on a street that the plan gives
    lanes: with these); from the kerb on when left out."""
    exclusive: bool = False
    """Whether only these lanes lead there: the others lose the movement."""

    @model_validator(mode="after")
    def _one_lane_each(self) -> Self:
        if self.onto_lanes is not None and len(self.onto_lanes) != len(self.lanes):
            raise ValueError(f"'onto_lanes' needs a lane for each of the {len(self.lanes)} in 'lanes'")
        return self

    def does(self) -> str:
        """Return what it does and where, in words."""
        onto = f", onto {lanes_in_words(self.onto_lanes)}" if self.onto_lanes else ""
        return f"{lanes_in_words(self.lanes)} of {place_words(self.where)} only into {self.into}{onto}"


class GreenStage(Model):
    """A stage of a fixed programme: who has green together, and for how long."""

    movements: Annotated[tuple[Movement, ...], Field(min_length=1)]
    """The movements that have green."""
    green_s: Annotated[int, Field(ge=5, le=600)]
    """Seconds of green."""


class Signal(TimedAction):
    """How a junction is controlled.

    `off`: dark; what holds is the law of `traffic.country`, an all-way stop in the United States and Canada, elsewhere
    right of way by the signs. `unregulated`: dark, right of way by the signs. `all_way_stop`: dark, everybody stops,
    and who came first goes first. `flashing`: yellow on the main road, red (stop, then
    go in a gap) on the others. `all_green`: the named movements have green all the time, the others wait for a gap if
    they don't cross them, else stand. `officer`: a person serves the longest queue, at a junction with or without
    signals. `fixed`: the plan's own stages. `coordinated`: the signals along a corridor get one cycle, each green when
    a platoon arrives.
    """

    do: Literal["signal"]
    """The action."""
    where: Junction | None = None
    """The junction."""
    corridor: Stretch | None = None
    """Instead of a junction: all signals along a stretch, in the direction of travel (not `all_green` and `fixed`)."""
    mode: SignalMode
    """How the junction is controlled."""
    main: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """With `flashing`: the streets that get yellow; those of the highest class when left out."""
    movements: Annotated[tuple[Movement, ...], Field(min_length=1)] | None = None
    """With `all_green`: the movements that have green."""
    stages: Annotated[tuple[GreenStage, ...], Field(min_length=2)] | None = None
    """With `fixed`: the stages in their order; yellow and all-red are added between them."""
    cycle_s: Annotated[int, Field(ge=30, le=600)] = 120
    """With `coordinated`: the common cycle (s)."""

    @model_validator(mode="after")
    def _keys_of_the_mode(self) -> Self:
        if (self.where is None) == (self.corridor is None):
            raise ValueError("give either 'where' (a junction) or 'corridor' (a stretch)")
        if self.corridor is not None and self.mode in ("all_green", "fixed"):
            raise ValueError(f"'{self.mode}' is for one junction: give 'where' instead of 'corridor'")
        if self.corridor is None and self.mode == "coordinated":
            raise ValueError("'coordinated' needs 'corridor': the stretch along which the signals are")
        for key, mode in (("main", "flashing"), ("movements", "all_green"), ("stages", "fixed")):
            if getattr(self, key) is not None and self.mode != mode:
                raise ValueError(f"'{key}' belongs to the mode '{mode}'")
        for key, mode in (("movements", "all_green"), ("stages", "fixed")):
            if getattr(self, key) is None and self.mode == mode:
                raise ValueError(f"the mode '{mode}' needs '{key}'")
        return self

    def does(self) -> str:
        """Return what it does and where, in words."""
        place = f"at {self.where}" if self.where else f"along {self.corridor}"
        return f"signal {self.mode.replace('_', ' ')} {place}"


class BanTurn(Action):
    """Movements through a junction are forbidden. Holds from the order to the end."""

    do: Literal["ban_turn"]
    """The action."""
    where: Junction
    """The junction."""
    movement: Movement
    """What is forbidden."""

    def does(self) -> str:
        """Return what it does and where, in words."""
        return f"no turn {self.movement} at {self.where}"


class AllowTurn(Action):
    """Movements through a junction that were forbidden are allowed. Holds from the order to the end."""

    do: Literal["allow_turn"]
    """The action."""
    where: Junction
    """The junction."""
    movement: Movement
    """What is allowed; `from` and `to` are needed."""

    @model_validator(mode="after")
    def _both_ends(self) -> Self:
        if self.movement.street is None or self.movement.into is None:
            raise ValueError("'movement' needs 'from' and 'to'")
        return self

    def does(self) -> str:
        """Return what it does and where, in words."""
        return f"turn allowed {self.movement} at {self.where}"


class Barricade(Action):
    """A side street is barricaded at a junction: nobody passes between it and the junction, in either direction."""

    do: Literal["barricade"]
    """The action."""
    where: Junction
    """The junction."""
    street: str
    """The side street."""
    heading: Compass | None = None
    """Direction from the junction into the side street, where it has two arms there."""

    def does(self) -> str:
        """Return what it does and where, in words."""
        return f"{self.street} barricaded at {self.where}"


JunctionAction = Dedicate | Signal | BanTurn | AllowTurn | Barricade
"""An action that changes how traffic passes a junction."""
