"""The map stage: what is read of an OSM file, what is made explicit, and which files are refused."""

from __future__ import annotations

import bz2
import gzip
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import geopandas as gpd
import osmium
import pytest
from osmium.geom import haversine_distance

from evac.errors import DataError
from evac.osm import StreetMap, prepare_map
from evac.osm.access import direction, may_leave, why_left_out
from evac.osm.barriers import blocks_cars
from evac.osm.lanes import count_lanes
from evac.osm.speeds import read_speed, usual_speed
from evac.schema.sources import Correction

FIXTURE = Path(__file__).parents[1] / "fixtures" / "osm" / "crossroads.osm"
REAL = Path(__file__).parents[3] / "shared" / "data"
real = pytest.mark.real


@pytest.fixture(scope="module")
def street_map(tmp_path_factory: pytest.TempPathFactory) -> StreetMap:
    return prepare_map(FIXTURE, "service", "LI", tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def streets(street_map: StreetMap) -> gpd.GeoDataFrame:
    return street_map.streets().set_index("way_id")


@pytest.fixture(scope="module")
def dwellings(street_map: StreetMap) -> gpd.GeoDataFrame:
    return street_map.dwellings().set_index("osm_id")


def real_file(name: str) -> Path:
    path = REAL / name
    if not path.is_file():
        pytest.skip(f"{name} isn't in the folder of real maps beside the checkout")
    return path


# -- ways ------------------------------------------------------------------------------------------------------------


def test_only_ways_that_cars_may_use_are_kept(street_map: StreetMap, streets: gpd.GeoDataFrame) -> None:
    assert {100, 101, 102, 103, 104, 105, 106, 110, 112} <= set(streets.index)
    assert {107, 108, 109, 111}.isdisjoint(streets.index)
    assert street_map.info()["counts"]["ways_left_out"] == {
        "closed to cars": 1,
        "fewer than two nodes in the file": 1,
        "not a street": 2,
    }


def test_lowest_class_is_kept_out_of_the_map(tmp_path: Path) -> None:
    ways = prepare_map(FIXTURE, "tertiary", None, tmp_path).streets()
    assert set(ways["highway"]) == {"primary", "tertiary"}


def test_streets_have_lanes_and_speeds_each_way(streets: gpd.GeoDataFrame) -> None:
    main = streets.loc[100]
    assert (main["lanes_forward"], main["lanes_backward"], main["lanes_guessed"]) == (2, 1, False)
    assert main["speed_kph"] == pytest.approx(30 * 1.609344)
    untagged = streets.loc[101]
    assert (untagged["lanes_forward"], untagged["lanes_backward"], untagged["lanes_guessed"]) == (1, 1, True)
    assert untagged["speed_guessed"]
    assert streets.loc[102, "speed_kph"] == 80.0
    assert not streets.loc[102, "speed_guessed"]


def test_cars_may_not_leave_driveways_on_a_bridge(streets: gpd.GeoDataFrame) -> None:
    assert not streets.loc[104, "may_leave"]
    assert streets.loc[101, "may_leave"]


def test_a_bollard_cuts_a_street(street_map: StreetMap, streets: gpd.GeoDataFrame) -> None:
    parts = streets[streets["osm_way_id"] == 105]
    assert len(parts) == 2
    assert street_map.info()["counts"]["cut_at_barriers"] == [19]
    first, second = parts.geometry
    gap = haversine_distance(osmium.osm.Location(*first.coords[-1]), osmium.osm.Location(*second.coords[0]))
    assert gap == pytest.approx(40, abs=1)  # half of 40 m on either side


def test_original_way_id_comes_from_the_tag_of_a_rebuilt_extract(tmp_path: Path) -> None:
    text = FIXTURE.read_text().replace('<tag k="bridge" v="yes"/>', '<tag k="osm:way_id" v="27323694"/>')
    source = tmp_path / "rebuilt.osm"
    source.write_text(text)
    ways = prepare_map(source, "service", None, tmp_path).streets().set_index("way_id")
    assert ways.loc[104, "osm_way_id"] == 27323694
    assert ways.loc[100, "osm_way_id"] == 100


def test_correction_finds_a_way_that_a_simplified_graph_has_joined_with_another(tmp_path: Path) -> None:
    text = FIXTURE.read_text().replace('<tag k="bridge" v="yes"/>', '<tag k="osm:way_id" v="[27323694, 622089262]"/>')
    source = tmp_path / "rebuilt.osm"
    source.write_text(text)
    wanted = Correction(way=622089262, tags={"lanes": 4}, because="seen from the air")
    ways = prepare_map(source, "service", None, tmp_path, corrections=[wanted]).streets().set_index("way_id")
    assert ways.loc[104, "lanes_forward"] + ways.loc[104, "lanes_backward"] == 4


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({"access": "private"}, True),
        ({"access": "no"}, False),
        ({"access": "no", "motor_vehicle": "yes"}, True),
        ({"motor_vehicle": "agricultural;forestry"}, False),
        ({"motor_vehicle": "agricultural;destination"}, True),
        ({"access": "yes", "motorcar": "no"}, False),
        ({"service": "emergency_access"}, False),
        ({"area": "yes"}, False),
        ({"access:forward": "no"}, True),
        ({"access:forward": "no", "vehicle:backward": "psv"}, False),
        ({"access": "no", "motor_vehicle:forward": "yes"}, True),
        ({"oneway": "yes", "motor_vehicle:forward": "no"}, False),
        ({"motor_vehicle": "official"}, False),
        ({"service": "busway"}, False),
        ({"smoothness": "impassable"}, False),
        ({"abandoned": "yes"}, False),
        ({"construction": "yes"}, False),
        ({"construction": "minor"}, True),
        ({"construction": "service"}, True),  # was forgotten when the road was opened
    ],
)
def test_access(tags: dict[str, str], *, kept: bool) -> None:
    assert (why_left_out({"highway": "service", **tags}, "service") is None) is kept


def test_gates_open_and_bollards_block() -> None:
    assert blocks_cars({"barrier": "bollard"})
    assert not blocks_cars({"barrier": "bollard", "motor_vehicle": "yes"})
    assert not blocks_cars({"barrier": "gate"})
    assert blocks_cars({"barrier": "gate", "access": "no"})
    assert not blocks_cars({"barrier": "cattle_grid;gate"})
    assert blocks_cars({"barrier": "lift_gate;bollard"})


def test_direction_of_travel() -> None:
    assert direction({"highway": "primary"}) == 0
    assert direction({"highway": "primary", "oneway": "-1"}) == -1
    assert direction({"highway": "motorway"}) == 1
    assert direction({"highway": "motorway", "oneway": "no"}) == 0
    assert direction({"highway": "tertiary", "junction": "roundabout"}) == 1
    assert direction({"highway": "primary", "oneway": "reversible"}) == 1


def test_driveways_not_on_motorways_links_or_in_tunnels() -> None:
    assert may_leave({"highway": "primary"})
    assert not may_leave({"highway": "trunk"})
    assert not may_leave({"highway": "primary_link"})
    assert not may_leave({"highway": "residential", "tunnel": "yes"})


# -- lanes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "highway", "runs", "expected"),
    [
        ({}, "primary", 0, (1, 1, True)),
        ({}, "residential", 0, (1, 1, True)),
        ({}, "motorway", 1, (2, 0, True)),
        ({}, "secondary", 1, (1, 0, True)),
        ({}, "secondary", -1, (0, 1, True)),
        ({"lanes": "4"}, "primary", 0, (2, 2, False)),
        ({"lanes": "1"}, "residential", 0, (1, 1, False)),
        ({"lanes": "3"}, "primary", 0, (1, 1, True)),
        ({"lanes": "5", "lanes:both_ways": "1"}, "primary", 0, (2, 2, False)),
        ({"lanes": "3", "lanes:forward": "2"}, "primary", 0, (2, 1, False)),
        ({"lanes": "3", "lanes:backward": "2"}, "primary", 0, (1, 2, False)),
        ({"lanes:forward": "2", "lanes:backward": "1"}, "primary", 0, (2, 1, False)),
        ({"turn:lanes:forward": "left|through", "turn:lanes:backward": "through"}, "primary", 0, (2, 1, False)),
        ({"lanes": "3"}, "motorway", 1, (3, 0, False)),
        ({"lanes": "2"}, "primary", -1, (0, 2, False)),
        ({"lanes": "2;3"}, "primary", 1, (2, 0, False)),
        ({"lanes": "many"}, "primary", 0, (1, 1, True)),
        ({"lanes": "200"}, "primary", 1, (1, 0, True)),
        ({"lanes": "3", "bus:lanes": "designated|yes|yes"}, "primary", 1, (2, 0, False)),
        ({"lanes": "3", "lanes:psv": "1"}, "primary", 1, (2, 0, False)),
        ({"lanes": "2", "motor_vehicle:lanes": "no|yes"}, "primary", 1, (1, 0, False)),
        ({"lanes": "3", "turn:lanes": "left|through"}, "primary", 1, (2, 0, True)),
        ({"lanes": "3", "vehicle:lanes": "yes|yes|no", "bicycle:lanes": "||designated"}, "primary", 1, (2, 0, False)),
        ({"lanes": "4", "lanes:forward": "3", "lanes:backward": "3"}, "primary", 0, (2, 2, True)),
        ({"lanes": "4", "lanes:forward": "1", "lanes:backward": "1"}, "primary", 0, (1, 1, True)),
        ({"lanes": "2", "lanes:forward": "3"}, "primary", 0, (1, 1, True)),
        ({"lanes": "2", "busway": "lane"}, "primary", 0, (1, 1, True)),
        ({"lanes": "3", "busway:right": "lane"}, "primary", 0, (1, 1, False)),
        ({"lanes": "2", "oneway": "yes", "oneway:bus": "no"}, "primary", 1, (1, 0, True)),
        ({"lanes": "2", "oneway": "yes", "motor_vehicle:lanes": "no|no"}, "primary", 1, (1, 0, True)),
        ({"oneway": "no", "lanes": "2", "motor_vehicle:backward": "psv"}, "primary", 1, (1, 0, False)),
        ({"lanes": "1", "lanes:both_ways": "1"}, "residential", 0, (1, 1, False)),
        ({"lanes": "2", "lanes:psv": "1"}, "primary", 0, (1, 1, True)),
        ({"lanes": "2", "lanes:forward": "2"}, "primary", -1, (0, 1, True)),
        ({"lanes": "3", "lanes:backward": "2", "lanes:forward": "1"}, "primary", -1, (0, 2, False)),
        ({"lanes": "3", "access:lanes": "no||", "hov:lanes": "designated||"}, "motorway", 1, (3, 0, False)),
        ({"lanes": "3", "bus:lanes": "designated||", "hov:lanes": "designated||"}, "motorway", 1, (3, 0, False)),
    ],
)
def test_lanes(tags: dict[str, str], highway: str, runs: int, expected: tuple[int, int, bool]) -> None:
    one_way = {1: "yes", -1: "-1", 0: "no"}[runs]
    lanes = count_lanes({"highway": highway, "oneway": one_way, **tags}, highway, runs)
    assert (lanes.forward, lanes.backward, lanes.guessed) == expected


def test_turn_lanes_lose_the_bus_lane() -> None:
    tags = {"oneway": "yes", "lanes": "3", "turn:lanes": "left|through|right", "bus:lanes": "|designated|"}
    assert count_lanes(tags, "primary", 1).turns_forward == "left|right"


def test_cycle_lanes_that_only_some_lists_have_are_left_out() -> None:
    tags = {
        "oneway": "yes", "lanes": "3", "turn:lanes": "left|through|through", "vehicle:lanes": "yes|no|yes|no",
        "bus:lanes": "|designated||", "bicycle:lanes": "|||designated",
    }  # fmt: skip
    lanes = count_lanes(tags, "primary", 1)
    assert (lanes.forward, lanes.guessed, lanes.turns_forward) == (2, False, "left|through")


def test_a_bus_lane_is_at_the_kerb() -> None:
    tags = {"oneway": "yes", "lanes": "3", "turn:lanes": "left|through|right", "lanes:psv": "1"}
    assert count_lanes(tags, "primary", 1).turns_forward == "left|through"
    assert count_lanes(tags, "primary", 1, lefthand=True).turns_forward == "through|right"


def test_the_right_side_of_a_street_is_that_of_oncoming_traffic_where_people_drive_on_the_left() -> None:
    tags = {"lanes": "4", "lanes:forward": "2", "lanes:backward": "2", "busway:right": "lane"}
    right, left = (count_lanes(tags, "primary", 0, lefthand=side) for side in (False, True))
    assert (right.forward, right.backward) == (1, 2)
    assert (left.forward, left.backward) == (2, 1)


def test_turn_lanes_that_do_not_fit_the_count_are_dropped() -> None:
    assert (
        count_lanes({"oneway": "yes", "lanes": "2", "turn:lanes": "left|through|right"}, "primary", 1).turns_forward
        is None
    )


# -- speeds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kph", "guessed"),
    [
        ("50", 50, False),
        ("25 mph", 40.23, False),
        ("30mph", 48.28, False),
        ("DE:urban", 50, False),
        ("DE:rural", 100, False),
        ("CH:motorway", 120, False),
        ("GB:nsl_single", 96.56, False),
        ("UK:nsl_dual", 112.65, False),
        ("GB-SCT:nsl_restricted", 48.28, False),
        ("GB-WLS:nsl_restricted", 32.19, False),
        ("FR:rural", 80, False),
        ("FR:urban", 50, False),
        ("BE-WAL:rural", 90, False),
        ("BE:rural", 80, True),
        ("US:rural", 89, True),
        ("DE:motorway", 130, True),
        ("XX:urban", 50, True),
        ("JP:national", 60, False),
        ("RU:urban", 60, False),
        ("AT:zone30", 30, False),
        ("DE:zone:30", 30, False),
        ("walk", 7, False),
        ("50;30", 50, False),
        ("signals", 80, True),
        ("none", 80, True),
        ("500", 80, True),
        ("0", 80, True),
        (None, 80, True),
    ],
)
def test_maxspeed(text: str | None, kph: float, *, guessed: bool) -> None:
    speed = read_speed(text, "CH", "primary", in_town=False)
    assert speed.kph == pytest.approx(kph, abs=0.01)
    assert speed.guessed is guessed


def test_usual_speeds_by_country_and_place() -> None:
    assert usual_speed("LI", "primary", in_town=True) == 50
    assert usual_speed("LI", "primary", in_town=False) == 80
    assert usual_speed("US", "residential", in_town=True) == 40
    assert usual_speed("US", "secondary_link", in_town=True) == usual_speed("US", "secondary", in_town=True)
    assert usual_speed("XX", "tertiary", in_town=True) == usual_speed(None, "tertiary", in_town=True)


# -- for netconvert --------------------------------------------------------------------------------------------------


def test_written_ways_say_all_that_netconvert_would_guess(street_map: StreetMap) -> None:
    root = ET.parse(street_map.roads_file).getroot()
    tags = {
        int(way.get("id", "")): {tag.get("k"): tag.get("v") for tag in way.findall("tag")} for way in root.iter("way")
    }
    assert all({"lanes", "maxspeed", "oneway"} <= found.keys() for found in tags.values())
    assert tags[100]["turn:lanes:forward"] == "through|through;right"
    assert tags[100]["lanes:forward"] == "2"
    assert tags[104]["maxspeed"] == "50.00"
    assert tags[104]["maxspeed:backward"] == "60.00"
    assert "maxspeed:backward" not in tags[103]  # it would open the other direction of a one-way street


def test_turn_restrictions_are_kept_and_counted(street_map: StreetMap) -> None:
    written = [item.get("id") for item in ET.parse(street_map.roads_file).getroot().iter("relation")]
    assert written == ["500"]
    assert street_map.info()["counts"]["turn_restrictions"] == {
        "written": 1,
        "between ways that aren't simulated": 1,
        "cars are exempt": 1,
    }


# -- dwellings -------------------------------------------------------------------------------------------------------


def test_homes_are_told_from_other_buildings(dwellings: gpd.GeoDataFrame) -> None:
    buildings = dwellings[dwellings["kind"] == "building"]
    assert set(buildings.index) == {"w200", "w201", "w204", "w207", "w208", "r503"}


def test_weights_are_dwelling_units(dwellings: gpd.GeoDataFrame) -> None:
    rows = dwellings[["weight", "weight_from"]].apply(tuple, axis=1).to_dict()
    assert rows["w200"] == (1, "none")
    assert rows["w204"] == (12, "levels")  # three levels of 20 m by 20 m, 100 m² each
    assert rows["w207"] == (4, "flats")
    assert rows["w208"] == (3, "area")  # 15 m by 20 m, 100 m² each


def test_addresses(dwellings: gpd.GeoDataFrame) -> None:
    assert set(dwellings[dwellings["kind"] == "address"].index) == {"n401", "n402"}  # n400 doubles w200, n403 is a shop
    assert dwellings.loc["w200", ["street", "housenumber"]].tolist() == ["Elm Street", "1"]
    assert dwellings.loc["w201", ["street", "housenumber"]].tolist() == ["Elm Street", "3"]  # from the node inside


# -- the cache and provenance ----------------------------------------------------------------------------------------


def test_map_says_where_it_comes_from(street_map: StreetMap) -> None:
    info = street_map.info()
    assert info["source"]["data_timestamp"] == "2024-05-06T07:08:09Z"
    assert "OpenStreetMap" in info["attribution"]
    west, south, east, north = info["bounds"]
    assert west < 9.5 < east
    assert south < 47.07 < north


def test_same_input_gives_the_same_bytes_and_is_made_once(tmp_path: Path, street_map: StreetMap) -> None:
    again = prepare_map(FIXTURE, "service", "LI", tmp_path)
    assert again.digest == street_map.digest
    for path in street_map.folder.iterdir():
        assert (again.folder / path.name).read_bytes() == path.read_bytes()
    before = again.roads_file.stat().st_mtime_ns
    assert prepare_map(FIXTURE, "service", "LI", tmp_path).roads_file.stat().st_mtime_ns == before


@pytest.mark.parametrize("suffix", [".osm.gz", ".osm.bz2", ".osm.pbf"])
def test_all_formats_give_the_same_streets(tmp_path: Path, suffix: str, streets: gpd.GeoDataFrame) -> None:
    path = tmp_path / f"map{suffix}"
    if suffix == ".osm.pbf":
        with osmium.SimpleWriter(str(path)) as writer:
            for item in osmium.FileProcessor(str(FIXTURE)):
                writer.add(item)
    else:
        path.write_bytes({".osm.gz": gzip.compress, ".osm.bz2": bz2.compress}[suffix](FIXTURE.read_bytes()))
    found = prepare_map(path, "service", "LI", tmp_path).streets().set_index("way_id")
    assert found.drop(columns="geometry").equals(streets.drop(columns="geometry"))


# -- files that are refused ------------------------------------------------------------------------------------------


def refused(path: Path, cache: Path) -> str:
    with pytest.raises(DataError) as caught:
        prepare_map(path, "service", None, cache)
    assert str(path) in str(caught.value)
    assert caught.value.problems[0].remedy
    assert not cache.exists()
    return str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "no.osm", tmp_path / "cache")


def test_unknown_suffix(tmp_path: Path) -> None:
    path = tmp_path / "map.zip"
    path.write_bytes(b"PK")
    assert "ZIP archive" in refused(path, tmp_path / "cache")


def test_file_that_is_not_osm(tmp_path: Path) -> None:
    path = tmp_path / "map.osm"
    path.write_text("<html><body>404 Not Found</body></html>")
    assert "web page, not OSM data: '404 Not Found'" in refused(path, tmp_path / "cache")


def test_osm_without_roads(tmp_path: Path) -> None:
    path = tmp_path / "map.osm"
    path.write_text('<osm version="0.6"><node id="1" lat="47" lon="9"/></osm>')
    assert "no road that a car may use" in refused(path, tmp_path / "cache")


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.98])
def test_truncated_gz(tmp_path: Path, keep: float) -> None:
    whole = gzip.compress(FIXTURE.read_bytes())
    path = tmp_path / "map.osm.gz"
    path.write_bytes(whole[: int(keep * len(whole))])
    refused(path, tmp_path / "cache")


@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_truncated_xml(tmp_path: Path, keep: float) -> None:
    whole = FIXTURE.read_bytes()
    path = tmp_path / "map.osm"
    path.write_bytes(whole[: int(keep * len(whole))])
    assert "can't be read" in refused(path, tmp_path / "cache")


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_truncated_pbf(tmp_path: Path, keep: float) -> None:
    whole = tmp_path / "whole.osm.pbf"
    with osmium.SimpleWriter(str(whole)) as writer:
        for item in osmium.FileProcessor(str(FIXTURE)):
            writer.add(item)
    path = tmp_path / "map.osm.pbf"
    path.write_bytes(whole.read_bytes()[: int(keep * whole.stat().st_size)])
    assert "can't be read" in refused(path, tmp_path / "cache")


def test_entity_bomb(tmp_path: Path) -> None:
    lines = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha"}">' for i in range(10))
    path = tmp_path / "map.osm"
    path.write_text(f'<?xml version="1.0"?><!DOCTYPE osm [{lines}]><osm version="0.6"><note>&e9;</note></osm>')
    assert "document type definition" in refused(path, tmp_path / "cache")


def test_entity_bomb_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "map.osm"
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE osm [<!ENTITY a "ha">]><osm version="0.6">&a;</osm>'
    path.write_bytes(text.encode("utf-16"))
    refused(path, tmp_path / "cache")


@pytest.mark.parametrize(("suffix", "compress"), [(".osm.gz", gzip.compress), (".osm.bz2", bz2.compress)])
def test_compression_bomb(tmp_path: Path, suffix: str, compress: object) -> None:
    assert callable(compress)
    path = tmp_path / f"map{suffix}"
    path.write_bytes(compress(b'<osm version="0.6">' + bytes(100 << 20)))
    assert "times its size" in refused(path, tmp_path / "cache")


def test_nothing_is_left_when_a_map_is_refused(tmp_path: Path) -> None:
    good = tmp_path / "good.osm"
    shutil.copy(FIXTURE, good)
    prepare_map(good, "service", None, tmp_path / "cache")
    bad = tmp_path / "bad.osm"
    bad.write_bytes(FIXTURE.read_bytes()[:5000])
    with pytest.raises(DataError):
        prepare_map(bad, "service", None, tmp_path / "cache")
    assert len(list((tmp_path / "cache" / "maps").iterdir())) == 1


# -- a real map ------------------------------------------------------------------------------------------------------


@real
def test_liechtenstein(tmp_path: Path) -> None:
    source = real_file("liechtenstein/liechtenstein-2013-08-03.osm.pbf")
    found = prepare_map(source, "service", "LI", tmp_path)
    ways = found.streets()
    assert 1_500 < len(ways) < 1_600
    untagged = ways[ways["lanes_guessed"] & ~ways["oneway"]]
    assert (untagged[["lanes_forward", "lanes_backward"]] == 1).all(axis=None)
    homes = found.dwellings()
    assert 3_000 < (homes["kind"] == "building").sum() < 3_700
    assert found.info()["source"]["data_timestamp"] == "2013-08-03T19:00:02Z"
