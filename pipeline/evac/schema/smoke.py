"""Smoke on roads: how dense it is over time, measured or by a rule."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evac.schema.base import Model

Density = Annotated[float, Field(gt=0.0, le=5.0)]


class SmokeSeries(Model):
    """The density of the smoke over time, the same everywhere or in an area."""

    form: Literal["series"]
    """The form."""
    file: Path
    """CSV with the columns `minute` (after the order, rising) and either `optical_density_per_m` (by which the light
    falls to 10^-D over a metre) or `extinction_per_m` (to e^-K; K is 2.303 times D). Between two rows it changes
    evenly; before the first and after the last it stays."""
    area: Path | None = None
    """Polygons in any format that GDAL/OGR reads: where the smoke is. Everywhere when left out."""
    layer: str | None = None
    """Layer of the area's file, where it has several."""


class Wind(Model):
    """Where the wind blows from, from a time on."""

    from_min: Annotated[float, Field(ge=0.0, le=10_080.0)] = 0.0
    """Minutes after the order."""
    blows_from_deg: Annotated[float, Field(ge=0.0, le=360.0)]
    """Direction that the wind comes from, clockwise from north (270 is a west wind)."""


class SmokeDownwind(Model):
    """Smoke downwind of the front, by a rule.

    It is as dense as at the front, less the share of `reach_m` that the nearest fire upwind is away. That is no model
    of smoke: give a series where there is one.
    """

    form: Literal["downwind"]
    """The form."""
    wind: Annotated[tuple[Wind, ...], Field(min_length=1)]
    """The wind, from when on; the first from 0."""
    optical_density_per_m: Density = 0.1
    """Optical density at the front (1/m)."""
    reach_m: Annotated[float, Field(gt=0.0, le=50_000.0)] = 2_000.0
    """How far the smoke lies on the ground (m)."""
    spread_deg: Annotated[float, Field(ge=0.0, le=60.0)] = 15.0
    """Half of the angle of the sector upwind in which fire counts."""
    burns_min: Annotated[float, Field(gt=0.0, le=10_080.0)] = 60.0
    """How long a place smokes after the front has reached it (minutes)."""

    def turned(self, clockwise_deg: float) -> Self:
        """Return the rule under winds that blow from so many degrees further."""
        wind = tuple(
            item.model_copy(update={"blows_from_deg": (item.blows_from_deg + clockwise_deg) % 360.0})
            for item in self.wind
        )
        return self.model_copy(update={"wind": wind})

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.wind[0].from_min != 0.0:
            raise ValueError("'wind' begins with 'from_min: 0': say how it blows at the order")
        for one, other in pairwise(self.wind):
            if other.from_min <= one.from_min:
                raise ValueError(f"'wind' has minute {other.from_min:g} after minute {one.from_min:g}")
        return self


Smoke = Annotated[SmokeSeries | SmokeDownwind, Field(discriminator="form")]
