"""What a scenario's folder lacks, fetched: roads from OpenStreetMap, households from the US census.

`evac new` fetches a place with these functions. A scenario with a section `fetch` has its missing files fetched before
its first use; each is written whole or not at all, and answers are kept in the cache, so a second start goes on. Where
a file comes from is written beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from evac.errors import DataError, Problem
from evac.files import write_text
from evac.households.clipping import BORDER_TOLERANCE
from evac.households.zones import read_area, read_zones
from evac.projection import grown
from evac.scenario import LoadedScenario
from evac.schema.sources import CensusFetch, Households
from evac.sources import CensusZones, Endpoints, fetch_blocks, fetch_map, write_provenance
from evac.sources.census import KEY_VARIABLE

BLOCK_NAME, BLOCK_COUNT, GROUP_NAME = "name", "households", "name"
"""Columns of the files that `_write_blocks` writes."""

BORDER_ZONES_M = 2_000.0
"""A zone at the border of the area is known in full as far as this beyond it; one that reaches farther is shared by its
area. Census blocks are streets' blocks in towns, and square kilometres in the hills. No source, our choice."""

_MOST = 5  # vehicles: the table's last column is five or more


def fetch_missing(loaded: LoadedScenario, cache: Path, tell: Callable[[str], None]) -> None:
    """Fetch the files that a scenario can have fetched and that aren't there.

    Parameters
    ----------
    loaded
        The scenario; without a section `fetch` nothing is done.
    cache
        The cache's folder.
    tell
        Takes a line of progress now and then.

    Raises
    ------
    SourceError
        A service doesn't answer, or answers nothing usable.
    UserError
        The area has no roads or no census, or the census wants a key.
    """
    model = loaded.model
    if model.fetch is None or model.area is None:
        return
    area = read_area(model.area)
    # The census first: a key that is missing is told in seconds, roads take minutes.
    wanted = [model.households.zones.file]
    wanted += [model.households.report_zones.file] if model.households.report_zones else []
    if model.fetch.census is not None and not all(file.is_file() for file in wanted):
        tell("Fetching households from the census")
        census = fetch_census(area, model.fetch.census, cache, tell)
        _write_blocks(census, model.households)
        write_provenance(model.households.zones.file.parent / "PROVENANCE-households.md", census.provenance)
    if not model.osm.file.is_file():
        tell("Fetching roads and buildings from OpenStreetMap")
        homes = with_border_zones(area, read_zones(model.households.zones).geometry)
        roads = grown(area, model.fetch.roads_beyond_m).union(homes)
        fetched = fetch_map(homes, roads, model.osm.file, Endpoints.from_environment(), cache, tell=tell)
        write_provenance(model.osm.file.parent / "PROVENANCE-roads.md", fetched.provenance)


def fetch_census(
    area: shapely.Geometry, settings: CensusFetch, cache: Path, tell: Callable[[str], None]
) -> CensusZones:
    """Fetch the census blocks of an area (WGS 84); the key is taken from the environment."""
    return fetch_blocks(
        area,
        Endpoints.from_environment(),
        cache,
        year=settings.year,
        acs_year=settings.acs_year,
        key=os.environ.get(KEY_VARIABLE),
        tell=tell,
    )


def _write_blocks(census: CensusZones, households: Households) -> None:
    """Write census blocks as the files that a scenario names and lacks: blocks to count, block groups to report by.

    Raises
    ------
    DataError
        The scenario reads other columns than these files have.
    """
    zones, report = households.zones, households.report_zones
    asked = (zones.count, zones.name, report.name if report else GROUP_NAME)
    if asked != (BLOCK_COUNT, BLOCK_NAME, GROUP_NAME):
        what = f"reads the columns {', '.join(map(repr, asked))} of files that are fetched from the census"
        remedy = f"they have the counts in '{BLOCK_COUNT}', and names in '{BLOCK_NAME}'"
        raise DataError(Problem("households.zones, households.report_zones", what, remedy))
    if not zones.file.is_file():
        write_geojson(census.zones, zones.file)
    if report is not None and not report.file.is_file():
        write_geojson(block_groups(census.zones), report.file)


def block_groups(blocks: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the block groups of blocks: `name` (`group_name`) and `geometry`."""
    groups = blocks[["block_group", "geometry"]].dissolve(by="block_group", as_index=False)
    return gpd.GeoDataFrame({"name": groups["block_group"].map(group_name)}, geometry=groups.geometry, crs=blocks.crs)


def group_name(geoid: str) -> str:
    """Return a block group for people: `060411262002` is `06041 tract 1262 group 2`.

    The GEOID is state and county (5 digits), tract (4 and 2 decimals) and group (1).
    """
    return f"{geoid[:5]} tract {int(geoid[5:11]) / 100:g} group {geoid[11:]}"


def vehicle_shares(blocks: pd.DataFrame) -> dict[int, float]:
    """Return the share of households by vehicles available (5 stands for five or more); the shares add up to 1."""
    counts = {
        number: float(blocks[f"vehicles_{number}" if number < _MOST else f"vehicles_{_MOST}plus"].sum())
        for number in range(_MOST + 1)
    }
    total = sum(counts.values())
    return {number: count / total for number, count in counts.items()} if total else {}


def with_border_zones(
    area: shapely.Geometry, zones: gpd.GeoSeries, within_m: float = BORDER_ZONES_M
) -> shapely.Geometry:
    """Return an area and the whole of each zone that lies partly in it (WGS 84).

    The households of a zone are shared among all of its dwellings, and only those inside leave. So the map must know
    those outside. A zone that isn't in the box of what is within `within_m` of the area is left out.
    """
    at_border = zones[zones.intersects(area.boundary)].to_numpy()
    inside = shapely.area(shapely.intersection(at_border, area)) > BORDER_TOLERANCE * shapely.area(at_border)
    near = shapely.within(at_border, shapely.box(*grown(area, within_m).bounds))
    return shapely.union_all([area, *at_border[inside & near]])


def write_geojson(features: gpd.GeoDataFrame, file: Path) -> None:
    """Write features as GeoJSON in WGS 84, whole or not at all."""
    write_text(file, features.to_crs("EPSG:4326").to_json(drop_id=True, ensure_ascii=False) + "\n")
