"""Refuges: where people are safe without having left, such as temporary fire refuge areas and shelters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from evac.schema.base import Model, Name
from evac.schema.places import Point


class Refuge(Model):
    """A place with room for a number of vehicles, for those who have no way left to any exit.

    Zones and shares of the households can be bound for it from the start: name it where `exit_choice`, or a plan's
    `divert` of zones, names an exit. Whoever comes when it is full has to drive on.
    """

    name: Name
    """What the report calls it; no exit has the same name."""
    at: Point | None = None
    """A point on or beside the road from which one drives in, at most 50 m away from it. One is in it at the end of
    that piece of road, from either direction."""
    area: Path | None = None
    """Instead of `at`: a file with its polygon. One is in it at the end of every piece of road that leads into it from
    outside; where none does, at the end of the nearest."""
    vehicles: Annotated[int, Field(ge=1, le=100_000)]
    """How many vehicles it has room for."""
    people: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """How many people it has room for who come on foot, beside those in vehicles (`walking`); nobody walks there when
    left out."""

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> Self:
        if (self.at is None) == (self.area is None):
            raise ValueError("say where it is, either with 'at' or with 'area'")
        if self.name == "any refuge":
            raise ValueError("'any refuge' is what results call all of them together: call it otherwise")
        return self


class Walking(Model):
    """Households that are ordered to leave and have no car: they walk to a refuge with room for `people`."""

    people_per_household: Annotated[float, Field(gt=0.0, le=20.0)]
    """People in a household without a car (mean); the census has it (B08201)."""
    at_most_m: Annotated[float, Field(gt=0.0, le=20_000.0)] = 1200.0
    """How far people walk (m), by the straight line times 4/pi, the mean detour on a square grid of streets."""
    kph: Annotated[float, Field(gt=0.0, le=10.0)] = 4.3
    """How fast they walk: 1.2 m/s (Manual on Uniform Traffic Control Devices; Highway Capacity Manual, chapter 18, has
    1.0 m/s where a fifth of them are over 65)."""
