"""TIGERweb: the ArcGIS REST services of a census: their layers, and queries by box or point, in pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import shapely
import shapely.geometry

from loopback.census_api import CensusGrid

LAYERS = {"Census Block Groups": 8, "Census Blocks": 10, "States": 80}


def answer(
    census: CensusGrid | None, page: int, path: str, params: Mapping[str, str]
) -> tuple[int, str, bytes, dict[str, str]]:
    """Answer a question. Errors come with status 200, as ArcGIS sends them."""
    parts = path.split("/")
    if parts[1:] == ["MapServer"]:
        body: dict[str, Any] = {"layers": [{"id": number, "name": name} for name, number in LAYERS.items()]}
    elif parts[-1] != "query" or params.get("f") != "geojson":
        body = {"error": {"code": 400, "message": "Invalid or missing input parameters.", "details": []}}
    elif int(parts[2]) == LAYERS["States"]:
        body = _features(_states(census, params), 0, page)
    else:
        body = _features(
            _blocks(census, params), int(params["resultOffset"]), min(page, int(params["resultRecordCount"]))
        )
    return 200, "application/json;charset=utf-8", json.dumps(body).encode(), {}


def _features(found: list[dict[str, Any]], offset: int, count: int) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "FeatureCollection", "features": found[offset : offset + count]}
    if len(found) > offset + count:
        body |= {"exceededTransferLimit": True, "properties": {"exceededTransferLimit": True}}
    return body


def _states(census: CensusGrid | None, params: Mapping[str, str]) -> list[dict[str, Any]]:
    lon, lat = map(float, params["geometry"].split(","))
    if census is None or not shapely.box(*census.state_box).contains(shapely.Point(lon, lat)):
        return []
    return [{"type": "Feature", "properties": {"STATE": census.state}, "geometry": None}]


def _blocks(census: CensusGrid | None, params: Mapping[str, str]) -> list[dict[str, Any]]:
    if census is None:
        return []
    box = shapely.box(*map(float, params["geometry"].split(",")))
    near = census.blocks[census.blocks.intersects(box)].sort_values("geoid")
    return [
        {"type": "Feature", "properties": {"GEOID": geoid}, "geometry": shapely.geometry.mapping(outline)}
        for geoid, outline in zip(near["geoid"], near.geometry, strict=True)
    ]
