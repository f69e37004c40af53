"""The parts of the bound: maximum flows for all horizons, dead ends, signals' green times, rates that change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow as flow_by_scipy

from evac.demand.drivers import CAPACITY_FACTORS, PROFILES, calibration
from evac.limits.curve import SINK, SOURCE, Expanded, first_horizon, flows_by_horizon
from evac.limits.dead_ends import without_dead_ends
from evac.limits.expand import Supplies, expanded
from evac.limits.graph import Graph
from evac.limits.no_queue import come_by_step, nobody_waits
from evac.limits.passing import Changing, Cyclic, lane_limit_veh_per_h
from evac.limits.signals import read_programs
from evac.network import read_net
from evac.study.bounds import edges_kept_open
from plan_town import town

STEPS = 8


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, Supplies]:
    """Draw roads between a few junctions, and cars that come to them at some steps."""
    junctions = draw(st.integers(2, 6))
    pairs = st.tuples(st.integers(1, junctions), st.integers(0, junctions)).filter(lambda pair: pair[0] != pair[1])
    arcs = draw(st.lists(st.tuples(pairs, st.integers(0, 200), st.integers(1, 6)), min_size=1, max_size=14))
    graph = Graph(
        vertices=junctions + 1,
        tail=np.array([tail for (tail, _), _, _ in arcs]),
        head=np.array([head for (_, head), _, _ in arcs]),
        time_s=np.array([float(time_s) for _, time_s, _ in arcs]),
        veh_per_h=np.array([60.0 * a_minute for _, _, a_minute in arcs]),
        gates={},
        roads=[f"road {number}" for number in range(len(arcs))],
        starts={},
    )
    place = st.integers(1, junctions)
    cars = draw(st.lists(st.tuples(place, place, st.integers(1, 5), st.integers(1, 20)), min_size=1, max_size=8))
    first, second, step, count = (np.array(column) for column in zip(*cars, strict=True))
    return graph, Supplies(first, second, step, count)


def by_scipy(net: Expanded, horizon: int) -> int:
    """Return the maximum flow within a horizon by another library."""
    there = net.arrives <= horizon
    size = len(net.step)
    matrix = coo_array((net.capacity[there].astype(np.int32), (net.tail[there], net.head[there])), shape=(size, size))
    return int(flow_by_scipy(matrix.tocsr(), SOURCE, SINK).flow_value)


def with_way_out(graph: Graph, supplies: Supplies) -> tuple[Graph, np.ndarray, Supplies]:
    """Return a graph, how far the sink is (s), and the cars that have a way out; draw again if none has."""
    to_sink_s = graph.to_sink_s()
    has = np.isfinite(np.minimum(to_sink_s[supplies.first], to_sink_s[supplies.second]))
    assume(has.any())
    first, second, step, count = (part[has] for part in vars(supplies).values())
    first = np.where(np.isfinite(to_sink_s[first]), first, second)
    second = np.where(np.isfinite(to_sink_s[second]), second, first)
    return graph, to_sink_s, Supplies(first, second, step, count)


@given(graphs())
def test_the_flow_for_every_horizon_is_the_maximum(town: tuple[Graph, Supplies]) -> None:
    graph, to_sink_s, going = with_way_out(*town)
    net, _ = expanded(graph, to_sink_s, going, STEPS)
    flows = flows_by_horizon(net, STEPS)
    assert flows.tolist() == [by_scipy(net, horizon) for horizon in range(STEPS + 1)]
    for needed in range(1, int(flows[-1]) + 1):
        assert first_horizon(net, needed, STEPS) == np.searchsorted(flows, needed)


def _two_roads_of_which_one_is_slow() -> tuple[Graph, Supplies]:
    """Two cars come at once to a dead end, from which one a minute gets on in time, and one a minute late."""
    time_s = np.array([0.0, 61.0, 0.0, 0.0])
    ends = {"tail": np.array([1, 1, 2, 2]), "head": np.array([2, 2, 0, 0])}
    graph = Graph(3, **ends, time_s=time_s, veh_per_h=np.full(4, 60.0), gates={}, roads=["road"] * 4, starts={})
    return graph, Supplies(np.array([1, 1]), np.array([1, 1]), np.array([1, 1]), np.array([1, 1]))


@given(graphs())
@example(_two_roads_of_which_one_is_slow())
def test_without_its_dead_ends_a_graph_has_the_same_flows(town: tuple[Graph, Supplies]) -> None:
    graph, to_sink_s, going = with_way_out(*town)
    whole, _ = expanded(graph, to_sink_s, going, STEPS)
    smaller, _ = expanded(*without_dead_ends(graph, to_sink_s, going), STEPS)
    assert flows_by_horizon(smaller, STEPS).tolist() == flows_by_horizon(whole, STEPS).tolist()


@given(graphs())
@example((_two_roads_of_which_one_is_slow()[0], Supplies(*(np.array([number]) for number in (1, 2, 3, 1)))))
def test_nobody_waits_just_where_all_are_out_in_the_step_in_which_they_come(town: tuple[Graph, Supplies]) -> None:
    graph, to_sink_s, going = with_way_out(*town)
    net, _ = expanded(graph, to_sink_s, going, STEPS)
    come = come_by_step(going)
    assert nobody_waits(graph, to_sink_s, going) == (flows_by_horizon(net, len(come) - 1).tolist() == come.tolist())


def test_a_lane_passes_no_less_than_the_calibrated_drivers_do() -> None:
    for profile in PROFILES:
        for factor in CAPACITY_FACTORS:
            for kph, measured in calibration(profile, factor).discharge_veh_per_h.items():
                assert lane_limit_veh_per_h(kph / 3.6, profile, factor) >= measured


def test_the_normal_lane_is_that_of_the_theory() -> None:
    # tau 1.4 s; 7.5 m at 50 km/h take 0.54 s
    assert lane_limit_veh_per_h(50 / 3.6, "normal", 1.0) == pytest.approx(3600 / (1.4 + 7.5 / (50 / 3.6)))


def test_a_road_that_closes_passes_its_rate_until_then_and_those_who_stand_on_it() -> None:
    gate = Changing([0.0, 600.0, 1200.0], [1800.0, 0.0, 900.0], [0.0, 10.0, 0.0])
    passed = gate.passed_by(np.array([0.0, 600.0, 900.0, 1200.0, 1300.0]))
    assert passed.tolist() == [0.0, 300.0, 310.0, 310.0, 335.0]


def test_a_fixed_signal_passes_its_green_times_only() -> None:
    gate = Cyclic(veh_per_h=1800.0, cycle_s=90.0, offset_s=10.0, greens=[(0.0, 30.0)])
    times_s = np.array([10.0, 25.0, 40.0, 100.0, 115.0, 3610.0])
    passed = gate.passed_by(times_s) - gate.passed_by(np.array([10.0]))
    assert passed.tolist() == [0.0, 7.5, 15.0, 15.0, 22.5, 600.0]  # a third of 1,800 in an hour


PROGRAM = """<tlLogic id="t" type="{kind}" programID="0" offset="5">
<phase duration="40" minDur="10" maxDur="50" state="Gr"/><phase duration="4" state="yr"/>
<phase duration="30" minDur="8" maxDur="45" state="rG"/><phase duration="6" state="ry"/></tlLogic>"""


def test_an_actuated_signal_may_give_a_movement_its_longest_green_and_the_others_their_shortest() -> None:
    program = read_programs([PROGRAM.format(kind="actuated")])["t", "0"]
    # 54 s of green and yellow, then red for the rest of the minute
    assert program.green([0], 1800.0) == pytest.approx(1800.0 * 54 / 60)
    assert program.green([0, 1], 1800.0) == 1800.0


def test_a_fixed_program_is_read_with_its_cycle_and_offset() -> None:
    green = read_programs([PROGRAM.format(kind="static")])["t", "0"].green([1], 1500.0)
    assert green == Cyclic(1500.0, 80.0, 5.0, [(44.0, 74.0), (74.0, 80.0)])


def test_a_road_that_is_somebodys_only_way_stays_open_in_the_bound(tmp_path: Path) -> None:
    nodes = {"a": (0, 0), "b": (500, 0), "c": (1000, 0), "d": (1500, 0), "e": (1000, 500)}
    streets = [("a b", "Back Street", 1), ("b c d", "Main Street", 1), ("c e", "Hill Street", 1)]
    made = town(tmp_path, nodes, streets, {"east": "cd", "north": "ce"})
    net = read_net(made.network.net_file)
    homes = pd.DataFrame({"edge": ["bc"]})
    for street, towards, kept in (("Main Street", "east", {"bc"}), ("Hill Street", "north", set())):
        where = f"where: {{street: {street}, towards: {towards}}}"
        text = f"  - {{do: close, {where}, when: {{from_min: 5}}, accept_cut_off: true}}"
        timetable = made.under(text, street[:4]).timetable
        found = edges_kept_open(net, made.exits, timetable, homes)
        assert kept <= found
        assert bool(kept) == bool(found)
