"""From where one gets on: the nodes outside from which the map's edge, or a far larger network, is reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evac.network.exits.graph import Mask, RoadWeb
from evac.network.exits.map_edge import CutOff, MapEdge, cut_off
from evac.network.exits.private_roads import others_private

_FAR_LARGER, _LARGER = 10.0, 3.0
"""A road network outside is far larger than what lies inside from so many times its length on: a dead-end valley behind
a hamlet may well be three times as large. Where no road at all leads off the map, as on an island, the rest of it is
all the room that there is, and three times are enough: a quarter of it moves to the other three. Our choice."""

LEAST_NETWORK_M = 50_000.0
"""But it has at least this much road (m): a town of some 5,000 people. Our choice."""

_LEAST_STREETS_M = 1_000.0
"""So much road (m) inside is streets that people live at, not the end of a bridge. Our choice."""

_LEAST_ROOM_M = 5_000.0
"""Behind an exit line there is at least this much of such a network (m), and as much as lies inside. Our choice."""


@dataclass(frozen=True)
class Lead:
    """What leads on outside of an area.

    Parameters
    ----------
    outside
        The arcs that don't touch the area, without those that are closed at times or other people's.
    outside_private
        Those of other people's private roads: only who lives there drives on them.
    others
        The ways that are other people's private roads.
    cut
        Where the map is cut.
    public
        Nodes that a road passes which is no private one.
    on
        Nodes from which one gets on.
    reached
        Nodes that one comes to from the area.
    rest
        Those from which one gets on only into the rest of a map that no road leads off, for want of anything larger.
    least_m, room_m
        Length of a network far larger than what lies inside, and of one with room for as many as live there (m).
    """

    outside: Mask
    outside_private: Mask
    others: Mask
    cut: CutOff
    public: Mask
    on: Mask
    reached: Mask
    rest: Mask
    least_m: float
    room_m: float

    @property
    def ends(self) -> Mask:
        """Return the nodes at which the map cuts roads that go on, for certain or presumably."""
        return self.cut.certain | self.cut.presumed

    @property
    def goes_on(self) -> Mask:
        """Return those of them at which people get on: not where a private road alone is cut."""
        return self.ends & self.public


def leading(roads: RoadWeb, edge: MapEdge) -> Lead:
    """Return what leads on outside of the area of some roads.

    Where no road does but through private gates, these are the residents' own: they open them.
    """
    others = others_private(roads)
    found = _leading(roads, edge, others)
    if not (others & roads.gate).any() or (found.on & found.reached).any():
        return found
    return _leading(roads, edge, others & ~roads.gate)


def _leading(roads: RoadWeb, edge: MapEdge, others: Mask) -> Lead:
    closed = others[roads.way]
    always = ~(roads.inside[roads.start] | roads.inside[roads.end] | roads.at_times)
    outside = always & ~closed
    # A cut end that only private roads pass leads nobody on, even where it is the first node outside.
    public = _passed_by(roads, ~roads.private[roads.way])
    cut = cut_off(roads, edge)
    seeds = (cut.certain | cut.presumed) & public
    setting_out, first = _setting_out(roads), np.zeros(roads.count, dtype=bool)
    first[roads.end[setting_out[roads.start] & ~roads.at_times]] = True
    reached = roads.ahead((first & _passed_by(roads, ~closed)) | setting_out, outside)
    inside_m = roads.road_m(roads.inside[roads.start] & roads.inside[roads.end])
    leads_off = bool((seeds & reached).any())
    far_larger_m, room_m = max(LEAST_NETWORK_M, _FAR_LARGER * inside_m), max(_LEAST_ROOM_M, inside_m)
    least_m = far_larger_m if leads_off else max(LEAST_NETWORK_M, _LARGER * inside_m)
    on = roads.behind(seeds | networks_of(roads, outside, least_m), outside)
    rest = on & ~roads.behind(seeds | networks_of(roads, outside, far_larger_m), outside)
    return Lead(outside, always & closed, others, cut, public, on, reached, rest, least_m, room_m)


def _setting_out(roads: RoadWeb) -> Mask:
    """Return the nodes of the area but those that hang on the rest of it by roads alone that are closed at times.

    Behind a bridge that is shut at night, a few metres of road before the area's border are no way out either; whole
    streets are one for those who live there.
    """
    within = roads.inside[roads.start] & roads.inside[roads.end]
    barred = within & roads.at_times
    within &= ~barred
    piece = roads.pieces(within, strong=False)
    length_m = np.bincount(piece[roads.start[within]], roads.length_m[within], minlength=piece.max() + 1) / 2.0
    hangs = np.zeros(len(length_m), dtype=bool)
    hangs[piece[roads.start[barred]]] = hangs[piece[roads.end[barred]]] = True
    hangs &= length_m < min(_LEAST_STREETS_M, length_m.max(initial=0.0))
    found: Mask = roads.inside & roads.on_road & ~hangs[piece]
    return found


def _passed_by(roads: RoadWeb, arcs: Mask) -> Mask:
    """Return the nodes that some of the arcs touch."""
    found = np.zeros(roads.count, dtype=bool)
    found[roads.start[arcs]] = found[roads.end[arcs]] = True
    return found


def networks_of(roads: RoadWeb, outside: Mask, least_m: float) -> Mask:
    """Return the nodes of road networks of some arcs that have at least so much road (m)."""
    if roads.road_m(outside) < least_m:
        return np.zeros(roads.count, dtype=bool)
    piece = roads.pieces(outside, strong=True)
    within = outside & (piece[roads.start] == piece[roads.end])
    length_m = np.bincount(piece[roads.start[within]], roads.length_m[within], minlength=piece.max() + 1)
    found: Mask = (length_m / 2.0 >= least_m)[piece]  # two-way roads have an arc each way
    return found
