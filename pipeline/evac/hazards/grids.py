"""Rasters of a hazard, read in tiles: only where there are roads, and never the whole file at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError

from evac.errors import DataError, Problem

if TYPE_CHECKING:
    from rasterio.windows import Window

_TILE = 512  # cells: 2 MB a tile of float64


def opened(file: Path) -> Any:
    """Open a raster of one band of real numbers.

    Raises
    ------
    DataError
        GDAL can't read it, or it is another raster.
    """
    import rasterio  # noqa: PLC0415 - GDAL is large, and most scenarios have no raster

    try:
        grid = rasterio.open(file)
    except rasterio.errors.RasterioError as error:
        raise _unreadable(file, error) from error
    if grid.count != 1 or "complex" in grid.dtypes[0]:
        what = f"has {grid.count} bands of {grid.dtypes[0]}: a time or depth is one real number a cell"
        raise DataError(Problem(str(file), what, "take out the one that is meant: gdal_translate -b 1"))
    return grid


def _unreadable(file: Path | str, error: Exception) -> DataError:
    remedy = "give Esri ASCII or GeoTIFF; unpack what is packed, and download again what is cut off"
    return DataError(Problem(str(file), f"can't be read as a raster ({error})", remedy))


def crs_of(grid: Any, named: str | None, where: str) -> CRS:
    """Return a raster's reference system: its own, or the one that the scenario names for a file without.

    Raises
    ------
    DataError
        It has none, or another than is named.
    """
    own = CRS.from_wkt(grid.crs.to_wkt()) if grid.crs else None
    if own is not None:
        if named is not None and not _same(own, named, where):
            what = f"has the reference system {own.name}, 'crs' says {named}"
            raise DataError(Problem(where, what, "leave 'crs' out, or mend the file: gdal_edit.py -a_srs"))
        return own
    if named is None:
        remedy = "say which it was made in: 'crs: EPSG:26913', or add a .prj file beside it"
        raise DataError(Problem(where, "has no coordinate reference system", remedy))
    return _named(named, where)


def _same(own: CRS, named: str, where: str) -> bool:
    return own.equals(_named(named, where), ignore_axis_order=True)


def _named(name: str, where: str) -> CRS:
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        what = f"'crs': there is no reference system {name!r}"
        raise DataError(Problem(where, what, "give it as EPSG:26913")) from error


def cell_m(grid: Any, crs: CRS) -> tuple[float, float]:
    """Return height and width of a cell in metres, in the raster's middle; the raster may be turned."""
    down, right = (grid.transform.b, grid.transform.e), (grid.transform.a, grid.transform.d)
    if not crs.is_geographic:
        to_m = crs.axis_info[0].unit_conversion_factor
        return float(np.hypot(*down)) * to_m, float(np.hypot(*right)) * to_m
    lon, lat = grid.xy(grid.height // 2, grid.width // 2)
    geod = Geod(ellps="WGS84")
    height_m, width_m = (abs(geod.inv(lon, lat, lon + east, lat + north)[2]) for east, north in (down, right))
    return height_m, width_m


def transformer_to(crs: CRS, where: str) -> Transformer:
    """Return what brings degrees (WGS 84) into a raster's reference system.

    Raises
    ------
    DataError
        It isn't tied to the earth.
    """
    try:
        return Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    except ProjError as error:
        what = f"its reference system '{crs.name}' isn't tied to a place on earth"
        raise DataError(Problem(where, what, "gdal_edit.py -a_srs EPSG:26913, or the one it was made in")) from error


def cells(
    grid: Any, crs: CRS, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return row and column of each point, and whether the raster has it."""
    x, y = transformer_to(crs, grid.name).transform(lon, lat)
    if crs.is_geographic:  # also where it counts from 0 to 360, or goes on beyond 180
        x = grid.bounds.left + (np.asarray(x) - grid.bounds.left) % 360.0
    columns_at, rows_at = ~grid.transform * (np.asarray(x), np.asarray(y))
    inside = (rows_at >= 0) & (rows_at < grid.height) & (columns_at >= 0) & (columns_at < grid.width)
    rows, columns = (np.where(inside, np.floor(at), 0).astype(np.int64) for at in (rows_at, columns_at))
    return rows, columns, inside


def tiles(
    grid: Any,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    inside: NDArray[np.bool_],
    reach: tuple[float, float],
) -> Iterator[tuple[NDArray[np.int64], Window, NDArray[np.float64]]]:
    """Give, for each tile with points in it, the points, the tile with what is in reach around it, and its values.

    A raster that is stored in rows, as every Esri ASCII file, is read in strips of rows: each row once.
    """
    from rasterio.windows import Window  # noqa: PLC0415 - as above

    in_rows = grid.block_shapes[0][1] == grid.width
    height, width = (max(_TILE * _TILE // grid.width, 1), grid.width) if in_rows else (_TILE, _TILE)
    across = -(-grid.width // width)
    tile = np.where(inside, rows // height * across + columns // width, -1)
    order = np.argsort(tile, kind="stable")
    order = order[tile[order] >= 0]
    if not len(order):
        return
    margin_rows, margin_columns = (int(np.ceil(half)) + 1 for half in reach)  # one more, for the slope
    for mine in np.split(order, np.flatnonzero(np.diff(tile[order])) + 1):
        row, column = divmod(int(tile[mine[0]]), across)
        first_row, first_column = max(row * height - margin_rows, 0), max(column * width - margin_columns, 0)
        last_row = min((row + 1) * height + margin_rows, grid.height)
        last_column = min((column + 1) * width + margin_columns, grid.width)
        window = Window(first_column, first_row, last_column - first_column, last_row - first_row)
        yield mine, window, values_in(grid, window)


def values_in(grid: Any, window: Window | None) -> NDArray[np.float64]:
    """Return the values of a window, by the file's own scale and offset; infinite where there are none.

    Raises
    ------
    DataError
        The file ends before them, or is damaged.
    """
    from rasterio.errors import RasterioError  # noqa: PLC0415 - as above

    try:
        values = grid.read(1, window=window, masked=True).astype(np.float64).filled(np.inf)
    except RasterioError as error:
        raise _unreadable(grid.name, error.__cause__ or error) from error
    return np.where(np.isfinite(values), values * grid.scales[0] + grid.offsets[0], np.inf)


def elsewhere(grid: Any, crs: CRS, lon: NDArray[np.float64], lat: NDArray[np.float64], where: str) -> Problem:
    """Return the problem of a raster that has none of the roads."""
    box = gpd.GeoSeries([shapely.box(*grid.bounds)], crs=crs).to_crs("EPSG:4326").total_bounds
    roads = (lon.min(), lat.min(), lon.max(), lat.max())
    west, south, east, north = (f"{value:.3f}" for value in box)
    here = "{:.3f}, {:.3f} to {:.3f}, {:.3f}".format(*roads)
    what = f"covers {west}, {south} to {east}, {north} (lon, lat), the roads {here}"
    return Problem(where, what, "is it of this place, and its reference system right?")
