"""Steps of `evac new`: the census goes before the roads, a killed `--force` is undone, the workspace is the nearest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import geopandas as gpd
import pytest
import shapely

from evac import acquire, new
from evac.cli import creating, run_guarded
from evac.cli.common import nearest_workspace
from evac.errors import CensusKeyError, Problem, UserError
from evac.new import Request, write_scenario
from evac.new.counts import ZONES, from_census
from evac.new.request import OrderedArea
from evac.scenario import load_scenario
from evac.sources import CensusZones

BOX = (-122.55, 37.89, -122.54, 37.90)
TOWN = "scenarios/area"


def _no_key(*_: Any) -> NoReturn:
    raise CensusKeyError(Problem("the Census Data API", "wants a key", "sign up"))


def _too_early(*_: Any, **__: Any) -> NoReturn:
    pytest.fail("roads were fetched before the census was asked")


@pytest.fixture
def _without_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (new, acquire):
        monkeypatch.setattr(module, "fetch_census", _no_key)
    monkeypatch.setattr(new, "is_in_us", lambda *_: True)
    monkeypatch.setattr(new, "fetched_roads", _too_early)
    monkeypatch.setattr(acquire, "fetch_map", _too_early)


def _write(workspace: Path, *, force: bool = False) -> None:
    write_scenario(Request(bbox=BOX), workspace, lambda _: None, force=force)


@pytest.mark.usefixtures("_without_key")
def test_a_missing_key_is_told_before_the_roads_are_fetched(tmp_path: Path) -> None:
    with pytest.raises(CensusKeyError):
        _write(tmp_path)
    assert not list((tmp_path / "scenarios").iterdir())


@pytest.mark.usefixtures("_without_key")
def test_a_missing_key_is_told_before_missing_roads_are_fetched(tmp_path: Path) -> None:
    area = shapely.to_geojson(shapely.box(*BOX))
    (tmp_path / "area.geojson").write_text(
        f'{{"type": "FeatureCollection", "features": [{{"type": "Feature", "properties": {{}}, "geometry": {area}}}]}}'
    )
    (tmp_path / "scenario.yaml").write_text(
        "name: A\nfetch: {roads_beyond_m: 500, census: {}}\narea: {file: area.geojson}\nosm: {file: roads.osm.pbf}\n"
        "households: {zones: {file: zones.geojson, count: households, name: name}}\n"
    )
    with pytest.raises(CensusKeyError):
        acquire.fetch_missing(load_scenario(tmp_path), tmp_path / ".evac", lambda _: None)


def test_blocks_of_parts_without_a_road_are_left_out(tmp_path: Path) -> None:
    columns = {f"vehicles_{number}": [1, 1] for number in range(5)} | {"vehicles_5plus": [1, 1]}
    names = {"name": ["060411262001001", "060411262001002"], "block_group": ["060411262001"] * 2}
    shapes = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    blocks = gpd.GeoDataFrame({**names, "households": [6, 6], **columns}, geometry=shapes, crs="EPSG:4326")
    area = OrderedArea("A", shapely.box(0, 0, 1, 1), "US")
    from_census(CensusZones(blocks, []), area, tmp_path, zones_given=False)
    assert gpd.read_file(tmp_path / ZONES)["name"].tolist() == ["060411262001001"]


def _made(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(text)
    return folder


@pytest.mark.usefixtures("_without_key")
def test_a_scenario_that_a_killed_force_has_put_aside_comes_back(tmp_path: Path) -> None:
    aside = _made(tmp_path / "scenarios" / ".replaced.area", "old")
    with pytest.raises(CensusKeyError):
        _write(tmp_path, force=True)
    assert (tmp_path / TOWN / "scenario.yaml").read_text() == "old"
    assert not aside.exists()


@pytest.mark.usefixtures("_without_key")
def test_what_a_killed_force_has_left_beside_the_new_scenario_goes(tmp_path: Path) -> None:
    aside = _made(tmp_path / "scenarios" / ".replaced.area", "old")
    _made(tmp_path / TOWN, "new")
    with pytest.raises(CensusKeyError):
        _write(tmp_path, force=True)
    assert (tmp_path / TOWN / "scenario.yaml").read_text() == "new"
    assert not aside.exists()


def test_the_workspace_is_the_nearest_folder_with_scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "project" / TOWN / "data"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert nearest_workspace() == tmp_path / "project"
    monkeypatch.chdir(tmp_path)
    assert nearest_workspace() == tmp_path


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--households", "-5"], "found -5, expected a whole number, 1 or more"),
        (["--households", "12.5"], "found 12.5, expected a whole number, 1 or more"),
        (["--households", "{zones}", "--name", "nom"], "('--name'): has no column 'nom'"),
        (["--households", "7", "--zones", "{zones}", "--zone-name", "nom"], "('--zone-name'): has no column 'nom'"),
    ],
)
def test_a_mistake_is_told_by_the_option_that_was_typed(
    tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    zones = tmp_path / "zones.geojson"
    gpd.GeoDataFrame({"households": [1]}, geometry=[shapely.box(*BOX)], crs="EPSG:4326").to_file(zones)
    osm = Path(__file__).parents[1] / "fixtures" / "town" / "town.osm"
    given = [option.format(zones=zones) for option in options]
    area = ["--bbox", ",".join(map(str, BOX)), "--osm", str(osm), "--workspace", str(tmp_path)]
    assert run_guarded(["new", *area, *given]) == 2
    assert words in capsys.readouterr().err


def test_estimate_takes_the_same_options_for_households(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []

    def keep(request: Request, *_: Any, **__: Any) -> NoReturn:
        asked.append(request)
        raise UserError(Problem("here", "is the end", "no more"))

    monkeypatch.setattr(creating, "_write", keep)
    area = tmp_path / "area.geojson"
    area.touch()
    options = ["--households", str(area), "--count", "HH", "--name", "GEOID", "--households-per-dwelling", "0.5"]
    assert run_guarded(["estimate", str(area), *options]) == 2
    assert [(item.count, item.count_name, item.households_per_dwelling) for item in asked] == [("HH", "GEOID", 0.5)]
