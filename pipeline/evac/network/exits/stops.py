"""Where simulated roads stop in the midst of others: at a junction that other roads pass.

A road that just ends is found by itself (`map_edge.road_ends`). Where another road comes in, or one branches off, one
gets on from the place, yet not along the road: at a motorway cut off behind a junction, the ramp that comes off it
leads back to the town, and so does the other carriageway where two of them meet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evac.network.exits.graph import Mask, RoadWeb, rank_of

_TERTIARY = rank_of("tertiary")
_LEAST_M = 1e-9  # two nodes at one place have no direction
_TURNS_BACK = np.cos(np.radians(120.0))  # of the angle by which a road that goes back turns, at the least. Our choice


class Stops:
    """What goes on from where some arcs end.

    Parameters
    ----------
    roads
        The roads.
    arcs
        Those that are simulated.
    """

    def __init__(self, roads: RoadWeb, arcs: Mask) -> None:
        self._roads, self._arcs = roads, arcs
        numbers = np.flatnonzero(arcs)
        self._by_start = numbers[np.argsort(roads.start[numbers], kind="stable")]
        self._starts = roads.start[self._by_start]
        link = np.array([way.highway.endswith("_link") for way in roads.ways], dtype=bool)
        self._through: Mask = (roads.rank <= _TERTIARY) & ~link
        self._way_ends = np.array([(way.nodes[0], way.nodes[-1]) for way in roads.ways], dtype=np.int64).reshape(-1, 2)

    def stopping(self, nodes: Mask) -> Mask:
        """Return the arcs to some nodes from which the simulated roads lead nowhere but back."""
        found = self._arcs & nodes[self._roads.end]
        before, _ = self._onward(np.flatnonzero(found))
        found[before] = False
        return found

    def cut_off(self, outside: Mask) -> Mask:
        """Return the arcs at whose end the file cuts their road off, whatever else passes there.

        It lacks the road's next node; or a way from tertiary up ends where the map does (`outside`: nodes beyond its
        end for certain), and only ramps or minor streets go on: a road of its class does.
        """
        roads = self._roads
        at_its_end = (self._way_ends[roads.way] == roads.end[:, np.newaxis]).any(axis=1)
        here = self._arcs & outside[roads.end] & at_its_end
        before, after = self._onward(np.flatnonzero(here))
        goes_on = np.zeros(len(here), dtype=bool)
        goes_on[before[self._through[roads.way[after]]]] = True
        lacking = roads.web.nodes["off_file"].to_numpy(dtype=bool)
        found: Mask = here & (lacking[roads.end] | (self._through[roads.way] & ~goes_on))
        return found

    def _onward(self, arcs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pairs of an arc and a simulated one that goes on from its end, and not back."""
        roads = self._roads
        first, last = (np.searchsorted(self._starts, roads.end[arcs], side=side) for side in ("left", "right"))
        before = np.repeat(arcs, last - first)
        nth = np.arange(len(before)) - np.repeat(np.cumsum(last - first) - (last - first), last - first)
        after = self._by_start[np.repeat(first, last - first) + nth]
        came, goes = (roads.xy[roads.end[pair]] - roads.xy[roads.start[pair]] for pair in (before, after))
        came /= np.maximum(roads.length_m[before], _LEAST_M)[:, np.newaxis]
        ahead = (came * goes).sum(axis=1) > _TURNS_BACK * roads.length_m[after]
        wanted = ahead & (roads.end[after] != roads.start[before])
        return before[wanted], after[wanted]
