"""Places as people name them: a street and its cross street, an OSM way, or a point on the map."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evac.schema.base import Model, Name

Compass = Literal["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]
"""A direction of travel."""


class Point(Model):
    """A point on the map in WGS 84 (EPSG:4326), as map services show it."""

    lat: Annotated[float, Field(ge=-90.0, le=90.0)]
    """Latitude in degrees, north positive."""
    lon: Annotated[float, Field(ge=-180.0, le=180.0)]
    """Longitude in degrees, east positive."""


class Place(Model):
    """One direction of one road at one spot: where an exit line, a bottleneck or a change of the plan is.

    Name it by `street` (with `crossing` where the street has many), by `way`, or by `point`. `towards` gives the
    direction of travel where both directions of a road would fit.
    """

    street: str | None = None
    """Street name or road number as OpenStreetMap has it (`name`, `ref`); upper and lower case don't matter."""
    crossing: str | None = None
    """A street that meets `street`: the place is where the traffic arrives at that crossing."""
    way: int | None = None
    """OpenStreetMap way id (also found in an `osm:way_id` tag of a rebuilt extract)."""
    point: Point | None = None
    """A point on or beside the road, at most 50 m away from it."""
    towards: Compass | None = None
    """Direction of travel at the place. An exit needs none where only one direction leads out of the area."""

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if self.street is None and self.way is None and self.point is None:
            raise ValueError("name the place by 'street', 'way' or 'point'")
        if self.crossing is not None and self.street is None:
            raise ValueError("'crossing' needs the 'street' that it crosses")
        return self


DriveMinutes = Annotated[float, Field(ge=0.0, le=1440.0)]
"""Minutes of a drive; a day at most."""


class Beyond(Model):
    """What the road behind an exit is like for a while: the next town is jammed, and its queue comes back."""

    veh_per_h: Annotated[float, Field(gt=0.0, le=10_000.0)] | None = None
    """The most vehicles that get past the exit line in an hour. Each stops there, so a lane passes 720 at most."""
    beyond_min: DriveMinutes | None = None
    """Minutes that the drive beyond the exit takes, instead of the exit's own."""
    from_min: Annotated[float, Field(ge=0.0, le=10_080.0)] = 0.0
    """Minutes after the order from which it holds."""
    until_min: Annotated[float, Field(gt=0.0, le=10_080.0)]
    """Minutes after the order until which it holds."""

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.from_min >= self.until_min:
            raise ValueError(f"'from_min' ({self.from_min:g}) isn't before 'until_min' ({self.until_min:g})")
        if self.veh_per_h is None and self.beyond_min is None:
            raise ValueError("say what is different: 'veh_per_h', 'beyond_min' or both")
        return self


class Exit(Place):
    """A way out. A vehicle is evacuated when it has crossed the exit line: the downstream end of the named road edge.

    For a street without crossing or point that is where the street leaves the map.
    """

    name: Name
    """What the report calls this exit."""
    veh_per_h: Annotated[float, Field(gt=0.0, le=10_000.0)] | None = None
    """The most vehicles that it takes in an hour, such as a ferry; its lanes decide when left out."""
    beyond_min: DriveMinutes = 0.0
    """Minutes of the drive from the exit line to where people are bound for. Drivers who choose their exit reckon with
    it; out they are at the line, and when they have arrived is told beside that."""
    beyond: tuple[Beyond, ...] = ()
    """What the road behind it is like at times: how much it takes, where that is less (a jam in the next town comes
    back into the map), and how long the drive takes."""

    @model_validator(mode="after")
    def _one_rate_at_a_time(self) -> Self:
        spells = sorted(self.beyond, key=lambda spell: spell.from_min)
        for before, after in pairwise(spells):
            if after.from_min < before.until_min:
                raise ValueError(f"two rates 'beyond' hold at {after.from_min:g} min")
        return self


class Bottleneck(Place):
    """A place whose lanes are measured: vehicles per minute on each lane."""

    name: Name
    """What the report calls this bottleneck."""
    lanes: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    """Lanes to measure, counted from the kerb (0 is the outermost); all lanes when left out."""


class FoundExits(Model):
    """Exits are found: the roads from which one gets on by car, without coming back into the area."""

    at_least: Literal["motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential"] | None = (
        None
    )
    """Lowest OpenStreetMap `highway` class that counts as a way out. Left out: secondary, tertiary where no higher road
    leads the same way, and what there is where none of these leads out."""
    not_by: tuple[str, ...] = ()
    """Streets that are no exit (closed, leading into the hazard), by name."""
    also: tuple[Exit, ...] = ()
    """Exits by name beside those that are found, such as a ferry with its capacity."""


class NamedExits(Model):
    """A file of exits, for a place whose scenario isn't written yet."""

    exits: Annotated[tuple[Exit, ...], Field(min_length=1)]
    """The exits, as a scenario names them."""


class ForbiddenExit(Model):
    """A road that leads out and that nobody may leave by: it is closed to cars at one point, in both directions."""

    name: Name
    """What the report calls it."""
    street: str
    """Street name or road number as OpenStreetMap has it; upper and lower case don't matter."""
    point: Point
    """Where it is closed: at the nearest point of the street, at most 1 km away."""
    because: Annotated[str, Field(min_length=1)]
    """Why nobody leaves by it. Shown with the results."""
