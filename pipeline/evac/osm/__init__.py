"""Stage `osm`: what OpenStreetMap says, made explicit.

Takes an OSM file. Gives a folder of the cache, addressed by the hash of the file, the settings and the rules:

- `roads.osm.xml`: the drivable ways, their nodes and turn restrictions, for netconvert; lanes and speed explicit;
- `streets.parquet`: a row a drivable way;
- `closed.parquet`: a row a road that is closed to cars, for plans that open it;
- `dwellings.parquet`: a row a residential building or address point;
- `doubts.json`: what the map says and the net can't follow for certain;
- `bans_on_net.json`: turn bans that the net gets after netconvert: over ways, for junctions that swallow them, and
  where ids of ways begin alike;
- `signs.json`: stop and give-way signs, by the approach of a junction;
- `web_ways.parquet`, `web_nodes.parquet`: the roads as one web, with what goes on where cars may not;
- `map.json`: bounds, counts, attribution, and the source file's name, hash and date.

Modules: `source` with `formats` (is the file sound), `tidy` with `overpass_json` (in order), `access` (which ways),
`barriers`, `lanes` with `lane_tags`, `roads` (reading them), `far_ways` (cut where they go on far beyond), `closures`
(forbidden exits), `closed` (what plans may open), `buildings`, `built_up` (inside towns), `write` (for netconvert),
`web` (what goes on).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from evac.driving_side import drives_on_left
from evac.files import digest_json, write_text
from evac.fingerprint import fingerprint
from evac.inputs import Watched
from evac.osm.access import direction, may_leave
from evac.osm.buildings import Settlement, read_settlement
from evac.osm.built_up import lies_in_town
from evac.osm.closed import closed_roads
from evac.osm.closures import close_roads
from evac.osm.corrections import Corrections
from evac.osm.doubts import doubts_of
from evac.osm.far_ways import drop_far_ends
from evac.osm.lane_tags import centre_lanes
from evac.osm.lanes import count_lanes
from evac.osm.moments import Moment
from evac.osm.roads import Roads, Way, cut_at_barriers, read_roads
from evac.osm.signs import Sign, read_signs
from evac.osm.source import SourceFacts, check_source, joined, readable
from evac.osm.speeds import has_country, read_speed, speed_tag
from evac.osm.tidy import tidied
from evac.osm.web import Web, declares_homes, read_web
from evac.osm.write import Street, write_roads
from evac.schema.places import ForbiddenExit
from evac.schema.sources import Correction
from evac.seals import has_entry, sealed_directory

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright"
_SIGNS = "signs.json"


@dataclass(frozen=True)
class StreetMap:
    """A prepared map.

    Parameters
    ----------
    folder
        Its folder in the cache.
    digest
        64 hex digits that stand for its content.
    """

    folder: Path
    digest: str

    @property
    def roads_file(self) -> Path:
        """Return the roads for netconvert (OSM XML)."""
        return self.folder / "roads.osm.xml"

    def streets(self) -> gpd.GeoDataFrame:
        """Return the drivable ways: a row each, LineStrings in WGS 84.

        Columns `way_id`, `osm_way_id`, `name`, `ref`, `highway`, `oneway`, `lanes_forward`, `lanes_backward`,
        `centre_lane` (whether a lane in the middle serves both directions, for turning), `lanes_guessed`, `speed_kph`,
        `speed_guessed`, `in_town`, `may_leave`, `at_times` (what can't be decided of when it is open, else null),
        `geometry`.
        """
        return self._streets.copy()

    @cached_property
    def _streets(self) -> gpd.GeoDataFrame:
        return gpd.read_parquet(self.folder / "streets.parquet")

    def closed_roads(self) -> gpd.GeoDataFrame:
        """Return the roads that are closed to cars and that a plan may open, as `closed.closed_roads` gives them."""
        return gpd.read_parquet(self.folder / "closed.parquet")

    def web(self) -> Web:
        """Return the roads as one web, with what goes on where cars may not."""
        return Web.read(self.folder)

    def dwellings(self) -> gpd.GeoDataFrame:
        """Return residential buildings and address points: points in WGS 84.

        Columns `osm_id`, `kind`, `weight` (dwelling units), `weight_from`, `street`, `housenumber`, `geometry`.
        """
        return gpd.read_parquet(self.folder / "dwellings.parquet")

    def doubts(self) -> list[dict[str, Any]]:
        """Return what the map says and the net can't follow for certain, as `doubts.Doubt` has it."""
        found: list[dict[str, Any]] = json.loads((self.folder / "doubts.json").read_text())
        return found

    def bans_on_net(self) -> list[dict[str, list[int]]]:
        """Return the turn bans that the net gets after netconvert: `from`, `via` and `to`, ids of streets."""
        found: list[dict[str, list[int]]] = json.loads((self.folder / "bans_on_net.json").read_text())
        return found

    def water(self) -> gpd.GeoSeries:
        """Return lakes, reservoirs and wide rivers: polygons in WGS 84."""
        return gpd.read_parquet(self.folder / "water.parquet").geometry

    def signs(self) -> list[Sign]:
        """Return the stop and give-way signs at junctions."""
        return [Sign(*item) for item in json.loads((self.folder / _SIGNS).read_text())]

    def info(self) -> dict[str, Any]:
        """Return `map.json`: bounds (west, south, east, north in degrees), counts, attribution, source."""
        found: dict[str, Any] = json.loads((self.folder / "map.json").read_text())
        return found


def prepare_map(
    osm_file: Path,
    min_road_class: str,
    country: str | None,
    cache: Path,
    corrections: Sequence[Correction] = (),
    *,
    forbidden: Sequence[ForbiddenExit] = (),
    at: datetime | None = None,
    named: Sequence[tuple[float, float]] = (),
) -> StreetMap:
    """Read an OSM file and write what the other stages need; a map that is in the cache isn't made again.

    Parameters
    ----------
    osm_file
        A .osm, .osm.gz, .osm.bz2 or .osm.pbf, or a .json of Overpass.
    min_road_class
        Lowest `highway` class that is simulated.
    country
        ISO 3166 code for speed limits without a tag; general values when None.
    cache
        The cache's folder.
    corrections
        Tags of ways that the map lacks or has wrong.
    forbidden
        Roads that are closed at a point.
    at
        Date and hour (local) for which the map is read; None where what is closed at times is left open.
    named
        Places (WGS 84) that the scenario names: roads are kept as far as these, however far beyond the file's bounds.

    Raises
    ------
    DataError
        The file is missing, broken, unsafe or without roads, or a correction or a closure fits no way. Nothing is
        written then.
    """
    watched = Watched.of([osm_file])
    facts = check_source(osm_file)
    ours = facts.readable and _is_ours(osm_file)
    named = [] if ours else _beyond_its_bounds(named, facts)
    key = {
        "sha256": watched.digests[osm_file],
        "min_road_class": min_road_class,
        "country": country,
        "corrections": [item.model_dump(mode="json", exclude={"because"}) for item in corrections],
        "forbidden": [item.model_dump(mode="json", include={"street", "point"}) for item in forbidden],
        "at": at.isoformat() if at else None,
        "named": named,
        "version": fingerprint(),
    }
    digest = digest_json(key)
    target = cache / "maps" / digest
    if not has_entry(target):
        with tidied(osm_file) as source:
            roads = read_roads(source, min_road_class, Corrections(corrections), Moment(at, country))
            if not ours:
                drop_far_ends(roads, source.facts.boxes, named)
            close_roads(roads, forbidden, osm_file)
            cut_at_barriers(roads)
            moment = Moment(at, country)
            web = read_web(source, roads, Corrections(corrections), moment, min_road_class=min_road_class)
            settlement = read_settlement(source.file)
        watched.require_unchanged()
        about = {
            "file": osm_file.name,
            "sha256": key["sha256"],
            "data_timestamp": source.facts.data_timestamp,
            "declared_bounds": source.facts.bounds,
            "declared_boxes": source.facts.boxes,
            "hull": settlement.hull,
        }
        with sealed_directory(target) as folder:
            _write_map(folder, roads, settlement, country, {"source": about, "min_road_class": min_road_class})
            web.write(folder)
    return StreetMap(target, digest)


def _is_ours(osm_file: Path) -> bool:
    with readable(osm_file):
        return declares_homes(osm_file)


def _beyond_its_bounds(named: Iterable[tuple[float, float]], facts: SourceFacts) -> list[tuple[float, float]]:
    """Return, in order, the places to which roads are kept that wouldn't be: a map isn't made anew for others."""
    if not facts.readable:  # its bounds aren't known before it is converted
        return sorted(named)
    covered = joined(facts.boxes)
    return [] if covered.is_empty else sorted(place for place in named if not covered.covers(shapely.Point(place)))


def _write_map(
    folder: Path, roads: Roads, settlement: Settlement, country: str | None, info: Mapping[str, Any]
) -> None:
    ways = _ways_frame(roads)
    inside = lies_in_town(ways, settlement)
    streets = [_street(way, country, in_town=bool(town)) for way, town in zip(roads.ways.values(), inside, strict=True)]
    turns = write_roads(roads, streets, folder / "roads.osm.xml")
    write_text(
        folder / "doubts.json", json.dumps(doubts_of(roads, streets, turns), indent=1, ensure_ascii=False) + "\n"
    )
    write_text(folder / "bans_on_net.json", json.dumps(turns.bans_on_net()) + "\n")
    frame = _streets_frame(streets, ways.geometry, inside)
    frame.to_parquet(folder / "streets.parquet", compression="zstd", index=False)
    signs = read_signs(roads)
    write_text(folder / _SIGNS, json.dumps(signs) + "\n")
    closed = closed_roads(roads, country)
    closed.to_parquet(folder / "closed.parquet", compression="zstd", index=False)
    settlement.dwellings.to_parquet(folder / "dwellings.parquet", compression="zstd", index=False)
    settlement.water.to_frame("geometry").to_parquet(folder / "water.parquet", compression="zstd", index=False)
    counts = {
        "ways": len(frame),
        "ways_left_out": dict(sorted(roads.left_out.items())),
        "cut_at_barriers": roads.cut_at,
        "closed_roads": len(closed),
        "turn_restrictions": dict(sorted({**turns.counts, **roads.restrictions_left_out}.items())),
        "signs_at_junctions": len(signs),
        "lanes_guessed": int(frame["lanes_guessed"].sum()),
        "speed_guessed": int(frame["speed_guessed"].sum()),
        "buildings": dict(settlement.counts),
    }
    about = {
        **info,
        "attribution": ATTRIBUTION,
        "bounds": [round(float(value), 7) for value in ways.total_bounds],
        "country": country,
        "country_has_speed_limits": has_country(country),
        "counts": counts,
    }
    write_text(folder / "map.json", json.dumps(about, indent=1, ensure_ascii=False) + "\n")


def _ways_frame(roads: Roads) -> gpd.GeoDataFrame:
    lines = [
        shapely.LineString([(roads.nodes[ref].lon, roads.nodes[ref].lat) for ref in way.nodes])
        for way in roads.ways.values()
    ]
    tags = [way.tags for way in roads.ways.values()]
    columns = {"highway": [item["highway"] for item in tags], "oneway": [direction(item) != 0 for item in tags]}
    return gpd.GeoDataFrame(columns, geometry=lines, crs="EPSG:4326")


def _street(way: Way, country: str | None, *, in_town: bool) -> Street:
    tags, highway = way.tags, way.tags["highway"]
    both = speed_tag(tags)
    forward = read_speed(tags.get("maxspeed:forward", both), country, highway, in_town=in_town)
    backward = read_speed(tags.get("maxspeed:backward", both), country, highway, in_town=in_town)
    runs = direction(tags)
    guessed = (forward.guessed and runs >= 0) or (backward.guessed and runs <= 0)
    lanes = count_lanes(tags, highway, runs, lefthand=drives_on_left(country))
    return Street(way, runs, lanes, forward.kph, backward.kph, guessed)


def _streets_frame(streets: list[Street], geometry: gpd.GeoSeries, inside: np.ndarray) -> gpd.GeoDataFrame:
    tags = [street.way.tags for street in streets]
    columns = {
        "way_id": np.array([street.way.way_id for street in streets], dtype=np.int64),
        "osm_way_id": np.array([street.way.osm_way_id for street in streets], dtype=np.int64),
        "name": [item.get("name") for item in tags],
        "ref": [item.get("ref") for item in tags],
        "highway": [item["highway"] for item in tags],
        "oneway": [street.direction != 0 for street in streets],
        "lanes_forward": [street.lanes.forward for street in streets],
        "lanes_backward": [street.lanes.backward for street in streets],
        "centre_lane": [centre_lanes(item) > 0 for item in tags],
        "lanes_guessed": [street.lanes.guessed for street in streets],
        "speed_kph": [street.backward_kph if street.direction < 0 else street.forward_kph for street in streets],
        "speed_guessed": [street.speed_guessed for street in streets],
        "in_town": inside,
        "may_leave": [may_leave(item) for item in tags],
        "at_times": ["; ".join(street.way.at_times) or None for street in streets],
    }
    return gpd.GeoDataFrame(columns, geometry=geometry.to_numpy(), crs="EPSG:4326")
