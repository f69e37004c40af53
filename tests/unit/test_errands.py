"""Trips before leaving: who goes, where to, and that SUMO's cars really go there first."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from crossing import EXITS, make_net
from evac.demand import routes
from evac.demand.errands import errands_not_made, with_errands
from evac.errors import PlaceError
from evac.scenario import load_scenario
from evac.schema.demand import Errand
from evac.schema.scenario import Scenario
from small_studies import run_folder_of, town_of


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    return make_net(tmp_path_factory.mktemp("net"))


def cars(net, homes=600):
    edge = next(
        edge.getID() for edge in net.getEdges() if edge.getID() not in {e for item in EXITS for e in item.edges}
    )
    numbers = [(home, number) for home in range(homes) for number in (0, 1)]
    table = pd.DataFrame(numbers, columns=["household", "vehicle_number"])
    return table.assign(key="h" + table["household"].astype(str), edge=edge, pos_m=10.0)


def errand(net, share, **more):
    edge = net.getEdges()[0]
    lon, lat = net.convertXY2LonLat(*edge.getShape()[0])
    return Errand.model_validate({"name": "school", "share": share, "at": [{"lat": lat, "lon": lon}], **more})


def test_the_share_of_the_households_goes_and_only_its_first_car(net):
    table = with_errands(cars(net), [errand(net, 0.25)], net, EXITS, seed=1)
    going = table[table["errand"].notna()]
    assert (going["vehicle_number"] == 0).all()
    assert len(going) / 600 == pytest.approx(0.25, abs=0.054)  # three standard deviations of 600 draws
    assert (going["stop_s"] == 300).all()


def test_who_goes_at_a_share_also_goes_at_a_larger_one(net):
    few, many = (
        with_errands(cars(net), [errand(net, share)], net, EXITS, seed=1)["errand"].notna() for share in (0.2, 0.5)
    )
    assert (many | ~few).all()


def test_a_place_away_from_every_street_is_refused(net):
    lost = errand(net, 0.2, at=[{"lat": 0.0, "lon": 0.0}])
    with pytest.raises(PlaceError, match="before_leaving, 'school'"):
        with_errands(cars(net), [lost], net, EXITS, seed=1)


def test_shares_of_more_than_all_are_refused(town_scenario):
    two = [{"name": name, "share": 0.6, "at": [{"lat": 47.07, "lon": 9.5}]} for name in ("school", "parents")]
    with pytest.raises(ValueError, match=r"add up to 1\.2"):
        Scenario.model_validate({**town_scenario, "before_leaving": two})


@pytest.fixture
def town_scenario():
    return {
        "name": "Town",
        "osm": {"file": "map.osm"},
        "households": {"zones": {"file": "zones.geojson", "count": "households"}},
    }


def test_nobody_goes_where_the_plan_closes_the_way(net):
    school = errand(net, 1.0)
    table = with_errands(cars(net), [school], net, EXITS, seed=1)
    stop = table["stop_edge"].dropna().iloc[0]
    there, closed = (
        with_errands(cars(net), [school], net, EXITS, seed=1, closed=shut) for shut in (frozenset(), frozenset({stop}))
    )
    assert closed["errand"].isna().all()
    drawn = there["errand"].notna().sum()
    assert errands_not_made(closed, [school], closed["key"], seed=1) == drawn == 600
    assert errands_not_made(there, [school], there["key"], seed=1) == 0


@pytest.mark.parametrize(("one_way", "behind_goes"), [(False, True), (True, False)])
def test_who_lives_behind_the_school_on_its_street_goes_there_round_the_block_alone(tmp_path, one_way, behind_goes):
    """Once out of a one-way street that no other leads into nobody comes back, and a trip without a way ends SUMO."""
    town = make_net(tmp_path, without=("x_w",) if one_way else ())
    school = Errand.model_validate({"name": "school", "share": 1.0, "at": [{"lat": 47.05, "lon": 9.505}]})
    homes = cars(town).query("vehicle_number == 0").assign(edge="w_x")
    stop_m = with_errands(homes, [school], town, EXITS, seed=1)["stop_pos_m"].iloc[0]
    for off_m, goes in ((-1.0, True), (1.0, behind_goes)):
        table = with_errands(homes.assign(pos_m=stop_m + off_m), [school], town, EXITS, seed=1)
        assert (table["stop_edge"].eq("w_x") == goes).all()


def test_in_a_run_the_drive_to_the_school_is_on_the_way_out(tmp_path):
    """All 100 of the north first drive to the school of the south: 300 m and five minutes more than without it."""
    folders = {}
    for name in ("with", "without"):
        folder = tmp_path / name
        town_of("15-assigned-exits", folder)
        folders[name] = folder
    with (folders["with"] / "scenario.yaml").open("a") as file:
        file.write("before_leaving:\n  - {name: school, share: 1, at: [{lat: 47.0685, lon: 9.5}]}\n")
    runs = {name: run_folder_of(load_scenario(folder), tmp_path / ".evac") for name, folder in folders.items()}
    north = {name: pd.read_parquet(run / "vehicles.parquet").query("zone == 'North'") for name, run in runs.items()}
    drive_s = {name: (table["evacuated_s"] - table["entered_s"]).mean() for name, table in north.items()}
    assert drive_s["with"] - drive_s["without"] > 300 + 300 / (50 / 3.6)
    assert (north["with"]["status"] == "evacuated").all()
    assert json.loads((runs["with"] / "ledger.json").read_text())["errands"] == {"school": 250}


@pytest.mark.parametrize(("end_h", "reason"), [(4, "cleared"), (0.75, "end of time")])
def test_who_waits_longer_at_the_school_than_a_jam_stands_drives_on(tmp_path, end_h, reason):
    """For 40 minutes nothing moves, as the last cars stand at the school: no standstill, and nobody is stuck."""
    town_of("15-assigned-exits", tmp_path)
    scenario = tmp_path / "scenario.yaml"
    school = "before_leaving:\n  - {name: school, share: 1, at: [{lat: 47.0685, lon: 9.5}], stop_min: 60}\n"
    scenario.write_text(re.sub("end_h: [0-9.]+", f"end_h: {end_h}", scenario.read_text()) + school)
    run = run_folder_of(load_scenario(tmp_path), tmp_path / ".evac")
    ledger = json.loads((run / "ledger.json").read_text())
    assert json.loads((run / "ending.json").read_text())["reason"] == reason
    assert (ledger["stuck"], ledger["trusted"]) == (0, True), ledger["reasons"]
    status = pd.read_parquet(run / "vehicles.parquet")["status"]
    assert status.eq("evacuated").all() if reason == "cleared" else status.isin(["evacuated", "driving"]).all()


def test_who_fetches_nobody_has_no_stop(net):
    table = with_errands(cars(net), [errand(net, 0.25)], net, EXITS, seed=1)
    going = table["errand"].notna()
    stops = [routes._stop_of(row) != "" for row in table.to_dict("records")]
    assert stops == going.tolist()
    assert 0 < going.sum() < len(table)
