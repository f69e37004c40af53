"""Who else is on the road: traffic that isn't evacuating."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from evac.schema.base import Model, Name
from evac.schema.places import Point


class Through(Model):
    """Traffic that passes through: it comes in where the road of an exit comes in, and leaves by another exit."""

    from_exit: Annotated[Name, Field(alias="from")]
    """The exit by whose road it comes in."""
    to_exit: Annotated[Name, Field(alias="to")]
    """The exit by which it leaves."""
    veh_per_h: Annotated[float, Field(gt=0.0, le=10_000.0)]
    """Vehicles an hour at the order: a count of that hour of the day."""

    @model_validator(mode="after")
    def _leads_elsewhere(self) -> Self:
        if self.from_exit == self.to_exit:
            raise ValueError("'from' and 'to' name the same exit")
        return self


class Engines(Model):
    """Fire engines that come in with blue lights, and need a lane to do so."""

    from_exit: Annotated[Name, Field(alias="from")]
    """The exit by whose road they come in."""
    to: Point
    """Where they are bound for: a point on a street; they are there at the end of the street's section."""
    number: Annotated[int, Field(ge=1, le=1000)]
    """How many."""
    from_min: Annotated[float, Field(ge=0.0, le=10_080.0)] = 0.0
    """Minutes after the order at which the first comes."""
    every_min: Annotated[float, Field(gt=0.0, le=1440.0)] = 2.0
    """Minutes from one to the next."""


class Background(Model):
    """Traffic that isn't evacuating: it stands in every queue, and is in no clearance time.

    It is on the road at the order, as it is at that hour of the day, and fades while access to the area is closed off.
    """

    through: tuple[Through, ...] = ()
    """Traffic that passes through."""
    local_trips_per_household_h: Annotated[float, Field(ge=0.0, le=5.0)] = 0.0
    """Trips inside the area for each household and hour at the order, from one home to another."""
    engines: tuple[Engines, ...] = ()
    """Fire engines that come in."""
    until_min: Annotated[float, Field(gt=0.0, le=10_080.0)] = 120.0
    """Minutes after the order from which nobody enters any more: access is closed off. Studies after NUREG/CR-7002 have
    pass-through traffic for the first two hours."""
    fades_min: Annotated[float, Field(ge=0.0, le=10_080.0)] = 0.0
    """Minutes before `until_min` over which it falls to nothing, evenly; full until then when left out."""

    @model_validator(mode="after")
    def _fades_after_the_order(self) -> Self:
        if self.fades_min > self.until_min:
            raise ValueError(f"'fades_min' ({self.fades_min:g}) is longer than 'until_min' ({self.until_min:g})")
        return self

    @property
    def is_nobody(self) -> bool:
        """Whether nobody is on the road."""
        return not self.through and not self.engines and self.local_trips_per_household_h == 0.0
