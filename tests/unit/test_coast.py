"""The sea of a map: land lies to the left of a coastline, and a zone that reaches out to sea keeps its households."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
import yaml

from drawn_map import DrawnMap, Spot, box, degrees, straight
from evac.osm.coast import sea_of
from evac.scenario import load_scenario
from evac.study.prepare import Prepared, prepare

TOWN = np.array([degrees(x, y) for x in (0.0, 200.0, 400.0) for y in (0.0, 200.0, 400.0)])
SHORE = straight((-3000, -300), (-1000, -350), (0, -200), (400, -100), (1500, -400), (3000, -300))


def coast(*lines: list[Spot]) -> list[np.ndarray]:
    return [np.array([degrees(*spot) for spot in line]) for line in lines]


def wet(sea: list[shapely.Polygon], *spots: Spot) -> list[bool]:
    whole = shapely.union_all(sea)
    return [bool(shapely.contains_xy(whole, *degrees(*spot))) for spot in spots]


def test_the_sea_is_on_the_right_of_a_coastline() -> None:
    sea = sea_of(coast(list(reversed(SHORE))), TOWN[:0])
    assert wet(sea, (0, 0), (0, 9000), (0, -900), (9000, -9000)) == [True, True, False, False]
    sea = sea_of(coast(list(SHORE)), TOWN)
    assert wet(sea, (0, 0), (0, 9000), (0, -900), (9000, -9000)) == [False, False, True, True]


def test_a_coastline_in_pieces_with_islands_and_a_lagoon() -> None:
    west, east = list(SHORE[: len(SHORE) // 2]), list(SHORE[len(SHORE) // 2 - 1 :])
    island = [(0.0, -2000.0), (500.0, -2000.0), (500.0, -1500.0), (0.0, -1500.0), (0.0, -2000.0)]
    lagoon = [(-900.0, 900.0), (-900.0, 1500.0), (-300.0, 1500.0), (-300.0, 900.0), (-900.0, 900.0)]
    sea = sea_of(coast(east, island, west, lagoon), TOWN)
    assert wet(sea, (200, 200), (200, -900), (250, -1750), (-600, 1200)) == [False, True, False, True]


def test_an_island_alone_lies_in_the_sea() -> None:
    ring = [(-500.0, -500.0), (900.0, -500.0), (900.0, 900.0), (-500.0, 900.0), (-500.0, -500.0)]
    assert wet(sea_of(coast(ring), TOWN), (0, 0), (-900, 0), (5000, 5000)) == [False, True, True]


def test_no_coastline_no_sea() -> None:
    assert sea_of([], TOWN) == []


def test_a_coastline_that_would_drown_the_town_is_none() -> None:
    assert sea_of(coast(list(reversed(SHORE))), TOWN) == []


ZONES = {
    "Shore": ((-100, 500), (-100, -15000), (500, -15000), (500, 500)),
    "Sea": ((600, -900), (600, -9000), (900, -9000)),
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A coast town in an extract that ends 500 m out; one zone reaches 15 km out to sea, another is nothing but sea."""
    folder = tmp_path_factory.mktemp("coast")
    drawn = DrawnMap((-3000, -600, 3400, 3400)).streets(0, 0, 400, 400)
    drawn.road("Coast Road", "primary", straight((-3200, 200), (0, 200)))
    drawn.road("Coast Road", "primary", straight((400, 200), (3600, 200)))
    drawn.ways.append(({"natural": "coastline"}, list(SHORE)))
    for number in range(9):
        x, y = 20.0 + 40.0 * number, 20.0
        ring = [(x, y), (x + 10, y), (x + 10, y + 10), (x, y + 10), (x, y)]
        drawn.ways.append(({"building": "house"}, ring))
    drawn.write(folder / "map.osm")
    features = []
    for (name, ring), households in zip(ZONES.items(), (400, 20), strict=True):
        corners = [degrees(*spot) for spot in (*ring, ring[0])]
        shape = {"type": "Polygon", "coordinates": [corners]}
        features.append({"type": "Feature", "properties": {"name": name, "households": households}, "geometry": shape})
    (folder / "zones.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    scenario = {
        "name": "Coast",
        "osm": {"file": "map.osm"},
        "households": {"zones": {"file": "zones.geojson", "count": "households", "name": "name"}},
        "traffic": {"country": "FR"},
    }
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario))
    return prepare(load_scenario(folder), folder / ".evac", lambda _: None)


def test_a_zone_that_reaches_out_to_sea_loses_nobody_to_it(town: Prepared) -> None:
    accounts = town.households.accounts().set_index("zone")
    assert accounts.loc["Shore", "planned"] == 400
    assert town.homes.geometry.within(box(-100, -100, 500, 500)).all()


def test_a_zone_of_nothing_but_sea_has_a_loss_with_a_name(town: Prepared) -> None:
    accounts = town.households.accounts().set_index("zone")
    assert accounts.loc["Sea", "planned"] == 0
    assert accounts.loc["Sea", ["over_water", "off_map"]].sum() == 20
