"""Roads with their turn restrictions, buildings, addresses and land use, by Overpass, in tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import shapely

from evac.sources.endpoints import Endpoints
from evac.sources.fetch import PATIENCE, Patience
from evac.sources.provenance import Provenance


@dataclass(frozen=True)
class Fetched:
    """A map that was fetched.

    Parameters
    ----------
    file
        The extract (.osm.pbf or .osm.gz).
    data_timestamp
        Age of the map: the date (ISO 8601) of the oldest tile's data.
    counts
        `roads`, `restrictions`, `buildings`, `addresses`: how many are in the file.
    tiles, tiles_from_cache
        How many answers it was put together from, and how many of these weren't asked again.
    provenance
        Where it comes from.
    """

    file: Path
    data_timestamp: str | None
    counts: dict[str, int]
    tiles: int
    tiles_from_cache: int
    provenance: list[Provenance]


def fetch_map(
    area_polygon: shapely.Geometry,
    roads_polygon: shapely.Geometry,
    file: Path,
    endpoints: Endpoints,
    cache: Path,
    *,
    tell: Callable[[str], None] = print,
    patience: Patience = PATIENCE,
) -> Fetched:
    """Fetch a map and write it as an extract that the osm stage reads like any other.

    Parameters
    ----------
    area_polygon
        Buildings, addresses and land use are fetched for its bounding box (WGS 84); the file declares that box as its
        bounds, because only there everything is known.
    roads_polygon
        Roads that touch it are in, each in full, with their turn restrictions (WGS 84).
    file
        The .osm.pbf or .osm.gz to write, whole or not at all.
    endpoints, cache
        Whom to ask; where answers are kept, so that a second start asks only for what is missing.
    tell
        Is given a line for the user now and then.
    patience
        How long to wait and how often to ask again.

    Raises
    ------
    SourceError
        Overpass doesn't answer, or answers nothing usable.
    DataError
        There is no road.
    """
    raise NotImplementedError
