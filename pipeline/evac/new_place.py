"""A place that isn't there yet, in Python: what an extract shows of it, and the scenario that is made of an area."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import osmium
import shapely

from evac.households.geometry import make_valid_polygons
from evac.households.zones import read_polygons
from evac.new import Request, write_scenario
from evac.osm.source import check_source
from evac.place import Place, open_place
from evac.sources import Endpoints, FoundArea, Patience, find_area
from evac.watching import Cancel, OnProgress, Watch

_MAIN = ("motorway", "trunk", "primary", "secondary", "tertiary")
_LESSER = ("unclassified", "residential", "living_street")
_FEW_ROADS = 30_000
"""With so many main roads, lesser ones wouldn't be seen."""
_TOWNS = ("city", "town", "village", "suburb", "hamlet")
"""Values of OpenStreetMap's `place` by which people find a town, those that most know first."""
_ONCE = Patience(connect_s=5.0, total_s=20.0, retries=0)
_WGS84 = "EPSG:4326"
_SIMPLER_DEG = 2e-5
_M2_PER_KM2 = 1e6


def extract_roads(osm: str | Path) -> gpd.GeoDataFrame:
    """Return the roads of an OpenStreetMap extract, as far as they help to find an area: `street`, `highway`, lines.

    Lesser roads are left out of a large extract.

    Raises
    ------
    DataError
        It is no such file.
    """
    path = Path(osm)
    check_source(path)
    rows = _roads(path, {*_MAIN, *(f"{name}_link" for name in _MAIN), *_LESSER})
    main = [row for row in rows if row[1] not in _LESSER]
    shown = rows if len(rows) <= _FEW_ROADS else main
    columns = {"street": [name for name, _, _ in shown], "highway": [highway for _, highway, _ in shown]}
    lines = gpd.GeoSeries([line for _, _, line in shown], crs=_WGS84).simplify(_SIMPLER_DEG)
    return gpd.GeoDataFrame(columns, geometry=lines, crs=_WGS84)


def extract_towns(osm: str | Path) -> gpd.GeoDataFrame:
    """Return the towns, villages and districts that an OpenStreetMap extract names: `town`, the larger kinds first.

    Raises
    ------
    DataError
        It is no such file.
    """
    path = Path(osm)
    check_source(path)
    nodes = osmium.FileProcessor(path, osmium.osm.NODE).with_filter(osmium.filter.KeyFilter("place"))
    found = {
        (str(node.tags["name"]), str(node.tags["place"])): shapely.Point(node.lon, node.lat)
        for node in nodes
        if isinstance(node, osmium.osm.Node) and node.tags["place"] in _TOWNS and node.tags.get("name")
    }
    ranked = sorted(found, key=lambda item: (_TOWNS.index(item[1]), item[0]))
    return gpd.GeoDataFrame(
        {"town": [name for name, _ in ranked]}, geometry=[found[item] for item in ranked], crs=_WGS84
    )


def _roads(path: Path, classes: set[str]) -> list[tuple[str, str, shapely.LineString]]:
    """Return name, class and line of the ways of some classes."""
    found = []
    ways = osmium.FileProcessor(path).with_locations()
    kept = (osmium.filter.EntityFilter(osmium.osm.WAY), osmium.filter.KeyFilter("highway"))
    for way in ways.with_filter(kept[0]).with_filter(kept[1]):
        if not isinstance(way, osmium.osm.Way) or way.tags["highway"] not in classes:
            continue
        points = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
        if len(points) > 1:
            found.append((str(way.tags.get("name") or ""), str(way.tags["highway"]), shapely.LineString(points)))
    return found


@dataclass(frozen=True)
class ReadArea:
    """An area that is ordered to leave, as a file means it.

    Parameters
    ----------
    geometry
        Its polygons (WGS 84), repaired where an outline crosses itself.
    crossings
        Where outlines cross themselves: as they were drawn they mean no one area.
    km2
        Its size (km²).
    """

    geometry: shapely.Geometry
    crossings: tuple[shapely.Point, ...]
    km2: float


def read_area(path: str | Path) -> ReadArea:
    """Return the area that a file of polygons means.

    Raises
    ------
    DataError
        It is no such file, or has no polygons.
    """
    shapes = read_polygons(Path(path), "the area").geometry
    area = make_valid_polygons(shapes).union_all()
    projected = gpd.GeoSeries([area], crs=_WGS84).to_crs(shapes.estimate_utm_crs())
    return ReadArea(area, tuple(_crossings(shapes)), float(projected.area.iloc[0]) / _M2_PER_KM2)


def _crossings(shapes: gpd.GeoSeries) -> list[shapely.Point]:
    """Return where outlines cross themselves: where more than two of the pieces meet that they cut themselves into."""
    found = []
    for ring in shapely.get_rings(shapes.to_numpy()):
        pieces = shapely.get_parts(shapely.union_all([ring]))
        ends = Counter(end for piece in pieces for end in (piece.coords[0], piece.coords[-1]))
        found += [shapely.Point(end) for end, count in ends.items() if count > 2]  # noqa: PLR2004 - a plain corner has 2
    return found


def find_place(name: str, workspace: str | Path) -> FoundArea:
    """Return the area that a place's name means, as Nominatim knows it.

    It is asked once and not again, for somebody waits. `EVAC_NOMINATIM_URL` names another than the public one.

    Parameters
    ----------
    name
        As people write it, the more exact the better.
    workspace
        The folder in whose cache the answer is kept.

    Raises
    ------
    PlaceError
        The name means nothing, only points, or several areas.
    SourceError
        Nominatim can't be reached, or answers nothing usable.
    """
    return find_area(name, Endpoints.from_environment(), Path(workspace) / ".evac", patience=_ONCE)


def new_place(
    name: str,
    area: str | Path,
    osm: str | Path | None,
    *,
    workspace: str | Path,
    households: str | Path | int | None = None,
    count: str | None = None,
    on_progress: OnProgress | None = None,
    cancel: Cancel | None = None,
) -> Place:
    """Make a scenario of an area on an extract, as `evac new` does, and open it.

    Parameters
    ----------
    name
        What the place is called; its folder is named after it.
    area
        A file of polygons: who is in them is ordered to leave.
    osm
        An OpenStreetMap extract; None: the roads are fetched.
    workspace
        The folder that holds `scenarios/`.
    households
        A file of polygons or points with counts, or their number in all; when left out an estimate from buildings, or
        the census where roads are fetched too and there is one.
    count
        The column of that file with the counts.
    on_progress, cancel
        As for `Place.prepare`.

    Raises
    ------
    UserError
        An input is wrong, or there is such a place already. Nothing is written.
    """
    request = Request(
        polygon=Path(area),
        name=name,
        osm=None if osm is None else Path(osm),
        households=Path(households) if isinstance(households, str) else households,
        count=count,
    )
    written = write_scenario(request, Path(workspace), Watch(on_progress, cancel).preparing())
    return open_place(written.folder, workspace=workspace)
