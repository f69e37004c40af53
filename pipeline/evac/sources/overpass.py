"""Roads with their turn restrictions, buildings, addresses and land use, by Overpass, in tiles.

Tiles are cells of a fixed grid, cut to the box that is needed: when an area is moved a little, most tiles are in the
cache already. Each is one question, and small enough for a busy server.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import requests
import shapely

from evac.errors import DataError, Problem
from evac.files import digest_json, write_bytes
from evac.sources.checks import check_osm
from evac.sources.endpoints import Endpoints
from evac.sources.extract import Extract, build_extract
from evac.sources.fetch import PATIENCE, Answer, Patience, ask
from evac.sources.provenance import ODBL, OPENSTREETMAP, Provenance
from evac.sources.transfer import USER_AGENT, Question

_ROADS_TILE_DEG = 0.1
"""Side of a tile for roads, in degrees: 11 km by 8 km at San Francisco. A dense city has some 30,000 ways there."""

_SETTLEMENT_TILE_DEG = 0.05
"""Side of a tile for buildings, in degrees. A dense city has some 25,000 buildings there, 15 MB."""

MAX_TILES = 400
"""More is refused: the public server's rules ask to stay far below 10,000 questions and 5 GB a day
(https://dev.overpass-api.de/overpass-doc/en/preface/commons.html), and a regional extract is quicker."""

SERVER_TIMEOUT_S = 180
"""How long Overpass may think about a tile; its own default."""

# Classes of road that the osm stage simulates, and those that a plan may open: fire roads are tracks.
ROAD_CLASSES = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street", "service",
    "road", "track", "busway", "motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link",
)  # fmt: skip
# Land use that says nothing about homes, but comes in outlines of thousands of points.
OPEN_LAND = (
    "animal_keeping", "basin", "farmland", "flowerbed", "forest", "grass", "logging", "meadow", "orchard", "reservoir",
    "salt_pond", "village_green", "vineyard", "winter_sports",
)  # fmt: skip

_OTHERWISE = "a local extract by --osm FILE"
_SLOT = re.compile(r"in (\d+) seconds")


@dataclass(frozen=True)
class Fetched:
    """A map that was fetched.

    Parameters
    ----------
    file
        The extract (.osm.pbf).
    data_timestamp
        Age of the map: the date (ISO 8601) of the oldest tile's data, None when the server doesn't say.
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


@dataclass(frozen=True)
class Tile:
    """A part of a map to ask for: `roads` or `settlement`, and its west, south, east and north in degrees."""

    kind: str
    box: tuple[float, float, float, float]

    def query(self) -> str:
        """Return the question in Overpass QL (https://wiki.openstreetmap.org/wiki/Overpass_API/Overpass_QL)."""
        west, south, east, north = self.box
        box = f"({south:.7f},{west:.7f},{north:.7f},{east:.7f})"
        body = _roads_query(box) if self.kind == "roads" else _settlement_query(box)
        return f"[out:xml][timeout:{SERVER_TIMEOUT_S}];{body}out body;"


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
        The area with the zones at its border. Buildings, addresses and land use are fetched for its bounding box (WGS
        84); the file declares that box as its bounds, because only there everything is known.
    roads_polygon
        Roads that touch it are in, each in full, with their turn restrictions (WGS 84).
    file
        The .osm.pbf to write, whole or not at all.
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
        The area is too large for Overpass or has no road, or the file isn't a .osm.pbf.
    """
    if not file.name.endswith(".osm.pbf"):
        raise DataError(Problem(str(file), "is no name for a fetched map, which is a .osm.pbf", "call it map.osm.pbf"))
    tiles = [*_tiles("roads", roads_polygon), *_tiles("settlement", shapely.box(*area_polygon.bounds))]
    if len(tiles) > MAX_TILES:
        raise _too_large(len(tiles))
    answers = _ask_all(tiles, endpoints, cache, tell, patience)
    extract = _put_together(answers, roads_polygon, area_polygon.bounds, cache)
    if not extract.counts["roads"]:
        raise DataError(Problem("the area", "OpenStreetMap has no road there", "check the area: longitude comes first"))
    write_bytes(file, extract.file.read_bytes())
    source = _source(file, extract, answers, endpoints)
    old = sum(answer.from_cache for answer in answers)
    return Fetched(file, extract.data_timestamp, dict(extract.counts), len(answers), old, [source])


def _source(file: Path, extract: Extract, answers: Sequence[Answer], endpoints: Endpoints) -> Provenance:
    return Provenance(
        f"{file.name}: roads with turn restrictions, buildings, addresses, land use",
        f"{OPENSTREETMAP}, by the Overpass API; data of {extract.data_timestamp or 'unknown date'}",
        f"{endpoints.overpass}/interpreter",
        min(answer.retrieved for answer in answers)[:10],
        ODBL,
        f"Put together from {len(answers)} tiles, without mappers' names. Roads: each in full that touches the road "
        "area. Buildings, addresses and land use: of the box around the evacuated area and the zones at its border, "
        "which the file declares.",
    )


def _put_together(
    answers: Sequence[Answer], roads_polygon: shapely.Geometry, bounds: tuple[float, float, float, float], cache: Path
) -> Extract:
    parts = [[answer.file.parent.name, answer.retrieved] for answer in answers]
    key = {"parts": parts, "roads": roads_polygon.wkt, "bounds": bounds}
    files = [answer.file for answer in answers]
    return build_extract(files, roads_polygon, bounds, cache / "fetched" / digest_json(key))


def _tiles(kind: str, polygon: shapely.Geometry) -> list[Tile]:
    """Return the cells of the grid that a polygon touches, cut to its bounding box."""
    side = _ROADS_TILE_DEG if kind == "roads" else _SETTLEMENT_TILE_DEG
    at_least = polygon.area / side**2
    if at_least > MAX_TILES:
        raise _too_large(math.ceil(at_least))
    west, south, east, north = polygon.bounds
    columns = np.arange(math.floor(west / side), math.floor(east / side) + 1)
    rows = np.arange(math.floor(south / side), math.floor(north / side) + 1)
    x, y = (grid.ravel() for grid in np.meshgrid(columns, rows, indexing="ij"))
    cells = shapely.box(x * side, y * side, (x + 1) * side, (y + 1) * side)
    parts = shapely.intersection(cells, shapely.box(west, south, east, north))
    shapely.prepare(polygon)
    wanted = parts[(shapely.area(parts) > 0.0) & shapely.intersects(polygon, parts)]
    return [Tile(kind, tuple(bounds)) for bounds in np.round(shapely.bounds(wanted), 7).tolist()]


def _too_large(tiles: int) -> DataError:
    what = f"takes {tiles:,} tiles or more, beyond the {MAX_TILES} that a public server should be asked for"
    return DataError(Problem("the area", what, f"take {_OTHERWISE}, such as one of https://download.geofabrik.de"))


def _roads_query(box: str) -> str:
    classes = "|".join(ROAD_CLASSES)
    return (
        f'way["highway"~"^({classes})$"]{box}->.roads;'
        'rel(bw.roads)["type"="restriction"]->.turns;'
        "(.roads;.roads >;.turns;);"
    )


def _settlement_query(box: str) -> str:
    """Ask for what tells where people live: `pipeline/evac/osm/buildings.py` reads it."""
    open_land = f'["landuse"!~"^({"|".join(OPEN_LAND)})$"]'
    grounds = ('["building"]', f'["landuse"]{open_land}', '["amenity"]', '["leisure"]', '["tourism"]')
    water = '["natural"~"^(water|bay|strait)$"]'
    areas = "".join(f'way{tags}{box};rel["type"="multipolygon"]{tags}{box};' for tags in (*grounds, water))
    coast = f'way["natural"="coastline"]{box};'
    return f'({areas}{coast}node["addr:housenumber"]{box};);(._;>;);'


def _ask_all(
    tiles: Sequence[Tile], endpoints: Endpoints, cache: Path, tell: Callable[[str], None], patience: Patience
) -> list[Answer]:
    answers: list[Answer] = []
    for number, tile in enumerate(tiles, 1):
        what = "roads" if tile.kind == "roads" else "buildings"
        question = Question(
            "overpass",
            f"the {what} of tile {number} of {len(tiles)}",
            f"{endpoints.overpass}/interpreter",
            form={"data": tile.query()},
            suffix="osm",
            otherwise=_OTHERWISE,
        )
        answers.append(
            ask(question, cache, check_osm, patience=patience, tell=tell, busy_for=lambda: _slot_free_in_s(endpoints))
        )
        kept = f", kept since {answers[-1].retrieved[:10]}" if answers[-1].from_cache else ""
        tell(f"OpenStreetMap: {what}, tile {number} of {len(tiles)}{kept}")
    return answers


def _slot_free_in_s(endpoints: Endpoints) -> float | None:
    """Return the seconds until Overpass takes a question again; it tells that on its status page only, not in 429."""
    try:
        page = requests.get(f"{endpoints.overpass}/status", headers={"User-Agent": USER_AGENT}, timeout=10.0)
    except requests.RequestException:
        return None
    waits = [int(seconds) for seconds in _SLOT.findall(page.text)] if page.ok else []
    return float(min(waits)) if waits and "slots available now" not in page.text else None
