"""An exit passes the saturation flow of its approach, however short the stub on which the map ends.

An extract cuts roads anywhere, often a few metres behind a junction. A vehicle whose route ends on such a stub leaves
at its end without braking, so nothing has to be added behind the exit. Here a standing queue is released towards a
stub; theory: saturation flow s = 3600 / (tau + (length + minGap) / v) vehicles per hour and lane.

Vehicles are without randomness (sigma = 0, speedDev = 0, tau = 1 s, length 5 m, minGap 2.5 m).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from evac import sumo
from evac.network import build_network, read_net
from evac.network.places import way_ids
from evac.osm import prepare_map
from evac.schema.driving import Traffic

SPACE_M, TAU_S = 7.5, 1.0
QUEUED = 60  # vehicles a lane
ROAD, STUB, SIDE = 1, 2, 3


def saturation_flow(speed_mps: float) -> float:
    return 3600.0 / (TAU_S + SPACE_M / speed_mps)


def write_map(path: Path, stub_m: float, lanes: int, kph: float) -> None:
    """Write a straight road of a kilometre with a side street at its end, and a stub beyond."""
    metre = 1 / 111_195.0
    places = {1: (0.0, 0.0), 2: (1_000.0, 0.0), 3: (1_000.0 + stub_m, 0.0), 4: (1_000.0, 200.0)}
    nodes = "".join(f'<node id="{i}" lon="{x * metre:.9f}" lat="{y * metre:.9f}"/>' for i, (x, y) in places.items())

    def way(way_id: int, start: int, end: int, highway: str) -> str:
        tags = {"highway": highway, "lanes": 2 * lanes, "maxspeed": kph, "name": f"Road {way_id}"}
        return (
            f'<way id="{way_id}"><nd ref="{start}"/><nd ref="{end}"/>'
            + "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
            + "</way>"
        )

    ways = way(ROAD, 1, 2, "primary") + way(STUB, 2, 3, "primary") + way(SIDE, 2, 4, "residential")
    path.write_text(f'<osm version="0.6">{nodes}{ways}</osm>')


def discharge(folder: Path, stub_m: float, lanes: int, kph: float) -> tuple[float, float]:
    """Return the flow over the exit line (veh/h/lane) of a released queue, and the stub's length in the net (m)."""
    write_map(folder / "road.osm", stub_m, lanes, kph)
    built = build_network(prepare_map(folder / "road.osm", "service", None, folder), Traffic(), folder)
    ends = {}
    for edge in read_net(built.net_file).getEdges():
        if edge.getToNode().getID() in {"2", "3"} and edge.getFromNode().getID() in {"1", "2"}:
            ends[way_ids(edge)[0]] = edge
    start = 'depart="0" departSpeed="0" insertionChecks="collision"'
    vehicles = "".join(
        f'<vehicle id="{lane}.{i}" type="car" {start} departLane="{lane}" departPos="{(QUEUED - i) * SPACE_M:.2f}">'
        f'<route edges="{ends[ROAD].getID()} {ends[STUB].getID()}"/></vehicle>'
        for i in range(QUEUED)
        for lane in range(lanes)
    )
    kind = f'<vType id="car" sigma="0" speedDev="0" tau="{TAU_S}" length="5" minGap="2.5"/>'
    (folder / "queue.rou.xml").write_text(f"<routes>{kind}{vehicles}</routes>")
    options = ["--net-file", built.net_file, "--route-files", folder / "queue.rou.xml", "--time-to-teleport", "-1"]
    sumo.run("sumo", [*options, "--tripinfo-output", folder / "trips.xml", "--no-step-log"])
    arrivals = sorted(float(trip.get("arrival", "nan")) for trip in ET.parse(folder / "trips.xml").getroot())
    assert len(arrivals) == QUEUED * lanes
    steady = arrivals[10 * lanes : 50 * lanes]
    return 3600.0 * (len(steady) - 1) / np.ptp(steady) / lanes, ends[STUB].getLength()


@pytest.mark.parametrize(("lanes", "kph"), [(1, 40.0), (2, 105.0)])
@pytest.mark.parametrize("stub_m", [1.0, 12.0, 200.0])
def test_exit_passes_saturation_flow(tmp_path: Path, stub_m: float, lanes: int, kph: float) -> None:
    flow, length_m = discharge(tmp_path, stub_m, lanes, kph)
    assert length_m <= stub_m
    assert flow == pytest.approx(saturation_flow(kph / 3.6), rel=0.05)
