"""Ways out of maps that were cut: by bounds, at a country's border, or for the simulation."""

from __future__ import annotations

from pathlib import Path

import pytest

from decided_exits import VILLAGE, decided, exits, none, village, web_of
from drawn_map import DrawnMap, Spot, box, metres, straight
from evac.audit.ways_out import audit_ways_out, caveats
from evac.network.exits.decide import Decision
from evac.network.exits.record import WaysOutRecord
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


def test_streets_that_end_where_a_map_of_unknown_extent_does_are_cul_de_sacs(tmp_path: Path) -> None:
    drawn = DrawnMap().streets(0, 0, 400, 400)
    drawn.road("Elm Street", "residential", straight((200, 400), (200, 900)))
    assert exits(decided(drawn, tmp_path)) == []
    drawn.road("Lane", "unclassified", straight((200, 0), (200, -1500)))
    assert exits(decided(drawn, tmp_path)) == ["Lane"]


def test_the_file_says_where_it_cuts_a_road(tmp_path: Path) -> None:
    """The next node is lacking: the road goes on, wherever the bounds are."""
    drawn = village((-9000, -9000, 9000, 9000)).road("Out", "secondary", straight((200, 0), (200, -1500)))
    path = drawn.write(tmp_path / "map.osm")
    way = path.read_text().splitlines()
    out = next(number for number, line in enumerate(way) if 'v="secondary"' in line)
    way[out] = way[out].replace("/><tag", '/><nd ref="99999"/><tag', 1)
    path.write_text("\n".join(way))
    assert exits(Decision(web_of(path), VILLAGE).record(FoundExits())) == ["Out"]


def test_the_reach_of_the_map_is_told_by_side(tmp_path: Path) -> None:
    reach = decided(village().road("Out", "secondary", straight((200, 0), (200, -3200))), tmp_path).reach_m
    assert {side: round(metres) for side, metres in reach.items()} == {
        "north": 2950, "east": 2950, "south": 2950, "west": 2950,
    }  # fmt: skip


def test_bounds_around_half_the_world_say_nothing_of_where_the_map_ends(tmp_path: Path) -> None:
    """Some tools write such bounds into every extract."""
    road = straight((200, 0), (200, -3200))
    wide = decided(village((-700_000, -5_000_000, 900_000, 4_000_000)).road("Out", "secondary", road), tmp_path)
    untold = decided(village(None).road("Out", "secondary", road), tmp_path)
    assert exits(wide) == ["Out"]
    assert wide.reach_m == untold.reach_m
    assert not wide.declared


def test_an_exit_that_only_the_cut_shows_is_marked(tmp_path: Path) -> None:
    far = decided(village().road("Out", "secondary", straight((200, 0), (200, -3200))), tmp_path)
    near = decided(village((-500, -500, 900, 900)).road("Out", "secondary", straight((200, 0), (200, -700))), tmp_path)
    assert [item.by_cut for item in (*far.ends, *near.ends)] == [False, True]
    assert not near.chosen().ends[0].by_cut  # a person named the exits
    (end,) = near.ends
    assert near.chosen([(end.lon, end.lat)]).ends == near.ends  # evac new did
    assert not near.chosen([(end.lon, end.lat + 0.002)]).ends[0].by_cut


def test_an_exit_where_the_map_ends_inside_the_area_is_told(tmp_path: Path) -> None:
    """Drawn across a border beyond which the extract has nothing: who reaches the line is still in the area."""
    drawn = village((-500, -500, 900, 900)).road("Bridge", "primary", straight((400, 200), (950, 200)))
    record = decided(
        drawn.road("Out", "secondary", straight((200, 0), (200, -700))), tmp_path, box(-50, -50, 1500, 450)
    )
    assert {end.label: end.inside for end in record.ends} == {"Bridge": True, "Out": False}
    lon = next(end.lon for end in record.ends if end.inside)
    texts = {item.kind: item.text for item in audit_ways_out(record, (), (), 100.0) if item.lon == lon}
    assert texts["exit_inside"].startswith("Bridge is an exit inside the area, where the map ends: who gets there")
    assert "exit_by_cut" not in texts
    told = "the map ends inside the area at these exits, so who gets there counts as out and isn't: Bridge"
    assert told in caveats(record)
    record.write(tmp_path / "ways_out.geojson")
    assert WaysOutRecord.read(tmp_path / "ways_out.geojson").ends == record.ends


@pytest.mark.parametrize("highway", ["primary", "tertiary"])
def test_where_the_file_doesnt_say_where_it_was_cut_the_exits_are_told_as_presumed(
    highway: str, tmp_path: Path
) -> None:
    """A road that just ends 3 km away may end there in truth, of whatever class it is."""
    road = straight((200, 0), (200, -3200))
    told = decided(village().road("Out", highway, road), tmp_path)
    untold = decided(village(None).road("Out", highway, road), tmp_path)
    assert exits(told) == exits(untold) == ["Out"]
    assert caveats(told) == ()
    assert caveats(untold) == (
        "the file doesn't say where it was cut off: these exits are roads that just end near its edge: Out",
    )
    assert caveats(untold.chosen()) == ()  # a person named the exits


@pytest.mark.parametrize("highway", ["primary", "tertiary"])
def test_a_road_that_is_cut_where_a_side_street_begins_is_an_exit_there(highway: str, tmp_path: Path) -> None:
    """Cut at 950 m: the road's second way isn't kept, the street that begins where it does is."""
    drawn = village()
    drawn.road("Out", highway, straight((200, 0), (200, -1000)))
    drawn.road("Out", highway, straight((200, -1000), (200, -3600)))
    drawn.road("Side Street", "residential", straight((200, -1000), (0, -900)))
    decision = Decision(web_of(drawn.write(tmp_path / "map.osm")), VILLAGE)
    kept = decision.keeping(box(-950, -950, 1350, 1350))
    assert [way.label for way, wanted in zip(decision.roads.ways, kept, strict=True) if wanted][-1] == "Side Street"
    record = decision.record(FoundExits(), kept)
    assert exits(record) == ["Out"]
    assert metres(record.ends[0].lon, record.ends[0].lat) == pytest.approx((200, -1000), abs=1.0)


def test_a_map_that_is_cut_has_its_exits_where_its_roads_go_on(tmp_path: Path) -> None:
    """Cut at 1 km: the lane that loops back beyond is kept whole and is no exit, the road that goes on is one."""
    drawn = village()
    drawn.road("East Road", "secondary", straight((400, 200), (1200, 200)))
    drawn.road("East Road", "secondary", straight((1200, 200), (3600, 200)))
    drawn.road("Crescent", "tertiary", straight((400, 300), (1300, 300)))
    drawn.road("Crescent", "tertiary", straight((1300, 300), (1600, 400), (1300, 500)))
    drawn.road("Crescent", "tertiary", straight((1300, 500), (1000, 500), (0, 400)))
    drawn.road("Dead Road", "secondary", straight((200, 400), (200, 1300)))
    drawn.road("Dead Road", "secondary", straight((200, 1300), (200, 2000)))
    decision = Decision(web_of(drawn.write(tmp_path / "map.osm")), VILLAGE)
    kept = decision.keeping(box(-1000, -1000, 1250, 1250))
    record = decision.record(FoundExits(), kept)
    assert exits(record) == ["East Road"]
    names = [way.label for way, wanted in zip(decision.roads.ways, kept, strict=True) if wanted]
    assert names.count("Crescent") == 3
    assert none(record) == {"Crescent": "it leads back into the area", "Dead Road": "it ends"}


@pytest.mark.parametrize("leads_on", [True, False])
def test_a_main_road_that_is_cut_where_a_lesser_one_begins_is_an_exit_by_its_own_name(
    leads_on: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    """Cut at 950 m, where the tertiary road that is simulated may lead away too: people take the primary road."""
    drawn = village()
    drawn.road("Reisterstown Road", "primary", straight((200, 0), (200, -1000)), lanes="4")
    drawn.road("Reisterstown Road", "primary", straight((200, -1000), (200, -3600)), lanes="4")
    drawn.road("Butler Road", "tertiary", straight((200, -1000), (0, -900), (-500, -1000)))
    if leads_on:
        drawn.road("Butler Road", "tertiary", straight((-500, -1000), (-1200, -3600)))
    decision = Decision(web_of(drawn.write(tmp_path / "map.osm")), VILLAGE)
    record = decision.record(FoundExits(), decision.keeping(box(-950, -950, 1350, 1350)))
    assert exits(record) == ["Reisterstown Road"]
    assert metres(record.ends[0].lon, record.ends[0].lat) == pytest.approx((200, -1000), abs=1.0)
    assert [item.label for item in record.lesser] == (["Butler Road"] if leads_on else [])


@pytest.mark.parametrize("north", [450, 1500, 2600])
def test_how_far_the_area_reaches_past_the_end_of_the_map_moves_no_exit(north: float, tmp_path: Path) -> None:
    """So it is north of Paradise: a secondary road ends with a few streets behind it, beside a tertiary one."""
    drawn = DrawnMap().streets(0, 0, 400, 400).road("Clark Road", "secondary", straight((200, 0), (200, -2600)))
    drawn.road("Skyway", "secondary", straight((200, 400), (200, 2000)))
    drawn.road("Lane", "residential", straight((200, 2000), (300, 2100)))
    drawn.road("Coutolenc Road", "tertiary", straight((400, 400), (500, 2100)))
    assert exits(decided(drawn, tmp_path, box(-50, -50, 950, north))) == ["Clark Road", "Skyway"]
