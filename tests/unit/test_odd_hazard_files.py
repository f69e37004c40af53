"""Hazard files that are odd and right, and files that are broken: the same times, or a clear refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from pyproj import CRS, Transformer
from rasterio.transform import Affine

from evac.errors import DataError
from evac.hazards.grids import cell_m, cells
from evac.hazards.patches import patches
from evac.hazards.raster import RasterFront
from evac.schema.hazard import ArrivalRaster
from hazard_files import CRS as UTM
from hazard_files import EAST_M, NORTH_M

CELL_M = 20.0
X = np.linspace(100.0, 2900.0, 57)
"""Where it is asked (m east)."""
NORTH_UP = Affine(CELL_M, 0.0, EAST_M - 500.0, 0.0, -CELL_M, NORTH_M + 2000.0)
SOUTH_UP = Affine(CELL_M, 0.0, EAST_M - 500.0, 0.0, CELL_M, NORTH_M - 2000.0)
TURNED = Affine.translation(EAST_M - 3000.0, NORTH_M + 1200.0) @ Affine.rotation(-30.0) @ Affine.scale(CELL_M, CELL_M)
SIZE = 400


def _minutes(x: np.ndarray) -> np.ndarray:
    """A front from the west at 25 m a minute."""
    return 120.0 + x / 25.0


def _write(file: Path, where: Affine, *, kind: str = "float64", scale: float = 1.0, **profile: Any) -> RasterFront:
    column, row = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5)
    x, _ = where @ (column, row)
    values = np.round(_minutes(x - EAST_M) / scale, 6).astype(kind)
    about = {"height": SIZE, "width": SIZE, "count": 1, "dtype": kind, "crs": UTM, "nodata": -9999, **profile}
    with rasterio.open(file, "w", driver="GTiff", transform=where, **about) as grid:
        for band in range(grid.count):
            grid.write(values, band + 1)
        grid.scales = (scale,) * grid.count
    return RasterFront(ArrivalRaster(form="raster", file=file, unit="minutes"), "fire", "toa")


def _ask(front: RasterFront, within_m: float = 0.0) -> np.ndarray:
    to_degrees = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(X + EAST_M, np.full(len(X), NORTH_M))
    return front.arrivals(np.asarray(lon), np.asarray(lat), within_m).time_s / 60.0


@pytest.mark.parametrize("where", [NORTH_UP, SOUTH_UP, TURNED], ids=["north up", "south up", "turned"])
def test_it_doesnt_matter_how_a_raster_lies(tmp_path: Path, where: Affine) -> None:
    front = _write(tmp_path / "toa.tif", where)
    half_a_diagonal_min = CELL_M * np.sqrt(0.5) / 25.0
    assert _ask(front) == pytest.approx(_minutes(X), abs=half_a_diagonal_min)
    assert _ask(front, 200.0) == pytest.approx(_minutes(X - 200.0), abs=3.0 * half_a_diagonal_min)
    assert front.spacing_m == pytest.approx(CELL_M / 2.0)


def test_whole_numbers_with_a_scale_are_what_they_stand_for(tmp_path: Path) -> None:
    assert _ask(_write(tmp_path / "toa.tif", NORTH_UP, kind="int16", scale=0.1)) == pytest.approx(
        _minutes(X), abs=CELL_M / 2.0 / 25.0 + 0.1
    )


@pytest.mark.parametrize(("left", "lon"), [(179.0, -179.5), (359.0, 0.5), (-181.0, 179.5), (170.0, 180.5)])
def test_a_raster_across_the_antimeridian_has_both_sides(tmp_path: Path, left: float, lon: float) -> None:
    with rasterio.open(
        tmp_path / "toa.tif",
        "w",
        driver="GTiff",
        height=100,
        width=2000,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=Affine(0.01, 0.0, left, 0.0, -0.01, 0.5),
    ) as grid:
        rows, columns, inside = cells(grid, CRS.from_epsg(4326), np.array([lon]), np.array([0.0]))
        assert inside.all()
        assert (columns[0] + 0.5) * 0.01 == pytest.approx((lon - left) % 360.0, abs=0.011)
        assert rows[0] == pytest.approx(50, abs=1)
        assert cell_m(grid, CRS.from_epsg(4326)) == pytest.approx((1106.0, 1113.0), abs=2.0)


def test_a_raster_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    front = _write(tmp_path / "toa.tif", NORTH_UP)
    whole = (tmp_path / "toa.tif").read_bytes()
    (tmp_path / "toa.tif").write_bytes(whole[: len(whole) // 4])
    with pytest.raises(DataError, match="can't be read as a raster"):
        _ask(front)


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({"count": 2}, "has 2 bands"),
        ({"kind": "complex64", "nodata": None}, "complex64"),
        ({"crs": 'LOCAL_CS["here",UNIT["metre",1]]'}, "isn't tied to a place on earth"),
    ],
)
def test_rasters_of_other_things_are_refused(tmp_path: Path, profile: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        _ask(_write(tmp_path / "toa.tif", NORTH_UP, **profile))


def test_infinite_cells_stand_for_never_as_those_without_data(tmp_path: Path) -> None:
    front = _write(tmp_path / "toa.tif", NORTH_UP)
    with rasterio.open(tmp_path / "toa.tif", "r+") as grid:
        values = grid.read(1)
        values[:, 100:] = np.where(np.arange(SIZE)[:, None] % 2, -np.inf, np.inf)
        grid.write(values, 1)
    found = _ask(front)
    assert np.isinf(found[X > 100.0 * CELL_M - 500.0 + CELL_M]).all()
    assert found[X < 1400.0] == pytest.approx(_minutes(X[X < 1400.0]), abs=CELL_M / 25.0)


def test_places_far_from_the_raster_are_never_reached_where_it_isnt_asked_about_roads(tmp_path: Path) -> None:
    front = _write(tmp_path / "toa.tif", NORTH_UP)
    assert np.isinf(front.at_s(np.array([20.0]), np.array([10.0]))).all()
    with pytest.raises(DataError, match="the roads"):
        front.arrivals(np.array([20.0]), np.array([10.0]), 0.0)


@pytest.mark.parametrize("count", [0, 1, 7, 1000])
def test_each_place_is_in_one_patch_and_patches_lie_apart(count: int) -> None:
    rng = np.random.default_rng(count)
    lon, lat = rng.uniform(179.0, 180.0, count), rng.uniform(60.0, 60.5, count)
    groups = list(patches(lon, lat, 50))
    assert sorted(np.concatenate([np.empty(0, dtype=int), *groups]).tolist()) == list(range(count))
    assert all(0 < len(mine) <= 50 for mine in groups)
    if count == 1000:  # sixteen or so squares, not stripes across the whole
        assert max(np.ptp(lon[mine]) for mine in groups) < 0.6
