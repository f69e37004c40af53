"""Where the roads, the households and the area come from."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, NaiveDatetime, model_validator

from evac.schema.base import Model, Share


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


def _with_hour(value: object) -> object:
    """Refuse a date without an hour, which would mean midnight."""
    if isinstance(value, datetime) or (isinstance(value, str) and ":" in value):
        return value
    raise ValueError("give date and hour, such as 2026-08-15 18:00")


DateAndHour = Annotated[NaiveDatetime, BeforeValidator(_with_hour)]


class OsmSource(Model):
    """The OpenStreetMap extract with the roads and, where mapped, buildings, addresses and land use."""

    file: Path
    """A local .osm, .osm.gz, .osm.bz2 or .osm.pbf, or a .json of Overpass, relative to the scenario file."""
    min_road_class: Literal["service", "living_street", "residential", "unclassified", "tertiary"] = "service"
    """Lowest `highway` class that is simulated."""
    at: DateAndHour | None = None
    """Date and hour (local) as of which roads, turns and lanes that are closed at times are taken, such as
    `2026-08-15 18:00`: winter closures, night gates, bans at peak hours. Left out, they are as the map's other tags
    say, and the audit names those where traffic passes."""
    corrections: tuple[Correction, ...] = ()
    """What the map lacks or has wrong: lanes on a way out, a limit, a road that is closed to cars but opened for the
    evacuation. The audit names the guesses that matter."""


class Area(Model):
    """The area that is ordered to leave."""

    file: Path
    """Polygons in any format that GDAL/OGR reads, with a coordinate reference system; their union is the area."""
    layer: str | None = None
    """Layer of the file, where it has several (GeoPackage, KML)."""


class Zones(Model):
    """Polygons with household counts (census blocks, tracts, municipalities)."""

    file: Path
    """Polygons in any format that GDAL/OGR reads, with a coordinate reference system."""
    layer: str | None = None
    """Layer of the file, where it has several (GeoPackage, KML)."""
    count: str
    """Column with the number of households (0 or more)."""
    name: str | None = None
    """Column with the zone's name; zones are numbered by their places when left out."""
    people_per_household: Annotated[float, Field(ge=1.0, le=20.0)] | None = None
    """Where `count` has people instead of households: how many live in a household."""


class ReportZones(Model):
    """The zones that results are reported by and plans name, where they aren't those of the counts.

    Such as a city's own evacuation zones: households come from census blocks, are placed on dwellings, and belong to
    the zone in which their dwelling stands.
    """

    file: Path
    """Polygons in any format that GDAL/OGR reads, with a coordinate reference system."""
    layer: str | None = None
    """Layer of the file, where it has several (GeoPackage, KML)."""
    name: str
    """Column with the zone's name or id."""


class Expected(Model):
    """How many households there should be; another number is a warning of `evac check` and of every report."""

    households: Annotated[int, Field(ge=1)]
    """Number of households in the ordered area."""
    tolerance: Share = 0.1
    """How far the number found may be off, as a share of it."""
    because: Annotated[str, Field(min_length=1)]
    """Who says so."""


class Dwellings(Model):
    """What the households of a zone are spread over."""

    kind: Literal["auto", "buildings", "addresses", "points", "frontage"] = "auto"
    """`buildings`: residential buildings of the OSM extract; `addresses`: its address points; `points`: the points of
    `file`; `frontage`: along residential streets. `auto`: points when a file is given, else buildings where a zone has
    any, else addresses, else frontage; frontage too where the map lacks dwellings along more than half of a zone's
    residential streets and there are over two households for each that it has. The report says which served each
    zone."""
    file: Path | None = None
    """Points or polygons of dwellings in any format that GDAL/OGR reads (only with `points` or `auto`)."""
    layer: str | None = None
    """Layer of the file, where it has several (GeoPackage, KML)."""
    households: str | None = None
    """Column of `file` with the households of each dwelling as a weight; 1 each when left out."""


class Households(Model):
    """How many households there are, and where."""

    zones: Zones
    """Polygons with household counts."""
    dwellings: Dwellings = Dwellings()
    """What the households are spread over."""
    report_zones: ReportZones | None = None
    """The zones that results are reported by, where they aren't those of the counts. Without an `area` they are the
    area ordered to leave."""
    expected: Expected | None = None
    """How many households there should be."""
    new_homes: dict[str, Annotated[int, Field(ge=1, le=1_000_000)]] = {}
    """Homes that a development adds, by the name of the zone: on the streets of the zone's other homes, and numbered
    after all others, so that nobody else's departure changes. `evac run --add-homes` compares with and without."""
    max_to_street_m: Annotated[float, Field(gt=0.0)] = 250.0
    """A dwelling farther than this from every street that a car may leave from is not connected (m)."""


class CensusFetch(Model):
    """US census blocks, downloaded from the Census data API and TIGERweb."""

    year: Literal[2020] = 2020
    """Decennial census whose occupied housing units are the households of each block."""
    acs_year: Annotated[int, Field(ge=2020, le=2100)] = 2023
    """Last year of the five-year American Community Survey with the vehicles available (table B25044)."""


class Fetch(Model):
    """Where data come from that aren't in the folder: they are downloaded before the first use, and then kept.

    Only files that are missing are fetched. To have one fetched again, remove it and `.evac/fetched/`.
    """

    roads_beyond_m: Annotated[float, Field(ge=0.0, le=50_000.0)]
    """`osm.file` is fetched from OpenStreetMap (Overpass) as far as this beyond the area (m); buildings inside it."""
    census: CensusFetch | None = None
    """`households.zones.file` and `households.report_zones.file` are fetched from the US census; block groups are the
    zones to report by. Left out, both files have to be there."""
