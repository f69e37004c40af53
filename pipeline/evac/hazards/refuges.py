"""Refuges on a net: the pieces of road at whose ends one is in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from sumolib.net import Net
from sumolib.net.edge import Edge

from evac.errors import PlaceError, Problem
from evac.households.zones import read_polygons
from evac.network.places import POINT_RANGE_M, StreetIndex, centre_line
from evac.schema.places import Place, Point
from evac.schema.refuge import Refuge


@dataclass(frozen=True)
class ResolvedRefuge:
    """A refuge on the net.

    Parameters
    ----------
    name
        What the report calls it.
    edges
        Who has one of them as the last of the way is in the refuge at its downstream end; others pass.
    vehicles
        How many vehicles it has room for.
    lon, lat
        Where it is (EPSG:4326).
    people
        How many people on foot it has room for.
    """

    name: str
    edges: tuple[str, ...]
    vehicles: int
    lon: float
    lat: float
    people: int = 0


def resolve_refuges(
    index: StreetIndex, refuges: Sequence[Refuge], exits: Collection[tuple[str, str]], where: str
) -> tuple[ResolvedRefuge, ...]:
    """Return the refuges of a scenario on its net.

    Parameters
    ----------
    index
        The net's streets.
    refuges
        The scenario's.
    exits
        Name and edge of all exits, each edge by itself.
    where
        File and key for the error message.

    Raises
    ------
    PlaceError
        A refuge isn't on the map, is called like an exit, or lies at the line of one, or of another refuge. All
        problems are raised at once.
    DataError
        A file isn't one of polygons.
    """
    found: list[ResolvedRefuge] = []
    problems: list[Problem] = []
    taken = {edge: f"the exit '{name}'" for name, edge in exits}
    for item in refuges:
        here = f"{where}, '{item.name}'"
        if item.name in {name for name, _ in exits}:
            problems.append(Problem(here, "an exit has the same name", "call one of them otherwise"))
            continue
        try:
            resolved = _resolved(index, item, here)
        except PlaceError as error:
            problems.extend(error.problems)
            continue
        if clash := sorted({taken[edge] for edge in resolved.edges if edge in taken}):
            what = f"one drives in at the same piece of road as at {', '.join(clash)}"
            problems.append(Problem(here, what, "move its point to the road that leads to it alone"))
        taken.update(dict.fromkeys(resolved.edges, f"the refuge '{item.name}'"))
        found.append(resolved)
    if problems:
        raise PlaceError(problems)
    return tuple(found)


def refuges_under(refuges: Sequence[ResolvedRefuge], net: Net) -> tuple[ResolvedRefuge, ...]:
    """Return the refuges on a plan's net: without edges that are gone, and without refuges that have none left."""
    kept = (replace(item, edges=tuple(edge for edge in item.edges if net.hasEdge(edge))) for item in refuges)
    return tuple(item for item in kept if item.edges)


def _resolved(index: StreetIndex, item: Refuge, where: str) -> ResolvedRefuge:
    if item.area is not None:
        shape, edges = _area(index, item.area, where)
        lon, lat = index.net.convertXY2LonLat(*shape.representative_point().coords[0])
    else:
        assert item.at is not None  # noqa: S101  the model has one of both
        edges = index.candidates(Place(point=item.at), where)
        lon, lat = item.at.lon, item.at.lat
    names = tuple(sorted(edge.getID() for edge in edges))
    return ResolvedRefuge(item.name, names, item.vehicles, lon, lat, item.people or 0)


def _area(index: StreetIndex, path: Path, where: str) -> tuple[shapely.Geometry, list[Edge]]:
    """Return a polygon in the net's coordinates, and the edges by which one drives in."""
    project = index.net.convertLonLat2XY
    shape = shapely.transform(
        read_polygons(path, "refuges.area").union_all(), lambda at: np.array([project(*point) for point in at])
    )
    shapely.prepare(shape)
    begins, ends = (shapely.points([edge.getShape()[place] for edge in index.edges]) for place in (0, -1))
    leads_in = shapely.contains(shape, ends) & ~shapely.contains(shape, begins)
    if leads_in.any():
        return shape, [edge for edge, into in zip(index.edges, leads_in, strict=True) if into]
    lines = np.array([centre_line(edge) for edge in index.edges])
    distances_m = shapely.distance(lines, shape)
    nearest = int(np.argmin(distances_m))
    if distances_m[nearest] > POINT_RANGE_M:
        what = f"no road for cars within {POINT_RANGE_M:g} m; the nearest is {index.label(index.edges[nearest])}, "
        what += f"{distances_m[nearest]:.0f} m away"
        raise PlaceError(Problem(where, what, "draw the area up to the road from which one drives in"))
    lon, lat = index.net.convertXY2LonLat(*shapely.shortest_line(lines[nearest], shape).coords[0])
    return shape, index.candidates(Place(point=Point(lon=lon, lat=lat)), where)
