"""Fuels beside the roads, by which it is told how near to a fire each road closes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evac.schema.base import Model

Metres = Annotated[float, Field(ge=0.0, le=5_000.0)]
"""A distance (m)."""


class Fuels(Model):
    """A raster of fuels, and how near to a fire a road beside each of them closes."""

    file: Path
    """Raster of fuel codes, whole numbers: LANDFIRE's FBFM13 or FBFM40, or any other that GDAL reads."""
    crs: str | None = None
    """Reference system (`EPSG:26913`) of a file that has none; it must have one otherwise."""
    within_m: Annotated[dict[int, Metres], Field(min_length=1)]
    """By fuel code the distance from the front at which a road beside that fuel closes (m), as in `{101: 5, 165: 60}`.
    A fuel is beside a road where a cell of it is within its own distance of the road, or the road lies in one; of
    several the largest distance counts. Where none of these fuels is, `hazard.roads_within_m` holds."""
