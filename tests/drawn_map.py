"""Small maps drawn in metres, written as OpenStreetMap files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import quoteattr

import shapely

LAT, LON = 47.0, 9.5
NORTH, EAST = 1 / 111_195.0, 1 / (111_195.0 * 0.6819983600624985)  # degrees a metre

Spot = tuple[float, float]


def degrees(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of a place in metres east and north."""
    return LON + x * EAST, LAT + y * NORTH


def metres(lon: float, lat: float) -> Spot:
    """Return a place in metres east and north of its longitude and latitude."""
    return (lon - LON) / EAST, (lat - LAT) / NORTH


def box(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    """Return a box in metres as a polygon in WGS 84."""
    return shapely.box(*degrees(west, south), *degrees(east, north))


@dataclass
class DrawnMap:
    """A map: ways by name, and nodes with tags; lines that share a place share a node."""

    bounds: tuple[float, float, float, float] | None = None
    ways: list[tuple[dict[str, str], list[Spot]]] = field(default_factory=list)
    tags: dict[Spot, dict[str, str]] = field(default_factory=dict)

    def road(self, name: str, highway: str, line: Iterable[Spot], **tags: str) -> DrawnMap:
        """Add a road; `highway` may be `construction` and the like, or empty; `__` in a key stands for a colon."""
        more = {key.replace("__", ":"): value for key, value in tags.items()}
        self.ways.append(
            ({**({"highway": highway} if highway else {}), **({"name": name} if name else {}), **more}, list(line))
        )
        return self

    def ferry(self, name: str, line: Iterable[Spot]) -> DrawnMap:
        self.ways.append(({"route": "ferry", "name": name, "motor_vehicle": "yes"}, list(line)))
        return self

    def border(self, line: Iterable[Spot], level: str = "2") -> DrawnMap:
        self.ways.append(({"boundary": "administrative", "admin_level": level}, list(line)))
        return self

    def node(self, spot: Spot, **tags: str) -> DrawnMap:
        self.tags[spot] = tags
        return self

    def streets(self, west: float, south: float, east: float, north: float, step: float = 100.0) -> DrawnMap:
        """Add a grid of residential streets, one way of the map each."""
        xs = [west + step * number for number in range(int((east - west) / step) + 1)]
        ys = [south + step * number for number in range(int((north - south) / step) + 1)]
        for number, y in enumerate(ys):
            self.road(f"Row {number}", "residential", [(x, y) for x in xs])
        for number, x in enumerate(xs):
            self.road(f"Column {number}", "residential", [(x, y) for y in ys])
        return self

    def write(self, path: Path) -> Path:
        spots = {spot: number for number, spot in enumerate(dict.fromkeys(s for _, line in self.ways for s in line), 1)}
        lines = ['<osm version="0.6">']
        if self.bounds:
            (west, south), (east, north) = degrees(*self.bounds[:2]), degrees(*self.bounds[2:])
            lines.append(f'<bounds minlon="{west:.7f}" minlat="{south:.7f}" maxlon="{east:.7f}" maxlat="{north:.7f}"/>')
        for spot, number in spots.items():
            lon, lat = degrees(*spot)
            lines.append(f'<node id="{number}" lat="{lat:.7f}" lon="{lon:.7f}">{_tags(self.tags.get(spot, {}))}</node>')
        for number, (tags, line) in enumerate(self.ways, 1):
            refs = "".join(f'<nd ref="{spots[spot]}"/>' for spot in line)
            lines.append(f'<way id="{number}">{refs}{_tags(tags)}</way>')
        path.write_text("\n".join([*lines, "</osm>", ""]))
        return path


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def straight(*corners: Spot, step: float = 100.0) -> Sequence[Spot]:
    """Return a line with a node every so many metres."""
    line: list[Spot] = [corners[0]]
    for (x1, y1), (x2, y2) in pairwise(corners):
        pieces = max(1, round(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 / step))
        line += [
            (round(x1 + (x2 - x1) * k / pieces, 3), round(y1 + (y2 - y1) * k / pieces, 3)) for k in range(1, pieces + 1)
        ]
    return line
