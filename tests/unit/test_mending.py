"""Pieces of a map that no exit is reached from: their homes leave by the nearest other street, piece by piece."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from evac.new import Request, write_scenario

LAT, LON = 47.2, 9.5
EAST, NORTH = 1 / 75_600, 1 / 111_200  # degrees per metre there
ON_MAIN = 60


def _osm(islands: list[int], file: Path) -> Path:
    """Write a town: 60 houses on a main street, and streets of houses 100 m north of it that are joined to nothing."""
    lines = ['<osm version="0.6">']
    ways: list[str] = []
    known: dict[tuple[float, float], int] = {}

    def node(x: float, y: float) -> int:
        if (x, y) not in known:
            known[x, y] = len(lines)
            lines.append(f'<node id="{len(lines)}" lat="{LAT + y * NORTH:.7f}" lon="{LON + x * EAST:.7f}"/>')
        return known[x, y]

    def way(corners: list[tuple[float, float]], tags: dict[str, str]) -> None:
        members = "".join(f'<nd ref="{node(*corner)}"/>' for corner in corners)
        words = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        ways.append(f'<way id="{len(ways) + 1}">{members}{words}</way>')

    def house(x: float, y: float) -> None:
        way([(x, y), (x + 10, y), (x + 10, y + 10), (x, y + 10), (x, y)], {"building": "house"})

    way([(x, 0) for x in range(0, 2001, 200)], {"highway": "primary", "name": "Main Street"})
    for x in range(400, 1601, 200):
        way([(x, 0), (x, -80)], {"highway": "residential", "name": f"Lane {x}"})
    for number in range(ON_MAIN):
        house(310 + 22 * number, 20)
    for number, houses in enumerate(islands):
        way(
            [(400 + 300 * number, 100), (600 + 300 * number, 100)],
            {"highway": "residential", "name": f"Island {number}"},
        )
        for place in range(houses):
            house(410 + 300 * number + 15 * place, 110)
    file.write_text("\n".join([*lines, *ways, "</osm>"]))
    return file


@pytest.mark.parametrize(
    ("islands", "left"),
    [
        ([3, 3, 3], 0),  # 13 % of all in pieces of 4 %
        ([3, 12], 12),  # a piece of 16 % is for a person to look at
    ],
)
def test_small_pieces_are_mended_however_many_and_a_large_one_is_left(
    tmp_path: Path, islands: list[int], left: int
) -> None:
    osm = _osm(islands, tmp_path / "town.osm")
    area = shapely.box(LON + 250 * EAST, LAT - 100 * NORTH, LON + 1750 * EAST, LAT + 200 * NORTH)
    gpd.GeoDataFrame(geometry=[area], crs="EPSG:4326").to_file(tmp_path / "area.geojson")
    request = Request(polygon=tmp_path / "area.geojson", osm=osm, households=ON_MAIN + sum(islands))
    written = write_scenario(request, tmp_path, lambda _: None)
    starts = written.prepared.starts["edge"]
    assert len(starts) == ON_MAIN + sum(islands)
    assert starts.isna().sum() == left
