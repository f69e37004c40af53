"""The roads that leave real maps are decided as the table of docs/real-towns.md has it, before anything is cut."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from decided_exits import exits, none, web_of
from evac.network.exits.decide import Decision
from evac.network.exits.record import WaysOutRecord
from evac.schema.places import FoundExits
from real_maps import DATA, LIECHTENSTEIN, MISSION_CANYON, municipalities

BALZERS = Path(__file__).parents[2] / "scenarios" / "balzers" / "data"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no folder shared/data with real maps beside the checkout")


def _decided(extract: Path, area: shapely.Geometry) -> WaysOutRecord:
    return Decision(web_of(extract), area).record(FoundExits())


def _lesser(record: WaysOutRecord) -> set[str]:
    return {item.label for item in record.lesser}


@pytest.mark.real
@needs_data
def test_liechtenstein_leaves_by_five_bridges_the_pass_and_two_roads_to_feldkirch() -> None:
    record = _decided(LIECHTENSTEIN, municipalities().union_all())
    bridges = ["Gagoz", "Rheinbrücke", "Rheinstrasse", "Ruggellerstrasse", "unnamed primary road off Schaaner Strasse"]
    others = ["Neue Churer Strasse", "Liechtensteiner Straße", "Sebastian-Kneipp-Straße"]
    assert exits(record) == sorted([*bridges, *others])
    assert none(record) == {"Hubstraße": "it goes on as a track"}


@pytest.mark.real
@needs_data
def test_mission_canyon_leaves_by_the_highway_and_the_main_roads_along_the_coast() -> None:
    (extract,) = MISSION_CANYON.glob("*.osm.gz")
    area = gpd.read_file(Path(__file__).parent / "mission_canyon" / "area.geojson").to_crs("EPSG:4326")
    record = _decided(extract, area.union_all())
    along = ["Cathedral Oaks Road", "Chumash Highway", "East Cabrillo Boulevard", "Hollister Avenue"]
    assert exits(record) == sorted([*along, "El Camino Real", "El Camino Real", "Old Coast Highway"])
    assert none(record) == {}
    assert {"Calle Real", "Channel Drive", "San Antonio Creek Road"} <= _lesser(record)


def test_balzers_leaves_by_the_bridge_and_both_ends_of_its_main_street() -> None:
    (extract,) = BALZERS.glob("*.osm.pbf")
    record = _decided(extract, gpd.read_file(BALZERS / "zones.geojson").to_crs("EPSG:4326").union_all())
    assert exits(record) == ["Gagoz", "Landstrasse", "Neue Churer Strasse"]
    assert none(record) == {}
    assert _lesser(record) == {"Alte Landstrasse", "Sägastrasse"}
