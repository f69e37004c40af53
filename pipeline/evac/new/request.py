"""What somebody asks of `evac new`, and the area that this means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import shapely

from evac.errors import Problem, UserError
from evac.households.geometry import make_valid_polygons
from evac.households.reporting import read_report_zones
from evac.households.zones import read_polygons
from evac.inputs import digest_dataset
from evac.network.exits.graph import CLASSES
from evac.schema.sources import ReportZones
from evac.sources import Endpoints, Provenance, find_area

HOUSEHOLDS_PER_DWELLING = 0.9
"""Households in a dwelling unit where nobody has counted them: 90.3 % of the housing units of the United States were
occupied in 2020 (decennial census, table H1)."""


@dataclass(frozen=True)
class Request:
    """A place, and what is known about it already.

    Parameters
    ----------
    place
        Its name, for the geocoder.
    polygon, bbox
        Or a file of polygons, or west, south, east and north (degrees).
    name
        What the report calls it; else after the place or the file.
    osm
        An OpenStreetMap extract; else roads are fetched.
    households
        A file of polygons or points with households, or their total number; else the census, or an estimate.
    count, count_name
        Columns of that file: households (or people), and names.
    people_per_household
        Where `count`, or the total, is of people.
    households_per_dwelling
        For the estimate from buildings.
    zones, zone_name
        A file of the city's evacuation zones, and the column with their names; alone they are also the area.
    country
        ISO 3166 code of two letters; else as the geocoder or the census has it.
    exits
        A file with the exits, as a scenario names them; else they are found.
    exits_at_least
        Lowest class of road that is a way out; else secondary, tertiary where there is nothing else.
    roads_beyond_m
        How far the roads reach beyond the area (m); else to the next motorway or trunk road.
    acs_year
        Of the US census' vehicles available.
    """

    place: str | None = None
    polygon: Path | None = None
    bbox: tuple[float, float, float, float] | None = None
    name: str | None = None
    osm: Path | None = None
    households: Path | int | None = None
    count: str | None = None
    count_name: str | None = None
    people_per_household: float | None = None
    households_per_dwelling: float = HOUSEHOLDS_PER_DWELLING
    zones: Path | None = None
    zone_name: str | None = None
    country: str | None = None
    exits: Path | None = None
    exits_at_least: str | None = None
    roads_beyond_m: float | None = None
    acs_year: int | None = None

    @property
    def files(self) -> list[Path]:
        """The files that are named and that are there."""
        named = (self.polygon, self.osm, self.households, self.zones, self.exits)
        return [item for item in named if isinstance(item, Path) and item.is_file()]


@dataclass(frozen=True)
class OrderedArea:
    """The area that is ordered to leave.

    Parameters
    ----------
    name
        What the report calls it.
    geometry
        Its polygons (WGS 84).
    country
        ISO 3166 code, if known.
    provenance
        Where it comes from.
    """

    name: str
    geometry: shapely.Geometry
    country: str | None
    provenance: list[Provenance] = field(default_factory=list)


def check_request(request: Request) -> None:
    """Refuse a request that names no area or more than one, or whose options don't fit together.

    Raises
    ------
    UserError
        With every problem.
    """
    problems = [*_area_problems(request), *_household_problems(request), *_road_problems(request)]
    if problems:
        raise UserError(problems)


def _area_problems(request: Request) -> Iterator[Problem]:
    areas = [item for item in (request.place, request.polygon, request.bbox) if item is not None]
    if len(areas) > 1 or (not areas and request.zones is None):
        remedy = 'such as "Mill Valley, California, USA", or --polygon FILE, or --bbox W,S,E,N, or --zones FILE'
        yield Problem("evac new", f"found {len(areas) or 'no'} areas, expected one", remedy)
    if (request.zones is None) != (request.zone_name is None):
        remedy = "say which column of the zones has their names or ids"
        yield Problem("--zones", "needs --zone-name, and the other way round", remedy)


def _household_problems(request: Request) -> Iterator[Problem]:
    if not isinstance(request.households, Path):
        for option, value in {"--count": request.count, "--name": request.count_name}.items():
            if value is not None:
                yield Problem(option, "names a column, but no file", "give the file with --households FILE")
    if request.people_per_household is not None and request.households is None:
        remedy = "give the people with --households FILE --count COLUMN, or their total with --households NUMBER"
        yield Problem("--people-per-household", "needs people to divide", remedy)
    unasked = "--osm" if request.osm is not None else "--households" if request.households is not None else None
    if request.acs_year is not None and unasked:
        what = f"is of the US census, which isn't asked with {unasked}"
        yield Problem("--acs-year", what, f"leave out --acs-year, or {unasked}")


def _road_problems(request: Request) -> Iterator[Problem]:
    if request.country is not None and not re.fullmatch("[A-Za-z]{2}", request.country):
        what = f"found '{request.country}', expected the two letters of ISO 3166"
        yield Problem("--country", what, "such as US, or GB for the United Kingdom")
    if request.exits_at_least is not None and request.exits_at_least not in CLASSES:
        what = f"found '{request.exits_at_least}', which is no class of road"
        yield Problem("--exits-at-least", what, f"one of {', '.join(CLASSES)}")
    if request.exits_at_least is not None and request.exits is not None:
        yield Problem("--exits-at-least", "says which exits are found, and --exits names them", "leave out one of them")


def ordered_area(request: Request, endpoints: Endpoints, cache: Path) -> OrderedArea:
    """Return the area that a request means; a place's name is looked up.

    Raises
    ------
    UserError
        The name or the file means no area.
    SourceError
        The geocoder doesn't answer.
    """
    country = request.country.upper() if request.country else None
    if request.place is not None:
        found = find_area(request.place, endpoints, cache)
        name = request.name or found.name.split(",")[0]
        return OrderedArea(name, found.geometry, country or found.country, [found.source])
    if request.bbox is not None:
        return OrderedArea(request.name or "Area", _box(request.bbox), country)
    file = request.polygon or request.zones
    if file is None:
        raise ValueError("a request without an area")
    if request.polygon is not None:
        shapes: gpd.GeoSeries = make_valid_polygons(read_polygons(file, "--polygon").geometry)
    else:
        shapes = read_report_zones(ReportZones(file=file, name=request.zone_name or "")).geometry
    what = from_file("area.geojson: the area ordered to leave", file)
    return OrderedArea(request.name or title(file.stem), shapes.union_all(), country, [what])


def _box(bbox: tuple[float, float, float, float]) -> shapely.Geometry:
    west, south, east, north = bbox
    if not (-180.0 <= west < east <= 180.0 and -90.0 <= south < north <= 90.0):  # noqa: PLR2004  the Earth
        found = f"found {','.join(f'{value:g}' for value in bbox)}, expected west < east and south < north in degrees"
        raise UserError(Problem("--bbox", found, "the order is west, south, east, north"))
    return shapely.box(*bbox)


def from_file(what: str, file: Path, licence: str = "that of the file; write it here") -> Provenance:
    """Return the provenance of something that is made from a local file, named by its content."""
    today = datetime.now(UTC).date().isoformat()
    return Provenance(what, f"the file {file.name}", f"urn:sha256:{digest_dataset(file)}", today, licence)


def extent(shape: shapely.Geometry) -> str:
    """Return in words what a shape (WGS 84) covers."""
    west, south, east, north = shape.bounds
    return f"lat {south:.4f} to {north:.4f}, lon {west:.4f} to {east:.4f}"


def title(stem: str) -> str:
    """Return a file's stem as a name for people: `mission_canyon` is `Mission Canyon`."""
    words = re.sub(r"[-_\s]+", " ", stem).strip() or "Area"
    return " ".join(word[:1].upper() + word[1:] for word in words.split(" "))


def folder_name(name: str) -> str:
    """Return a name for a folder: `Zürich (Stadt)` is `zurich-stadt`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80] or "area"
