"""Which roads are ways out of an area: six villages, every kind of road that is none, and towns drawn at random."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decided_exits import VILLAGE, WIDE, decided, exits, none, village, web_of
from drawn_map import DrawnMap, box, metres, straight
from evac.audit.ways_out import caveats
from evac.network.exits.decide import Decision
from evac.network.exits.record import EXIT, NONE, WaysOutRecord
from evac.osm import prepare_map
from evac.osm.moments import Moment
from evac.schema.places import ForbiddenExit, FoundExits, Point

WHEN = "say when with 'osm.at', or name it in 'exits.also' if it is open"


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


def test_streets_that_end_where_a_map_of_unknown_extent_does_are_cul_de_sacs(tmp_path: Path) -> None:
    drawn = DrawnMap().streets(0, 0, 400, 400)
    drawn.road("Elm Street", "residential", straight((200, 400), (200, 900)))
    assert exits(decided(drawn, tmp_path)) == []
    drawn.road("Lane", "unclassified", straight((200, 0), (200, -1500)))
    assert exits(decided(drawn, tmp_path)) == ["Lane"]


def test_roads_that_branch_off_outside_and_are_closed_are_told(tmp_path: Path) -> None:
    drawn = village().road("Main Road", "primary", straight((400, 200), (3600, 200)))
    drawn.road("Pass Road", "tertiary", straight((1400, 200), (1400, 3600)), motor_vehicle__conditional="no @ winter")
    drawn.road("Works Road", "secondary", straight((1800, 200), (1800, -3200)), construction="yes")
    drawn.road("Yard", "tertiary", straight((2000, 200), (2000, 400)), access="no")
    drawn.road("Old Pass", "tertiary", straight((2200, 200), (2200, 1200)), seasonal="summer")
    record = decided(drawn, tmp_path)
    assert exits(record) == ["Main Road"]
    assert none(record) == {
        "Pass Road": f"it is closed at times (motor_vehicle:conditional=no @ winter): {WHEN}",
        "Works Road": "it is a road that is out of use or under construction",
    }


def test_a_road_that_has_been_opened_and_still_says_what_was_built_is_a_way_out(tmp_path: Path) -> None:
    drawn = village()
    drawn.road("New Road", "primary", straight((400, 200), (3600, 200)), construction="primary")
    assert exits(decided(drawn, tmp_path)) == ["New Road"]
    told = prepare_map(drawn.write(tmp_path / "map.osm"), "service", "LI", tmp_path).doubts()
    assert [item["text"] for item in told] == [
        "New Road is mapped as open and as being built (construction=primary): open here"
    ]


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


CLOSED = {
    "construction": ({"highway": "construction", "construction": "primary"}, "a road under construction"),
    "proposed": ({"highway": "proposed", "proposed": "primary"}, "a road that isn't built yet"),
    "no access": ({"highway": "primary", "access": "no"}, "a road that is closed to cars (access=no)"),
    "military": ({"highway": "primary", "access": "military"}, "a road that is closed to cars (access=military)"),
    "buses": ({"highway": "primary", "motor_vehicle": "bus"}, "a road that is closed to cars (motor_vehicle=bus)"),
    "busway": ({"highway": "busway"}, "a road for buses"),
    "track": ({"highway": "track"}, "a track"),
    "path": ({"highway": "path"}, "a path"),
    "pedestrian": ({"highway": "pedestrian"}, "a pedestrian street"),
    "was used": ({"highway": "", "disused:highway": "primary"}, "a road that is out of use"),
    "was a road": ({"highway": "", "razed:highway": "primary"}, "a road that is no longer there"),
    "works in a prefix": ({"highway": "", "construction:highway": "primary"}, "a road under construction"),
    "plans in a prefix": ({"highway": "", "planned:highway": "primary"}, "a road that isn't built yet"),
}


@pytest.mark.parametrize("bounds", [WIDE, None])
@pytest.mark.parametrize("kind", CLOSED)
def test_a_road_that_is_closed_beyond_is_no_exit(tmp_path: Path, kind: str, bounds: tuple[float, ...] | None) -> None:
    tags, words = CLOSED[kind]
    drawn = village(bounds).road("Out", "secondary", straight((200, 0), (200, -3200)))  # type: ignore[arg-type]
    drawn.road("East Road", "primary", straight((400, 200), (3000, 200)))
    drawn.road("East Road", **tags, line=straight((3000, 200), (3600, 200)))  # type: ignore[arg-type]
    record = decided(drawn, tmp_path)
    assert exits(record) == ["Out"]
    assert none(record) == {"East Road": f"it goes on as {words}"}


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"barrier": "bollard"}, "it ends at a bollard"),
        ({"barrier": "block"}, "it ends at a block"),
        ({"barrier": "gate", "locked": "yes"}, "it ends at a locked gate"),
        ({"barrier": "gate", "access": "no"}, "it ends at a gate"),
    ],
)
def test_a_road_that_ends_at_a_barrier_is_no_exit(tmp_path: Path, tags: dict[str, str], words: str) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("East Road", "primary", straight((400, 200), (3600, 200))).node((1400, 200), **tags)
    assert none(decided(drawn, tmp_path)) == {"East Road": words}


def test_a_road_that_is_closed_in_winter_is_an_exit_in_summer(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("Pass Road", "primary", straight((400, 200), (1400, 200)))
    drawn.road("Pass Road", "primary", straight((1400, 200), (3600, 200)), motor_vehicle__conditional="no @ Nov-Apr")
    path = drawn.write(tmp_path / "map.osm")
    found = {}
    for month in (None, 1, 7):
        moment = Moment(datetime(2026, month, 10, 12) if month else None)  # noqa: DTZ001  local time
        record = Decision(web_of(path, moment=moment), VILLAGE).record(FoundExits())
        found[month] = (exits(record), none(record))
    told = f"it is closed at times (motor_vehicle:conditional=no @ Nov-Apr): {WHEN}"
    assert found[None] == (["Out"], {"Pass Road": told})
    assert found[1] == (["Out"], {"Pass Road": "it goes on as a road that is closed to cars (motor_vehicle=no)"})
    assert found[7] == (["Out", "Pass Road"], {})


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ({"barrier": "lift_gate", "motor_vehicle:conditional": "no @ (22:00-06:00)"}, "a lift gate"),
        ({"barrier": "border_control", "opening_hours": "06:00-22:00"}, "a border control"),
    ],
)
def test_a_road_with_a_gate_that_is_shut_at_night_is_an_exit_at_noon(
    gate: dict[str, str], said: str, tmp_path: Path
) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("Border Road", "primary", straight((400, 200), (3600, 200))).node((1400, 200), **gate)
    path = drawn.write(tmp_path / "map.osm")
    found = {}
    for hour in (None, 3, 12):
        moment = Moment(datetime(2026, 7, 10, hour) if hour else None)  # noqa: DTZ001  local time
        record = Decision(web_of(path, moment=moment), VILLAGE).record(FoundExits())
        found[hour] = (exits(record), none(record))
    tag = "=".join(list(gate.items())[1])
    assert found[None] == (["Out"], {"Border Road": f"it is closed at times ({tag}): {WHEN}"})
    assert found[3] == (["Out"], {"Border Road": f"it ends at {said}"})
    assert found[12] == (["Border Road", "Out"], {})


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"oneway": "yes", "oneway:conditional": "-1 @ (15:00-19:00)"}, "runs another way"),
        ({"oneway:conditional": "-1 @ (15:00-19:00)"}, "runs another way"),
        ({"oneway": "reversible"}, "runs another way"),
        ({"oneway": "yes", "motor_vehicle:conditional": "no @ (22:00-06:00)"}, "is closed"),
        ({"motor_vehicle:forward:conditional": "no @ snow"}, "is closed"),
        ({"oneway:conditional": "yes @ (15:00-19:00)"}, None),
        ({"oneway": "yes", "oneway:conditional": "no @ (15:00-19:00)"}, None),
        ({"motor_vehicle:backward:conditional": "no @ (15:00-19:00)"}, None),
        ({"motor_vehicle": "yes", "vehicle:conditional": "no @ (15:00-19:00)"}, None),
        ({"motor_vehicle:conditional": "no @ (weight>7.5)"}, None),
    ],
)
def test_a_road_is_an_exit_only_if_the_way_out_is_always_open(
    tags: dict[str, str], said: str | None, tmp_path: Path
) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("East Road", "primary", straight((400, 200), (3600, 200)), **tags)
    record = decided(drawn, tmp_path)
    assert exits(record) == (["Out"] if said else ["East Road", "Out"])
    reasons = none(record)
    assert reasons.keys() == ({"East Road"} if said else set())
    assert said is None or reasons["East Road"].startswith(f"it {said} at times ({list(tags.items())[-1][0]}=")


def test_an_hour_decides_which_way_a_reversible_road_runs(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    hours = "yes @ (15:00-19:00); -1 @ (06:00-10:00)"
    drawn.road("Express", "primary", straight((400, 200), (3600, 200)), oneway="reversible", oneway__conditional=hours)
    path = drawn.write(tmp_path / "map.osm")
    found = {}
    for hour in (None, 8, 12, 17):
        moment = Moment(datetime(2026, 7, 10, hour) if hour else None)  # noqa: DTZ001  local time
        found[hour] = exits(Decision(web_of(path, moment=moment), VILLAGE).record(FoundExits()))
    assert found == {None: ["Out"], 8: ["Out"], 12: ["Out"], 17: ["Express", "Out"]}


@pytest.mark.parametrize("border", [430, 460, 520], ids=["before the bridge", "on it", "behind it"])
def test_a_bridge_that_is_shut_at_night_is_no_exit_wherever_the_border_is(border: float, tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("East Road", "primary", [(400, 200), (450, 200)])
    drawn.road("Bridge", "primary", [(450, 200), (500, 200)], motor_vehicle__conditional="no @ (22:00-06:00)")
    drawn.road("Far Road", "primary", straight((500, 200), (3600, 200)))
    record = decided(drawn, tmp_path, area=box(-50, -50, border, 450))
    assert exits(record) == ["Out"]
    assert [item.reason for item in record.none] == [
        f"it is closed at times (motor_vehicle:conditional=no @ (22:00-06:00)): {WHEN}"
    ]


def test_who_lives_behind_a_bridge_that_is_shut_at_night_leaves_all_the_same(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200))).streets(600, 0, 900, 400)
    drawn.road("Bridge", "primary", [(400, 200), (600, 200)], motor_vehicle__conditional="no @ (22:00-06:00)")
    drawn.road("Far Road", "primary", straight((900, 200), (3600, 200)))
    record = decided(drawn, tmp_path, area=box(-50, -50, 950, 450))
    assert (exits(record), none(record)) == (["Far Road", "Out"], {})


PRIVATE = "name it in 'exits.also' if people may leave by it"


@pytest.mark.parametrize(
    ("beyond", "told"),
    [
        ({"access": "private"}, f"it goes on as a private road (access=private): {PRIVATE}"),
        (
            {"access": "yes", "motor_vehicle": "private"},
            f"it goes on as a private road (motor_vehicle=private): {PRIVATE}",
        ),
        ({"motor_vehicle": "permit"}, f"it goes on as a private road (motor_vehicle=permit): {PRIVATE}"),
        ({"vehicle": "private;delivery"}, f"it goes on as a private road (vehicle=private;delivery): {PRIVATE}"),
        ({"access": "private", "motorcar": "yes"}, None),
        ({"access": "destination"}, None),
        ({"access": "private;destination"}, None),
    ],
)
def test_a_private_road_beyond_the_area_is_no_way_on(beyond: dict[str, str], told: str | None, tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("Ranch Road", "secondary", straight((400, 200), (1400, 200)))
    drawn.road("Ranch Road", "secondary", straight((1400, 200), (3600, 200)), **beyond)
    record = decided(drawn, tmp_path)
    assert none(record) == ({} if told is None else {"Ranch Road": told})
    assert exits(record) == (["Out"] if told else ["Out", "Ranch Road"])


def test_a_private_gate_is_no_way_on_unless_it_is_the_only_one(tmp_path: Path) -> None:
    drawn = village().road("Ranch Road", "secondary", straight((400, 200), (3600, 200)))
    drawn.node((1400, 200), barrier="gate", access="private")
    record = decided(drawn, tmp_path)
    assert (exits(record), none(record)) == (["Ranch Road"], {})  # who lives here opens his own gate
    record = decided(drawn.road("Out", "secondary", straight((200, 0), (200, -3200))), tmp_path)
    assert exits(record) == ["Out"]
    assert none(record) == {"Ranch Road": f"it goes on as a private road (a gate, access=private): {PRIVATE}"}


def test_a_road_that_no_car_fits_on_is_no_way_on(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("Lane", "secondary", straight((400, 200), (1400, 200)))
    drawn.road("Lane", "secondary", straight((1400, 200), (3600, 200)), maxwidth__physical="1.6 m")
    assert none(decided(drawn, tmp_path)) == {"Lane": "it goes on as a road that is too narrow or too low for a car"}


def test_who_lives_at_a_private_street_leaves_by_the_public_road_behind_it(tmp_path: Path) -> None:
    drawn = village().road("Park Drive", "secondary", straight((400, 200), (500, 200)), access="private")
    drawn.road("Main Road", "secondary", straight((500, 200), (3600, 200)))
    record = decided(drawn, tmp_path)
    assert (exits(record), none(record)) == (["Main Road"], {})


@pytest.mark.parametrize("beyond_m", [100.0, 300.0, 1000.0])
@pytest.mark.parametrize("highway", ["secondary", "service"])
def test_residents_of_a_gated_community_drive_their_own_streets_to_its_gate(
    highway: str, beyond_m: float, tmp_path: Path
) -> None:
    drawn = DrawnMap(WIDE).streets(0, 0, 400, 400)
    for tags, _ in drawn.ways:
        tags["access"] = "private"
    drawn.road("Park Drive", highway, straight((400, 200), (400 + beyond_m, 200)), access="private")
    drawn.node((450 + beyond_m - 100, 200), barrier="gate")
    drawn.road("Main Road", "secondary", straight((400 + beyond_m, -3600), (400 + beyond_m, 3600)))
    record = decided(drawn, tmp_path)
    assert exits(record) == ["Main Road", "Main Road"]
    assert none(record) == {}


def test_a_community_that_the_area_holds_in_part_leaves_through_the_rest_of_it(tmp_path: Path) -> None:
    drawn = DrawnMap(WIDE).streets(0, 0, 1000, 400)
    for tags, _ in drawn.ways:
        tags["access"] = "private"
    drawn.road("Main Road", "secondary", straight((1000, -3600), (1000, 3600)))
    assert exits(decided(drawn, tmp_path)) == ["Main Road", "Main Road"]


def test_a_private_street_of_the_community_that_the_map_cuts_is_no_exit(tmp_path: Path) -> None:
    drawn = DrawnMap((-3000, -3000, 700, 3400)).streets(0, 0, 400, 400)
    drawn.road("Out", "secondary", straight((200, 0), (200, -3200)))
    for tags, _ in drawn.ways[:-1]:
        tags["access"] = "private"
    drawn.road("Park Drive", "secondary", straight((400, 200), (800, 200)), access="private")
    record = decided(drawn, tmp_path)
    told = f"it goes on as a private road (access=private): {PRIVATE}"
    assert (exits(record), none(record)) == (["Out"], {"Park Drive": told})


@pytest.mark.parametrize("step", [100.0, 4000.0])
def test_a_road_that_is_private_from_the_area_on_is_none(step: float, tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("Ranch Road", "secondary", straight((400, 200), (3600, 200), step=step), access="private")
    record = decided(drawn, tmp_path)
    told = f"it is a private road (access=private): {PRIVATE}"
    assert (exits(record), none(record)) == (["Out"], {"Ranch Road": told})


def test_a_private_road_off_the_way_to_an_exit_is_told(tmp_path: Path) -> None:
    drawn = village().road("Main Road", "primary", straight((400, 200), (3600, 200)))
    drawn.road("Ranch Road", "tertiary", straight((1400, 200), (1400, 3600)), access="private")
    drawn.road("Drive", "residential", straight((1800, 200), (1800, 3600)), access="private")
    record = decided(drawn, tmp_path)
    assert exits(record) == ["Main Road"]
    assert none(record) == {"Ranch Road": f"it is a private road (access=private): {PRIVATE}"}


def test_a_closure_of_the_scenario_ends_a_road(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("East Road", "primary", straight((400, 200), (3600, 200)))
    spot = shapely.centroid(box(1400, 195, 1410, 205))
    point = Point(lat=spot.y, lon=spot.x)
    closure = ForbiddenExit(name="fire", street="East Road", point=point, because="fire")
    web = web_of(drawn.write(tmp_path / "map.osm"), (closure,))
    record = Decision(web, VILLAGE).record(FoundExits())
    assert exits(record) == ["Out"]
    assert "East Road" in none(record)


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


def test_the_file_says_where_it_cuts_a_road(tmp_path: Path) -> None:
    """The next node is lacking: the road goes on, wherever the bounds are."""
    drawn = village((-9000, -9000, 9000, 9000)).road("Out", "secondary", straight((200, 0), (200, -1500)))
    path = drawn.write(tmp_path / "map.osm")
    way = path.read_text().splitlines()
    out = next(number for number, line in enumerate(way) if 'v="secondary"' in line)
    way[out] = way[out].replace("/><tag", '/><nd ref="99999"/><tag', 1)
    path.write_text("\n".join(way))
    assert exits(Decision(web_of(path), VILLAGE).record(FoundExits())) == ["Out"]


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


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    record = decided(drawn.road("West", "primary", straight((0, 200), (-1500, 200))), tmp_path)
    record.write(tmp_path / "ways_out.geojson")
    again = WaysOutRecord.read(tmp_path / "ways_out.geojson")
    assert (exits(again), none(again), dict(again.reach_m)) == (exits(record), none(record), dict(record.reach_m))
    assert again.outline.symmetric_difference(record.outline).area < 1e-9


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
