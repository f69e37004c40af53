"""Files of a hazard over the crafted roads of `plan_town`, whose coordinates are UTM 32N less an offset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin

CRS = "EPSG:32632"
EAST_M, NORTH_M = 500_000.0, 5_200_000.0
CELL_M = 20.0


def write_raster(
    file: Path,
    time: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    box: tuple[float, float, float, float] = (-200.0, -200.0, 4000.0, 4000.0),
    crs: str | None = CRS,
    cell_m: float = CELL_M,
    nodata: float = -9999.0,
) -> Path:
    """Write the times at the middles of cells, as a function of the roads' coordinates (m)."""
    west, south, east, north = box
    shape = round((north - south) / cell_m), round((east - west) / cell_m)
    x = west + cell_m * (np.arange(shape[1]) + 0.5)
    y = north - cell_m * (np.arange(shape[0]) + 0.5)
    values = np.broadcast_to(time(*np.meshgrid(x, y)), shape).astype(np.float64)
    driver = "AAIGrid" if file.suffix == ".asc" else "GTiff"
    where = from_origin(west + EAST_M, north + NORTH_M, cell_m, cell_m)
    kind = "float32" if driver == "AAIGrid" else "float64"
    profile = {"height": shape[0], "width": shape[1], "count": 1, "dtype": kind, "crs": crs, "nodata": nodata}
    with rasterio.open(file, "w", driver=driver, transform=where, **profile) as grid:
        grid.write(np.where(np.isfinite(values), values, nodata).astype(kind), 1)
    return file


def write_features(file: Path, shapes: Sequence[shapely.Geometry], **columns: Sequence[object]) -> Path:
    """Write shapes in the roads' coordinates."""
    moved = [shapely.transform(shape, lambda xy: np.add(xy, [EAST_M, NORTH_M])) for shape in shapes]
    gpd.GeoDataFrame(columns, geometry=moved, crs=CRS).to_crs("EPSG:4326").to_file(file)
    return file
