"""Ways out of towns drawn at random: neither the polygon's edge nor the extract's decides where a road leads."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest

from decided_exits import web_of
from drawn_map import Spot, metres
from drawn_towns import REACH_M, Sides, Town, around, cut, polygon, town_at_random
from evac.network.exits.decide import Decision
from evac.network.exits.record import WaysOutRecord
from evac.osm.web import Web
from evac.schema.places import FoundExits

MOVED_M, FURTHER_M = 350.0, 300.0
AREA: Sides = (600.0, 600.0, 600.0, 600.0)
EXTRACT: Sides = (3_400.0, 3_400.0, 3_400.0, 3_400.0)
HIGH, ANY = ("primary", "secondary"), ("primary", "secondary", "tertiary")


def _moved(sides: Sides, rng: random.Random, by: float) -> list[Sides]:
    """Return the sides with each moved by itself, in or out, and all of them at random."""
    one = [
        tuple(side + rng.choice([-by, by]) * (number == which) for number, side in enumerate(sides))
        for which in range(4)
    ]
    return [*one, tuple(side + rng.uniform(-by, by) for side in sides)]


def _check(town: Town, web: Web, area: Sides, settings: FoundExits, told: str) -> None:
    decision = Decision(web, polygon(area))
    record = decision.record(settings)
    labels = {item.label for item in record.ends}
    assert labels == (town.away if settings.at_least else _by_default(town, record, area)), told
    assert town.others >= {item.label for item in record.none if item.label.startswith("Road")}, told
    _check_that_exits_lead_away(decision, record, told)


def _by_default(town: Town, record: WaysOutRecord, area: Sides) -> set[str]:
    """Return the roads that count: tertiary ones only where no higher road leads the same way, within 45° and 2 km."""
    west, south, east, north = around(area)
    places: dict[str, list[Spot]] = {label: [] for label in town.away}
    for item in (*record.ends, *record.lesser):
        if item.label in places:
            places[item.label].append(metres(item.lon, item.lat))
    high = [place for label, found in places.items() if label not in town.tertiary for place in found]
    middle = ((west + east) / 2.0, (south + north) / 2.0)

    def same_way(one: Spot, other: Spot) -> bool:
        bearings = [math.atan2(place[0] - middle[0], place[1] - middle[1]) for place in (one, other)]
        apart = abs(math.remainder(bearings[0] - bearings[1], math.tau))
        return apart <= math.radians(45.0) and math.dist(one, other) <= 2_000.0

    return {
        label
        for label, found in places.items()
        if label not in town.tertiary or any(not any(same_way(place, other) for other in high) for place in found)
    }


def _check_that_exits_lead_away(decision: Decision, record: WaysOutRecord, told: str) -> None:
    """An exit lies outside of the area, and nobody comes back from there."""
    roads = decision.roads
    ends = np.array([end.node for end in record.ends], dtype=np.int64)
    assert not roads.inside[ends].any(), told
    onward = np.bincount(roads.start, minlength=roads.count) - np.bincount(roads.end, minlength=roads.count)
    assert (onward[ends] <= 0).all(), told


def _try(number: int, classes: tuple[str, ...], settings: FoundExits, folder: Path) -> None:
    rng = random.Random(number)
    town = town_at_random(rng, classes)
    whole = web_of(cut(town, EXTRACT, folder / "whole.osm", whole_ways=True))
    for area in (AREA, *_moved(AREA, rng, MOVED_M)):
        _check(town, whole, area, settings, f"town {number}, area {area}")
    # Where no road goes on, an unsigned dead end is the edge of a file that doesn't say its own: presumed, and told.
    how_cut = (True, False) if town.away else (True,)
    for extract in (EXTRACT, *_moved(EXTRACT, rng, FURTHER_M)):
        for whole_ways in how_cut:
            web = web_of(cut(town, extract, folder / "cut.osm", whole_ways=whole_ways))
            _check(town, web, AREA, settings, f"town {number}, extract {extract}, {whole_ways=}")


def test_roads_that_go_on_are_drawn_beyond_every_extract() -> None:
    assert max(EXTRACT) + FURTHER_M < REACH_M


@pytest.mark.parametrize("number", range(3))
def test_neither_the_polygon_nor_the_cut_decides(number: int, tmp_path: Path) -> None:
    _try(number, HIGH, FoundExits(), tmp_path)
    _try(number, ANY, FoundExits(), tmp_path)
    _try(number, ANY, FoundExits(at_least="tertiary"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3, 60))
def test_neither_the_polygon_nor_the_cut_decides_in_many_towns(number: int, tmp_path: Path) -> None:
    _try(number, HIGH, FoundExits(), tmp_path)
    _try(number, ANY, FoundExits(), tmp_path)
    _try(number, ANY, FoundExits(at_least="tertiary"), tmp_path)
