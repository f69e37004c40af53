"""Roads that the map closes to cars: the baseline lacks them, and a plan opens them and changes nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from evac.errors import UserError
from evac.network import read_net
from evac.overlay import Overlay
from evac.overlay.movements import Movement
from evac.overlay.plain import PlainNet
from gated_town import gated_town, place
from plan_town import Town

FIRE_ROAD = "  - {do: open, where: {street: Ridge Fire Road}%s}"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return gated_town(tmp_path_factory.mktemp("gated"))


def _opened(overlay: Overlay) -> dict[str, int]:
    return {change.place: round(change.length_m) for change in overlay.changes if change.after == "1"}


def test_the_map_keeps_closed_roads_aside(town: Town) -> None:
    assert set(town.streets["name"]) == {"Canyon Road", "Valley Road", "Hill Street", "Back Lane"}
    assert sorted(town.closed["name"]) == ["Back Lane", "Lost Track", "Mine Road", "Ridge Fire Road"]
    gate = town.closed.set_index("name").loc["Back Lane"]
    assert (gate["osm_way_id"], gate["highway"]) == (105, "residential")
    assert not {edge.getName() for edge in read_net(town.network.net_file).getEdges()} & {"Ridge Fire Road"}


def test_a_fire_road_opens_between_two_streets_and_nothing_else_changes(town: Town) -> None:
    overlay = town.under(FIRE_ROAD % "")
    net = read_net(overlay.network.net_file)
    assert _opened(overlay) == pytest.approx(
        {"Ridge Fire Road southbound": 586, "Ridge Fire Road northbound": 586},
        abs=5,  # 600 m, without the junctions
    )
    assert {change.kind for change in overlay.changes} == {"lanes"}
    before, after = PlainNet.read(town.network.folder), PlainNet.read(overlay.network.folder)
    split = {edge.split(".opened")[0] for edge in after.edges if ".opened" in edge}
    for edge in set(before.edges) - split:
        assert before.edges[edge].attrib == after.edges[edge].attrib
    assert len(split) == 4, "both directions of both streets"
    kept = {movement for movement in before.movements if movement.to_edge not in split}
    assert kept <= set(after.movements)
    for movement in set(before.movements) - kept:
        first = next(edge for edge in after.edges if edge.startswith(f"{movement.to_edge}.opened"))
        assert Movement(movement.from_edge, movement.from_lane, first, movement.to_lane) in after.movements
        assert Movement(first, 0, movement.to_edge, 0) in after.movements
    fire_road = [edge for edge in net.getEdges() if edge.getName() == "Ridge Fire Road"]
    assert all(len(edge.getIncoming()) == 2 and len(edge.getOutgoing()) == 2 for edge in fire_road)


def test_a_gate_on_a_street_opens(town: Town) -> None:
    lon, lat = place(32)
    overlay = town.under(f"  - {{do: open, where: {{point: {{lat: {lat:.6f}, lon: {lon:.6f}}}}}}}")
    assert _opened(overlay) == pytest.approx({"Back Lane southbound": 100, "Back Lane northbound": 100}, abs=5)
    by_name = town.under("  - {do: open, where: {street: Back Lane}}", "by-name").changes
    assert [replace(row, actions=()) for row in by_name] == [replace(row, actions=()) for row in overlay.changes]


@pytest.mark.parametrize(
    ("stretch", "message"),
    [
        ("street: Lost Track", "at one end only.*108 \\(Mine Road\\)"),
        ("street: Canyon Road", "nothing there is closed to cars"),
        ("street: Ridge Fire Raod", "did you mean 'Ridge Fire Road'"),
        ("street: Garden Path", "osm.corrections"),
        ("ways: [107]", "way 107 is no road, track or road for buses.*osm.corrections"),
        ("point: {lat: 47.08, lon: 9.50}", "nothing there is closed to cars"),
    ],
)
def test_what_can_not_be_opened_is_told(town: Town, stretch: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        town.under(f"  - {{do: open, where: {{{stretch}}}}}", "wrong")
    text = " ".join(f"{item.what} {item.remedy}" for item in caught.value.problems)
    assert re.search(message, text), text
