"""Where the hazard is at each moment, for the map that moves: its front, roads that it has reached, smoke on roads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac.clock import MINUTE_S
from evac.errors import DataError
from evac.hazards.arrivals import Reached, front_of
from evac.hazards.lines import front_lines
from evac.report.packing import pack
from evac.schema.hazard import Hazard

_MOST_LINES = 40
_NEVER_S = -1
_TO_THE_END_S = 2**31 - 1
_TOLERANCE_DEG = 2e-5  # about 2 m


@dataclass(frozen=True)
class RoadsInDanger:
    """What a hazard does to the roads of a plan's net.

    Parameters
    ----------
    reached_s
        When it reaches each edge that it ever reaches (s after the order).
    slowed
        When smoke or water slows traffic on which edge: `edge`, `from_s`, `until_s` (missing: to the end), `speed_kph`.
    """

    reached_s: Mapping[str, float]
    slowed: pd.DataFrame

    @classmethod
    def of(cls, reached: Reached | None) -> RoadsInDanger | None:
        """Return it of a hazard that has been asked when it reaches the roads; None without one."""
        return None if reached is None else cls(reached.arrival_s, reached.slowed)


def no_front() -> gpd.GeoDataFrame:
    """Return the lines of no front."""
    return gpd.GeoDataFrame({"minute": []}, geometry=[], crs="EPSG:4326")


def lines_of_front(hazard: Hazard | None, bounds: tuple[float, float, float, float], last_s: float) -> gpd.GeoDataFrame:
    """Return where a hazard's front is over time: `minute`, `geometry` (WGS 84); no row where only roads are known.

    Parameters
    ----------
    hazard
        The scenario's.
    bounds
        West, south, east and north of the roads (degrees).
    last_s
        When it reaches the last road (s after the order).
    """
    if hazard is None or last_s <= 0.0:
        return no_front()
    minutes = np.unique(np.round(np.linspace(0.0, last_s / MINUTE_S, _MOST_LINES))).tolist()
    try:
        lines = front_lines(front_of(hazard), bounds, minutes)
    except DataError:  # a source that knows the roads, and nothing between them
        return no_front()
    return lines[~lines.is_empty]


def for_map(danger: RoadsInDanger | None, edges: Sequence[str]) -> dict[str, Any] | None:
    """Return what the map gets of a plan: when each edge is reached (s, -1: never), and the spells of smoke and water.

    A spell has its edge's place, from when until when it is (s), and the speed there (km/h).
    """
    if danger is None:
        return None
    place = {edge: number for number, edge in enumerate(edges)}
    reached = np.full(len(edges), _NEVER_S, dtype="<i4")
    for edge, time_s in danger.reached_s.items():
        if edge in place:
            reached[place[edge]] = max(round(time_s), 0)
    spells = danger.slowed[danger.slowed["edge"].isin(place)]
    return {
        "reached_s": pack(reached),
        "slowed": {
            "edge": pack(spells["edge"].map(place).to_numpy().astype("<i4")),
            "from_s": pack(spells["from_s"].to_numpy().astype("<i4")),
            "until_s": pack(spells["until_s"].fillna(_TO_THE_END_S).to_numpy().astype("<i4")),
            "kph": pack(spells["speed_kph"].to_numpy().astype("<f4")),
        },
    }


def front_for_map(lines: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return the front's lines, each with when it is there (s after the order)."""
    return [
        {
            "at_s": round(60.0 * row.minute),
            "paths": [np.round(shapely.get_coordinates(part), 5).tolist() for part in shapely.get_parts(row.geometry)],
        }
        for row in lines.assign(geometry=lines.geometry.simplify(_TOLERANCE_DEG)).itertuples()
    ]
