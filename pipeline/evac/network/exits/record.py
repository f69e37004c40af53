"""What was decided about the ways out of an area, as it is written beside a scenario and drawn."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from evac.errors import DataError, Problem
from evac.files import write_text
from evac.network.exits.graph import Plane, rank_of

EXIT, LESSER, NONE = "exit", "lesser road", "no exit"
"""What a road that leaves the area is."""

SAME_PLACE_M = 60.0
"""Netconvert moves a road's end by less than this (m)."""

SAME_ROAD_M = 400.0
"""Crossings of one road are this near to each other (m): both carriageways, or a border that winds."""

_KINDS = {"ends": "exit line", "lesser": "lesser exit line", "left_out": "exit line left out"}
_ROADS = {"roads": "road", "ends_inside": "road that ends"}
_SHARED = {"shared": "road that exits share", "shared_by_lesser": "road that lesser exits share"}


@dataclass(frozen=True)
class ExitEnd:
    """Where the simulated roads end and a way out goes on.

    Parameters
    ----------
    label
        What people call the road, else where it leads.
    highway
        Its class.
    node
        The place's position among the nodes of the whole map.
    way, osm_way
        The way's id in the map's files and in OpenStreetMap.
    lon, lat
        The place (WGS 84, degrees).
    by_cut
        The map ends so near to the area that only its cut tells that the road goes on.
    presumed
        The road just ends near the map's edge: the file doesn't say that it cuts it off there.
    into_rest
        No road leads off the map, and the rest of it, less than ten times the area's roads, is all the room there is.
    inside
        It lies well inside the area that is ordered to leave: the map ends there.
    """

    label: str
    highway: str
    node: int
    way: int
    osm_way: int
    lon: float
    lat: float
    by_cut: bool = False
    presumed: bool = False
    into_rest: bool = False
    inside: bool = False


@dataclass(frozen=True)
class RoadOut:
    """A road that leaves the area, at the first place outside.

    Parameters
    ----------
    label, highway, osm_way, lon, lat
        As of `ExitEnd`.
    status
        `EXIT`, `LESSER` or `NONE`.
    reason
        Why it is none: the end of a sentence.
    """

    label: str
    highway: str
    osm_way: int
    lon: float
    lat: float
    status: str
    reason: str = ""


@dataclass(frozen=True)
class SharedRoad:
    """A road that several exits share behind their lines, with fewer lanes than they have.

    Parameters
    ----------
    label, highway, osm_way
        As of `ExitEnd`; several roads where their lanes are side by side.
    lanes
        Its lanes.
    exits, nodes, lanes_of_each
        Of each exit line the label, the node as of `ExitEnd`, and the lanes.
    lon, lat
        Where it begins (WGS 84, degrees).
    simulated
        Whether it is on the scenario's map, behind lines that a person has drawn there.
    """

    label: str
    highway: str
    osm_way: int
    lanes: int
    exits: tuple[str, ...]
    nodes: tuple[int, ...]
    lanes_of_each: tuple[int, ...]
    lon: float
    lat: float
    simulated: bool = False

    @property
    def exit_lanes(self) -> int:
        """Return the lanes that the exits' roads have together."""
        return sum(self.lanes_of_each)

    def is_part_of(self, other: SharedRoad) -> bool:
        """Return whether another tells of the same road for all of its exits."""
        return self.osm_way == other.osm_way and set(self.nodes) <= set(other.nodes)

    def among(self, nodes: Container[int]) -> SharedRoad | None:
        """Return it for the exit lines at some nodes; None where they have no more lanes than it."""
        lines = zip(self.exits, self.nodes, self.lanes_of_each, strict=True)
        theirs = tuple(zip(*(line for line in lines if line[1] in nodes), strict=True))
        if not theirs or len(theirs[0]) == 1 or sum(theirs[2]) <= self.lanes:
            return None
        return replace(self, exits=theirs[0], nodes=theirs[1], lanes_of_each=theirs[2])


@dataclass(frozen=True)
class WaysOutRecord:
    """The decision.

    Parameters
    ----------
    ends, lesser
        Where the chosen exits' lines are, and those of roads too small to count.
    roads
        The roads that leave the area.
    ends_inside
        Primary and higher roads that end on the map, at no edge of it.
    reach_m
        How far the whole map reaches beyond the area on each side (m); negative where it ends inside.
    declared
        Whether the map says itself where it ends.
    outline
        Where it ends (WGS 84).
    left_out
        Those of the lesser that would be exits if the scenario didn't ask for a higher class.
    shared
        Roads that several exits share behind their lines.
    shared_by_lesser
        Those that exits of roads too small to count would share, with each other or with those that count.
    """

    ends: tuple[ExitEnd, ...]
    lesser: tuple[ExitEnd, ...]
    roads: tuple[RoadOut, ...]
    ends_inside: tuple[RoadOut, ...]
    reach_m: Mapping[str, float]
    declared: bool
    outline: shapely.Geometry
    left_out: tuple[ExitEnd, ...] = ()
    shared: tuple[SharedRoad, ...] = ()
    shared_by_lesser: tuple[SharedRoad, ...] = ()

    @property
    def none(self) -> tuple[RoadOut, ...]:
        """Return the roads that leave the area and are no way out."""
        return tuple(item for item in self.roads if item.status == NONE)

    def but(self, named: Iterable[tuple[str, float, float]]) -> WaysOutRecord:
        """Return it where a person has named exits: the roads to them are none of those that lead nowhere or end.

        Parameters
        ----------
        named
            What the roads of each exit are called, and where its line is (WGS 84): of several roads of a name, or
            several places of one, the nearest leads there.
        """
        named = list(named)
        roads = [item for item in self.roads if item.status != NONE or not _leads_to(item, self.none, named)]
        inside = [item for item in self.ends_inside if not _leads_to(item, self.ends_inside, named)]
        return replace(self, roads=tuple(roads), ends_inside=tuple(inside))

    def chosen(self, found: Iterable[tuple[float, float]] = ()) -> WaysOutRecord:
        """Return it where exits are named: those that a person has chosen are none by the map's cut.

        Parameters
        ----------
        found
            Where the lines are of those that aren't a person's choice, but were found and then named (WGS 84).
        """
        theirs = self._at(found)
        ends = (
            end if end in theirs else replace(end, by_cut=False, presumed=False, into_rest=False) for end in self.ends
        )
        return replace(self, ends=tuple(ends))

    def sharing(self, lines: Iterable[tuple[float, float]], also: Iterable[SharedRoad] = ()) -> WaysOutRecord:
        """Return it with the roads that exits at some lines (WGS 84) share, and others."""
        theirs = {end.node for end in self._at(lines)}
        known = (road.among(theirs) for road in (*self.shared_by_lesser, *self.shared))
        shared: list[SharedRoad] = []
        for item in known:
            if item is not None and not any(item.is_part_of(other) for other in shared):
                shared.append(item)
        return replace(self, shared=(*shared, *also))

    def _at(self, lines: Iterable[tuple[float, float]]) -> list[ExitEnd]:
        places, ends = list(lines), (*self.ends, *self.lesser)
        return [end for end in ends if any(_away_m(end, *line) <= SAME_PLACE_M for line in places)]

    def at_least(self, highway: str) -> WaysOutRecord:
        """Return it with the exits of a least class of road."""
        both = (*self.ends, *self.lesser)
        ends = tuple(end for end in both if rank_of(end.highway) <= rank_of(highway))
        lesser = tuple(end for end in both if end not in ends)
        left_out = tuple(end for end in (*self.ends, *self.left_out) if end in lesser)
        return replace(self, ends=ends, lesser=lesser, left_out=left_out)

    def write(self, path: Path) -> None:
        """Write it as GeoJSON, whole or not at all."""
        spots = [(kind, item) for key, kind in (_KINDS | _ROADS | _SHARED).items() for item in getattr(self, key)]
        features = [
            _feature({"kind": "whole map", "declared": self.declared, "reach_m": dict(self.reach_m)}, self.outline),
            *(_feature({"kind": kind, **_about(item)}, shapely.Point(item.lon, item.lat)) for kind, item in spots),
        ]
        collection = {"type": "FeatureCollection", "features": features}
        write_text(path, json.dumps(collection, ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> WaysOutRecord:
        """Return what `write` has written.

        Raises
        ------
        DataError
            The file is none of these.
        """
        try:
            features = json.loads(path.read_text(encoding="utf-8"))["features"]
            (whole,) = [item for item in features if item["properties"]["kind"] == "whole map"]
            properties = whole["properties"]
            return cls(
                **{key: _read(features, kind, ExitEnd) for key, kind in _KINDS.items()},
                **{key: _read(features, kind, RoadOut) for key, kind in _ROADS.items()},
                **{key: _read(features, kind, SharedRoad) for key, kind in _SHARED.items()},
                reach_m={str(side): float(metres) for side, metres in properties["reach_m"].items()},
                declared=bool(properties["declared"]),
                outline=shapely.from_geojson(json.dumps(whole["geometry"])),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
            what = f"isn't the ways out that evac new writes ({error!r})"
            raise DataError(
                Problem(str(path), what, "leave 'ways_out' out of the scenario, or write it anew")
            ) from error


def _leads_to(road: RoadOut, others: Iterable[RoadOut], named: Iterable[tuple[str, float, float]]) -> bool:
    """Return whether a road leads to an exit of its name, and no place of the same name is nearer to it."""
    return any(
        _away_m(road, lon, lat) <= SAME_ROAD_M + min(_away_m(item, lon, lat) for item in others if item.label == name)
        for name, lon, lat in named
        if name == road.label
    )


def _away_m(road: RoadOut | ExitEnd, lon: float, lat: float) -> float:
    return float(np.hypot(*Plane(lon, lat).project(np.array([[road.lon, road.lat]]))[0]))


def _about(item: ExitEnd | RoadOut | SharedRoad) -> dict[str, Any]:
    return {key: value for key, value in asdict(item).items() if key not in {"lon", "lat"}}


def _feature(properties: Mapping[str, Any], geometry: shapely.Geometry) -> dict[str, Any]:
    shape = json.loads(shapely.to_geojson(shapely.set_precision(geometry, 1e-7)))
    return {"type": "Feature", "properties": dict(properties), "geometry": shape}


def _read(features: list[dict[str, Any]], kind: str, made: type[Any]) -> tuple[Any, ...]:
    found = []
    for item in features:
        if item["properties"]["kind"] == kind:
            lon, lat = (float(value) for value in item["geometry"]["coordinates"])
            properties = item["properties"].items()
            about = {key: tuple(value) if isinstance(value, list) else value for key, value in properties}
            del about["kind"]
            found.append(made(**about, lon=lon, lat=lat))
    return tuple(found)
