"""Water on roads: its depth over time, from rasters or from a gauge."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evac.schema.base import Model

DepthUnit = Literal["metres", "millimetres", "feet"]
Depth = Annotated[float, Field(gt=0.0, le=2.0)]
"""A depth of water on a road (m)."""


class DepthAt(Model):
    """A raster of the depth of the water at one time."""

    file: Path
    """Esri ASCII, GeoTIFF or any other raster that GDAL reads. A cell without data is dry."""
    minute: Annotated[float, Field(ge=-10_080.0, le=10_080.0)]
    """Minutes after the order (negative: before it)."""


class DepthRasters(Model):
    """Depth of the water at several times, as flood models write it.

    Roads are impassable from a depth on, and slow before.
    """

    form: Literal["depths"]
    """The form."""
    files: Annotated[tuple[DepthAt, ...], Field(min_length=1)]
    """The rasters, in the order of their times. Between two of them the depth changes evenly, which is a guess; before
    the first there is no water, after the last it stays."""
    unit: DepthUnit | None = None
    """Unit of the depths. Left out it must be in the files; one with which the water would be too deep or too shallow
    is refused."""
    crs: str | None = None
    """Reference system (`EPSG:26913`) of files that have none; they must have one otherwise."""
    impassable_m: Depth = 0.3
    """A road closes where the water is this deep (m)."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for one, other in pairwise(self.files):
            if other.minute <= one.minute:
                raise ValueError(f"'files' has minute {other.minute:g} after minute {one.minute:g}: give rising times")
        return self


class Gauge(Model):
    """A gauge: the water's level over time, and areas with the level at which each begins to be under water."""

    form: Literal["gauge"]
    """The form."""
    file: Path
    """CSV with the columns `minute` (after the order, rising) and `level_m` (m). Between two rows the level changes
    evenly; before the first and after the last it stays."""
    areas: Path
    """Polygons in any format that GDAL/OGR reads: the low-lying roads lie in them."""
    layer: str | None = None
    """Layer of the areas' file, where it has several."""
    floods_at: str = "floods_at_m"
    """Column of the areas with the gauge's level (m) at which water begins to stand on their roads. Above it the depth
    is the difference: the water is taken as level."""
    impassable_m: Depth = 0.3
    """A road closes where the water is this deep (m)."""
