"""The network stage: the map's lanes, turns and signals arrive in the net, by way of plain XML, and nothing is lost."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evac import network as stage
from evac import sumo
from evac.network import Network, build_network, compile_net, read_net
from evac.network.places import way_ids
from evac.osm import StreetMap, prepare_map
from evac.schema.driving import Traffic

FIXTURE = Path(__file__).parents[1] / "fixtures" / "osm" / "crossroads.osm"
REAL = Path(__file__).parents[3] / "shared" / "data"
TURN_BACK = "t"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def street_map(cache: Path) -> StreetMap:
    return prepare_map(FIXTURE, "service", "LI", cache)


@pytest.fixture(scope="module")
def network(street_map: StreetMap, cache: Path) -> Network:
    return build_network(street_map, Traffic(country="LI"), cache)


@pytest.fixture(scope="module")
def net(network: Network) -> Any:
    return read_net(network.net_file)


@pytest.fixture(scope="module")
def liechtenstein(tmp_path_factory: pytest.TempPathFactory) -> tuple[StreetMap, Network]:
    source = REAL / "liechtenstein" / "liechtenstein-2013-08-03.osm.pbf"
    if not source.is_file():
        pytest.skip("the map of Liechtenstein isn't in the folder of real maps beside the checkout")
    folder = tmp_path_factory.mktemp("liechtenstein")
    found = prepare_map(source, "service", "LI", folder)
    return found, build_network(found, Traffic(country="LI"), folder)


def edges_of(net: Any, way: int) -> list[Any]:
    return [edge for edge in net.getEdges(withInternal=False) if way in way_ids(edge)]


def towards(net: Any, way: int, node: str) -> Any:
    (found,) = [edge for edge in edges_of(net, way) if edge.getToNode().getID() == node]
    return found


def movements(net_file: Path) -> Counter[tuple[str | None, ...]]:
    """Count lane-to-lane movements, with the signal link that controls each."""
    keys = ("from", "to", "fromLane", "toLane", "tl", "linkIndex")
    connections = ET.parse(net_file).getroot().iter("connection")
    return Counter(
        tuple(item.get(key) for key in keys) for item in connections if not item.get("from", "").startswith(":")
    )


def lanes(net_file: Path) -> dict[str, tuple[int, float, str]]:
    net = read_net(net_file)
    return {edge.getID(): (edge.getLaneNumber(), edge.getSpeed(), edge.getName()) for edge in net.getEdges()}


def programs(net_file: Path) -> list[tuple[Any, ...]]:
    found = []
    for logic in ET.parse(net_file).getroot().iter("tlLogic"):
        phases = [tuple(sorted(phase.attrib.items())) for phase in logic.iter("phase")]
        found.append((logic.get("id"), logic.get("type"), *phases))
    return sorted(found)


# -- what the map says is in the net ---------------------------------------------------------------------------------


def test_tagged_lanes_and_an_untagged_primary_road_with_one_lane_a_direction(net: Any) -> None:
    assert towards(net, 100, "1").getLaneNumber() == 2
    assert {edge.getLaneNumber() for edge in edges_of(net, 101)} == {1}
    assert {edge.getLaneNumber() for edge in edges_of(net, 102)} == {1}  # three lanes: the odd one is a centre lane


def test_one_way_streets_have_one_direction(net: Any) -> None:
    assert [edge.getFromNode().getID() for edge in edges_of(net, 103)] == ["1"]
    assert not [edge.getID() for edge in edges_of(net, 112) if edge.getID().startswith("-")]  # the roundabout


def test_a_banned_turn_is_not_in_the_net(net: Any) -> None:
    west = towards(net, 100, "1")
    assert not {edge.getID() for edge in west.getOutgoing()} & {edge.getID() for edge in edges_of(net, 102)}
    east = [edge for edge in edges_of(net, 101) if edge.getToNode().getID() == "1"]
    reached = {edge.getID() for edge in east[0].getOutgoing()}
    assert reached & {edge.getID() for edge in edges_of(net, 102)}  # the same turn from the east: cars are exempt


def test_turn_lanes_lead_where_the_map_says(net: Any) -> None:
    kerb, centre = towards(net, 100, "1").getLanes()
    right = {edge.getID() for edge in edges_of(net, 103)}
    assert right & {link.getTo().getID() for link in kerb.getOutgoing()}
    assert not right & {link.getTo().getID() for link in centre.getOutgoing()}


def test_drivers_turn_round_at_dead_ends_only(net: Any) -> None:
    places = Counter(
        edge.getToNode().getID()
        for edge in net.getEdges()
        for links in edge.getOutgoing().values()
        for link in links
        if link.getDirection() == TURN_BACK
    )
    assert "21" in places  # the end of a driveway
    assert {"1", "12"}.isdisjoint(places)


def test_a_bollard_stops_through_traffic(net: Any) -> None:
    elm_south = next(edge for edge in edges_of(net, 105) if edge.getFromNode().getID() == "12")
    beyond = edges_of(net, 110)[0]
    assert net.getShortestPath(elm_south, beyond)[0] is None


def test_speed_and_name_are_kept(net: Any) -> None:
    assert towards(net, 104, "17").getSpeed() == pytest.approx(50 / 3.6, abs=0.01)
    assert towards(net, 104, "13").getSpeed() == pytest.approx(60 / 3.6, abs=0.01)
    assert towards(net, 104, "17").getName() == "River Bridge"


@pytest.mark.parametrize("signals", ["actuated", "static"])
def test_signal_programs(street_map: StreetMap, cache: Path, signals: Any) -> None:
    built = build_network(street_map, Traffic(country="LI", signals=signals), cache)
    assert [program[1] for program in programs(built.net_file)] == [signals]


@pytest.mark.parametrize(
    ("dark", "kind"),
    [
        (Traffic(country="LI", signals="off"), "priority"),
        (Traffic(country="US", signals="off"), "allway_stop"),
        (Traffic(country="US", signals="unregulated"), "priority"),
        (Traffic(country="LI", signals="all_way_stop"), "allway_stop"),
    ],
)
def test_what_dark_signals_leave(
    street_map: StreetMap, network: Network, cache: Path, dark: Traffic, kind: str
) -> None:
    built = build_network(street_map, dark, cache)
    had = [node.getID() for node in read_net(network.net_file).getNodes() if node.getType() == "traffic_light"]
    assert had
    assert programs(built.net_file) == []
    assert {read_net(built.net_file).getNode(node).getType() for node in had} == {kind}


def test_signals_off_changes_neither_lanes_nor_movements(street_map: StreetMap, network: Network, cache: Path) -> None:
    off = build_network(street_map, Traffic(country="LI", signals="off"), cache)
    assert lanes(off.net_file) == lanes(network.net_file)
    assert {item[:4] for item in movements(off.net_file)} == {item[:4] for item in movements(network.net_file)}


def test_drivers_alternate_where_roads_merge_but_at_signals_and_in_roundabouts(
    street_map: StreetMap, network: Network, cache: Path
) -> None:
    built = build_network(street_map, Traffic(country="LI", merges="alternate"), cache)
    net = read_net(built.net_file)
    by_turns = [item for item in connections_of(net) if item.getState() == "Z"]
    circle = {node for edge in edges_of(net, 112) for node in (edge.getFromNode(), edge.getToNode())}
    assert by_turns
    for item in by_turns:
        node = item.getFrom().getToNode()
        assert node not in circle
        assert not node.getType().startswith("traffic_light")
        others = [
            other
            for other in by_turns
            if other.getToLane() is item.getToLane() and other.getFrom() is not item.getFrom()
        ]
        beside = [
            other
            for other in by_turns
            if other.getFrom() is item.getFrom() and other.getTo() is item.getTo() and other is not item
        ]
        assert others or beside
        assert all(node.forbids(other, item) for other in others)  # each looks at the other
    assert lanes(built.net_file) == lanes(network.net_file)
    assert {item[:4] for item in movements(built.net_file)} == {item[:4] for item in movements(network.net_file)}


def connections_of(net: Any) -> list[Any]:
    edges = net.getEdges(withInternal=False)
    return [item for edge in edges for items in edge.getOutgoing().values() for item in items]


def test_left_hand_traffic(cache: Path, street_map: StreetMap) -> None:
    built = build_network(street_map, Traffic(country="GB"), cache)
    assert ET.parse(built.net_file).getroot().get("lefthand") == "true"
    net = read_net(built.net_file)
    there = towards(net, 104, "17").getLanes()[0].getShape()
    back = towards(net, 104, "13").getLanes()[0].getShape()
    assert there[0][1] > back[0][1]  # eastbound traffic keeps to the north


# -- plain XML and back ----------------------------------------------------------------------------------------------


def imported_directly(street_map: StreetMap, folder: Path) -> Path:
    """Build a net of the map without the detour by plain XML, with the same options."""
    types = Path(stage.__file__).parent / "roads.typ.xml"
    out = folder / "direct.net.xml"
    options = ["--osm-files", street_map.roads_file, "--type-files", types, *stage._RECOMMENDED, *stage._IMPORT]
    sumo.run("netconvert", [*options, "--tls.default-type", "actuated", "--output-file", out])
    return out


def test_plain_xml_keeps_lanes_movements_and_programs(street_map: StreetMap, network: Network, tmp_path: Path) -> None:
    direct = imported_directly(street_map, tmp_path)
    assert movements(network.net_file) == movements(direct)
    assert lanes(network.net_file) == lanes(direct)
    assert programs(network.net_file) == programs(direct)
    assert programs(direct)


@pytest.mark.real
@pytest.mark.slow
def test_plain_xml_keeps_liechtenstein(liechtenstein: tuple[StreetMap, Network], tmp_path: Path) -> None:
    street_map, network = liechtenstein
    direct = imported_directly(street_map, tmp_path)
    assert movements(network.net_file) == movements(direct)
    assert lanes(network.net_file) == lanes(direct)
    assert programs(network.net_file) == programs(direct)


def test_compiling_the_plain_xml_again_gives_the_same_bytes(network: Network, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    shutil.copytree(network.folder, plain)
    compile_net(plain, tmp_path / "again.net.xml", alternate=True)
    assert (tmp_path / "again.net.xml").read_bytes() == network.net_file.read_bytes()


def test_another_build_gives_the_same_bytes(street_map: StreetMap, network: Network, tmp_path: Path) -> None:
    again = build_network(street_map, Traffic(country="LI"), tmp_path)
    assert again.digest == network.digest
    for path in network.folder.iterdir():
        assert (again.folder / path.name).read_bytes() == path.read_bytes(), path.name


# -- where edges come from and what became of ways -------------------------------------------------------------------


def test_edges_know_their_ways_and_guesses(network: Network) -> None:
    table = network.edges().set_index("edge")
    of_way = {way: table[[way in ways for ways in table["way_ids"]]] for way in (100, 101, 104)}
    assert not of_way[100]["lanes_guessed"].any()
    assert of_way[101]["lanes_guessed"].all()
    assert of_way[101]["speed_guessed"].all()
    assert not of_way[104]["speed_guessed"].any()
    assert set(of_way[104]["highway"]) == {"primary"}
    assert (table["length_m"] > 0).all()


def test_no_way_is_lost_without_a_word(street_map: StreetMap, network: Network) -> None:
    kept = {way for ways in network.edges()["way_ids"] for way in ways}
    named = {int(item["ids"][0]) for item in network.warnings() if item["kind"].startswith("way_")}
    assert kept | named == set(street_map.streets()["way_id"])


@pytest.mark.real
def test_every_way_of_liechtenstein_is_in_the_net_or_in_a_junction(liechtenstein: tuple[StreetMap, Network]) -> None:
    street_map, network = liechtenstein
    found = Counter(item["kind"] for item in network.warnings())
    assert found["way_lost"] == 0
    assert found["way_in_junction"] <= 10
    kept = {way for ways in network.edges()["way_ids"] for way in ways}
    assert len(kept) + found["way_in_junction"] + found["way_doubled"] == len(street_map.streets())


@pytest.mark.real
def test_lanes_of_liechtenstein_are_those_of_the_map(liechtenstein: tuple[StreetMap, Network]) -> None:
    street_map, network = liechtenstein
    ways = street_map.streets().set_index("way_id")
    most = ways[["lanes_forward", "lanes_backward"]].max(axis=1).to_dict()
    for edge in network.edges().itertuples():
        assert edge.lanes <= max(most[way] for way in edge.way_ids), edge


@pytest.mark.real
def test_the_rhine_bridge_of_balzers_has_one_lane_a_direction(liechtenstein: tuple[StreetMap, Network]) -> None:
    street_map, network = liechtenstein
    ways = street_map.streets()
    bridges = ways[(ways["name"] == "Gagoz") & (ways["highway"] == "primary") & ~ways["may_leave"]]
    assert len(bridges) >= 1
    net = read_net(network.net_file)
    for way in bridges["way_id"]:
        found = edges_of(net, way)
        assert len(found) >= 2  # both directions
        assert {edge.getLaneNumber() for edge in found} == {1}
