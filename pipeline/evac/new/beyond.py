"""How far the roads of a scenario reach beyond the area that is ordered to leave: to the next motorway or trunk road.

Beyond that a city is safe to assume a way on; nearer than that the queue at an exit line would only be cut off the map.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from evac.projection import grown, utm_of

LEAST_BEYOND_M = 500.0
"""Roads reach at least this far beyond the area, and beyond the motorway. No source, our choice: the Balzers example
has the same margin."""

FARTHEST_M = 5_000.0
"""A motorway farther than this isn't a city's own way out, and the streets in between would be most of the map. Where
none is nearer, roads reach as far as if one were here, so that moving the area a little never changes the map by much.
No source, our choice."""


@dataclass(frozen=True)
class Beyond:
    """How far roads reach beyond an area.

    Parameters
    ----------
    metres
        The distance (m).
    polygon
        The area with all that is within this distance (WGS 84).
    why
        The reason, as a sentence's end: `past the next motorway or trunk road, …`.
    """

    metres: float
    polygon: shapely.Geometry
    why: str


def reach_beyond(area: shapely.Geometry, major_roads: gpd.GeoSeries, given_m: float | None = None) -> Beyond:
    """Return how far the roads reach: as given, else beyond the nearest motorway or trunk road.

    Parameters
    ----------
    area
        The area ordered to leave (WGS 84).
    major_roads
        Motorways and trunk roads known around it (WGS 84).
    given_m
        What the user wants (m).
    """
    away_m = distance_m(area, major_roads)
    if given_m is not None:
        return Beyond(given_m, grown(area, given_m), "as you asked")
    metres = min(away_m, FARTHEST_M) + LEAST_BEYOND_M
    near = "inside it or at its border" if away_m == 0.0 else f"{away_m:,.0f} m away"
    why = f"past the next motorway or trunk road, {near}"
    if away_m > FARTHEST_M:
        why = f"as no motorway or trunk road is known within {FARTHEST_M / 1000:g} km"
    return Beyond(metres, grown(area, metres), why)


def distance_m(area: shapely.Geometry, lines: gpd.GeoSeries) -> float:
    """Return the distance from an area to the nearest of some lines (WGS 84) in metres; infinite without lines."""
    if lines.empty:
        return float(np.inf)
    ground = gpd.GeoSeries([area], crs="EPSG:4326")
    crs = utm_of(ground)
    return float(lines.to_crs(crs).distance(ground.to_crs(crs).iloc[0]).min())
