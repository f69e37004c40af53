"""Any combination of tags: no exception, no more lanes than the tags can carry, directions that agree."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evac.osm.access import CLASSES, direction, may_be_opened, may_leave, why_left_out
from evac.osm.barriers import blocks_cars, is_open_gate, is_signal
from evac.osm.lane_tags import MAX_LANES, number
from evac.osm.lanes import Lanes, count_lanes
from evac.osm.moments import Moment, tags_at
from evac.osm.speeds import is_unknown_law, read_speed, speed_tag

ACCESS = st.sampled_from(["yes", "no", "private", "destination", "psv", "bus;taxi", "", "agricultural;forestry", "x"])
COUNTS = st.sampled_from(["0", "1", "2", "3", "4", "5", "1.5", "2;3", "-2", "many", "", "200", "10"])
LISTS = st.lists(
    st.sampled_from(["", "yes", "no", "designated", "left", "through;right", "psv"]), min_size=1, max_size=5
)
SUFFIXES = ("", ":forward", ":backward")
BUSWAYS = st.sampled_from(["lane", "opposite_lane", "no", "separate"])
CONDITIONS = st.sampled_from(
    [
        "no @ (Nov 01-May 15)",
        "yes @ (22:00-06:00)",
        "no @ (winter)",
        "no @ wet",
        "@",
        "no",
        "no @ (Mo-Fr 7-9",
        "2 @ (Sa)",
    ]
)
TAGS: dict[str, st.SearchStrategy[str]] = {
    **{f"{key}{suffix}": ACCESS for key in ("access", "vehicle", "motor_vehicle", "motorcar") for suffix in SUFFIXES},
    **{f"lanes{suffix}": COUNTS for suffix in (*SUFFIXES, ":both_ways")},
    **{f"lanes:{key}{suffix}": COUNTS for key in ("psv", "bus") for suffix in SUFFIXES},
    **{
        f"{key}:lanes{suffix}": LISTS.map("|".join)
        for key in ("turn", "access", "vehicle", "motor_vehicle", "bus", "psv", "bicycle", "hov")
        for suffix in (*SUFFIXES, ":both_ways")
    },
    **{f"busway{suffix}": BUSWAYS for suffix in ("", ":left", ":right", ":both")},
    **{f"oneway{mode}": st.sampled_from(["yes", "no", "-1", "reversible", "alternating", "x"])
       for mode in ("", ":bus", ":psv", ":motor_vehicle", ":motorcar")},
    "junction": st.sampled_from(["roundabout", "circular", "yes"]),
    "service": st.sampled_from(["driveway", "emergency_access", "busway"]),
    "maxspeed": st.sampled_from(["50", "GB:nsl_single", "XX:rural", "walk", "none", "-5", "30 mph;40", ":", "a:b"]),
    "motor_vehicle:conditional": CONDITIONS,
    "lanes:conditional": CONDITIONS,
    "seasonal": st.sampled_from(["yes", "no", "summer", "winter;spring", ""]),
    "barrier": st.sampled_from(["gate", "bollard", "yes", "no", "log", ""]),
    "locked": st.sampled_from(["yes", "no"]),
    "maxheight": st.sampled_from(["1.2", "2 m", "default", "9'6\""]),
    "highway": st.sampled_from([*CLASSES, "track", "construction", "traffic_signals"]),
    "traffic_signals": st.sampled_from(["signal", "emergency", ""]),
}  # fmt: skip
ABOUT_LANES = sorted(key for key in TAGS if "lanes" in key or key.startswith(("busway", "oneway")))


def combinations(keys: list[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.lists(st.sampled_from(keys), unique=True, max_size=7).flatmap(
        lambda chosen: st.fixed_dictionaries({"highway": TAGS["highway"], **{key: TAGS[key] for key in chosen}})
    )


MOMENTS = st.sampled_from([None, *(datetime.fromisoformat(at) for at in ("2026-01-10 23:00", "2026-07-01 12:00"))])
SIDES = st.booleans()
fuzzed = settings(max_examples=300, deadline=None)


def counted(tags: dict[str, str], *, lefthand: bool) -> Lanes:
    return count_lanes(tags, tags["highway"], direction(tags), lefthand=lefthand)


@fuzzed
@given(combinations(sorted(TAGS)), MOMENTS, SIDES)
def test_every_combination_is_read(tags: dict[str, str], at: datetime | None, lefthand: bool) -> None:  # noqa: FBT001
    now = dict(tags_at(tags, Moment(at, "GB"), 50.0).tags)
    assert (why_left_out(now, "service") is None) <= (now["highway"] in CLASSES)
    assert {may_be_opened(now), may_leave(now), blocks_cars(now), is_open_gate(now), is_signal(now)} <= {True, False}
    known = now["highway"] if now["highway"] in CLASSES else "service"
    assert 0 < read_speed(speed_tag(now), "GB", known, in_town=True).kph <= 160
    assert is_unknown_law(speed_tag(now)) in {True, False}
    assert counted(now, lefthand=lefthand).forward <= MAX_LANES


@fuzzed
@given(combinations(ABOUT_LANES), SIDES)
def test_lanes_run_where_cars_may(tags: dict[str, str], lefthand: bool) -> None:  # noqa: FBT001
    lanes, runs = counted(tags, lefthand=lefthand), direction(tags)
    assert (lanes.forward > 0) is (runs >= 0)
    assert (lanes.backward > 0) is (runs <= 0)
    for turns, count in ((lanes.turns_forward, lanes.forward), (lanes.turns_backward, lanes.backward)):
        assert turns is None or len(turns.split("|")) == count


@fuzzed
@given(combinations(ABOUT_LANES), SIDES)
def test_no_more_lanes_than_the_tags_can_carry(tags: dict[str, str], lefthand: bool) -> None:  # noqa: FBT001
    lanes = counted(tags, lefthand=lefthand)
    total = number(tags, "lanes")
    one_each = (lanes.forward > 0) + (lanes.backward > 0)  # a lane that both directions share is one for each
    assert total is None or lanes.forward + lanes.backward <= max(total, one_each)
    for suffix, count in ((":forward", lanes.forward), (":backward", lanes.backward)):
        said = number(tags, f"lanes{suffix}")
        assert said is None or count <= said
        for key in ("turn", "vehicle", "bus"):
            values = tags.get(f"{key}:lanes{suffix}")
            assert not values or count <= len(values.split("|"))


@fuzzed
@given(combinations(ABOUT_LANES), st.sampled_from(["lanes:psv", "lanes:bus:forward", "busway", "busway:right"]), SIDES)
def test_a_bus_lane_more_is_no_lane_more_for_cars(tags: dict[str, str], key: str, lefthand: bool) -> None:  # noqa: FBT001
    plain = {name: value for name, value in tags.items() if "bus" not in name and "psv" not in name}
    with_bus = {**plain, key: "lane" if "busway" in key else "1"}
    without, left = counted(plain, lefthand=lefthand), counted(with_bus, lefthand=lefthand)
    assert left.forward <= without.forward
    assert left.backward <= without.backward


@pytest.mark.parametrize("highway", CLASSES)
def test_without_tags_lanes_are_a_guess(highway: str) -> None:
    assert counted({"highway": highway}, lefthand=False).guessed
