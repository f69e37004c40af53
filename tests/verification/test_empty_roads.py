"""On empty roads drivers who misjudge travel times take a way that is a little longer, and none that is much longer.

From a street a short way leads to the exit, and a longer one of two roads. Drivers take each road for 1 to 2.3
times as slow as it is (`evac.demand.routes`). Theory: nobody takes a way of 2.3 times the length, whatever is drawn.
With f, g, h uniform between 1 and 2.3, one of 1.5 times is taken where f > 0.75 (g + h), by 7 % of the drivers, and one
of 1.3 times where f > 0.65 (g + h), by 18 %. There are few sets of factors, which SUMO draws by the type's name: so
the mean of some names is held against it, and none of them may be far off.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from evac import sumo
from evac.demand import routes
from evac.schema.driving import Driver, Simulation, Traffic
from small_runs import Way, drivers, write_net

CARS, EVERY_S = 64, 20.0
SHORT_M = 1000.0
TYPE_NAMES = ("driver", "car", "d1", "d2", "d3", "d4")
EXITS = (Way("out", ("out",)),)


def _net(folder: Path, ratio: float) -> None:
    """Build the two ways: the longer one is that many times as long as the short one."""
    aside_m = np.sqrt((ratio * SHORT_M / 2) ** 2 - (SHORT_M / 2) ** 2)
    nodes = {"o": (0, 0), "f": (300, 0), "m": (300 + SHORT_M / 2, aside_m)}
    nodes |= {"g": (300 + SHORT_M, 0), "e": (600 + SHORT_M, 0)}
    ends = {"road": "of", "short": "fg", "long_1": "fm", "long_2": "mg", "out": "ge"}
    edges = [{"id": name, "from": a, "to": b, "numLanes": 1, "speed": 13.89} for name, (a, b) in ends.items()]
    write_net(folder, nodes, edges)


def _share_of_the_long_way(folder: Path, ratio: float) -> float:
    """Return the share of cars that take the longer way; each has the roads to itself."""
    vehicles = drivers("road", CARS, every_s=EVERY_S)
    driver = Driver()
    routes.write_exit_zones(EXITS, folder / "exits.add.xml")
    routes.write_trips(vehicles, EXITS, folder / "r.rou.xml", driver=driver, traffic=Traffic(), capacity_factor=1.0)
    files = ["-n", "net.net.xml", "-r", "r.rou.xml", "-a", "exits.add.xml", "--no-step-log", "--end", "4000"]
    sumo.run("sumo", [*files, *routes.routing_options(Simulation(), driver), "--tripinfo-output", "t.xml"], cwd=folder)
    trips = list(ET.parse(folder / "t.xml").getroot().iter("tripinfo"))
    assert len(trips) == CARS
    longest_m = max(float(trip.attrib["routeLength"]) for trip in trips)
    short_m = 280.0 + SHORT_M + 300.0
    assert longest_m < short_m + (ratio - 1) * SHORT_M + 50.0
    return sum(float(trip.attrib["routeLength"]) > short_m + (ratio - 1) * SHORT_M / 2 for trip in trips) / CARS


@pytest.mark.parametrize(("ratio", "share", "at_most"), [(1.3, 0.18, 0.4), (1.5, 0.07, 0.2), (2.35, 0.0, 0.0)])
def test_a_way_that_is_much_longer_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ratio: float, share: float, at_most: float
) -> None:
    _net(tmp_path, ratio)
    taken = []
    for type_name in TYPE_NAMES:
        monkeypatch.setattr(routes, "_DRIVER", type_name)
        taken.append(_share_of_the_long_way(tmp_path, ratio))
    assert max(taken) <= at_most
    assert np.mean(taken) == pytest.approx(share, abs=0.06)
