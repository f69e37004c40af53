"""An exit that takes so many vehicles an hour, a ferry, takes no more and no less.

Theory: where more come than it takes, N vehicles need N / c hours from the first on. On the island the only way out
is a ferry; 60 vehicles are ready within minutes, and it takes 120 an hour: 30 minutes. Where the road beyond takes
less for a while, the queue stands on the map, and as many get out in that while as it takes.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evac.cli import run_guarded
from evac.scenario import load_scenario
from small_studies import run_folder_of

RIGHT = Path(__file__).parents[1] / "cases" / "right"
VEHICLES, FERRY_VEH_PER_H = 60, 120.0

SCENARIO = """
name: Island
osm: {file: map.osm}
households:
  zones: {file: zones.geojson, count: households, name: name}
exits: EXITS
vehicles_per_household: [1]
departures:
  - {name: at once, curve: {form: rayleigh, p90_min: 3}}
simulation: {end_h: 3}
traffic: {country: US}
"""


def _scenario(folder: Path, exits: str, vehicles: int = VEHICLES) -> Path:
    (folder / "map.osm").write_bytes((RIGHT / "maps" / "ferry_island_only.osm").read_bytes())
    zones = json.loads((RIGHT / "zones" / "ferry_island.geojson").read_text())
    zones["features"][0]["properties"]["households"] = vehicles
    (folder / "zones.geojson").write_text(json.dumps(zones))
    (folder / "scenario.yaml").write_text(SCENARIO.replace("EXITS", exits))
    return folder


def _run(folder: Path) -> Path:
    return run_folder_of(load_scenario(folder / "scenario.yaml"), folder / ".evac")


def test_a_ferry_takes_as_many_an_hour_as_the_scenario_says(tmp_path: Path) -> None:
    ferry = f"{{name: Ferry, street: Ferry Road, towards: east, veh_per_h: {FERRY_VEH_PER_H:g}}}"
    folder = _scenario(tmp_path, f"{{also: [{ferry}]}}")
    table = _run(folder) / "vehicles.parquet"
    out_s = np.sort(pd.read_parquet(table)["evacuated_s"].dropna().to_numpy())
    assert len(out_s) == VEHICLES
    assert np.ptp(out_s) / 3600.0 == pytest.approx((VEHICLES - 1) / FERRY_VEH_PER_H, rel=0.02)
    assert np.diff(out_s)[2:] == pytest.approx(3600.0 / FERRY_VEH_PER_H, abs=2.0)  # the first two find no queue
    assert np.diff(out_s).min() >= 3600.0 / FERRY_VEH_PER_H - 2.0  # what it didn't take before is no boat in hand


def _with_a_last_piece_of_six_metres(folder: Path) -> None:
    """Let the road to the ferry end in an edge of its own: its limit is another."""
    file = folder / "map.osm"
    text = file.read_text()
    road = '<nd ref="1001"/><nd ref="{}"/><tag k="highway" v="secondary"/>'
    assert road.format(1040) in text
    text = text.replace(road.format(1040), road.format(9001))
    node = '<node id="9001" lat="48.5300000" lon="-122.9810691" version="1"></node>'
    tags = {"highway": "secondary", "name": "Ferry Road", "lanes": "2", "maxspeed": "70"}
    written = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
    last = f'<way id="9102" version="1"><nd ref="9001"/><nd ref="1040"/>{written}</way>'
    file.write_text(text.replace('<way id="101"', f'{node}\n<way id="101"', 1).replace("</osm>", f"{last}</osm>"))


def test_a_ferry_takes_no_more_where_the_road_ends_in_a_short_piece(tmp_path: Path) -> None:
    """Who drives faster than the last edge is long is never seen on it; nobody could stop on it either."""
    ferry = f"{{name: Ferry, street: Ferry Road, towards: east, veh_per_h: {FERRY_VEH_PER_H:g}}}"
    folder = _scenario(tmp_path, f"{{also: [{ferry}]}}")
    _with_a_last_piece_of_six_metres(folder)
    run = _run(folder)
    out_s = np.sort(pd.read_parquet(run / "vehicles.parquet")["evacuated_s"].dropna().to_numpy())
    assert len(out_s) == VEHICLES
    assert np.ptp(out_s) / 3600.0 == pytest.approx((VEHICLES - 1) / FERRY_VEH_PER_H, rel=0.02)
    ledger = json.loads((run / "ledger.json").read_text())
    assert ledger["trusted"], ledger["reasons"]


def test_who_waits_an_hour_for_his_turn_is_not_stuck(tmp_path: Path) -> None:
    """One an hour: the first drives out, and in three hours two more are due; the others need more time, and say so."""
    ferry = "{name: Ferry, street: Ferry Road, towards: east, veh_per_h: 1}"
    folder = _scenario(tmp_path, f"{{also: [{ferry}]}}", vehicles=8)
    run = _run(folder)
    ledger = json.loads((run / "ledger.json").read_text())
    out_s = np.sort(pd.read_parquet(run / "vehicles.parquet")["evacuated_s"].dropna().to_numpy())
    assert json.loads((run / "ending.json").read_text())["reason"] == "end of time"
    assert np.diff(out_s)[1:] == pytest.approx(3600.0, abs=5.0)
    assert ledger["stuck"] == 0
    assert ledger["still_driving"] == 8 - len(out_s)
    assert not any("more time would not help" in reason for reason in ledger["reasons"])


def test_the_next_towns_jam_comes_back_and_goes(tmp_path: Path) -> None:
    jam = "beyond: [{veh_per_h: 300, until_min: 30}, {veh_per_h: 600, from_min: 30, until_min: 50}]"
    exits = f"{{also: [{{name: Ferry, street: Ferry Road, towards: east, veh_per_h: 650, {jam}}}]}}"
    folder = _scenario(tmp_path, exits, vehicles=450)
    table = _run(folder) / "vehicles.parquet"
    out_min = np.sort(pd.read_parquet(table)["evacuated_s"].to_numpy()) / 60.0
    first_min = out_min[0]
    assert first_min < 3
    assert np.sum(out_min < 30) == pytest.approx(300 * (30 - first_min) / 60, rel=0.03)
    assert np.sum((out_min >= 30) & (out_min < 50)) == pytest.approx(600 * 20 / 60, rel=0.03)
    assert np.sum(out_min >= 50) / (out_min[-1] - 50) * 60 == pytest.approx(650, rel=0.03)


def test_two_rates_beyond_an_exit_at_one_time_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jam = "beyond: [{veh_per_h: 300, until_min: 30}, {veh_per_h: 600, from_min: 20, until_min: 50}]"
    folder = _scenario(tmp_path, f"[{{name: East, street: Ferry Road, veh_per_h: 60, {jam}}}]")
    assert run_guarded(["check", str(folder), "--workspace", str(tmp_path)]) == 2
    assert "two rates 'beyond' hold at 20 min" in " ".join(capsys.readouterr().err.split())


def test_a_ferry_without_a_capacity_is_no_exit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _scenario(tmp_path, "{at_least: tertiary}")
    assert run_guarded(["check", str(folder), "--workspace", str(tmp_path)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "Ferry Road: it ends at a ferry: give its capacity to make it an exit" in said
    assert "veh_per_h" in said
