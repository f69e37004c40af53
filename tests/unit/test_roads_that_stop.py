"""Roads that the map, or its cut, ends at a junction that others pass: ramps, side streets, the other carriageway."""

from __future__ import annotations

from pathlib import Path

import pytest

from decided_exits import VILLAGE, decided, exits, village, web_of
from drawn_map import box, metres, straight
from evac.network.exits.decide import Decision
from evac.schema.places import FoundExits

EAST_END = 9500


@pytest.mark.parametrize("motorway_to", [EAST_END, 500])
def test_a_road_that_goes_on_behind_a_cut_is_an_exit_although_a_ramp_comes_back_from_there(
    tmp_path: Path, motorway_to: int
) -> None:
    """Cut at the second of the motorway's ramps: the one that comes off it leads back to the town, the road on.

    Where the motorway is cut before the ramp onto it comes in, the ramp off it doesn't lead to that one: the road does.
    """
    drawn = village((-9000, -9000, 9000, 9000))
    drawn.road("Parkway", "secondary", straight((200, 0), (200, -1300)))
    drawn.road("Parkway", "secondary", straight((200, -1300), (200, -9500)))
    drawn.road("Side Road", "secondary", straight((200, -600), (9500, -600)))
    drawn.road("A 1", "motorway", straight((-9500, -1400), (motorway_to, -1400)), oneway="yes")
    if motorway_to < EAST_END:
        drawn.road("A 1", "motorway", straight((motorway_to, -1400), (EAST_END, -1400)), oneway="yes")
    drawn.road("", "motorway_link", straight((-600, -1400), (200, -1300)), oneway="yes")
    drawn.road("", "motorway_link", [(200, -1300), (500, -1350), (1200, -1400)], oneway="yes", destination="East")
    decision = Decision(web_of(drawn.write(tmp_path / "map.osm")), VILLAGE)
    kept = box(-1000, -1250, 1400, 1400).union(box(-1000, -1450, 100, 1400))
    record = decision.record(FoundExits(), decision.keeping(kept))
    assert {end.label: metres(end.lon, end.lat) for end in record.ends} == {
        "Parkway": pytest.approx((200, -1300), abs=1),
        "A 1": pytest.approx((motorway_to, -1400), abs=1),  # no simulated road leads there: on the net it is none
        "Side Road": pytest.approx((9500, -600), abs=1),
    }


def test_carriageways_that_meet_behind_a_cut_go_on(tmp_path: Path) -> None:
    """Between the town and where they meet there are ramps, to a road that leads back into it."""
    drawn = village((-9000, -9000, 9000, 9000))
    drawn.road("Main Street", "secondary", straight((0, 200), (-9500, 200)))
    drawn.road("B 5", "trunk", straight((400, 190), (900, 190), (1400, 200)), oneway="yes")
    drawn.road("B 5", "trunk", straight((1400, 200), (900, 210), (400, 210)), oneway="yes")
    drawn.road("B 5", "trunk", straight((1400, 200), (9500, 200)))
    drawn.road("", "trunk_link", [(900, 210), (800, 300), (700, 400)], oneway="yes")
    drawn.road("", "trunk_link", [(700, 0), (800, 100), (900, 190)], oneway="yes")
    drawn.road("Ramp Street", "unclassified", straight((400, 400), (700, 400), (700, 0), (400, 0)))
    drawn.road("North Road", "secondary", straight((700, 400), (700, 9500)))
    decision = Decision(web_of(drawn.write(tmp_path / "map.osm")), VILLAGE)
    record = decision.record(FoundExits(), decision.keeping(box(-1300, -1200, 1300, 1300)))
    assert {end.label: metres(end.lon, end.lat)[0] for end in record.ends} == {
        "B 5": pytest.approx(1400, abs=1),
        "Main Street": pytest.approx(-9500, abs=1),
        "North Road": pytest.approx(700, abs=1),
    }


@pytest.mark.parametrize("ramp_comes_in", [True, False])
def test_a_road_that_the_map_ends_at_a_ramp_leads_on(tmp_path: Path, *, ramp_comes_in: bool) -> None:
    """The way ends past the bounds at a junction whose other road the file lacks, but not the ramp to it."""
    drawn = village().road("West Road", "secondary", straight((0, 200), (-3500, 200)))
    drawn.road("S 5", "trunk", straight((400, 200), (3500, 200)))
    ramp = straight((2500, 700), (3500, 200)) if ramp_comes_in else straight((3500, 200), (2500, 700))
    drawn.road("", "trunk_link", ramp, oneway="yes")
    drawn.road("Field Street", "unclassified", straight((2500, 700), (400, 400)))
    assert exits(decided(drawn, tmp_path)) == ["S 5", "West Road"]


def test_a_road_that_goes_on_past_the_bounds_as_another_is_no_exit_where_its_way_ends(tmp_path: Path) -> None:
    drawn = village().road("B 5", "primary", straight((400, 200), (3600, 200)))
    drawn.road("Coast Road", "secondary", straight((3600, 200), (3600, -4000)))
    drawn.road("Lane", "residential", straight((3600, 200), (2000, 900)))
    assert exits(decided(drawn, tmp_path)) == ["Coast Road"]


def test_a_road_whose_next_node_the_file_lacks_leads_on_although_a_street_turns_off(tmp_path: Path) -> None:
    """Cut out by its nodes alone: the last that is left of the main road is a junction with a loop of streets."""
    drawn = village(bounds=None).road("B 5", "primary", straight((400, 200), (4000, 200)))
    drawn.road("Loop", "residential", straight((2000, 200), (2000, 700), (1500, 700), (1500, 200)))
    file = drawn.write(tmp_path / "map.osm")
    lines = file.read_text().splitlines()
    file.write_text("\n".join(line for line in lines if not _is_east_of(line, 2050)))
    record = Decision(web_of(file), VILLAGE).record(FoundExits())
    assert {end.label: metres(end.lon, end.lat)[0] for end in record.ends} == {"B 5": pytest.approx(2000, abs=1)}


def test_a_primary_road_that_the_file_lacks_the_rest_of_is_told_although_streets_turn_off(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("US 2", "primary", straight((400, 200), (2000, 1000)))
    drawn.road("Close", "residential", straight((2000, 1000), (2300, 700)))
    told = decided(drawn, tmp_path).ends_inside
    assert [(item.label, item.reason) for item in told] == [("US 2", "only a few minor streets go on")]


def _is_east_of(line: str, x: float) -> bool:
    return line.startswith("<node") and metres(float(line.split('"')[5]), 47.0)[0] > x
