"""Who changes the exit: a short way to a slow exit A, a longer way to a fast exit B, more cars than A can take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from evac import sumo
from evac.demand.routes import routing_options, write_exit_zones, write_trips
from evac.schema.driving import Driver, Simulation, Traffic
from small_runs import drivers

CARS = 300
BLOCKS = 8  # of 400 m from the driveways to the fork
DRIVER = Driver(reroute_every_s=60)


@dataclass(frozen=True)
class Exit:
    name: str
    edges: tuple[str, ...]


EXITS = (Exit("A", ("exit_a",)), Exit("B", ("exit_b",)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fork")
    fork_m = BLOCKS * 400
    places = {f"o{k}": (k * 400, 0) for k in range(BLOCKS + 1)}
    places |= {"a1": (fork_m + 300, 300), "a2": (fork_m + 600, 300)}
    places |= {"b1": (fork_m + 600, -500), "b2": (fork_m + 1500, -500)}
    roads = [(f"r{k}", f"o{k}", f"o{k + 1}", 13.89) for k in range(BLOCKS)]
    roads += [("to_a", f"o{BLOCKS}", "a1", 13.89), ("to_b", f"o{BLOCKS}", "b1", 13.89)]
    roads += [("exit_a", "a1", "a2", 4.0), ("exit_b", "b1", "b2", 13.89)]
    nodes = "".join(f'<node id="{key}" x="{x}" y="{y}"/>' for key, (x, y) in places.items())
    edges = "".join(f'<edge id="{i}" from="{a}" to="{b}" numLanes="1" speed="{v}"/>' for i, a, b, v in roads)
    (folder / "n.nod.xml").write_text(f"<nodes>{nodes}</nodes>")
    (folder / "n.edg.xml").write_text(f"<edges>{edges}</edges>")
    sumo.run("netconvert", ["-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "n.net.xml"], cwd=folder)
    return folder


def exits_taken(
    folder: Path,
    *,
    informed: bool,
    assigned: str | None = None,
    cars: int = CARS,
    simulation: Simulation = Simulation(),  # noqa: B008  frozen
) -> dict[str, int]:
    """Return the cars by exit, and how many changed their route on the way."""
    vehicles = drivers("r0", cars, every_s=3.0, pos_m=50.0, informed=informed, exit=assigned)
    write_exit_zones(EXITS, folder / "exits.add.xml")
    write_trips(vehicles, EXITS, folder / "r.rou.xml", driver=DRIVER, traffic=Traffic(), capacity_factor=1.0)
    files = ["-n", "n.net.xml", "-r", "r.rou.xml", "-a", "exits.add.xml", "--tripinfo-output", "t.xml"]
    options = [*routing_options(simulation, DRIVER), "--time-to-teleport", "-1", "--no-step-log"]
    sumo.run("sumo", [*files, *options], cwd=folder)
    done = list(ET.parse(folder / "t.xml").getroot().iter("tripinfo"))
    lanes = [item.attrib["arrivalLane"] for item in done]
    changed = sum(int(item.attrib["rerouteNo"]) > 1 for item in done)
    return {"A": lanes.count("exit_a_0"), "B": lanes.count("exit_b_0"), "changed": changed}


def test_empty_roads_lead_to_the_quickest_exit(folder: Path) -> None:
    """With a router that knows no errors: B is 16 s farther, which some take for less."""
    exact = Simulation(router="dijkstra")
    assert exits_taken(folder, informed=True, cars=3, simulation=exact) == {"A": 3, "B": 0, "changed": 0}


def test_informed_drivers_change_the_exit_on_the_way(folder: Path) -> None:
    taken = exits_taken(folder, informed=True)
    assert taken["A"] + taken["B"] == CARS
    assert taken["B"] > 0.2 * CARS
    assert taken["changed"] > 0


def test_uninformed_drivers_keep_the_exit_they_left_for(folder: Path) -> None:
    taken = exits_taken(folder, informed=False)
    assert taken["A"] + taken["B"] == CARS
    assert taken["changed"] == 0


def test_drivers_held_to_an_exit_never_take_another(folder: Path) -> None:
    assert exits_taken(folder, informed=True, assigned="A") == {"A": CARS, "B": 0, "changed": 0}
