"""The bound on crafted roads whose optimum is known: a queue's clearance time is the cars over the lane's rate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evac.limits.bound import Bound, Town, fastest_of, reversible_town_of, town_of
from evac.limits.passing import lane_limit_veh_per_h
from evac.limits.roads import Drivers, Rules
from evac.limits.signals import read_programs
from evac.network import read_net
from plan_town import cars, town

LANE_VEH_PER_H = lane_limit_veh_per_h(13.89, "normal", 1.0)
A_MINUTE = LANE_VEH_PER_H / 60
ROUNDED_UP = 0.04  # of a lane's 31 vehicles a minute
SPEED_MPS = 13.89
AS_DEMAND = {"ordered": True, "speed_factor": 1.0, "stop_edge": None, "stop_pos_m": None, "stop_s": None}


def at_once(edge: str, count: int) -> pd.DataFrame:
    return cars(edge, count, every_s=0.0, name=edge).assign(**AS_DEMAND)


def solved(made: Any, vehicles: pd.DataFrame, rules: Rules | None = None, **options: Any) -> Town:
    net = read_net(made.network.net_file)
    drivers = Drivers("normal", 1.0, fastest_of(vehicles))
    return town_of(net, options.pop("exits", made.exits), vehicles, drivers, rules or Rules(), **options)


def clears_after(bound: Bound, expected_min: float, least_min: float = 0.0) -> None:
    """Check when all are out: no later than theory has it, and no sooner than rounding can make it."""
    found = bound.earliest_s(100)
    assert found is not None
    assert expected_min * (1 - ROUNDED_UP) - 2.0 - least_min <= found / 60 <= expected_min


def test_one_road_clears_in_the_cars_over_its_rate(tmp_path: Path) -> None:
    road = town(tmp_path, {"a": (0, 0), "b": (500, 0), "c": (1000, 0)}, [("a b c", "Main Street", 1)], {"east": "bc"})
    bound = solved(road, at_once("ab", 600)).bound()
    clears_after(bound, 600 / A_MINUTE + 1)
    assert bound.out[10] == pytest.approx(10 * A_MINUTE, rel=2 * ROUNDED_UP)


def test_cars_on_the_exit_road_itself_queue_for_its_line(tmp_path: Path) -> None:
    road = town(tmp_path, {"a": (0, 0), "b": (500, 0), "c": (1000, 0)}, [("a b c", "Main Street", 1)], {"east": "bc"})
    both = pd.concat([at_once("ab", 300), at_once("bc", 300)], ignore_index=True)
    clears_after(solved(road, both).bound(), 600 / A_MINUTE + 1)


def test_two_roads_out_share_the_cars(tmp_path: Path) -> None:
    nodes = {"a": (0, 0), "b": (500, 0), "c": (1000, 0), "d": (500, 500)}
    made = town(
        tmp_path, nodes, [("a b c", "Main Street", 2), ("b d", "Hill Street", 1)], {"east": "bc", "north": "bd"}
    )
    clears_after(solved(made, at_once("ab", 900)).bound(), 900 / (2 * A_MINUTE) + 1)  # two lanes lead to the junction


def test_the_narrowest_road_of_a_series_decides_and_is_the_cut(tmp_path: Path) -> None:
    nodes = {"a": (0, 0), "b": (500, 0), "c": (1000, 0), "d": (1500, 0)}
    streets = [("a b", "Wide Street", 2), ("b c", "Narrow Street", 1), ("c d", "Wide Street", 2)]
    problem = solved(town(tmp_path, nodes, streets, {"east": "cd"}), at_once("ab", 600))
    bound = problem.bound()
    clears_after(bound, 600 / A_MINUTE + 1)
    minute = int(bound.earliest_s(90) / 60) + 1
    (holding,) = problem.cut(minute)
    assert holding.edge == "bc"
    assert holding.vehicles >= 540
    # With a lane more the road is as wide as the others: half the time.
    wider = problem.with_lane({"bc", "cb"}, LANE_VEH_PER_H).minute_of(540, minute)
    assert wider == pytest.approx(540 / (2 * A_MINUTE), abs=2)


def test_cars_that_leave_slower_than_the_road_passes_them_are_out_after_their_drive(tmp_path: Path) -> None:
    road = town(tmp_path, {"a": (0, 0), "b": (1500, 0), "c": (3000, 0)}, [("a b c", "Main Street", 1)], {"east": "bc"})
    vehicles = cars("ab", 200, every_s=10.0, length_m=1500.0).assign(**AS_DEMAND)
    bound = solved(road, vehicles).bound()
    arrives_s = vehicles["departure_s"] + (3000.0 - vehicles["pos_m"]) / SPEED_MPS
    for minute in range(0, 40, 3):
        least, most = ((arrives_s <= 60 * minute + slack_s).sum() for slack_s in (0, 2))
        assert least <= bound.by(minute) <= most + 1


def test_a_fixed_signal_passes_its_share_of_green(tmp_path: Path) -> None:
    nodes = {"a": (0, 0), "b": (500, 0), "c": (1000, 0), "s": (500, -500)}
    streets = [("a b c", "Main Street", 1), ("s>b", "Side Street", 1)]
    made = town(tmp_path, nodes, streets, {"east": "bc"}, kinds={"b": "traffic_light"})
    text = made.network.net_file.read_text()
    programs = read_programs([text])
    ((signal, _), program) = next(iter(programs.items()))
    net = read_net(made.network.net_file)
    link = next(
        link for links in net.getEdge("ab").getOutgoing().values() for link in links if link.getTo().getID() == "bc"
    )
    green_s = sum(phase.most_s for phase in program.phases if phase.state[link.getTLLinkIndex()] in "Ggy")
    share = green_s / sum(phase.most_s for phase in program.phases)
    assert program.is_fixed, signal
    assert 0.2 < share < 0.8
    bound = solved(made, at_once("ab", 600), Rules(programs=programs)).bound()
    clears_after(bound, 600 / (A_MINUTE * share) + 2, least_min=2.0)  # it begins with a green


def test_with_every_lane_reversed_the_road_has_the_lanes_of_both_directions(tmp_path: Path) -> None:
    road = town(tmp_path, {"a": (0, 0), "b": (500, 0), "c": (1000, 0)}, [("a b c", "Main Street", 1)], {"east": "bc"})
    vehicles = at_once("ab", 600)
    net = read_net(road.network.net_file)
    bound = reversible_town_of(net, road.exits, vehicles, Drivers("normal", 1.0, 1.0)).bound()
    clears_after(bound, 600 / (2 * A_MINUTE) + 1)


def test_contraflow_in_a_plan_adds_its_lane_when_it_is_set_up(tmp_path: Path) -> None:
    nodes = {"a": (0, 0), "b": (500, 0), "c": (1000, 0), "d": (1500, 0)}
    made = town(tmp_path, nodes, [("a b", "West Street", 2), ("b c d", "Main Street", 1)], {"east": "cd"})
    overlay = made.under("  - {do: contraflow, where: {street: Main Street, towards: east}, when: {from_min: 10}}")
    net = read_net(overlay.network.net_file)
    vehicles = at_once("ab", 620)
    exits = made.exits
    rules = Rules(overlay.timetable.states())
    bound = town_of(net, exits, vehicles, Drivers("normal", 1.0, 1.0), rules).bound()
    assert bound.out[10] == pytest.approx(10 * A_MINUTE, rel=0.1)
    clears_after(bound, 10 + (620 - 10 * A_MINUTE) / (2 * A_MINUTE) + 1)


def test_a_road_that_closes_lets_nobody_out_any_more(tmp_path: Path) -> None:
    nodes = {"a": (0, 0), "b": (500, 0), "c": (1000, 0), "d": (500, 500), "e": (500, 1000)}
    streets = [("a b", "West Street", 2), ("b c", "Main Street", 1), ("b d e", "Hill Street", 1)]
    made = town(tmp_path, nodes, streets, {"east": "bc", "north": "de"})
    overlay = made.under("  - {do: close, where: {street: Main Street, towards: east}, when: {from_min: 5}}")
    net = read_net(overlay.network.net_file)
    rules = Rules(overlay.timetable.states())
    bound = town_of(net, made.exits, at_once("ab", 800), Drivers("normal", 1.0, 1.0), rules).bound()
    standing = 500 / 7.0 + 1  # who is on the road when it closes is let through
    clears_after(bound, 5 + (800 - 2 * 5 * A_MINUTE) / A_MINUTE + 1, least_min=standing / A_MINUTE)


def test_who_flees_from_a_chain_of_roads_that_close_at_once_is_let_through_to_its_end(tmp_path: Path) -> None:
    """All who can stand on the chain may still get out, and nobody else."""
    nodes = {name: (500 * place, 0) for place, name in enumerate("abcde")}
    made = town(tmp_path, nodes, [("a b", "West Street", 3), ("b c d e", "Main Street", 1)], {"east": "de"})
    overlay = made.under("  - {do: close, where: {street: Main Street, towards: east}, when: {from_min: 5}}")
    net = read_net(overlay.network.net_file)
    rules = Rules(overlay.timetable.states())
    out = town_of(net, made.exits, at_once("ab", 800), Drivers("normal", 1.0, 1.0), rules).bound().out
    before = (5 - 1500 / SPEED_MPS / 60) * A_MINUTE
    can_stand = 3 * (500 / 7.0 + 1)
    assert (
        before + can_stand - A_MINUTE
        <= out[-1]
        <= before + can_stand + 500 / 7.0 + (2 * 1500 / SPEED_MPS / 60 + 2) * A_MINUTE
    )


def test_an_exit_that_takes_only_so_many_vehicles_takes_no_more(tmp_path: Path) -> None:
    road = town(tmp_path, {"a": (0, 0), "b": (500, 0), "c": (1000, 0)}, [("a b c", "Main Street", 2)], {"east": "bc"})
    (way_out,) = road.exits
    ferry = type(way_out)(**{**vars(way_out), "veh_per_h": 300.0})
    bound = solved(road, at_once("ab", 100), exits=(ferry,)).bound()
    clears_after(bound, 100 / 5 + 1)


def test_vehicles_without_a_way_out_count_as_planned(tmp_path: Path) -> None:
    road = town(tmp_path, {"a": (0, 0), "b": (500, 0), "c": (1000, 0)}, [("a b c", "Main Street", 1)], {"east": "bc"})
    lost = at_once("ab", 20).assign(status="no_route", edge=None)
    problem = solved(road, pd.concat([at_once("ab", 80), lost], ignore_index=True))
    bound = problem.bound()
    assert bound.planned == 100
    assert [problem.earliest_s(percent) for percent in (50, 90)] == [bound.earliest_s(50), None]
    assert bound.out[-1] == 80
    assert bound.earliest_s(50) is not None
    assert bound.earliest_s(90) is None


def test_nobody_is_out_where_nobody_leaves_or_nothing_leads_out(tmp_path: Path) -> None:
    road = town(tmp_path, {"a": (0, 0), "b": (500, 0), "c": (1000, 0)}, [("a b c", "Main Street", 1)], {"east": "bc"})
    nobody = at_once("ab", 1).iloc[:0]
    assert solved(road, nobody).bound().earliest_s(90) is None
    assert solved(road, nobody).earliest_s(90) is None
    assert solved(road, at_once("ab", 5), exits=()).earliest_s(90) is None
    bound = solved(road, at_once("ab", 5), exits=()).bound()
    assert (bound.planned, bound.out.tolist()) == (5, [0])
