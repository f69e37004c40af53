"""The roads of a new scenario: fetched from OpenStreetMap, or cut out of an extract."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from evac.acquire import BORDER_ZONES_M, grown, with_border_zones
from evac.errors import DataError, Problem
from evac.households.clipping import MAX_OFF_MAP
from evac.new.beyond import FARTHEST_M, LEAST_BEYOND_M, Beyond, distance_m, reach_beyond
from evac.new.clip import Extract, clip_extract, look_at_extract
from evac.new.request import OrderedArea, Request, extent, from_file
from evac.osm import ATTRIBUTION
from evac.osm.tidy import tidied
from evac.sources import Endpoints, Fetched, Provenance, fetch_map

_STEPS_M = (2_500.0, 6_000.0, FARTHEST_M + LEAST_BEYOND_M)
"""How far around the area a motorway is looked for: each step asks Overpass for more."""


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
    """

    about: str
    beyond: Beyond
    provenance: list[Provenance]


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
        clip_extract(source.file, target, beyond.polygon.union(homes), extract)
    date = extract.facts.data_timestamp
    about = f"OpenStreetMap extract {request.osm.name}" + (f", data of {date[:10]}" if date else ", of unknown date")
    return Roads(about, beyond, [from_file(f"{target.name}: roads, buildings ({about})", request.osm, ATTRIBUTION)])


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
        for step_m in _STEPS_M if given is None else (given,):
            tell(f"Fetching roads and buildings from OpenStreetMap, {step_m / 1000:g} km around")
            roads = grown(area.geometry, step_m).union(homes)
            fetched = fetch_map(homes, roads, file, Endpoints.from_environment(), cache, tell=tell)
            with tidied(file) as source:
                extract = look_at_extract(source)
            if distance_m(area.geometry, extract.major_roads) + LEAST_BEYOND_M <= step_m:
                break
        beyond = reach_beyond(area.geometry, extract.major_roads, given)
        clip_extract(file, target, beyond.polygon.union(homes), extract)
    return Roads(_about(fetched), beyond, fetched.provenance)


def _about(fetched: Fetched) -> str:
    date = f", data of {fetched.data_timestamp[:10]}" if fetched.data_timestamp else ""
    return f"OpenStreetMap by Overpass{date}"
