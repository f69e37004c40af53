"""Crafted junctions with signals, and traffic that drives through them under a program of a plan."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import sumolib

from evac import sumo
from evac.demand import drivers
from evac.network.places import StreetIndex
from evac.overlay.signals import SignalProgram, signal_programs
from evac.plans.model import Signal
from evac.schema.driving import Traffic
from evac.simulate.conversation import controlled
from evac.simulate.officer import LOOK_S, Officer

SPEED_MPS = 13.89
STREETS = gpd.GeoDataFrame({"way_id": [], "osm_way_id": [], "name": [], "ref": [], "highway": []})
ARMS = {"w": (-600, 0), "e": (600, 0), "n": (0, 600), "s": (0, -600)}


def crossing(
    folder: Path, kind: str = "traffic_light", main_lanes: int = 1, priorities: tuple[int, int] = (9, 3)
) -> Path:
    """Build Main Street (west to east) and Side Street (north to south), which cross at `c`; edges are called `wc`."""
    nodes = {"c": (0, 0), **ARMS}
    edges = []
    for arm in ARMS:
        main = arm in "we"
        name = "Main Street" if main else "Side Street"
        lanes, priority = (main_lanes, priorities[0]) if main else (1, priorities[1])
        edges += [(f"{a}{b}", a, b, name, lanes, priority) for a, b in ((arm, "c"), ("c", arm))]
    return compiled(folder, nodes, edges, {"c": kind})


def corridor(folder: Path, spacing_m: float = 400.0) -> Path:
    """Build Main Street with three signals `a`, `b`, `c`, each at a side street."""
    nodes: dict[str, tuple[float, float]] = {"w": (-600, 0), "e": (600 + 2 * spacing_m, 0)}
    line = ["w", "a", "b", "c", "e"]
    edges = [
        (f"{x}{y}", x, y, "Main Street", 1, 9)
        for one, other in itertools.pairwise(line)
        for x, y in ((one, other), (other, one))
    ]
    for number, node in enumerate("abc"):
        nodes[node] = (number * spacing_m, 0)
        for side, y_m in (("n", 300), ("s", -300)):
            nodes[side + node] = (number * spacing_m, y_m)
            ends = (side + node, node)
            edges += [(f"{x}_{y}", x, y, f"Side Street {number}", 1, 3) for x, y in (ends, ends[::-1])]
    return compiled(folder, nodes, edges, dict.fromkeys("abc", "traffic_light"))


def crossing_that_stops_all_when_dark(folder: Path) -> Path:
    """Build `crossing` as a plan with an all-way stop leaves it."""
    crossing(folder)
    nodes = folder / "n.nod.xml"
    nodes.write_text(nodes.read_text().replace('type="traffic_light"', 'type="traffic_light" rightOfWay="allwayStop"'))
    return _compile(folder)


def compiled(
    folder: Path,
    nodes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str, str, str, int, int]],
    kinds: Mapping[str, str],
) -> Path:
    """Compile a net; edges are id, from, to, street, lanes and priority, `kinds` has netconvert's node types."""
    folder.mkdir(parents=True, exist_ok=True)
    typed = {node: f' type="{kind}"' for node, kind in kinds.items()}
    lines = [f'<node id="{n}" x="{x}" y="{y}"{typed.get(n, "")}/>' for n, (x, y) in nodes.items()]
    (folder / "n.nod.xml").write_text(f"<nodes>{''.join(lines)}</nodes>")
    lines = [
        f'<edge id="{e}" from="{a}" to="{b}" name="{street}" numLanes="{lanes}" priority="{priority}" '
        f'speed="{SPEED_MPS}"/>'
        for e, a, b, street, lanes, priority in edges
    ]
    (folder / "n.edg.xml").write_text(f"<edges>{''.join(lines)}</edges>")
    return _compile(folder)


def _compile(folder: Path) -> Path:
    files = ["-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "net.net.xml"]
    sumo.run("netconvert", [*files, "--no-turnarounds", "--output.street-names"], cwd=folder)
    return folder / "net.net.xml"


def programs(net_file: Path, tls: Sequence[str] = ("c",), way: Sequence[str] = (), **keys: Any) -> list[SignalProgram]:
    """Compile a signal action for traffic lights of a net."""
    place = {"corridor": {"street": "Main Street"}} if way else {"where": {"street": "Main", "crossing": "Side"}}
    action = Signal.model_validate({"do": "signal", **place, **keys})
    net = sumolib.net.readNet(str(net_file), withPrograms=True)
    index = StreetIndex(net, STREETS)
    edges = [net.getEdge(edge) for edge in way]
    return signal_programs(action, tls, net, index, "plan-1", where="plan.yaml: actions.0", corridor=edges)


@dataclass(frozen=True)
class Outcome:
    """What came of a run: when each vehicle left (s), stops, and what SUMO counted as unsafe.

    `longest_first_s` is how long anybody stood first in a lane without green, where somebody steers the watched light.
    """

    departs_s: dict[str, float]
    arrivals_s: dict[str, float]
    stops: dict[str, int]
    collisions: int
    states: list[str] = field(repr=False)
    longest_first_s: float = 0.0

    def out_by(self, flow: str, time_s: float) -> int:
        return sum(at <= time_s for name, at in self.arrivals_s.items() if name.startswith(f"{flow}."))

    def last_s(self, flow: str = "") -> float:
        return max(at for name, at in self.arrivals_s.items() if name.startswith(flow))

    def mean_s(self, flow: str) -> float:
        own = [at - self.departs_s[name] for name, at in self.arrivals_s.items() if name.startswith(f"{flow}.")]
        return sum(own) / len(own)

    def mean_stops(self, flow: str) -> float:
        own = [count for name, count in self.stops.items() if name.startswith(f"{flow}.")]
        return sum(own) / len(own)


def drive(
    folder: Path,
    net_file: Path,
    flows: Mapping[str, tuple[str, str, float]],
    chosen: Sequence[SignalProgram] = (),
    *,
    for_s: float = 1800.0,
    end_s: float = 5400.0,
    watched: str = "c",
) -> Outcome:
    """Let flows (`name: (from, to, veh/h)`) arrive for `for_s` seconds and run until all are out, or to `end_s`."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {**drivers.vtype_attributes("normal"), **drivers.right_of_way_attributes(Traffic())}
    vtype = " ".join(f'{key}="{value}"' for key, value in given.items())
    lines = [
        f'<flow id="{n}" type="d" from="{a}" to="{b}" end="{for_s}" period="exp({rate / 3600})" departSpeed="avg"/>'
        for n, (a, b, rate) in flows.items()
    ]
    (folder / "r.rou.xml").write_text(f'<routes><vType id="d" {vtype}/>{"".join(lines)}</routes>')
    (folder / "p.add.xml").write_text(f"<additional>{''.join(item.logic for item in chosen)}</additional>")
    inputs = ["-n", str(net_file), "-r", "r.rou.xml", "-a", "p.add.xml", "--seed", "7", "--time-to-teleport", "-1"]
    outputs = ["--tripinfo-output", "t.xml", "--statistic-output", "s.xml", "--no-step-log", "--no-warnings"]
    with controlled([*inputs, *outputs, "--collision.action", "warn"], folder, folder / "console.log") as connection:
        states, longest_first_s = _run(connection, chosen, end_s, watched)
    trips = list(ET.parse(folder / "t.xml").getroot().iter("tripinfo"))
    safety = ET.parse(folder / "s.xml").getroot().find("safety")
    assert safety is not None
    return Outcome(
        {trip.attrib["id"]: float(trip.attrib["depart"]) - float(trip.attrib["departDelay"]) for trip in trips},
        {trip.attrib["id"]: float(trip.attrib["arrival"]) for trip in trips},
        {trip.attrib["id"]: int(trip.attrib["waitingCount"]) for trip in trips},
        int(safety.attrib["collisions"]),
        states,
        longest_first_s,
    )


def _run(connection: Any, chosen: Sequence[SignalProgram], end_s: float, watched: str) -> tuple[list[str], float]:
    """Run in steps of an officer's look.

    Return the watched light's state in each second where somebody steers it, and how long anybody stood first there
    without green.
    """
    for item in chosen:
        connection.trafficlight.setProgram(item.tls, item.program)
    officers = [Officer(connection, item.tls, item.program) for item in chosen if item.officer]
    states = []
    first = _First(connection, watched) if officers else None
    now_s = 0.0
    while now_s < end_s and connection.simulation.getMinExpectedNumber() > 0:
        for officer in officers:
            officer.act(now_s)
        for _ in range(int(LOOK_S) if officers else 0):
            connection.simulationStep()
            states.append(connection.trafficlight.getRedYellowGreenState(watched))
            first.look()  # type: ignore[union-attr]
        now_s += LOOK_S
        if not officers:
            connection.simulationStep(now_s)
    return states, first.longest_s if first else 0.0


class _First:
    """Watches, second by second, how long who stands first at a stop line of a light is kept from going first."""

    def __init__(self, connection: Any, tls: str) -> None:
        self._ask = connection
        self._tls = tls
        self._lanes = sorted(set(connection.trafficlight.getControlledLanes(tls)))
        self._since_s: dict[str, float] = {}
        self.longest_s = 0.0

    def look(self) -> None:
        now_s = self._ask.simulation.getTime()
        first = [car for lane in self._lanes for car in self._ask.lane.getLastStepVehicleIDs(lane)[-1:]]
        kept = [car for car in first if self._is_kept(car)]
        self._since_s = {car: self._since_s.get(car, now_s) for car in kept}
        self.longest_s = max([self.longest_s, *(now_s - since_s for since_s in self._since_s.values())])

    def _is_kept(self, car: str) -> bool:
        ahead = self._ask.vehicle.getNextTLS(car)
        at_line = bool(ahead) and ahead[0][0] == self._tls and ahead[0][2] < 10.0
        return at_line and ahead[0][3] != "G" and (car in self._since_s or self._ask.vehicle.getSpeed(car) < 0.1)
