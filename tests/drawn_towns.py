"""Towns drawn at random, with what is right for each road: does one get away by it?"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from pathlib import Path

import shapely

from drawn_map import DrawnMap, Spot, box, degrees, straight

REACH_M = 6_000.0
"""Roads that go on are drawn so far from the town's middle: beyond every extract."""

_MIDDLE = (200.0, 200.0)
_GATES: list[Spot] = [(400, 200), (400, 400), (200, 400), (0, 400), (0, 200), (0, 0), (200, 0), (400, 0)]
ENDINGS = (
    *("goes on", "goes on", "two carriageways", "one way out", "around a bend", "fork", "roundabout"),
    *("ends", "turning circle", "track", "no access", "works", "bollard", "gate", "ferry", "back", "one way in"),
    *("bus only", "winter", "pedestrian", "path", "proposed", "no exit sign", "loop at the end", "private"),
)
LEADS_AWAY = {"goes on", "two carriageways", "one way out", "around a bend", "fork", "roundabout"}
_CLOSED = {
    "no access": {"access": "no"},
    "bus only": {"motor_vehicle": "no", "bus": "yes"},
    "private": {"access": "private"},
    "winter": {"motor_vehicle__conditional": "no @ (Nov-Apr)"},
}


@dataclass(frozen=True)
class Town:
    """A drawn town.

    Parameters
    ----------
    drawn
        Its map, as far as its roads are drawn.
    away
        The labels of the roads by which one gets away.
    others
        Those of the roads that are none.
    tertiary
        Those of the roads of class tertiary.
    """

    drawn: DrawnMap
    away: frozenset[str]
    others: frozenset[str]
    tertiary: frozenset[str]


def town_at_random(rng: random.Random, classes: tuple[str, ...]) -> Town:
    """Return a town of nine blocks with three to six roads in as many directions, and now and then a motorway."""
    drawn = DrawnMap().streets(0, 0, 400, 400)
    away, others, tertiary = set(), set(), set()
    gates = rng.sample(range(len(_GATES)), rng.randint(3, 6))
    if 6 in gates and rng.random() < 0.5:
        gates.remove(6)
        _motorway(drawn, rng.uniform(1_300.0, 2_300.0))
        away.add("A 1")
    for gate in gates:
        ending = rng.choice(ENDINGS)
        highway = rng.choice(classes)
        name = _road(drawn, highway, ending, gate, rng)
        (away if ending in LEADS_AWAY else others).add(name)
        if highway == "tertiary":
            tertiary.add(name)
    return Town(drawn, frozenset(away), frozenset(others), frozenset(tertiary))


def _motorway(drawn: DrawnMap, south_m: float) -> None:
    """Draw a motorway south of the town with a ramp onto it; the one down from it comes into town."""
    y = round(-south_m, 1)
    drawn.road("A 1", "motorway", straight((-REACH_M, y), (600.0, y), (REACH_M, y)), oneway="yes")
    drawn.road("A 1", "motorway", straight((REACH_M, y + 30.0), (-300.0, y + 30.0), (-REACH_M, y + 30.0)), oneway="yes")
    drawn.road("", "motorway_link", straight((200.0, 0.0), (600.0, y)), oneway="yes", destination="Far")
    drawn.road("", "motorway_link", straight((-300.0, y + 30.0), (100.0, 0.0)), oneway="yes")


def _road(drawn: DrawnMap, highway: str, ending: str, gate: int, rng: random.Random) -> str:
    """Draw a road from one of the town's gates, and return its name."""
    name = f"Road {gate}"
    start, bearing = _GATES[gate], math.radians(45.0 * gate + rng.uniform(-12.0, 12.0))
    stop_m = rng.uniform(1_200.0, 2_700.0)
    stop, far = _along(start, bearing, stop_m), _along(start, bearing, REACH_M)
    if ending == "goes on":
        drawn.road(name, highway, straight(start, stop, far))
    elif ending == "around a bend":
        drawn.road(name, highway, straight(start, stop, _along(stop, bearing + rng.choice([-0.6, 0.6]), REACH_M)))
    elif ending in {"one way out", "one way in"}:
        line = straight(start, stop, far)
        drawn.road(name, highway, line if ending == "one way out" else line[::-1], oneway="yes")
    elif ending == "two carriageways":
        drawn.road(name, highway, straight(start, far), oneway="yes")
        beside = _along(start, bearing + 1.57, 25.0)
        drawn.road(name, highway, straight(_along(far, bearing + 1.57, 25.0), beside, start), oneway="yes")
    elif ending == "back":
        side, home = _along(stop, bearing + 1.57, 200.0), _GATES[(gate - 1) % len(_GATES)]
        drawn.road(name, highway, straight(start, stop, side, home), oneway="yes")
    elif ending in {"bollard", "gate"}:
        drawn.road(name, highway, straight(start, stop, far))
        drawn.node(stop, **({"barrier": "bollard"} if ending == "bollard" else {"barrier": "gate", "locked": "yes"}))
    elif ending == "fork":
        drawn.road(name, highway, straight(start, stop, far))
        drawn.road("", highway, straight(stop, _along(stop, bearing + 0.8, 300.0)))
    elif ending == "roundabout":
        circle = [_along(stop, bearing + math.pi + 0.25 * math.pi * number, 20.0) for number in range(8)]
        drawn.road("", highway, [*circle, circle[0]], junction="roundabout", oneway="yes")
        drawn.road(name, highway, straight(start, circle[0]))
        drawn.road(name, highway, straight(circle[4], far))
    elif ending == "loop at the end":
        fork = _along(start, bearing, stop_m - 450.0)  # an extract that cuts the loop shows two roads that go on
        loop = [_along(fork, bearing - 0.8, 300.0), stop, _along(fork, bearing + 0.8, 300.0)]
        drawn.road(name, highway, straight(start, fork))
        drawn.road(name, highway, straight(fork, *loop, fork), oneway="yes")
    else:
        drawn.road(name, highway, straight(start, stop))
        _beyond(drawn, name, highway, ending, straight(stop, far))
    return name


def _beyond(drawn: DrawnMap, name: str, highway: str, ending: str, line: list[Spot]) -> None:
    """Draw what comes behind the end of a road."""
    if ending == "turning circle":
        drawn.node(line[0], highway="turning_circle")
    elif ending == "no exit sign":
        drawn.node(line[0], noexit="yes")
    elif ending in {"track", "pedestrian", "path"}:
        drawn.road("", ending, line)
    elif ending in _CLOSED:
        drawn.road(name, highway, line, **_CLOSED[ending])
    elif ending == "works":
        drawn.road(name, "construction", line, construction=highway)
    elif ending == "proposed":
        drawn.road(name, "proposed", line, proposed=highway)
    elif ending == "ferry":
        drawn.ferry(f"{name} Ferry", line)


def _along(spot: Spot, bearing: float, metres: float) -> Spot:
    return round(spot[0] + metres * math.cos(bearing), 1), round(spot[1] + metres * math.sin(bearing), 1)


Sides = tuple[float, float, float, float]
"""How far west, south, east and north of the town's middle something reaches (m)."""


def around(sides: Sides) -> tuple[float, float, float, float]:
    """Return the box of some sides in metres (west, south, east, north)."""
    west, south, east, north = sides
    return _MIDDLE[0] - west, _MIDDLE[1] - south, _MIDDLE[0] + east, _MIDDLE[1] + north


def polygon(sides: Sides) -> shapely.Geometry:
    """Return it as a polygon (WGS 84)."""
    return box(*around(sides))


def cut(town: Town, sides: Sides, path: Path, *, whole_ways: bool) -> Path:
    """Write an extract of a town.

    With `whole_ways` it has all nodes of the ways that touch it and says what it covers, as `osmium extract` does by
    default; without, ways lack their nodes outside and the file says nothing, as with its strategy `simple`.
    """
    bounds = around(sides)
    shape = shapely.box(*bounds)
    ways = [way for way in town.drawn.ways if shapely.intersects(shape, shapely.LineString(way[1]))]
    extract = DrawnMap(bounds if whole_ways else None, ways, town.drawn.tags)
    extract.write(path)
    if not whole_ways:
        (west, south), (east, north) = degrees(*bounds[:2]), degrees(*bounds[2:])
        lines = []
        for line in path.read_text().splitlines():
            place = re.match(r'<node id="\d+" lat="([\d.-]+)" lon="([\d.-]+)"', line)
            if place and not (south <= float(place[1]) <= north and west <= float(place[2]) <= east):
                continue
            lines.append(line)
        path.write_text("\n".join(lines))
    return path
