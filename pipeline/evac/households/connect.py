"""The point on a street where each household's vehicles drive off.

That is the addressed street, where the address names one (abbreviations, accents and case don't matter) that a car may
leave from and that is near; else the nearest street that a car may leave from. Nobody is moved any farther: a household
without such a street within the limit is not connected, and says why.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac.network.place_names import spelled_out, split_names


def connect(homes: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, max_to_street_m: float) -> pd.DataFrame:
    """Tie places to points on streets.

    Parameters
    ----------
    homes
        Points in metres with `street` (addressed, or null) and `way_id` (a street that the point stands on, or null).
    streets
        Lines in metres with `way_id`, `name`, `ref` and `may_leave`.
    max_to_street_m
        A place farther than this from every usable street isn't connected (m).

    Returns
    -------
    pandas.DataFrame
        A row a place: `connected`, `by` (`address`, `nearest`, `frontage`; null if not connected), `way_id`, `street`,
        `distance_m` (to the point on the street; of a place that isn't connected to the nearest usable street),
        `reason` (why not connected, else null), `on_street` (Point in metres, or null).
    """
    usable = streets[streets["may_leave"]].reset_index(drop=True)
    points = homes.geometry.to_numpy()
    index, distance = _nearest(points, usable.geometry.to_numpy())
    by = np.full(len(homes), "nearest", dtype=object)
    _prefer_addressed(homes, usable, max_to_street_m, (index, distance, by))
    _prefer_own(homes, usable, (index, distance, by))
    connected = distance <= max_to_street_m
    rows = _street_points(usable, points, np.where(connected, index, -1))
    why = f"no street that a car may leave from within {max_to_street_m:g} m"
    return rows.assign(
        connected=connected,
        by=pd.Series(by).where(connected, None),
        distance_m=np.where(np.isfinite(distance), distance, np.nan),
        reason=pd.Series(why, index=rows.index).where(~connected, None),
    )


def _nearest(points: np.ndarray, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each point, the position of the nearest line (the first of equals, -1 for none) and its distance."""
    index, distance = np.full(len(points), -1), np.full(len(points), np.inf)
    if len(lines) == 0 or len(points) == 0:
        return index, distance
    (which, found), away = shapely.STRtree(lines).query_nearest(points, return_distance=True, all_matches=True)
    order = np.lexsort((found, which))
    which, first = np.unique(which[order], return_index=True)
    index[which], distance[which] = found[order][first], away[order][first]
    return index, distance


def _prefer_addressed(
    homes: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    max_to_street_m: float,
    chosen: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    index, distance, by = chosen
    named = _positions_by_name(streets)
    addressed = homes["street"].reset_index(drop=True).dropna()
    plain = {name: spelled_out(name) for name in addressed.unique()}
    for street, group in addressed.groupby(addressed.map(plain)):
        lines = named.get(str(street))
        if lines is None:
            continue
        places = group.index.to_numpy()
        found, away = _nearest(homes.geometry.to_numpy()[places], streets.geometry.to_numpy()[lines])
        near = away <= max_to_street_m
        index[places[near]], distance[places[near]] = lines[found[near]], away[near]
        by[places[near]] = "address"


def _positions_by_name(streets: gpd.GeoDataFrame) -> dict[str, np.ndarray]:
    names = streets["name"].map(split_names).explode().dropna().map(spelled_out)
    return {str(name): np.sort(rows.index.to_numpy()) for name, rows in names.groupby(names)}


def _prefer_own(
    homes: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, chosen: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    """Keep households that were put on a street on that street, not on one that it meets."""
    index, distance, by = chosen
    position_of = pd.Series(np.arange(len(streets)), index=streets["way_id"].to_numpy())
    placed = np.flatnonzero(homes["way_id"].notna().to_numpy())
    index[placed] = position_of.loc[homes["way_id"].iloc[placed].to_numpy(dtype=np.int64)].to_numpy()
    distance[placed], by[placed] = 0.0, "frontage"


def _street_points(streets: gpd.GeoDataFrame, points: np.ndarray, index: np.ndarray) -> pd.DataFrame:
    """Return the street at each position in `streets`, and its point nearest to the place; null where it is -1."""
    tied = index >= 0
    lines = streets.geometry.to_numpy()[index[tied]]
    on_street = np.full(len(points), None, dtype=object)
    on_street[tied] = shapely.line_interpolate_point(lines, shapely.line_locate_point(lines, points[tied]))
    way_id = pd.array([pd.NA] * len(points), dtype="Int64")
    way_id[tied] = streets["way_id"].to_numpy()[index[tied]]
    names = streets["name"].where(streets["name"].notna(), streets["ref"]).astype(object)
    street = np.full(len(points), None, dtype=object)
    street[tied] = names.where(names.notna(), None).to_numpy()[index[tied]]
    return pd.DataFrame({"way_id": way_id, "street": street, "on_street": on_street})
