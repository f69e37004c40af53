"""The roads of a new scenario: fetched from OpenStreetMap, or cut out of an extract."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import shapely

from evac.acquire import BORDER_ZONES_M, with_border_zones
from evac.errors import DataError, Problem
from evac.households.clipping import MAX_OFF_MAP
from evac.network.exits.decide import Decision
from evac.network.exits.record import WaysOutRecord
from evac.new.beyond import FARTHEST_M, LEAST_BEYOND_M, Beyond, distance_m, reach_beyond
from evac.new.clip import Extract, clip_extract, look_at_extract
from evac.new.request import OrderedArea, Request, extent, from_file
from evac.osm import ATTRIBUTION
from evac.osm.corrections import Corrections
from evac.osm.far_ways import cut_far_ways
from evac.osm.moments import Moment
from evac.osm.roads import cut_at_barriers, read_roads
from evac.osm.tidy import Source, tidied
from evac.osm.web import read_web
from evac.projection import grown
from evac.schema.places import FoundExits
from evac.sources import Endpoints, Fetched, Provenance, fetch_map

_SEEN_BEYOND_M = 2_000.0
"""How much farther than they are kept roads are fetched (m), to see which of them lead on. Our choice."""

_STEPS_M = (2_500.0 + _SEEN_BEYOND_M, FARTHEST_M + LEAST_BEYOND_M + _SEEN_BEYOND_M)
"""How far around the area roads are fetched to find a motorway: each step asks Overpass for more."""


@dataclass(frozen=True)
class Roads:
    """The roads of a new scenario.

    Parameters
    ----------
    about
        Where they come from, in a few words.
    beyond
        How far they reach beyond the area.
    provenance
        Their sources.
    ways_out
        Which of those that leave the area are ways out, decided before the map was cut.
    """

    about: str
    beyond: Beyond
    provenance: list[Provenance]
    ways_out: WaysOutRecord


def own_roads(
    request: Request,
    area: OrderedArea,
    target: Path,
    cache: Path,  # noqa: ARG001 - as `fetched_roads`
    tell: Callable[[str], None],
    *,
    zones: gpd.GeoSeries,
) -> Roads:
    """Cut the roads of a request out of its own extract, and write them to `target`.

    `zones` have the counts of households (WGS 84): those at the border of the area come whole.

    Raises
    ------
    DataError
        The extract can't be used, or doesn't cover the area.
    """
    if request.osm is None:
        raise ValueError("a request without an extract")
    tell(f"Cutting the roads out of {request.osm.name}")
    with tidied(request.osm) as source:
        extract = look_at_extract(source)
        _require_covered(area, extract, request.osm)
        beyond = reach_beyond(area.geometry, extract.major_roads, request.roads_beyond_m)
        homes = with_border_zones(area.geometry, zones, max(beyond.metres, BORDER_ZONES_M))
        ways_out = _cut(
            source, target, extract, beyond.polygon.union(homes), area.geometry, least=request.exits_at_least
        )
    date = extract.facts.data_timestamp
    about = f"OpenStreetMap extract {request.osm.name}" + (f", data of {date[:10]}" if date else ", of unknown date")
    provenance = [from_file(f"{target.name}: roads, buildings ({about})", request.osm, ATTRIBUTION)]
    return Roads(about, beyond, provenance, ways_out)


def _cut(
    source: Source,
    target: Path,
    extract: Extract,
    polygon: shapely.Geometry,
    area: shapely.Geometry,
    *,
    least: str | None,
) -> WaysOutRecord:
    """Cut a map to a polygon, and return the ways out of the area, of a least class, decided on the whole map."""
    roads = read_roads(source, "service", Corrections(()), Moment())
    far = cut_far_ways(roads, polygon)
    cut_at_barriers(roads)
    decision = Decision(read_web(source, roads, Corrections(()), Moment(), min_road_class="service"), area)
    settings = FoundExits.model_validate({"at_least": least})
    kept = decision.keeping(polygon, settings)
    also = [way.file_id for way, wanted in zip(decision.roads.ways, kept, strict=True) if wanted]
    clip_extract(source.file, target, polygon, extract, also=also, far=far)
    return decision.record(settings, kept)


def _require_covered(area: OrderedArea, extract: Extract, file: Path) -> None:
    off_map = 1.0 - area.geometry.intersection(extract.covered).area / area.geometry.area
    if off_map > MAX_OFF_MAP:
        what = f"{off_map:.0%} of the area ({extent(area.geometry)}) lies outside of the extract, which covers"
        remedy = "take an extract of the same place that covers the area and the roads around it"
        raise DataError(Problem(str(file), f"{what} {extent(extract.covered)}", remedy))


def fetched_roads(
    request: Request,
    area: OrderedArea,
    target: Path,
    cache: Path,
    tell: Callable[[str], None],
    *,
    zones: gpd.GeoSeries,
) -> Roads:
    """Fetch the roads around an area as far as the next motorway or trunk road, and write them to `target`.

    `zones` have the counts of households (WGS 84): those at the border of the area come whole.

    Raises
    ------
    SourceError
        Overpass doesn't answer.
    DataError
        There is no road.
    """
    homes = with_border_zones(area.geometry, zones)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        file = Path(folder) / target.name
        given = request.roads_beyond_m
        for step_m in _STEPS_M if given is None else (given + _SEEN_BEYOND_M,):
            tell(f"Fetching roads and buildings from OpenStreetMap, {step_m / 1000:g} km around")
            roads = grown(area.geometry, step_m).union(homes)
            fetched = fetch_map(homes, roads, file, Endpoints.from_environment(), cache, tell=tell)
            with tidied(file) as source:
                extract = look_at_extract(source)
            if distance_m(area.geometry, extract.major_roads) + LEAST_BEYOND_M + _SEEN_BEYOND_M <= step_m:
                break
        beyond = reach_beyond(area.geometry, extract.major_roads, given)
        with tidied(file) as source:
            ways_out = _cut(
                source, target, extract, beyond.polygon.union(homes), area.geometry, least=request.exits_at_least
            )
    return Roads(_about(fetched), beyond, fetched.provenance, ways_out)


def _about(fetched: Fetched) -> str:
    date = f", data of {fetched.data_timestamp[:10]}" if fetched.data_timestamp else ""
    return f"OpenStreetMap by Overpass{date}"
