"""Crashes and stalled cars that nobody knows the place of before."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evac.schema.base import Model


class Incidents(Model):
    """Cars that crash or stall and stand in their lane for a while, drawn by rate with the seed.

    Each car has a distance of its own after which it does so, the same under every plan. Nobody is taken out of the
    simulation: it drives on when the lane is cleared.
    """

    per_million_vehicle_km: Annotated[float, Field(gt=0.0, le=100_000.0)]
    """How many there are in a million vehicle-kilometres."""
    lasts_min: Annotated[float, Field(gt=0.0, le=1440.0)] = 20.0
    """Minutes that the car stands in its lane."""
