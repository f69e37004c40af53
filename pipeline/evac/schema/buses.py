"""Buses for households without a car."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from evac.schema.base import Model, Name
from evac.schema.places import Point


class BusStop(Model):
    """Where people without a car are picked up."""

    name: Name
    """What results call it."""
    at: Point
    """A point on a street."""


class Fleet(Model):
    """Buses that come in by the road of an exit, and leave by it with people on board, as often as it takes."""

    name: Name
    """What results call them."""
    exit: Name
    """The exit by whose road they come in, and by which they leave."""
    number: Annotated[int, Field(ge=1, le=500)]
    """Buses."""
    capacity: Annotated[int, Field(ge=1, le=200)]
    """People in one bus."""
    ready_min: Annotated[float, Field(ge=0.0, le=10_080.0)] = 30.0
    """Minutes after the order at which the buses stand at the end of the map, with their drivers."""
    beyond_min: Annotated[float, Field(ge=0.0, le=10_080.0)]
    """Minutes from crossing the exit line until the bus is back there, empty: to the shelter, unloading, and
    back."""


class Buses(Model):
    """Buses for households that are ordered to leave and have no car.

    They drive in the same traffic as everybody, to the stop where most people are without a seat; they leave it when
    they are full, or when nobody has come for `hold_min`.
    """

    people_per_household: Annotated[float, Field(gt=0.0, le=20.0)]
    """People in a household without a car (mean); the census has it (B08201)."""
    stops: Annotated[tuple[BusStop, ...], Field(min_length=1)]
    """Where people are picked up: each household goes to the nearest."""
    fleets: Annotated[tuple[Fleet, ...], Field(min_length=1)]
    """The buses."""
    walk_at_most_m: Annotated[float, Field(gt=0.0, le=20_000.0)] = 1200.0
    """How far people walk to a stop (m); households farther away are told as without a bus."""
    walk_kph: Annotated[float, Field(gt=0.0, le=10.0)] = 4.3
    """How fast they walk: 1.2 m/s (Manual on Uniform Traffic Control Devices; Highway Capacity Manual, chapter 18, has
    1.0 m/s where a fifth of them are over 65)."""
    boarding_s: Annotated[float, Field(gt=0.0, le=600.0)] = 3.0
    """Seconds that each takes to get in (Transit Capacity and Quality of Service Manual, 3rd edition, without fares
    paid: 2.5 to 3)."""
    hold_min: Annotated[float, Field(ge=0.0, le=600.0)] = 10.0
    """Minutes without anybody coming after which a bus leaves with those that it has."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for what, names in (
            ("stops", [item.name for item in self.stops]),
            ("fleets", [item.name for item in self.fleets]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"'{what}' has {', '.join(map(repr, twice))} twice")
        return self
