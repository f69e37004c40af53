"""Water on roads: its depth over time, and when a road is under so much that nobody can drive."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from evac.errors import DataError, Problem
from evac.hazards.fronts import Arrivals
from evac.hazards.grids import cell_m, cells, crs_of, elsewhere, opened, tiles
from evac.hazards.raster import nearest_minimum
from evac.hazards.series import Series, read_series
from evac.households.geometry import make_valid_polygons
from evac.households.zones import read_polygons
from evac.projection import utm_of
from evac.schema.water import DepthAt, DepthRasters, DepthUnit, Gauge

_METRES = {"metres": 1.0, "millimetres": 0.001, "feet": 0.3048}
_SPACING_M = 10.0
_DEPTHS_M = (0.03, 15.0)
"""Between what the median depth of all wet cells near roads lies. Metres that are read as millimetres, or the other way
round, miss this by a factor of 1,000. Feet and metres can't be told apart by it."""
_LEAST_CELLS = 20


class Water(Protocol):
    """A source of depths."""

    @property
    def spacing_m(self) -> float:
        """How far apart the points of a road may be at which it is asked (m)."""

    @property
    def impassable_m(self) -> float:
        """From which depth on nobody can drive (m)."""

    def arrivals(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float) -> Arrivals:
        """Return when the water near each point is so deep."""

    def depths_m(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return times (s after the order), and the depth (m) at each time (rows) and point (columns).

        Between two times the depth changes evenly; before the first there is no water, after the last it stays.
        """


@dataclass(frozen=True)
class DepthFront:
    """Rasters of depths.

    Parameters
    ----------
    settings
        The scenario's.
    where
        What messages call them.
    """

    settings: DepthRasters
    where: str

    @property
    def spacing_m(self) -> float:
        """Half of a cell."""
        with opened(self.settings.files[0].file) as grid:
            return min(cell_m(grid, crs_of(grid, self.settings.crs, self.where))) / 2.0

    @property
    def impassable_m(self) -> float:
        """From which depth on nobody can drive (m)."""
        return self.settings.impassable_m

    def arrivals(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float) -> Arrivals:
        """Return when the water near each point is too deep; between two rasters it is a guess."""
        times_s, depths_m = self.depths_m(lon, lat, within_m)
        time_s = _first_above(times_s, depths_m, self.impassable_m)
        return Arrivals(time_s, np.isfinite(time_s) & ~np.isin(time_s, times_s), ~self._covers(lon, lat))

    def _covers(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether every raster has each point."""
        covers = np.ones(len(lon), dtype=bool)
        for item in self.settings.files:
            with opened(item.file) as grid:
                covers &= cells(grid, crs_of(grid, self.settings.crs, self.where), lon, lat)[2]
        return covers

    def at_s(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float = 0.0) -> NDArray[np.float64]:
        """Return the same times for any places, in the rasters or not."""
        found = [self._depth_m(item, lon, lat, within_m, check=False) for item in self.settings.files]
        return _first_above(self._times_s, np.vstack(found), self.impassable_m)

    @property
    def _times_s(self) -> NDArray[np.float64]:
        return np.array([60.0 * item.minute for item in self.settings.files])

    def depths_m(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the times of the rasters, and the greatest depth within a distance of each point then.

        Raises
        ------
        DataError
            A raster lacks unit or reference system, is of another place, has negative depths, or none that a flood has.
        """
        found = [self._depth_m(item, lon, lat, within_m, check=True) for item in self.settings.files]
        return self._times_s, np.vstack(found)

    def _depth_m(
        self, item: DepthAt, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float, *, check: bool
    ) -> NDArray[np.float64]:
        where = f"{item.file} ('hazard.arrival.files', minute {item.minute:g})"
        with opened(item.file) as grid:
            crs = crs_of(grid, self.settings.crs, where)
            unit = _unit_of(grid, self.settings.unit, where)
            rows, columns, inside = cells(grid, crs, lon, lat)
            if check and not inside.any():
                raise DataError(elsewhere(grid, crs, lon, lat, where))
            depth = np.zeros(len(lon))
            wet: list[NDArray[np.float64]] = []
            height_m, width_m = cell_m(grid, crs)
            reach = within_m / height_m, within_m / width_m
            for mine, window, values in tiles(grid, rows, columns, inside, reach):
                deep = np.where(np.isfinite(values), values, 0.0)
                wet.append(deep[deep != 0.0][::4])
                near = -nearest_minimum(-deep, *reach)
                depth[mine] = near[rows[mine] - int(window.row_off), columns[mine] - int(window.col_off)]
        if check:
            _check_plausible(np.concatenate(wet), unit, where)
        return depth * _METRES[unit]


@dataclass(frozen=True)
class GaugeFront:
    """A gauge's level over areas that it floods; the parameters are those of `DepthFront`."""

    settings: Gauge
    where: str
    spacing_m: float = _SPACING_M

    @property
    def impassable_m(self) -> float:
        """From which depth on nobody can drive (m)."""
        return self.settings.impassable_m

    @cached_property
    def level(self) -> Series:
        """The gauge's level."""
        return read_series(self.settings.file, ["level_m"], self.where)

    @cached_property
    def _areas(self) -> tuple[Any, NDArray[Any], NDArray[np.float64]]:
        """Return reference system (metres), shapes and the level at which each is flooded, the lowest last."""
        features = read_polygons(self.settings.areas, "hazard.arrival.areas", self.settings.layer)
        where, column = f"{self.settings.areas} ('hazard.arrival.areas')", self.settings.floods_at
        if column not in features.columns:
            others = ", ".join(str(name) for name in features.columns if name != features.geometry.name)
            raise DataError(Problem(where, f"has no column {column!r}", f"it has {others or 'none'}: say 'floods_at'"))
        level = pd.to_numeric(features[column], errors="coerce").to_numpy(dtype=float)
        if not np.isfinite(level).all():
            feature = int(np.flatnonzero(~np.isfinite(level))[0]) + 1
            raise DataError(Problem(where, f"feature {feature} has no number in {column!r}", "give a level in metres"))
        crs = utm_of(features)
        shapes = features.set_geometry(make_valid_polygons(features.geometry)).to_crs(crs).geometry.to_numpy()
        order = np.argsort(-level, kind="stable")
        return crs, shapes[order], level[order]

    def arrivals(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float) -> Arrivals:
        """Return when the water near each point is too deep; between two rows of the gauge it is a guess."""
        times_s, depths_m = self.depths_m(lon, lat, within_m)
        time_s = _first_above(times_s, depths_m, self.impassable_m)
        return Arrivals(time_s, np.isfinite(time_s) & ~np.isin(time_s, self.level.times_s))

    def at_s(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float = 0.0) -> NDArray[np.float64]:
        """Return the times alone."""
        return self.arrivals(lon, lat, within_m).time_s

    def depths_m(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return when the gauge's level changes its course, or begins to flood an area, and the depths then."""
        crs, shapes, floods_at_m = self._areas
        points = shapely.points(*Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat))
        lowest = np.full(len(lon), np.inf)
        for shape, level_m in zip(shapes, floods_at_m, strict=True):
            shapely.prepare(shape)
            lowest[shapely.dwithin(points, shape, within_m)] = level_m
        series = self.level
        crossings = [_crossings(series, level_m) for level_m in dict.fromkeys(floods_at_m.tolist())]
        times_s = np.unique(np.concatenate([[min(0.0, series.times_s[0])], series.times_s, *crossings]))
        level = np.interp(times_s, series.times_s, series.numbers)
        return times_s, np.maximum(level[:, None] - lowest[None, :], 0.0)


def _first_above(times_s: NDArray[np.float64], depths_m: NDArray[np.float64], limit_m: float) -> NDArray[np.float64]:
    """Return when the depth at each point first reaches a limit (s after the order); infinite where it never does."""
    time_s = np.where(depths_m[0] >= limit_m, times_s[0], np.inf)
    for k in range(1, len(times_s)):
        low, high = depths_m[k - 1], depths_m[k]
        new = np.isinf(time_s) & (high >= limit_m)
        share = (limit_m - low[new]) / (high[new] - low[new])
        time_s[new] = times_s[k - 1] + share * (times_s[k] - times_s[k - 1])
    return np.asarray(time_s)


def _crossings(series: Series, level: float) -> NDArray[np.float64]:
    """Return when a series passes a level."""
    before, after = series.numbers[:-1], series.numbers[1:]
    passes = (before - level) * (after - level) < 0.0
    share = (level - before[passes]) / (after[passes] - before[passes])
    return np.asarray(series.times_s[:-1][passes] + share * np.diff(series.times_s)[passes])


def _unit_of(grid: Any, told: DepthUnit | None, where: str) -> DepthUnit:
    if told is not None:
        return told
    said = str(grid.units[0] or "").lower()
    known: dict[str, DepthUnit] = {"m": "metres", "metre": "metres", "meters": "metres", "mm": "millimetres"}
    known |= {"ft": "feet", "foot": "feet", "metres": "metres", "millimetres": "millimetres", "feet": "feet"}
    if said in known:
        return known[said]
    raise DataError(Problem(where, "doesn't say the unit of its depths", "say 'unit: metres', 'millimetres' or 'feet'"))


def _check_plausible(wet: NDArray[np.float64], unit: DepthUnit, where: str) -> None:
    """Refuse depths that a flood over roads can't have; `wet` are those that aren't 0, in the unit."""
    if (wet < 0.0).any():
        what = f"has the depth {wet.min():g}: if that stands for dry land, it isn't declared as NODATA"
        raise DataError(Problem(where, what, f"gdal_edit.py -a_nodata {wet.min():g}"))
    median_m = float(np.median(wet)) * _METRES[unit] if len(wet) >= _LEAST_CELLS else None
    if median_m is not None and not _DEPTHS_M[0] <= median_m <= _DEPTHS_M[1]:
        others = " or ".join(name for name in _METRES if name != unit)
        what = f"in {unit} half of its wet cells would be {'shallower' if median_m < 1.0 else 'deeper'} than "
        what += f"{median_m:.2g} m"
        raise DataError(Problem(where, what, f"are they {others}?"))
