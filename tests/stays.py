"""Who was on which road from when to when, as SUMO wrote it down."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple


class Stay(NamedTuple):
    """A vehicle's stay on an edge, from when it came onto it until it left it or the run ended (s)."""

    vehicle: str
    edge: str
    enters_s: float
    leaves_s: float


def stays(run: Path) -> list[Stay]:
    """Return the stays of a run's vehicles, those of each in the order of its way."""
    end_s = json.loads((run / "ending.json").read_text())["time_s"]
    found = []
    for vehicle in ET.parse(run / "sumo" / "vehroutes.xml").iter("vehicle"):
        at_s = float(vehicle.get("depart", "-1"))
        if at_s < 0.0:
            continue
        route = list(vehicle.iter("route"))[-1]  # those that were given up come first
        for edge, text in zip(route.get("edges", "").split(), route.get("exitTimes", "").split(), strict=False):
            left_s = float(text)
            found.append(Stay(vehicle.get("id", ""), edge, at_s, left_s if left_s >= 0.0 else end_s))
            if left_s < 0.0:
                break
            at_s = left_s
    return found
