"""Ways out where ferries land: islands, and the large networks that they lead to."""

from __future__ import annotations

from pathlib import Path

import pytest

from decided_exits import decided, exits, none, village
from drawn_map import DrawnMap, box, straight
from evac.audit.ways_out import caveats


@pytest.mark.parametrize("mainland", [True, False])
def test_an_island_has_no_exit_but_its_quay_is_told(tmp_path: Path, mainland: bool) -> None:  # noqa: FBT001
    drawn = village(None)
    drawn.road("Shore Road", "tertiary", straight((-600, -600), (1000, -600), (1000, 1000), (-600, 1000), (-600, -600)))
    drawn.road("Quay Road", "secondary", straight((400, 200), (1000, 200), (1300, 200)))
    drawn.ferry("Island Ferry", [(1300, 200), (9000, 200)])
    if mainland:
        drawn.road("Mainland Road", "primary", straight((9000, 200), (15000, 200)))
    record = decided(drawn, tmp_path)
    assert exits(record) == []
    assert none(record) == {"Quay Road": "it ends at a ferry: give its capacity to make it an exit"}


@pytest.mark.parametrize("key", ["access", "motor_vehicle", "motorcar"])
def test_a_ferry_for_people_on_foot_takes_nobody_s_car(key: str, tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("Quay Road", "secondary", straight((400, 200), (1400, 200)))
    drawn.ways.append(({"route": "ferry", "name": "Waterbus", "foot": "yes", key: "no"}, [(1400, 200), (6000, 200)]))
    record = decided(drawn, tmp_path)
    assert exits(record) == ["Out"]
    assert none(record) == {"Quay Road": "it goes on as a ferry that takes no cars (Waterbus)"}


def test_the_shore_of_an_island_is_no_edge_that_cuts_roads_off(tmp_path: Path) -> None:
    """The file doesn't say what it covers, so the hull of its roads is the shore: streets and roads end there."""
    drawn = DrawnMap().streets(0, 0, 400, 400)
    drawn.road("Elm Street", "residential", straight((200, 400), (200, 900)))
    drawn.road("Cape Road", "primary", straight((0, 200), (-1200, 200)))
    drawn.road("Main Street", "primary", straight((400, 200), (900, 200)))
    drawn.ferry("Ferry", [(900, 200), (4000, 200)])
    drawn.road("Mainland Road", "primary", straight((4000, 200), (8000, 200)))
    record = decided(drawn, tmp_path)
    assert exits(record) == []
    assert none(record) == {
        "Cape Road": "it ends",
        "Main Street": "it ends at a ferry: give its capacity to make it an exit",
    }


def test_a_ferry_makes_no_island_of_a_town_that_many_roads_lead_out_of(tmp_path: Path) -> None:
    drawn = DrawnMap().streets(0, 0, 400, 400)
    drawn.ferry("Lake Ferry", [(400, 0), (3000, -2000)])
    for number, end in enumerate([(-3000, 300), (-2800, 2500), (-400, 3200), (1900, 3000), (3000, 1500)]):
        drawn.road(f"Road {number}", "secondary", straight((100 * (number % 4), 400), end))
    assert exits(decided(drawn, tmp_path)) == [f"Road {number}" for number in range(5)]


def test_a_far_larger_network_is_a_way_out_and_a_small_one_is_not(tmp_path: Path) -> None:
    """An island with a village in the west and a town of 60 km of streets in the east, another with a hamlet there."""
    for size, found in ((2400, ["Cross Road"]), (600, [])):
        drawn = DrawnMap((-9000, -9000, 19000, 9000)).streets(0, 0, 400, 400)
        drawn.streets(5000, 0, 5000 + size, size)
        drawn.road("Cross Road", "secondary", straight((400, 200), (5000, 200)))
        record = decided(drawn, tmp_path)
        assert exits(record) == found


@pytest.mark.parametrize(("side", "leads_on"), [(400, True), (1000, True), (1400, True), (1600, False)])
def test_a_part_of_an_island_leaves_for_the_rest_while_that_is_three_times_as_large(
    side: int, tmp_path: Path, *, leads_on: bool
) -> None:
    """Nothing leads off the island: the polygon's edge decides nothing until the rest has no room for so many."""
    island = DrawnMap((-9000, -9000, 19000, 19000))
    for place in range(0, 3001, 200):
        names = ("Long Road", "High Road") if place == 200 else (f"Row {place}", f"Column {place}")
        for start in range(0, 3000, 500):
            kind = "secondary" if place == 200 else "residential"
            island.road(names[0], kind, straight((start, place), (start + 500, place)))
            island.road(names[1], kind, straight((place, start), (place, start + 500)))
    record = decided(island, tmp_path, box(-50, -50, side + 50, side + 50))
    assert exits(record) == (["High Road", "Long Road"] if leads_on else [])
    assert set(none(record)) == (set() if leads_on else {"High Road", "Long Road"})
    assert {item.into_rest for item in record.ends} == ({side > 400} if leads_on else set())
    assert bool(caveats(record)) is (side > 400 and leads_on)
