"""A place from its name, and data that come with the first run, from a server that speaks as the real ones do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import geopandas as gpd
import pytest

from evac import acquire
from evac.cli import run_guarded
from evac.demand.vehicles import vehicles_of_households
from evac.new import roads
from evac.scenario import load_scenario
from evac.sources import fetch_map
from evac.study.cases import mean_vehicles
from evac.study.prepare import Prepared, prepare
from loopback import QUICK, TOWN, Server, World, breaks_off, census_grid, place, serve, write_town
from mill_valley_map import write_map

NAME = "Testville, Marin County, California, United States"
MILL_VALLEY = Path(__file__).parents[2] / "scenarios" / "mill-valley"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    world = World(
        map_file=write_town(tmp_path_factory.mktemp("world") / "town.osm"),
        places=[place(NAME, 7, TOWN)],
        census=census_grid(TOWN.buffer(0.004).bounds),
    )
    with serve(world) as running:
        yield running


@pytest.fixture(autouse=True)
def _mirror(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable, url in server.environment().items():
        monkeypatch.setenv(variable, url)
    for module in (roads, acquire):
        monkeypatch.setattr(module, "fetch_map", partial(fetch_map, patience=QUICK))
    yield
    server.recovers()


def _prepared(scenario: Path, cache: Path) -> Prepared:
    return prepare(load_scenario(scenario), cache, lambda _: None)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


def test_a_break_in_the_middle_leaves_no_scenario_and_the_second_start_goes_on(
    workspace: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fails("overpass", None, *[breaks_off] * 50)
    assert run_guarded(["new", "Testville", "--workspace", str(workspace)]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert not list((workspace / "scenarios").iterdir())
    server.recovers()
    before = server.asked("nominatim")
    assert run_guarded(["new", "Testville", "--workspace", str(workspace)]) == 0
    assert server.asked("nominatim") == before  # its answer was kept
    assert [path.name for path in (workspace / "scenarios").iterdir()] == ["testville"]


def test_a_name_becomes_a_scenario_with_the_census_households_and_vehicles(workspace: Path) -> None:
    town = _prepared(workspace / "scenarios" / "testville", workspace / ".evac")
    model = town.loaded.model
    assert model.name == "Testville"
    assert model.traffic.country == "US"
    blocks = gpd.read_file(model.households.zones.file)
    assert set(town.homes["zone"]) <= {acquire.group_name(geoid) for geoid in blocks["block_group"]}
    assert 0 < len(town.homes) < blocks["households"].sum()
    assert town.starts["edge"].notna().all()
    measured = model.vehicles_per_household[-1]
    counted = acquire.vehicle_shares(blocks)
    assert measured.distribution == pytest.approx(counted, abs=0.02)  # of the blocks inside
    groups = blocks.groupby(blocks["block_group"].map(acquire.group_name))
    assert set(measured.by_zone) == set(groups.groups)
    for zone, part in groups:
        assert measured.by_zone[zone] == pytest.approx(acquire.vehicle_shares(part), abs=0.05)
    demand = vehicles_of_households(town.homes["zone"], measured, 1)
    assert demand.mean() == pytest.approx(mean_vehicles(measured), rel=0.01)
    text = (workspace / "scenarios" / "testville" / "data" / "PROVENANCE.md").read_text()
    for source in ("OpenStreetMap, relation 7", "Overpass API", "B25044", "TIGERweb"):
        assert source in text


def test_a_scenario_without_its_data_fetches_them_and_gives_the_same_households(
    workspace: Path, tmp_path: Path
) -> None:
    whole = workspace / "scenarios" / "testville"
    bare = tmp_path / "testville"
    (bare / "data").mkdir(parents=True)
    shutil.copy(whole / "scenario.yaml", bare)
    shutil.copy(whole / "data" / "area.geojson", bare / "data")
    here, there = _prepared(whole, workspace / ".evac"), _prepared(bare, tmp_path / ".evac")
    columns = ["zone", "placed_on", "street", "street_lon", "street_lat"]
    assert there.homes[columns].equals(here.homes[columns])
    assert [(item.name, item.lon, item.lat) for item in there.exits] == [
        (item.name, item.lon, item.lat) for item in here.exits
    ]
    assert {path.name for path in (bare / "data").iterdir()} == {
        "PROVENANCE-households.md",
        "PROVENANCE-roads.md",
        "area.geojson",
        "report_zones.geojson",
        "roads.osm.pbf",
        "zones.geojson",
    }


@pytest.fixture(scope="module")
def mill_valley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prepared, Path]]:
    """The committed scenario after its first look, on a made-up map with its streets and a made-up census."""
    folder = tmp_path_factory.mktemp("mill_valley")
    (folder / "place" / "data").mkdir(parents=True)
    shutil.copy(MILL_VALLEY / "scenario.yaml", folder / "place")
    shutil.copy(MILL_VALLEY / "data" / "area.geojson", folder / "place" / "data")
    bounds = tuple(gpd.read_file(MILL_VALLEY / "data" / "area.geojson").total_bounds)
    census = census_grid(bounds, 24, 24, households_a_block=36)
    with (
        serve(World(map_file=write_map(folder / "map.osm"), census=census)) as running,
        pytest.MonkeyPatch.context() as to,
    ):
        for variable, url in running.environment().items():
            to.setenv(variable, url)
        yield _prepared(folder / "place", folder / ".evac"), folder


def test_the_first_run_of_mill_valley_finds_the_places_of_the_study(mill_valley: tuple[Prepared, Path]) -> None:
    town, _ = mill_valley
    north, south = town.exits
    assert (north.name, south.name) == ("US-101 north", "US-101 south")
    assert north.lat > 37.915
    assert south.lat < 37.875
    assert [(item.name.split(",")[0], item.lanes) for item in town.bottlenecks] == [
        ("Northern ramps", (0,)),
        ("Northern ramps", (0,)),
        ("Middle ramps", (0,)),
        ("Southern ramps", (0,)),
    ]
    assert len({item.edge for item in town.bottlenecks}) == 4


def test_nobody_leaves_mill_valley_by_a_forbidden_exit(mill_valley: tuple[Prepared, Path]) -> None:
    town, _ = mill_valley
    assert len(town.street_map.info()["counts"]["cut_at_barriers"]) == 2
    assert not [finding for finding in town.findings if "Tamalpais Drive" in finding.text]
    reasons = set(town.starts["reason"].dropna())  # the made-up map has few streets
    assert reasons == {"no street that a car may leave from within 250 m"}


def test_another_number_of_households_than_the_study_has_is_a_warning(mill_valley: tuple[Prepared, Path]) -> None:
    town, folder = mill_valley
    assert len(town.homes) == pytest.approx(11_400, rel=0.1)
    assert not [finding for finding in town.findings if finding.kind == "households_unexpected"]
    text = (folder / "place" / "scenario.yaml").read_text().replace("{households: 11400,", "{households: 9000,")
    (folder / "place" / "scenario.yaml").write_text(text)
    (found,) = [
        item for item in _prepared(folder / "place", folder / ".evac").findings if item.kind == "households_unexpected"
    ]
    assert found.severity == "warning"
    assert "households where 9,000 ± 10% are expected" in found.text
