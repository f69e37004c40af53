"""The signals of a net with programs of another kind: fixed instead of actuated, or the other way round.

netconvert gives both kinds the same stages and the same seconds; an actuated program may also end a green early or
lengthen it. So the one is made of the other, without compiling the net again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

OTHER = "other"
"""SUMO's id of the programs. Of a signal's programs the one that is loaded last runs."""
_MIN_GREEN_S, _MAX_GREEN_S = "5", "50"  # netconvert's (options tls.min-dur and tls.max-dur)
_KINDS = ("actuated", "static")


def other_programs(net_file: Path, kind: Literal["actuated", "static"]) -> str:
    """Return SUMO's additional file with a program of a kind for each signal of a net.

    Parameters
    ----------
    net_file
        A `.net.xml`.
    kind
        `static` (fixed) or `actuated`.
    """
    root = ET.Element("additional")
    for _, element in ET.iterparse(net_file):  # noqa: S314  our own net
        if element.tag == "tlLogic" and element.get("type") in _KINDS:
            program = ET.SubElement(root, "tlLogic", {**element.attrib, "type": kind, "programID": OTHER})
            for phase in element.iter("phase"):
                program.append(_phase(phase, kind))
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
