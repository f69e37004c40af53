"""What all actions of a plan have: when they hold, what they take, and what people read of them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from evac import clock
from evac.schema.base import Model, Name

Minute = Annotated[float, Field(ge=0.0, le=10_080.0)]
"""A time in minutes after the order (a week at most)."""
Count = Annotated[int, Field(ge=0, le=10_000)]
"""A number of people or things."""


class When(Model):
    """When a change holds: from the order to the end, without set-up, when left out."""

    from_min: Minute = 0.0
    """Minutes after the order at which the city begins to set it up."""
    setup_min: Minute = 0.0
    """Minutes that this takes: normal rules hold until `from_min` + `setup_min`."""
    until_min: Minute | None = None
    """Minutes after the order at which normal rules return; never when left out."""

    @model_validator(mode="after")
    def _it_happens(self) -> Self:
        if self.until_min is not None and self.until_min <= self.ready_min:
            raise ValueError(
                f"it would end before it is set up: 'until_min' must be later than {self.ready_min:g} "
                "('from_min' + 'setup_min')"
            )
        return self

    @property
    def ready_min(self) -> float:
        """When the change holds (minutes after the order)."""
        return self.from_min + self.setup_min

    @property
    def is_always(self) -> bool:
        """Whether the change holds all the time."""
        return self.ready_min == 0.0 and self.until_min is None

    def __str__(self) -> str:
        """Return it in words that go on a sentence; nothing when it is always."""
        until_s = None if self.until_min is None else self.until_min * clock.MINUTE_S
        holds = clock.while_words(self.ready_min * clock.MINUTE_S, until_s)
        setup = f" (set up from {clock.clock(self.from_min * clock.MINUTE_S)})" if self.setup_min else ""
        return f", {holds}{setup}" if holds else ""


class Resources(Model):
    """What a change takes; the plan sums it up."""

    officers: Count = 0
    """People who direct traffic."""
    signs: Count = 0
    """Signs, fixed or variable."""
    cones: Count = 0
    """Traffic cones."""
    barricades: Count = 0
    """Barricades."""


class Action(Model):
    """What all actions have."""

    label: Name | None = None
    """What report and tables call this action; a description of it when left out."""
    resources: Resources = Field(Resources(), alias="with")
    """Officers, signs, cones and barricades that it takes."""

    def does(self) -> str:
        """Return what it does and where, in words: `shoulder as a lane on Main Street`."""
        raise NotImplementedError

    @property
    def changes_roads(self) -> bool:
        """Whether it changes roads, junctions or what is told there, and not only who leaves, when and how."""
        return True

    def in_words(self) -> str:
        """Return what it does, where and when, in words: `contraflow on Skyway, from 25 min`."""
        return f"{self.does()}{when_of(self)}"


class TimedAction(Action):
    """An action that may begin after the order, and end."""

    when: When = When()
    """When it holds: from the order on when left out."""


def when_of(action: Action) -> When:
    """Return when an action holds; those without a time hold always."""
    return action.when if isinstance(action, TimedAction) else When()
