"""Candidates for a plan: what could be done where a first run shows queues, and along what makes the bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pandas as pd
from sumolib.net.edge import Edge

from evac import clock
from evac.errors import PlaceError
from evac.network.places import compass_point, end_bearing_deg
from evac.overlay.where import Where
from evac.plans.action import Resources, When
from evac.plans.model import AnyAction, BanTurn, Contraflow, Divert, Movement, Phase, Signal, Stretch
from evac.plans.places import place_words
from evac.schema.places import Place
from evac.search import costs
from evac.search.city import Kind
from evac.search.first_run import FirstRun, crossing_of, crossing_words, junction_of, junction_words

MOST = 200
"""Candidates that are tried at most, those where most time is lost first."""
_JUNCTIONS = 12
_JUNCTIONS_WITH_BANS = 4
_QUEUES = 8  # edges with the longest queues whose streets may be reversed
_ZONES = 6
_SHORTEST_CONTRAFLOW_M = 200.0  # two blocks: the lane ahead decides where one drives, and one must change back again
_PHASE_MIN = (15.0, 30.0)
_MINOR_SHARE = 0.2  # of what a junction passes: a movement that it may do without
_SOONER_S = 300.0  # by how much sooner an exit must be through with its vehicles to be offered to others
_FEWEST_ARMS = 2
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


def candidates_of(first: FirstRun) -> list[Candidate]:
    """Return what could be done, in the order in which it is tried; what the city forbids is among it.

    The most promising of each kind come first, then the second ones: what hours lost promise differs by kind.
    """
    makers = (_officers, _contraflows, _turn_bans, _lanes_led, _diversions, _phases)
    ranked: list[tuple[int, int, Candidate]] = []
    for make in makers:
        ordered = sorted(_told_apart(make(first)), key=lambda item: (-item.worth, item.label))
        ranked += [(rank, len(ranked), item) for rank, item in enumerate(ordered)]
    return [item for _, _, item in sorted(ranked, key=lambda entry: entry[:2])]


def _told_apart(items: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield each candidate once; those that would be called the same get a number."""
    seen: dict[str, list[AnyAction]] = {}
    for item in items:
        same = seen.setdefault(item.label, [])
        if item.action in same:
            continue
        same.append(item.action)
        label = item.label if len(same) == 1 else f"{item.label} ({len(same)})"
        yield replace(item, action=item.action.model_copy(update={"label": label}))


def _officers(first: FirstRun) -> Iterator[Candidate]:
    for node in first.queued_junctions()[:_JUNCTIONS]:
        where, names = junction_of(first, node)
        worth = first.lost_h(node.getIncoming())
        action = Signal(
            do="signal", mode="officer", where=where, label=f"officer at {junction_words(first, where, node)}",
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
            if length_m < _SHORTEST_CONTRAFLOW_M:
                continue
            begins = f" from {crossing_words(first, path[0])}" if stretch.start is not None else ""
            action = Contraflow(
                do="contraflow", where=stretch, label=f"contraflow on {street}{begins} {stretch.towards}bound",
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
    for stretch in (Stretch.model_validate(whole), Stretch.model_validate({**whole, "from": crossing_of(first, edge)})):
        try:
            yield stretch, Where(first.index).path(stretch, f"contraflow on {street}")
        except PlaceError:
            continue


def _narrow(first: FirstRun) -> Iterator[tuple[Edge, str]]:
    """Yield the edges where the bound is made, and those of the ways out that stood in queues, with the reason."""
    net = first.index.net
    for street in first.bounds.streets:
        gain = clock.span(street.earlier_min * clock.MINUTE_S)
        more = f", one more would let 90 % be out {gain} earlier" if street.earlier_min else ""
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
        where, names = junction_of(first, node)
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
        for name in (item.name for item in first.exits if item.name in through_s):
            sooner_s = through_s[name]
            if sooner_s > through_s[usual] - _SOONER_S:
                continue
            action = Divert(
                do="divert", zones=(zone,), to_exit=name, label=f"zone {zone} led to the exit {name}",
                **{"with": costs.DIVERSION},
            )  # fmt: skip
            longer = clock.span(through_s[usual] - sooner_s)
            reason = f"most of the zone leaves by {usual}, where the queue lasts {longer} longer than at {name}"
            yield Candidate("diversion", action, reason, frozenset({zone, name}), _share_h(first, group))


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
