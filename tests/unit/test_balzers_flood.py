"""The made-up flood over Balzers is what its script draws, comes after the order, and spreads."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import pytest

from evac.scenario import load_scenario

FOLDER = Path(__file__).parents[2] / "scenarios" / "balzers-flood"


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_flood", FOLDER / "make_flood.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_draws_what_is_committed(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "FILE", tmp_path / "flood.geojson")
    script.main()
    files = tmp_path / "flood.geojson", FOLDER / "data" / "flood.geojson"
    drawn, committed = (gpd.read_file(file).to_crs("EPSG:2056") for file in files)
    assert list(drawn["minute"]) == list(committed["minute"])
    assert drawn.geometry.hausdorff_distance(committed.geometry).max() < 3.0  # versions of PROJ differ a little


def test_the_flood_is_labelled_as_made_up_and_never_goes_back() -> None:
    hazard = load_scenario(FOLDER).model.hazard
    assert hazard is not None
    assert "made up" in hazard.name
    flood = gpd.read_file(FOLDER / "data" / "flood.geojson").to_crs("EPSG:2056").sort_values("minute")
    assert flood["minute"].min() > 0
    for before, after in pairwise(flood.geometry):
        assert before.difference(after).area < 0.01 * before.area
        assert after.area > before.area
