"""A web of roads as a directed graph of its nodes, in metres, with what lies in the ordered area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from evac.graphs import components, reached_from
from evac.osm.web import Web
from evac.osm.web_rows import FERRY, FOOT_FERRY
from evac.unnamed import unnamed

Mask = NDArray[np.bool_]
_METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km

CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential")
"""Classes of road that may be a way out, the highest first; links rank with their road, all others below."""


def rank_of(highway: str) -> int:
    """Return 0 for a motorway (or its ramps) and so on down; a class that never is a way out by itself ranks last."""
    name = highway.removesuffix("_link")
    return CLASSES.index(name) if name in CLASSES else len(CLASSES)


@dataclass(frozen=True)
class Plane:
    """Metres east and north of a place; true to 0.1 % within 100 km."""

    lon: float
    lat: float

    def project(self, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return longitudes and latitudes (n, 2) as metres (n, 2)."""
        scale = np.array([np.cos(np.radians(self.lat)), 1.0]) * _METRES_PER_DEGREE
        return (np.asarray(degrees, dtype=float) - [self.lon, self.lat]) * scale

    def shape(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """Return a geometry (WGS 84) in metres."""
        return shapely.transform(geometry, self.project)

    def degrees(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """Return a geometry in metres in WGS 84."""
        scale = np.array([np.cos(np.radians(self.lat)), 1.0]) * _METRES_PER_DEGREE
        return shapely.transform(geometry, lambda at: at / scale + [self.lon, self.lat])


class RoadWeb:
    """The drivable roads of a web, an arc for each direction of each piece between two of its nodes.

    Parameters
    ----------
    web
        The web.
    area
        The area ordered to leave (WGS 84).
    """

    def __init__(self, web: Web, area: shapely.Geometry) -> None:
        self.web = web
        middle = area.centroid
        self.plane = Plane(middle.x, middle.y)
        self.area = self.plane.shape(area)
        self.xy = self.plane.project(web.nodes[["lon", "lat"]].to_numpy(dtype=float))
        shapely.prepare(self.area)
        self.inside: Mask = shapely.intersects_xy(self.area, self.xy[:, 0], self.xy[:, 1])
        self.lon = web.nodes["lon"].to_numpy(dtype=float)
        self.lat = web.nodes["lat"].to_numpy(dtype=float)
        self.sign = [sign if isinstance(sign, str) else None for sign in web.nodes["sign"]]
        self.ways = _rows(web.ways[web.ways["closed"].isna()])
        self.closed = _rows(web.ways[web.ways["closed"].notna()])
        self.ferries = [way for way in self.closed if way.highway in {FERRY, FOOT_FERRY}]
        self.rank = np.array([rank_of(way.highway) for way in self.ways], dtype=np.int64)
        self.named = np.array([way.label is not None for way in self.ways], dtype=bool)
        self.private: Mask = np.array([way.private is not None for way in self.ways], dtype=bool)
        self.gate: Mask = np.array([way.gate for way in self.ways], dtype=bool)
        self.start, self.end, self.way, along = _arcs(self.ways)
        at_times = np.array([way.at_times is not None for way in self.ways], dtype=bool)
        unsure = np.array([way.unsure for way in self.ways], dtype=np.int64)[self.way]
        self.at_times: Mask = at_times[self.way] & ((unsure == 0) | (unsure == along))
        lanes = np.array([(way.lanes_backward, way.lanes_forward) for way in self.ways], dtype=np.int64).reshape(-1, 2)
        self.lanes = lanes[self.way, (along > 0).astype(np.int64)]
        self.length_m = np.hypot(*(self.xy[self.end] - self.xy[self.start]).T)
        self.count = len(self.xy)

    @cached_property
    def spots(self) -> NDArray[np.object_]:
        """The nodes as points, in metres."""
        found: NDArray[np.object_] = shapely.points(self.xy)
        return found

    @cached_property
    def away_m(self) -> NDArray[np.float64]:
        """How far a node is from the area (m)."""
        found: NDArray[np.float64] = shapely.distance(self.area, self.spots)
        return found

    @cached_property
    def on_road(self) -> Mask:
        """Whether a drivable road passes a node."""
        found = np.zeros(self.count, dtype=bool)
        found[self.start] = found[self.end] = True
        return found

    def ahead(self, seeds: Mask, arcs: Mask) -> Mask:
        """Return the nodes that can be driven to from some (themselves included), over some of the arcs."""
        return reached_from(seeds, self.start[arcs], self.end[arcs], self.count)

    def behind(self, seeds: Mask, arcs: Mask) -> Mask:
        """Return the nodes from which some can be driven to (themselves included), over some of the arcs."""
        return reached_from(seeds, self.end[arcs], self.start[arcs], self.count)

    def pieces(self, arcs: Mask, *, strong: bool) -> NDArray[np.int64]:
        """Return the component of each node over some of the arcs."""
        return components(self.start[arcs], self.end[arcs], self.count, strong=strong)

    def road_m(self, arcs: Mask) -> float:
        """Return the length of the roads of some arcs (m); both directions of a road count once."""
        pairs = pd.DataFrame({"a": np.minimum(self.start, self.end), "b": np.maximum(self.start, self.end)})[arcs]
        return float(self.length_m[arcs][~pairs.duplicated().to_numpy()].sum())

    def bearing_deg(self, at: NDArray[np.float64]) -> float:
        """Return the direction from the area's middle to a place in metres (degrees clockwise from north)."""
        return float(np.degrees(np.arctan2(at[0], at[1])) % 360.0)

    def label(self, way: int) -> str:
        """Return what people call a way."""
        return self.ways[way].called


@dataclass(frozen=True)
class WebWay:
    """A row of `Web.ways`; what isn't there is None."""

    way_id: int
    osm_way_id: int
    file_id: int
    highway: str
    label: str | None
    direction: int
    lanes_forward: int
    lanes_backward: int
    closed: str | None
    at_times: str | None
    unsure: int
    private: str | None
    gate: bool
    nodes: NDArray[np.int64]

    @property
    def called(self) -> str:
        """Return what people call it: its label, else its class."""
        return self.label or unnamed(self.highway)


def _rows(ways: pd.DataFrame) -> list[WebWay]:
    columns: list[list[Any]] = [ways[field.name].tolist() for field in fields(WebWay)]
    return [WebWay(*map(_known, row)) for row in zip(*columns, strict=True)]


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def _arcs(ways: Sequence[WebWay]) -> tuple[NDArray[np.int64], ...]:
    """Return of each arc the nodes at its start and end, its way, and 1 along the way's line or -1 against it."""
    found: list[list[NDArray[np.int64]]] = [[np.empty(0, dtype=np.int64)] for _ in range(4)]
    for number, way in enumerate(ways):
        line = way.nodes
        for along in (1, -1):
            if way.direction != -along:
                ends = (line[:-1], line[1:])[::along]
                about = (np.full(len(line) - 1, value, dtype=np.int64) for value in (number, along))
                for column, values in zip(found, (*ends, *about), strict=True):
                    column.append(values)
    return tuple(map(np.concatenate, found))
