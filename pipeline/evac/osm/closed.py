"""Roads that are closed to cars under normal rules, kept aside for plans that open them.

Nothing else reads them: no household is tied to one, and the baseline's net doesn't have them. They are the ways that
`access.may_be_opened` names, and the pieces of road at barriers (a locked gate, bollards) at which a road was cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import geopandas as gpd
import numpy as np
import shapely

from evac.driving_side import drives_on_left
from evac.osm.access import CLASSES, direction
from evac.osm.lane_tags import centre_lanes
from evac.osm.lanes import count_lanes
from evac.osm.roads import Node, Roads, Way
from evac.osm.speeds import read_speed, speed_tag

TRACK_CLASS = "service"
"""The class of street that stands for a track or a road for buses: its speed, and its rank in right of way."""
_SIDES = 2


def closed_roads(roads: Roads, country: str | None) -> gpd.GeoDataFrame:
    """Return the roads that a plan may open: a row each, LineStrings in WGS 84.

    Parameters
    ----------
    roads
        The map's roads, cut at barriers.
    country
        ISO 3166 code for speed limits without a tag.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns as `StreetMap.streets`, but for `in_town` and `may_leave`; and `direction` (1 one-way, -1 against the
        way, 0 both) and `nodes`: ids of the way's nodes, negative where no simulated road has had the node.
    """
    names = ("way_id", "osm_way_id", "name", "ref", "highway", "oneway", "lanes_forward", "lanes_backward")
    columns: dict[str, list[object]] = {
        name: []
        for name in (*names, "centre_lane", "lanes_guessed", "speed_kph", "speed_guessed", "direction", "nodes")
    }
    lines = []
    for way, nodes in _pieces(roads):
        for name, value in _row(way, country).items():
            columns[name].append(value)
        columns["nodes"].append(np.array(way.nodes, dtype=np.int64))
        lines.append(shapely.LineString([(node.lon, node.lat) for node in nodes]))
    return gpd.GeoDataFrame(columns, geometry=lines, crs="EPSG:4326")


def _row(way: Way, country: str | None) -> dict[str, object]:
    tags = way.tags
    known = tags["highway"] if tags["highway"] in CLASSES else TRACK_CLASS
    runs = direction(tags)
    lanes = count_lanes(tags, known, runs, lefthand=drives_on_left(country))
    speed = read_speed(speed_tag(tags), country, known, in_town=True)
    return {
        "way_id": way.way_id,
        "osm_way_id": way.osm_way_id,
        "name": tags.get("name"),
        "ref": tags.get("ref"),
        "highway": tags["highway"],
        "oneway": runs != 0,
        "lanes_forward": lanes.forward,
        "lanes_backward": lanes.backward,
        "centre_lane": centre_lanes(tags) > 0,
        "lanes_guessed": lanes.guessed,
        "speed_kph": speed.kph,
        "speed_guessed": speed.guessed,
        "direction": runs,
    }


def _pieces(roads: Roads) -> Iterator[tuple[Way, list[Node]]]:
    """Give each road with its nodes; a piece at a barrier gets an id that no other way of the map has."""
    ids = count(max([*roads.ways, *roads.closed], default=0) + 1)
    for way in roads.closed.values():
        refs = [ref for ref in way.nodes if ref in roads.closed_nodes]
        if len(refs) < _SIDES:
            continue
        nodes = [ref if ref in roads.nodes else -ref for ref in refs]
        yield replace(way, nodes=nodes), [roads.closed_nodes[ref] for ref in refs]
    for barrier, sides in roads.cuts.items():
        if len(sides) == _SIDES:
            way, nodes = sides[0][0], [sides[0][1], barrier, sides[1][1]]
            yield replace(way, way_id=next(ids), nodes=nodes), [roads.nodes[ref] for ref in nodes]
