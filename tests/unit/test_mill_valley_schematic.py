"""The schematic of Mill Valley is what its script draws, and has what the study says."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from evac.plans.reading import load_plan
from evac.scenario import load_scenario

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "scenarios" / "mill-valley-schematic"
PLANS = ROOT / "plans" / "mill-valley-schematic"


def _draw(folder: Path, *options: str) -> tuple[bytes, bytes]:
    subprocess.run([sys.executable, SCENARIO / "make_map.py", "--out", folder, *options], check=True)
    return gzip.decompress((folder / "map.osm.gz").read_bytes()), (folder / "zones.geojson").read_bytes()


def test_the_script_draws_the_committed_map(tmp_path: Path) -> None:
    committed = SCENARIO / "data"
    streets, zones = _draw(tmp_path)
    assert streets == gzip.decompress((committed / "map.osm.gz").read_bytes())
    assert zones == (committed / "zones.geojson").read_bytes()


@pytest.mark.slow
def test_another_seed_draws_other_hills_with_the_same_frame(tmp_path: Path) -> None:
    streets, zones = _draw(tmp_path, "--seed", "2")
    committed = gzip.decompress((SCENARIO / "data" / "map.osm.gz").read_bytes())
    assert streets != committed
    assert zones == (SCENARIO / "data" / "zones.geojson").read_bytes()
    assert streets.count(b'v="East Blithedale Avenue"') == committed.count(b'v="East Blithedale Avenue"')


def test_there_are_as_many_households_as_in_the_study() -> None:
    zones = json.loads((SCENARIO / "data" / "zones.geojson").read_text(encoding="utf-8"))
    assert sum(zone["properties"]["households"] for zone in zones["features"]) == 11_400
    assert load_scenario(SCENARIO).model.households.zones.count == "households"


def test_the_final_plan_builds_on_the_preliminary_one() -> None:
    labels = [item.label for item in load_plan("final", PLANS).actions]
    assert labels[: len(load_plan("preliminary", PLANS).actions)] == [
        item.label for item in load_plan("preliminary", PLANS).actions
    ]
