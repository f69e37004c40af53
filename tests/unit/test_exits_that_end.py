"""Exits that a scenario names: the map shows a way on behind them, or it is told what ends the road."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely
import yaml

from drawn_map import DrawnMap, degrees, straight
from evac.errors import PlaceError
from evac.network.exits.record import NONE, RoadOut, WaysOutRecord
from evac.scenario import load_scenario
from evac.study.prepare import Prepared, prepare

EXITS = {
    "East": {"street": "East Road", "towards": "east"},
    "Ferry": {"street": "Quay Road", "towards": "south"},
    "Works": {"street": "Works Road", "towards": "north"},
    "Bridge": {"street": "West Road", "crossing": "Farm Road", "towards": "west"},
    "Ranch": {"street": "Ranch Road", "towards": "east"},
    "Into town": {"street": "Bypass", "crossing": "Field Lane", "towards": "west"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town with a road and a private one that go on, and others: to a quay, to works, to an end behind a bridge."""
    folder = tmp_path_factory.mktemp("town")
    drawn = DrawnMap((-3000, -3000, 3400, 3400)).streets(0, 0, 400, 400)
    drawn.road("East Road", "primary", straight((400, 200), (3600, 200)))
    drawn.road("Ranch Road", "secondary", straight((400, 0), (3600, -600)), access="private")
    drawn.road("Quay Road", "secondary", straight((200, 0), (200, -900)))
    drawn.ferry("Ferry", [(200, -900), (200, -3500)])
    drawn.road("Works Road", "secondary", straight((200, 400), (200, 1200)))
    drawn.road("Works Road", "construction", straight((200, 1200), (200, 3600)), construction="secondary")
    drawn.road("West Road", "secondary", straight((0, 200), (-1200, 200)))
    drawn.road("Farm Road", "residential", straight((-700, -200), (-700, 200), (-700, 500)))
    drawn.road("Bypass", "secondary", straight((1200, 200), (1200, 900), (300, 900), (300, 400)), oneway="yes")
    drawn.road("Field Lane", "residential", straight((800, 800), (800, 900), (800, 1000)))
    drawn.write(folder / "map.osm")
    ring = [degrees(*spot) for spot in ((-50, -50), (450, -50), (450, 450), (-50, 450), (-50, -50))]
    shape = {"type": "Polygon", "coordinates": [ring]}
    zone = {"type": "Feature", "properties": {"name": "Town", "households": 50}, "geometry": shape}
    (folder / "zones.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [zone]}))
    return folder


def prepared(folder: Path, *names: str, found: bool = False, **more: object) -> Prepared:
    exits = [{"name": name, **EXITS[name], **more} for name in names]
    scenario = {
        "name": "Town",
        "osm": {"file": "map.osm"},
        "households": {"zones": {"file": "zones.geojson", "count": "households", "name": "name"}},
        "exits": {"also": exits} if found else exits,
        "traffic": {"country": "CH"},
    }
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario))
    return prepare(load_scenario(folder), folder / ".evac", lambda _: None)


def ended(town: Prepared) -> dict[str, str]:
    return {item.label: item.reason for item in town.ended}


def test_an_exit_on_a_road_that_goes_on_is_right(folder: Path) -> None:
    assert ended(prepared(folder, "East")) == {}


def test_an_exit_by_a_private_road_is_for_who_names_it_to_know(folder: Path) -> None:
    assert "Ranch Road" in {item.label for item in prepared(folder, "East").ways_out.none}
    named = prepared(folder, "East", "Ranch")
    assert ended(named) == {}
    assert "Ranch Road" not in {item.label for item in named.ways_out.none}


def test_a_road_named_beside_the_found_exits_is_none_of_those_that_are_no_exit(folder: Path) -> None:
    town = prepared(folder, "Ranch", found=True)
    assert {item.name for item in town.exits} == {"East Road", "Ranch"}
    none = {item.label for item in town.ways_out.none}
    assert none >= {"Quay Road", "Works Road"}
    assert "Ranch Road" not in none
    assert not any("Ranch Road" in finding.text for finding in town.findings if finding.kind == "no_exit")


def test_only_the_end_of_a_road_at_which_the_exit_is_named_is_none_of_them() -> None:
    def road(label: str, lon: float) -> RoadOut:
        return RoadOut(label, "secondary", 1, lon, 47.0, NONE, "it ends")

    out = (road("Main Road", 9.4), road("Main Road", 9.6), road("Side Road", 9.6))
    inside = (road("Main Road", 9.3), road("Main Road", 9.7))
    record = WaysOutRecord((), (), out, inside, reach_m={}, declared=False, outline=shapely.Point())
    left = record.but([("Main Road", 9.65, 47.0), ("Elm Street", 9.4, 47.0)])
    assert [(item.label, item.lon) for item in left.none] == [("Main Road", 9.4), ("Side Road", 9.6)]
    assert [item.lon for item in left.ends_inside] == [9.3]


def test_an_exit_at_a_ferry_needs_a_capacity(folder: Path) -> None:
    with pytest.raises(PlaceError, match=r"'Ferry': is at a ferry.*\n.*veh_per_h"):
        prepared(folder, "East", "Ferry")
    assert ended(prepared(folder, "Ferry", veh_per_h=120)) == {}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Works", "it goes on as a road under construction"),
        ("Bridge", "it ends"),
    ],
)
def test_an_exit_behind_which_the_road_ends_is_told(folder: Path, name: str, reason: str) -> None:
    town = prepared(folder, "East", name)
    assert ended(town) == {name: reason}
    told = [finding.text for finding in town.findings if finding.kind == "exit_ends"]
    assert len(told) == 1
    assert reason in told[0]
    assert town.facts.caveats == (f"the map shows no way on behind these exits: {name}",)


def test_an_exit_on_the_way_into_town_is_told(folder: Path) -> None:
    assert ended(prepared(folder, "East", "Into town")) == {"Into town": "it leads back into the area"}


def banks(folder: Path, *, lanes: int = 1, meets: bool = True) -> Path:
    """A town with two roads to the east, which meet at 2,000 m, or don't."""
    drawn = DrawnMap((-3000, -3000, 6000, 3400)).streets(0, 0, 400, 400)
    for name, y, z in (("North Bank", 300, 200 if meets else 900), ("South Bank", 100, 200 if meets else -900)):
        drawn.road(name, "primary", straight((400, y), (1200, y), (2000, z), *(() if meets else ((6500, z),))))
        drawn.road(f"{name} Lane", "residential", straight((1200, y), (1200, y + (500 if y == 300 else -500))))
    drawn.road("Valley Road", "primary", straight((2000, 200), (6500, 200)), lanes=str(2 * lanes))
    drawn.write(folder / "map.osm")
    return folder


@pytest.fixture
def town(folder: Path, tmp_path: Path) -> Path:
    (tmp_path / "zones.geojson").write_text((folder / "zones.geojson").read_text())
    return tmp_path


BANKS = (
    {"street": "North Bank", "crossing": "North Bank Lane"},
    {"street": "South Bank", "crossing": "South Bank Lane"},
)


def shared(town: Path, *exits: dict[str, object]) -> Prepared:
    names = (f"Exit {number}" for number in range(1, 9))
    EXITS.update({name: {"towards": "east", **item} for name, item in zip(names, exits, strict=False)})
    return prepared(town, *[f"Exit {number}" for number in range(1, len(exits) + 1)])


def test_named_exits_whose_roads_meet_behind_their_lines_are_told(town: Path) -> None:
    found = shared(banks(town), *BANKS)
    words = "the exits Exit 1 and Exit 2 (2 lanes together) meet again behind their lines, on Valley Road with one lane"
    assert found.facts.caveats == (f"{words}, where nobody is driven any more: times may be longer",)
    (finding,) = [item for item in found.findings if item.kind == "exits_share"]
    assert "name an exit behind it instead of these" in finding.text


def test_named_exits_whose_roads_lead_on_each_by_itself_share_nothing(town: Path) -> None:
    assert shared(banks(town, meets=False), *BANKS).facts.caveats == ()


def test_named_exits_share_nothing_with_a_road_that_has_the_lanes_of_both(town: Path) -> None:
    assert shared(banks(town, lanes=2), *BANKS).facts.caveats == ()


def test_a_named_exit_at_the_end_of_the_map_shares_nothing(town: Path) -> None:
    (caveat,) = shared(banks(town), {"street": "Valley Road"}).facts.caveats
    assert caveat.startswith("the lines of these exits lie more than 5 km beyond the area")


def test_named_exits_filled_from_one_street_share_nothing(town: Path) -> None:
    """Nobody comes to a line twice: what one lane brings to both is no more than what goes on from there."""
    drawn = DrawnMap((-3000, -3000, 6000, 3400)).streets(0, 0, 400, 400)
    drawn.road("East Road", "primary", straight((400, 200), (800, 200)))
    for name, y in (("North Bank", 300), ("South Bank", 100)):
        drawn.road(name, "primary", straight((800, 200), (1200, y), (2000, 200)))
        drawn.road(f"{name} Lane", "residential", straight((1200, y), (1200, y + (500 if y == 300 else -500))))
    drawn.road("Valley Road", "primary", straight((2000, 200), (6500, 200)))
    drawn.road("Hill Road", "primary", straight((200, 400), (200, 4000)))
    drawn.write(town / "map.osm")
    assert shared(town, *BANKS).facts.caveats == ()
