"""Households and their vehicles by census block: 2020 census blocks, controlled to the block groups of the ACS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import shapely

from evac.sources.endpoints import Endpoints
from evac.sources.fetch import PATIENCE, Patience
from evac.sources.provenance import Provenance

ACS_YEAR = 2023
"""Last year of the five that the American Community Survey's estimates cover."""

VEHICLES = ("vehicles_0", "vehicles_1", "vehicles_2", "vehicles_3", "vehicles_4", "vehicles_5plus")
"""Columns of households by the vehicles available to them (ACS table B25044)."""


@dataclass(frozen=True)
class CensusZones:
    """Census blocks with their households.

    Parameters
    ----------
    zones
        A row a block that overlaps the area, whole blocks: `name` (GEOID, 15 digits), `households` (int), `vehicles_0`
        … `vehicles_5plus` (int, they add up to `households`), `vehicles_per_household` (mean; NaN without households),
        `households_2020` (int, as counted), `block_group` (12 digits), `geometry` (WGS 84).
    provenance
        Where it comes from, with what is counted and how sure it is.
    """

    zones: gpd.GeoDataFrame
    provenance: list[Provenance]


def fetch_blocks(
    area_polygon: shapely.Geometry,
    endpoints: Endpoints,
    cache: Path,
    *,
    year: int = 2020,
    acs_year: int = ACS_YEAR,
    key: str | None = None,
    tell: Callable[[str], None] = print,
    patience: Patience = PATIENCE,
) -> CensusZones:
    """Fetch the census blocks of an area with their households and vehicles.

    Raises
    ------
    CensusKeyError
        The Census Data API wants a key, or doesn't know the one given.
    DataError
        No block overlaps the area, or the years don't fit each other.
    SourceError
        A service doesn't answer, or answers nothing usable.
    """
    raise NotImplementedError
