"""What a car gets along, as the wiki's pages on the tags say, and what follows for the ways out of a village."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from decided_exits import VILLAGE, decided, exits, none, village, web_of
from drawn_map import DrawnMap, straight
from evac.network.exits.decide import Decision
from evac.osm import prepare_map
from evac.osm.access import why_left_out
from evac.osm.barriers import blocks_cars
from evac.osm.moments import Moment, tags_at
from evac.osm.passable import hard_going, may_flood, too_small
from evac.schema.places import FoundExits

NOBODY_PASSES = [
    {"bridge": "collapsed"},
    {"bridge": "abandoned"},
    {"bridge": "destroyed"},
    {"tunnel": "flooded"},
    {"tunnel": "disused"},
    {"bridge": "yes", "bridge:status": "closed"},
    {"collapsed:bridge": "yes"},
    {"operational_status": "closed"},
    {"status": "closed"},
    {"washed_out": "yes"},
    {"planned": "yes"},
    {"passable": "no"},
    {"temporary:access": "no"},
    {"access": "yes", "temporary:access": "no"},
    {"motor_vehicle": "yes", "access:temporary": "no"},
    {"temporary:motor_vehicle": "no"},
    {"access": "closed"},
    {"motor_vehicle": "No"},
    {"maxweight": "1"},
    {"maxweight": "500 kg"},
    {"maxweightrating": "1.5 t"},
    {"maxaxleload": "0.5"},
    {"maxheight": "1.4"},
    {"maxheight": "4'6\""},
    {"maxwidth": "1.7"},
    {"maxwidth": "5'"},
    {"maxwidth:physical": "150 cm"},
]
CARS_PASS = [
    {"bridge": "yes"},
    {"bridge": "viaduct"},
    {"bridge": "low_water_crossing"},
    {"tunnel": "building_passage"},
    {"ford": "yes"},
    {"operational_status": "operational"},
    {"temporary:bicycle": "no"},
    {"temporary:access": "destination"},
    {"temporary:surface": "gravel"},
    {"flood_prone": "yes"},
    {"maxweight": "3.5"},
    {"maxweight": "3 st"},
    {"maxweight": "none"},
    {"maxheight": "1.9"},
    {"maxheight": "default"},
    {"maxheight": "6 ft 6 in"},
    {"maxwidth": "6'6\""},  # of British roads on which only cars are wanted
    {"maxwidth": "2"},
    {"width": "1.5"},
]


def now(tags: dict[str, str], at: datetime | None = None) -> dict[str, str]:
    return dict(tags_at({"highway": "residential", **tags}, Moment(at), 47.0).tags)


@pytest.mark.parametrize("tags", NOBODY_PASSES)
def test_nobody_drives_where_nobody_passes(tags: dict[str, str]) -> None:
    assert why_left_out(now(tags), "service") is not None


@pytest.mark.parametrize("tags", CARS_PASS)
def test_cars_drive_where_they_pass(tags: dict[str, str]) -> None:
    assert why_left_out(now(tags), "service") is None


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({"maxweight": "2"}, ["maxweight=2"]),
        ({"maxweight": "3.5"}, []),
        ({"maxheight": "1.9"}, ["maxheight=1.9"]),
        ({"maxheight": "6'6\""}, ["maxheight=6'6\""]),  # 1.98 m
        ({"maxheight": "2.1"}, []),
        ({"maxwidth": "6'6\""}, ["maxwidth=6'6\""]),
        ({"width": "1.5"}, ["width=1.5"]),
        ({"width": "3"}, []),
        ({"ford": "stepping_stones"}, ["ford=stepping_stones"]),
        ({"ford": "no"}, []),
        ({"obstacle": "fallen_tree"}, ["obstacle=fallen_tree"]),
    ],
)
def test_what_large_cars_do_not_fit_through_is_told(tags: dict[str, str], told: list[str]) -> None:
    assert too_small(tags) is None
    assert hard_going(tags) == told


def test_what_floods_is_told() -> None:
    for tags in ({"flood_prone": "yes"}, {"hazard": "flooding"}, {"bridge": "low_water_crossing"}):
        assert may_flood(tags) is not None
    assert may_flood({"hazard": "animal_crossing", "bridge": "yes", "flood_prone": "no"}) is None


DATED = {"temporary:access": "no", "temporary:date_on": "2026-04-01", "temporary:date_off": "2026-09-30"}
IN_A_CLAUSE = {"temporary:access": "no @ (2026 Apr 01-2026 Sep 30)"}


@pytest.mark.parametrize("tags", [DATED, IN_A_CLAUSE, {"temporary:motorcar:conditional": "no @ (2026 Apr-Sep)"}])
def test_temporary_tags_hold_until_their_date(tags: dict[str, str]) -> None:
    """Without the scenario's date it is told, as all that is closed at times."""
    for at, closed in (("2026-07-01 12:00", True), ("2026-10-01 12:00", False), ("2026-03-31 12:00", False)):
        assert (why_left_out(now(tags, datetime.fromisoformat(at)), "service") is not None) is closed
    found = tags_at({"highway": "residential", **tags}, Moment())
    key = next(iter(tags))
    assert found.undecided == (f"{key}={tags[key]}",)
    assert why_left_out(found.tags, "service") is None


def test_access_on_a_point_stops_cars_unless_it_is_of_something_else_there() -> None:
    assert blocks_cars({"motor_vehicle": "no"})
    assert blocks_cars({"access": "no", "railway": "level_crossing"})
    assert blocks_cars({"maxwidth": "1.2"})
    assert not blocks_cars({"access": "private"})
    assert not blocks_cars({"highway": "crossing", "motor_vehicle": "no"})
    assert not blocks_cars({"amenity": "parking_entrance", "access": "no", "maxheight": "1.2"})


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"bridge": "collapsed"}, "out of use or under construction (bridge=collapsed)"),
        ({"temporary:access": "no"}, "closed to cars (temporary:access=no)"),
        ({"maxweight": "0.5"}, "too small for a car (maxweight=0.5)"),
    ],
)
def test_a_road_on_which_nobody_passes_is_no_exit(tmp_path: Path, tags: dict[str, str], said: str) -> None:
    drawn = _with_lane()
    drawn.road("Lane", "secondary", straight((1400, 200), (1500, 200)), **tags)
    drawn.road("Lane", "secondary", straight((1500, 200), (3600, 200)))
    record = decided(drawn, tmp_path)
    assert exits(record) == ["Out"]
    assert none(record) == {"Lane": f"it goes on as a road that is {said}"}


@pytest.mark.parametrize("tags", [{"flood_prone": "yes"}, {"bridge": "low_water_crossing"}, {"maxheight": "1.9"}])
def test_a_road_that_some_pass_is_an_exit_and_told(tmp_path: Path, tags: dict[str, str]) -> None:
    drawn = _with_lane()
    drawn.road("Lane", "secondary", straight((1400, 200), (3600, 200)), **tags)
    assert exits(decided(drawn, tmp_path)) == ["Lane", "Out"]
    told = prepare_map(drawn.write(tmp_path / "map.osm"), "service", "LI", tmp_path).doubts()
    ((key, value),) = tags.items()
    assert [f"({key}={value})" in item["text"] for item in told] == [True]


def test_points_on_a_road_close_it_or_are_told(tmp_path: Path) -> None:
    drawn = _with_lane().road("Lane", "secondary", straight((1400, 200), (3600, 200)))
    drawn.node((1500, 200), motor_vehicle="no").node((200, -1000), ford="yes").node((200, -1200), flood_prone="yes")
    path = drawn.write(tmp_path / "map.osm")
    record = Decision(web_of(path), VILLAGE).record(FoundExits())
    assert none(record) == {"Lane": "it ends at a point that no car passes (access=no)"}
    assert {(item["kind"], item["text"]) for item in prepare_map(path, "service", "LI", tmp_path).doubts()} == {
        ("barrier", "a point (motor_vehicle=no) cuts Lane: no car passes"),
        ("passable_for_few", "not every car gets past a point on Out (ford=yes), which counts as any other"),
        ("may_flood", "a point on Out may be under water after heavy rain (flood_prone=yes), and counts as any other"),
    }


def _with_lane() -> DrawnMap:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    return drawn.road("Lane", "secondary", straight((400, 200), (1400, 200)))
