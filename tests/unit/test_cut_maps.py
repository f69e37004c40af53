"""Ways out of maps that were cut: by bounds, at a country's border, or for the simulation."""

from __future__ import annotations

from pathlib import Path

import pytest

from decided_exits import VILLAGE, decided, exits, none, village, web_of
from drawn_map import DrawnMap, Spot, box, metres, straight
from evac.network.exits.decide import Decision
from evac.osm.web_rows import label_of
from evac.schema.places import FoundExits


def test_a_dead_end_behind_the_roads_that_are_kept_is_no_exit(tmp_path: Path) -> None:
    """Cut at 2 km: the valley's road goes on beyond, but one can only come back from there."""
    drawn = village((-9000, -9000, 9000, 9000))
    drawn.streets(-300, -6000, 2700, -3000)
    drawn.road("Main Road", "secondary", straight((200, 0), (200, -1500)))
    drawn.road("Main Road", "secondary", straight((200, -1500), (200, -3000)))
    drawn.road("Valley Road", "secondary", straight((200, -1000), (2400, -1000)))
    drawn.road("Valley Road", "secondary", straight((2400, -1000), (3000, -1000)))
    decision = Decision(web_of(drawn.write(tmp_path / "map.osm")), VILLAGE)
    record = decision.record(FoundExits(), decision.keeping(box(-2000, -2000, 2300, 2400)))
    assert exits(record) == ["Main Road"]


def test_where_two_roads_meet_beyond_the_roads_that_are_kept_the_one_that_goes_on_is_the_exit(tmp_path: Path) -> None:
    """Two roads leave, whole as the file has them, and one goes on from their junction: it has one road's lanes."""
    drawn = village((-9000, -9000, 9000, 9000))
    drawn.road("North Bank", "primary", straight((400, 300), (1500, 300), (2000, 200)))
    drawn.road("South Bank", "primary", straight((400, 100), (1500, 100), (2000, 200)))
    drawn.road("Valley Road", "primary", straight((2000, 200), (3000, 200)))
    drawn.road("Valley Road", "primary", straight((3000, 200), (9500, 200)))
    decision = Decision(web_of(drawn.write(tmp_path / "map.osm")), VILLAGE)
    record = decision.record(FoundExits(), decision.keeping(box(-550, -550, 950, 950)))
    assert [(end.label, round(metres(end.lon, end.lat)[0])) for end in record.ends] == [("Valley Road", 3000)]


@pytest.mark.parametrize("short_m", [30, 300])
def test_ways_that_lost_their_nodes_outside_are_cut_off_wherever_they_end(tmp_path: Path, short_m: int) -> None:
    """The bounds are declared and no node lies beyond; one road's last node is on them by chance."""
    drawn = village((-3000, -3000, 3400, 3400))
    drawn.road("By Chance", "tertiary", straight((0, 0), (-3000, -1500)))
    drawn.road("A 1", "motorway", straight((400, 200), (3400 - short_m, 200)), oneway="yes")
    drawn.road("North Road", "primary", straight((200, 400), (200, 3400 - short_m)))
    drawn.road("West Road", "secondary", straight((0, 200), (-3000 + short_m, 200)))
    drawn.road("Inner Road", "primary", straight((200, 0), (900, -1500)))
    record = decided(drawn, tmp_path, at_least="tertiary")
    assert exits(record) == ["A 1", "By Chance", "North Road", "West Road"]
    assert none(record) == {"Inner Road": "it ends"}


def test_in_a_country_cut_out_the_roads_to_its_border_lead_on_and_the_valleys_ends_do_not(tmp_path: Path) -> None:
    """The file declares the box around a country that is longer than wide; its border runs 300 m beyond the roads."""
    ends: list[Spot] = [(-4700, 3900), (-3800, 4700), (4800, -3600), (3900, -4500), (4700, -4600)]
    drawn = village((-5500, -5500, 5500, 5500))
    for number, end in enumerate(ends):
        drawn.road(f"Road {number}", "primary", straight((100 * (number % 4), 400), end))
    drawn.road("Valley Road", "secondary", straight((0, 200), (-900, -800)))
    labels = [f"Road {number}" for number in range(len(ends))]
    assert exits(decided(drawn, tmp_path)) == [*labels, "Valley Road"]  # it ends at the outline of the roads, too
    drawn.border([(-5000, 4200), (-4000, 5000), (400, 1500), (5000, -3500), (5000, -4800), (3800, -4800)])
    drawn.border([(3800, -4800), (-2500, -2200), (-5000, 4200)])
    assert exits(decided(drawn, tmp_path)) == labels


def test_a_road_that_has_crossed_the_border_of_a_small_country_leads_on(tmp_path: Path) -> None:
    """The file doesn't say what it covers. Straight on from the tunnel's end the hull of the roads goes on."""
    drawn = DrawnMap().streets(0, 0, 400, 400)
    drawn.road("Tunnel", "primary", straight((0, 400), (-300, 300), (-300, 0)))
    drawn.road("Coast Road", "primary", straight((0, 0), (-500, -900)))
    assert exits(decided(drawn, tmp_path, VILLAGE)) == ["Coast Road"]
    drawn.border([(-150, 900), (-150, -900)])
    assert exits(decided(drawn, tmp_path, VILLAGE)) == ["Coast Road", "Tunnel"]


def test_the_end_of_a_main_road_isnt_explained_by_a_side_street(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("West Road", "primary", straight((0, 200), (-1500, 200)))
    drawn.road("Close", "residential", straight((-800, 200), (-800, 500))).node((-800, 500), highway="turning_circle")
    drawn.road("", "footway", straight((-700, 200), (-700, 600)))
    drawn.road("North Loop", "secondary", straight((200, 400), (200, 900), (900, 900), (400, 400)))
    drawn.road("", "track", straight((900, 900), (1500, 1500)))
    assert none(decided(drawn, tmp_path)) == {"West Road": "it ends", "North Loop": "it leads back into the area"}


def test_a_road_with_one_node_outside_leads_back(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("Bend", "tertiary", [(400, 0), (480, 50), (400, 100)])
    assert none(decided(drawn, tmp_path)) == {"Bend": "it leads back into the area"}


def test_names_of_exits_can_be_read(tmp_path: Path) -> None:
    assert label_of({"highway": "primary", "ref": "1;12"}) == "road 1"
    assert label_of({"highway": "primary", "ref": "A 1"}) == "A 1"
    drawn = village().road("", "primary", straight((400, 200), (2000, 200)))
    drawn.road("", "motorway_link", straight((2000, 200), (3600, 400)), oneway="yes", destination="Ohio Drive")
    drawn.road("", "primary_link", straight((2000, 200), (2900, 200)), oneway="yes")
    decision = Decision(web_of(drawn.write(tmp_path / "map.osm")), VILLAGE)
    record = decision.record(FoundExits(), decision.keeping(box(-1000, -1000, 1500, 1500)))
    assert exits(record) == ["road to Ohio Drive"]
