"""OSMnx reads the map again: its streets are as long as the net's, and streets that the net has lost are told."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from evac.audit.second_reading import LENGTHS_AGREE, second_reading
from evac.network import build_network, read_net
from evac.osm import StreetMap, prepare_map
from evac.schema.driving import Traffic

BALZERS = Path(__file__).parents[2] / "scenarios" / "balzers" / "data" / "balzers.osm.pbf"


@pytest.fixture(scope="module")
def balzers(tmp_path_factory: pytest.TempPathFactory) -> tuple[StreetMap, Path]:
    cache = tmp_path_factory.mktemp("cache")
    street_map = prepare_map(BALZERS, "service", "LI", cache)
    return street_map, build_network(street_map, Traffic(country="LI"), cache).net_file


def test_both_readings_of_a_real_map_agree(balzers: tuple[StreetMap, Path]) -> None:
    street_map, net_file = balzers
    found = second_reading(street_map.roads_file, read_net(net_file))
    assert found.map_km == pytest.approx(96, abs=2)
    assert abs(found.difference) < LENGTHS_AGREE
    assert 0.95 < found.hanging_together < 1.0  # some driveways, until the scenario corrects them
    assert list(found.findings()) == []


def test_streets_that_the_net_has_lost_are_told(balzers: tuple[StreetMap, Path], tmp_path: Path) -> None:
    street_map, net_file = balzers
    root = ET.parse(net_file).getroot()
    edges = [edge for edge in root.findall("edge") if edge.get("function") is None]
    lost = {edge.get("id") for edge in edges[::10]}
    for edge in edges[::10]:
        root.remove(edge)
    for connection in root.findall("connection"):
        if {connection.get("from"), connection.get("to")} & lost:
            root.remove(connection)
    ET.ElementTree(root).write(tmp_path / "net.net.xml")
    (finding,) = second_reading(street_map.roads_file, read_net(tmp_path / "net.net.xml")).findings()
    assert finding.severity == "warning"
    assert "netconvert has lost or made streets" in finding.text
