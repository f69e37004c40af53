"""Crafted towns drawn at random, and plans and cars for them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from evac.errors import UserError
from evac.network import read_net
from evac.network.exits import ResolvedExit
from evac.network.reach import road_graph, ways_out
from evac.overlay import Overlay, exits_under
from evac.study.ways_out import road_states
from plan_town import Town, cars, town

_SPACING_M = 300
_AS_DEMAND = {"ordered": True, "stop_edge": None, "stop_pos_m": None, "stop_s": None}


def random_town(folder: Path, chance: random.Random, *, lanes_more: int = 0, signals_at_exits: bool = True) -> Town:
    """Return a grid of streets with some signals, and one to three exits at its edge, with so many lanes more."""
    columns, rows = chance.randint(2, 4), chance.randint(2, 3)
    nodes = {f"n{x}{y}": (_SPACING_M * x, _SPACING_M * y) for x in range(columns) for y in range(rows)}
    across = [" ".join(f"n{x}{y}" for x in range(columns)) for y in range(rows)]
    along = [" ".join(f"n{x}{y}" for y in range(rows)) for x in range(columns)]
    streets = [(way, f"Row {number} Street", chance.randint(1, 2)) for number, way in enumerate(across)]
    streets += [(way, f"Column {number} Street", 1) for number, way in enumerate(along)]
    ends = [(f"n{columns - 1}{y}", (_SPACING_M * (columns + 1), _SPACING_M * y)) for y in range(rows)]
    exits = {}
    for number, (node, place) in enumerate(chance.sample(ends, chance.randint(1, len(ends)))):
        nodes[f"e{number}"] = place
        streets.append((f"{node} e{number}", f"Exit {number} Road", chance.randint(1, 2) + lanes_more))
        exits[f"exit {number}"] = f"{node}e{number}"
    speeds_mps = {name: chance.choice([8.33, 13.89, 22.22]) for _, name, _ in streets}
    inner = [node for node in nodes if node.startswith("n") and chance.random() < 0.3]
    if not signals_at_exits:
        inner = [node for node in inner if not any(edge.startswith(node) for edge in exits.values())]
    return town(folder, nodes, streets, exits, kinds=dict.fromkeys(inner, "traffic_light"), speeds_mps=speeds_mps)


def random_plan(made: Town, chance: random.Random) -> tuple[Overlay, str, list[str]]:
    """Return a random plan that can be carried out, its text, and the streets of the grid that always lead out.

    Normal rules where none of ten can be carried out, or leaves such a street.
    """
    net = read_net(made.network.net_file)
    names = sorted({edge.getName() for edge in net.getEdges(withInternal=False)})
    for number in range(10):
        text = "\n".join(_action(names, chance) for _ in range(chance.randint(1, 3)))
        try:
            overlay = made.under(text, f"plan{number}")
        except UserError:
            continue
        if streets := streets_of_cars(overlay, made.exits):
            return overlay, text, streets
    return made.normally(), "", streets_of_cars(made.normally(), made.exits)


def _action(names: list[str], chance: random.Random) -> str:
    name = chance.choice(names)
    towards = chance.choice(["east", "west"] if "Column" not in name else ["north", "south"])
    where = f"where: {{street: {name}, towards: {towards}}}"
    begins = chance.choice([0, chance.randint(1, 15)])
    when = f", when: {{from_min: {begins}, until_min: {begins + chance.randint(5, 30)}}}" if begins else ""
    kinds = {
        "close": f"do: close, {where}, accept_cut_off: true",
        "take_lane": f"do: take_lane, {where}, lanes: 1, side: kerb",
        "contraflow": f"do: contraflow, {where}",
        "use_shoulder": f"do: use_shoulder, {where}",
        "speed": f"do: speed, {where}, kph: {chance.choice([30, 60])}",
    }
    return f"  - {{{kinds[chance.choice(sorted(kinds))]}{when}}}"


def streets_of_cars(overlay: Overlay, exits: Sequence[ResolvedExit]) -> list[str]:
    """Return the edges of the grid from which a way leads out under the plan at any time."""
    net = read_net(overlay.network.net_file)
    long = [edge.getID() for edge in net.getEdges(withInternal=False) if edge.getLength() > 200.0]
    leads_out = _always_lead_out(overlay, [edge for item in exits_under(exits, net) for edge in item.edges])
    return [edge for edge in long if edge in leads_out and edge[0] == "n" and "e" not in edge]


def random_cars(edges: Sequence[str], chance: random.Random) -> pd.DataFrame:
    """Return cars on some of the edges."""
    found = [
        cars(edge, chance.randint(20, 90), every_s=chance.choice([1.0, 4.0, 12.0]), length_m=200.0, name=edge)
        for edge in chance.sample(edges, min(len(edges), chance.randint(1, 5)))
    ]
    together = pd.concat(found, ignore_index=True)
    return together.assign(household=range(len(together)), **_AS_DEMAND)


def _always_lead_out(overlay: Overlay, ends: Sequence[str]) -> set[str]:
    net = read_net(overlay.network.net_file)
    found = []
    for state in road_states(net, overlay.timetable):
        graph = road_graph(net, closed=state.closed, opened=state.opened)
        found.append({graph.edges[here] for here in ways_out(graph, ends).reachable()})
    return set.intersection(*found)
