"""Which country a place is in: by its law go speed limits and the side of the road.

`countries.parquet` beside this module holds simplified boundaries: Natural Earth 4.1.0, Admin 0 countries at 1:10
million, in the public domain (https://www.naturalearthdata.com/about/terms-of-use/), by way of the npm package
world-atlas 2.0.2 (ISC licence); `setup/make_countries.py` makes it. They are good to a few kilometres. So a place that
lies nearer to another country than that may be in either, and what depends on the country is then a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import geopandas as gpd
import numpy as np
import shapely

UNCERTAIN_KM = 5.0
"""How far the boundaries may be off: a line of 0.5 mm at 1:10 million, and no more by simplifying (our choice)."""
_OFFSHORE_KM = 50.0  # islets and moles that the boundaries lack belong to the nearest country
_KM_PER_DEGREE = 111.2
_AROUND_KM = 0.1  # gives points and lines an area to compare


@dataclass(frozen=True)
class Country:
    """The country that a place is in.

    Parameters
    ----------
    code
        ISO 3166 code, such as `GB`.
    name
        Its name in English.
    near
        Codes of other countries that the place may be in, because their boundary is so near.
    """

    code: str
    name: str
    near: tuple[str, ...] = ()


def country_name(code: str) -> str:
    """Return the name of a country, or the code itself where the table has none."""
    table = _table()
    names = table.loc[table["code"] == code, "name"]
    return str(names.iloc[0]) if len(names) else code


def country_of(place: shapely.Geometry) -> Country | None:
    """Return the country with most of a place, by land area; of a place off every shore the nearest within 50 km.

    Parameters
    ----------
    place
        A geometry in WGS 84.

    Returns
    -------
    Country or None
        None on the high seas.
    """
    if place.is_empty:
        return None
    table, scale = _table(), np.cos(np.radians(place.centroid.y)) or 1.0
    west, south, east, north = place.bounds
    reach = _OFFSHORE_KM / _KM_PER_DEGREE
    window = (west - reach / scale, south - reach, east + reach / scale, north + reach)
    found = np.sort(table.sindex.query(shapely.box(*window), predicate="intersects"))
    if len(found) == 0:
        return None
    shapes = _kilometres(shapely.clip_by_rect(table.geometry.to_numpy()[found], *window), scale)
    here = _kilometres(np.array([place]), scale)[0]
    areas = shapely.area(shapely.intersection(shapes, here.buffer(_AROUND_KM)))
    away_km = shapely.distance(shapes, here)
    best = int(np.lexsort((away_km, -areas))[0])
    if away_km[best] > _OFFSHORE_KM:
        return None
    near = tuple(
        str(table["code"].iloc[found[other]]) for other in np.flatnonzero(away_km <= UNCERTAIN_KM) if other != best
    )
    return Country(str(table["code"].iloc[found[best]]), str(table["name"].iloc[found[best]]), near)


def _kilometres(shapes: np.ndarray, scale: float) -> np.ndarray:
    """Return shapes in degrees in kilometres east and north, true near the place whose cosine of latitude is given."""
    stretched: np.ndarray = shapely.transform(shapes, lambda at: at * (_KM_PER_DEGREE * scale, _KM_PER_DEGREE))
    return stretched


@cache
def _table() -> gpd.GeoDataFrame:
    with as_file(files("evac").joinpath("countries.parquet")) as file:
        return gpd.read_parquet(file)
