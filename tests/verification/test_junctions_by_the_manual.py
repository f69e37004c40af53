"""Junctions without signals, and left turns on green, beside the Highway Capacity Manual (7th edition).

Gap acceptance (chapter 20; Harders, 1968): a stream that yields to v veh/h with critical headway t_c and follow-up
headway t_f passes v exp(-v t_c) / (1 - exp(-v t_f)). Right turn from a two-way stop: 6.2 and 3.3 s. Left turn on green
against oncoming traffic (chapter 19): 4.5 and 2.5 s. Entry of a roundabout of one lane (chapter 22):
1,380 exp(-0.00102 v). The first is calibrated; at the other two SUMO's drivers let more gaps pass, and the tests say
how far they may be off.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import sumolib

from evac.schema.driving import Traffic
from full_junctions import END_S, arrived_veh, per_hour
from signal_town import compiled, crossing

RADIUS_M = 18
PLACES = {"e": (1, 0), "n": (0, 1), "w": (-1, 0), "s": (0, -1)}


def gap_acceptance_veh_per_h(major_veh_per_h: float, critical_s: float, follow_up_s: float) -> float:
    per_s = major_veh_per_h / 3600.0
    return major_veh_per_h * math.exp(-per_s * critical_s) / (1.0 - math.exp(-per_s * follow_up_s))


def minor_veh_per_h(
    net_file: Path, major: tuple[str, str], veh_per_h: float, minor: tuple[str, str], additional: str = ""
) -> float:
    """Return what gets through of a full stream that yields to another."""
    line = '<flow id="{0}" type="d" from="{1}" to="{2}" begin="0" end="{3}" period="exp({4})" departSpeed="avg"/>'
    flows = line.format("major", *major, END_S, veh_per_h / 3600) + line.format("minor", *minor, END_S, 1500 / 3600)
    return per_hour(arrived_veh(Traffic(merges="priority"), net_file, flows, net_file.parent, additional))["minor"]


@pytest.mark.parametrize("major_veh_per_h", [300, 600, 1200])
def test_a_right_turn_from_a_two_way_stop(tmp_path: Path, major_veh_per_h: float) -> None:
    got = minor_veh_per_h(crossing(tmp_path, "priority"), ("wc", "ce"), major_veh_per_h, ("sc", "ce"))
    assert got == pytest.approx(gap_acceptance_veh_per_h(major_veh_per_h, 6.2, 3.3), rel=0.22)


@pytest.mark.slow
@pytest.mark.parametrize("major_veh_per_h", [300, 600, 1200])
def test_a_left_turn_on_green_passes_half_to_all_of_the_manual(tmp_path: Path, major_veh_per_h: float) -> None:
    net_file = crossing(tmp_path)
    links = sumolib.net.readNet(str(net_file), withPrograms=True).getTLS("c").getConnections()
    letters = {("wc", "ce"): "G", ("ec", "cs"): "g"}
    ways = sorted((number, one.getEdge().getID(), other.getEdge().getID()) for one, other, number in links)
    state = "".join(letters.get((one, other), "r") for _, one, other in ways)
    green = f'<tlLogic id="c" type="static" programID="x" offset="0"><phase duration="9999" state="{state}"/></tlLogic>'
    got = minor_veh_per_h(net_file, ("wc", "ce"), major_veh_per_h, ("ec", "cs"), green)
    manual = gap_acceptance_veh_per_h(major_veh_per_h, 4.5, 2.5)
    assert 0.4 * manual < got < 1.05 * manual


@pytest.mark.slow
@pytest.mark.parametrize("circulating_veh_per_h", [300, 600])
def test_an_entry_of_a_roundabout_passes_half_to_all_of_the_manual(
    tmp_path: Path, circulating_veh_per_h: float
) -> None:
    net_file = roundabout(tmp_path)
    got = minor_veh_per_h(net_file, ("wi", "eo"), circulating_veh_per_h, ("si", "no"))
    manual = 1380.0 * math.exp(-0.00102 * circulating_veh_per_h)
    assert 0.55 * manual < got < 1.05 * manual


def roundabout(folder: Path) -> Path:
    """Build a roundabout of one lane with four arms; `wi` leads in from the west, `wo` out."""
    nodes = {f"c{arm}": (x * RADIUS_M, y * RADIUS_M) for arm, (x, y) in PLACES.items()}
    nodes |= {arm: (x * 400, y * 400) for arm, (x, y) in PLACES.items()}
    ring = [f"c{arm}" for arm in PLACES]
    edges = [(f"r{at}", a, b, "Circle", 1, 9) for at, (a, b) in enumerate(zip(ring, ring[1:] + ring[:1], strict=True))]
    for arm in PLACES:
        edges += [(f"{arm}i", arm, f"c{arm}", "Arm", 1, 3), (f"{arm}o", f"c{arm}", arm, "Arm", 1, 3)]
    return compiled(folder, nodes, edges, dict.fromkeys(ring, "priority"))
