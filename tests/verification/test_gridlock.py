"""Gridlock is a ring of vehicles that wait for each other; a queue that waits for something that moves is none.

Theory: four full one-way streets around a block, whose vehicles all turn into the next street, can never move again
(each waits for the space that the next would have to leave). The same streets drain when somebody makes room. A queue
at a signal that is red for ten minutes, and a side street that a busy main road starves, wait but aren't locked.
"""

from __future__ import annotations

import json
import random
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest
import sumolib

from evac import sumo
from evac.simulate import gridlock, run_job
from evac.simulate.gridlock import find_rings
from evac.simulate.job import Case, Job
from evac.simulate.job_inputs import JobInputs

AFTER_S = 300.0
NEVER_S = 1e9


@dataclass(frozen=True)
class Outcome:
    ending: dict
    events: list
    trips: dict

    @property
    def everybody_is_out(self):
        return self.ending["reason"] == "cleared" and all(float(trip["arrival"]) > 0 for trip in self.trips.values())


def build_net(folder: Path, nodes: str, edges: str, connections: str = "", signals: str = "") -> Path:
    options = []
    for kind, flag, content in (
        ("nodes", "-n", nodes),
        ("edges", "-e", edges),
        ("connections", "-x", connections),
        ("tlLogics", "-i", signals),
    ):
        if content:
            path = folder / f"{kind}.xml"
            path.write_text(f"<{kind}>{content}</{kind}>")
            options += [flag, path.name]
    sumo.run("netconvert", [*options, "-o", "net.net.xml", "--no-turnarounds"], cwd=folder)
    return folder / "net.net.xml"


def run(net: Path, vehicles: str, *, after_s: float = AFTER_S, end_s: float = 20_000.0) -> Outcome:
    routes = f'<routes><vType id="car" sigma="0.2"/><vType id="steady" sigma="0" speedDev="0"/>{vehicles}</routes>'
    job = Job.of(
        Case(vehicles_per_household="1", departure="crafted", seed=1), settings={"after_s": after_s}, inputs={}
    )
    inputs = JobInputs(net, {"trips.rou.xml": lambda path: path.write_text(routes)}, end_s, after_s)
    folder = run_job(job, inputs, net.parent)
    trips = ET.parse(folder / "sumo" / "tripinfo.xml").getroot()
    return Outcome(
        json.loads((folder / "ending.json").read_text()),
        json.loads((folder / "gridlock.json").read_text()),
        {trip.get("id"): trip.attrib for trip in trips},
    )


RING = "abcd"
CORNERS = {"a": (0, 0), "b": (100, 0), "c": (100, 100), "d": (0, 100)}
BEFORE = {"a": (-150, 0), "b": (100, -150), "c": (250, 100), "d": (0, 250)}
BEYOND = {"a": (0, -150), "b": (250, 0), "c": (100, 250), "d": (-150, 100)}


@pytest.fixture
def block(tmp_path):
    """Four one-way streets around a block, with a main road in and a road out at each corner."""
    nodes = "".join(f'<node id="{name}" x="{x}" y="{y}" type="priority"/>' for name, (x, y) in CORNERS.items())
    nodes += "".join(f'<node id="{name}i" x="{x}" y="{y}"/>' for name, (x, y) in BEFORE.items())
    nodes += "".join(f'<node id="{name}o" x="{x}" y="{y}"/>' for name, (x, y) in BEYOND.items())
    edges = "".join(
        f'<edge id="{one}{two}" from="{one}" to="{two}" numLanes="1" speed="11"/>'
        f'<edge id="{one}in" from="{one}i" to="{one}" numLanes="1" speed="11" priority="3"/>'
        f'<edge id="{one}out" from="{one}" to="{one}o" numLanes="1" speed="11"/>'
        for one, two in zip(RING, RING[1:] + RING[0], strict=True)
    )
    return build_net(tmp_path, nodes, edges)


def ring_vehicles(a_side: int = 12, entering: int = 12) -> str:
    """Fill each street with vehicles that drive along two more before they leave; some more take each gap."""
    text = ""
    for i in range(4):
        a, b, c, d = (RING[(i + k) % 4] for k in range(4))
        text += f'<route id="ring{a}" edges="{a}{b} {b}{c} {c}{d} {d}out"/>'
        text += f'<route id="in{a}" edges="{a}in {a}{b} {b}{c} {c}{d} {d}out"/>'
        places_m = [(f"{a}{n}", f"ring{a}", 89 - n * 7.6) for n in range(a_side)]
        places_m += [(f"{a}in{n}", f"in{a}", 135 - n * 7.6) for n in range(entering)]
        text += "".join(
            f'<vehicle id="{name}" type="car" route="{route}" depart="0" departPos="{place_m:.1f}"/>'
            for name, route, place_m in places_m
        )
    return text


def test_a_full_ring_locks_for_ever_when_nobody_makes_room(block):
    outcome = run(block, ring_vehicles(), after_s=NEVER_S)
    assert outcome.ending["reason"] == "standstill"
    counts = outcome.ending["vehicles"]
    assert counts["running"] == counts["inserted"] > 48
    assert counts["inserted"] + counts["waiting"] == 96
    assert outcome.ending["time_s"] < gridlock.STANDSTILL_S + 300


def test_a_full_ring_is_found_and_resolved_and_everybody_gets_out(block):
    outcome = run(block, ring_vehicles())
    assert outcome.everybody_is_out
    assert len(outcome.trips) == 96
    first = outcome.events[0]
    assert AFTER_S <= first["time_s"] <= AFTER_S + 120
    assert set(first["edges"]) == {"ab", "bc", "cd", "da"}
    assert first["resolution"] == "pulled over"
    assert {vehicle[0] for vehicle in first["vehicles"]} <= set(RING)
    assert set(first["vehicles"]) < set(first["ring"])


def test_a_ring_with_room_is_no_gridlock(block):
    outcome = run(block, ring_vehicles(a_side=6, entering=0))
    assert outcome.everybody_is_out
    assert outcome.events == []


def test_a_long_queue_at_a_long_red_is_no_gridlock(tmp_path):
    net = build_net(
        tmp_path,
        '<node id="a" x="0" y="0"/><node id="s" x="800" y="0" type="traffic_light"/><node id="z" x="900" y="0"/>',
        '<edge id="in" from="a" to="s" numLanes="2" speed="14"/>'
        '<edge id="out" from="s" to="z" numLanes="2" speed="14"/>',
        connections='<connection from="in" to="out" fromLane="0" toLane="0"/>'
        '<connection from="in" to="out" fromLane="1" toLane="1"/>',
        signals='<tlLogic id="s" type="static" programID="0" offset="0">'
        '<phase duration="600" state="rr"/><phase duration="60" state="GG"/></tlLogic>'
        '<connection from="in" to="out" fromLane="0" toLane="0" tl="s" linkIndex="0"/>'
        '<connection from="in" to="out" fromLane="1" toLane="1" tl="s" linkIndex="1"/>',
    )
    outcome = run(
        net,
        "".join(
            f'<trip id="{n}" type="car" from="in" to="out" depart="{n}" departLane="{n % 2}"/>' for n in range(250)
        ),
    )
    assert outcome.everybody_is_out
    assert max(float(trip["waitingTime"]) for trip in outcome.trips.values()) > 2 * AFTER_S
    assert outcome.events == []


def test_a_starved_side_street_is_no_gridlock(tmp_path):
    net = build_net(
        tmp_path,
        '<node id="w" x="-600" y="0"/><node id="m" x="0" y="0" type="priority"/><node id="e" x="600" y="0"/>'
        '<node id="s" x="0" y="-300"/>',
        '<edge id="main" from="w" to="m" numLanes="1" speed="14" priority="9"/>'
        '<edge id="side" from="s" to="m" numLanes="1" speed="8" priority="1"/>'
        '<edge id="out" from="m" to="e" numLanes="1" speed="14" priority="9"/>',
    )
    outcome = run(
        net,
        "".join(
            f'<trip id="m{n}" type="steady" from="main" to="out" depart="{n * 2.0}" departSpeed="max"/>'
            + (f'<trip id="s{n}" type="car" from="side" to="out" depart="{n * 2.0}"/>' if n < 30 else "")
            for n in range(900)
        ),
    )
    assert outcome.everybody_is_out
    assert max(float(trip["waitingTime"]) for name, trip in outcome.trips.items() if name[0] == "s") > 2 * AFTER_S
    assert outcome.events == []


def test_two_platoons_that_need_each_others_lane_get_out(tmp_path):
    net = build_net(
        tmp_path,
        '<node id="a" x="0" y="0"/><node id="f" x="200" y="0"/>'
        '<node id="l" x="300" y="80"/><node id="r" x="300" y="-80"/>',
        '<edge id="road" from="a" to="f" numLanes="2" speed="14"/>'
        '<edge id="left" from="f" to="l" numLanes="1" speed="14"/>'
        '<edge id="right" from="f" to="r" numLanes="1" speed="14"/>',
        connections='<connection from="road" to="right" fromLane="0" toLane="0"/>'
        '<connection from="road" to="left" fromLane="1" toLane="0"/>',
    )
    outcome = run(
        net,
        "".join(
            f'<trip id="{lane}.{n}" type="car" from="road" to="{("left", "right")[lane]}" depart="0" '
            f'departLane="{lane}" departPos="{195 - n * 7.6:.1f}"/>'
            for n in range(20)
            for lane in (0, 1)
        ),
    )
    assert outcome.everybody_is_out
    assert [event["edges"] for event in outcome.events] == [["road"]] * len(outcome.events)
    assert outcome.events


@pytest.mark.slow
def test_a_town_that_locks_is_freed_by_a_few_vehicles(tmp_path):
    """Priority junctions with left turns, cars on the junctions and rears that hang over: everybody must get out."""
    grid = ["--grid", "--grid.number", "7", "--grid.length", "120", "-j", "priority", "--no-turnarounds"]
    sumo.run("netgenerate", [*grid, "-o", "net.net.xml"], cwd=tmp_path)
    edges = [edge.getID() for edge in sumolib.net.readNet(str(tmp_path / "net.net.xml")).getEdges()]
    draw = random.Random(3)
    trips = ""
    for n in range(2600):
        origin, destination = draw.sample(edges, 2)
        trips += f'<trip id="{n}" type="car" depart="{n / 2.5}" from="{origin}" to="{destination}"/>'
    outcome = run(tmp_path / "net.net.xml", trips)
    assert outcome.everybody_is_out
    assert outcome.events
    assert all(event["resolution"] != "none" for event in outcome.events)
    assert len({vehicle for event in outcome.events for vehicle in event["vehicles"]}) < 0.1 * len(outcome.trips)


@pytest.mark.parametrize(
    ("waits", "rings"),
    [
        ({}, []),
        ({"a": ["b"], "b": ["c"], "c": []}, []),
        ({"a": ["b"], "b": ["a"], "q": ["a"]}, [["a", "b"]]),
        ({"a": ["b"], "b": ["c"], "c": ["a"], "x": ["y", "a"], "y": ["x"]}, [["a", "b", "c"], ["x", "y"]]),
    ],
)
def test_rings_are_those_who_wait_for_themselves(waits, rings):
    assert find_rings(waits) == rings
