from __future__ import annotations

from dataclasses import dataclass

import pytest

from evac.network.reach import cost_by_exit, forward_reach, road_graph
from placed_town import made_up_town
from ways import cost_to_exit, free_flow_assignment, nearest_exit


@dataclass(frozen=True)
class Way:
    name: str
    edges: tuple[str, ...]


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    return made_up_town(tmp_path_factory.mktemp("cache")).net


def between(net, start, end):
    edges = [edge for edge in net.getNode(start).getOutgoing() if edge.getToNode().getID() == end]
    return min(edges, key=lambda edge: edge.getLength())


def seconds(edge):
    return edge.getLength() / edge.getSpeed()


@pytest.fixture(scope="module")
def west(net):
    return Way("west", (between(net, "2", "1").getID(),))


@pytest.fixture(scope="module")
def east(net):
    return Way("east", (between(net, "5", "6").getID(),))


def test_the_cost_runs_from_an_edges_start_to_beyond_the_exit_line(net, west):
    cost = cost_to_exit(net, west.edges)
    path = [between(net, a, b) for a, b in (("16", "4"), ("4", "3"), ("3", "2"), ("2", "1"))]
    assert cost[west.edges[0]] == pytest.approx(seconds(path[-1]))
    assert cost[path[0].getID()] == pytest.approx(sum(map(seconds, path)))


def test_a_turn_ban_costs_the_detour(net, west):
    cost = cost_to_exit(net, west.edges)
    banned = between(net, "7", "4")
    straight = seconds(banned) + cost[between(net, "4", "3").getID()]
    assert cost[banned.getID()] > straight + 30


def test_streets_without_a_way_out_are_absent(net, west):
    cost = cost_to_exit(net, west.edges)
    assert between(net, "16", "17").getID() not in cost
    assert between(net, "18", "19").getID() not in cost


def test_each_edge_has_its_nearest_exit(net, west, east):
    nearest = nearest_exit(net, [west, east])
    assert nearest[between(net, "3", "2").getID()] == "west"
    assert nearest[between(net, "9", "5").getID()] == "east"
    both = cost_by_exit(net, [west, east])
    cost = cost_to_exit(net, [*west.edges, *east.edges])
    for edge, seconds_out in cost.items():
        assert seconds_out == pytest.approx(both.loc[edge].min())
        assert seconds_out == pytest.approx(both.at[edge, nearest[edge]])


def test_everybody_with_a_way_out_crosses_an_exit_line(net, west, east):
    weights = {edge.getID(): 1.0 for edge in net.getEdges()}
    passing = free_flow_assignment(net, weights, [west, east])
    with_a_way = cost_to_exit(net, [*west.edges, *east.edges])
    assert passing[west.edges[0]] + passing[east.edges[0]] == pytest.approx(len(with_a_way))
    assert len(with_a_way) < len(weights)


def test_an_exit_that_is_closed_serves_nobody(net):
    assert cost_to_exit(net, ["gone"]) == {}


def test_blocked_edges_are_not_driven_through(net):
    graph = road_graph(net)
    start, gate = between(net, "9", "5").getID(), between(net, "5", "16").getID()
    free = forward_reach(graph, [start])
    held = forward_reach(graph, [start], [gate])
    assert between(net, "2", "1").getID() in free - held
    assert between(net, "5", "6").getID() in held
    assert len(forward_reach(graph, [start], limit=3)) == 4
