"""Perimeters and points with times: when each was, and when the front was between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from evac.errors import DataError, Problem
from evac.hazards.fronts import Arrivals
from evac.hazards.raster import LONGEST_S, SECONDS
from evac.households.geometry import make_valid_polygons, read_vector
from evac.households.zones import read_polygons
from evac.network.place_names import near_names
from evac.projection import utm_of
from evac.schema.hazard import DatedPoints, Perimeters

_SPACING_M = 10.0
_LOST_SHARE = 0.05
"""How much of a perimeter the next one may lack: perimeters are drawn anew each time, often from the air."""
_LONG_BEFORE_S = 12 * 3600.0
_LISTED = 5


@dataclass(frozen=True)
class PerimeterFront:
    """Perimeters with times.

    Parameters
    ----------
    settings
        The scenario's.
    order_at
        Date and hour of the order, where times are dates.
    where
        What messages call it.
    """

    settings: Perimeters
    order_at: datetime | None
    where: str
    spacing_m: float = _SPACING_M

    @cached_property
    def _grown(self) -> tuple[CRS, list[tuple[float, shapely.Geometry]]]:
        """Return the perimeters by time, each with all before it, in metres."""
        settings = self.settings
        features = read_polygons(settings.file, "hazard.arrival.file", settings.layer)
        features["arrival_s"] = _times_of(features, settings, self.order_at, self.where)
        crs = utm_of(features)
        metres = features.set_geometry(make_valid_polygons(features.geometry)).to_crs(crs)
        grown: list[tuple[float, shapely.Geometry]] = []
        for time_s, group in metres.groupby("arrival_s"):
            now = group.geometry.union_all()
            if grown:
                self._require_growth(grown[-1], (float(time_s), now))
                now = shapely.union(now, grown[-1][1])
            grown.append((float(time_s), now))
        return crs, grown

    def _require_growth(self, before: tuple[float, shapely.Geometry], now: tuple[float, shapely.Geometry]) -> None:
        lost = before[1].difference(now[1]).area / before[1].area
        if lost > _LOST_SHARE:
            what = (
                f"the perimeter of minute {now[0] / 60.0:g} lacks {lost:.0%} of that of minute {before[0] / 60.0:g}: "
                "what has burned doesn't unburn"
            )
            remedy = "check the times; where each polygon is only what burned since the one before, join them in a GIS"
            raise DataError(Problem(self.where, what, remedy))

    def arrivals(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float) -> Arrivals:
        """Return when each point is within a distance of what has burned; between two perimeters it is a guess."""
        crs, grown = self._grown
        points = shapely.points(*Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat))
        time_s, guessed = np.full(len(lon), np.inf), np.zeros(len(lon), dtype=bool)
        before_s, inner = grown[0][0], None
        for now_s, outer in grown:
            shape = shapely.buffer(outer, within_m) if within_m else outer
            shapely.prepare(shape)
            new = np.flatnonzero(np.isinf(time_s) & shapely.intersects(shape, points))
            share = np.zeros(len(new)) if inner is None else self._share(points[new], inner, shape)
            time_s[new] = before_s + share * (now_s - before_s)
            guessed[new] = inner is not None
            before_s, inner = now_s, shape
        return Arrivals(time_s, guessed)

    @property
    def begins(self) -> tuple[float, float]:
        """The middle of the first perimeter (longitude, latitude)."""
        crs, grown = self._grown
        return _degrees(crs, grown[0][1].centroid)

    def at_s(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float = 0.0) -> NDArray[np.float64]:
        """Return the times alone."""
        return self.arrivals(lon, lat, within_m).time_s

    def _share(self, points: NDArray[Any], inner: shapely.Geometry, outer: shapely.Geometry) -> NDArray[np.float64]:
        """Return how far between two perimeters points are: 0 at the inner one, 1 at the outer one."""
        if self.settings.between != "distance":
            return np.full(len(points), float(self.settings.between == "later"))
        from_inner = shapely.distance(points, inner)
        to_outer = shapely.distance(points, shapely.boundary(outer))
        return np.asarray(from_inner / np.maximum(from_inner + to_outer, 1e-9))


@dataclass(frozen=True)
class PointFront:
    """Points with times; the parameters are those of `PerimeterFront`."""

    settings: DatedPoints
    order_at: datetime | None
    where: str
    spacing_m: float = _SPACING_M

    @cached_property
    def _reports(self) -> tuple[CRS, NDArray[np.float64], NDArray[np.float64]]:
        """Return reference system (metres), places and times of the reports (s after the order)."""
        settings = self.settings
        features = read_vector(settings.file, "hazard.arrival.file", settings.layer)
        others = features.geom_type[features.geom_type != "Point"]
        if len(others):
            what = f"expected points, feature {others.index[0] + 1} is a {others.iloc[0]}"
            raise DataError(Problem(self.where, what, "give perimeters with 'form: perimeters'"))
        at_s = _times_of(features, settings, self.order_at, self.where)
        crs = utm_of(features)
        return crs, shapely.get_coordinates(features.geometry.to_crs(crs).values), at_s

    def arrivals(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float) -> Arrivals:
        """Return when the first report within reach of each point was; what lies between reports is a guess."""
        from scipy.spatial import KDTree  # noqa: PLC0415 - few scenarios have reports

        settings = self.settings
        crs, reports, at_s = self._reports
        roads = np.column_stack(Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat))
        time_s = np.full(len(lon), np.inf)
        for near, report_s in zip(
            KDTree(roads).query_ball_point(reports, settings.reach_m + within_m), at_s, strict=True
        ):
            time_s[near] = np.minimum(time_s[near], report_s)
        guessed = np.zeros(len(lon), dtype=bool)
        if settings.between == "linear":
            between_s = _on_triangles(reports, at_s, roads, self.where)
            guessed = between_s < time_s
            time_s = np.minimum(time_s, between_s)
        return Arrivals(time_s, guessed)

    @property
    def begins(self) -> tuple[float, float]:
        """Where the first report is from (longitude, latitude)."""
        crs, reports, at_s = self._reports
        return _degrees(crs, shapely.Point(reports[int(np.argmin(at_s))]))

    def at_s(self, lon: NDArray[np.float64], lat: NDArray[np.float64], within_m: float = 0.0) -> NDArray[np.float64]:
        """Return the times alone."""
        return self.arrivals(lon, lat, within_m).time_s


def _degrees(crs: CRS, point: shapely.Point) -> tuple[float, float]:
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(point.x, point.y)
    return float(lon), float(lat)


def _on_triangles(
    reports: NDArray[np.float64], at_s: NDArray[np.float64], roads: NDArray[np.float64], where: str
) -> NDArray[np.float64]:
    """Return times interpolated on the triangles between reports, the earliest of those at one spot."""
    from scipy.interpolate import LinearNDInterpolator  # noqa: PLC0415 - this takes half a second
    from scipy.spatial import QhullError  # noqa: PLC0415

    first = pd.DataFrame({"x": reports[:, 0], "y": reports[:, 1], "at_s": at_s}).groupby(["x", "y"])["at_s"].min()
    try:
        between = LinearNDInterpolator(np.array(first.index.tolist()), first.to_numpy(), fill_value=np.inf)
    except (QhullError, ValueError) as error:
        what = "its points span no triangle, so nothing lies between them"
        raise DataError(Problem(where, what, "take 'between: nearest'")) from error
    return np.asarray(between(roads))


def _times_of(
    features: gpd.GeoDataFrame, settings: Perimeters | DatedPoints, order_at: datetime | None, where: str
) -> NDArray[np.float64]:
    """Return the times of features (s after the order).

    Raises
    ------
    DataError
        There is no such column, a value isn't a time, or they are weeks apart.
    """
    if settings.time not in features.columns:
        columns = [str(name) for name in features.columns if name != features.geometry.name]
        near = near_names(settings.time, columns)
        remedy = f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has {', '.join(columns)}"
        raise DataError(Problem(where, f"has no column {settings.time!r}", remedy))
    column = features[settings.time]
    times_s = _read_times(column, settings, order_at)
    bad = np.flatnonzero(~np.isfinite(times_s))
    if len(bad):
        shown = ", ".join(f"{column.iloc[row]} (feature {row + 1})" for row in bad[:_LISTED])
        what = f"column '{settings.time}' has {len(bad):,} values that aren't written as '{settings.written}': {shown}"
        remedy = "say with 'written' how times are written, or mend them"
        if settings.written == "date":
            remedy += "; dates are local, with an hour and without a time zone"
        raise DataError(Problem(where, what, remedy))
    _require_same_day(column, times_s, settings, where)
    if np.abs(times_s).max() > LONGEST_S:
        what = f"column '{settings.time}' has a time {np.abs(times_s).max() / 86_400.0:.0f} days from the order"
        raise DataError(Problem(where, what, "check 'written', 'order_at' and 'starts_min'"))
    return times_s


def _require_same_day(
    column: pd.Series, times_s: NDArray[np.float64], settings: Perimeters | DatedPoints, where: str
) -> None:
    """Refuse hours of the order's day that are long before the order: they are of the next day, more likely."""
    row = int(np.argmin(times_s))
    if settings.written == "hhmm" and times_s[row] < -_LONG_BEFORE_S:
        what = (
            f"column '{settings.time}' has {column.iloc[row]} (feature {row + 1}): on the day of the order that is "
            f"{-times_s[row] / 3600.0:.0f} h before it"
        )
        remedy = "if it is of the next day, past midnight, give dates: 'written: date'"
        raise DataError(Problem(where, what, remedy))


def _read_times(
    column: pd.Series, settings: Perimeters | DatedPoints, order_at: datetime | None
) -> NDArray[np.float64]:
    if settings.written == "date":
        times_s = np.array([_since_s(value, _order(order_at)) for value in column], dtype=np.float64)
        return np.where(_is_day_only(column), np.nan, times_s)
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if settings.written != "hhmm":
        return numbers * SECONDS[settings.written] + 60.0 * settings.starts_min
    hours, minutes = np.divmod(numbers, 100.0)
    fits = (hours >= 0) & (hours < 24) & (minutes < 60) & (numbers % 1 == 0)  # noqa: PLR2004
    since_s = (_order(order_at).normalize() - _order(order_at)).total_seconds()
    return np.where(fits, hours * 3600.0 + minutes * 60.0 + since_s, np.nan)


def _is_day_only(column: pd.Series) -> bool:
    """Return whether dates have no hours, which GDAL reads as midnight."""
    return pd.api.types.is_datetime64_dtype(column) and bool((column == column.dt.normalize()).all())


def _order(order_at: datetime | None) -> pd.Timestamp:
    if order_at is None:
        raise ValueError("dates without the date of the order")
    return pd.Timestamp(order_at)


def _since_s(value: Any, order_at: pd.Timestamp) -> float:
    """Return how long after the order a local date and hour is (s); NaN where it is none, or has a time zone."""
    date = pd.to_datetime(value, errors="coerce")
    if pd.isna(date) or date.tzinfo is not None or not (isinstance(value, pd.Timestamp) or ":" in str(value)):
        return float("nan")
    return float((date - order_at).total_seconds())
