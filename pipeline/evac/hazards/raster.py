"""Rasters of times of arrival, read in tiles: only where there are roads, and never the whole file at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError
from rasterio.windows import Window
from scipy.ndimage import minimum_filter1d

from evac.errors import DataError, Problem
from evac.hazards.fronts import Arrivals
from evac.schema.hazard import ArrivalRaster, TimeUnit

SECONDS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0}
_TILE = 512  # cells: 2 MB a tile of float64
LONGEST_S = 14 * 86_400.0
"""A front that takes longer than two weeks over one place's roads has another unit, or cells that stand for never."""
_RATES_M_PER_MIN = {"fire": (0.1, 150.0), "flood": (0.1, 900.0)}
"""Between what the median rate of spread over all cells lies. Of 19,844 cells of a FlamMap run the median is 2.9 m/min
(5th to 95th percentile 0.26 to 13.9); the fastest grass fires run at 380 m/min for minutes (Cheney and Sullivan,
Grassfires, 2008, chapter 4), and the median over an area has their flanks and backs too. A dam's flood wave runs at up
to 15 m/s. Minutes that are read as hours or as seconds miss these by a factor of 60."""
_LEAST_CELLS = 50  # with a slope, for a median


@dataclass(frozen=True)
class RasterFront:
    """A raster of times of arrival.

    Parameters
    ----------
    settings
        The scenario's.
    kind
        `fire` or `flood`.
    where
        What messages call it.
    """

    settings: ArrivalRaster
    kind: str
    where: str

    @property
    def spacing_m(self) -> float:
        """Half of a cell."""
        with opened(self.settings.file) as grid:
            return min(_cell_m(grid, _crs_of(grid, self.settings, self.where))) / 2.0

    def arrivals(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float) -> Arrivals:
        """Return when a cell whose middle is within a distance of each point's cell is reached.

        Raises
        ------
        DataError
            The raster lacks unit or reference system, is of another place, has negative times, or its front is too fast
            or too slow to be one.
        """
        with opened(self.settings.file) as grid:
            crs = _crs_of(grid, self.settings, self.where)
            unit = _unit_of(grid, self.settings, self.where)
            rows, columns, inside = _cells(grid, crs, lon, lat)
            if not inside.any():
                raise DataError(_elsewhere(grid, crs, lon, lat, self.where))
            time = np.full(len(lon), np.inf)
            rates: list[NDArray[np.float64]] = []
            height_m, width_m = _cell_m(grid, crs)
            reach = within_m / height_m, within_m / width_m
            for mine, window, values in _tiles(grid, rows, columns, inside, reach):
                rates.append(_rates(values, height_m, width_m))
                near = nearest_minimum(values, *reach)
                time[mine] = near[rows[mine] - int(window.row_off), columns[mine] - int(window.col_off)]
        _check_plausible(time, np.concatenate(rates), unit, self.kind, self.where)
        return Arrivals(time * SECONDS[unit] + 60.0 * self.settings.starts_min, np.zeros(len(lon), dtype=bool))


def opened(file: Path) -> Any:
    """Open a raster.

    Raises
    ------
    DataError
        GDAL can't read it.
    """
    try:
        return rasterio.open(file)
    except rasterio.errors.RasterioError as error:
        remedy = "give Esri ASCII or GeoTIFF; unpack what is packed"
        raise DataError(Problem(str(file), f"can't be read as a raster ({error})", remedy)) from error


def _crs_of(grid: Any, settings: ArrivalRaster, where: str) -> CRS:
    own = CRS.from_wkt(grid.crs.to_wkt()) if grid.crs else None
    if own is not None:
        if settings.crs is not None and not _same(own, settings.crs, where):
            what = f"has the reference system {own.name}, 'crs' says {settings.crs}"
            raise DataError(Problem(where, what, "leave 'crs' out, or mend the file: gdal_edit.py -a_srs"))
        return own
    if settings.crs is None:
        remedy = "say which it was made in: 'crs: EPSG:26913', or add a .prj file beside it"
        raise DataError(Problem(where, "has no coordinate reference system", remedy))
    return _named(settings.crs, where)


def _same(own: CRS, named: str, where: str) -> bool:
    return own.equals(_named(named, where), ignore_axis_order=True)


def _named(name: str, where: str) -> CRS:
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        what = f"'crs': there is no reference system {name!r}"
        raise DataError(Problem(where, what, "give it as EPSG:26913")) from error


def _unit_of(grid: Any, settings: ArrivalRaster, where: str) -> TimeUnit:
    """Return the unit of a raster's times: as the scenario says, else as the file does."""
    if settings.unit is not None:
        return settings.unit
    said = str(grid.units[0] or "").lower()
    known: dict[str, TimeUnit] = {"s": "seconds", "min": "minutes", "h": "hours", "hr": "hours"}
    known |= {name: name for name in SECONDS}  # type: ignore[misc]
    if said in known:
        return known[said]
    remedy = "say 'unit: minutes' (FlamMap, Farsite, Cell2Fire), 'hours' or 'seconds' (ELMFIRE)"
    raise DataError(Problem(where, "doesn't say the unit of its times", remedy))


def _cell_m(grid: Any, crs: CRS) -> tuple[float, float]:
    """Return height and width of a cell in metres, in the raster's middle."""
    width, height = abs(grid.transform.a), abs(grid.transform.e)
    if not crs.is_geographic:
        to_m = crs.axis_info[0].unit_conversion_factor
        return height * to_m, width * to_m
    lon, lat = grid.xy(grid.height // 2, grid.width // 2)
    geod = Geod(ellps="WGS84")
    return abs(geod.inv(lon, lat, lon, lat + height)[2]), abs(geod.inv(lon, lat, lon + width, lat)[2])


def _cells(
    grid: Any, crs: CRS, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return row and column of each point, and whether the raster has it."""
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    columns_at, rows_at = ~grid.transform * (np.asarray(x), np.asarray(y))
    inside = (rows_at >= 0) & (rows_at < grid.height) & (columns_at >= 0) & (columns_at < grid.width)
    rows, columns = (np.where(inside, np.floor(at), 0).astype(np.int64) for at in (rows_at, columns_at))
    return rows, columns, inside


def _tiles(
    grid: Any,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    inside: NDArray[np.bool_],
    reach: tuple[float, float],
) -> Iterator[tuple[NDArray[np.int64], Window, NDArray[np.float64]]]:
    """Give, for each tile with points in it, the points, the tile with what is in reach around it, and its times.

    A raster that is stored in rows, as every Esri ASCII file, is read in strips of rows: each row once.
    """
    in_rows = grid.block_shapes[0][1] == grid.width
    height, width = (max(_TILE * _TILE // grid.width, 1), grid.width) if in_rows else (_TILE, _TILE)
    across = -(-grid.width // width)
    tile = np.where(inside, rows // height * across + columns // width, -1)
    order = np.argsort(tile, kind="stable")
    order = order[tile[order] >= 0]
    margin_rows, margin_columns = (int(np.ceil(cells)) + 1 for cells in reach)  # one more, for the slope
    for mine in np.split(order, np.flatnonzero(np.diff(tile[order])) + 1):
        row, column = divmod(int(tile[mine[0]]), across)
        first_row, first_column = max(row * height - margin_rows, 0), max(column * width - margin_columns, 0)
        last_row = min((row + 1) * height + margin_rows, grid.height)
        last_column = min((column + 1) * width + margin_columns, grid.width)
        window = Window(first_column, first_row, last_column - first_column, last_row - first_row)
        yield mine, window, times_in(grid, window)


def times_in(grid: Any, window: Window | None) -> NDArray[np.float64]:
    """Return the values of a window; infinite where there are none."""
    values = grid.read(1, window=window, masked=True).astype(np.float64).filled(np.inf)
    return np.where(np.isnan(values), np.inf, values)


def nearest_minimum(values: NDArray[np.float64], rows: float, columns: float) -> NDArray[np.float64]:
    """Return the least value within an ellipse of cells around each cell; its half axes are in cells.

    Row by row: an ellipse of 400 cells across costs as much as 400 passes over the tile, not 400².
    """
    found = values.copy()
    for offset in range(-int(rows), int(rows) + 1):
        half = int(columns * np.sqrt(max(1.0 - (offset / rows) ** 2, 0.0))) if rows > 0.0 else int(columns)
        row = minimum_filter1d(values, 2 * half + 1, axis=1, mode="constant", cval=np.inf) if half else values
        low, high = max(offset, 0), values.shape[0] + min(offset, 0)
        shifted = row[low:high]
        target = found[low - offset : high - offset]
        np.minimum(target, shifted, out=target)
    return found


def _rates(values: NDArray[np.float64], height_m: float, width_m: float) -> NDArray[np.float64]:
    """Return the rate of spread (m per unit of time) in the cells of a tile that have a slope."""
    if min(values.shape) < 2:  # noqa: PLR2004  no neighbours
        return np.empty(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = 1.0 / np.hypot(*np.gradient(values, height_m, width_m))
    return np.asarray(rate[np.isfinite(rate) & (rate > 0.0)][::4])


def _check_plausible(
    time: NDArray[np.float64], rates: NDArray[np.float64], unit: TimeUnit, kind: str, where: str
) -> None:
    """Refuse times that can't be times of arrival in a unit.

    Parameters
    ----------
    time
        Times of arrival at points, in the unit; infinite where the front never arrives.
    rates
        Rates of spread (m per unit).
    unit, kind, where
        The unit, `fire` or `flood`, and what messages call the raster.

    Raises
    ------
    DataError
        A time is negative, or the front would be too fast or too slow.
    """
    reached = time[np.isfinite(time)]
    if (reached < 0.0).any():
        what = f"has the time {reached.min():g}: if that stands for never, it isn't declared as NODATA"
        raise DataError(Problem(where, what, f"gdal_edit.py -a_nodata {reached.min():g}"))
    seconds = SECONDS[unit]
    others = ", ".join(name for name in SECONDS if name != unit)
    slow, fast = _RATES_M_PER_MIN[kind]
    median = float(np.median(rates)) * 60.0 / seconds if len(rates) >= _LEAST_CELLS else None
    if reached.size and reached.max() * seconds > LONGEST_S:
        what = f"its last time is {reached.max():g}, in {unit} {reached.max() * seconds / 86_400.0:.0f} days"
    elif median is not None and not slow <= median <= fast:
        what = f"in {unit} half of its front would be {'slower' if median < slow else 'faster'} than {median:.2g} m/min"
    else:
        return
    raise DataError(
        Problem(where, what, f"are they {others}? Or do large times stand for never? Declare them as NODATA")
    )


def _elsewhere(grid: Any, crs: CRS, lon: NDArray[np.float64], lat: NDArray[np.float64], where: str) -> Problem:
    box = gpd.GeoSeries([shapely.box(*grid.bounds)], crs=crs).to_crs("EPSG:4326").total_bounds
    roads = (lon.min(), lat.min(), lon.max(), lat.max())
    west, south, east, north = (f"{value:.3f}" for value in box)
    here = "{:.3f}, {:.3f} to {:.3f}, {:.3f}".format(*roads)
    what = f"covers {west}, {south} to {east}, {north} (lon, lat), the roads {here}"
    return Problem(where, what, "is it of this place, and its reference system right?")
