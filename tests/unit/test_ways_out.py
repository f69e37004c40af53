"""Which roads are ways out of an area: villages of several kinds, classes of roads, and edges drawn at random."""

from __future__ import annotations

from pathlib import Path

import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decided_exits import VILLAGE, decided, exits, none, village
from drawn_map import box, straight
from evac.network.exits.record import EXIT, NONE, WaysOutRecord


def test_a_dead_end_valley_is_left_by_its_mouth_alone(tmp_path: Path) -> None:
    drawn = village()
    drawn.road("Valley Road", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("Alp Road", "tertiary", straight((200, 400), (200, 2600)))
    drawn.road("Alp Track", "track", straight((200, 2600), (300, 3300)))
    drawn.road("Upper Road", "secondary", straight((0, 400), (-900, 2000))).node((-900, 2000), highway="turning_circle")
    record = decided(drawn, tmp_path)
    assert exits(record) == ["Valley Road"]
    assert none(record) == {
        "Alp Road": "it goes on as a track (Alp Track)",
        "Upper Road": "it ends at a turning circle",
    }


def test_one_motorway_ramp_in_reach_makes_no_other_road_lesser(tmp_path: Path) -> None:
    drawn = village()
    drawn.road("A 1", "motorway", straight((-3200, 900), (3600, 900)), oneway="yes")
    drawn.road("", "motorway_link", straight((400, 400), (1500, 900)), oneway="yes", destination="Bern;Basel")
    drawn.road("", "motorway_link", straight((-1500, 900), (0, 400)), oneway="yes")
    drawn.road("Main Street", "secondary", straight((0, 200), (-3200, 200)))
    drawn.road("Bridge Street", "primary", straight((200, 0), (200, -3200)))
    record = decided(drawn, tmp_path)
    assert exits(record) == ["A 1", "Bridge Street", "Main Street"]
    leaving = {item.label: item.status for item in record.roads}
    assert leaving["to Bern / Basel"] == EXIT
    assert "unnamed motorway link road" not in leaving  # that ramp only comes in


def test_a_coast_town_isnt_left_by_the_roads_that_end_at_the_sea(tmp_path: Path) -> None:
    drawn = village((-3000, -3000, 3400, 700))
    drawn.road("Coast Road", "primary", straight((-3200, 200), (0, 200)))
    drawn.road("Coast Road", "primary", straight((400, 200), (3600, 200)))
    drawn.road("Pier Road", "secondary", straight((200, 400), (200, 650))).node((200, 650), noexit="yes")
    drawn.road("Promenade Road", "tertiary", straight((400, 400), (700, 650)))
    drawn.road("Promenade", "pedestrian", straight((700, 650), (1500, 650)))
    record = decided(drawn, tmp_path)
    assert exits(record) == ["Coast Road", "Coast Road"]
    assert none(record) == {
        "Pier Road": "it ends at a sign that it is no exit",
        "Promenade Road": "it goes on as a pedestrian street (Promenade)",
    }


def test_a_loop_that_leads_back_is_no_way_out_nor_is_a_road_into_town(tmp_path: Path) -> None:
    drawn = village()
    drawn.road("Loop Road", "secondary", straight((400, 300), (1500, 300), (1500, 100), (400, 100)), oneway="yes")
    drawn.road("Inbound Road", "primary", straight((-3200, 300), (0, 300)), oneway="yes")
    drawn.road("Outbound Road", "primary", straight((0, 100), (-3200, 100)), oneway="yes")
    record = decided(drawn, tmp_path)
    assert exits(record) == ["Outbound Road"]
    assert none(record) == {"Loop Road": "it leads back into the area"}


def test_a_town_that_drives_on_the_left_leaves_by_the_carriageway_that_leads_away(tmp_path: Path) -> None:
    drawn = village()
    drawn.road("A 5", "trunk", straight((400, 220), (3600, 220)), oneway="yes")  # on the left: the northern one
    drawn.road("A 5", "trunk", straight((3600, 180), (400, 180)), oneway="yes")
    drawn.road("High Street", "secondary", straight((0, 200), (-3200, 200)))
    record = decided(drawn, tmp_path)
    assert exits(record) == ["A 5", "High Street"]
    (trunk,) = [item for item in record.ends if item.label == "A 5"]
    assert trunk.lat > 47.0 + 200 / 111_195


def test_tertiary_roads_count_where_no_higher_road_leads_the_same_way(tmp_path: Path) -> None:
    drawn = village()
    drawn.road("South Road", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("Old South Road", "tertiary", straight((400, 0), (700, -3200)))
    drawn.road("North Road", "tertiary", straight((200, 400), (200, 3600)))
    drawn.road("East Lane", "unclassified", straight((400, 200), (3600, 200)))
    record = decided(drawn, tmp_path)
    assert exits(record) == ["North Road", "South Road"]
    assert sorted(item.label for item in record.lesser) == ["East Lane", "Old South Road"]
    assert exits(decided(drawn, tmp_path, at_least="unclassified")) == [
        "East Lane", "North Road", "Old South Road", "South Road",
    ]  # fmt: skip


def test_the_only_road_out_is_an_exit_whatever_its_class(tmp_path: Path) -> None:
    drawn = village().road("Lane", "unclassified", straight((200, 0), (200, -3200)))
    assert exits(decided(drawn, tmp_path)) == ["Lane"]


def test_a_primary_road_that_ends_inside_is_told(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("West Road", "primary", straight((0, 200), (-1500, 200)))
    record = decided(drawn, tmp_path)
    assert [(item.label, item.reason) for item in record.ends_inside] == [("West Road", "it ends")]
    assert none(record) == {"West Road": "it ends"}


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    record = decided(drawn.road("West", "primary", straight((0, 200), (-1500, 200))), tmp_path)
    record.write(tmp_path / "ways_out.geojson")
    again = WaysOutRecord.read(tmp_path / "ways_out.geojson")
    assert (exits(again), none(again), dict(again.reach_m)) == (exits(record), none(record), dict(record.reach_m))
    assert again.outline.symmetric_difference(record.outline).area < 1e-9


_CLASSES = st.sampled_from(["primary", "secondary", "tertiary"])


_ENDINGS = st.sampled_from(["goes on", "track", "no access", "bollard", "ends", "back"])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    roads=st.lists(st.tuples(_CLASSES, _ENDINGS, st.integers(900, 2400)), min_size=4, max_size=4),
    shift=st.tuples(*[st.integers(-300, 300)] * 4),
)
def test_moving_the_edge_of_the_area_moves_no_exit(
    tmp_path: Path, roads: list[tuple[str, str, int]], shift: tuple[int, ...]
) -> None:
    """Four roads lead out of a town; where each leads is decided by what it comes to, not by where the polygon ends."""
    drawn = village((-3000, -3000, 3400, 3400))
    wanted = []
    for number, (highway, ending, at) in enumerate(roads):
        turned = [_turn(spot, number) for spot in _road(ending, at)]
        drawn.road(f"Road {number}", highway, turned)
        if ending == "track":
            drawn.road("", "track", [turned[-1], _turn((200.0, -at - 300.0), number)])
        elif ending == "no access":
            beyond = straight((200.0, -float(at)), (200.0, -3200.0))
            drawn.road(f"Road {number}", highway, [_turn(spot, number) for spot in beyond], access="no")
        elif ending == "bollard":
            drawn.node(turned[8], barrier="bollard")
        elif ending == "goes on":
            wanted.append(f"Road {number}")
    west, south, east, north = shift
    moved = box(-350 + west, -350 + south, 750 + east, 750 + north)
    for area in (box(-350, -350, 750, 750), moved):
        record = decided(drawn, tmp_path, area, at_least="tertiary")
        assert exits(record) == wanted
        assert set(none(record)) == {f"Road {number}" for number in range(4)} - set(wanted)


def _road(ending: str, at: int) -> list[tuple[float, float]]:
    """Return a road to the south of the town."""
    if ending in {"goes on", "bollard"}:
        return list(straight((200.0, 0.0), (200.0, -3200.0)))
    if ending == "back":
        return list(straight((200.0, 0.0), (200.0, -float(at)), (300.0, -float(at)), (300.0, 0.0)))
    return list(straight((200.0, 0.0), (200.0, -float(at))))


def _turn(spot: tuple[float, float], quarters: int) -> tuple[float, float]:
    """Turn a place about the town's middle."""
    x, y = spot[0] - 200.0, spot[1] - 200.0
    for _ in range(quarters):
        x, y = -y, x
    return round(x + 200.0, 3), round(y + 200.0, 3)


def test_a_city_with_exits_of_every_kind_tells_each_road_once(tmp_path: Path) -> None:
    """A road whose crossing of a winding border is met three times is told once."""
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    teeth = shapely.union_all([VILLAGE, *(box(150, -50 - 100 * k, 250, -100 * k) for k in (1, 2))])
    record = decided(drawn, tmp_path, teeth)
    assert [(item.label, item.status) for item in record.roads] == [("Out", EXIT)]
    assert NONE not in {item.status for item in record.roads}
