"""Candidates for a plan: what could be done where a first run shows queues, and along what makes the bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from sumolib.net.edge import Edge
from sumolib.net.node import Node

from evac import tables
from evac.errors import PlaceError
from evac.network.exits import ResolvedExit
from evac.network.places import StreetIndex, compass_point, end_bearing_deg
from evac.overlay.where import Where
from evac.plans.action import Resources, When
from evac.plans.model import AnyAction, BanTurn, Contraflow, Divert, Junction, Movement, Phase, Signal, Stretch
from evac.plans.places import place_words
from evac.schema.places import Place, Point
from evac.search import costs
from evac.search.city import City, Kind
from evac.study.bounds import Bounds

MOST = 200
"""Candidates that are tried at most, those where most time is lost first."""
_JUNCTIONS = 12
_JUNCTIONS_WITH_BANS = 4
_QUEUES = 8  # edges with the longest queues whose streets may be reversed
_ZONES = 6
_PHASE_MIN = (15.0, 30.0)
_LEAST_QUEUE_VEH_H = 0.5
_MINOR_SHARE = 0.2  # of what a junction passes: a movement that it may do without
_SOONER_S = 300.0  # by how much sooner an exit must be through with its vehicles to be offered to others
_FEWEST_ARMS = 2
_HOURS_A_WINDOW = 5.0 / 60.0
_KPH = 3.6


@dataclass(frozen=True)
class Candidate:
    """An action that a plan might have.

    Parameters
    ----------
    kind
        What it is, in the words of a city's rules.
    action
        The action, with its label and what it takes.
    reason
        Why it might help, for whoever reads the plan.
    places
        The streets, exits and zones that it touches.
    worth
        Vehicle hours that are lost in queues where it acts: those with most are tried first.
    """

    kind: Kind
    action: AnyAction
    reason: str
    places: frozenset[str]
    worth: float

    @property
    def label(self) -> str:
        """What people call it."""
        return str(self.action.label)

    @property
    def takes(self) -> Resources:
        """What it takes."""
        return self.action.resources


@dataclass(frozen=True)
class FirstRun:
    """What a first run shows, on its net.

    Parameters
    ----------
    folder
        Its run directory.
    index
        The streets of its net.
    exits
        The ways out.
    bounds
        What no plan can beat beside it.
    city
        What the city forbids, and how quick it is.
    """

    folder: Path
    index: StreetIndex
    exits: Sequence[ResolvedExit]
    bounds: Bounds
    city: City

    @cached_property
    def queue_h(self) -> dict[str, float]:
        """Vehicle hours that queues stood on each edge."""
        return _sums(self._edges, "queue_veh", _HOURS_A_WINDOW)

    @cached_property
    def vehicles_on(self) -> dict[str, float]:
        """How many vehicles passed each edge."""
        return _sums(self._edges, "flow_veh_per_h", _HOURS_A_WINDOW)

    @cached_property
    def vehicles(self) -> pd.DataFrame:
        """The planned vehicles: `zone`, `exit`, `evacuated_s`."""
        table = tables.read_table(self.folder / "vehicles.parquet", tables.VEHICLES)
        return table[table["ordered"]]

    @cached_property
    def _edges(self) -> pd.DataFrame:
        return tables.read_table(self.folder / "edges.parquet", tables.EDGES)

    def arriving(self, node: Node) -> list[Edge]:
        """Return the edges that lead to a junction and that somebody drove."""
        return [edge for edge in node.getIncoming() if self.vehicles_on.get(edge.getID(), 0.0) >= 1.0]

    def lost_h(self, edges: Iterable[Edge]) -> float:
        """Return the vehicle hours that queues stood on edges."""
        return sum(self.queue_h.get(edge.getID(), 0.0) for edge in edges)

    def queued_junctions(self) -> list[Node]:
        """Return the junctions with queues where traffic meets or a signal stands, the longest queues first."""
        met = {edge.getToNode() for edge in self.index.edges if self.queue_h.get(edge.getID())}
        held = [node for node in met if len(self.arriving(node)) >= _FEWEST_ARMS or _has_signal(node)]
        found = [(self.lost_h(node.getIncoming()), node) for node in held]
        long = [item for item in found if item[0] >= _LEAST_QUEUE_VEH_H]
        return [node for _, node in sorted(long, key=lambda item: (-item[0], item[1].getID()))]

    def point(self, x: float, y: float) -> Point:
        """Return a spot of the net on the map."""
        lon, lat = self.index.net.convertXY2LonLat(x, y)
        return Point(lat=round(lat, 6), lon=round(lon, 6))

    def street(self, edge: Edge) -> str | None:
        """Return the name of an edge's street, if it has one."""
        return next(iter(self.index.names(edge)), None)


def _sums(rows: pd.DataFrame, column: str, factor: float) -> dict[str, float]:
    sums = rows.groupby("edge", observed=True)[column].sum() * factor
    return {str(edge): float(value) for edge, value in sums.items()}


def candidates_of(first: FirstRun) -> list[Candidate]:
    """Return what could be done, in the order in which it is tried; what the city forbids is among it.

    The most promising of each kind come first, then the second ones: what hours lost promise differs by kind.
    """
    makers = (_officers, _contraflows, _turn_bans, _lanes_led, _diversions, _phases)
    ranked: list[tuple[int, int, Candidate]] = []
    for make in makers:
        of_kind = {item.label: item for item in make(first)}
        ordered = sorted(of_kind.values(), key=lambda item: (-item.worth, item.label))
        ranked += [(rank, len(ranked), item) for rank, item in enumerate(ordered)]
    return [item for _, _, item in sorted(ranked, key=lambda entry: entry[:2])]


def _officers(first: FirstRun) -> Iterator[Candidate]:
    for node in first.queued_junctions()[:_JUNCTIONS]:
        where, names = _junction(first, node)
        worth = first.lost_h(node.getIncoming())
        spot = str(where) if where.street or not names else f"{min(names)} {where}"
        action = Signal(
            do="signal", mode="officer", where=where, label=f"officer at {spot}",
            when=When(from_min=first.city.setup_min.officer), **{"with": costs.OFFICER},
        )  # fmt: skip
        arms = len(first.arriving(node))
        meets = f"traffic of {arms} roads meets here" if arms > 1 else "a signal stands here"
        reason = f"{meets}, and {worth:.0f} vehicle hours were lost in the queues before it"
        yield Candidate("officer", action, reason, names, worth)


def _contraflows(first: FirstRun) -> Iterator[Candidate]:
    known: set[tuple[str, ...]] = set()
    for edge, reason in _narrow(first):
        street = first.street(edge)
        for stretch, path in [] if street is None else _stretches(first, edge, street):
            parts = tuple(part.getID() for part in path)
            if parts in known:
                continue
            known.add(parts)
            length_m, kph = sum(part.getLength() for part in path), edge.getSpeed() * _KPH
            action = Contraflow(
                do="contraflow", where=stretch, label=f"contraflow on {stretch}",
                when=When(setup_min=first.city.setup_min.contraflow),
                **{"with": costs.contraflow(length_m, kph)},
            )  # fmt: skip
            worth = first.lost_h([*path, *(before for part in path for before in part.getIncoming())])
            yield Candidate(
                "contraflow", action, f"{reason}; {length_m / 1000:.1f} km", frozenset({str(street)}), worth
            )


def _stretches(first: FirstRun, edge: Edge, street: str) -> Iterator[tuple[Stretch, list[Edge]]]:
    """Yield an edge's whole street, and the part of it from where the edge begins, with their edges."""
    whole = {"street": street, "towards": compass_point(end_bearing_deg(edge))}
    for stretch in (Stretch.model_validate(whole), Stretch.model_validate({**whole, "from": _crossing(first, edge)})):
        try:
            yield stretch, Where(first.index).path(stretch, f"contraflow on {street}")
        except PlaceError:
            continue


def _narrow(first: FirstRun) -> Iterator[tuple[Edge, str]]:
    """Yield the edges where the bound is made, and those of the ways out that stood in queues, with the reason."""
    net = first.index.net
    for street in first.bounds.streets:
        more = f", one more would let 90 % be out {street.earlier_min} min earlier" if street.earlier_min else ""
        yield net.getEdge(street.edges[0]), f"its lanes make the time that no plan can beat{more}"
    queued = sorted(first.queue_h, key=lambda edge: (-first.queue_h[edge], edge))
    for name in queued[:_QUEUES]:
        if net.hasEdge(name):
            hours = first.queue_h[name]
            yield net.getEdge(name), f"{hours:.0f} vehicle hours were lost in the queue on it"
    for item in first.exits:
        for name in item.edges:
            if net.hasEdge(name):
                yield net.getEdge(name), f"it leads to the exit {item.name}"


def _turn_bans(first: FirstRun) -> Iterator[Candidate]:
    for node in first.queued_junctions()[:_JUNCTIONS_WITH_BANS]:
        where, names = _junction(first, node)
        passes = sum(first.vehicles_on.get(edge.getID(), 0.0) for edge in first.arriving(node))
        onto = max(node.getOutgoing(), key=lambda edge: (first.vehicles_on.get(edge.getID(), 0.0), edge.getID()))
        worth = first.lost_h(node.getIncoming())
        for edge in first.arriving(node):
            source, target = first.street(edge), first.street(onto)
            comes = first.vehicles_on[edge.getID()]
            if source is None or target is None or source == target or comes > _MINOR_SHARE * passes:
                continue
            movement = Movement.model_validate(
                {"from": source, "to": target, "heading": compass_point(end_bearing_deg(edge))}
            )
            action = BanTurn(
                do="ban_turn", where=where, movement=movement, label=f"no turn {movement} at {where}",
                **{"with": costs.TURN_BAN},
            )  # fmt: skip
            reason = f"the {comes:.0f} vehicles that come this way hold up the {passes - comes:.0f} others there"
            yield Candidate("turn ban", action, reason, names, worth)


def _lanes_led(first: FirstRun) -> Iterator[Candidate]:
    for edge in {edge for node in first.queued_junctions()[:_JUNCTIONS_WITH_BANS] for edge in first.arriving(node)}:
        lanes = [lane.getIndex() for lane in edge.getLanes() if lane.allows("passenger")]
        street = first.street(edge)
        if len(lanes) < _FEWEST_ARMS or street is None:
            continue
        spot = first.point(*edge.getShape()[-1][:2])
        towards = compass_point(end_bearing_deg(edge))
        approach = Place(street=street, point=spot, towards=towards)
        for lane, side in ((lanes[0], "the lane at the kerb"), (lanes[-1], "the lane in the middle")):
            for item in first.exits:
                action = Divert(
                    do="divert", approach=approach, lanes=(lane,), to_exit=item.name,
                    label=f"{side} of {place_words(approach)} to {item.name}",
                    when=When(from_min=first.city.setup_min.officer),
                    **{"with": costs.lane_led(edge.getSpeed() * _KPH)},
                )  # fmt: skip
                reason = f"{len(lanes)} lanes arrive at the queue there, and one alone can serve {item.name}"
                yield Candidate("lane led", action, reason, frozenset({street, item.name}), first.lost_h([edge]))


def _diversions(first: FirstRun) -> Iterator[Candidate]:
    out = first.vehicles.dropna(subset=["exit"])
    through_s = out.groupby("exit")["evacuated_s"].quantile(0.95)
    for zone, group in _largest_zones(out):
        usual = str(group["exit"].value_counts().idxmax())
        for name, sooner_s in through_s.items():
            if sooner_s > through_s[usual] - _SOONER_S:
                continue
            action = Divert(
                do="divert", zones=(zone,), to_exit=str(name), label=f"zone {zone} to {name}",
                **{"with": costs.DIVERSION},
            )  # fmt: skip
            minutes = (through_s[usual] - sooner_s) / 60.0
            reason = f"most of the zone leaves by {usual}, which serves its last {minutes:.0f} min after {name}"
            yield Candidate("diversion", action, reason, frozenset({zone, str(name)}), _share_h(first, group))


def _phases(first: FirstRun) -> Iterator[Candidate]:
    zones = list(_largest_zones(first.vehicles))
    for zone, group in zones if len(zones) > 1 else []:
        for later_min in _PHASE_MIN:
            action = Phase(
                do="phase", zones=(zone,), offset_min=later_min, label=f"zone {zone} leaves {later_min:g} min later",
                **{"with": costs.PHASE},
            )  # fmt: skip
            reason = f"its {len(group):,} vehicles would meet shorter queues"
            yield Candidate("phase", action, reason, frozenset({zone}), _share_h(first, group))


def _largest_zones(vehicles: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    sizes = vehicles["zone"].astype(str).value_counts()
    for zone in sorted(sizes.index, key=lambda name: (-sizes[name], name))[:_ZONES]:
        yield zone, vehicles[vehicles["zone"].astype(str) == zone]


def _share_h(first: FirstRun, group: pd.DataFrame) -> float:
    """Return a group's share of all hours lost: what a change of their ways or times could win."""
    return sum(first.queue_h.values()) * len(group) / max(len(first.vehicles), 1)


def _junction(first: FirstRun, node: Node) -> tuple[Junction, frozenset[str]]:
    """Return a junction by its streets, with the point where they meet more than once, and the streets."""
    edges = [*node.getIncoming(), *node.getOutgoing()]
    names = list(dict.fromkeys(name for edge in edges if (name := first.street(edge)) is not None))
    spot = first.point(*node.getCoord())
    if len(names) < _FEWEST_ARMS:
        return Junction(point=spot), frozenset(names)
    passed = dict.fromkeys(names, 0.0)
    for edge in edges:
        if (name := first.street(edge)) is not None:
            passed[name] += first.vehicles_on.get(edge.getID(), 0.0)
    busiest = sorted(names, key=lambda name: -passed[name])
    named = Junction(street=busiest[0], crossing=busiest[1])
    try:
        Where(first.index).junction(named, "junction")
    except PlaceError:
        named = Junction(street=busiest[0], crossing=busiest[1], point=spot)
    return named, frozenset(names)


def _crossing(first: FirstRun, edge: Edge) -> str | dict[str, float]:
    """Return what crosses an edge's street where the edge begins; where nothing with a name does, the point."""
    node, own = edge.getFromNode(), first.street(edge)
    names = {first.street(other) for other in (*node.getIncoming(), *node.getOutgoing())} - {own, None}
    return min(map(str, names)) if names else first.point(*node.getCoord()).model_dump()


def _has_signal(node: Node) -> bool:
    return bool(node.getType().startswith("traffic_light"))
