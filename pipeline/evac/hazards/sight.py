"""When a front crosses a trigger line, and when households see fire or smoke."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from evac.hazards.fronts import Front
from evac.hazards.patches import patches
from evac.hazards.smoke import Haze
from evac.households.geometry import read_vector
from evac.projection import utm_of

_SPACING_M = 50.0
_STEP_S = 120.0


def crosses_s(front: Front, file: Path, layer: str | None, where: str) -> float:
    """Return when a front is first on a trigger line or at the edge of a trigger area (s after the order).

    It is infinite where the front never gets there.

    Raises
    ------
    DataError
        The file can't be read.
    """
    features = read_vector(file, where, layer)
    crs = utm_of(features)
    shapes = features.geometry.to_crs(crs).to_numpy()
    areas = shapely.get_dimensions(shapes) == 2  # noqa: PLR2004  polygons
    lines = np.where(areas, shapely.boundary(shapes), shapes)
    x, y = shapely.get_coordinates(shapely.segmentize(lines, min(front.spacing_m, _SPACING_M))).T
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    return float(front.at_s(np.asarray(lon), np.asarray(lat)).min())


def seen_s(
    front: Front,
    haze: Haze | None,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    *,
    front_within_m: float,
    optical_density_per_m: float,
) -> NDArray[np.float64]:
    """Return when the hazard is seen from each place (s after the order): the front near it, or dense smoke at it.

    Infinite where it never is. Smoke is looked for in steps of two minutes.
    """
    found = front.at_s(lon, lat, front_within_m)
    if haze is None:
        return found
    times_s = np.arange(0.0, max(haze.until_s, 0.0) + _STEP_S, _STEP_S)
    for mine in patches(lon, lat):
        dense = haze.densities(lon[mine], lat[mine], times_s) >= optical_density_per_m
        first = np.where(dense.any(axis=0), times_s[dense.argmax(axis=0)], np.inf)
        found[mine] = np.minimum(found[mine], first)
    return found
