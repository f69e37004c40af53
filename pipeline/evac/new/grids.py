"""Population grids (GeoTIFF and whatever else GDAL reads): the cells around an area become zones with people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from evac.errors import DataError, Problem
from evac.new.request import extent

SUFFIXES = {".tif", ".tiff", ".vrt"}
"""What is taken for a grid."""

_CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])  # column, row


def read_cells(file: Path, area: shapely.Geometry) -> gpd.GeoDataFrame:
    """Return the inhabited cells of a population grid that touch an area.

    Parameters
    ----------
    file
        A grid whose first band has the people of each cell.
    area
        The area (WGS 84).

    Returns
    -------
    geopandas.GeoDataFrame
        `name` (row and column in the grid), `people` (float), `geometry` (WGS 84).

    Raises
    ------
    DataError
        The grid can't be used.
    """
    import rasterio  # noqa: PLC0415 - GDAL is large, and most places are counted otherwise

    try:
        with rasterio.open(file) as grid:
            people, transform, first, crs = _read(grid, file, area)
    except rasterio.errors.RasterioError as error:
        raise DataError(Problem(str(file), f"can't be read as a grid ({error})", "export it as GeoTIFF")) from error
    if (people < 0.0).any():
        what = f"has a cell with {people.min():g} people"
        raise DataError(Problem(str(file), what, "if that stands for no data, declare it so: gdal_edit.py -a_nodata"))
    rows, columns = np.nonzero(people)
    corners = np.column_stack([columns, rows])[:, None, :] + _CORNERS
    shapes = shapely.polygons(corners @ transform[:, :2].T + transform[:, 2])
    names = [f"{first[0] + row}/{first[1] + column}" for row, column in zip(rows, columns, strict=True)]
    cells = gpd.GeoDataFrame({"name": names, "people": people[rows, columns]}, geometry=shapes, crs=crs)
    cells = cells.to_crs("EPSG:4326")
    return cells[cells.intersects(area)].reset_index(drop=True)


def _read(grid: Any, file: Path, area: shapely.Geometry) -> tuple[np.ndarray, np.ndarray, tuple[int, int], str]:
    """Return the people of each cell around an area, their affine transform (2 by 3), where they begin, and the CRS."""
    from rasterio.errors import WindowError  # noqa: PLC0415 - as above
    from rasterio.features import geometry_window  # noqa: PLC0415 - as above

    if grid.crs is None:
        raise DataError(Problem(str(file), "has no coordinate reference system", "assign it in a GIS: gdal_edit.py"))
    crs = grid.crs.to_wkt()
    try:
        window = geometry_window(grid, [gpd.GeoSeries([area], crs="EPSG:4326").to_crs(crs).iloc[0]])
    except WindowError as error:
        covered = gpd.GeoSeries([shapely.box(*grid.bounds)], crs=crs).to_crs("EPSG:4326").iloc[0]
        what = f"covers {extent(covered)}, the area {extent(area)}"
        raise DataError(Problem(str(file), what, "give a grid of the same place")) from error
    people = np.nan_to_num(grid.read(1, window=window, masked=True).astype(np.float64).filled(0.0))
    transform = np.array(grid.window_transform(window)[:6]).reshape(2, 3)
    return people, transform, (window.row_off, window.col_off), crs
