"""A town that a fire cuts off at both ends, with a refuge: who ends where, in the run's tables and in the report."""

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
ROOM, CUT_MIN = 40, 35.0
HOUSEHOLDS, WITHOUT_CAR, PLACES_ON_FOOT = 300, 75, 30
SECTIONS = f"""vehicles_per_household: [{{name: census, distribution: {{0: 0.25, 1: 0.75}}}}]
walking: {{people_per_household: 1, at_most_m: 5000}}
hazard:
  name: Fire at both ends
  note: Made up.
  arrival: {{form: points, file: fire.geojson, time: minute, written: minutes, reach_m: 100}}
refuges:
  - {{name: School, at: {{lat: 47.0622, lon: 9.5105}}, vehicles: {ROOM}, people: {PLACES_ON_FOOT}}}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("refuges")
    town = Path(shutil.copytree(TOWN, folder / "town"))
    ends = [shapely.Point(9.5005, 47.0645), shapely.Point(9.5205, 47.0645)]
    gpd.GeoDataFrame({"minute": [CUT_MIN, CUT_MIN]}, geometry=ends, crs="EPSG:4326").to_file(town / "fire.geojson")
    scenario = (town / "scenario.yaml").read_text().replace("vehicles_per_household: [1, 1.5]\n", "")
    (town / "scenario.yaml").write_text(scenario + SECTIONS)
    assert run_guarded(["run", str(town), "--workspace", str(folder), "--jobs", "1"]) == 0
    return folder


def _run(workspace: Path) -> tuple[Path, dict[str, Any]]:
    results = pd.read_csv(workspace / "reports" / "town" / "results.csv")
    run = workspace / ".evac" / "runs" / results["job"].iloc[0]
    return run, json.loads((run / "manifest.json").read_text())


def test_every_vehicle_is_out_in_a_refuge_or_not_out(workspace: Path) -> None:
    run, manifest = _run(workspace)
    vehicles = pd.read_parquet(run / "vehicles.parquet")
    statuses = ("evacuated", "in_refuge", "driving", "waiting", "no_route")
    assert sum(manifest[name] for name in statuses) == manifest["planned"] == len(vehicles) == HOUSEHOLDS - WITHOUT_CAR
    assert vehicles["status"].value_counts().to_dict() == {n: manifest[n] for n in statuses if manifest[n]}
    assert manifest["in_refuge"] == ROOM
    left = manifest["planned"] - manifest["evacuated"] - ROOM
    assert left > 0  # the refuge is too small
    ledger = json.loads((run / "ledger.json").read_text())
    assert ledger["in_refuge"] == ROOM
    assert ledger["trusted"], ledger["reasons"]
    assert any(f"{ROOM} planned vehicles are in a refuge" in text for text in ledger["caveats"])
    assert manifest["t100_s"] is None
    results = pd.read_csv(workspace / "reports" / "town" / "results.csv")
    assert results["in_refuge"].eq(ROOM).all()


def test_who_is_in_the_refuge_and_who_found_it_full_is_told_by_vehicle_and_zone(workspace: Path) -> None:
    run, manifest = _run(workspace)
    came, vehicles = pd.read_parquet(run / "refuges.parquet"), pd.read_parquet(run / "vehicles.parquet")
    inside = came[came["refuge"].notna()]
    assert set(inside["vehicle"]) == set(vehicles.loc[vehicles["status"] == "in_refuge", "vehicle"])
    assert (inside["in_refuge_s"] > 60.0 * CUT_MIN - 120.0).all()  # nobody while there was a way out
    school = manifest["refuges"]["School"]
    assert school["taken"] == ROOM == sum(school["zones"].values())
    assert school["full_s"] == inside["in_refuge_s"].max()
    assert school["turned_on"] == came["turned_on_at"].eq("School").sum() > 0
    assert inside["zone"].value_counts().to_dict() == school["zones"]
    assert set(inside["vehicle"]).isdisjoint(came.loc[came["turned_on_at"].notna(), "vehicle"])
    for zone, counts in manifest["hazard_zones"].items():
        assert counts["in_refuge"] == school["zones"].get(zone, 0) == manifest["zones"][zone]["in_refuge"]
        of_zone = vehicles[vehicles["zone"] == zone]
        safe = of_zone["status"].isin(["evacuated", "in_refuge"]).sum()
        assert counts["safe"] <= safe
        assert counts["households_not_out"] == len(of_zone) - safe
    report = workspace / "reports" / "town"
    ends = pd.read_csv(report / "tables" / "ends_by_zone.csv")
    assert ends.loc[ends["kind"] == "refuge", "vehicles"].sum() == ROOM
    assert ends["vehicles"].sum() == manifest["planned"]
    page = (report / "index.html").read_text()
    assert f'<th scope="row">School</th><td>{ROOM}</td><td>{ROOM}</td>' in page
    curve = pd.read_parquet(run / "curve.parquet")
    assert curve["in_refuge"].is_monotonic_increasing
    assert curve["in_refuge"].iloc[-1] == ROOM
    assert curve.loc[curve["minute"] < CUT_MIN - 3, "in_refuge"].max() == 0


def test_people_without_a_car_walk_to_the_refuge_and_are_in_no_count_of_vehicles(workspace: Path) -> None:
    run, manifest = _run(workspace)
    walkers, ledger = pd.read_parquet(run / "walkers.parquet"), json.loads((run / "ledger.json").read_text())
    assert len(walkers) == manifest["walk_people"] == ledger["walk_people"] == WITHOUT_CAR
    inside = walkers[walkers["status"] == "in_refuge"]
    assert len(inside) == manifest["on_foot"]["refuges"]["School"]["taken"] == PLACES_ON_FOOT
    assert inside["in_refuge_s"].max() <= 3600.0 * 5.0  # they come one by one, the first of them get in
    by_zone = {zone: rows["status"].value_counts().to_dict() for zone, rows in walkers.groupby("zone")}
    told = {zone: {key: n for key, n in it.items() if n} for zone, it in manifest["on_foot"]["zones"].items()}
    assert by_zone == told
    assert any(text.startswith(f"{PLACES_ON_FOOT} of {WITHOUT_CAR} people of") for text in ledger["caveats"])
    page = (workspace / "reports" / "town" / "index.html").read_text()
    assert "People without a car who walk to a refuge" in page
    assert f"School: {PLACES_ON_FOOT} of {PLACES_ON_FOOT}" in page
