"""Found exits on the net: those that the area's streets lead to, and ways out that stand apart from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from drawn_map import DrawnMap, Spot, degrees, straight
from evac.scenario import load_scenario
from evac.study.prepare import Prepared, prepare

SMALL = [(-50, -50), (450, -50), (450, 450), (-50, 450), (-50, -50)]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A town, a hamlet of 2 % of its streets with a road of its own, and a motorway that passes without a ramp."""
    folder = tmp_path_factory.mktemp("town")
    drawn = DrawnMap((-3000, -3000, 5400, 4600)).streets(0, 0, 1500, 1500)
    drawn.road("Main Road", "secondary", straight((0, 700), (-3200, 700)))
    drawn.road("Farm Lane", "residential", [(2200, 0), (2200, 100), (2300, 100), (2300, 0), (2200, 0)])
    drawn.road("Valley Road", "secondary", straight((2200, 0), (2200, -3200)))
    drawn.road("A 1", "motorway", straight((1850, -3200), (1850, 4800)), oneway="yes")
    return _prepared(drawn, folder, [(-50, -50), (2350, -50), (2350, 1550), (-50, 1550), (-50, -50)])


def _prepared(drawn: DrawnMap, folder: Path, ring: Sequence[Spot] = SMALL) -> Prepared:
    """Prepare a scenario with 500 homes in a ring (m) of a map."""
    drawn.write(folder / "map.osm")
    shape = {"type": "Polygon", "coordinates": [[degrees(*spot) for spot in ring]]}
    zone = {"type": "Feature", "properties": {"households": 500}, "geometry": shape}
    (folder / "zones.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [zone]}))
    scenario = {
        "name": "Town and hamlet",
        "osm": {"file": "map.osm"},
        "households": {"zones": {"file": "zones.geojson", "count": "households"}},
        "traffic": {"country": "CH"},
    }
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario))
    return prepare(load_scenario(folder), folder / ".evac", lambda _: None)


def test_a_hamlets_only_way_out_is_an_exit_however_few_live_there(town: Prepared) -> None:
    assert [item.name for item in town.exits] == ["Main Road", "Valley Road"]
    assert town.starts["edge"].notna().all()
    assert len(town.starts) == 500


def test_a_way_out_that_no_street_of_the_area_leads_to_is_told_as_none(town: Prepared) -> None:
    told = {item.label: item.reason for item in town.ways_out.none}
    assert told == {"A 1": "no street of the area leads there over the simulated roads"}
    assert any("A 1 (motorway) leads away and is no exit" in finding.text for finding in town.findings)
    assert "A 1" not in {end.label for end in town.ways_out.ends}


def test_exits_of_one_name_and_direction_are_told_apart_by_the_last_cross_street(tmp_path: Path) -> None:
    drawn = DrawnMap((-3000, -3000, 3400, 3400)).streets(0, 0, 400, 400)
    for y, cross in ((100, "Elm Street"), (300, "Oak Street")):
        drawn.road("County Road 7", "secondary", straight((400, y), (3600, y)))
        drawn.road(cross, "residential", straight((700, y), (700, y + (100 if y > 200 else -100))))
    town = _prepared(drawn, tmp_path)
    assert [item.name for item in town.exits] == [
        "County Road 7 eastbound after Elm Street",
        "County Road 7 eastbound after Oak Street",
    ]


def test_exits_that_nothing_tells_apart_have_numbers(tmp_path: Path) -> None:
    drawn = DrawnMap((-3000, -3000, 3400, 3400)).streets(0, 0, 400, 400)
    for y in (100, 300):
        drawn.road("County Road 7", "secondary", straight((400, y), (3600, y)))
    names = [item.name for item in _prepared(drawn, tmp_path).exits]
    assert names == [f"County Road 7 eastbound after Column 4 {number}" for number in (1, 2)]
