"""Places of a plan: stretches of road, junctions and movements through them, and each in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from evac.schema.base import Model
from evac.schema.places import Compass, Place, Point

LaneNumber = Annotated[int, Field(ge=0)]
"""A lane, counted from the kerb (0 is the outermost)."""


class Stretch(Model):
    """A stretch of road in one direction of travel, or all roads of ways or of a polygon."""

    street: str | None = None
    """Street name or road number as OpenStreetMap has it."""
    start: str | Point | None = Field(None, alias="from")
    """Cross street or point where the stretch begins, in the direction of travel; the street's end when left out."""
    end: str | Point | None = Field(None, alias="to")
    """Cross street or point where the stretch ends; the street's end when left out."""
    towards: Compass | None = None
    """Direction of travel, where `from` and `to` don't tell it."""
    ways: Annotated[tuple[int, ...], Field(min_length=1)] | None = None
    """OpenStreetMap way ids, instead of a street; both directions unless `towards` says which."""
    point: Point | None = None
    """A point on the road, at most 50 m away: the piece of road between two junctions that passes there."""
    polygon: Path | None = None
    """A file with polygons in any format that GDAL/OGR reads: all roads whose middle lies in it."""

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        named = [self.street is not None, self.ways is not None, self.point is not None, self.polygon is not None]
        if sum(named) != 1:
            raise ValueError("name the stretch by one of 'street', 'ways', 'point' or 'polygon'")
        if self.street is None and (self.start is not None or self.end is not None):
            raise ValueError("'from' and 'to' need the 'street' that they are on")
        return self

    def __str__(self) -> str:
        """Return it in words."""
        if self.polygon is not None:
            return f"the roads in {self.polygon.name}"
        if self.ways is not None:
            name = f"way {', '.join(map(str, self.ways))}"
        else:
            name = self.street or spot_words(self.point)
        ends = [f" {word} {_end(end)}" for word, end in (("from", self.start), ("to", self.end)) if end is not None]
        return f"{name}{''.join(ends)}{f' {self.towards}bound' if self.towards else ''}"


class Junction(Model):
    """A junction: where two streets meet, or the one nearest to a point."""

    street: str | None = None
    """A street that meets there."""
    crossing: str | None = None
    """Another street that meets there."""
    point: Point | None = None
    """A point, at most 50 m away from the junction; settles which, where two streets meet twice."""

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if self.point is None and (self.street is None or self.crossing is None):
            raise ValueError("name the junction by 'street' and 'crossing', or by 'point'")
        return self

    def __str__(self) -> str:
        """Return it in words."""
        if self.street and self.crossing:
            return f"{self.street} / {self.crossing}"
        return spot_words(self.point)


class Movement(Model):
    """A way through a junction: from an arm of it into another."""

    street: str | None = Field(None, alias="from")
    """Street that the traffic comes from; every one when left out."""
    heading: Compass | None = None
    """Direction in which the traffic arrives, where the street has two arms at the junction."""
    into: str | None = Field(None, alias="to")
    """Street that the traffic goes into; every one when left out."""
    leaving: Compass | None = None
    """Direction in which the traffic leaves, where the street has two arms at the junction."""

    def __str__(self) -> str:
        """Return it in words."""
        source = " ".join(filter(None, [self.street or "anywhere", self.heading and f"{self.heading}bound"]))
        target = " ".join(filter(None, [self.into or "anywhere", self.leaving and f"{self.leaving}bound"]))
        return f"from {source} into {target}"


def place_words(place: Place) -> str:
    """Return a place in words."""
    name = place.street or (f"way {place.way}" if place.way is not None else spot_words(place.point))
    crossing = f" at {place.crossing}" if place.crossing else ""
    return f"{name}{crossing}{f' {place.towards}bound' if place.towards else ''}"


def spot_words(point: Point | None) -> str:
    """Return a point in words."""
    return f"({point.lat:.5f}, {point.lon:.5f})" if point is not None else "?"


def _end(end: str | Point) -> str:
    return end if isinstance(end, str) else spot_words(end)


def lanes_in_words(lanes: Sequence[int]) -> str:
    """Return lanes as people count them, from the kerb: `the lane at the kerb`, `lanes 2 and 3 from the kerb`."""
    if list(lanes) == [0]:
        return "the lane at the kerb"
    numbers = [str(lane + 1) for lane in sorted(lanes)]
    if len(numbers) == 1:
        return f"lane {numbers[0]} from the kerb"
    return f"lanes {', '.join(numbers[:-1])} and {numbers[-1]} from the kerb"
