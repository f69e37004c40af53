"""The signals of a net with programs of another kind: fixed instead of actuated, or the other way round.

netconvert gives both kinds the same stages and the same seconds; an actuated program may also end a green early or
lengthen it. So the one is made of the other, without compiling the net again.

And the programs under which packets of several cars (`evac.demand.packets`) pass as many cars as single cars would. A
green lets the last packet through whole, half a packet more than a car on average, and SUMO's mesoscopic model lets
vehicles through at yellow: so there is no yellow. An actuated program takes the time between two packets for a gap: so
it waits for longer ones. A green of a fixed program has room for a few packets, or one more: so cycles are longer.
Measured on a crossing with SUMO 1.28 (findings/meso_packets_at_signals.sh).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

OTHER = "other"
"""SUMO's id of the programs. Of a signal's programs the one that is loaded last runs."""
_MIN_GREEN_S, _MAX_GREEN_S = "5", "50"  # netconvert's (options tls.min-dur and tls.max-dur)
_KINDS = ("actuated", "static")
_PROGRAM = re.compile(r"<tlLogic .*?</tlLogic>", re.DOTALL)
_GAP_S = 3.0
"""The gap between vehicles that ends an actuated green (SUMO's default of `max-gap`)."""


def other_programs(net_file: Path, kind: Literal["actuated", "static"] | None) -> str:
    """Return SUMO's additional file with a program of a kind for each signal of a net.

    Parameters
    ----------
    net_file
        A `.net.xml`.
    kind
        `static` (fixed) or `actuated`; each signal's own where None.
    """
    root = ET.Element("additional")
    for _, element in ET.iterparse(net_file):  # noqa: S314  our own net
        if element.tag == "tlLogic" and element.get("type") in _KINDS:
            own = kind or element.attrib["type"]
            program = ET.SubElement(root, "tlLogic", {**element.attrib, "type": own, "programID": OTHER})
            for phase in element.iter("phase"):
                program.append(_phase(phase, own))
        if element.tag not in ("phase", "param"):
            element.clear()
    return ET.tostring(root, encoding="unicode") + "\n"


def _phase(phase: ET.Element, kind: str) -> ET.Element:
    """Return a stage of a program, with how far its green may be shortened and lengthened where that is so."""
    attributes = {key: value for key, value in phase.attrib.items() if key not in ("minDur", "maxDur")}
    state = phase.attrib["state"]
    if kind == "actuated" and "y" not in state and {"G", "g"} & set(state):
        attributes |= {"minDur": _MIN_GREEN_S, "maxDur": _MAX_GREEN_S}
    return ET.Element("phase", attributes)


def for_packets(programs: str, cars: int, headway_s: float) -> str:
    """Return programs as packets need them.

    Parameters
    ----------
    programs
        SUMO's additional file, or the part of one, with programs and whatever else.
    cars
        Cars a packet; 1 changes nothing.
    headway_s
        Seconds between two cars of a queue that discharges.
    """
    return _PROGRAM.sub(lambda found: _for_packets(found[0], cars, headway_s), programs) if cars > 1 else programs


def _for_packets(program: str, cars: int, headway_s: float) -> str:
    root = ET.fromstring(program)  # noqa: S314  our own
    longer = max(cars // 2, 1) if root.get("type") == "static" and not _has_officer(root) else 1
    for phase in root.iter("phase"):
        phase.set("state", phase.attrib["state"].replace("y", "r").replace("u", "r"))
        phase.set("duration", f"{float(phase.attrib['duration']) * longer:g}")
    if root.get("type") == "actuated":
        root.insert(0, ET.Element("param", key="max-gap", value=f"{_GAP_S + (cars - 1) * headway_s:.1f}"))
    return ET.tostring(root, encoding="unicode")


def _has_officer(program: ET.Element) -> bool:
    """Return whether stages last until somebody ends them: such a program has names of stages."""
    return any(phase.get("name") for phase in program.iter("phase"))
