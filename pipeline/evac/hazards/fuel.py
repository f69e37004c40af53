"""How near to the front roads close, by the fuels beside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evac.errors import DataError, Problem
from evac.hazards.grids import cell_m, cells, crs_of, elsewhere, opened, tiles
from evac.hazards.raster import nearest_minimum
from evac.schema.fuels import Fuels

_LISTED = 8


def distances_m(
    fuels: Fuels, lon: NDArray[np.float64], lat: NDArray[np.float64], otherwise_m: float
) -> NDArray[np.float64]:
    """Return the distance from the front at which each point of a road closes it (m).

    Parameters
    ----------
    fuels
        The scenario's.
    lon, lat
        Points along roads (degrees, WGS 84).
    otherwise_m
        The distance where none of the fuels is beside the road.

    Raises
    ------
    DataError
        The raster can't be read, is of another place, or has none of the codes near any road.
    """
    where = f"{fuels.file} ('hazard.fuels')"
    grid = opened(fuels.file)
    crs = crs_of(grid, fuels.crs, where)
    rows, columns, inside = cells(grid, crs, lon, lat)
    if not inside.any():
        raise DataError(elsewhere(grid, crs, lon, lat, where))
    height_m, width_m = cell_m(grid, crs)
    farthest_m = max(fuels.within_m.values())
    found, seen = np.full(len(lon), -1.0), set[float]()
    for mine, window, values in tiles(grid, rows, columns, inside, (farthest_m / height_m, farthest_m / width_m)):
        seen.update(np.unique(values[np.isfinite(values)]).tolist())
        at = rows[mine] - int(window.row_off), columns[mine] - int(window.col_off)
        for code, within_m in fuels.within_m.items():
            away = nearest_minimum(np.where(values == code, 0.0, np.inf), within_m / height_m, within_m / width_m)
            beside = np.isfinite(away[at])
            found[mine[beside]] = np.maximum(found[mine[beside]], within_m)
    if seen.isdisjoint(fuels.within_m):
        codes = ", ".join(f"{code:g}" for code in sorted(seen)[:_LISTED]) or "no data"
        what = f"has none of the codes of 'within_m' near roads; there it has {codes}"
        raise DataError(Problem(where, what, "give distances by the codes that it has"))
    return np.where(found < 0.0, otherwise_m, found)
