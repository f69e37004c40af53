"""Background traffic: trips that aren't evacuation, already on the road at the order, and fading after it.

Through traffic comes in where an exit's road comes in, and takes the quickest way to another exit; at the order it
stands along that way as it would have come in before, one vehicle an interval. Local trips go from one household's
street to another's. Both look for faster ways on the road as evacuating drivers do, because their travel is real too.

Every trip is drawn by its own name (`draws`): more traffic adds vehicles and moves none. A plan may close a trip's way,
now or later. SUMO ends a simulation when a trip has no way at its departure, so such trips are not made: local ones
that touch a street which the plan ever cuts off, and through traffic whose exit can't be reached when it comes, or that
can't come in because the plan has turned all lanes of its road round. Of the latter, those who would have been on their
way at the order aren't counted: how many they are depends on the way that isn't there.

Fire engines come in as through traffic does, and end at a point in town. They keep to the roads that are open to cars:
lanes that a plan turns round are full of cars that come towards them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
import sumolib
from numpy.typing import NDArray

from evac.clock import HOUR_S, MINUTE_S
from evac.demand.draws import uniform
from evac.demand.drivers import speed_factors
from evac.demand.entrances import entrance, entrance_if_any, exit_named
from evac.demand.kerbs import Kerbs
from evac.demand.routes import exit_zone, trip, vehicle_type
from evac.graphs import components
from evac.network.reach import ExitEdges, RoadGraph, WaysOut, road_graph, ways_out
from evac.schema.background import Background, Engines, Through
from evac.schema.driving import Driver
from evac.sumo import CAR_CLASS

ENGINE = "engine"
"""The kind of background vehicle, and SUMO's vehicle type, of fire engines."""
PREFIX = "b"
"""What the names of background vehicles begin with; those of households begin with `h`."""
COLUMNS = ("vehicle", "kind", "departure_s", "edge", "pos_m", "to_exit", "to_edge", "informed", "speed_factor", "made")
"""The columns of the table, in their order."""
# A pumper is about 9 m long. With its lights on it passes a red signal slowly: SUMO's own example of a vehicle with the
# device, https://sumo.dlr.de/docs/Simulation/Emergency.html
_ENGINE = {"length": "9", "vClass": CAR_CLASS, "jmDriveAfterRedTime": "300", "jmDriveAfterRedSpeed": "5.56"}
_COMES_BACK_S = 1800.0  # contraflow is driven empty well within half an hour of its end


def build_background(
    background: Background,
    starts: pd.DataFrame,
    net: sumolib.net.Net,
    exits: Sequence[ExitEdges],
    *,
    seed: int,
    driver: Driver,
    closed: Sequence[tuple[float, frozenset[str]]] = ((0.0, frozenset()),),
) -> pd.DataFrame:
    """Return the background vehicles.

    Parameters
    ----------
    background
        How much there is.
    starts
        Where each household starts: `edge` (missing: it has no street) and `pos_m`. Local trips begin and end there.
    net
        The net after the plan.
    exits
        The exits on it.
    seed
        The replication's seed.
    driver
        The drivers.
    closed
        Edges that the plan has closed, from which second after the order on; in order, the first from 0.

    Returns
    -------
    pandas.DataFrame
        A row a vehicle, by departure: `vehicle` (`b0`), `kind` (`through`, `local` or `engine`), `departure_s`, `edge`
        (missing: the plan leaves it no road in), `pos_m`, `to_exit` (through) or `to_edge` (local, engine),
        `informed`, `speed_factor`, `made` (else the plan or the hazard closes its way).

    Raises
    ------
    PlaceError
        There is no exit of that name.
    """
    if background.is_nobody:
        return pd.DataFrame(columns=list(COLUMNS)).astype({"made": bool})
    graph = road_graph(net)
    ever = road_graph(net, closed=frozenset().union(*(edges for _, edges in closed)))
    rows = [
        row for item in background.through for row in _through(item, background, graph, net=net, exits=exits, seed=seed)
    ]
    rows += _local(background, starts, graph, seed)
    rows += [row for number, item in enumerate(background.engines) for row in _engines(item, number, graph, net, exits)]
    table = pd.DataFrame(rows, columns=["key", *COLUMNS[1:7]]).sort_values(["departure_s", "key"], ignore_index=True)
    table["vehicle"] = [f"{PREFIX}{number}" for number in range(len(table))]
    is_engine = table["kind"] == ENGINE
    table["informed"] = is_engine | (uniform(seed, "informed", table["key"]) < driver.informed_share)
    table["made"] = _has_way(table, net, exits, ever, closed)
    drawn = np.round(speed_factors(driver.profile, uniform(seed, "speed", table["key"])), 3)
    table["speed_factor"] = np.where(is_engine, 1.0, drawn)
    return table[list(COLUMNS)]


def check_through(
    background: Background, net: sumolib.net.Net, exits: Sequence[ExitEdges], where: str = "background.through"
) -> None:
    """Refuse through traffic that has no way under normal rules, where no plan has taken it.

    Parameters
    ----------
    background
        How much there is.
    net, exits
        The net under normal rules, and the exits on it.
    where
        Who asks, for the message.

    Raises
    ------
    PlaceError
        There is no exit of that name, none of its roads comes in, or no way leads from one to the other.
    """
    if background.through:
        graph = road_graph(net)
        for item in background.through:
            out = ways_out(graph, exit_named(item.to_exit, exits, where).edges)
            entrance(exit_named(item.from_exit, exits, where), net, out, where)


def write_background(
    vehicles: pd.DataFrame, exits: Sequence[ExitEdges], path: Path, *, engine: Mapping[str, str] | None = None
) -> None:
    """Write SUMO's route file of the background vehicles.

    The vehicle types are in that of the evacuating ones, but for that of fire engines, whose attributes `engine` has
    (`engine_attributes`).
    """
    with path.open("w", encoding="utf-8") as file:
        file.write("<routes>\n")
        if engine is not None:
            values = " ".join(f"{key}={quoteattr(value)}" for key, value in engine.items())
            file.write(f'    <vType id="{ENGINE}" {values}><param key="has.bluelight.device" value="true"/></vType>\n')
        for row in vehicles[vehicles["made"]].to_dict("records"):
            passes = row["kind"] == "through"
            to = f'toTaz="{exit_zone(exits, row["to_exit"])}"' if passes else f"to={quoteattr(row['to_edge'])}"
            kind = ENGINE if row["kind"] == ENGINE else vehicle_type(CAR_CLASS)
            file.write(trip(row, kind, row["departure_s"], to))
        file.write("</routes>\n")


def engine_attributes(driver: Mapping[str, str]) -> dict[str, str]:
    """Return SUMO's attributes of a fire engine whose driver follows others as these of a vehicle type do."""
    return {**driver, **_ENGINE}


def _times_s(background: Background, per_h: float, keys: str, seed: int) -> tuple[list[str], NDArray[np.float64]]:
    """Return the trips that begin after the order, by name, and when: one in each equal part of what is to come."""
    until_s, fades_s = background.until_min * MINUTE_S, background.fades_min * MINUTE_S
    full_s = until_s - fades_s
    total = per_h / HOUR_S * (full_s + fades_s / 2)
    names = [f"{keys}/{number}" for number in range(round(total))]
    passed = (np.arange(len(names)) + uniform(seed, "background", names)) / max(len(names), 1)  # share of all trips
    area_s = passed * (full_s + fades_s / 2)
    falling = np.clip(1.0 - 2.0 * (area_s - full_s) / max(fades_s, 1e-9), 0.0, 1.0)
    times_s = np.where(area_s <= full_s, area_s, until_s - fades_s * np.sqrt(falling))
    return names, np.round(times_s, 1)


def _through(
    item: Through,
    background: Background,
    graph: RoadGraph,
    *,
    net: sumolib.net.Net,
    exits: Sequence[ExitEdges],
    seed: int,
) -> list[tuple[object, ...]]:
    """Return the vehicles of one flow: those on their way at the order, and those that come in after it."""
    ends = {name: exit_named(name, exits, "background.through") for name in (item.from_exit, item.to_exit)}
    out = ways_out(graph, ends[item.to_exit].edges)
    start = entrance_if_any(ends[item.from_exit], net, out)
    label = f"through {item.from_exit} to {item.to_exit}"
    names, times_s = _times_s(background, item.veh_per_h, label, seed)
    coming: list[tuple[object, ...]] = [
        (name, "through", time_s, start, 0.0, item.to_exit, None) for name, time_s in zip(names, times_s, strict=True)
    ]
    if start is None:
        return coming
    edges, until_s, lengths_m = _way(start, out, net)
    apart_s = HOUR_S / item.veh_per_h
    early = [f"{label}/early {number}" for number in range(int(until_s[-1] // apart_s))]
    driven_s = (np.arange(len(early)) + uniform(seed, "background", early)) * apart_s
    for name, time_s in zip(early, driven_s, strict=True):
        place = int(np.searchsorted(until_s, time_s, side="right"))
        if place < len(edges):
            began_s = until_s[place - 1] if place else 0.0
            pos_m = lengths_m[place] * (time_s - began_s) / (until_s[place] - began_s)
            coming.append((name, "through", 0.0, edges[place], round(float(pos_m), 2), item.to_exit, None))
    return coming


def _engines(
    item: Engines, number: int, graph: RoadGraph, net: sumolib.net.Net, exits: Sequence[ExitEdges]
) -> list[tuple[object, ...]]:
    """Return the fire engines of one convoy, from where the exit's road comes in to the street beside their point."""
    where = f"background.engines.{number}"
    end = exit_named(item.from_exit, exits, where)
    out = ways_out(graph, [edge for some in exits for edge in some.edges])
    into_town = -out.cost_s  # of both directions of a street, the one that leads away from the exits
    to_edge, _ = Kerbs(net, graph, into_town).beside(item.to, where)
    start = entrance_if_any(end, net, ways_out(graph, [to_edge]))
    times_s = [MINUTE_S * (item.from_min + turn * item.every_min) for turn in range(item.number)]
    return [
        (f"engine {number}/{turn}", ENGINE, round(time_s, 1), start, 0.0, None, to_edge)
        for turn, time_s in enumerate(times_s)
    ]


def _way(start: str, out: WaysOut, net: sumolib.net.Net) -> tuple[list[str], NDArray[np.float64], list[float]]:
    """Return the edges of the quickest way, the free-flow seconds until the end of each, and their lengths (m)."""
    here = out.graph.index[start]
    places = [here]
    while out.next_position[here] >= 0:
        here = int(out.next_position[here])
        places.append(here)
    edges = [out.graph.edges[place] for place in places]
    return edges, np.cumsum(out.graph.time_s[places]), [net.getEdge(edge).getLength() for edge in edges]


def _local(background: Background, starts: pd.DataFrame, graph: RoadGraph, seed: int) -> list[tuple[object, ...]]:
    """Return the trips from home to home, on streets from which each can be reached from each."""
    homes = starts[starts["edge"].isin(_everywhere(graph))].reset_index(drop=True)
    if homes.empty:
        return []
    per_h = background.local_trips_per_household_h * len(starts)
    names, times_s = _times_s(background, per_h, "local", seed)
    here, there = (
        np.floor(uniform(seed, f"background {side}", names) * len(homes)).astype(int) for side in ("from", "to")
    )
    trips = zip(names, times_s, here, there, strict=True)
    return [
        (name, "local", time_s, homes["edge"][a], float(homes["pos_m"][a]), None, homes["edge"][b])
        for name, time_s, a, b in trips
        if homes["edge"][a] != homes["edge"][b]
    ]


def _has_way(
    table: pd.DataFrame,
    net: sumolib.net.Net,
    exits: Sequence[ExitEdges],
    ever: RoadGraph,
    closed: Sequence[tuple[float, frozenset[str]]],
) -> NDArray[np.bool_]:
    """Return whether each trip has a way whatever the plan has closed when it begins.

    `ever` is the net without all that the plan ever closes: who has a way there always has one. Lanes that come back
    from contraflow do so when they are empty, later than the plan says; so what opens again counts as closed for local
    trips, and for `_COMES_BACK_S` for through traffic.
    """
    made = np.ones(len(table), dtype=bool)
    local = (table["kind"] == "local").to_numpy()
    joined = _everywhere(ever)
    made[local] = table.loc[local, "edge"].isin(joined) & table.loc[local, "to_edge"].isin(joined)
    ends_s = [*(since_s + _COMES_BACK_S for since_s, _ in closed[1:]), np.inf]
    for (since_s, edges), until_s in zip(closed, ends_s, strict=True):
        during = ~local & table["departure_s"].between(since_s, until_s).to_numpy()
        graph = road_graph(net, closed=edges)
        for to_edge in sorted(set(table.loc[during & (table["kind"] == ENGINE).to_numpy(), "to_edge"])):
            reach = _reach(graph, [to_edge]) if to_edge in graph.index else set()
            mine = during & (table["to_edge"] == to_edge).to_numpy()
            made[mine] &= table.loc[mine, "edge"].isin(reach).to_numpy()
        for item in exits:
            reach = _reach(graph, item.edges)
            mine = during & (table["to_exit"] == item.name).to_numpy()
            made[mine] &= table.loc[mine, "edge"].isin(reach).to_numpy()
    return made


def _reach(graph: RoadGraph, to: Sequence[str]) -> set[str]:
    """Return the edges from which one gets to some edges."""
    return {graph.edges[place] for place in ways_out(graph, to).reachable()}


def _everywhere(graph: RoadGraph) -> set[str]:
    """Return the largest set of edges of which each can be reached from each; none where a hazard takes all roads."""
    if not graph.edges:
        return set()
    groups = components(graph.arcs[:, 0], graph.arcs[:, 1], len(graph.edges), strong=True)
    return {graph.edges[place] for place in np.flatnonzero(groups == np.bincount(groups).argmax())}
