"""Two exits share a saturated evacuation, and a closed exit gets nobody.

A two-lane road forks into two one-lane branches of the same length, each with room for a queue before its exit; at the
slow one, A, a lane discharges less: 1,000 vehicles an hour, and 1,400 at B. More vehicles come than both can take.
Theory: with c the discharge of a queue at an exit, drivers with perfect knowledge would use both at c(A) and c(B), and
A's share would be c(A) / (c(A) + c(B)). Ours know the travel times of the last minute, and judge them differently: the
share may be off by five points (docs/method.md), whatever the vehicle type is called, by whose name SUMO draws how they
judge.

A queue's discharge is measured on cars that stood before the exit until it opened. While cars still come onto the road
from driveways, a lane takes no more than about 1,315 of them an hour, whatever its exit passes.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from evac import sumo
from evac.demand import routes
from evac.demand.routes import routing_options, write_exit_zones, write_trips
from evac.schema.driving import Driver, Simulation, Traffic
from small_runs import Way, drivers, write_net

CARS = 1800
TYPE_NAMES = ("driver", "car", "d1")
DRIVER = Driver()
UNINFORMED_EVERY = 5  # every fifth: the default's 20 %
EXITS = (Way("A", ("exit_a",)), Way("B", ("exit_b",)))
SPEEDS_MPS = {"a": 4.0, "b": 7.4}
VEH_PER_H = {"A": 1000.0, "B": 1400.0}
QUEUED = 250  # on one lane of the road and a branch, 2.7 km
OPENS_S = 1200
CLOSED = (
    '<additional><rerouter id="closed" edges="road branch_a exit_a"><interval begin="0" end="100000">'
    '<closingReroute id="exit_a" disallow="all"/></interval></rerouter></additional>'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fork")
    nodes = {"o": (0, 0), "fork": (1500, 0), "a": (2700, 200), "b": (2700, -200), "a2": (3000, 200), "b2": (3000, -200)}
    edges = [{"id": "road", "from": "o", "to": "fork", "numLanes": 2, "speed": 13.89}]
    for name, mps in SPEEDS_MPS.items():
        edges.append({"id": f"branch_{name}", "from": "fork", "to": name, "numLanes": 1, "speed": 13.89})
        edges.append({"id": f"exit_{name}", "from": name, "to": f"{name}2", "numLanes": 1, "speed": mps})
    write_net(folder, nodes, edges)
    return folder


def _arrivals(folder: Path, *additional: str, cars: int = CARS, held_to: str | None = None) -> pd.DataFrame:
    """Return `exit` and `arrival_s` of every car that got out."""
    vehicles = drivers(
        "road",
        cars,
        every_s=1.1,
        pos_m=[20.0 + number % 100 * 10 for number in range(cars)],
        informed=[number % UNINFORMED_EVERY > 0 for number in range(cars)],
        exit=held_to,
    )
    write_exit_zones(EXITS, folder / "exits.add.xml")
    write_trips(vehicles, EXITS, folder / "r.rou.xml", driver=DRIVER, traffic=Traffic(), capacity_factor=1.0)
    files = ["-n", "net.net.xml", "-r", "r.rou.xml", "-a", ",".join(["exits.add.xml", *additional])]
    options = [*routing_options(Simulation(), DRIVER), "--time-to-teleport", "-1", "--no-step-log"]
    sumo.run("sumo", [*files, *options, "--end", "7200", "--tripinfo-output", "t.xml"], cwd=folder)
    trips = ET.parse(folder / "t.xml").getroot().iter("tripinfo")
    rows = [(trip.attrib["arrivalLane"].removesuffix("_0"), float(trip.attrib["arrival"])) for trip in trips]
    return pd.DataFrame(rows, columns=["exit", "arrival_s"])


def _discharge_veh_per_h(folder: Path, name: str) -> float:
    """Let a queue go that stands before an exit; return its flow between the 20th and 80th hundredth of the cars."""
    lane, mps = f"exit_{name.lower()}_0", SPEEDS_MPS[name.lower()]
    steps = f'<step time="0" speed="0.01"/><step time="{OPENS_S}" speed="{mps}"/>'
    shut = f'<additional><variableSpeedSign id="shut" lanes="{lane}">{steps}</variableSpeedSign></additional>'
    (folder / "shut.add.xml").write_text(shut)
    ordered = _arrivals(folder, "shut.add.xml", cars=QUEUED, held_to=name)["arrival_s"].sort_values().to_numpy()
    assert len(ordered) == QUEUED
    assert ordered[0] > OPENS_S
    first, last = int(0.2 * QUEUED), int(0.8 * QUEUED)
    return float(3600.0 * (last - first) / (ordered[last] - ordered[first]))


def test_two_exits_share_a_saturated_evacuation(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    capacity = {name: _discharge_veh_per_h(folder, name) for name in VEH_PER_H}
    assert capacity == pytest.approx(VEH_PER_H, rel=0.03)
    by_capacity = capacity["A"] / (capacity["A"] + capacity["B"])
    for type_name in TYPE_NAMES:
        monkeypatch.setattr(routes, "_DRIVER", type_name)
        out = _arrivals(folder)
        assert len(out) == CARS
        assert (out["exit"] == "exit_a").mean() == pytest.approx(by_capacity, abs=0.05), type_name


def test_a_closed_exit_gets_nobody_and_everybody_leaves_by_the_other(folder: Path) -> None:
    (folder / "closed.add.xml").write_text(CLOSED)
    out = _arrivals(folder, "closed.add.xml")
    assert out["exit"].tolist() == ["exit_b"] * CARS
