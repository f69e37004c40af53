"""Two real towns, whole: Paradise, from census tracts alone, and Mission Canyon, from homes and from buildings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evac.network.exits import ResolvedExit
from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.study import Selection, run_study
from evac.study.engines import Local
from evac.study.prepare import Prepared, prepare
from evac.study.under_plan import under_plan
from ways import cost_to_exit

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="no folder shared/data with real maps beside the checkout"),
]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Prepared]:
    cache = tmp_path_factory.mktemp("towns")
    done: dict[str, Prepared] = {}

    def prepared_once(scenario: str) -> Prepared:
        if scenario not in done:
            done[scenario] = prepare(load_scenario(HERE / scenario), cache, lambda _: None)
        return done[scenario]

    return prepared_once


class Silent:
    """A display that shows nothing."""

    def begin(self, name: str, planned: int) -> None:
        pass

    def update(self, name: str, state: object) -> None:
        pass

    def finish(self, name: str, result: str) -> None:
        pass

    def tell(self, text: str) -> None:
        pass


def errors(town: Prepared) -> list[str]:
    return [finding.text for finding in town.findings if finding.severity == "error"]


def reached_by(town: Prepared, item: ResolvedExit) -> float:
    """Return the share of the households that can drive to an exit."""
    cost_s = cost_to_exit(town.net, item.edges)
    return float(np.mean([edge in cost_s for edge in town.starts["edge"].dropna()]))


def test_paradise_has_its_households_and_its_four_ways_out(prepared):
    town = prepared("paradise")
    # 12,700 by the data's description; clipped to the map by street frontage, to the household.
    assert len(town.homes) == pytest.approx(12_700, rel=0.02)
    zones = town.households.zones()
    assert len(town.homes) == zones["households"].sum()
    assert zones["clipped_by"].eq("outside").sum() == 40
    assert {item.name: item.lanes for item in town.exits} == {
        "Skyway": 2,
        "Clark Road": 2,
        "Neal Road": 1,
        "Pentz Road": 1,
    }
    # Down to the valley: the town begins north of there (latitude of the southernmost houses on Skyway).
    assert all(item.lat < 39.72 for item in town.exits)
    assert all(reached_by(town, item) > 0.99 for item in town.exits)
    assert errors(town) == []


@pytest.mark.parametrize(("scenario", "placed_on"), [("scenario.yaml", "point"), ("buildings.yaml", "building")])
def test_mission_canyon_leaves_for_both_ends_of_the_highway(prepared, scenario, placed_on):
    town = prepared(f"mission_canyon/{scenario}")
    assert len(town.homes) == 1282
    assert set(town.homes["placed_on"]) == {placed_on}
    assert town.starts["edge"].notna().all()
    north, south = town.exits
    assert (north.lanes, south.lanes) == (3, 2)
    west, east = town.homes.geometry.x.min(), town.homes.geometry.x.max()
    assert north.lon < west < east < south.lon
    assert reached_by(town, north) == reached_by(town, south) == 1.0
    assert errors(town) == []


@pytest.mark.slow
def test_every_car_of_mission_canyon_is_accounted_for(prepared, tmp_path):
    town = prepared("mission_canyon/scenario.yaml")
    plans = {BASELINE: under_plan(town, load_plan(BASELINE, tmp_path), tmp_path)}
    selection = Selection(vehicles=("1",), sensitivity=False)
    study = run_study(town, plans, selection, tmp_path, engine=Local(1), display=Silent())
    assert not study.failures
    folder = study.runs[0].folder
    vehicles = pd.read_parquet(folder / "vehicles.parquet")
    ledger = json.loads((folder / "ledger.json").read_text())
    assert len(vehicles) == 1282
    assert vehicles["status"].eq("evacuated").all()
    assert set(vehicles["exit"]) <= {item.name for item in town.exits}
    assert (vehicles["departure_s"] <= vehicles["entered_s"]).all()
    assert (vehicles["entered_s"] < vehicles["evacuated_s"]).all()
    assert ledger["trusted"], ledger["reasons"]
