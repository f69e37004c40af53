"""Households from a population grid: its cells are zones with people, whatever the grid's coordinates."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from evac.errors import DataError
from evac.new.counts import REPORT_ZONES, ZONES, from_file_or_total
from evac.new.grids import read_cells
from evac.new.request import OrderedArea, Request

AREA = OrderedArea("Town", shapely.box(9.50, 47.00, 9.53, 47.02), "LI")
PEOPLE = np.array([[10.0, -9.0, 0.0, 4.0], [0.5, 3.0, np.nan, 100.0]])
"""Cells of 0.01 degrees from 9.50 E, 47.02 N; -9 is no data; the last column lies outside of the area."""


def _write(file: Path, people: np.ndarray = PEOPLE, crs: str | None = "EPSG:4326", nodata: float | None = -9.0) -> Path:
    rows, columns = people.shape
    shape = {"width": columns, "height": rows, "count": 1, "dtype": "float64"}
    where = from_origin(9.50, 47.02, 0.01, 0.01)
    with rasterio.open(file, "w", driver="GTiff", crs=crs, transform=where, nodata=nodata, **shape) as grid:
        grid.write(people, 1)
    return file


def _inner(cells: gpd.GeoDataFrame) -> dict[str, float]:
    inside = cells[cells.representative_point().intersects(AREA.geometry)]
    return dict(zip(inside["name"], inside["people"], strict=True))


def test_cells_with_people_are_polygons_where_the_grid_has_them(tmp_path: Path) -> None:
    cells = read_cells(_write(tmp_path / "people.tif"), AREA.geometry)
    assert _inner(cells) == {"0/0": 10.0, "1/0": 0.5, "1/1": 3.0}
    corner = cells.set_index("name").geometry["1/1"]
    assert corner.bounds == pytest.approx((9.51, 47.00, 9.52, 47.01))


def test_only_what_is_around_the_area_is_read(tmp_path: Path) -> None:
    small = shapely.box(9.531, 47.001, 9.539, 47.009)
    cells = read_cells(_write(tmp_path / "people.tif"), small)
    assert cells[["name", "people"]].to_numpy().tolist() == [["1/3", 100.0]]


def test_a_grid_in_metres_is_laid_where_it_belongs(tmp_path: Path) -> None:
    east, north = gpd.GeoSeries([shapely.Point(9.515, 47.01)], crs=4326).to_crs("EPSG:2056").iloc[0].coords[0]
    where = from_origin(east - 50, north + 50, 100, 100)
    shape = {"width": 1, "height": 1, "count": 1, "dtype": "int16"}
    with rasterio.open(tmp_path / "m.tif", "w", driver="GTiff", crs="EPSG:2056", transform=where, **shape) as grid:
        grid.write(np.array([[7]], dtype="int16"), 1)
    (cell,) = read_cells(tmp_path / "m.tif", AREA.geometry).itertuples()
    assert cell.people == 7.0
    assert cell.geometry.centroid.distance(shapely.Point(9.515, 47.01)) < 1e-6


def test_a_scenario_counts_its_people_and_reports_the_area_as_one_zone(tmp_path: Path) -> None:
    request = Request(households=_write(tmp_path / "people.tif"), people_per_household=2.3)
    counted = from_file_or_total(request, AREA, tmp_path)
    assert counted.section["zones"]["people_per_household"] == 2.3
    assert _inner(gpd.read_file(tmp_path / ZONES))["0/0"] == 10.0
    assert gpd.read_file(tmp_path / REPORT_ZONES)["name"].tolist() == ["Town"]
    assert "people.tif, at 2.3 people per household" in counted.about


def _refused(file: Path, people_per_household: float | None = 2.3) -> str:
    request = Request(households=file, people_per_household=people_per_household)
    with pytest.raises(DataError) as caught:
        from_file_or_total(request, AREA, file.parent)
    return str(caught.value)


def test_a_grid_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    assert "--people-per-household" in _refused(_write(tmp_path / "a.tif"), None)
    assert "has a cell with -9 people" in _refused(_write(tmp_path / "b.tif", nodata=None))
    assert "nobody lives in Town" in _refused(_write(tmp_path / "c.tif", np.zeros((2, 4))))
    assert "no coordinate reference system" in _refused(_write(tmp_path / "d.tif", crs=None))
    (tmp_path / "e.tif").write_bytes(b"II*\x00broken")
    assert "can't be read as a grid" in _refused(tmp_path / "e.tif")


def test_a_grid_of_another_place_says_what_it_covers(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"covers lat 47\.0000 to 47\.0200, lon 9\.5000 to 9\.5400, the area lat 10"):
        read_cells(_write(tmp_path / "people.tif"), shapely.box(5, 10, 6, 11))
