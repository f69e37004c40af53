"""A minor street with a queue joins a main road with a queue, one lane each: who gets the lane behind the merge."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from evac import sumo
from evac.demand import drivers
from evac.schema.driving import Traffic

NODES = """<nodes><node id="a" x="0" y="0"/><node id="m" x="600" y="0" type="priority"/><node id="s" x="600" y="-400"/>
<node id="d" x="1000" y="0"/><node id="e" x="1400" y="0"/></nodes>"""
EDGES = """<edges><edge id="main" from="a" to="m" numLanes="1" speed="13.89" priority="5"/>
<edge id="minor" from="s" to="m" numLanes="1" speed="13.89" priority="2"/>
<edge id="out" from="m" to="d" numLanes="1" speed="13.89" priority="5"/>
<edge id="slow" from="d" to="e" numLanes="1" speed="6" priority="5"/></edges>"""
FLOW = '<flow id="{0}" type="d" from="{0}" to="slow" begin="0" end="2400" vehsPerHour="{1}" departSpeed="avg"/>'
WARM_UP_S = 600.0


def merged_veh(right_of_way: str, folder: Path) -> dict[str, int]:
    """Return the vehicles out of each street after the queues have formed."""
    (folder / "n.nod.xml").write_text(NODES)
    (folder / "n.edg.xml").write_text(EDGES)
    sumo.run("netconvert", ["-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "n.net.xml"], cwd=folder)
    traffic = Traffic.model_validate({"right_of_way": right_of_way})
    given = {**drivers.vtype_attributes("normal"), **drivers.right_of_way_attributes(traffic)}
    vtype = " ".join(f'{key}="{value}"' for key, value in given.items())
    flows = FLOW.format("main", 2400) + FLOW.format("minor", 1200)
    (folder / "r.rou.xml").write_text(f'<routes><vType id="d" {vtype}/>{flows}</routes>')
    options = ["-n", "n.net.xml", "-r", "r.rou.xml", "--end", "2400", "--time-to-teleport", "-1", "--no-step-log"]
    outputs = ["--tripinfo-output", "t.xml", "--statistic-output", "s.xml", "--no-warnings", "true"]
    sumo.run("sumo", [*options, *outputs], cwd=folder)
    safety = ET.parse(folder / "s.xml").getroot().find("safety")
    assert safety is not None
    assert safety.attrib["collisions"] == "0"
    done = list(ET.parse(folder / "t.xml").getroot().iter("tripinfo"))
    late = [item.attrib["id"].split(".")[0] for item in done if float(item.attrib["arrival"]) > WARM_UP_S]
    return {street: late.count(street) for street in ("main", "minor")}


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    return {rule: merged_veh(rule, tmp_path_factory.mktemp(rule)) for rule in ("strict", "courteous")}


def test_strict_right_of_way_starves_the_minor_street(merged: dict[str, dict[str, int]]) -> None:
    assert merged["strict"]["minor"] < 0.01 * merged["strict"]["main"]


def test_courteous_drivers_give_the_minor_street_a_share(merged: dict[str, dict[str, int]]) -> None:
    share = merged["courteous"]["minor"] / sum(merged["courteous"].values())
    assert 0.03 < share < 0.5


def test_courtesy_costs_no_flow(merged: dict[str, dict[str, int]]) -> None:
    assert sum(merged["courteous"].values()) == pytest.approx(sum(merged["strict"].values()), rel=0.03)
