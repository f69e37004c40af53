"""Draw the schematic map: the frame as frame.yaml has it, the hills from a seed.

    python scenarios/mill-valley-schematic/make_map.py

writes `map.osm.gz` and `zones.geojson` into the folder `data` beside this script (or into `--out`). The same frame and
seed give the same content. `--seed` draws other hills, `--frame` takes another frame.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import shapely
import yaml
from hills import STEP_M, Hills, House, Street, settle

HERE = Path(__file__).parent
LAT0, LON0 = 37.895, -122.535
M_PER_DEG_LAT = 110_990.0
M_PER_DEG_LON = 87_960.0
"""At 37.9° north (WGS 84)."""
SPARE_LOTS = 1.25
"""Lots for each house: some fall on a neighbour's."""
ATTRIBUTION = "A schematic: frame approximate, hills generated. US-101 after © OpenStreetMap contributors (ODbL)"
Metres = tuple[float, float]


@dataclass
class OsmFile:
    """Nodes, ways and relations of an OpenStreetMap file; nodes at the same spot are one."""

    nodes: dict[Metres, int] = field(default_factory=dict)
    tags: dict[int, dict[str, str]] = field(default_factory=dict)
    ways: list[tuple[list[int], dict[str, str]]] = field(default_factory=list)

    def node(self, point: Metres) -> int:
        """Return the id of the node at a point."""
        spot = (round(point[0], 2), round(point[1], 2))
        return self.nodes.setdefault(spot, len(self.nodes) + 1)

    def way(self, points: Iterable[Metres], **tags: str | int | None) -> None:
        """Add a way."""
        kept = {key.replace("__", ":"): str(value) for key, value in tags.items() if value is not None}
        self.ways.append(([self.node(point) for point in points], kept))

    def text(self, bounds: Sequence[float]) -> str:
        """Return the file as OSM XML; bounds are south, west, north and east in degrees."""
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="make_map.py">']
        lines.append(f"<note>{ATTRIBUTION}</note>")
        sides = zip(("minlat", "minlon", "maxlat", "maxlon"), bounds, strict=True)
        lines.append("<bounds {}/>".format(" ".join(f'{side}="{value}"' for side, value in sides)))
        for point, number in self.nodes.items():
            lat, lon = degrees(point)
            head = f'<node id="{number}" version="1" lat="{lat:.7f}" lon="{lon:.7f}"'
            lines += _element(head, "node", [], self.tags.get(number, {}))
        for number, (refs, tags) in enumerate(self.ways, start=1):
            lines += _element(f'<way id="{number}" version="1"', "way", [f'<nd ref="{ref}"/>' for ref in refs], tags)
        return "\n".join([*lines, "</osm>", ""])


def _element(head: str, name: str, content: list[str], tags: dict[str, str]) -> list[str]:
    inner = content + [f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]
    return [f"{head}>", *inner, f"</{name}>"] if inner else [f"{head}/>"]


def main() -> None:
    """Draw the map."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="seed of the hills (default 1)")
    parser.add_argument("--frame", type=Path, default=HERE / "frame.yaml")
    parser.add_argument("--out", type=Path, default=HERE / "data")
    options = parser.parse_args()
    frame = yaml.safe_load(options.frame.read_text(encoding="utf-8"))
    write_map(frame, options.seed, options.out)


def write_map(frame: dict[str, Any], seed: int, folder: Path) -> None:
    """Write `map.osm.gz` and `zones.geojson` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    osm = draw(frame, seed)
    with gzip.GzipFile(folder / "map.osm.gz", "wb", mtime=0) as file:
        file.write(osm.text(frame["bounds"]).encode())
    text = json.dumps(zones_of(frame), ensure_ascii=False, indent=1) + "\n"
    (folder / "zones.geojson").write_text(text, encoding="utf-8")


def draw(frame: dict[str, Any], seed: int) -> OsmFile:
    """Return the whole map."""
    osm = OsmFile()
    points = {name: metres(place) for name, place in frame["points"].items()}
    carriageways = draw_motorway(osm, frame["motorway"])
    for road in frame["roads"]:
        draw_road(osm, road, points)
    for ramp in frame["ramps"]:
        draw_ramp(osm, ramp, points, carriageways, frame["ramp_mph"])
    for signal in frame["signals"]:
        osm.tags[osm.node(points[signal["at"]])] = {"highway": "traffic_signals"}
    draw_zones(osm, frame["zones"], points, seed)
    return osm


def draw_motorway(osm: OsmFile, motorway: dict[str, Any]) -> dict[str, dict[str, Metres]]:
    """Draw both carriageways; return their points by direction and name."""
    names = list(motorway["points"])
    centre = [metres(place) for place in motorway["points"].values()]
    lanes = motorway["lanes"]
    sides = {}
    for direction, side in (("us101_south", -1), ("us101_north", 1)):
        line = beside(centre, side * motorway["offset_m"])
        sides[direction] = dict(zip(names, line, strict=True))
    tags = {"highway": "motorway", "name": motorway["name"], "ref": motorway["ref"], "oneway": "yes"}
    speed = f"{motorway['mph']} mph"
    south = list(sides["us101_south"].values())
    osm.way(south, lanes=lanes["south"], maxspeed=speed, **tags)
    north = list(sides["us101_north"].values())[::-1]
    split = len(north) - 1 - names.index("n3")
    osm.way(north[: split + 1], lanes=lanes["north"], maxspeed=speed, **tags)
    osm.way(north[split:], lanes=lanes["north_of_blithedale"], maxspeed=speed, **tags)
    return sides


def beside(line: Sequence[Metres], offset_m: float) -> list[Metres]:
    """Return a line beside a line that runs south, point by point; positive to the east."""
    moved = []
    for place, (x, y) in enumerate(line):
        (x0, y0), (x1, y1) = line[max(place - 1, 0)], line[min(place + 1, len(line) - 1)]
        length = math.dist((x0, y0), (x1, y1))
        moved.append((x - offset_m * (y1 - y0) / length, y + offset_m * (x1 - x0) / length))
    return moved


def draw_road(osm: OsmFile, road: dict[str, Any], points: dict[str, Metres]) -> None:
    """Draw a road of the frame, a way for each piece."""
    for piece in road["pieces"]:
        forward, backward = piece["lanes"]
        osm.way(
            [points[name] for name in piece["points"]],
            highway=road["class"], name=road["name"], ref=road.get("ref"), maxspeed=f"{road['mph']} mph",
            lanes=forward + backward, lanes__forward=forward, lanes__backward=backward,
            turn__lanes__forward=piece.get("turns"),
            bridge="yes" if piece.get("bridge") else None, layer=1 if piece.get("bridge") else None,
        )  # fmt: skip


def draw_ramp(
    osm: OsmFile, ramp: dict[str, Any], points: dict[str, Metres], carriageways: dict[str, dict[str, Metres]], mph: int
) -> None:
    """Draw a ramp of one lane."""

    def end(name: str | dict[str, str]) -> Metres:
        if isinstance(name, str):
            return points[name]
        ((direction, place),) = name.items()
        return carriageways[direction][place]

    line = [end(ramp["from"]), *map(metres, ramp["by"]), end(ramp["to"])]
    osm.way(line, highway="motorway_link", name=ramp["name"], oneway="yes", lanes=1, maxspeed=f"{mph} mph")


def draw_zones(osm: OsmFile, zones: Sequence[dict[str, Any]], points: dict[str, Metres], seed: int) -> None:
    """Grow and draw the streets of all zones, with their houses."""
    collectors = {zone["name"]: [collector(item, points) for item in zone["collectors"]] for zone in zones}
    frame = [shapely.LineString(line_of(osm, refs)) for refs, _ in osm.ways]
    hills = Hills(seed, frame + [street.line for streets in collectors.values() for street in streets])
    grown = {}
    for zone in zones:
        blocks = round(zone["households"] * zone["flats"] / 8)
        lots = round(SPARE_LOTS * (zone["households"] - 7 * blocks))
        outline = shapely.Polygon([metres(place) for place in zone["outline"]])
        streets = hills.grow(zone["name"], outline, collectors[zone["name"]], lots)
        grown[zone["name"]] = streets
        for street in collectors[zone["name"]]:
            _draw_street(osm, street, "tertiary")
        for street in streets:
            _draw_street(osm, street, "residential")
    for zone in zones:
        streets = [*collectors[zone["name"]], *grown[zone["name"]]]
        for house in settle(streets, hills.obstacles, zone["households"], zone["flats"]):
            draw_house(osm, house)


def collector(item: dict[str, Any], points: dict[str, Metres]) -> Street:
    """Return the main street of a zone, with a point every so many metres."""
    corners = [points[place] if isinstance(place, str) else metres(place) for place in item["points"]]
    line: list[Metres] = [corners[0]]
    for start, end in pairwise(corners):
        parts = max(1, round(math.dist(start, end) / STEP_M))
        line += [
            (start[0] + (end[0] - start[0]) * part / parts, start[1] + (end[1] - start[1]) * part / parts)
            for part in range(1, parts + 1)
        ]
    return Street(item["name"], tuple(line))


def _draw_street(osm: OsmFile, street: Street, highway: str) -> None:
    lanes = {"lanes": 2, "maxspeed": "25 mph"}
    osm.way(street.points, highway=highway, name=street.name, **lanes)


def draw_house(osm: OsmFile, house: House) -> None:
    """Draw a house with its address."""
    half = house.size_m / 2
    sine, cosine = math.sin(house.bearing), math.cos(house.bearing)
    corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    flats = house.dwellings > 1
    osm.way(
        [(house.x + a * cosine + b * sine, house.y - a * sine + b * cosine) for a, b in corners],
        building="apartments" if flats else "house", building__flats=house.dwellings if flats else None,
        addr__street=house.street, addr__housenumber=house.number,
    )  # fmt: skip


def line_of(osm: OsmFile, refs: Sequence[int]) -> list[Metres]:
    """Return the points of a way."""
    spots = list(osm.nodes)
    return [spots[ref - 1] for ref in refs]


def zones_of(frame: dict[str, Any]) -> dict[str, Any]:
    """Return the zones with their households as GeoJSON."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": zone["name"], "households": zone["households"]},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[lon, lat] for lat, lon in [*zone["outline"], zone["outline"][0]]]],
            },
        }
        for zone in frame["zones"]
    ]
    return {"type": "FeatureCollection", "attribution": ATTRIBUTION, "features": features}


def metres(place: Sequence[float]) -> Metres:
    """Return a lat, lon in degrees as metres east and north of the map's middle."""
    return (place[1] - LON0) * M_PER_DEG_LON, (place[0] - LAT0) * M_PER_DEG_LAT


def degrees(point: Metres) -> tuple[float, float]:
    """Return metres as lat, lon."""
    return LAT0 + point[1] / M_PER_DEG_LAT, LON0 + point[0] / M_PER_DEG_LON


if __name__ == "__main__":
    main()
