"""Queue discharge of a driver, measured: one lane, a standing queue, the road ahead is free.

The discharge rate of a lane decides the clearance time of an evacuation, so the driver's is calibrated with this
experiment (`benchmarks/calibrate_driver.py`) and measured again by the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from evac import sumo

_QUEUE_VEH = 250
"""Vehicles in the queue: at 1,600 veh/h they take some nine minutes."""
_FIRST_COUNTED_VEH = 10
"""Vehicles not counted at the head of the queue, while start-up is lost (the Highway Capacity Manual skips four)."""
_STOP_LINE_M = 2_500.0
_ROAD_AHEAD_M = 1_000.0


def measure_discharge(
    vtype: Mapping[str, str], speed_kph: float, seed: int, folder: Path, queue_veh: int = _QUEUE_VEH
) -> float:
    """Return the discharge rate (veh/h) of a released queue at its stop line.

    Parameters
    ----------
    vtype
        SUMO vehicle type attributes, as `drivers.vtype_attributes` gives them.
    speed_kph
        Speed limit of the road (km/h).
    seed
        Seed of SUMO's random numbers (dawdling, speed factors).
    folder
        Where the inputs and outputs of the experiment are written.
    queue_veh
        Vehicles in the queue.
    """
    passings_s = release_queue(vtype, speed_kph, seed, folder, queue_veh)
    counted_s = passings_s[_FIRST_COUNTED_VEH - 1 :]
    return float(3600.0 * (len(counted_s) - 1) / (counted_s[-1] - counted_s[0]))


def release_queue(
    vtype: Mapping[str, str], speed_kph: float, seed: int, folder: Path, queue_veh: int = _QUEUE_VEH
) -> np.ndarray:
    """Return when (s after the release) the front of each vehicle of a standing queue passes the stop line."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_road(folder, speed_kph)
    _write_queue(folder, vtype, queue_veh)
    sumo.run(
        "sumo",
        [
            *("--net-file", "road.net.xml", "--route-files", "queue.rou.xml", "--additional-files", "loop.add.xml"),
            *("--step-length", "1", "--seed", str(seed), "--time-to-teleport", "-1"),
            *("--no-step-log", "true", "--no-warnings", "true", "--end", "7200"),
        ],
        cwd=folder,
    )
    root = ET.parse(folder / "loop.xml").getroot()  # noqa: S314 (SUMO wrote it just now)
    return np.array([float(item.attrib["time"]) for item in root.iter("instantOut") if item.get("state") == "enter"])


def _write_road(folder: Path, speed_kph: float) -> None:
    length_m = _STOP_LINE_M + _ROAD_AHEAD_M
    speed_mps = speed_kph / 3.6
    (folder / "road.nod.xml").write_text(
        f'<nodes><node id="a" x="0" y="0"/><node id="b" x="{length_m}" y="0"/></nodes>\n'
    )
    (folder / "road.edg.xml").write_text(
        f'<edges><edge id="road" from="a" to="b" numLanes="1" speed="{speed_mps:.3f}"/></edges>\n'
    )
    sumo.run("netconvert", ["-n", "road.nod.xml", "-e", "road.edg.xml", "-o", "road.net.xml"], cwd=folder)
    (folder / "loop.add.xml").write_text(
        f'<additional><instantInductionLoop id="stop_line" lane="road_0" pos="{_STOP_LINE_M}" file="loop.xml"/>'
        "</additional>\n"
    )


def _write_queue(folder: Path, vtype: Mapping[str, str], queue_veh: int) -> None:
    spacing_m = float(vtype["length"]) + float(vtype["minGap"])
    routes = ET.Element("routes")
    ET.SubElement(routes, "vType", {"id": "driver", **vtype})
    ET.SubElement(routes, "route", id="out", edges="road")
    for place in range(queue_veh):
        position_m = _STOP_LINE_M - 0.1 - place * spacing_m
        ET.SubElement(
            routes,
            "vehicle",
            id=f"q{place}",
            type="driver",
            route="out",
            depart="0",
            departPos=f"{position_m:.2f}",
            departSpeed="0",
            insertionChecks="collision",
        )
    ET.ElementTree(routes).write(folder / "queue.rou.xml", encoding="utf-8", xml_declaration=True)
