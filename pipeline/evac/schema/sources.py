"""Where the roads, the households and the area come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evac.schema.base import Model


class Correction(Model):
    """Tags that the map lacks or has wrong, on one way or on all ways of a street."""

    street: str | None = None
    """Street name or road number as OpenStreetMap has it; upper and lower case don't matter."""
    way: int | None = None
    """OpenStreetMap way id, instead of the street (also found in an `osm:way_id` tag)."""
    tags: Annotated[dict[str, str | int | float | None], Field(min_length=1)]
    """Tags as in OpenStreetMap (`lanes: 4`, `maxspeed: 35 mph`, `motor_vehicle: destination`); null takes one away."""
    because: Annotated[str, Field(min_length=1)]
    """How you know. Shown with the results."""

    @model_validator(mode="after")
    def _street_or_way(self) -> Self:
        if (self.street is None) == (self.way is None):
            raise ValueError("give either 'street' or 'way'")
        return self


class OsmSource(Model):
    """The OpenStreetMap extract with the roads and, where mapped, buildings, addresses and land use."""

    file: Path
    """A local .osm, .osm.gz, .osm.bz2 or .osm.pbf, relative to the scenario file."""
    min_road_class: Literal["service", "living_street", "residential", "unclassified", "tertiary"] = "service"
    """Lowest `highway` class that is simulated."""
    corrections: tuple[Correction, ...] = ()
    """What the map lacks or has wrong: lanes on a way out, a limit, a road that is closed to cars but opened for the
    evacuation. The audit names the guesses that matter."""


class Area(Model):
    """The area that is ordered to leave."""

    file: Path
    """Polygons in any format that GDAL/OGR reads, with a coordinate reference system; their union is the area."""


class Zones(Model):
    """Polygons with household counts (census blocks, tracts, municipalities)."""

    file: Path
    """Polygons in any format that GDAL/OGR reads, with a coordinate reference system."""
    count: str
    """Column with the number of households (0 or more)."""
    name: str | None = None
    """Column with the zone's name; zones are numbered when left out."""


class Dwellings(Model):
    """What the households of a zone are spread over."""

    kind: Literal["auto", "buildings", "addresses", "points", "frontage"] = "auto"
    """`buildings`: residential buildings of the OSM extract; `addresses`: its address points; `points`: the points of
    `file`; `frontage`: along residential streets. `auto`: points when a file is given, else buildings where a zone has
    any, else addresses, else frontage; the report says which served each zone."""
    file: Path | None = None
    """Points or polygons of dwellings in any format that GDAL/OGR reads (only with `points` or `auto`)."""
    households: str | None = None
    """Column of `file` with the households of each dwelling as a weight; 1 each when left out."""


class Households(Model):
    """How many households there are, and where."""

    zones: Zones
    """Polygons with household counts."""
    dwellings: Dwellings = Dwellings()
    """What the households are spread over."""
    max_to_street_m: Annotated[float, Field(gt=0.0)] = 250.0
    """A dwelling farther than this from every street that a car may leave from is not connected (m)."""
