"""What a first run shows on its net: where queues stand, who passes, and what people call the places."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from sumolib.net.edge import Edge
from sumolib.net.node import Node

from evac import tables
from evac.clock import HOUR_MIN
from evac.errors import PlaceError
from evac.network.exits import ResolvedExit
from evac.network.places import StreetIndex, compass_point
from evac.overlay.where import Where
from evac.plans.model import Junction
from evac.plans.places import spot_words
from evac.schema.places import Point
from evac.search.city import City
from evac.study.bounds import Bounds

_LEAST_QUEUE_VEH_H = 0.5
_FEWEST_ARMS = 2
_HOURS_A_WINDOW = 5.0 / HOUR_MIN


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
        The ways out that stay open until the share that decides is out: nobody is led to others.
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

    def met_at(self, node: Node, street: str | None) -> list[str]:
        """Return the streets with a name that meet a street at a junction."""
        legs = (*node.getIncoming(), *node.getOutgoing())
        return sorted({str(name) for leg in legs if (name := self.street(leg)) not in (None, street)})

    def along(self, street: str, node: Node) -> str:
        """Return where a junction is on its street, by the next with a name: `230 m south of Palduinstrasse`."""
        x, y = node.getCoord()[:2]
        ends = {end for edge in self.index.on_street(street, street) for end in (edge.getFromNode(), edge.getToNode())}
        known = [(end.getCoord(), names[0]) for end in ends if (names := self.met_at(end, street))]
        if not known:
            return spot_words(self.point(x, y))
        (from_x, from_y), name = min(known, key=lambda item: (math.dist(item[0][:2], (x, y)), item[1]))
        metres = math.dist((from_x, from_y), (x, y))
        towards = compass_point(math.degrees(math.atan2(x - from_x, y - from_y)) % 360.0)
        return f"{round(metres, -1):.0f} m {towards} of {name}"


def _sums(rows: pd.DataFrame, column: str, factor: float) -> dict[str, float]:
    sums = rows.groupby("edge", observed=True)[column].sum() * factor
    return {str(edge): float(value) for edge, value in sums.items()}


def junction_of(first: FirstRun, node: Node) -> tuple[Junction, frozenset[str]]:
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


def junction_words(first: FirstRun, where: Junction, node: Node) -> str:
    """Return a junction in words: by two streets, or by how far along one it is."""
    if where.street:
        return str(where)
    streets = first.met_at(node, None)
    return f"{streets[0]}, {first.along(streets[0], node)}" if streets else str(where)


def crossing_words(first: FirstRun, edge: Edge) -> str:
    """Return in words where on its street an edge begins."""
    crossing, street = crossing_of(first, edge), first.street(edge)
    if isinstance(crossing, str):
        return crossing
    return first.along(street, edge.getFromNode()) if street else spot_words(Point(**crossing))


def crossing_of(first: FirstRun, edge: Edge) -> str | dict[str, float]:
    """Return what crosses an edge's street where the edge begins; where nothing with a name does, the point."""
    node = edge.getFromNode()
    names = first.met_at(node, first.street(edge))
    return names[0] if names else first.point(*node.getCoord()).model_dump()


def _has_signal(node: Node) -> bool:
    return bool(node.getType().startswith("traffic_light"))
