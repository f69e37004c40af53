"""Ways out over private roads: the residents' own, and other people's."""

from __future__ import annotations

from pathlib import Path

import pytest

from decided_exits import WIDE, decided, exits, none, village
from drawn_map import DrawnMap, straight

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
