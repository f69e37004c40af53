"""What a plan changes on the roads, street by street: read off the two nets, not off the plan's words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.network.places import compass_point, end_bearing_deg
from evac.overlay.contraflow import TWIN
from evac.overlay.controls import Diversion, Timetable
from evac.overlay.plain import PlainNet

if TYPE_CHECKING:
    from evac.overlay.compiling import Compiling


@dataclass(frozen=True)
class Change:
    """A row of the diff.

    Parameters
    ----------
    kind
        `lanes` (0: closed to cars; `1 for residents`: to through traffic), `speed`, `movement added`,
        `movement removed`, `signal` or `diversion`.
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
    place: str
    before: str
    after: str
    when: str
    edge: Edge


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
        _Piece(
            "speed", _street(edge), f"{edge.getSpeed() * 3.6:.0f} km/h", _speed_words(action), _span(action.when), edge
        )
        for _, action, edges in compiling.speeds
        for edge in edges
    ]
    rows = [*_put_together(pieces, new), *_movements(before, after, old, new)]
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
            yield _Piece("lanes", _street(edge), str(had), after, min(changing)[1], edge)
        elif had != has:
            yield _Piece("lanes", _street(edge), str(had), _left(edge, has, compiling), "", edge)


def _left(edge: Edge, lanes: int, compiling: Compiling) -> str:
    """Return the lanes that are left to cars, in words where only residents may use them."""
    residents = sum(lane.getID() in compiling.for_residents for lane in edge.getLanes())
    return f"{residents} for residents" if residents else str(lanes)


def _open_lanes(net: Net, edge: str) -> int:
    return sum(lane.allows("passenger") for lane in net.getEdge(edge).getLanes()) if net.hasEdge(edge) else 0


def _speed_pieces(before: PlainNet, after: PlainNet, old: Net) -> Iterable[_Piece]:
    for name, element in before.edges.items():
        now = after.edges[name].get("speed") if name in after.edges else None
        if now is not None and now != element.get("speed"):
            was = _kph(float(element.attrib["speed"]))
            yield _Piece("speed", _street(old.getEdge(name)), was, _kph(float(now)), "", old.getEdge(name))


def _put_together(pieces: Iterable[_Piece], net: Net) -> list[Change]:
    """Return a row for all pieces of a street that change in the same way."""
    groups: dict[tuple[str, ...], list[_Piece]] = defaultdict(list)
    for piece in pieces:
        groups[piece.kind, piece.place, piece.before, piece.after, piece.when].append(piece)
    rows = []
    for (kind, place, before, after, when), same in groups.items():
        middle = same[len(same) // 2].edge.getShape()
        lon, lat = net.convertXY2LonLat(*middle[len(middle) // 2][:2])
        length_m = round(sum(piece.edge.getLength() for piece in same), 1)
        edges = tuple(piece.edge.getID() for piece in same)
        rows.append(Change(kind, place, before, after, when, length_m, lon, lat, edges))
    return rows


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


def _street(edge: Edge) -> str:
    name = edge.getName() or "unnamed road"
    reversed_too = ", reversed roadway" if edge.getID().startswith(TWIN) else ""
    return f"{name} {compass_point(end_bearing_deg(edge))}bound{reversed_too}"


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
