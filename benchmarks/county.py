"""A synthetic county, as files of a scenario: a grid of streets between arterials, and households by the thousand.

Arterials every mile with two lanes a direction (the section-line roads of the American Midwest), three streets between
them, and a way out where each arterial leaves the map.
"""

from __future__ import annotations

import json
from pathlib import Path

MILE_M = 1609.0
STREETS_A_MILE = 4
LAT, LON = 41.0, -99.0
NORTH, EAST = 1 / 111_200, 1 / 84_000  # degrees per metre at this latitude


def write_county(folder: Path, miles: int, households: int) -> Path:
    """Write a square county of so many miles; return its scenario file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roads.osm").write_text(_osm(miles))
    (folder / "zones.geojson").write_text(json.dumps(_zones(miles, households)))
    sides = {"east": "E", "west": "E", "north": "N", "south": "N"}
    exits = [
        f"  - {{name: {side} {number}, street: Arterial {heading} {number}, towards: {side}}}"
        for number in range(1, miles)
        for side, heading in sides.items()
    ]
    lines = [
        "name: Synthetic county",
        "osm: {file: roads.osm}",
        "traffic: {country: US}",
        "households: {zones: {file: zones.geojson, count: households, name: name}}",
        "vehicles_per_household: [1]",
        "exits:",
        *exits,
    ]
    path = folder / "scenario.yaml"
    path.write_text("\n".join([*lines, ""]))
    return path


def _place(column: int, row: int) -> tuple[float, float]:
    step_m = MILE_M / STREETS_A_MILE
    return LAT + row * step_m * NORTH, LON + column * step_m * EAST


def _osm(miles: int) -> str:
    """Return the streets: a node a crossing, a way a street, arterials at whole miles that reach the map's edge."""
    size = miles * STREETS_A_MILE
    cells = range(size + 1)
    nodes = [
        f'<node id="{_node(column, row, size)}" version="1" lat="{lat:.7f}" lon="{lon:.7f}"/>'
        for column in cells
        for row in cells
        for lat, lon in [_place(column, row)]
    ]
    ways = []
    for number in range(1, size):
        whole, part = divmod(number, STREETS_A_MILE)
        inside = cells if part == 0 else range(1, size)
        for heading, place in (("E", lambda at, n=number: (at, n)), ("N", lambda at, n=number: (n, at))):
            name = f"Arterial {heading} {whole}" if part == 0 else f"Street {heading} {number}"
            refs = [_node(*place(at), size) for at in inside]
            ways.append(_way(10_000_000 + len(ways), refs, name, arterial=part == 0))
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">', *nodes, *ways, "</osm>", ""])


def _node(column: int, row: int, size: int) -> int:
    return 1 + column * (size + 1) + row


def _way(ref: int, nodes: list[int], name: str, *, arterial: bool) -> str:
    kind = {"highway": "primary", "lanes": "4", "maxspeed": "45 mph"} if arterial else {"highway": "residential"}
    tags = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in {**kind, "name": name}.items())
    return f'<way id="{ref}" version="1">' + "".join(f'<nd ref="{node}"/>' for node in nodes) + tags + "</way>"


def _zones(miles: int, households: int) -> dict[str, object]:
    """Return a zone a square mile of the inner county, with equal numbers of households."""
    squares = [(column, row) for column in range(1, miles - 1) for row in range(1, miles - 1)]
    features = []
    for number, (column, row) in enumerate(squares):
        count = households // len(squares) + (number < households % len(squares))
        corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1), (column, row)]
        ring = [_place(x * STREETS_A_MILE, y * STREETS_A_MILE)[::-1] for x, y in corners]
        features.append(
            {
                "type": "Feature",
                "properties": {"name": f"square {column}/{row}", "households": count},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return {"type": "FeatureCollection", "features": features}
