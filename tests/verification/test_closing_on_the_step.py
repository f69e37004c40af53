"""The only way out closes in the very second in which ways out are looked at again, and cars leave all around it.

Who has a way out is looked at in steps of two minutes, a road closes in a second of its own. Where that second is a
step, nothing lies between: who leaves in it, or in the one before, is let onto the street just as it closes.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import yaml

from drawn_map import DrawnMap, box, degrees, straight
from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.study.engines import Serial
from evac.study.jobs import run_folder
from evac.study.prepare import prepare
from evac.study.runs import Silent
from evac.study.safe_order import Trial
from evac.study.trials import Asked, Trials
from stays import stays

CLOSES_MIN = 10.0
HOUSEHOLDS = 600
ON_A_JUNCTION_S = 15.0
"""Who is on a junction when the road behind it closes drives off the junction onto it."""


def _town(folder: Path, closes_min: float) -> Trials:
    drawn = DrawnMap((-1200.0, -1200.0, 2200.0, 1600.0)).streets(0, 0, 400, 400, 200)
    drawn.road("East Road", "secondary", straight((400, 200), (2000, 200)), lanes="2")
    drawn.write(folder / "map.osm")
    homes = {"name": ["Town"], "households": [HOUSEHOLDS]}
    zone = box(-40.0, -40.0, 390.0, 440.0)
    gpd.GeoDataFrame(homes, geometry=[zone], crs="EPSG:4326").to_file(folder / "zones.geojson")
    # Reports where the road out begins, and further along.
    reports = [shapely.Point(degrees(*spot)) for spot in ((420.0, 200.0), (800.0, 200.0))]
    gpd.GeoDataFrame({"minute": [closes_min] * 2}, geometry=reports, crs="EPSG:4326").to_file(folder / "fire.geojson")
    arrival = {"form": "points", "file": "fire.geojson", "time": "minute", "written": "minutes", "reach_m": 60.0}
    scenario = {
        "name": "Town",
        "osm": {"file": "map.osm"},
        "households": {"zones": {"file": "zones.geojson", "count": "households", "name": "name"}},
        "exits": {},
        "traffic": {"country": "CH"},
        "vehicles_per_household": [1],
        # A car a second, and more around the closing than the road passes.
        "departures": [{"name": "curve", "curve": {"form": "uniform", "until_min": 2.0 * CLOSES_MIN}}],
        "seeds": [3],
        "simulation": {"end_h": 1},
        "hazard": {"name": "Fire", "arrival": arrival},
    }
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario, sort_keys=False))
    loaded = load_scenario(folder)
    prepared = prepare(loaded, folder / ".evac", lambda _: None)
    plan = load_plan(BASELINE, loaded.plans_folder)
    return Trials(prepared, plan, Asked("1", "curve", (3,)), folder / ".evac", Serial(), Silent())


@pytest.mark.parametrize("coarse", [False, True], ids=["micro", "meso"])
@pytest.mark.parametrize("closes_min", [CLOSES_MIN, CLOSES_MIN + 1.0 / 60.0, CLOSES_MIN - 1.0 / 60.0])
def test_who_leaves_in_the_second_in_which_the_only_way_out_closes_is_accounted_for(
    tmp_path: Path, closes_min: float, *, coarse: bool
) -> None:
    trials = _town(tmp_path, closes_min)
    trials.asked = Asked("1", "curve", (3,), coarse=coarse)
    (manifest,) = trials.manifests([Trial((), 3)])
    job, _ = trials._wanted(Trial((), 3))
    run = run_folder(job, trials.cache)
    done = pd.read_parquet(run / "vehicles.parquet")
    counts = done["status"].value_counts()
    assert counts.sum() == HOUSEHOLDS == sum(manifest[status] for status in counts.index)
    closes_s = 60.0 * closes_min
    step_s = (closes_s - 2.0) // 120.0 * 120.0
    without = done[done["status"] == "no_route"]
    assert without["departure_s"].min() >= step_s
    assert set(without["vehicle"]) == set(done.loc[done["departure_s"] >= step_s, "vehicle"])
    assert ((done["departure_s"] > step_s - 5.0) & (done["departure_s"] < step_s)).any()  # some leave just before
    stuck = done[done["status"].isin(["waiting", "driving"])]
    assert (stuck["departure_s"] < step_s).all()
    out_s = done["evacuated_s"].dropna()
    assert len(out_s) > HOUSEHOLDS // 10
    road = {lane.rpartition("_")[0] for item in trials.under().overlay.timetable.closings for lane in item.lanes}
    on_the_way_s = 20.0 if coarse else ON_A_JUNCTION_S
    came_from: dict[str, str] = {}
    for vehicle, edge, enters_s, _ in stays(run):
        late_s = on_the_way_s if vehicle in came_from else 1.0  # nobody comes from home onto a road that has closed
        flees = came_from.get(vehicle) in road  # off one that closes as well
        came_from[vehicle] = edge
        if edge in road and not flees:
            assert enters_s <= closes_s + late_s, f"{vehicle} drives onto {edge} at {enters_s}"
