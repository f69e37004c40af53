"""A minor street with a queue joins a main road with a queue, one lane each: who gets the lane behind the merge."""

from __future__ import annotations

from pathlib import Path

import pytest
import sumolib

from evac import sumo
from evac.network import build_network
from evac.osm import prepare_map
from evac.schema.driving import Traffic
from full_junctions import arrived_veh

NODES = """<nodes><node id="a" x="0" y="0"/><node id="m" x="600" y="0" type="priority"/><node id="s" x="600" y="-400"/>
<node id="d" x="1000" y="0"/><node id="e" x="1400" y="0"/></nodes>"""
EDGES = """<edges><edge id="main" from="a" to="m" numLanes="1" speed="13.89" priority="5"/>
<edge id="minor" from="s" to="m" numLanes="1" speed="13.89" priority="2"/>
<edge id="out" from="m" to="d" numLanes="1" speed="13.89" priority="5"/>
<edge id="slow" from="d" to="e" numLanes="1" speed="6" priority="5"/></edges>"""
FLOW = '<flow id="{0}" type="d" from="{0}" to="slow" begin="0" end="1800" vehsPerHour="{1}" departSpeed="avg"/>'


def merged_veh(right_of_way: str, folder: Path) -> dict[str, int]:
    """Return the vehicles out of each street after the queues have formed."""
    (folder / "n.nod.xml").write_text(NODES)
    (folder / "n.edg.xml").write_text(EDGES)
    sumo.run("netconvert", ["-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "n.net.xml"], cwd=folder)
    flows = FLOW.format("main", 2400) + FLOW.format("minor", 1200)
    return arrived_veh(Traffic.model_validate({"right_of_way": right_of_way}), folder / "n.net.xml", flows, folder)


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


# Main Road (way 1 and 2) runs east with two lanes; Side Street (way 3) joins it from the south.
JOINING = """<osm version="0.6"><node id="1" lat="47.05" lon="9.500"/><node id="2" lat="47.05" lon="9.508"/>
<node id="3" lat="47.05" lon="9.516"/><node id="4" lat="47.047" lon="9.508"/>
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="Main Road"/>
<tag k="oneway" v="yes"/><tag k="lanes" v="2"/><tag k="maxspeed" v="50"/></way>
<way id="3"><nd ref="4"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="name" v="Side Street"/>
<tag k="oneway" v="yes"/><tag k="maxspeed" v="50"/></way></osm>"""


def veh_out_of_side_street(yield_to: str, folder: Path) -> int:
    """Return how many get into the empty kerb lane of a main road whose inner lane is full."""
    (folder / "joining.osm").write_text(JOINING)
    traffic = Traffic.model_validate({"yield_to": yield_to, "right_of_way": "strict", "merges": "priority"})
    net_file = build_network(prepare_map(folder / "joining.osm", "service", "LI", folder), traffic, folder).net_file
    net = sumolib.net.readNet(str(net_file))
    (side,) = [edge for edge in net.getEdges() if edge.getName() == "Side Street"]
    (behind,) = side.getOutgoing()
    (before,) = [edge for edge in net.getEdges() if behind in edge.getOutgoing() and edge is not side]
    flow = '<flow id="{0}" type="d" from="{1}" to="{2}" begin="0" end="1800" vehsPerHour="1700" departLane="{3}"/>'
    flows = flow.format("main", before.getID(), behind.getID(), 1) + flow.format(
        "minor", side.getID(), behind.getID(), 0
    )
    keeps_its_lane = {"lcKeepRight": 0, "lcSpeedGain": 0}
    return arrived_veh(traffic, net_file, flows, folder, **keeps_its_lane)["minor"]


def test_a_turn_into_an_empty_lane_needs_no_gap_in_the_other_one(tmp_path: Path) -> None:
    (tmp_path / "road").mkdir()
    (tmp_path / "lane").mkdir()
    assert veh_out_of_side_street("lane", tmp_path / "lane") > 3 * veh_out_of_side_street("road", tmp_path / "road")
