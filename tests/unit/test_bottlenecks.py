"""Queues' heads found where they were put, and lane rates against counts made by hand."""

from __future__ import annotations

import pandas as pd
import pytest
import sumolib

from evac import tables
from evac.measure import bottlenecks
from evac.measure.bottlenecks import (
    BottleneckLanes,
    FoundBottleneck,
    find_bottlenecks,
    lane_minutes,
    mean_rates,
    measured_lanes,
    why,
)
from evac.measure.control import Control
from evac.measure.queues import STOP_LINE, Links, Queues
from evac.overlay import diff
from small_runs import LANE_MINUTES as MINUTES
from small_runs import lane_rows, write_net


def found_in(rows, net, **limits):
    return find_bottlenecks(rows, Queues.of(rows, Links.of(net)), Control(net), **limits)


def minutes_of(rows, net, bottlenecks, end_s):
    return lane_minutes(rows, Queues.of(rows, Links.of(net)), bottlenecks, end_s)


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A side street joins the main street at c; it loses a lane at d; a signal stands at e."""
    nodes = {
        "a": (0, 0),
        "b": (300, 0),
        "s": (600, -300),
        "c": (600, 0),
        "d": (900, 0),
        "e": (1200, 0, "traffic_light"),
    }
    nodes |= {"f": (1500, 0), "g": (1200, 300), "h": (1800, 0)}
    lanes = {"ab": 2, "bc": 2, "sc": 1, "cd": 2, "de": 1, "ge": 1, "ef": 1, "fh": 1}
    edges = [
        {"id": name, "from": name[0], "to": name[1], "numLanes": count, "speed": 8 if name == "fh" else 15}
        for name, count in lanes.items()
    ]
    for edge in edges:
        edge["name"] = {"sc": "Side Street", "ge": "Cross Street"}.get(edge["id"], "Main Street")
    file = write_net(tmp_path_factory.mktemp("net"), nodes, edges)
    return sumolib.net.readNet(str(file))


def test_the_head_of_the_queue_is_the_bottleneck(net):
    speeds = {"ab_0": 3, "ab_1": 3, "bc_0": 2, "bc_1": 2, "sc_0": 1, "cd_0": 2, "cd_1": 2, "de_0": 12, "ef_0": 14}
    (found,) = found_in(lane_rows(speeds), net, evacuated=400)
    assert (found.edge, found.lanes, found.reason) == ("cd", (0, 1), "lane drop")
    assert found.queue_min == MINUTES
    assert found.vehicles == 2 * 10 * MINUTES
    queued = [3, 3, 2, 2, 1, 2, 2]
    assert found.delay_veh_h == pytest.approx(
        sum(MINUTES * 600 * (1 - speed / 15) for speed in queued) / 3600, abs=0.01
    )
    assert found.name == "Main Street eastbound, 290 m after Side Street"  # nothing crosses at the lane drop


def test_two_queues_have_two_heads_the_longer_delay_first(net):
    speeds = {"ab_0": 14, "bc_0": 4, "bc_1": 13, "sc_0": 1, "cd_0": 14, "de_0": 2, "ef_0": 14, "ge_0": 14}
    found = found_in(lane_rows(speeds), net, evacuated=200)
    assert [item.edge for item in found] == ["sc", "de", "bc"]
    assert [item.reason for item in found] == ["merge", "signal", "merge"]
    assert [item.lanes for item in found] == [(0,), (0,), (0,)]
    assert found[1].name == "Main Street eastbound at Cross Street"
    assert found_in(lane_rows(speeds), net, evacuated=200, at_most=1) == found[:1]


def test_short_or_unused_queues_are_no_bottlenecks(net):
    assert found_in(lane_rows({"cd_0": 1}, range(5)), net, evacuated=200) == []
    assert found_in(lane_rows({"cd_0": 1}, vehicles=0), net, evacuated=200) == []
    assert found_in(lane_rows({"cd_0": 14}), net, evacuated=200) == []


def test_a_ring_of_queues_has_no_head(tmp_path):
    nodes = {"a": (0, 0), "b": (200, 0), "c": (100, 200)}
    edges = [{"id": name, "from": name[0], "to": name[1], "numLanes": 1} for name in ("ab", "bc", "ca")]
    ring = sumolib.net.readNet(str(write_net(tmp_path, nodes, edges)))
    assert found_in(lane_rows({"ab_0": 1, "bc_0": 1, "ca_0": 1}), ring, evacuated=10) == []


def test_reasons_are_told_from_the_net(net):
    reasons = {edge.getID(): why(edge, Control(net), []) for edge in net.getEdges()}
    assert reasons == {
        "ab": "junction",
        "bc": "merge",
        "sc": "merge",
        "cd": "lane drop",
        "de": "signal",
        "ge": "signal",
        "ef": "slower road",
        "fh": "exit",
    }


def test_lane_minutes_have_the_quiet_minutes_too(net):
    rows = lane_rows({"de_0": 12}, [1, 3])
    minutes = minutes_of(rows, net, [BottleneckLanes("drop", "de", (0,))], end_s=250.0)
    assert minutes["minute"].tolist() == [0, 1, 2, 3, 4]
    assert minutes["vehicles"].tolist() == [0, 10, 0, 10, 0]
    assert minutes["speed_mps"].dropna().tolist() == [12.0, 12.0]
    assert not minutes["queued"].any()


def test_a_queue_counts_also_on_the_lane_that_feeds(net):
    rows = pd.concat([lane_rows({"de_0": 12}), lane_rows({"cd_1": 2}, [4, 5])])
    rows["lane_id"] = rows["lane_id"].astype("category")
    minutes = minutes_of(rows, net, [BottleneckLanes("drop", "de", (0,))], end_s=60.0 * MINUTES)
    assert minutes.loc[minutes["queued"], "minute"].tolist() == [4, 5]


def test_when_a_lane_is_queued_does_not_depend_on_which_others_are_measured(net):
    """The lanes that feed it head a queue of their own, which is theirs whether or not they are measured."""
    rows = lane_rows({"bc_0": 2, "bc_1": 2, "cd_0": 14, "cd_1": 14}, [1, 2, 11, 12, 13])
    lane, feeder = BottleneckLanes("lane", "cd", (0,)), BottleneckLanes("feeder", "bc", (0, 1))
    alone = minutes_of(rows, net, [lane], end_s=60.0 * MINUTES)
    beside = minutes_of(rows, net, [lane, feeder], end_s=60.0 * MINUTES)
    beside = beside[beside["bottleneck"] == "lane"]
    assert alone.loc[alone["queued"], "minute"].tolist() == [1, 2, 11, 12, 13]
    assert beside["queued"].tolist() == alone["queued"].tolist()


def test_a_lane_that_the_plan_took_away_passes_nobody(net):
    minutes = minutes_of(lane_rows({"de_0": 12}), net, [BottleneckLanes("gone", "zz", (0,))], end_s=120.0)
    assert minutes["vehicles"].tolist() == [0, 0]


def test_a_run_in_which_nobody_drove_has_quiet_minutes_and_no_bottlenecks(net):
    nobody = lane_rows({"de_0": 2}).iloc[:0]
    assert found_in(nobody, net, evacuated=0) == []
    minutes = minutes_of(nobody, net, [BottleneckLanes("drop", "de", (0,))], end_s=120.0)
    assert minutes[["vehicles", "queued"]].to_numpy().tolist() == [[0, False], [0, False]]


def test_both_mean_rates_and_the_best_quarter_of_an_hour():
    vehicles = [0] * 10 + [30] * 15 + [10] * 5
    queued = [False] * 10 + [True] * 15 + [False] * 5
    minutes = pd.DataFrame({"minute": range(30), "vehicles": vehicles, "queued": queued})
    rows = minutes.assign(bottleneck="b", edge="e", lane=0)
    (rate,) = mean_rates(rows, until_s=1590.0).to_dict("records")  # 26.5 minutes
    assert rate["vehicles"] == 500
    assert rate["mean_veh_per_min"] == pytest.approx((450 + 1.5 * 10) / 26.5)
    assert rate["queued_veh_per_min"] == 30.0
    assert rate["queue_min"] == 15
    assert rate["highest_veh_per_h"] == 1800.0


def test_no_queue_has_no_rate_in_queue():
    rows = pd.DataFrame({"bottleneck": "b", "edge": "e", "lane": 0, "minute": [0], "vehicles": [3], "queued": [False]})
    assert mean_rates(rows, 60.0)["queued_veh_per_min"].isna().all()
    assert mean_rates(rows.iloc[:0], 60.0).empty


def test_the_union_measures_each_edge_once_under_a_name_of_its_own():
    def found(edge, lanes, delay_veh_h):
        return FoundBottleneck("Main", edge, lanes, "Main", "merge", 20, 100, delay_veh_h, STOP_LINE)

    union = measured_lanes((), [[found("x", (0,), 5.0)], [found("x", (1,), 2.0), found("y", (0,), 3.0)]])
    assert union == [BottleneckLanes("Main", "x", (0, 1)), BottleneckLanes("Main #2", "y", (0,))]


def test_bottleneck_rows_fit_their_table(net, tmp_path):
    minutes = minutes_of(lane_rows({"de_0": 2}), net, [BottleneckLanes("drop", "de", (0,))], end_s=120.0)
    tables.write_table(minutes, tables.BOTTLENECKS, tmp_path / "b.parquet")
    assert tables.read_table(tmp_path / "b.parquet", tables.BOTTLENECKS)["queued"].tolist() == [True, True]


def test_a_road_has_the_same_direction_as_in_the_diff_of_a_plan(tmp_path):
    """A road that runs north-west is `northwestbound` wherever it is named."""
    nodes = {"a": (300, 0), "b": (0, 300), "c": (0, 600)}
    slope = [{"id": "ab", "from": "a", "to": "b", "name": "Slope"}, {"id": "bc", "from": "b", "to": "c"}]
    edge = sumolib.net.readNet(str(write_net(tmp_path, nodes, slope))).getEdge("ab")
    assert bottlenecks._place(edge, after=False) == diff._street(edge) == "Slope northwestbound"
