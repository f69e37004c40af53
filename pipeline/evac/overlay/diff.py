"""What a plan changes on the roads, street by street: read off the two nets, not off the plan's words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from sumolib.net import Net
from sumolib.net.edge import Edge

from evac import clock
from evac.network.places import end_bearing_deg, follows, heading
from evac.network.street_names import street_of
from evac.overlay.plain import PlainNet
from evac.overlay.reversing import TWIN
from evac.plans.places import lanes_in_words
from evac.plans.timetable import Admits, Span, State, States, Timetable, admits_car, at, edge_of
from evac.sumo import RESIDENT_CLASS

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
    actions
        The labels of the actions that do it, where that can be told.
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
    actions: Sequence[str] = field(default_factory=tuple)

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
    actions: frozenset[str] = frozenset()

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
    after, states = compiling.plain, timetable.states()
    pieces = [*_lane_pieces([*before.edges, *after.edges], states, old, new), *_speed_pieces(states, old, new)]
    rows = [*_put_together(pieces, new), *_movements(before, after, old, new, states)]
    rows += [
        _lane_use(edge, before, after, new, labels)
        for edge, labels in compiling.turns.dedicated.items()
        if edge in after.edges
    ]
    rows += [row for tls in states.signals for row in _signal_rows(tls, states, new)]
    rows += _diversion_rows(timetable, new)
    return rows


def _lane_pieces(edges: Iterable[str], states: States, old: Net, new: Net) -> Iterable[_Piece]:
    """Give each interval in which an edge has other lanes for cars than normally."""
    by_edge: dict[str, dict[str, tuple[State[Admits], ...]]] = defaultdict(dict)
    for lane, of_lane in states.lanes.items():
        by_edge[edge_of(lane)][lane] = of_lane
    for name in dict.fromkeys(edges):
        edge, had = (new if new.hasEdge(name) else old).getEdge(name), str(_open_lanes(old, name))
        timed = by_edge[name]
        times = sorted({0.0, *(state.from_s for of_lane in timed.values() for state in of_lane)})
        left = [_left(name, new, timed, time_s) for time_s in times]
        for from_s, until_s, now in _runs(times, left):
            if now != had:
                span = Span("", from_s, until_s)
                actions = {a for some in timed.values() for s in some for a in s.actions if _meets(s, span)}
                yield _Piece("lanes", had, now, clock.while_words(from_s, until_s), edge, frozenset(actions))


def _runs(times: Sequence[float], values: Sequence[str]) -> Iterator[tuple[float, float | None, str]]:
    """Give each interval in which a value stays the same; the last one has no end."""
    changes = [n for n in range(len(times)) if n == 0 or values[n] != values[n - 1]]
    for n, following in zip_longest(changes, changes[1:]):
        yield times[n], None if following is None else times[following], values[n]


def _meets(state: State[Admits], span: Span) -> bool:
    return state.from_s < span.end_s and span.from_s < state.until_s


def _left(edge: str, net: Net, timed: Mapping[str, Sequence[State[Admits]]], time_s: float) -> str:
    """Return the lanes that are left to cars at a time, in words where only residents may use them."""
    if not net.hasEdge(edge):
        return "0"
    lanes = {lane.getID(): lane.allows("passenger") for lane in net.getEdge(edge).getLanes()}
    holds = {lane: at(states, time_s) for lane, states in timed.items() if lane in lanes}
    lanes |= {lane: admits_car(who) for lane, who in holds.items()}
    residents = sum(who is not None and RESIDENT_CLASS in who for who in holds.values())
    return f"{residents} {FOR_RESIDENTS}" if residents else str(sum(lanes.values()))


def _open_lanes(net: Net, edge: str) -> int:
    return sum(lane.allows("passenger") for lane in net.getEdge(edge).getLanes()) if net.hasEdge(edge) else 0


def _speed_pieces(states: States, old: Net, new: Net) -> Iterable[_Piece]:
    """Give each interval in which an edge has another speed limit than normally."""
    limits = {edge_of(lane): of_lane for lane, of_lane in states.limits.items()}
    for name, of_edge in limits.items():
        if new.hasEdge(name):
            base = old.getEdge(name.removeprefix(TWIN))
            for state in of_edge:
                if state.holds is not None:
                    when = clock.while_words(state.from_s, state.until_s)
                    words = _kph(base.getSpeed()), _kph(state.holds), when
                    yield _Piece("speed", *words, new.getEdge(name), frozenset(state.actions))


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
            actions = tuple(sorted({action for piece in alike if piece.edge in same for action in piece.actions}))
            rows.append(Change(kind, place, before, after, when, length_m, lon, lat, ids, actions))
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


def _movements(before: PlainNet, after: PlainNet, old: Net, new: Net, states: States) -> list[Change]:
    """Return a row for each movement that is there only before, or only after.

    Those to and from a road that is gone aren't listed: the road is. Of a new roadway only where others join it is.
    """
    pairs = [{(item.from_edge, item.to_edge) for item in net.movements} for net in (before, after)]
    pairs[0] = {pair for pair in pairs[0] if all(edge in after.edges for edge in pair)}
    pairs[1] = {pair for pair in pairs[1] if any(edge in before.edges for edge in pair)}
    rows = []
    for kind, gone, net in (
        ("movement removed", pairs[0] - pairs[1], old),
        ("movement added", pairs[1] - pairs[0], new),
    ):
        for source, target in sorted(gone):
            edges = net.getEdge(source), net.getEdge(target)
            lon, lat = net.convertXY2LonLat(*edges[0].getToNode().getCoord()[:2])
            words = f"{_street(edges[0])} → {_street(edges[1])}"
            said = ("allowed", "none") if kind == "movement removed" else ("none", "allowed")
            actions = states.movements[source, target][0].actions if (source, target) in states.movements else ()
            rows.append(Change(kind, words, *said, "", 0.0, lon, lat, (source, target), actions))
    return rows


def _lane_use(edge: str, before: PlainNet, after: PlainNet, net: Net, labels: Sequence[str]) -> Change:
    """Return a row for what the lanes of an approach lead to."""
    lon, lat = net.convertXY2LonLat(*net.getEdge(edge).getShape()[-1][:2])
    was, now = (_leads_to(edge, plain, net) for plain in (before, after))
    return Change("lane use", _street(net.getEdge(edge)), was, now, "", 0.0, lon, lat, (edge,), tuple(labels))


def _leads_to(edge: str, plain: PlainNet, net: Net) -> str:
    lanes = []
    for lane in range(plain.lanes(edge)):
        targets = sorted({item.to_edge for item in plain.out_of(edge) if item.from_lane == lane})
        streets = dict.fromkeys(_street(net.getEdge(target)) for target in targets if net.hasEdge(target))
        lanes.append(f"{lanes_in_words([lane])} to {' and '.join(streets) or 'nothing'}")
    return "; ".join(lanes)


def _signal_rows(tls: str, states: States, net: Net) -> Iterator[Change]:
    """Give a row for each interval in which a signal runs another program than normally."""
    connections = net.getTLS(tls).getConnections()
    node = connections[0][0].getEdge().getToNode()
    lon, lat = net.convertXY2LonLat(*node.getCoord()[:2])
    names = sorted({lane.getEdge().getName() for lane, *_ in connections} - {""})
    place = " / ".join(names) or tls
    for state in states.signals[tls]:
        if state.actions:
            run, when = state.holds, clock.while_words(state.from_s, state.until_s)
            after = "officer" if run.officer else run.after
            yield Change("signal", place, run.before, after, when, 0.0, lon, lat, (), state.actions)


def _diversion_rows(timetable: Timetable, net: Net) -> list[Change]:
    """Return a row for each approach, or lanes of it, where drivers are told, at its downstream end, and each time."""
    rows: dict[tuple[tuple[str, ...], str, str], list[str]] = defaultdict(list)
    for edge, of_edge in timetable.states().approaches.items():
        for state in of_edge:
            when = clock.while_words(state.from_s, state.until_s)
            for lead in state.holds:
                same = {item.action for item in timetable.diversions if edge in item.edges and item.lead == lead}
                lanes = f" from {lanes_in_words(lead.lanes)}" if lead.lanes else ""
                actions = tuple(sorted(same.intersection(state.actions)))
                rows[actions, when, f"{lead.compliance:.0%} sent there{lanes}"].append(edge)
    found = []
    for (actions, when, after), edges in rows.items():
        lon, lat = net.convertXY2LonLat(*net.getEdge(edges[0]).getShape()[-1][:2])
        place = "; ".join(actions)
        found.append(Change("diversion", place, "", after, when, 0.0, lon, lat, tuple(edges), actions))
    return found


def _street(*way: Edge) -> str:
    """Return the street and the direction of travel, over all, of edges that follow each other."""
    (x0, y0), (x1, y1) = way[0].getShape()[0][:2], way[-1].getShape()[-1][:2]
    one_piece = len(way) == 1 or (x0, y0) == (x1, y1)
    bearing = end_bearing_deg(way[-1]) if one_piece else math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360.0
    reversed_too = ", reversed roadway" if way[0].getID().startswith(TWIN) else ""
    return f"{street_of(way[0])} {heading(bearing)}{reversed_too}"


def _kph(speed_mps: float) -> str:
    return f"{speed_mps * 3.6:.0f} km/h"
