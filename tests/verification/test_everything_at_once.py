"""Verification: with everybody on the road at once, each account adds up, and nobody is in two of them.

The town's main street leads out at both ends. Some households have no car, some stay, some fetch a child first; there
is traffic that isn't evacuating, fire engines come in, cars break down. Under the contraflow nothing can come in from
the west any more.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evac import tables
from evac.measure.clearance import STATUSES
from evac.scenario import load_scenario
from small_studies import run_folder_of

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
HOUSEHOLDS, PEOPLE_ON_FOOT = 300, 10
SECTIONS = f"""vehicles_per_household: [{{name: census, distribution: {{0: 0.25, 1: 0.5, 2: 0.25}}}}]
compliance: {{share: 0.9}}
before_leaving:
  - {{name: fetch children, share: 0.3, at: [{{lat: 47.0622, lon: 9.5105}}], stop_min: 2}}
refuges:
  - {{name: School, at: {{lat: 47.0622, lon: 9.5105}}, vehicles: 10, people: {PEOPLE_ON_FOOT}}}
walking: {{people_per_household: 1.6, at_most_m: 300}}
buses:
  people_per_household: 1.6
  stops:
    - {{name: hall, at: {{lat: 47.0645, lon: 9.5053}}}}
  fleets:
    - {{name: from the west, exit: West, number: 2, capacity: 30, ready_min: 5, beyond_min: 5}}
background:
  through:
    - {{from: West, to: East, veh_per_h: 200}}
    - {{from: East, to: West, veh_per_h: 200}}
  local_trips_per_household_h: 0.3
  until_min: 30
  fades_min: 15
  engines:
    - {{from: West, to: {{lat: 47.0622, lon: 9.5105}}, number: 2, from_min: 10, every_min: 2}}
    - {{from: East, to: {{lat: 47.0622, lon: 9.5105}}, number: 2, from_min: 10, every_min: 2}}
incidents: {{per_million_vehicle_km: 3000, lasts_min: 5}}
"""
CONTRAFLOW = "name: Out by both lanes\nactions:\n  - {do: contraflow, where: {street: Main Street, towards: west}}\n"


@dataclass(frozen=True)
class Run:
    """A finished run: its plan, its folder, `manifest.json` and `ledger.json`."""

    plan: str
    folder: Path
    manifest: dict[str, Any]
    ledger: dict[str, Any]

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{name}.parquet")


@pytest.fixture(scope="module", params=["baseline", "contraflow"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("all")
    town = Path(shutil.copytree(TOWN, folder / "town"))
    scenario = town / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("vehicles_per_household: [1, 1.5]\n", "") + SECTIONS)
    (town / "plans" / "contraflow.yaml").write_text(CONTRAFLOW)
    done = run_folder_of(load_scenario(town), folder / ".evac", request.param)
    manifest, ledger = (json.loads((done / f"{name}.json").read_text()) for name in ("manifest", "ledger"))
    return Run(request.param, done, manifest, ledger)


def test_every_vehicle_is_in_one_state(run: Run) -> None:
    vehicles = tables.read_table(run.folder / "vehicles.parquet", tables.VEHICLES)
    assert vehicles["vehicle"].is_unique
    assert sum(run.manifest[status] for status in STATUSES) == run.manifest["planned"] == len(vehicles)
    assert sum(run.manifest["exits"].values()) == run.manifest["evacuated"]
    assert sum(zone["planned"] for zone in run.manifest["zones"].values()) == run.manifest["planned"]


def test_every_household_drives_stays_walks_or_waits_for_a_bus(run: Run) -> None:
    ledger = run.ledger
    assert ledger["households_given"] - sum(ledger["households_lost"].values()) == ledger["households"] == HOUSEHOLDS
    drive, by_bus = (set(run.table(name)["household"]) for name in ("vehicles", "passengers"))
    near = run.table("walkers")["status"] != "too_far"
    on_foot, farther = (set(run.table("walkers").loc[rows, "household"]) for rows in (near, ~near))
    assert farther == by_bus  # whom no refuge is near takes the bus
    assert on_foot
    assert by_bus
    assert not drive & (on_foot | by_bus)
    assert len(on_foot) + len(by_bus) == ledger["households_without_vehicle"]
    assert len(drive) + len(on_foot) + len(by_bus) + ledger["households_defying"] == HOUSEHOLDS
    assert 0 < ledger["households_defying"] < 0.2 * HOUSEHOLDS


def test_people_without_a_car_are_in_one_state(run: Run) -> None:
    walkers, passengers, ledger = run.table("walkers"), run.table("passengers"), run.ledger
    for kind, table in (("walk", walkers), ("bus", passengers)):
        told = {status: ledger[f"{kind}_people_{status}"] for status in table["status"].unique()}
        assert table.groupby("status")["people"].sum().to_dict() == told
        assert ledger[f"{kind}_people"] == table["people"].sum()
        assert ledger[f"{kind}_households"] == len(table)
    assert ledger["walk_people_in_refuge"] <= PEOPLE_ON_FOOT


def test_who_passes_through_is_in_one_state_and_no_evacuee(run: Run) -> None:
    ledger = run.ledger
    states = [ledger[f"background_{state}"] for state in ("arrived", "driving", "waiting", "not_made")]
    assert sum(states) == ledger["background"] > 0
    engines = [ledger[f"engines_{state}"] for state in ("arrived", "turned_away", "not_made")]
    assert sum(engines) == ledger["engines"] == 4
    assert ledger["incidents"] > 0
    assert 0 < ledger["errands"]["fetch children"] < 0.5 * HOUSEHOLDS
    assert ledger["stuck"] == ledger["taken_out"] == 0


def test_nothing_comes_in_where_both_lanes_lead_out_but_where_both_lead_in(run: Run) -> None:
    if run.plan == "contraflow":
        assert run.ledger["engines_not_made"] == 2  # the other two come in from the east, as the lanes lead
        assert run.ledger["background_not_made"] > 0
        assert run.ledger["background_arrived"] > 0
        assert run.ledger["bus_people_evacuated"] == 0
