"""Ways out that are open at times: by season, by hour, and in one direction."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from decided_exits import VILLAGE, decided, exits, none, village, web_of
from drawn_map import box, straight
from evac.network.exits.decide import Decision
from evac.osm.moments import Moment
from evac.schema.places import FoundExits

WHEN = "say when with 'osm.at', or name it in 'exits.also' if it is open"


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


def test_a_causeway_that_the_sea_covers_is_no_exit_at_any_hour_until_a_person_says_so(tmp_path: Path) -> None:
    drawn = village().road("Causeway", "secondary", straight((400, 200), (1400, 200)), tidal="yes")
    drawn.road("Causeway", "secondary", straight((1400, 200), (3600, 200)))
    for at in (None, datetime(2026, 7, 10, 12)):  # noqa: DTZ001  local time
        record = Decision(web_of(drawn.write(tmp_path / "map.osm"), moment=Moment(at)), VILLAGE).record(FoundExits())
        assert exits(record) == []
        said = "the sea covers it at times (tidal=yes): name it in 'exits.also' if it is open"
        assert none(record) == {"Causeway": said}
    drawn.road("Bridge", "secondary", straight((200, 400), (200, 3600)))
    assert exits(decided(drawn, tmp_path)) == ["Bridge"]
