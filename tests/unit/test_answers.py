"""Answers decoded by us say what `traci`'s own decoding says."""

from __future__ import annotations

import pytest
import traci.constants as tc
from traci.exceptions import TraCIException

from evac.simulate.answers import (
    Standing,
    next_inner_lane,
    number_of,
    text,
    texts,
    values_of,
    vehicles_in_network,
    vehicles_known,
    whole_number,
)
from evac.simulate.conversation import controlled
from small_runs import write_net

NOW_S = 50.0


@pytest.fixture
def connection(tmp_path):
    """Four cars of different names on the way along three streets, one of them stopped on the way."""
    nodes = {"a": (0, 0), "b": (300, 0), "c": (600, 0), "d": (900, 0)}
    edges = [{"id": name, "from": name[0], "to": name[1], "numLanes": 2, "speed": 15} for name in ("ab", "bc", "cd")]
    net = write_net(tmp_path, nodes, edges)
    stop = '<stop lane="ab_0" endPos="150" duration="600"/>'
    cars = "".join(
        f'<trip id="{name}" from="ab" to="cd" depart="{depart}">{stop if name == "ö" else ""}</trip>'
        for depart, name in enumerate(["ö", "x", "a_much_longer_name", "y"])
    )
    routes = tmp_path / "trips.rou.xml"
    routes.write_text(f"<routes>{cars}</routes>", encoding="utf-8")
    arguments = ["-n", str(net), "-r", str(routes), "--no-step-log"]
    with controlled(arguments, tmp_path, tmp_path / "console.log") as running:
        running.simulationStep(NOW_S)
        yield running


def test_vehicles_are_where_they_say_they_are(connection):
    ask = connection.vehicle
    told = {
        name: Standing(ask.getWaitingTime(name), ask.getLaneID(name), ask.getLanePosition(name))
        for name in ask.getIDList()
    }
    assert len(told) == 4
    assert vehicles_in_network(connection, "b", NOW_S) == told


def test_no_subscription_lasts(connection):
    vehicles_in_network(connection, "b", NOW_S)
    assert connection.simulationStep(NOW_S + 1.0) == []
    assert len(vehicles_in_network(connection, "b", NOW_S + 1.0)) == 4


def test_the_next_inner_lane_is_the_first_of_the_next_links(connection):
    names = connection.vehicle.getIDList()
    first = {name: [link[4] for link in connection.vehicle.getNextLinks(name)][:1] for name in names}
    assert [] in first.values()  # on its last street
    assert {name: [inner] if (inner := next_inner_lane(connection, name)) else [] for name in names} == first


def test_many_are_asked_at_once_what_each_says_alone(connection, monkeypatch):
    monkeypatch.setattr("evac.simulate.answers._AT_ONCE", 3)
    names = connection.vehicle.getIDList()
    alone = [connection.vehicle.getRoute(name) for name in names]
    assert [texts(value) for value in values_of(connection, tc.VAR_EDGES, names)] == alone
    assert values_of(connection, tc.VAR_EDGES, []) == []
    stops = [number_of(value) for value in values_of(connection, tc.VAR_NEXT_STOPS, names)]
    assert stops == [len(connection.vehicle.getStops(name)) for name in names]
    assert sorted(stops) == [0, 0, 0, 1]
    assert vehicles_known(connection) == names
    roads = [text(value) for value in values_of(connection, tc.VAR_ROAD_ID, names)]
    assert roads == [connection.vehicle.getRoadID(name) for name in names]
    driven = [whole_number(value) for value in values_of(connection, tc.VAR_ROUTE_INDEX, names)]
    assert driven == [connection.vehicle.getRouteIndex(name) for name in names]
    ids = [text(value) for value in values_of(connection, tc.VAR_ROUTE_ID, names)]
    assert ids == [connection.vehicle.getRouteID(name) for name in names]


def test_who_is_not_there_is_an_error_and_others_can_be_asked_after_it(connection):
    names = connection.vehicle.getIDList()
    with pytest.raises(TraCIException, match="nobody"):
        values_of(connection, tc.VAR_EDGES, [names[0], "nobody", names[1]])
    assert len(values_of(connection, tc.VAR_EDGES, names)) == 4
