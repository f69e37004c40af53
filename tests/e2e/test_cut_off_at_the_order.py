"""A town whose ways out a hazard or a plan closes at the order: nobody is out, and who did it is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from evac.cli import run_guarded

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
HOUSEHOLDS = 300
HAZARD = """hazard:
  name: Fire at both ends
  note: Made up.
  notice_min: 60
  arrival: {form: points, file: fire.geojson, time: minute, written: minutes, reach_m: 100}
"""


def _ledger(workspace: Path, plan: str) -> dict[str, Any]:
    options = ["--plan", plan, "--vehicles", "1", "--no-sensitivity", "--jobs", "1", "--workspace", str(workspace)]
    assert run_guarded(["run", str(workspace / "town"), *options]) == 0, "the report is written too"
    (run,) = (workspace / ".evac" / "runs").iterdir()
    ledger: dict[str, Any] = json.loads((run / "ledger.json").read_text())
    assert ledger["no_route"] == ledger["planned"] == HOUSEHOLDS
    assert ledger["unconnected_households"] == 0, "the map connects them all"
    assert ledger["trusted"], ledger["reasons"]
    return ledger


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TOWN, tmp_path / "town"))


def test_a_hazard_whose_notice_closes_all_ways_at_the_order_is_told(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trusted run, of which the first thing to read is that nobody gets to safety: in numbers, wherever one looks."""
    ends = [shapely.Point(9.5005, 47.0645), shapely.Point(9.5205, 47.0645)]
    gpd.GeoDataFrame({"minute": [40.0, 40.0]}, geometry=ends, crs="EPSG:4326").to_file(town / "fire.geojson")
    with (town / "scenario.yaml").open("a") as file:
        file.write(HAZARD)
    ledger = _ledger(town.parent, "baseline")
    assert ledger["households_cut_off_by_hazard"] == HOUSEHOLDS
    assert any("no way out from the order on: the hazard has closed" in text for text in ledger["caveats"])
    said = " ".join(capsys.readouterr().out.split())
    assert f"{HOUSEHOLDS} households never get to safety; not cleared: 0 of {HOUSEHOLDS} vehicles out" in said
    assert f"never never never never {HOUSEHOLDS} 0 yes" in said, "times, households never safe, vehicles in the hazard"
    reports = town.parent / "reports" / "town"
    assert pd.read_csv(reports / "results.csv")["households_not_out"].tolist() == [HOUSEHOLDS]
    page = (reports / "index.html").read_text()
    first = page[page.index('<section class="front"') :]
    assert first.index(f"{HOUSEHOLDS} of {HOUSEHOLDS} households never get to safety.") < first.index('class="big"')


def test_a_plan_that_may_close_all_ways_at_the_order_is_told(town: Path) -> None:
    actions = "".join(f"  - {{do: close, exit: {name}, accept_cut_off: true}}\n" for name in ("West", "East"))
    (town / "plans" / "shut.yaml").write_text(f"name: shut\nactions:\n{actions}")
    ledger = _ledger(town.parent, "shut")
    assert ledger["households_cut_off"][0]["households"] == HOUSEHOLDS
    assert any(text.startswith(f"{HOUSEHOLDS} households lose their only way out") for text in ledger["caveats"])
