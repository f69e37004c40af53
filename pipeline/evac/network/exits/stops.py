"""Where simulated roads stop in the midst of others: at a junction that other roads pass.

A road that just ends is found by itself (`map_edge.road_ends`). Where another road comes in, or one branches off, one
gets on from the place, yet not along the road: at a motorway cut off behind a junction, the ramp that comes off it
leads back to the town, and so does the other carriageway where two of them meet.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evac.network.exits.graph import Mask, RoadWeb, rank_of

_TERTIARY = rank_of("tertiary")
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

    def stopping(self, nodes: Mask) -> Mask:
        """Return the arcs to some nodes from which the simulated roads lead nowhere but back."""
        found = np.zeros(len(self._arcs), dtype=bool)
        for arc in map(int, np.flatnonzero(self._arcs & nodes[self._roads.end])):
            found[arc] = not any(self._onward(arc))
        return found

    def cut_off(self, outside: Mask) -> Mask:
        """Return the arcs at whose end the file cuts their road off, whatever else passes there.

        It lacks the road's next node; or a way from tertiary up ends where the map does (`outside`: nodes beyond its
        end for certain), and only ramps or minor streets go on: a road of its class does.
        """
        roads = self._roads
        lacking = roads.web.nodes["off_file"].to_numpy(dtype=bool)
        found = np.zeros(len(self._arcs), dtype=bool)
        for arc in map(int, np.flatnonzero(self._arcs & outside[roads.end])):
            node, way = int(roads.end[arc]), int(roads.way[arc])
            if node in {roads.ways[way].nodes[0], roads.ways[way].nodes[-1]}:
                goes_on = any(self._through[roads.way[after]] for after in self._onward(arc))
                found[arc] = lacking[node] or (self._through[way] and not goes_on)
        return found

    def _onward(self, arc: int) -> Iterator[int]:
        """Give the simulated arcs that go on from an arc's end, and not back."""
        roads = self._roads
        start, end = roads.start[arc], roads.end[arc]
        first, last = np.searchsorted(self._starts, [end, end + 1])
        came = (roads.xy[end] - roads.xy[start]) / max(float(roads.length_m[arc]), 1e-9)
        for after in self._by_start[first:last]:
            goes = roads.xy[roads.end[after]] - roads.xy[end]
            if roads.end[after] != start and came @ goes > _TURNS_BACK * roads.length_m[after]:
                yield int(after)
