"""Roads that leave and are none, because something stops cars on them."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from decided_exits import VILLAGE, WIDE, decided, exits, none, village, web_of
from drawn_map import box, straight
from evac.network.exits.decide import Decision
from evac.osm import prepare_map
from evac.schema.places import ForbiddenExit, FoundExits, Point

WHEN = "say when with 'osm.at', or name it in 'exits.also' if it is open"


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
        "Works Road": "it is a road that is out of use or under construction (construction=yes)",
    }


def test_a_road_that_has_been_opened_and_still_says_what_was_built_is_a_way_out(tmp_path: Path) -> None:
    drawn = village()
    drawn.road("New Road", "primary", straight((400, 200), (3600, 200)), construction="primary")
    assert exits(decided(drawn, tmp_path)) == ["New Road"]
    told = prepare_map(drawn.write(tmp_path / "map.osm"), "service", "LI", tmp_path).doubts()
    assert [item["text"] for item in told] == [
        "New Road is mapped as open and as being built (construction=primary): open here"
    ]


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


def test_a_road_that_no_car_fits_on_is_no_way_on(tmp_path: Path) -> None:
    drawn = village().road("Out", "secondary", straight((200, 0), (200, -3200)))
    drawn.road("Lane", "secondary", straight((400, 200), (1400, 200)))
    drawn.road("Lane", "secondary", straight((1400, 200), (3600, 200)), maxwidth__physical="1.6 m")
    assert none(decided(drawn, tmp_path)) == {
        "Lane": "it goes on as a road that is too small for a car (maxwidth:physical=1.6 m)"
    }


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
