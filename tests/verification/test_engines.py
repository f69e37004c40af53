"""Fire engines that come in: how long they take, that nobody counts them, and a plan that leaves them no lane.

Theory: 3 km at 50 km/h on an empty road take 216 s, and 300 m to the end of Home Street 21 s more.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from evac import clock
from evac.errors import PlaceError
from evac.scenario import load_scenario
from small_studies import run_folder_of, town_of

ENGINES = """background:
  engines:
    - {{from: West, to: {{lat: {lat}, lon: 9.5}}, number: 5, from_min: 10, every_min: 3}}
traffic:"""
NO_LANE_IN = """name: All lanes out
actions:
  - {do: contraflow, where: {street: Main Road, towards: west}}
"""


def run(folder: Path, plan: str = "baseline", lat: float = 47.0718) -> Path:
    town = town_of("13-nearest-exit", folder)
    scenario = town / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("traffic:", ENGINES.format(lat=lat)))
    (town / "all-out.yaml").write_text(NO_LANE_IN)
    return run_folder_of(load_scenario(scenario), folder / ".evac", plan)


def test_engines_get_in_in_the_time_that_the_road_takes_and_are_in_no_count(tmp_path: Path) -> None:
    done = run(tmp_path)
    ledger = json.loads((done / "ledger.json").read_text())
    assert (ledger["engines"], ledger["engines_arrived"], ledger["engines_not_made"]) == (5, 5, 0)
    assert ledger["engines_mean_s"] == pytest.approx(237, rel=0.08)
    assert ledger["background"] == 0
    assert ledger["planned"] == len(pd.read_parquet(done / "vehicles.parquet")) == 120
    assert ledger["trusted"], ledger["reasons"]
    told = f"5 of 5 fire engines got where they are bound for, after {clock.span(240)}"
    assert any(told in text for text in ledger["caveats"])


def test_a_plan_that_turns_every_lane_round_shuts_them_out(tmp_path: Path) -> None:
    ledger = json.loads((run(tmp_path, str(tmp_path / "all-out.yaml")) / "ledger.json").read_text())
    assert (ledger["engines_arrived"], ledger["engines_not_made"]) == (0, 5)
    assert any("no way in: this plan leaves no lane for that" in text for text in ledger["caveats"])


def test_a_point_off_every_street_is_told(tmp_path: Path) -> None:
    with pytest.raises((PlaceError, AssertionError), match="no street"):
        run(tmp_path, lat=47.09)
