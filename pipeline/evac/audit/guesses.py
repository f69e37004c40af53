"""Audit of what was guessed where the map says nothing: lanes, speeds, signals, and netconvert's own doubts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sumolib.net.edge import Edge
from sumolib.net.node import Node

from evac.audit.findings import Finding
from evac.audit.traffic import Traffic, middle
from evac.counted import counted
from evac.prose import begun
from evac.unnamed import in_prose

_MAIN_WAY_SHARE = 0.02  # ways that a fiftieth of the evacuation takes

# What netconvert's warnings mean to people, by the kind that the network stage gives them.
_WARNINGS = {
    "turn_lanes_not_applied": "the map's turn lanes don't fit the junction, so where its lanes lead is guessed: {name}",
    "fast_minor_green": "fast traffic turns across oncoming traffic without a green of its own; is a turn lane missing "
    "on {name}?",
    "connection_lost": "a movement of the map could not be built: {name}",
}
_WITHOUT_PLACE = {
    "turn_ban_not_applied": ("turn ban of the map", "turn bans of the map", "could not be applied"),
    "way_lost": ("way of the map has", "ways of the map have", "no edge of their own in the net: {ids}"),
}
_DOUBTS = ("lanes_contradict", "direction_at_times", "speed_named")
_IDS_SHOWN = 8
_UNQUOTED_EDGE = re.compile(r" on edge (\S+) ")

Warning_ = Mapping[str, Any]
"""A warning of the network stage: `kind`, `text`, `ids`."""


def guessed_values(traffic: Traffic, warnings: Iterable[Warning_]) -> Iterator[Finding]:
    """Report the main ways out whose lanes or speed limit the map doesn't say, a finding a street.

    Not those of which the map says something that can't be used: these are doubts of their own.
    """
    doubted = {kind: {way for item in warnings if item["kind"] == kind for way in item["ways"]} for kind in _DOUBTS}
    yield from _guessed(
        traffic,
        "lanes_guessed",
        "the map doesn't say how many lanes {name} has; guessed: {lanes} in this direction",
        doubted["lanes_contradict"] | doubted["direction_at_times"],
    )
    yield from _guessed(
        traffic,
        "speed_guessed",
        "the map has no speed limit for {name}; guessed: {kph:.0f} km/h here",
        doubted["speed_named"],
    )


def _guessed(traffic: Traffic, column: str, words: str, doubted: Collection[int]) -> Iterator[Finding]:
    guessed = traffic.table[column].astype(bool)
    if doubted:
        guessed &= ~traffic.table["way_ids"].map(lambda ways: not set(ways).isdisjoint(doubted))
    of_edge = guessed.to_dict()
    used = [edge for edge in traffic.used(_MAIN_WAY_SHARE) if of_edge.get(edge.getID(), False)]
    for name, street in groupby(sorted(used, key=traffic.name), key=traffic.name):
        yield _guessed_street(traffic, column, words, name, list(street))


def _guessed_street(traffic: Traffic, kind: str, words: str, name: str, street: Sequence[Edge]) -> Finding:
    busiest = max(street, key=lambda edge: traffic.share(edge.getID()))
    share = traffic.share(busiest.getID())
    metres = sum(edge.getLength() for edge in street)
    said = words.format(name=in_prose(name), lanes=busiest.getLaneNumber(), kph=busiest.getSpeed() * 3.6)
    text = f"{said}, over {metres:,.0f} m"
    ways = traffic.ways(*sorted(street, key=lambda edge: -traffic.share(edge.getID())))
    return traffic.finding(kind, begun(text), middle(busiest), share, ways)


def guessed_signals(traffic: Traffic, warnings: Iterable[Warning_]) -> Iterator[Finding]:
    """Report signals on the main ways out: the map knows where most of them are, never how they run."""
    not_on_map = {name for item in warnings if item["kind"] == "signals_guessed" for name in item["ids"]}
    signals = [node for node in traffic.junctions(_MAIN_WAY_SHARE) if node.getType().startswith("traffic_light")]
    for node in signals:
        if node.getID() in not_on_map:
            share = traffic.share_at(node)
            text = f"the map shows no signal at {in_prose(junction_name(traffic, node))}; guessed: one"
            yield traffic.finding("signal_guessed", begun(text), node.getCoord(), share)
    main = {node.getID(): junction_name(traffic, node).split(" / ")[0] for node in signals}
    for street, nodes in groupby(sorted(signals, key=lambda node: main[node.getID()]), lambda node: main[node.getID()]):
        yield _guessed_programs(traffic, street, list(nodes))


def _guessed_programs(traffic: Traffic, street: str, nodes: Sequence[Node]) -> Finding:
    busiest = max(nodes, key=traffic.share_at)
    share = traffic.share_at(busiest)
    count = "the signal" if len(nodes) == 1 else f"the {len(nodes)} signals"
    runs = "runs" if len(nodes) == 1 else "run"
    text = f"how {count} on {in_prose(street)} {runs} is guessed, here at {in_prose(junction_name(traffic, busiest))}"
    return traffic.finding("signal_program_guessed", begun(text), busiest.getCoord(), share)


def netconvert_warnings(traffic: Traffic, warnings: Iterable[Warning_]) -> Iterator[Finding]:
    """Report netconvert's warnings about movements and lanes where anybody of the evacuation drives."""
    items = list(warnings)
    for kind, words in _WARNINGS.items():
        edges = {edge for item in items if item["kind"] == kind for edge in [_first_edge(traffic, item)] if edge}
        for edge in sorted(edges, key=Edge.getID):
            share = traffic.share(edge.getID())
            if share > 0:
                text = begun(words.format(name=traffic.said(edge)))
                yield traffic.finding(kind, text, edge.getShape()[-1], share, traffic.ways(edge))
    for kind, (one, many, said) in _WITHOUT_PLACE.items():
        ids = [name for item in items if item["kind"] == kind for name in item["ids"]]
        if ids:
            shown = ", ".join(ids[:_IDS_SHOWN]) + (" …" if len(ids) > _IDS_SHOWN else "")
            west, south, east, north = traffic.net.getBoundary()
            centre = ((west + east) / 2, (south + north) / 2)
            yield traffic.finding(
                kind, f"{counted(len(ids), one, many)} {said.format(ids=shown)}", centre, 0.0, passing=""
            )


def _first_edge(traffic: Traffic, warning: Warning_) -> Edge | None:
    """Return the edge that a warning is about: the first that it names, by itself or by one of its lanes."""
    names = [*warning["ids"], *_UNQUOTED_EDGE.findall(warning["text"])]
    for name in names:
        for candidate in (name, name.rsplit("_", 1)[0]):
            if traffic.net.hasEdge(candidate):
                return traffic.net.getEdge(candidate)
    return None


def junction_name(traffic: Traffic, node: Node) -> str:
    """Return the names of the streets that meet at a junction, the busiest first."""
    legs = sorted(node.getIncoming(), key=lambda edge: -traffic.share(edge.getID()))
    names = list(dict.fromkeys(traffic.name(edge) for edge in legs))
    named = [name for name in names if not name.startswith("unnamed")] or names
    return " / ".join(named[:3])
