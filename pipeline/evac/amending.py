"""What a person may amend in a scenario's file: its ways out, in words, and what the map has wrong of its ways."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from pydantic import TypeAdapter, ValidationError

from evac.errors import PlaceError, Problem
from evac.network.exits import named_exit, require_reachable, resolve_exits
from evac.network.places import compass_point
from evac.new.naming import name_exits
from evac.schema.places import Exit, FoundExits

if TYPE_CHECKING:
    from evac.place import Place

_BACK_DEG = 180.0
_WGS84 = "EPSG:4326"
_EXITS = TypeAdapter(tuple[Exit, ...])
_COLUMNS = ("name", "highway", "oneway", "lanes_forward", "lanes_backward", "lanes_guessed", "speed_kph")


def exits_in_words(place: Place) -> list[dict[str, Any]]:
    """Return the ways out of a place as its scenario names them, or would, where they are found: keys of `exits:`."""
    ready = place.stages.prepared()
    wanted = place.scenario.exits
    if not isinstance(wanted, FoundExits):
        return [_plain(item) for item in wanted]
    named = {item.name: item for item in wanted.also}
    found = [item for item in ready.exits if item.name not in named]
    words = [dict(item.keys) for item in name_exits(ready.ground, found)]
    return [*words, *(_plain(item) for item in named.values())]


def exit_in_words(place: Place, name: str, where: Mapping[str, Any], veh_per_h: float | None = None) -> dict[str, Any]:
    """Return a way out that isn't one yet, as a scenario names it.

    Parameters
    ----------
    place
        The place.
    name
        What it is called.
    where
        `edge` (one of `Place.roads`, at whose end people are out), or what `exits:` takes: `street`, `towards` …
    veh_per_h
        The most vehicles that it takes in an hour; its lanes decide when None.

    Raises
    ------
    PlaceError
        There is no such road, or it fits several.
    """
    ready = place.stages.prepared()
    ground = ready.ground
    if "edge" in where:
        if not ready.net.hasEdge(str(where["edge"])):
            raise PlaceError(Problem(name, "the road isn't on the network any more", "load the page again"))
        edges = [ready.net.getEdge(str(where["edge"]))]
    else:
        edges = named_exit(ground, _exit({"name": name, **where}), f"exits, '{name}'")
    (words, *_) = name_exits(ground, [ground.resolved(name, edges)])
    return {**words.keys, **({"veh_per_h": veh_per_h} if veh_per_h else {})}


def require_exits(place: Place, exits: Sequence[Mapping[str, Any]]) -> None:
    """Refuse ways out that aren't on the map, are one and the same, or that nobody reaches.

    Raises
    ------
    PlaceError
        With a problem for each.
    """
    ready = place.stages.prepared()
    where = f"{place.loaded.path}: exits"
    found = resolve_exits(ready.ground, _EXITS.validate_python(list(exits)), where=where)
    require_reachable(ready.net, found, ready.starts["edge"].dropna().unique(), where)


def unused_exits(place: Place) -> gpd.GeoDataFrame:
    """Return the roads that lead on and that the scenario uses for no way out: `road`, `lanes`, `edges`, and points."""
    found = place.stages.prepared().exits_left_out
    columns = {
        "road": [item.name for item in found],
        "lanes": [item.lanes for item in found],
        "edges": [item.edges for item in found],
    }
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(item.lon, item.lat) for item in found], crs=_WGS84)


def ways_of(place: Place, ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return what the map says of ways, by their ids as `Place.findings` and `Place.roads` have them.

    `way` (what a correction calls it), `name`, `highway`, `oneway`, `lanes_forward`, `lanes_backward`,
    `lanes_guessed`, `speed_kph`, `closed` (to cars), `along` and `against` (compass: where it leads, and back), and
    `bearing_deg` (of `along`, clockwise from north).
    """
    street_map = place.stages.prepared().street_map
    wanted = list(dict.fromkeys(int(item) for item in ids))
    tables = [street_map.streets().assign(closed=False), street_map.closed_roads().assign(closed=True)]
    found: dict[int, dict[str, Any]] = {}
    for table in tables:
        for row in table[table["way_id"].isin(wanted) | table["osm_way_id"].isin(wanted)].to_dict("records"):
            for known in (int(row["way_id"]), int(row["osm_way_id"])):
                found.setdefault(known, _way(row))
    return [found[item] for item in wanted if item in found]


def _way(row: Mapping[str, Any]) -> dict[str, Any]:
    (lon, lat, *_), (end_lon, end_lat, *_) = row["geometry"].coords[0], row["geometry"].coords[-1]
    east = (end_lon - lon) * math.cos(math.radians(lat))
    bearing_deg = math.degrees(math.atan2(east, end_lat - lat))
    return {
        "way": int(row["osm_way_id"]),
        **{name: None if pd.isna(row.get(name)) else row[name] for name in _COLUMNS},
        "closed": bool(row["closed"]),
        "along": compass_point(bearing_deg),
        "against": compass_point(bearing_deg + _BACK_DEG),
        "bearing_deg": bearing_deg,
    }


def _exit(keys: Mapping[str, Any]) -> Exit:
    try:
        return Exit.model_validate(keys)
    except ValidationError as error:
        what = "; ".join(details["msg"] for details in error.errors())
        raise PlaceError(Problem(f"exits, '{keys.get('name')}'", what, "name a street, or click a road")) from error


def _plain(item: Exit) -> dict[str, Any]:
    """Return a way out as a file has it, its name first."""
    keys = item.model_dump(mode="json", exclude_unset=True)
    return {"name": keys.pop("name"), **keys}
