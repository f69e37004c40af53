"""Queues that wait for gaps on a full road are that road's."""

from __future__ import annotations

import pytest
import sumolib

from evac.measure.bottlenecks import find_bottlenecks
from evac.measure.control import Control
from evac.measure.queues import MERGE, STOP_LINE, Links, Queues, heads_of_queues
from small_runs import lane_rows, write_net


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """Side streets join the main street at b and c; it goes on by d to its end at e."""
    nodes = {
        "a": (0, 0),
        "b": (300, 0),
        "c": (600, 0),
        "d": (900, 0),
        "e": (1200, 0),
        "s": (300, -300),
        "t": (600, -300),
    }
    names = {"sb": "First Street", "tc": "Second Street"}
    edges = [
        {"id": name, "from": name[0], "to": name[1], "numLanes": 1, "speed": 15, "name": names.get(name, "Main Street")}
        for name in ("ab", "bc", "cd", "de", "sb", "tc")
    ]
    return sumolib.net.readNet(str(write_net(tmp_path_factory.mktemp("net"), nodes, edges)))


SPEEDS = {"ab_0": 14, "bc_0": 13, "cd_0": 12, "de_0": 14, "sb_0": 1, "tc_0": 2}


def test_side_streets_queue_for_a_full_road_after_its_last_merge(net):
    rows = lane_rows(SPEEDS, vehicles=22)
    queues = Queues.of(rows, Links.of(net))
    heads = heads_of_queues(queues)
    assert heads[["lane_id", "where", "windows"]].to_numpy().tolist() == [["cd_0", MERGE, 4]]
    (found,) = find_bottlenecks(rows, queues, Control(net), evacuated=440)
    assert (found.name, found.reason) == ("Main Street eastbound after Second Street", "merge")
    assert (found.edge, found.where) == ("cd", MERGE)
    assert found.delay_veh_h == pytest.approx(20 * 600 * (14 / 15 + 13 / 15) / 3600, abs=0.01)


def test_side_streets_that_queue_for_a_road_with_room_are_heads_themselves(net):
    heads = heads_of_queues(Queues.of(lane_rows(SPEEDS, vehicles=15), Links.of(net)))
    assert heads[["lane_id", "where"]].to_numpy().tolist() == [["sb_0", STOP_LINE], ["tc_0", STOP_LINE]]


def test_a_full_road_without_a_queue_is_no_bottleneck(net):
    assert heads_of_queues(Queues.of(lane_rows({"ab_0": 14, "bc_0": 14}, vehicles=25), Links.of(net))).empty


def test_a_queue_on_the_full_road_itself_is_held_at_its_stop_line(net):
    heads = heads_of_queues(Queues.of(lane_rows({**SPEEDS, "cd_0": 3}, vehicles=22), Links.of(net)))
    assert heads[["lane_id", "where"]].to_numpy().tolist() == [["cd_0", STOP_LINE]]
