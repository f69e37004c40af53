"""Roads that a scenario closes at one point, so that nobody leaves the area by them (`forbidden_exits`).

A block is put onto the street, as if the map had one there; `roads` cuts streets at blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely

from evac.errors import DataError, Problem
from evac.osm.corrections import fits_street
from evac.osm.roads import Node, Roads
from evac.schema.places import ForbiddenExit

_FARTHEST_M = 1_000.0  # the schema's documentation promises it
_CARRIAGEWAYS_M = 30.0  # the carriageways of one road lie at most about this far apart
_INSIDE = (0.25, 0.75)  # within its segment, so that no crossing is cut
FORBIDDEN = {"barrier": "block", "forbidden_exit": "yes"}
"""Tags of the block that a scenario puts onto a street."""
_METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km


def close_roads(roads: Roads, forbidden: Sequence[ForbiddenExit], path: Path) -> None:
    """Put a block onto each forbidden exit, on every carriageway there.

    Parameters
    ----------
    roads
        The roads; nodes are added to them.
    forbidden
        The forbidden exits.
    path
        The OSM file, for messages.

    Raises
    ------
    DataError
        No street of that name is within 1 km of a point.
    """
    problems: list[Problem] = []
    for item in forbidden:
        places = _places(roads, item)
        if not places:
            what = f"no street called '{item.street}' is within {_FARTHEST_M:g} m of the point"
            remedy = "check the spelling ('name' or 'ref') and the point"
            problems.append(Problem(f"{path}: forbidden_exits, '{item.name}'", what, remedy))
        for way_id, segment, spot in places:
            node_id = max(*roads.nodes, *roads.ways) + 1
            roads.nodes[node_id] = Node(spot.x, spot.y, FORBIDDEN)
            roads.ways[way_id].nodes.insert(segment + 1, node_id)
    if problems:
        raise DataError(problems)


def _places(roads: Roads, item: ForbiddenExit) -> list[tuple[int, int, shapely.Point]]:
    """Return the way, the segment (0 is its first) and the spot (degrees) of each carriageway nearest to the point."""
    found = []
    for way in roads.ways.values():
        if fits_street(item.street, way.tags):
            line = shapely.LineString([(roads.nodes[ref].lon, roads.nodes[ref].lat) for ref in way.nodes])
            found.append((*_nearest(line, item.point.lon, item.point.lat), way.way_id))
    near = min((distance_m for distance_m, *_ in found), default=np.inf)
    if near > _FARTHEST_M:
        return []
    limit_m = near + _CARRIAGEWAYS_M
    return [(way_id, segment, spot) for distance_m, segment, spot, way_id in found if distance_m <= limit_m]


def _nearest(line: shapely.LineString, lon: float, lat: float) -> tuple[float, int, shapely.Point]:
    """Return the distance in metres from a point to a line, the nearest segment, and the spot on it."""
    scale = np.array([_METRES_PER_DEGREE * np.cos(np.radians(lat)), _METRES_PER_DEGREE])
    corners = (shapely.get_coordinates(line) - [lon, lat]) * scale
    segments = shapely.linestrings(np.stack([corners[:-1], corners[1:]], axis=1))
    away = shapely.distance(segments, shapely.Point(0.0, 0.0))
    segment = int(np.argmin(away))
    share = shapely.line_locate_point(segments[segment], shapely.Point(0.0, 0.0), normalized=True)
    at = corners[segment] + np.clip(share, *_INSIDE) * (corners[segment + 1] - corners[segment])
    return float(away[segment]), segment, shapely.Point(at / scale + [lon, lat])
