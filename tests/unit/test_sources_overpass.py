"""The map that Overpass' tiles are put together into: everything once, nothing lost at their borders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import osmium
import pytest
import shapely

from evac.errors import DataError, SourceError
from evac.osm import StreetMap, access, buildings, prepare_map
from evac.sources import Fetched, fetch_map
from evac.sources.overpass import MAX_TILES, OPEN_LAND, ROAD_CLASSES, _tiles
from loopback import QUICK, TOWN, Server, gateway_timeout, serve, small_world

EVERYWHERE = TOWN.buffer(0.04, join_style="mitre")
WEST = shapely.box(-122.6, 37.9, -122.5005, 38.1)  # the avenues 0 to 3, and all streets


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(small_world(tmp_path_factory.mktemp("world"))) as running:
        yield running


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def _fetch(server: Server, cache: Path, file: Path, roads: shapely.Geometry = EVERYWHERE) -> Fetched:
    return fetch_map(TOWN, roads, file, server.endpoints, cache, tell=lambda _: None, patience=QUICK)


def _prepared(file: Path, folder: Path) -> StreetMap:
    return prepare_map(file, "service", "US", folder)


def test_the_osm_stage_reads_it_like_the_whole_map(server: Server, cache: Path, tmp_path: Path) -> None:
    fetched = _fetch(server, cache, tmp_path / "map.osm.pbf")
    assert server.world.map_file is not None
    whole, ours = _prepared(server.world.map_file, tmp_path / "a"), _prepared(fetched.file, tmp_path / "b")
    assert ours.streets().drop(columns="in_town").equals(whole.streets().drop(columns="in_town"))
    assert ours.info()["counts"]["turn_restrictions"]["written"] == 1
    near = whole.dwellings().intersects(TOWN)
    homes = whole.dwellings()[near].sort_values("osm_id", ignore_index=True)
    assert len(homes) > 150
    assert ours.dwellings()["osm_id"].isin(whole.dwellings()["osm_id"]).all()
    assert homes["osm_id"].isin(ours.dwellings()["osm_id"]).all()
    assert ours.info()["source"]["data_timestamp"] == fetched.data_timestamp == "2026-05-01T06:00:00Z"
    assert ours.info()["source"]["declared_bounds"] == pytest.approx(TOWN.bounds)


def test_each_element_is_there_once_and_sorted(server: Server, cache: Path, tmp_path: Path) -> None:
    fetched = _fetch(server, cache, tmp_path / "map.osm.pbf")
    order = {"n": 0, "w": 1, "r": 2}
    ids = [(order[item.type_str()], item.id) for item in osmium.FileProcessor(str(fetched.file))]
    assert ids == sorted(set(ids))
    assert fetched.counts["roads"] == sum(1 for item in _ways(fetched.file) if "highway" in item)
    assert fetched.tiles == 8


def _ways(file: Path) -> list[dict[str, str]]:
    return [dict(item.tags) for item in osmium.FileProcessor(str(file), osmium.osm.WAY)]


def test_roads_end_where_the_road_area_ends(server: Server, cache: Path, tmp_path: Path) -> None:
    fetched = _fetch(server, cache, tmp_path / "map.osm.pbf", WEST)
    names = {tags.get("name") for tags in _ways(fetched.file) if "highway" in tags}
    assert names == {None} | {f"Avenue {n}" for n in range(4)} | {f"Street {n}" for n in range(10)}  # None: the track
    assert fetched.counts["restrictions"] == 1  # its other road is left out, the ban stays harmless
    assert fetched.counts["buildings"] == _fetch(server, cache, tmp_path / "all.osm.pbf").counts["buildings"]
    assert _prepared(fetched.file, tmp_path / "maps").info()["counts"]["turn_restrictions"]["written"] == 0


def test_ways_of_an_area_in_parts_are_complete(server: Server, cache: Path, tmp_path: Path) -> None:
    file = _fetch(server, cache, tmp_path / "map.osm.pbf").file
    items = osmium.FileProcessor(str(file)).with_areas()
    areas = [dict(item.tags) for item in items if item.is_area() and not item.from_way()]
    assert areas == [{"amenity": "school"}]


def test_leaves_out_what_the_osm_stage_never_reads(server: Server, cache: Path, tmp_path: Path) -> None:
    tags = _ways(_fetch(server, cache, tmp_path / "map.osm.pbf").file)
    assert not any(item.get("highway") == "footway" or item.get("landuse") == "forest" for item in tags)


def test_asks_for_all_that_the_osm_stage_reads() -> None:
    assert {*access.CLASSES, *access._OPENED} == set(ROAD_CLASSES)
    assert not set(OPEN_LAND) & (buildings._NON_RESIDENTIAL_LANDUSE | buildings._BUILT_UP_LANDUSE)


def test_the_same_tiles_give_the_same_bytes(server: Server, cache: Path, tmp_path: Path) -> None:
    first = _fetch(server, cache, tmp_path / "a.osm.pbf")
    second = _fetch(server, tmp_path / "other", tmp_path / "b.osm.pbf")
    assert first.file.read_bytes() == second.file.read_bytes()
    assert second.tiles_from_cache == 0


def test_a_failure_leaves_the_old_file_alone(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "map.osm.pbf"
    file.write_bytes(b"last year's map")
    server.fails("overpass", None, None, *[gateway_timeout] * 3)
    with pytest.raises(SourceError):
        _fetch(server, tmp_path / "cache", file)
    assert file.read_bytes() == b"last year's map"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_sea_has_no_road(server: Server, tmp_path: Path) -> None:
    sea = shapely.box(-123.61, 37.61, -123.6, 37.62)
    with pytest.raises(DataError, match="OpenStreetMap has no road there"):
        fetch_map(sea, sea, tmp_path / "map.osm.pbf", server.endpoints, tmp_path, tell=lambda _: None, patience=QUICK)
    assert not (tmp_path / "map.osm.pbf").exists()


def test_a_whole_state_is_refused_before_anybody_is_asked(server: Server, tmp_path: Path) -> None:
    server.questions.clear()
    state = shapely.box(-124.0, 33.0, -115.0, 42.0)
    with pytest.raises(DataError, match=f"beyond the {MAX_TILES} that a public server should be asked for"):
        fetch_map(state, state, tmp_path / "map.osm.pbf", server.endpoints, tmp_path, tell=lambda _: None)
    assert server.questions == []


def test_a_file_of_another_kind_is_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no name for a fetched map"):
        _fetch(server, tmp_path, tmp_path / "map.osm.gz")


def test_tiles_cover_an_area_without_overlap_and_nothing_far_from_it() -> None:
    bent = shapely.Polygon([(0.01, 0.01), (0.29, 0.01), (0.29, 0.03), (0.03, 0.03), (0.03, 0.29), (0.01, 0.29)])
    boxes = [shapely.box(*tile.box) for tile in _tiles("roads", bent)]
    together = shapely.union_all(boxes)
    assert together.buffer(1e-6).covers(bent)
    assert together.area == pytest.approx(sum(box.area for box in boxes))
    assert len(boxes) == 5  # of the nine cells around it
    assert together.bounds == pytest.approx(bent.bounds)
