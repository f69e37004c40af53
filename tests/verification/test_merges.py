"""Queued drivers take turns at a merge, one to one for each lane, and the lane behind it stays as full as it gets.

Theory: two saturated streams that merge into one lane each get half of it (Cassidy and Ahn, TRR 1934, 2005: a nearly
fixed ratio, whatever flows out; Ni and Leonard, 2005); a stream that asks for less than its half gets all that it asks
for, and the other the rest (Daganzo, Transportation Research B 29, 1995). After a merge breaks down its outflow is up
to 15 % under what it was (Srivastava and Geroliminis, Transportation Research C 30, 2013): it may not lose more.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from evac.network import Network, build_network, read_net
from evac.osm import prepare_map
from evac.schema.driving import Traffic
from full_junctions import arrived_veh, per_hour, trips_of

LANE_VEH_PER_H = 1615.0  # the calibrated discharge of a lane at 50 km/h
SINGLE, DOUBLE = 1, 2

# Main Road runs east, Side Street joins it from the south; both of one lane a direction, or Main Road of two.
MAP = """<osm version="0.6"><node id="1" lat="47.05" lon="9.500"/><node id="2" lat="47.05" lon="9.508"/>
<node id="3" lat="47.05" lon="9.516"/><node id="4" lat="47.045" lon="9.508"/>
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="Main Road"/>
<tag k="lanes" v="{lanes}"/><tag k="oneway" v="{oneway}"/><tag k="maxspeed" v="50"/></way>
<way id="3"><nd ref="4"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="name" v="Side Street"/>
<tag k="maxspeed" v="50"/></way></osm>"""


def town(folder: Path, merges: str, lanes: int = SINGLE) -> Network:
    text = MAP.format(lanes=lanes * (2 if lanes == SINGLE else 1), oneway="no" if lanes == SINGLE else "yes")
    folder.mkdir()
    (folder / "town.osm").write_text(text)
    traffic = Traffic.model_validate({"country": "LI", "merges": merges})
    return build_network(prepare_map(folder / "town.osm", "service", "LI", folder), traffic, folder)


def edges(network: Network) -> dict[str, str]:
    """Return the edges of Main Road before and after the merge, and Side Street's."""
    net = read_net(network.net_file)
    east = [edge for edge in net.getEdges() if edge.getName() == "Main Road" and heads_east(edge)]
    before, after = sorted(east, key=lambda edge: edge.getFromNode().getCoord()[0])
    (side,) = [edge for edge in net.getEdges() if edge.getName() == "Side Street" and after in edge.getOutgoing()]
    return {"main": before.getID(), "after": after.getID(), "minor": side.getID()}


def heads_east(edge) -> bool:
    return edge.getToNode().getCoord()[0] > edge.getFromNode().getCoord()[0]


def flows(network: Network, main_veh_per_h: float, minor_veh_per_h: float) -> str:
    named = edges(network)
    line = (
        '<flow id="{0}" type="d" from="{1}" to="{2}" begin="0" end="1800" vehsPerHour="{3}" departLane="free" '
        'departSpeed="avg"/>'
    )
    asked = {"main": main_veh_per_h, "minor": minor_veh_per_h}
    return "".join(line.format(name, named[name], named["after"], rate) for name, rate in asked.items())


def merged_veh_per_h(network: Network, main: float, minor: float) -> dict[str, float]:
    folder = network.net_file.parent
    return per_hour(arrived_veh(Traffic(), network.net_file, flows(network, main, minor), folder))


def test_two_queues_share_a_lane_equally(tmp_path: Path) -> None:
    got = merged_veh_per_h(town(tmp_path / "x", "alternate"), 2400, 2400)
    assert got["main"] == pytest.approx(got["minor"], rel=0.05)
    assert sum(got.values()) == pytest.approx(0.925 * LANE_VEH_PER_H, rel=0.075)


def test_who_asks_for_less_than_half_gets_it_all(tmp_path: Path) -> None:
    got = merged_veh_per_h(town(tmp_path / "x", "alternate"), 2400, 400)
    assert got["minor"] == pytest.approx(400, rel=0.05)
    assert sum(got.values()) == pytest.approx(0.925 * LANE_VEH_PER_H, rel=0.075)


def test_a_side_street_takes_turns_with_one_lane_of_two(tmp_path: Path) -> None:
    """It merges into the kerb lane: half a lane for the street, one and a half for the road."""
    got = merged_veh_per_h(town(tmp_path / "x", "alternate", DOUBLE), 4800, 2400)
    assert got["minor"] / sum(got.values()) == pytest.approx(1 / 4, abs=0.03)
    assert sum(got.values()) == pytest.approx(0.925 * 2 * LANE_VEH_PER_H, rel=0.075)


def test_a_road_of_two_lanes_stays_one_where_nobody_merges(tmp_path: Path) -> None:
    got = merged_veh_per_h(town(tmp_path / "x", "alternate", DOUBLE), 4800, 0.01)
    assert got["main"] == pytest.approx(2 * LANE_VEH_PER_H, rel=0.05)


def test_a_full_priority_road_keeps_the_side_street_waiting(tmp_path: Path) -> None:
    got = merged_veh_per_h(town(tmp_path / "x", "priority"), 2400, 2400)
    assert got["minor"] < 0.05 * got["main"]


def test_turns_cost_a_free_road_next_to_nothing(tmp_path: Path) -> None:
    """300 vehicles an hour and 50 from the side: nobody queues, so the road is delayed by under two seconds more."""
    lost_s = {}
    for merges in ("alternate", "priority"):
        network = town(tmp_path / merges, merges)
        arrived_veh(Traffic(), network.net_file, flows(network, 300, 50), network.net_file.parent)
        main = [float(trip["timeLoss"]) for trip in trips_of(network.net_file.parent) if trip["id"].startswith("main")]
        lost_s[merges] = sum(main) / len(main)
    assert lost_s["alternate"] < lost_s["priority"] + 2
