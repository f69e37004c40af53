"""Roads that the map closes to cars, added to the net for a plan that opens them.

The baseline's net doesn't have them, and stays as it is. A plan that opens some of them starts from a net of its own:
the baseline's plain XML with these roads, closed. Nothing else changes: every edge, lane, movement and signal program
keeps its id and its shape, but where a road begins in the middle of an edge, that edge is split there; the part that
leads on keeps the id. Importing the map a second time with the roads in it would be simpler, but netconvert would then
join, number and guess the junctions around anew.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sumolib.net import Net

from evac import sumo
from evac.errors import Mend, PlaceError, Problem
from evac.files import digest_json, write_text
from evac.fingerprint import fingerprint
from evac.network import Network, compile_net, read_net
from evac.network.accounts import edge_table, joined_junctions
from evac.network.place_names import near_names, normal_name, split_names
from evac.network.places import POINT_RANGE_M
from evac.osm.access import CLASSES
from evac.osm.closed import TRACK_CLASS
from evac.overlay.movements import Movement
from evac.overlay.plain import PlainNet
from evac.overlay.turning import KERB, STRAIGHT, line_of, side_of
from evac.overlay.where import polygons_in
from evac.plans.model import Open, Stretch
from evac.plans.reading import LoadedAction
from evac.seals import has_entry, sealed_directory

_OPENED = "opened."
"""What the ids of added edges (after a `-` against the way's direction) and junctions begin with."""
_VERTEX_M = 0.5  # plain XML has centimetres; the nodes of a road lie farther apart
_LISTED = 5


@dataclass(frozen=True)
class Base:
    """What a plan is laid over: the baseline, or the baseline with roads that are closed to cars.

    Parameters
    ----------
    network, net
        The net's folder, and the net read.
    streets
        The streets of its map.
    """

    network: Network
    net: Net
    streets: gpd.GeoDataFrame


def with_closed_roads(base: Base, actions: Sequence[LoadedAction], closed: gpd.GeoDataFrame, cache: Path) -> Base:
    """Return the baseline with the roads that a plan's actions open, closed; the baseline itself where there are none.

    Parameters
    ----------
    base
        The baseline.
    actions
        The plan's.
    closed
        Roads that the map closes to cars (`StreetMap.closed_roads`).
    cache
        The cache's folder.

    Raises
    ------
    PlaceError
        An opened road joins the road network at one end only, or not at all.
    SimulationError
        netconvert failed.
    """
    wanted = _wanted(actions, closed, base)
    ways = sorted({way for meant in wanted.values() for way in meant})
    if not ways:
        return base
    key = {"base": base.network.digest, "opened": ways, "sumo": sumo.version(), "version": fingerprint()}
    digest = digest_json(key)
    target = cache / "nets" / digest
    added = closed[closed["way_id"].isin(ways)]
    streets = gpd.GeoDataFrame(pd.concat([base.streets, added], ignore_index=True))
    if not has_entry(target):
        adding = _Adding(PlainNet.read(base.network.folder), _points(added, base.net), _clusters(base.network.folder))
        adding.build(added)
        _require_ways_through(adding, wanted, closed)
        with sealed_directory(target) as folder:
            adding.plain.write(folder)
            types = files("evac.network").joinpath("roads.typ.xml").read_text(encoding="utf-8")
            write_text(folder / "plain.typ.xml", types)  # the baseline's lacks the classes that it has no road of
            write_text(folder / "netconvert.log", compile_net(folder, folder / "net.net.xml"))
            table = edge_table(read_net(folder / "net.net.xml"), streets)
            table.to_parquet(folder / "edges.parquet", compression="zstd", index=False)
    network = Network(target, digest)
    return Base(network, read_net(network.net_file), streets)


def _wanted(actions: Sequence[LoadedAction], closed: gpd.GeoDataFrame, base: Base) -> dict[str, list[int]]:
    """Return the closed roads that each action opens, by file and line of the action."""
    wanted: dict[str, list[int]] = {}
    problems: list[Problem] = []
    for item in actions:
        if not isinstance(item.action, Open):
            continue
        stretch = item.action.where
        meant = _meant(stretch, closed, base.net)
        if not meant:
            problems += _unknown(stretch, closed, base.streets, f"{item.where}.where")
        wanted[item.where] = meant
    if problems:
        raise PlaceError(problems)
    return wanted


def _meant(stretch: Stretch, closed: gpd.GeoDataFrame, net: Net) -> list[int]:
    """Return the ids of the closed roads that a stretch may mean, in their order on the map."""
    if stretch.ways is not None:
        fits = closed["osm_way_id"].isin(stretch.ways) | closed["way_id"].isin(stretch.ways)
    elif stretch.street is not None:
        wanted = normal_name(stretch.street)
        fits = pd.Series(
            [wanted in map(normal_name, names) for names in _names(closed)], index=closed.index, dtype=bool
        )
    elif stretch.polygon is not None:
        fits = closed.intersects(polygons_in(stretch.polygon, "open.where"))
    else:
        assert stretch.point is not None  # noqa: S101  the model asks for one of the four
        spot = shapely.Point(*net.convertLonLat2XY(stretch.point.lon, stretch.point.lat))
        lines = [_projected(line, net) for line in closed.geometry]
        away_m = pd.Series([line.distance(spot) for line in lines], index=closed.index, dtype=float)
        fits = (away_m == away_m.min()) & (away_m <= POINT_RANGE_M)
    return [int(way) for way in closed.loc[fits, "way_id"]]


def _names(roads: pd.DataFrame) -> list[list[str]]:
    return [[*split_names(row.name), *split_names(row.ref)] for row in roads[["name", "ref"]].itertuples(index=False)]


def _unknown(stretch: Stretch, closed: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, where: str) -> list[Problem]:
    """Return what is wrong with a stretch that names no closed road, if it names no street either."""
    correct = "what the map has as a path, or not at all, can't be opened: correct the map with 'osm.corrections'"
    if stretch.ways is not None and not set(stretch.ways) & {*streets["osm_way_id"], *streets["way_id"]}:
        what = f"OpenStreetMap way {', '.join(map(str, stretch.ways))} is no road, track or road for buses on this map"
        return [Problem(where, what, correct, Mend.CORRECT_MAP)]
    if stretch.street is None:
        return []
    known = [name for names in _names(streets) for name in names]
    if normal_name(stretch.street) in map(normal_name, known):
        return []
    near = near_names(stretch.street, [*known, *(name for names in _names(closed) for name in names)])
    remedy = f"did you mean {', '.join(map(repr, near))}?" if near else correct
    return [Problem(where, f"no road on the map is called '{stretch.street}'", remedy, Mend.PLACE)]


def _points(added: gpd.GeoDataFrame, net: Net) -> dict[int, tuple[float, float]]:
    """Return the nodes' places in the net's coordinates (m)."""
    return {
        int(ref): point
        for nodes, line in zip(added["nodes"], added.geometry, strict=True)
        for ref, point in zip(nodes, _projected(line, net).coords, strict=True)
    }


def _projected(line: shapely.LineString, net: Net) -> shapely.LineString:
    return shapely.LineString([net.convertLonLat2XY(lon, lat) for lon, lat in line.coords])


def _clusters(folder: Path) -> dict[str, str]:
    """Return the junction that netconvert has joined each node into."""
    path = folder / "joined.nod.xml"
    joined = joined_junctions(path) if path.is_file() else {}
    return {node: name for name, nodes in joined.items() for node in nodes}


class _Adding:
    """Adds closed roads to plain XML."""

    def __init__(self, plain: PlainNet, points: Mapping[int, tuple[float, float]], clusters: Mapping[str, str]) -> None:
        self.plain = plain
        self.points = points
        self.clusters = clusters
        self.before = set(plain.edges)
        self.joints: dict[int, str | None] = {}
        self.pieces: list[tuple[int, str, str]] = []
        """Way, first and last junction of each piece of road that is added."""

    def build(self, added: gpd.GeoDataFrame) -> None:
        uses = Counter(int(ref) for nodes in added["nodes"] for ref in set(nodes))
        for row in added.itertuples():
            refs = [int(ref) for ref in row.nodes]
            ends = (0, len(refs) - 1)
            stops = [n for n, ref in enumerate(refs) if n in ends or uses[ref] > 1 or self._joint(ref) is not None]
            for number, (start, stop) in enumerate(pairwise(stops)):
                self._add_road(row, number, refs[start : stop + 1])
        for node in dict.fromkeys(name for _, *ends in self.pieces for name in ends):
            self._join(node)

    def _joint(self, ref: int) -> str | None:
        """Return the junction at which a node joins the net's roads; an edge that passes there is split."""
        if ref not in self.joints:
            self.joints[ref] = None if ref < 0 else self._junction_at(str(ref)) or self._split_at(ref)
        return self.joints[ref]

    def _junction_at(self, node: str) -> str | None:
        return next((name for name in (node, self.clusters.get(node, node)) if name in self.plain.nodes), None)

    def _split_at(self, ref: int) -> str | None:
        name, spot = f"{_OPENED}{ref}", self.points[ref]
        for edge in list(self.plain.edges):
            vertices = line_of(self.plain, edge)[1:-1]
            near = [place for place, point in enumerate(vertices, 1) if math.dist(point, spot) <= _VERTEX_M]
            if near:
                self._add_junction(name, spot)
                self.plain.split(edge, near[0], name, line_of(self.plain, edge))
        return name if name in self.plain.nodes else None

    def _add_junction(self, name: str, spot: tuple[float, float]) -> None:
        if name not in self.plain.nodes:
            x, y = spot
            self.plain.nodes[name] = ET.Element("node", id=name, x=f"{x:.2f}", y=f"{y:.2f}", type="priority")

    def _add_road(self, row: Any, number: int, refs: Sequence[int]) -> None:
        """Add a piece of road between two junctions, one or two directions of it, closed to cars."""
        ends = [self._joint(ref) or f"{_OPENED}{abs(ref)}" for ref in (refs[0], refs[-1])]
        if ends[0] == ends[1]:
            return
        for name, ref in zip(ends, (refs[0], refs[-1]), strict=True):
            self._add_junction(name, self.points[ref])
        name, points = f"{_OPENED}{row.way_id}.{number}", [self.points[ref] for ref in refs]
        if row.direction >= 0:
            self._add_edge(name, row, ends, points, row.lanes_forward)
        if row.direction <= 0:
            self._add_edge(f"-{name}", row, ends[::-1], points[::-1], row.lanes_backward)
        self.pieces.append((int(row.way_id), ends[0], ends[1]))

    def _add_edge(
        self, name: str, row: Any, ends: Sequence[str], points: Sequence[tuple[float, float]], lanes: int
    ) -> None:
        highway = row.highway if row.highway in CLASSES else TRACK_CLASS
        shape = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        known = {"id": name, "from": ends[0], "to": ends[1], "type": f"highway.{highway}", "numLanes": str(lanes)}
        edge = ET.Element("edge", {**known, "speed": f"{row.speed_kph / 3.6:.2f}", "shape": shape})
        if pd.notna(row.name):
            edge.set("name", row.name)
        if row.direction != 0:
            edge.set("spreadType", "center")
        for lane in range(lanes):
            ET.SubElement(ET.SubElement(edge, "lane", index=str(lane)), "param", key="origId", value=str(row.way_id))
        self.plain.edges[name] = edge
        for lane in range(lanes):
            self.plain.close_lane(name, lane)

    def _join(self, node: str) -> None:
        """Let traffic through a junction between added roads and all others; round only where there is no way on."""
        arriving = [name for name, edge in self.plain.edges.items() if edge.attrib["to"] == node]
        leaving = [name for name, edge in self.plain.edges.items() if edge.attrib["from"] == node]
        for source in arriving:
            onward = [name for name in leaving if not self._turns_round(source, name)] or leaving
            for target in onward:
                if not {source, target} <= self.before and not self.plain.between(source, target):
                    self._allow(source, target)

    def _turns_round(self, source: str, target: str) -> bool:
        return self.plain.edges[source].attrib["from"] == self.plain.edges[target].attrib["to"]

    def _allow(self, source: str, target: str) -> None:
        width = self.plain.lanes(source), self.plain.lanes(target)
        side = side_of(self.plain, Movement(source, 0, target, 0))
        lanes = {KERB: [(0, 0)], STRAIGHT: [(lane, lane) for lane in range(min(width))]}
        for from_lane, to_lane in lanes.get(side, [(width[0] - 1, width[1] - 1)]):
            beside = (item for item in self.plain.out_of(source) if item.from_lane == from_lane)
            self.plain.allow(Movement(source, from_lane, target, to_lane), next(beside, None))


def _require_ways_through(adding: _Adding, wanted: Mapping[str, Sequence[int]], closed: gpd.GeoDataFrame) -> None:
    """Refuse an opened road that leads nowhere: it must join the roads for cars at two places or more."""
    roads = list(_connected(adding))
    through = {way for ways, joints in roads for way in ways if len(joints) > 1}
    problems = []
    for where, ways in wanted.items():
        if not ways or through & set(ways):
            continue
        mine = {way for joined, _ in roads if joined & set(ways) for way in joined} or set(ways)
        onward = _onward(mine, closed)
        what = "joins the roads for cars at one end only, or at none: nobody could drive through"
        remedy = (
            f"open what it goes on into as well, by 'ways': {', '.join(onward[:_LISTED])}"
            if onward
            else "if it does join a road, correct the map with 'osm.corrections'"
        )
        problems.append(Problem(f"{where}.where", what, remedy, Mend.OPEN_ONWARD if onward else Mend.CORRECT_MAP))
    if problems:
        raise PlaceError(problems)


def _connected(adding: _Adding) -> Iterator[tuple[set[int], set[str]]]:
    """Give the added roads that hang together, and the junctions at which they join the net's."""
    known = {name for name in adding.joints.values() if name is not None}
    rest = list(adding.pieces)
    while rest:
        mine, ahead = [], [rest.pop()]
        while ahead:
            piece = ahead.pop()
            mine.append(piece)
            inner = set(piece[1:]) - known
            touching = [other for other in rest if inner & set(other[1:])]
            rest = [other for other in rest if other not in touching]
            ahead += touching
        yield {way for way, *_ in mine}, {end for _, *ends in mine for end in ends} & known


def _onward(ways: set[int], closed: gpd.GeoDataFrame) -> list[str]:
    """Return the closed roads that meet the given ones, in words."""
    mine = {ref for nodes in closed.loc[closed["way_id"].isin(ways), "nodes"] for ref in nodes}
    others = closed[~closed["way_id"].isin(ways)]
    met = others[[bool(mine & set(nodes)) for nodes in others["nodes"]]]
    return [
        f"{row.osm_way_id} ({row.name if pd.notna(row.name) else f'unnamed {row.highway}'})" for row in met.itertuples()
    ]
