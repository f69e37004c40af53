"""What a plan changes on the roads, street by street: read off the two nets, not off the plan's words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.network.places import compass_point, end_bearing_deg, follows
from evac.overlay.contraflow import TWIN
from evac.overlay.plain import PlainNet
from evac.plans.timetable import Diversion, Timetable

if TYPE_CHECKING:
    from evac.overlay.compiling import Compiling


FOR_RESIDENTS = "for residents"
"""How `after` ends where a road is closed to through traffic only."""


@dataclass(frozen=True)
class Change:
    """A row of the diff.

    Parameters
    ----------
    kind
        `lanes` (0: closed to cars; `1 for residents`: to through traffic), `speed`, `movement added`,
        `movement removed`, `lane use` (what the lanes of an approach lead to), `signal` or `diversion`.
    place
        Street and direction, or junction.
    before, after
        How it was, and how it is.
    when
        From when until when, in words; empty: from the order on.
    length_m
        Length of road that is changed (m); 0 for a junction.
    lon, lat
        Where (EPSG:4326).
    edges
        The net's edges, as in the plan's net where they are still there.
    """

    kind: str
    place: str
    before: str
    after: str
    when: str = ""
    length_m: float = 0.0
    lon: float = 0.0
    lat: float = 0.0
    edges: Sequence[str] = field(default_factory=tuple)

    def record(self) -> dict[str, Any]:
        """Return the change as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class _Piece:
    """A change of one edge, before the pieces of a street are put together."""

    kind: str
    before: str
    after: str
    when: str
    edge: Edge

    @property
    def change(self) -> tuple[str | bool, ...]:
        """What pieces of one row have in common."""
        return self.kind, self.before, self.after, self.when, self.edge.getName(), self.edge.getID().startswith(TWIN)


def changes_between(before: PlainNet, compiling: Compiling, old: Net, new: Net, timetable: Timetable) -> list[Change]:
    """Return what differs between the baseline and the plan's net, and what the timetable changes.

    Parameters
    ----------
    before
        The baseline's plain XML.
    compiling
        The plan's.
    old, new
        The same nets, compiled.
    timetable
        What changes while the simulation runs.
    """
    after = compiling.plain
    timed = _timed_lanes(timetable)
    pieces = [*_lane_pieces(before, compiling, old, new, timed), *_speed_pieces(before, after, old)]
    pieces += [
        _Piece("speed", _kph(edge.getSpeed()), _speed_words(action), _span(action.when), edge)
        for _, action, edges in compiling.speeds
        for edge in edges
    ]
    rows = [*_put_together(pieces, new), *_movements(before, after, old, new)]
    rows += [_lane_use(edge, before, after, new) for edge in compiling.dedicated if edge in after.edges]
    rows += [_signal_row(item, new) for item in timetable.signals]
    rows += [_diversion_row(item, new) for item in timetable.diversions]
    return rows


def _timed_lanes(timetable: Timetable) -> dict[str, tuple[str, str]]:
    """Return what becomes of each lane that the timetable changes, and when, by lane id."""
    found: dict[str, tuple[str, str]] = {}
    for closing in timetable.closings:
        found |= dict.fromkeys(closing.lanes, ("close", _seconds(closing.at_s, closing.until_s)))
    for opening in timetable.openings:
        found |= dict.fromkeys(opening.lanes, ("open", _seconds(opening.at_s, opening.until_s)))
    for item in timetable.reversals:
        found |= dict.fromkeys(item.lanes, ("close", _seconds(item.begin_s, item.until_s)))
        found |= dict.fromkeys(item.reversed_lanes, ("open", _seconds(item.ready_s, item.until_s)))
    return found


def _lane_pieces(
    before: PlainNet, compiling: Compiling, old: Net, new: Net, timed: dict[str, tuple[str, str]]
) -> Iterable[_Piece]:
    for name in dict.fromkeys([*before.edges, *compiling.plain.edges]):
        edge = new.getEdge(name) if new.hasEdge(name) else old.getEdge(name)
        had = _open_lanes(old, name)
        has = _open_lanes(new, name)
        changing = {timed[lane.getID()] for lane in edge.getLanes() if lane.getID() in timed}
        if changing:
            opened = sum(timed.get(lane.getID(), ("", ""))[0] == "open" for lane in edge.getLanes())
            closed = sum(timed.get(lane.getID(), ("", ""))[0] == "close" for lane in edge.getLanes())
            after = _left(edge, has + opened - closed, compiling)
            yield _Piece("lanes", str(had), after, min(changing)[1], edge)
        elif had != has:
            yield _Piece("lanes", str(had), _left(edge, has, compiling), "", edge)


def _left(edge: Edge, lanes: int, compiling: Compiling) -> str:
    """Return the lanes that are left to cars, in words where only residents may use them."""
    residents = sum(lane.getID() in compiling.for_residents for lane in edge.getLanes())
    return f"{residents} {FOR_RESIDENTS}" if residents else str(lanes)


def _open_lanes(net: Net, edge: str) -> int:
    return sum(lane.allows("passenger") for lane in net.getEdge(edge).getLanes()) if net.hasEdge(edge) else 0


def _speed_pieces(before: PlainNet, after: PlainNet, old: Net) -> Iterable[_Piece]:
    for name, element in before.edges.items():
        now = after.edges[name].get("speed") if name in after.edges else None
        if now is not None and now != element.get("speed"):
            was = _kph(float(element.attrib["speed"]))
            yield _Piece("speed", was, _kph(float(now)), "", old.getEdge(name))


def _put_together(pieces: Iterable[_Piece], net: Net) -> list[Change]:
    """Return a row for all pieces of a street that change in the same way, by where they lead from end to end."""
    groups: dict[tuple[str | bool, ...], list[_Piece]] = defaultdict(list)
    for piece in pieces:
        groups[piece.change].append(piece)
    rows = []
    for alike in groups.values():
        kind, before, after, when = alike[0].kind, alike[0].before, alike[0].after, alike[0].when
        by_place: dict[str, list[Edge]] = defaultdict(list)
        for chain in _chains([piece.edge for piece in alike]):
            by_place[_street(*chain)] += chain
        for place, same in by_place.items():
            middle = same[len(same) // 2].getShape()
            lon, lat = net.convertXY2LonLat(*middle[len(middle) // 2][:2])
            length_m = round(sum(edge.getLength() for edge in same), 1)
            ids = tuple(edge.getID() for edge in same)
            rows.append(Change(kind, place, before, after, when, length_m, lon, lat, ids))
    return rows


def _chains(edges: Sequence[Edge]) -> Iterator[list[Edge]]:
    """Give the edges that follow each other, in driving order."""
    onward = {edge: next((other for other in edges if follows(edge, other)), None) for edge in edges}
    firsts = [edge for edge in edges if edge not in onward.values()]
    seen: set[Edge] = set()
    for first in (*firsts, *edges):  # the rest are rings
        chain = []
        here: Edge | None = first
        while here is not None and here not in seen:
            seen.add(here)
            chain.append(here)
            here = onward[here]
        if chain:
            yield chain


def _movements(before: PlainNet, after: PlainNet, old: Net, new: Net) -> list[Change]:
    """Return a row for each movement that is there only before, or only after.

    Those to and from a road that is gone aren't listed: the road is. Of a new roadway only where others join it is.
    """
    pairs = [{(item.from_edge, item.to_edge) for item in net.movements} for net in (before, after)]
    pairs[0] = {pair for pair in pairs[0] if set(pair) <= set(after.edges)}
    pairs[1] = {pair for pair in pairs[1] if set(pair) & set(before.edges)}
    rows = []
    for kind, gone, net in (
        ("movement removed", pairs[0] - pairs[1], old),
        ("movement added", pairs[1] - pairs[0], new),
    ):
        for source, target in sorted(gone):
            edges = net.getEdge(source), net.getEdge(target)
            lon, lat = net.convertXY2LonLat(*edges[0].getToNode().getCoord()[:2])
            words = f"{_street(edges[0])} → {_street(edges[1])}"
            states = ("allowed", "none") if kind == "movement removed" else ("none", "allowed")
            rows.append(Change(kind, words, *states, "", 0.0, lon, lat, (source, target)))
    return rows


def _lane_use(edge: str, before: PlainNet, after: PlainNet, net: Net) -> Change:
    """Return a row for what the lanes of an approach lead to."""
    lon, lat = net.convertXY2LonLat(*net.getEdge(edge).getShape()[-1][:2])
    was, now = (_leads_to(edge, plain, net) for plain in (before, after))
    return Change("lane use", _street(net.getEdge(edge)), was, now, "", 0.0, lon, lat, (edge,))


def _leads_to(edge: str, plain: PlainNet, net: Net) -> str:
    lanes = []
    for lane in range(plain.lanes(edge)):
        targets = sorted({item.to_edge for item in plain.out_of(edge) if item.from_lane == lane})
        streets = dict.fromkeys(_street(net.getEdge(target)) for target in targets if net.hasEdge(target))
        lanes.append(f"lane {lane} to {' and '.join(streets) or 'nothing'}")
    return "; ".join(lanes)


def _signal_row(item: Any, net: Net) -> Change:
    connections = net.getTLS(item.tls).getConnections()
    node = connections[0][0].getEdge().getToNode()
    lon, lat = net.convertXY2LonLat(*node.getCoord()[:2])
    names = sorted({lane.getEdge().getName() for lane, *_ in connections} - {""})
    place, when = " / ".join(names) or item.tls, _seconds(item.at_s, item.until_s)
    after = "officer" if item.officer else item.after
    return Change("signal", place, item.before, after, when, 0.0, lon, lat)


def _diversion_row(item: Diversion, net: Net) -> Change:
    """Return a row for the approach on which drivers are told, at its downstream end."""
    lon, lat = net.convertXY2LonLat(*net.getEdge(item.edges[0]).getShape()[-1][:2])
    after = f"{item.compliance:.0%} sent there"
    return Change("diversion", item.label, "", after, _seconds(item.at_s, item.until_s), 0.0, lon, lat, item.edges)


def _street(*way: Edge) -> str:
    """Return the street and the direction of travel, over all, of edges that follow each other."""
    (x0, y0), (x1, y1) = way[0].getShape()[0][:2], way[-1].getShape()[-1][:2]
    one_piece = len(way) == 1 or (x0, y0) == (x1, y1)
    bearing = end_bearing_deg(way[-1]) if one_piece else math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360.0
    reversed_too = ", reversed roadway" if way[0].getID().startswith(TWIN) else ""
    return f"{way[0].getName() or 'unnamed road'} {compass_point(bearing)}bound{reversed_too}"


def _kph(speed_mps: float) -> str:
    return f"{speed_mps * 3.6:.0f} km/h"


def _speed_words(action: Any) -> str:
    return _kph(action.kph / 3.6) if action.kph is not None else f"{action.factor:.0%} of the limit"


def _span(when: Any) -> str:
    return _seconds(60.0 * when.ready_min, None if when.until_min is None else 60.0 * when.until_min)


def _seconds(at_s: float, until_s: float | None) -> str:
    if at_s == 0.0 and until_s is None:
        return ""
    until = "" if until_s is None else f" until {until_s / 60:g} min"
    return f"from {at_s / 60:g} min{until}"
