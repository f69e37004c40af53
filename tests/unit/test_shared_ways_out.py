"""Exits whose roads meet again behind the cut of the map: the lanes of the road that they share are what counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from decided_exits import VILLAGE, exits, village, web_of
from drawn_map import DrawnMap, Spot, box, metres, straight
from evac.audit.ways_out import audit_ways_out, caveats
from evac.network.exits import ResolvedExit
from evac.network.exits.decide import Decision
from evac.network.exits.record import WaysOutRecord
from evac.schema.places import FoundExits

FAR = (-9000.0, -9000.0, 9000.0, 9000.0)
CUT = box(-550, -550, 950, 950)


def cut(drawn: DrawnMap, folder: Path, **keys: object) -> WaysOutRecord:
    """Decide on the whole map, and keep what touches the box of the cut."""
    decision = Decision(web_of(drawn.write(folder / "map.osm")), VILLAGE)
    settings = FoundExits.model_validate(keys)
    return decision.record(settings, decision.keeping(CUT, settings))


def lines(record: WaysOutRecord) -> dict[str, tuple[int, int]]:
    """Return where the line of each exit is (m)."""
    places = {item.label: metres(item.lon, item.lat) for item in record.ends}
    return {label: (round(x), round(y)) for label, (x, y) in sorted(places.items())}


def two_banks(meet: float, **tags: str) -> DrawnMap:
    """Draw two roads out of the village in the east, cut at 1,000 m, that meet so far to the east of it."""
    drawn = village(FAR)
    for name, y in (("North Bank", 300), ("South Bank", 100)):
        drawn.road(name, "primary", straight((400, y), (1000, y)))
        drawn.road(name, "primary", straight((1000, y), (meet, 200)))
    drawn.road("Valley Road", "primary", straight((meet, 200), (meet + 1000, 200)), **tags)
    return drawn.road("Valley Road", "primary", straight((meet + 1000, 200), (9500, 200)), **tags)


def test_where_two_roads_meet_behind_the_cut_the_road_that_goes_on_is_the_exit(tmp_path: Path) -> None:
    record = cut(two_banks(1500), tmp_path)
    assert lines(record) == {"Valley Road": (2500, 200)}
    assert record.shared == ()


def test_where_the_road_that_goes_on_has_the_lanes_of_both_they_stay_exits(tmp_path: Path) -> None:
    record = cut(two_banks(1500, lanes="4"), tmp_path)
    assert lines(record) == {"North Bank": (1000, 300), "South Bank": (1000, 100)}


def test_roads_that_dont_meet_are_exits_where_the_map_is_cut(tmp_path: Path) -> None:
    drawn = village(FAR)
    for name, y in (("North Bank", 300), ("South Bank", 100)):
        drawn.road(name, "primary", straight((400, y), (1000, y)))
        drawn.road(name, "primary", straight((1000, y), (9500, 9 * y)))
    drawn.road("Bridge", "secondary", straight((1500, 404), (1500, 200)))
    assert lines(cut(drawn, tmp_path)) == {"North Bank": (1000, 300), "South Bank": (1000, 100)}


def test_a_second_road_that_leads_on_from_the_meeting_takes_the_other_half(tmp_path: Path) -> None:
    drawn = two_banks(1500).road("Hill Road", "secondary", straight((1500, 200), (1500, 9500)))
    assert lines(cut(drawn, tmp_path)) == {"North Bank": (1000, 300), "South Bank": (1000, 100)}


def test_side_streets_are_no_way_around_what_exits_share(tmp_path: Path) -> None:
    drawn = two_banks(1500).road("Elm Street", "residential", straight((1500, 200), (1700, 400), (2500, 200)))
    assert lines(cut(drawn, tmp_path)) == {"Valley Road": (2500, 200)}


def test_exits_that_meet_far_behind_the_cut_are_told(tmp_path: Path) -> None:
    record = cut(two_banks(4000), tmp_path)
    assert exits(record) == ["North Bank", "South Bank"]
    (shared,) = record.shared
    assert (shared.label, shared.exits, shared.lanes, shared.exit_lanes) == (
        "Valley Road", ("North Bank", "South Bank"), 1, 2,
    )  # fmt: skip
    words = (
        "the exits North Bank and South Bank (2 lanes together) meet again behind the cut of the map, on Valley Road"
    )
    assert caveats(record) == (f"{words} with one lane, which isn't simulated: times may be longer",)
    lines_of_exits = [ResolvedExit(item.label, (item.label,), 1, item.lon, item.lat) for item in record.ends]
    (finding,) = [item for item in audit_ways_out(record, lines_of_exits, [], 1900.0) if item.kind == "exits_share"]
    assert "at least 1:00\N{NO-BREAK SPACE}h for 1,900 vehicles at 1,900 an hour and lane, not 0:30" in finding.text
    record.write(tmp_path / "ways_out.geojson")
    (again,) = WaysOutRecord.read(tmp_path / "ways_out.geojson").shared
    assert (again.label, again.exits, again.lanes) == (shared.label, shared.exits, shared.lanes)
    lines_of_ends = [(item.lon, item.lat) for item in record.ends]
    assert record.chosen().sharing(lines_of_ends).shared == record.shared  # a person named the same exits
    assert record.sharing(lines_of_ends[:1]).shared == ()  # one of them is left


def test_what_limits_another_exit_before_its_line_is_nothing_that_these_share(tmp_path: Path) -> None:
    """From behind the lines a lane leads back to the village, and from there one comes to the narrow North Road."""
    drawn = two_banks(4000).road("Back Lane", "tertiary", [(1200, 293.333), (900, 500), (400, 400)], oneway="yes")
    drawn.road("North Road", "primary", straight((200, 400), (200, 600)))
    drawn.road("North Road", "primary", straight((200, 600), (200, 1000)), lanes="4")
    drawn.road("North Road", "primary", straight((200, 1000), (200, 9500)), lanes="4")
    (shared,) = cut(drawn, tmp_path).shared
    assert (shared.label, shared.lanes, shared.exits) == ("Valley Road", 1, ("North Bank", "South Bank"))


def test_some_of_the_exits_that_share_a_road_are_told_if_they_have_more_lanes_than_it(tmp_path: Path) -> None:
    drawn = two_banks(4000, lanes="4")
    drawn.road("Ridge Road", "primary", straight((0, 300), (-1000, 300)))
    drawn.road("Ridge Road", "primary", straight((-1000, 300), (-1000, 3000), (4000, 3000), (4000, 200)))
    record = cut(drawn, tmp_path)
    (shared,) = record.shared
    assert (shared.exits, shared.lanes, shared.exit_lanes) == (("North Bank", "South Bank", "Ridge Road"), 2, 3)
    places = {item.label: (item.lon, item.lat) for item in record.ends}
    assert record.sharing([places["North Bank"], places["South Bank"]]).shared == ()


def test_what_exits_share_a_day_s_walk_away_is_no_business_of_theirs(tmp_path: Path) -> None:
    assert cut(two_banks(7500), tmp_path).shared == ()


@pytest.mark.parametrize("ways_on", [1, 2])
@pytest.mark.parametrize("around", [False, True])
def test_a_roundabout_right_behind_the_cut_is_driven_through(ways_on: int, tmp_path: Path, *, around: bool) -> None:
    """Its one lane is what both roads have, though two lead on from it: also if one could turn back to another exit."""
    ring: list[Spot] = [(1400, 250), (1350, 200), (1400, 150), (1450, 200), (1400, 250)]
    drawn = village(FAR).road("", "primary", ring, junction="roundabout")
    drawn.road("North Bank", "primary", straight((400, 300), (1000, 300)))
    drawn.road("North Bank", "primary", straight((1000, 300), (1300, 200), (1350, 200)))
    drawn.road("South Bank", "primary", straight((400, 100), (1000, 100)))
    drawn.road("South Bank", "primary", straight((1000, 100), (1400, 100), (1400, 150)))
    for name, end in (("East Road", (9500, 200)), ("North Road", (1400, 9500)))[:ways_on]:
        start = (1450, 200) if name == "East Road" else (1400, 250)
        drawn.road(name, "primary", straight(start, end))
    if around:
        drawn.road("Link", "secondary", straight((700, 300), (700, 600)))
        drawn.road("Outer Road", "primary", straight((400, 400), (700, 600), (700, 960)))
        drawn.road("Outer Road", "primary", straight((700, 960), (700, 9500)))
    others = ["Outer Road"] if around else []
    assert exits(cut(drawn, tmp_path)) == sorted([*["East Road", "North Road"][:ways_on], *others])


def test_a_ramp_that_joins_a_full_motorway_behind_the_cut_adds_no_lane_to_it(tmp_path: Path) -> None:
    drawn = village(FAR)
    drawn.road("A 1", "motorway", straight((-9500, 700), (0, 700)), oneway="yes", lanes="2")
    drawn.road("A 1", "motorway", straight((0, 700), (1500, 700)), oneway="yes", lanes="2")
    drawn.road("A 1", "motorway", straight((1500, 700), (2500, 700)), oneway="yes", lanes="2")
    drawn.road("A 1", "motorway", straight((2500, 700), (9500, 700)), oneway="yes", lanes="2")
    drawn.road("", "motorway_link", straight((0, 400), (0, 700)), oneway="yes", lanes="2", destination="Bern")
    drawn.road("", "motorway_link", straight((400, 400), (1000, 600)), oneway="yes", destination="Bern")
    drawn.road("", "motorway_link", straight((1000, 600), (1500, 700)), oneway="yes", destination="Bern")
    assert lines(cut(drawn, tmp_path)) == {"A 1": (2500, 700)}


def test_a_motorway_with_more_lanes_than_the_town_can_fill_stays_where_it_is_cut(tmp_path: Path) -> None:
    """Six lanes, of which two lanes of ramps fill two: that four go on is no business of the town's."""
    drawn = village(FAR)
    drawn.road("A 1", "motorway", straight((-9500, 500), (1000, 500)), oneway="yes", lanes="6")
    drawn.road("A 1", "motorway", straight((1000, 500), (9500, 500)), oneway="yes", lanes="4")
    for x in (100, 300):
        drawn.road("", "motorway_link", straight((x, 400), (x + 100, 500)), oneway="yes", destination="Bern")
    drawn.road("Out", "primary", straight((200, 0), (200, -1000)))
    drawn.road("Out", "primary", straight((200, -1000), (200, -9500)))
    assert lines(cut(drawn, tmp_path)) == {"A 1": (1000, 500), "Out": (200, -1000)}


def test_a_dual_carriageway_that_becomes_a_road_of_one_lane_is_driven_to_there(tmp_path: Path) -> None:
    drawn = village(FAR)
    for start, end in ((400, 1000), (1000, 1500)):
        drawn.road("B 2", "trunk", straight((start, 200), (end, 200)), oneway="yes", lanes="2")
    for start, end in ((1500, 1000), (1000, 400)):
        drawn.road(
            "B 2", "trunk", straight((start, 200 if start == 1500 else 230), (end, 230)), oneway="yes", lanes="2"
        )
    drawn.road("B 2", "trunk", straight((1500, 200), (2000, 200)), lanes="2")
    drawn.road("B 2", "trunk", straight((2000, 200), (9500, 200)), lanes="2")
    assert lines(cut(drawn, tmp_path)) == {"B 2": (2000, 200)}


def test_a_dual_carriageway_that_goes_on_as_one_stays_where_it_is_cut(tmp_path: Path) -> None:
    drawn = village(FAR)
    for start, end in ((400, 1000), (1000, 9500)):
        drawn.road("B 2", "trunk", straight((start, 200), (end, 200)), oneway="yes", lanes="2")
    for start, end in ((9500, 1000), (1000, 400)):
        drawn.road("B 2", "trunk", straight((start, 230), (end, 230)), oneway="yes", lanes="2")
    assert lines(cut(drawn, tmp_path)) == {"B 2": (1000, 200)}


@pytest.mark.parametrize("highway", ["tertiary", "residential"])
def test_a_lesser_road_that_a_person_names_shares_what_is_behind_it_as_others_do(highway: str, tmp_path: Path) -> None:
    drawn = village(FAR).road("Main Road", "primary", straight((400, 200), (1000, 200)))
    drawn.road("Main Road", "primary", straight((1000, 200), (4000, 200), (9500, 200)))
    drawn.road("Mill Lane", highway, straight((400, 300), (1000, 300)))
    drawn.road("Mill Lane", highway, straight((1000, 300), (4000, 300), (4000, 200)))
    cut(drawn, tmp_path).write(tmp_path / "ways_out.geojson")
    record = WaysOutRecord.read(tmp_path / "ways_out.geojson")
    assert exits(record) == ["Main Road"]
    lines_of_ends = {item.label: (item.lon, item.lat) for item in (*record.ends, *record.lesser)}
    assert record.sharing([lines_of_ends["Main Road"]]).shared == ()
    (shared,) = record.sharing(lines_of_ends.values()).shared
    assert (shared.label, shared.lanes, shared.exits) == ("Main Road", 1, ("Main Road", "Mill Lane"))
    assert record.at_least(highway).sharing(lines_of_ends.values()).shared == (shared,)


def test_a_lesser_road_beside_two_exits_that_share_a_road_is_told_with_them_once(tmp_path: Path) -> None:
    drawn = two_banks(4000).road("Mill Lane", "tertiary", straight((400, 200), (1000, 200)))
    drawn.road("Mill Lane", "tertiary", straight((1000, 200), (4000, 200)))
    record = cut(drawn, tmp_path)
    assert [item.exits for item in record.shared] == [("North Bank", "South Bank")]
    everybody = [(item.lon, item.lat) for item in (*record.ends, *record.lesser)]
    (shared,) = record.sharing(everybody).shared
    assert (shared.lanes, sorted(shared.exits)) == (1, ["Mill Lane", "North Bank", "South Bank"])


def test_a_meeting_near_by_is_driven_also_where_only_a_road_that_narrows_far_off_makes_it_count(tmp_path: Path) -> None:
    """Three lanes lead out of the village: two by Ridge Road, until that has one, and one by either bank."""
    drawn = village(FAR).road("Main Road", "primary", straight((400, 200), (600, 200)), lanes="6")
    for name, y in (("North Bank", 300), ("South Bank", 100)):
        drawn.road(name, "primary", straight((600, 200), (700, y), (1000, y)))
        drawn.road(name, "primary", straight((1000, y), (1500, 200)))
    drawn.road("Valley Road", "primary", straight((1500, 200), (2500, 200)))
    drawn.road("Valley Road", "primary", straight((2500, 200), (9500, 200)))
    drawn.road("Ridge Road", "primary", straight((600, 200), (600, 600), (0, 600), (0, 1000)), lanes="4")
    drawn.road("Ridge Road", "primary", straight((0, 1000), (0, 4000)), lanes="4")
    drawn.road("Ridge Road", "primary", straight((0, 4000), (0, 9500)))
    record = cut(drawn, tmp_path)
    assert lines(record) == {"Ridge Road": (0, 1000), "Valley Road": (2500, 200)}
    assert record.shared == ()
