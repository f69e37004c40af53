"""A road whose lanes open and close has an edge for each set of open lanes, of which one at a time is open."""

from __future__ import annotations

import math

import pytest

from evac.plans.stages import Stages, in_stages, stages_of
from evac.plans.timetable import Closing, Diversion, Limit, Opening, Timetable, admits_car, at

OPENED = Opening("contraflow", 900.0, 3600.0, ("ab_1", "bc_1", ":b_1_0"))
SHUT = Closing("bridge", 1200.0, None, ("cd_0", "cd_1"))
LANES = {"ab": [True, False], "bc": [True, False]}


def _stages(
    *, closings: tuple[Closing, ...] = (), lanes: dict[str, list[bool]] | None = None
) -> tuple[Timetable, Stages]:
    timetable = Timetable(closings=closings, openings=(OPENED,))
    return timetable, stages_of(timetable, lanes or LANES)


def test_a_lane_that_opens_for_a_time_makes_three_stages_on_two_edges():
    _, stages = _stages()
    found = [(stage.edge, stage.lanes, stage.from_s, stage.until_s) for stage in stages.of["ab"]]
    assert found == [
        ("ab~0", (0,), 0.0, 900.0),
        ("ab~0-1", (0, 1), 900.0, 3600.0),
        ("ab~0", (0,), 3600.0, math.inf),
    ]
    assert stages.edges("ab") == ("ab~0", "ab~0-1")
    assert stages.road("ab~0-1") == "ab"
    assert stages.road("zz") == "zz"
    assert stages.replaced(900.0) == {"ab~0": "ab~0-1", "bc~0": "bc~0-1"}
    assert stages.replaced(1200.0) == {}


def test_a_road_that_closes_as_a_whole_stays_one_edge():
    _, stages = _stages(closings=(SHUT,), lanes={**LANES, "cd": [True, True]})
    assert set(stages.of) == {"ab", "bc"}


def test_a_road_that_loses_a_lane_has_stages():
    shut = Closing("works", 600.0, None, ("cd_1",))
    stages = stages_of(Timetable(closings=(shut,)), {"cd": [True, True]})
    assert [stage.lanes for stage in stages.of["cd"]] == [(0, 1), (0,)]


@pytest.mark.parametrize("time_s", [0.0, 899.0, 900.0, 2000.0, 3599.0, 3600.0, 9e5])
def test_one_edge_of_a_road_is_open_at_a_time_and_it_has_the_lanes_that_are(time_s):
    timetable, stages = _stages(closings=(SHUT, Closing("works", 1000.0, 2500.0, ("ab_0",))))
    there = in_stages(timetable, stages).states().lanes
    for road in stages.of:
        lanes = timetable.states().lanes
        normally = {0: True, 1: False}
        wanted = sum(
            admits_car(at(lanes[f"{road}_{number}"], time_s)) if f"{road}_{number}" in lanes else normally[number]
            for number in (0, 1)
        )
        is_open = {edge: admits_car(at(there[f"{edge}_0"], time_s)) for edge in stages.edges(road)}
        (edge,) = [edge for edge, shown in is_open.items() if shown]
        assert edge == stages.at(road, time_s)
        assert wanted == len(next(stage.lanes for stage in stages.of[road] if stage.edge == edge))


def test_what_else_a_plan_does_is_for_the_edges_of_all_stages():
    told = Diversion("led", 0.0, None, ("ab",), ("bc",), 1.0, (), (1,))
    slow = Limit("slow", 0.0, 600.0, ("ab_0",), 8.0)
    timetable = Timetable(openings=(OPENED,), diversions=(told,), limits=(slow,), closings=(SHUT,))
    found = in_stages(timetable, stages_of(timetable, LANES))
    assert [(item.edges, item.exit_edges, item.lanes) for item in found.diversions] == [
        (("ab~0-1",), ("bc~0", "bc~0-1"), (1,))
    ]
    assert found.limits[0].lanes == ("ab~0_0", "ab~0-1_0")
    assert SHUT in found.closings
    assert not found.openings
    assert not any(lane.startswith(":") for item in found.closings for lane in item.lanes)
