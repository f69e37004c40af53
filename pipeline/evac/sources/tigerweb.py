"""Outlines of census blocks, by TIGERweb's ArcGIS REST services, for a bounding box, page by page.

Layers are found by their names, because their numbers differ between the services of the censuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from evac.errors import Problem, SourceError
from evac.sources.checks import read_json
from evac.sources.endpoints import Endpoints
from evac.sources.fetch import PATIENCE, Answer, Patience, ask
from evac.sources.transfer import Question, Unusable

PAGE = 1000
"""Blocks a page: some 2 MB."""

# West, south, east, north (degrees) of boxes around the states, D.C. and Puerto Rico, with margins.
_NEAR_US = ((-180.0, 17.0, -64.0, 72.0), (172.0, 50.0, 180.0, 54.0))
_PUERTO_RICO = 72
_LAST_STATE = 56  # FIPS codes above are Puerto Rico (72) and territories that the ACS doesn't cover
_HTTP_SERVER_ERROR = 500
_OTHERWISE = "a file of zones by --households FILE"


def is_in_us(polygon: shapely.Geometry, endpoints: Endpoints, cache: Path, *, patience: Patience = PATIENCE) -> bool:
    """Return whether the US census covers the middle of a polygon (WGS 84): states, D.C. and Puerto Rico.

    Far from the United States nobody is asked.

    Raises
    ------
    SourceError
        TIGERweb doesn't answer, or answers nothing usable.
    """
    middle = polygon.representative_point()
    if not any(shapely.box(*box).contains(middle) for box in _NEAR_US):
        return False
    layer = _layer("tigerWMS_Census2020", "States", endpoints, cache, patience)
    place = {
        "geometry": f"{middle.x:.6f},{middle.y:.6f}",
        "geometryType": "esriGeometryPoint",
        "returnGeometry": "false",
        "outFields": "STATE",
    }
    states = _query(layer, "the state around the area", place, cache, patience).json()["features"]
    codes = [int(state["properties"]["STATE"]) for state in states]
    return any(code <= _LAST_STATE or code == _PUERTO_RICO for code in codes)


def fetch_outlines(
    polygon: shapely.Geometry, service: str, endpoints: Endpoints, cache: Path, patience: Patience
) -> tuple[gpd.GeoDataFrame, str]:
    """Return the census blocks that overlap a polygon, and the day on which they were fetched.

    Parameters
    ----------
    polygon
        The area (WGS 84).
    service
        Name of the map service of a census, such as `tigerWMS_Census2020`.
    endpoints, cache, patience
        Whom to ask, where answers are kept, how long to wait.

    Returns
    -------
    tuple[geopandas.GeoDataFrame, str]
        `name` (GEOID, 15 digits) and `geometry` (WGS 84), sorted by name; ISO date.

    Raises
    ------
    SourceError
        TIGERweb doesn't answer, or answers nothing usable.
    """
    layer = _layer(service, "Census Blocks", endpoints, cache, patience)
    features: list[Mapping[str, Any]] = []
    dates: list[str] = []
    more = True
    while more:
        answer = _page(layer, polygon, len(features), cache, patience)
        page = answer.json()
        features += page["features"]
        dates.append(answer.retrieved[:10])
        # In GeoJSON older servers have it at the top, newer ones among the properties; a proxy may drop it.
        promised = page.get("exceededTransferLimit") or page.get("properties", {}).get("exceededTransferLimit")
        more = bool(promised) or len(page["features"]) >= PAGE
        if promised and not page["features"]:
            raise SourceError(Problem(f"tigerweb ({layer})", "promises more blocks, and sends none", _OTHERWISE))
    return _overlapping(features, polygon), min(dates)


def _page(layer: str, polygon: shapely.Geometry, offset: int, cache: Path, patience: Patience) -> Answer:
    west, south, east, north = polygon.bounds
    box = {
        "geometry": f"{west:.6f},{south:.6f},{east:.6f},{north:.6f}",
        "geometryType": "esriGeometryEnvelope",
        "outFields": "GEOID",
        "orderByFields": "GEOID",
        "resultOffset": str(offset),
        "resultRecordCount": str(PAGE),
    }
    return _query(layer, f"the census blocks from number {offset + 1} on", box, cache, patience)


def _overlapping(features: list[Mapping[str, Any]], polygon: shapely.Geometry) -> gpd.GeoDataFrame:
    names = [str(feature["properties"]["GEOID"]) for feature in features]
    outlines = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    blocks = gpd.GeoDataFrame({"name": names}, geometry=shapely.make_valid(outlines), crs="EPSG:4326")
    blocks = blocks.drop_duplicates("name").sort_values("name", ignore_index=True)
    overlaps = shapely.area(shapely.intersection(blocks.geometry.to_numpy(), polygon)) > 0.0
    return blocks[overlaps].reset_index(drop=True)


def _layer(service: str, name: str, endpoints: Endpoints, cache: Path, patience: Patience) -> str:
    """Return the address of a layer."""
    address = f"{endpoints.tigerweb}/{service}/MapServer"
    question = Question("tigerweb", f"the layers of {service}", address, params={"f": "json"}, otherwise=_OTHERWISE)
    answer = ask(question, cache, lambda file: _check(file, "layers"), patience=patience)
    numbers = [layer["id"] for layer in answer.json()["layers"] if layer["name"].lower() == name.lower()]
    if not numbers:
        raise SourceError(Problem(f"tigerweb ({address})", f"has no layer '{name}'", _OTHERWISE))
    return f"{address}/{numbers[0]}"


def _query(layer: str, what: str, params: Mapping[str, str], cache: Path, patience: Patience) -> Answer:
    common = {"where": "1=1", "spatialRel": "esriSpatialRelIntersects", "inSR": "4326", "outSR": "4326", "f": "geojson"}
    question = Question("tigerweb", what, f"{layer}/query", params={**common, **params}, otherwise=_OTHERWISE)
    return ask(question, cache, lambda file: _check(file, "features"), patience=patience)


def _check(file: Path, expected: str) -> None:
    """Refuse what isn't the object expected; ArcGIS reports its errors with status 200."""
    body = read_json(file)
    error = body.get("error") if isinstance(body, dict) else None
    if error:
        code, message = error.get("code", "?"), error.get("message", "")
        may_pass = isinstance(code, int) and code >= _HTTP_SERVER_ERROR
        raise Unusable(f"the server reports error {code}: {message}", may_pass=may_pass)
    if not isinstance(body, dict) or not isinstance(body.get(expected), list):
        raise Unusable(f"the answer has no {expected}")
