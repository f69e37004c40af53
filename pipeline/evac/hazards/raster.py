"""Rasters of times of arrival: when the front is in which cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from evac.errors import DataError, Problem
from evac.hazards.fronts import Arrivals
from evac.hazards.grids import cell_m, cells, crs_of, elsewhere, opened, tiles, transformer_to, values_in
from evac.schema.hazard import ArrivalRaster, TimeUnit

SECONDS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0}
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

    @cached_property
    def _grid(self) -> Any:
        """The raster, kept open: GDAL keeps what it has read, which is dear to read again from Esri ASCII."""
        return opened(self.settings.file)

    @cached_property
    def _crs(self) -> CRS:
        return crs_of(self._grid, self.settings.crs, self.where)

    @property
    def spacing_m(self) -> float:
        """Half of a cell."""
        return min(cell_m(self._grid, self._crs)) / 2.0

    def arrivals(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float) -> Arrivals:
        """Return when a cell whose middle is within a distance of each point's cell is reached.

        Raises
        ------
        DataError
            The raster lacks unit or reference system, is of another place, has negative times, or its front is too fast
            or too slow to be one.
        """
        rates: list[NDArray[np.float64]] = []
        unit = _unit_of(self._grid, self.settings, self.where)
        at = cells(self._grid, self._crs, lon, lat)
        if not at[2].any():
            raise DataError(elsewhere(self._grid, self._crs, lon, lat, self.where))
        time = self._times(at, within_m, rates)
        _check_plausible(time, np.concatenate(rates), unit, self.kind, self.where)
        return Arrivals(self._after_order_s(time, unit), np.zeros(len(lon), dtype=bool), ~at[2])

    def at_s(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float = 0.0) -> NDArray[np.float64]:
        """Return the same times for any places, in the raster or not."""
        unit = _unit_of(self._grid, self.settings, self.where)
        return self._after_order_s(self._times(cells(self._grid, self._crs, lon, lat), within_m), unit)

    @property
    def begins(self) -> tuple[float, float]:
        """Where the first cell is reached (longitude, latitude)."""
        grid = self._grid
        least, at = np.inf, (0, 0)
        for _, window in grid.block_windows(1):
            values = values_in(grid, window)
            if values.min() < least:
                row, column = np.unravel_index(int(values.argmin()), values.shape)
                least, at = float(values.min()), (int(window.row_off + row), int(window.col_off + column))
        x, y = grid.xy(*at)
        lon, lat = transformer_to(self._crs, self.where).transform(x, y, direction="INVERSE")
        return float(lon), float(lat)

    def _times(
        self,
        at: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]],
        within_m: float,
        rates: list[NDArray[np.float64]] | None = None,
    ) -> NDArray[np.float64]:
        """Return the least time near each point, in the raster's unit; take down the rates of spread where asked to."""
        rows, columns, inside = at
        time = np.full(len(rows), np.inf)
        height_m, width_m = cell_m(self._grid, self._crs)
        reach = within_m / height_m, within_m / width_m
        for mine, window, values in tiles(self._grid, rows, columns, inside, reach):
            if rates is not None:
                rates.append(_rates(values, height_m, width_m))
            near = nearest_minimum(values, *reach)
            time[mine] = near[rows[mine] - int(window.row_off), columns[mine] - int(window.col_off)]
        return time

    def _after_order_s(self, time: NDArray[np.float64], unit: TimeUnit) -> NDArray[np.float64]:
        return time * SECONDS[unit] + 60.0 * self.settings.starts_min


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


def nearest_minimum(values: NDArray[np.float64], rows: float, columns: float) -> NDArray[np.float64]:
    """Return the least value within an ellipse of cells around each cell; its half axes are in cells.

    Row by row: an ellipse of 400 cells across costs as much as 400 passes over the tile, not 400².
    """
    from scipy.ndimage import minimum_filter1d  # noqa: PLC0415  takes a sixth of a second, and few scenarios have rasters

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
        what = f"its last time is {reached.max():g}, in {unit} {reached.max() * seconds / 86_400.0:.3g} days"
    elif median is not None and not slow <= median <= fast:
        what = f"in {unit} half of its front would be {'slower' if median < slow else 'faster'} than {median:.2g} m/min"
    else:
        return
    raise DataError(
        Problem(where, what, f"are they {others}? Or do large times stand for never? Declare them as NODATA")
    )
