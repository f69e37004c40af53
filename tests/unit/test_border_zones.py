"""A census block at the border of the area is shared by its dwellings, also by those that stand outside of the area."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from shapely import affinity

from evac.acquire import fetch_missing, with_border_zones
from evac.cli import run_guarded
from evac.households import place_households
from evac.osm import prepare_map
from evac.scenario import load_scenario
from loopback import serve, small_world
from loopback.town import CORNER, STEP


def _at(*boxes: tuple[float, float, float, float]) -> shapely.Geometry:
    """Return boxes (west, south, east, north in steps from the town's corner) as one shape in degrees."""
    shape = shapely.union_all([shapely.box(*box) for box in boxes])
    return affinity.translate(affinity.scale(shape, STEP, STEP, origin=(0, 0)), *CORNER)


AREA = _at((-4.6, -4.6, 0.0, 4.6))  # the western half of the town
BLOCK = _at((-3.0, -1.2, 0.0, 0.0), (-0.5, 0.0, 0.0, 0.3), (0.0, -1.2, 3.0, 2.8))
"""A quarter of it lies in the area, with 1 of its 25 houses; the others stand outside."""

SCENARIO = """
name: Border
fetch: {roads_beyond_m: 500}
area: {file: area.geojson}
osm: {file: roads.osm.pbf}
households: {zones: {file: zones.geojson, count: households, name: name}}
"""


def _write(folder: Path) -> Path:
    gpd.GeoDataFrame(geometry=[AREA], crs="EPSG:4326").to_file(folder / "area.geojson")
    columns = {"name": ["block"], "households": [100]}
    gpd.GeoDataFrame(columns, geometry=[BLOCK], crs="EPSG:4326").to_file(folder / "zones.geojson")
    (folder / "scenario.yaml").write_text(SCENARIO)
    return folder


def _shared(scenario: Path, cache: Path) -> tuple[str, int]:
    """Return what the block was shared by, and its households inside."""
    model = load_scenario(scenario).model
    street_map = prepare_map(model.osm.file, "service", "US", cache)
    (block,) = place_households(model.households, model.area, street_map, cache).zones().itertuples()
    return block.clipped_by, block.households


def test_a_fetched_map_has_the_dwellings_of_the_whole_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "world").mkdir()
    with serve(small_world(tmp_path / "world")) as server:
        for variable, url in server.environment().items():
            monkeypatch.setenv(variable, url)
        fetch_missing(load_scenario(_write(tmp_path)), tmp_path / ".evac", lambda _: None)
    assert _shared(tmp_path, tmp_path / ".evac") == ("dwellings", 4)


def test_a_map_cut_out_of_an_extract_has_them_too(tmp_path: Path) -> None:
    world = small_world(tmp_path).map_file
    _write(tmp_path)
    options = ["--osm", str(world), "--households", str(tmp_path / "zones.geojson"), "--name", "name"]
    where = ["--polygon", str(tmp_path / "area.geojson"), "--roads-beyond", "100", "--workspace", str(tmp_path)]
    assert run_guarded(["new", *where, *options, "--country", "US", "--exits-at-least", "primary"]) == 0
    assert _shared(tmp_path / "scenarios" / "area", tmp_path / ".evac") == ("dwellings", 4)


def test_zones_that_reach_far_or_lie_beside_the_area_are_left_out() -> None:
    far = _at((-1.0, -1.0, 20.0, 0.0))  # 3.5 km beyond
    beside = _at((0.0, -4.0, 2.0, 4.0))
    zones = gpd.GeoSeries([far, beside, BLOCK], crs="EPSG:4326")
    assert with_border_zones(AREA, zones).equals(AREA.union(BLOCK))
    assert with_border_zones(AREA, zones, 4_000.0).equals(AREA.union(BLOCK).union(far))
