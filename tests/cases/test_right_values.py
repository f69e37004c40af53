"""Maps and tables that people have, and what is right for each (`right/right.yaml`): read, the decisive ones run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from evac.errors import UserError
from evac.households.accounting import LOSSES
from evac.scenario import load_scenario
from evac.study.prepare import Prepared, prepare
from small_studies import run_folder_of

HERE = Path(__file__).parent / "right"
RIGHT: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "right.yaml").read_text())
READ = {name: case for name, case in RIGHT.items() if "refused" not in case}
REFUSED = {name: case for name, case in RIGHT.items() if "refused" in case}


def _write(case: dict[str, Any], folder: Path) -> Path:
    own = dict(case.get("scenario", {}))
    zones = {"file": str(HERE / "zones" / case["zones"]), "count": "households", "name": "name"}
    if "layer" in own:
        zones["layer"] = own.pop("layer")
    osm = {"file": str(HERE / "maps" / case["map"]), **own.pop("osm", {})}
    scenario = {"name": "Town", "osm": osm, "households": {"zones": zones}, "vehicles_per_household": [1]}
    (folder / "scenario.yaml").write_text(yaml.safe_dump({**scenario, "simulation": {"end_h": 6}, **own}))
    return folder


def _prepared(case: dict[str, Any], folder: Path) -> Prepared:
    return prepare(load_scenario(_write(case, folder)), folder / ".evac", lambda _: None)


@pytest.mark.parametrize("name", READ)
def test_a_town_is_read_right(name: str, tmp_path: Path) -> None:
    case = READ[name]
    town = _prepared(case, tmp_path)
    names = {item.name for item in town.exits}
    assert names >= set(case.get("exits", case.get("at_least"))), case["why"]
    assert "exits" not in case or names == set(case["exits"]), case["why"]
    reasons = {item.label: item.reason for item in town.ways_out.none}
    assert reasons.keys() == case.get("none", {}).keys(), case["why"]
    assert all(words in reasons[road] for road, words in case.get("none", {}).items())
    if "streets" in case:
        assert set(town.street_map.streets()["name"].dropna()) == set(case["streets"])
    if "country" in case:
        assert town.loaded.model.traffic.country == case["country"]
    _check_households(case, town)
    told = [finding.text for finding in town.findings]
    assert all(any(words in text for text in told) for words in case.get("findings", [])), told
    if {"all_out", "out_90_h"} & case.keys():
        _check_run(case, run_folder_of(town.loaded, tmp_path / ".evac"))


def _check_households(case: dict[str, Any], town: Prepared) -> None:
    accounts = town.households.accounts().set_index("zone")
    assert accounts["given"].sum() == case["given"]
    assert len(town.homes) == case.get("planned", case["given"])
    assert town.starts["edge"].notna().sum() == case.get("leaving", len(town.homes))
    lost = {zone: row[row > 0.5].round().to_dict() for zone, row in accounts[[*LOSSES]].iterrows()}
    assert {zone: losses for zone, losses in lost.items() if losses} == case.get("lost", {})


def _check_run(case: dict[str, Any], run: Path) -> None:
    vehicles = pd.read_parquet(run / "vehicles.parquet")
    assert len(vehicles) == case["given"]
    assert vehicles["status"].eq("evacuated").all()
    assert set(vehicles["exit"]) == set(case["exits"])
    earliest_h, latest_h = case.get("out_90_h", (0.0, 6.0))
    assert earliest_h <= vehicles["evacuated_s"].quantile(0.9) / 3600.0 <= latest_h, case["why"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_town_is_refused_in_words(name: str, tmp_path: Path) -> None:
    case = REFUSED[name]
    with pytest.raises(UserError) as caught:
        _prepared(case, tmp_path)
    assert all(str(words) in str(caught.value) for words in case["refused"]), f"{case['why']}: {caught.value}"
