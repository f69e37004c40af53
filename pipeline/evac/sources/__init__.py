"""Stage `sources`: what the internet knows about a place, fetched once and kept.

Takes a place's name or polygons (WGS 84). Gives an OpenStreetMap extract like any local one, census zones with
households, and where each of them came from. Nothing is written before it is whole and has been looked at.

    endpoints = Endpoints.from_environment()
    found = find_area("Mill Valley, California, USA", endpoints, cache)
    fetched = fetch_map(area, roads_area, folder / "map.osm.pbf", endpoints, cache)
    if is_in_us(area, endpoints, cache):
        census = fetch_blocks(area, endpoints, cache, key=os.environ.get("EVAC_CENSUS_KEY"))
    write_provenance(folder / "PROVENANCE.md", [found.source, *fetched.provenance, *census.provenance])

Every function also takes `patience` (how long to wait, how often to ask again; `fetch.Patience`), and those that take
long `tell`, a function that is given a line for the user now and then.

Errors: `SourceError` (a service doesn't answer, or answers nothing usable; exit code 1), `PlaceError` (a name means
no polygon, or more than one), `CensusKeyError` (the census wants a key) and `DataError` (the area is outside of what a
source covers). Each says what to try.

Modules: `endpoints` (addresses), `fetch` (HTTP, retries, cache), `geocode` (Nominatim), `overpass` (what is asked, in
tiles), `extract` (tiles into one file), `tigerweb` (blocks' outlines), `census` (their households), `provenance`.
"""

from __future__ import annotations

from evac.sources.census import CensusZones, fetch_blocks
from evac.sources.endpoints import Endpoints
from evac.sources.fetch import Patience
from evac.sources.geocode import FoundArea, find_area
from evac.sources.overpass import Fetched, fetch_map
from evac.sources.provenance import Provenance, write_provenance
from evac.sources.tigerweb import is_in_us

__all__ = [
    "CensusZones",
    "Endpoints",
    "Fetched",
    "FoundArea",
    "Patience",
    "Provenance",
    "fetch_blocks",
    "fetch_map",
    "find_area",
    "is_in_us",
    "write_provenance",
]
