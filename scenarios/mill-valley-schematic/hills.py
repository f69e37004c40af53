"""Grows the dead-end streets of a zone and puts houses along them. Everything is in metres, drawn from a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

STEP_M = 40.0
"""Distance between the points of a street; a side street may begin at any of them."""
APART_M = 44.0
"""Least distance between streets: two rows of lots."""
LENGTHS_M = (100.0, 340.0)
BEND_DEG = 13.0
"""Standard deviation of the bend at each point: hillside streets wind."""
LOT_M = 18.0
SETBACK_M = 14.0
HOUSE_M = 10.0
FLATS_M = 16.0
FLATS = 8
"""Dwellings of an apartment house."""
_TRIES = 20_000
_ENDINGS = ("Lane", "Court", "Place", "Terrace", "Way", "Road", "Drive", "Trail")
_BEGINNINGS = ("", "", "Upper", "Lower", "Little", "Old")
_NAMES = (  # noqa: SIM905  reads better than a hundred quoted words
    "Acorn Alder Amber Aster Azalea Bay Bayview Bell Birch Blackberry Bluff Bracken Briar Brook Buckeye Canyon Cedar "
    "Chestnut Clover Columbine Cove Creek Cypress Dawn Deer Dell Dogwood Eagle Echo Elder Fawn Fern Fir Foxglove Glade "
    "Grove Hawk Hazel Heather Heron Hidden High Hill Hollow Iris Ivy Jasmine Juniper Knoll Larch Laurel Lilac Linden "
    "Lupine Madrone Magnolia Manzanita Maple Marsh Meadow Mint Mist Moss Myrtle Oak Olive Orchard Osprey Owl Panorama "
    "Pepper Pine Poplar Poppy Quail Quarry Raven Redbud Ridge Robin Rock Rose Sage Sequoia Shadow Sorrel Sparrow "
    "Spring Spruce Summit Sunrise Swallow Sycamore Tamarack Thistle Thrush Toyon Trillium Valley Vine Violet Vista "
    "Willow Wren"
).split()


@dataclass(frozen=True)
class Street:
    """A street: its name and its points (metres), the first on the street that it begins at."""

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def line(self) -> shapely.LineString:
        """The street's line."""
        return shapely.LineString(self.points)


@dataclass(frozen=True)
class House:
    """A house: its middle, its bearing, its size (metres), its address and the dwellings in it."""

    x: float
    y: float
    bearing: float
    size_m: float
    street: str
    number: int
    dwellings: int


@dataclass
class Hills:
    """Side streets of all zones, grown one zone after the other.

    Parameters
    ----------
    seed
        The same seed gives the same hills.
    obstacles
        Lines of the streets that are there already.
    """

    seed: int
    obstacles: list[shapely.LineString]
    taken: set[str] = field(default_factory=set)

    def grow(self, zone: str, outline: shapely.Polygon, collectors: Sequence[Street], lots: int) -> list[Street]:
        """Add side streets until there is frontage for so many lots, or no room for more streets; return them."""
        rng = np.random.default_rng([self.seed, *zone.encode()])
        streets = list(collectors)
        roots = [list(street.points[2:]) for street in streets]
        room = sum(_lots(street) for street in streets)
        tree = shapely.STRtree(self.obstacles)
        for _ in range(_TRIES):
            if room >= lots:
                break
            parent = int(rng.integers(len(streets)))
            points = roots[parent]
            if not points:
                continue
            start = points[int(rng.integers(len(points)))]
            side = self._side_street(rng, streets[parent], start, outline, tree)
            if side is None:
                continue
            roots[parent] = [point for point in points if math.dist(point, start) > 1.9 * STEP_M]
            street = Street(self._name(rng), side)
            streets.append(street)
            roots.append(list(side[2:]))
            self.obstacles.append(street.line)
            tree = shapely.STRtree(self.obstacles)
            room += _lots(street)
        return streets[len(collectors) :]

    def _side_street(
        self,
        rng: np.random.Generator,
        parent: Street,
        start: tuple[float, float],
        outline: shapely.Polygon,
        tree: shapely.STRtree,
    ) -> tuple[tuple[float, float], ...] | None:
        """Return the points of a street that leaves its parent at about a right angle, as far as there is room."""
        heading = _bearing_at(parent, start) + rng.choice([-1, 1]) * math.pi / 2 + rng.normal(0, math.radians(15))
        points = [start]
        for number in range(int(rng.uniform(*LENGTHS_M) // STEP_M)):
            x, y = points[-1]
            point = (x + STEP_M * math.sin(heading), y + STEP_M * math.cos(heading))
            if not self._is_free(shapely.Point(point), tree, outline, 0.8 * STEP_M if number == 0 else APART_M):
                break
            points.append(point)
            heading += rng.normal(0, math.radians(BEND_DEG))
        return tuple(points) if len(points) > 2 else None  # noqa: PLR2004  two pieces at least

    def _is_free(self, spot: shapely.Point, tree: shapely.STRtree, outline: shapely.Polygon, apart_m: float) -> bool:
        near = self.obstacles[int(tree.nearest(spot))]
        return bool(outline.contains(spot)) and near.distance(spot) >= apart_m

    def _name(self, rng: np.random.Generator) -> str:
        while True:
            lists = (_BEGINNINGS, _NAMES, _ENDINGS)
            name = " ".join(words[int(rng.integers(len(words)))] for words in lists).strip()
            if name not in self.taken:
                self.taken.add(name)
                return name


def settle(
    streets: Sequence[Street], roads: Sequence[shapely.LineString], households: int, flats: float
) -> list[House]:
    """Put houses along streets: apartment houses first, nearest to where the streets begin, then one by one."""
    tree = shapely.STRtree(list(roads))
    blocks = round(households * flats / FLATS)
    houses: list[House] = []
    left = households
    for street, number, x, y, bearing in _sites(streets):
        if left == 0:
            break
        size = FLATS_M if len(houses) < blocks else HOUSE_M
        spot = shapely.Point(x, y)
        if roads[int(tree.nearest(spot))].distance(spot) < 0.7 * SETBACK_M:
            continue
        if any(math.dist((x, y), (other.x, other.y)) < (size + other.size_m) / 2 + 4 for other in houses[-400:]):
            continue
        dwellings = min(left, FLATS if len(houses) < blocks else 1)
        houses.append(House(x, y, bearing, size, street, number, dwellings))
        left -= dwellings
    for place in range(left):  # where lots are short, some houses hold a second household
        houses[place] = replace(houses[place], dwellings=houses[place].dwellings + 1)
    return houses


def _sites(streets: Sequence[Street]) -> list[tuple[str, int, float, float, float]]:
    """Return the lots along streets: street, house number, middle of the house, bearing of the street."""
    sites = []
    for street in streets:
        line = street.line
        for place in range(int((line.length - LOT_M) // LOT_M)):
            along = LOT_M * (place + 1.2)
            middle, ahead = line.interpolate(along), line.interpolate(along + 1.0)
            bearing = math.atan2(ahead.x - middle.x, ahead.y - middle.y)
            for side in (1, -1):
                x = middle.x + side * SETBACK_M * math.cos(bearing)
                y = middle.y - side * SETBACK_M * math.sin(bearing)
                sites.append((street.name, 2 * place + 1 + (side < 0), x, y, bearing))
    return sites


def _lots(street: Street) -> int:
    return int(1.75 * street.line.length // LOT_M)


def _bearing_at(street: Street, point: tuple[float, float]) -> float:
    place = street.points.index(point)
    (x0, y0), (x1, y1) = street.points[place - 1], point
    return math.atan2(x1 - x0, y1 - y0)
