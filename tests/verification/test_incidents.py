"""Cars that crash or stall by rate: as many as the rate says, where they stand, and the same cars under every plan.

Theory: a rate r along the way is a Poisson process, so over all vehicle-kilometres D there are r D incidents, with a
standard deviation of the root of that. Under a plan that changes speeds and no ways, each car drives as far.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from evac.demand.incidents import breakdowns
from evac.scenario import load_scenario
from evac.schema.incidents import Incidents
from small_studies import run_folder_of, town_of

PER_MILLION_KM, LASTS_MIN = 20_000.0, 0.5
INCIDENTS = f"incidents: {{per_million_vehicle_km: {PER_MILLION_KM:g}, lasts_min: {LASTS_MIN:g}}}\ntraffic:"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Run 5 km of road as it is, and with a lower speed limit."""
    folder = tmp_path_factory.mktemp("town")
    town = town_of("10-drive-and-speed-limit", folder)
    scenario = town / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("traffic:", INCIDENTS))
    loaded = load_scenario(scenario)
    plans = {"baseline": "baseline", "slow": str(town / "slow.yaml")}
    return {name: run_folder_of(loaded, folder / ".evac", plan) for name, plan in plans.items()}


def _expected(vehicles: pd.DataFrame) -> float:
    """Return how many incidents the rate lets expect: each car drives 5.1 km to the exit."""
    return 5.1 * len(vehicles) * PER_MILLION_KM / 1e6


def test_there_are_as_many_as_the_rate_says_and_each_lane_is_cleared(runs: dict[str, Path]) -> None:
    run = runs["baseline"]
    incidents = pd.read_parquet(run / "incidents.parquet")
    vehicles = pd.read_parquet(run / "vehicles.parquet")
    expected = _expected(vehicles)
    assert len(incidents) == pytest.approx(expected, abs=3 * math.sqrt(expected))
    assert (incidents["until_s"] - incidents["from_s"]).to_numpy() == pytest.approx(60 * LASTS_MIN, abs=3)
    assert (vehicles["status"] == "evacuated").all()
    ledger = json.loads((run / "ledger.json").read_text())
    assert ledger["trusted"], ledger["reasons"]
    assert ledger["incidents"] == len(incidents)
    assert ledger["incident_lane_min"] == pytest.approx(LASTS_MIN * len(incidents), rel=0.1)
    assert any("crashed or stalled in a lane by chance (" in text and "Main Road" in text for text in ledger["caveats"])


def test_under_another_plan_the_same_cars_stall_where_they_did(runs: dict[str, Path]) -> None:
    at = [pd.read_parquet(run / "incidents.parquet").set_index("vehicle")["driven_m"] for run in runs.values()]
    both = at[0].index.intersection(at[1].index)
    assert len(both) >= 0.9 * max(map(len, at))  # one that would stall just before the exit line may be out before
    assert at[0][both].to_numpy() == pytest.approx(at[1][both].to_numpy(), abs=35)  # it is looked every two seconds


def test_more_cars_move_nobodys_distance() -> None:
    few, many = (
        breakdowns(Incidents(per_million_vehicle_km=5000), [f"h{n}v0" for n in range(count)], 1).after_m
        for count in (100, 1000)
    )
    assert few.items() <= many.items()
    share = sum(at <= 50_000 for at in many.values()) / 1000
    assert share == pytest.approx(1 - math.exp(-0.25), abs=0.04)  # three standard errors


def test_without_them_nothing_is_written(tmp_path: Path) -> None:
    run = run_folder_of(load_scenario(town_of("13-nearest-exit", tmp_path)), tmp_path / ".evac")
    assert not (run / "incidents.parquet").exists()
    assert "incidents" not in json.loads((run / "ledger.json").read_text())


def test_who_stalls_where_an_exit_lets_few_out_isnt_taken_for_one_who_waits_for_his_turn(tmp_path: Path) -> None:
    """All of Main Road is the exit's last edge: cars stall in the queue before its line, each for its time."""
    town = town_of("10-drive-and-speed-limit", tmp_path / "town")
    scenario = town / "scenario.yaml"
    text = scenario.read_text().replace("traffic:", INCIDENTS)
    scenario.write_text(text.replace("towards: east}", "towards: east, veh_per_h: 600}"))
    run = run_folder_of(load_scenario(scenario), tmp_path / ".evac")
    incidents = pd.read_parquet(run / "incidents.parquet")
    assert (incidents["until_s"] - incidents["from_s"]).to_numpy() == pytest.approx(60 * LASTS_MIN, abs=3)
    vehicles = pd.read_parquet(run / "vehicles.parquet")
    assert (vehicles["status"] == "evacuated").all()
    assert len(incidents) > 0.5 * _expected(vehicles)
