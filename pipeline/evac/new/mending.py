"""What a new scenario needs so that its households can leave: written into it, for a person to check.

Maps leave farms at the end of tracks, driveways joined to nothing, and mountain roads that end near the map's edge.
Each would make a first run untrustworthy, and each has the same remedy every time: homes leave by the nearest street
that leads out. So that is done, within limits, and said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np

from evac.audit import hanging_together
from evac.counted import counted
from evac.network.places import way_ids
from evac.network.reach import road_graph, ways_out
from evac.study.prepare import Prepared

_REACHES_M = (250.0, 500.0, 1_000.0)
"""How far homes may be from their street, tried in turn; the first is the default of scenarios."""

_MOST_SHARE = 0.05
"""A piece of the map without a way out, with more of the households than this, isn't mended: something else is wrong
there, and a person must look. Smaller pieces are, however many there are."""


@dataclass(frozen=True)
class Mended:
    """What was changed so that households can leave.

    Parameters
    ----------
    max_to_street_m
        How far homes may be from their street (m).
    closed_ways
        OpenStreetMap ways that lead to no exit: their homes leave by the nearest other street.
    parts_left_out
        Separate parts of the area without a road, which were taken out of it.
    """

    max_to_street_m: float = _REACHES_M[0]
    closed_ways: tuple[int, ...] = ()
    parts_left_out: int = 0

    def in_words(self) -> list[str]:
        """Return what was changed: assumptions that somebody should check."""
        words = []
        if self.parts_left_out:
            what = counted(
                self.parts_left_out,
                "separate part of the area without a road is",
                "separate parts of the area without a road are",
            )
            words.append(f"{what} left out of it")
        if self.closed_ways:
            what = counted(len(self.closed_ways), "way of the map leads", "ways of the map lead")
            words.append(f"{what} to no exit; the homes there leave by the nearest other street")
        if self.max_to_street_m > _REACHES_M[0]:
            words.append(f"homes up to {self.max_to_street_m:g} m from a street leave by it")
        return words


def mend(prepared: Prepared, before: Mended) -> Mended:
    """Return what more must change so that households can leave; the same as before where nothing can.

    Parameters
    ----------
    prepared
        The scenario, with what was mended before.
    before
        That.
    """
    closed_ways = tuple(sorted({*before.closed_ways, *_dead_ways(prepared)}))
    return replace(before, max_to_street_m=_reach_m(prepared, before.max_to_street_m), closed_ways=closed_ways)


def _reach_m(prepared: Prepared, before_m: float) -> float:
    """Return the least distance at which nearly all homes are near enough to a street."""
    allowed = prepared.loaded.model.trust.unconnected_share / 2 * len(prepared.homes)
    away_m = prepared.homes["distance_m"].fillna(np.inf)
    enough = [reach_m for reach_m in _REACHES_M if reach_m >= before_m and (away_m > reach_m).sum() <= allowed]
    return enough[0] if enough else _REACHES_M[-1]


def _dead_ways(prepared: Prepared) -> set[int]:
    """Return the ways without a way out that hang together with one on which households are stuck, piece by piece."""
    homes = prepared.homes
    stuck = homes.loc[homes["connected"] & prepared.starts["edge"].isna(), "way_id"].astype(int).value_counts()
    if stuck.empty:
        return set()
    graph = road_graph(prepared.net)
    out = ways_out(graph, [edge for item in prepared.exits for edge in item.edges])
    alive = {way for here in out.reachable() for way in way_ids(prepared.net.getEdge(graph.edges[here]))}
    cut_off = [prepared.net.getEdge(graph.edges[here]) for here in np.flatnonzero(~np.isfinite(out.cost_s))]
    pieces = [{way for edge in group for way in way_ids(edge)} for group in hanging_together(cut_off)]
    pieces += [{way} for way in stuck.index if not any(way in piece for piece in pieces)]  # these have no edge at all
    small = [piece for piece in pieces if 0 < stuck.reindex(sorted(piece)).sum() <= _MOST_SHARE * len(homes)]
    return _whole_ways(prepared.street_map.streets(), set().union(*small) - alive, alive)


def _whole_ways(streets: gpd.GeoDataFrame, dead: set[int], alive: set[int]) -> set[int]:
    """Return the ids in OpenStreetMap of dead ways no part of which, beyond a barrier, is alive."""
    living = set(streets.loc[streets["way_id"].isin(alive), "osm_way_id"])
    return {int(way) for way in streets.loc[streets["way_id"].isin(dead), "osm_way_id"]} - living
