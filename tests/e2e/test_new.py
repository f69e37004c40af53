"""`evac new` and `evac estimate` without the internet: a folder that works by itself, whole, and not overwritten."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from evac.cli import run_guarded
from evac.scenario import load_scenario
from evac.study.prepare import Prepared, prepare

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
AREA = shapely.box(9.5035, 47.0602, 9.5122, 47.0689)  # both zones of the town, and no end of Main Street


def _write_polygons(path: Path, **columns: list[object]) -> Path:
    gpd.GeoDataFrame(columns, crs="EPSG:4326").to_file(path)
    return path


def _new(workspace: Path, *arguments: str) -> int:
    return run_guarded(["new", "--osm", str(TOWN / "town.osm"), "--workspace", str(workspace), *arguments])


def _prepared(scenario: Path, cache: Path) -> Prepared:
    return prepare(load_scenario(scenario), cache, lambda _: None)


@pytest.fixture(scope="module")
def polygon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write_polygons(tmp_path_factory.mktemp("area") / "test_town.geojson", geometry=[AREA])


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, polygon: Path) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    counts = ["--households", str(TOWN / "zones.geojson"), "--name", "name"]
    assert _new(folder, "--polygon", str(polygon), *counts, "--country", "LI") == 0
    return folder


def test_the_folder_alone_repeats_the_study(workspace: Path, tmp_path: Path) -> None:
    shutil.copytree(workspace / "scenarios" / "test-town", tmp_path / "copy")
    town = _prepared(tmp_path / "copy", tmp_path / "cache")
    assert town.loaded.model.name == "Test Town"
    assert town.loaded.model.traffic.country == "LI"
    assert town.homes["zone"].value_counts().to_dict() == {"Brook": 180, "Hill": 120}
    assert town.starts["edge"].notna().all()
    assert {path.name for path in (tmp_path / "copy" / "data").iterdir()} == {
        "PROVENANCE.md",
        "area.geojson",
        "roads.osm.pbf",
        "ways_out.geojson",
        "zones.geojson",
    }


def test_exits_are_written_by_name_and_are_the_found_ones(workspace: Path) -> None:
    exits = load_scenario(workspace / "scenarios" / "test-town").model.exits
    assert [(item.name, item.street, item.towards) for item in exits] == [
        ("Main Street eastbound", "Main Street", "east"),
        ("Main Street westbound", "Main Street", "west"),
    ]


def test_what_the_map_s_cut_decided_is_told_until_a_person_has_chosen(workspace: Path, tmp_path: Path) -> None:
    """The names in the file are those that `evac new` has found: they say nothing of who looked."""
    scenario = tmp_path / "copy" / "scenario.yaml"
    shutil.copytree(workspace / "scenarios" / "test-town", scenario.parent)
    town = _prepared(scenario.parent, tmp_path / "cache")
    (told,) = [finding for finding in town.findings if finding.kind == "exit_presumed" and "Main" in finding.text][:1]
    assert "without 'ways_out'" in told.text
    assert any("roads that just end near its edge: Main Street" in caveat for caveat in town.facts.caveats)
    scenario.write_text(re.sub(r"(?m)^ways_out:.*$", "", scenario.read_text()))
    assert _prepared(scenario.parent, tmp_path / "cache").facts.caveats == ()


def test_a_scenario_that_is_there_is_kept(workspace: Path, polygon: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = workspace / "scenarios" / "test-town" / "scenario.yaml"
    before = scenario.read_bytes()
    assert _new(workspace, "--polygon", str(polygon), "--households", "10") == 2
    assert "is there already" in capsys.readouterr().err
    assert scenario.read_bytes() == before


def test_force_replaces_it_and_leaves_nothing_else(workspace: Path, polygon: Path) -> None:
    shutil.copytree(workspace / "scenarios" / "test-town", workspace / "scenarios" / "another")
    assert _new(workspace, "--polygon", str(polygon), "--households", "10", "--as", "another", "--force") == 0
    assert len(_prepared(workspace / "scenarios" / "another", workspace / ".evac").homes) == 10
    assert sorted(path.name for path in (workspace / "scenarios").iterdir()) == ["another", "test-town"]


def test_zones_of_the_city_name_the_households_that_a_census_counts(tmp_path: Path) -> None:
    """Counts by one zone for all, results by two others: 24 homes, 12 in each."""
    west, south, east, north = AREA.bounds
    middle = (west + east) / 2
    halves = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    zones = _write_polygons(tmp_path / "zones.gpkg", ZoneID=["TT-E001", "TT-E002"], geometry=halves)
    assert _new(tmp_path, "--zones", str(zones), "--zone-name", "ZoneID", "--households", "240") == 0
    town = _prepared(tmp_path / "scenarios" / "zones", tmp_path / ".evac")
    assert town.homes["zone"].value_counts().to_dict() == {"TT-E001": 120, "TT-E002": 120}
    assert town.households.zones()["households"].tolist() == [120, 120]


def test_points_are_homes(tmp_path: Path, polygon: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spots = [shapely.Point(9.5056, 47.066), shapely.Point(9.5102, 47.063), shapely.Point(9.6, 47.2)]
    homes = _write_polygons(tmp_path / "homes.geojson", units=[3, 4, 50], geometry=spots)
    assert _new(tmp_path, "--polygon", str(polygon), "--households", str(homes), "--count", "units") == 0
    town = _prepared(tmp_path / "scenarios" / "test-town", tmp_path / ".evac")
    assert town.homes.geometry.value_counts().tolist() == [4, 3]
    assert "drives on the right: Liechtenstein, from the place on the map" in capsys.readouterr().out


def test_an_island_without_a_road_is_left_out_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    island = shapely.box(9.5130, 47.0650, 9.5150, 47.0665)  # 150 m by 170 m between the streets
    both = _write_polygons(tmp_path / "islands.geojson", geometry=[shapely.union(AREA, island)])
    assert _new(tmp_path, "--polygon", str(both), "--households", "50") == 0
    assert "1 separate part of the area without a road" in " ".join(capsys.readouterr().out.split())
    area = gpd.read_file(tmp_path / "scenarios" / "islands" / "data" / "area.geojson").geometry.iloc[0]
    assert area.symmetric_difference(AREA).area < 1e-12


def test_people_are_divided_into_households(tmp_path: Path, polygon: Path) -> None:
    people = _write_polygons(tmp_path / "people.geojson", people=[230], geometry=[AREA])
    options = ["--households", str(people), "--count", "people", "--people-per-household", "2.3"]
    assert _new(tmp_path, "--polygon", str(polygon), *options) == 0
    assert len(_prepared(tmp_path / "scenarios" / "test-town", tmp_path / ".evac").homes) == 100


def test_buildings_alone_give_an_estimate_that_is_called_so(
    tmp_path: Path, polygon: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _new(tmp_path, "--polygon", str(polygon), "--households-per-dwelling", "0.5") == 0
    town = _prepared(tmp_path / "scenarios" / "test-town", tmp_path / ".evac")
    assert len(town.homes) == 12  # 24 houses
    assert "AN ESTIMATE" in town.loaded.model.note
    assert "AN ESTIMATE" in capsys.readouterr().out


def test_a_polygon_gives_a_clearance_time(tmp_path: Path, polygon: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--osm", str(TOWN / "town.osm"), "--households", "100", "--workspace", str(tmp_path)]
    assert run_guarded(["estimate", str(polygon), *options]) == 0
    printed = capsys.readouterr().out
    results = pd.read_csv(tmp_path / "reports" / "test-town" / "results.csv")
    assert results["vehicles_per_household"].unique().tolist() == [1.5]
    assert results["planned"].unique().tolist() == [150]
    assert sorted(results["capacity_factor"]) == [0.85, 1.0, 1.15]
    assert (tmp_path / "reports" / "test-town" / "index.html").is_file()
    assert "Assumed: 1.5 vehicles per household" in printed
