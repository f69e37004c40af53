"""What the ways out that a scenario leaves out would save: vehicles by what all exits pass, none ever idle."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from drawn_map import DrawnMap, degrees, straight
from evac.report.exits_map import in_words, reach_in_words
from evac.scenario import load_scenario
from evac.study.prepare import Prepared, prepare

HOUSEHOLDS = 1900


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town that a primary road, a secondary road of two lanes and a tertiary one lead out of."""
    folder = tmp_path_factory.mktemp("town")
    drawn = DrawnMap((-3000, -3000, 3400, 3400)).streets(0, 0, 400, 400)
    drawn.road("East Road", "primary", straight((400, 200), (3600, 200)), lanes="2")
    drawn.road("South Road", "secondary", straight((200, 0), (200, -3200)), lanes="4")
    drawn.road("West Road", "tertiary", straight((0, 200), (-3200, 200)), lanes="2")
    drawn.road("North Road", "secondary", straight((200, 400), (200, 1200)), lanes="2")
    drawn.write(folder / "map.osm")
    ring = [degrees(*spot) for spot in ((-50, -50), (450, -50), (450, 450), (-50, 450), (-50, -50))]
    shape = {"type": "Polygon", "coordinates": [ring]}
    zone = {"type": "Feature", "properties": {"name": "Town", "households": HOUSEHOLDS}, "geometry": shape}
    (folder / "zones.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [zone]}))
    return folder


def prepared(folder: Path, exits: Any) -> Prepared:
    scenario = {
        "name": "Town",
        "osm": {"file": "map.osm"},
        "households": {"zones": {"file": "zones.geojson", "count": "households", "name": "name"}},
        "exits": exits,
        "vehicles_per_household": [1, 2],
        "traffic": {"country": "CH"},
    }
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario))
    return prepare(load_scenario(folder), folder / ".evac", lambda _: None)


@pytest.mark.parametrize(
    ("exits", "left_out", "hours", "hours_with_them"),
    [
        ({}, set(), None, None),
        ({"at_least": "primary"}, {"South Road", "West Road"}, "2:00", "0:30"),
        ({"not_by": ["South Road"]}, {"South Road"}, "1:00", "0:30"),
        ([{"name": "East", "street": "East Road"}], {"South Road", "West Road"}, "2:00", "0:30"),
        ([{"name": "East", "street": "East Road", "veh_per_h": 950}], {"South Road", "West Road"}, "4:00", "0:34"),
    ],
)
def test_the_effect_of_fewer_exits_is_said_in_hours(
    folder: Path, exits: Any, left_out: set[str], hours: str | None, hours_with_them: str | None
) -> None:
    """3,800 vehicles at 1,900 an hour and lane."""
    town = prepared(folder, exits)
    assert {item.name for item in town.exits_left_out} == left_out
    told = [finding.text for finding in town.findings if finding.kind == "exits_left_out"]
    assert len(told) == (hours is not None)
    for text in told:
        assert f"at least {hours}\u00a0h for 3,800 vehicles" in text
        assert f"with them, at least {hours_with_them}\u00a0h" in text


def test_the_map_of_the_ways_out_in_words(folder: Path) -> None:
    reach = "The map reaches beyond the area: 2.9 km north, 2.9 km east, 2.9 km south, 2.9 km west"
    found = "Exits: 1 East Road (1 lane); 2 South Road (2 lanes); 3 West Road (1 lane)"
    town = prepared(folder, {})
    assert in_words(town.ways_out, town.exits) == [found, "a no exit: North Road, it ends", reach]
    town = prepared(folder, {"also": [{"name": "Landing", "street": "North Road", "way": None, "veh_per_h": 60}]})
    assert in_words(town.ways_out, town.exits) == [f"{found}; 4 Landing (60 vehicles an hour)", reach]


def test_the_sides_on_which_the_map_ends_inside_the_area_are_told(folder: Path) -> None:
    record = prepared(folder, {}).ways_out
    some = replace(record, reach_m={"north": 2000.0, "east": -1000.0, "south": -4.0, "west": -560.0})
    told = (
        "The map reaches beyond the area: 2.0 km north, 0.0 km south; it ends inside the area: 1.0 km east, 0.6 km west"
    )
    assert reach_in_words(some) == told
    none = replace(record, reach_m=dict.fromkeys(("north", "east", "south", "west"), -100.0))
    told = "The map ends inside the area: 0.1 km north, 0.1 km east, 0.1 km south, 0.1 km west"
    assert reach_in_words(none) == told
