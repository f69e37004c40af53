"""Buses for people without a car: who they are, and that the last is out when arithmetic says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

from crossing import EXITS, make_homes, make_net, scenario
from evac.demand.buses import build_buses
from evac.demand.orders import NORMAL_RULES
from evac.errors import PlaceError
from evac.measure.passengers import stranded_buses
from evac.measure.stranded import Ending
from evac.plans import BASELINE
from evac.scenario import load_scenario
from evac.schema.buses import Buses
from evac.schema.demand import VehiclesPerHousehold
from small_studies import run_folder_of, town_of

PEOPLE, CAPACITY, READY_S, BEYOND_S, BOARDING_S = 120, 40, 600.0, 900.0, 3.0
DRIVE_S = 1500.0 / (50.0 / 3.6)  # from the map's end to the stop, and back
TURN_S = 600.0 / (50.0 / 3.6)  # Home Street up and down: the nearest place to turn round
LOOKS_S = 60.0 + 10.0 + 10.0  # a bus is sent at a full minute, and looked at every 10 s
FLEET = {"name": "county", "exit": "West", "number": 1, "capacity": CAPACITY, "ready_min": 10, "beyond_min": 15}
STOP = {"name": "corner", "at": {"lat": 47.07, "lon": 9.5}}
CENSUS = VehiclesPerHousehold(name="census", distribution={0: 0.4, 1: 0.6})


def given(fleet: Mapping[str, Any] = {}, **changes: Any) -> dict[str, Any]:
    return {"people_per_household": 1.0, "stops": [STOP], "fleets": [{**FLEET, **fleet}], **changes}


def run(
    folder: Path, buses: Mapping[str, Any], plan: str = BASELINE, **sections: Any
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Run a town of 300 households, of which 120 have no car and all are ready at the order."""
    town_of("25-exit-closes", folder)
    file = folder / "scenario.yaml"
    text = file.read_text().replace("[1]", "[{name: census, distribution: {0: 0.4, 1: 0.6}}]")
    text = text.replace("{form: uniform, from_min: 0, until_min: 60}", "{form: all_at_once}")
    more = "".join(f"{name}: {json.dumps(section)}\n" for name, section in {"buses": buses, **sections}.items())
    file.write_text(text + more)
    run_dir = run_folder_of(load_scenario(folder), folder / ".evac", plan)
    return pd.read_parquet(run_dir / "passengers.parquet"), json.loads((run_dir / "ledger.json").read_text())


@pytest.mark.parametrize("number", [1, 3])
def test_the_last_is_out_after_as_many_turns_as_it_takes(tmp_path: Path, number: int) -> None:
    people, ledger = run(tmp_path, given({"number": number}))
    turns = ceil(PEOPLE / CAPACITY / number)
    round_s = 2 * DRIVE_S + TURN_S + BOARDING_S * CAPACITY
    theory_s = READY_S + (turns - 1) * (round_s + BEYOND_S) + round_s
    assert theory_s <= ledger["bus_last_evacuated_s"] <= theory_s + turns * (LOOKS_S + 20.0)
    assert ledger["bus_people_evacuated"] == ledger["bus_people"] == people["people"].sum() == PEOPLE
    assert ledger["bus_trips"] == ceil(PEOPLE / CAPACITY)
    assert people.groupby("bus")["people"].sum().le(CAPACITY).all()
    assert (people["boarded_s"] >= people["at_stop_s"]).all()
    assert (people["at_stop_s"] > people["departure_s"]).all()
    assert ledger["planned"] == 180
    assert any(text.startswith("120 of 120 people of 120 households") for text in ledger["caveats"])


def test_where_a_plan_closes_the_way_people_are_left_and_told(tmp_path: Path) -> None:
    people, ledger = run(tmp_path, given({"ready_min": 30}), str(tmp_path / "west-closes.yaml"))
    assert set(people["status"]) == {"waiting"}
    assert (ledger["bus_people_waiting"], ledger["bus_trips"], ledger["trusted"]) == (PEOPLE, 0, True)
    assert any(text.startswith("none of the 120 people") for text in ledger["caveats"])


def fire_over(folder: Path, *spots: tuple[float, float], minute: float) -> dict[str, Any]:
    """Return a fire that is at some spots (lon, lat) at a minute."""
    points = gpd.GeoSeries([Point(*spot) for spot in spots], crs="EPSG:4326")
    gpd.GeoDataFrame({"minute": [minute] * len(spots)}, geometry=points).to_file(folder / "fire.geojson")
    arrival = {"form": "points", "file": "fire.geojson", "time": "minute", "written": "minutes", "reach_m": 60}
    return {"name": "Fire", "note": "Made up.", "arrival": arrival}


UP_THE_STREET = {"name": "up the street", "at": {"lat": 47.0715, "lon": 9.5}}
WEST, EAST, HOMES = (9.495, 47.07), (9.505, 47.07), (9.5, 47.0722)
"""Spots of Main Road on either side of Home Street, and the end of that."""


@pytest.mark.parametrize("minute", [12.5, 14.0])
def test_a_bus_whose_exit_fire_takes_leaves_by_another_one(tmp_path: Path, minute: float) -> None:
    """It comes in by the west end from minute 10 on, and is at its stop, or past it, when that is taken.

    Those whom nobody fetches then wait to the end: buses of this line can't come in any more.
    """
    people, ledger = run(tmp_path, given(stops=[UP_THE_STREET]), hazard=fire_over(tmp_path, WEST, minute=minute))
    assert ledger["bus_people_evacuated"] == people.loc[people["status"] == "evacuated", "people"].sum() == CAPACITY
    assert (ledger["buses_stuck"], ledger["buses_held_by_hazard"], ledger["trusted"]) == (0, 0, True)
    assert ledger["bus_people_waiting"] == PEOPLE - CAPACITY
    assert ledger["bus_last_evacuated_s"] < 25 * 60.0


def test_a_bus_whose_stop_fire_takes_before_it_is_there_drives_out_empty(tmp_path: Path) -> None:
    hazard = fire_over(tmp_path, HOMES, minute=11.0)
    people, ledger = run(tmp_path, given(stops=[UP_THE_STREET]), hazard=hazard)
    assert set(people["status"]) == {"waiting"}
    assert (ledger["buses_stuck"], ledger["buses_held_by_hazard"], ledger["bus_trips"]) == (0, 0, 0)
    (trip,) = json.loads(next(tmp_path.glob(".evac/runs/*/buses.json")).read_text())
    assert trip["at_stop_s"] is None
    assert 11 * 60.0 <= trip["gave_up_s"] <= 11 * 60.0 + 20.0


def test_a_bus_whom_fire_leaves_no_way_stands_with_its_people_and_the_run_ends(tmp_path: Path) -> None:
    """Both ends are taken while people get in: who stands there is told, and the run doesn't go on to its last hour."""
    hazard = fire_over(tmp_path, WEST, EAST, minute=13.0)
    people, ledger = run(tmp_path, given(stops=[UP_THE_STREET]), hazard=hazard)
    assert (people["status"] == "aboard").sum() == ledger["bus_people_held_by_hazard"] == CAPACITY
    assert (ledger["buses_stuck"], ledger["buses_held_by_hazard"], ledger["trusted"]) == (0, 1, True)
    ending = json.loads(next(tmp_path.glob(".evac/runs/*/ending.json")).read_text())
    assert ending["reason"] == "standstill"
    assert ending["time_s"] < 60 * 60.0


def test_a_bus_that_waits_at_its_stop_or_drives_at_the_end_is_not_stranded(tmp_path: Path) -> None:
    trips = [
        {"bus": "stands", "people": 7, "at_stop_s": 60.0, "left_stop_s": 90.0},
        {"bus": "coming", "people": 0, "at_stop_s": None, "left_stop_s": None},
        {"bus": "at its stop", "people": 3, "at_stop_s": 60.0, "left_stop_s": None},
        {"bus": "drives", "people": 5, "at_stop_s": 60.0, "left_stop_s": 90.0},
        {"bus": "is out", "people": 5, "at_stop_s": 60.0, "left_stop_s": 90.0},
    ]
    (tmp_path / "buses.json").write_text(json.dumps(trips))
    stood_s = {"stands": 1800.0, "coming": 2000.0, "at its stop": 9000.0, "drives": 1799.0}
    ending = Ending("end of time", {bus: ("e1", time_s) for bus, time_s in stood_s.items()})
    found = stranded_buses(tmp_path / "buses.json", ending)
    assert found.to_dict("list") == {"bus": ["stands", "coming"], "edge": ["e1", "e1"], "people": [7, 0]}


def service(net: Any, buses: Mapping[str, Any], case: float | VehiclesPerHousehold = CENSUS) -> Any:
    model = scenario()
    return build_buses(
        Buses.model_validate(buses),
        make_homes(),
        vehicles_per_household=case,
        departure=model.departures[0],
        seed=1,
        scenario=model,
        net=net,
        exits=EXITS,
        orders=NORMAL_RULES,
    )


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_net(tmp_path_factory.mktemp("net"))


def at(lon: float) -> list[dict[str, Any]]:
    return [{"name": "stop", "at": {"lat": 47.05, "lon": lon}}]


def test_only_households_without_a_car_go_to_the_nearest_stop_within_their_reach(net: Any) -> None:
    east = given({"exit": EXITS[0].name}, stops=at(9.507), walk_at_most_m=500.0, people_per_household=1.5)
    people = service(net, east).passengers
    assert len(people) == 16
    assert people["people"].between(1, 2).all()
    assert people.groupby("zone")["stop"].count().to_dict() == {"main": 0, "west": 8}  # main is 1 km away
    walk_s = 0.002 * 111_200 * 0.681 * 1.273 / (4.3 / 3.6)  # a cosine, a grid's detour, 4.3 km/h
    assert (people["at_stop_s"] - people["departure_s"]).dropna().to_numpy() == pytest.approx(walk_s, rel=0.01)
    assert service(net, east, 1.0).passengers.empty


def test_an_exit_that_is_not_there_and_a_stop_without_a_street_are_named(net: Any) -> None:
    with pytest.raises(PlaceError, match="buses, 'county': there is no exit 'Nowhere'"):
        service(net, given({"exit": "Nowhere"}, stops=at(9.507)))
    with pytest.raises(PlaceError, match="buses, 'stop': no street with a way to an exit within 100 m"):
        service(net, given({"exit": EXITS[0].name}, stops=at(9.6)))


def test_a_fleet_that_cannot_come_in_is_no_error(net: Any) -> None:
    assert [line.start for line in service(net, given({"exit": EXITS[1].name}, stops=at(9.507))).lines] == [None]
