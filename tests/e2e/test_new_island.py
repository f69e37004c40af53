"""`evac new` for an island that is left by ferry alone: refused, until somebody says how many cars the ferry takes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import yaml

from drawn_map import DrawnMap, box, straight
from evac.cli import run_guarded
from evac.scenario import load_scenario

FERRY = {"name": "Ferry", "street": "Quay Road", "towards": "east", "veh_per_h": 60.0}


def _new(folder: Path, *options: str) -> int:
    island = DrawnMap((-3000.0, -3000.0, 3400.0, 3400.0)).streets(0, 0, 400, 400)
    island.road("Quay Road", "secondary", straight((400, 200), (700, 200)))
    island.ferry("Ferry", straight((700, 200), (6000, 200)))
    area = folder / "island.geojson"
    gpd.GeoDataFrame(geometry=[box(-50, -50, 750, 450)], crs="EPSG:4326").to_file(area)
    files = ["--polygon", str(area), "--osm", str(island.write(folder / "map.osm")), "--workspace", str(folder)]
    return run_guarded(["new", *files, "--households", "40", *options])


def test_an_island_is_refused_with_the_way_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _new(tmp_path) == 2
    told = capsys.readouterr().err
    assert "Ferry: it is a ferry: give its capacity" in told
    assert "evac new --exits" in told
    assert not (tmp_path / "scenarios" / "island").exists()


def test_with_the_ferrys_capacity_it_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exits = tmp_path / "exits.yaml"
    exits.write_text(yaml.safe_dump({"exits": [FERRY]}))
    assert _new(tmp_path, "--exits", str(exits)) == 0
    told = capsys.readouterr().out
    assert "Exits: as you gave them" in told
    assert "exit Ferry: 1 lane, 60 vehicles an hour" in told
    assert "40 can leave" in told
    (ferry,) = load_scenario(tmp_path / "scenarios" / "island").model.exits
    assert ferry.model_dump(exclude_unset=True) == FERRY


@pytest.mark.parametrize(
    ("content", "more", "words"),
    [
        ({"exits": [{**FERRY, "street": "Key Road"}]}, [], "no street on the map is called 'Key Road'"),
        ({"exits": [{**FERRY, "capacity": 60}]}, [], "capacity"),
        ({"exits": []}, [], "exits"),
        ({"exits": [FERRY]}, ["--exits-at-least", "secondary"], "--exits-at-least"),
    ],
)
def test_exits_that_are_none_are_told(
    content: dict[str, object], more: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exits = tmp_path / "exits.yaml"
    exits.write_text(yaml.safe_dump(content))
    assert _new(tmp_path, "--exits", str(exits), *more) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "scenarios" / "island").exists()
