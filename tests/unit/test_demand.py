from __future__ import annotations

from importlib import resources
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
import sumolib

from crossing import EXITS, make_homes, make_net, scenario
from evac import sumo
from evac.demand import COLUMNS, build_demand
from evac.demand.orders import NORMAL_RULES, staying
from evac.demand.routes import routing_options, write_exit_zones, write_trips
from evac.errors import ScenarioError
from evac.schema.demand import VehiclesPerHousehold


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> sumolib.net.Net:
    return make_net(tmp_path_factory.mktemp("net"))


def demand(net: sumolib.net.Net, homes: pd.DataFrame, case: float | VehiclesPerHousehold = 1.5, **changes: object):
    model = scenario(**changes)
    return build_demand(
        homes,
        vehicles_per_household=case,
        departure=model.departures[0],
        seed=1,
        scenario=model,
        net=net,
        exits=EXITS,
    )


def test_one_row_a_planned_vehicle(net: sumolib.net.Net) -> None:
    vehicles = demand(net, make_homes())
    assert list(vehicles.columns) == list(COLUMNS)
    assert len(vehicles) == 60
    assert vehicles["vehicle"].is_unique
    assert (vehicles["status"] == "planned").all()


def test_cases_share_their_vehicles(net: sumolib.net.Net) -> None:
    fewer, more = (demand(net, make_homes(), case).set_index("vehicle") for case in (1.0, 2.0))
    pd.testing.assert_frame_equal(fewer, more.loc[fewer.index])
    assert more.groupby("household")["departure_s"].nunique().eq(2).all()


def test_a_zone_without_cars_sends_none_and_is_counted(net: sumolib.net.Net) -> None:
    case = VehiclesPerHousehold(name="census", distribution={1: 1.0}, by_zone={"west": {0: 1.0}})
    vehicles, homes = demand(net, make_homes(), case), make_homes()
    assert set(vehicles["zone"]) == set(homes["zone"]) - {"west"}
    stays = staying(homes["zone"], case, 1, NORMAL_RULES)
    assert stays.without_vehicle == {"west": int(homes["zone"].eq("west").sum())}


def test_households_added_elsewhere_change_no_vehicle(net: sumolib.net.Net) -> None:
    homes = make_homes()
    added = pd.concat([make_homes(2, household=[100, 101], zone="new"), homes], ignore_index=True)
    before, after = (demand(net, given, 1.0).set_index("vehicle") for given in (homes, added))
    pd.testing.assert_frame_equal(before, after.loc[before.index])


def test_direction_is_that_of_the_quicker_way_out(net: sumolib.net.Net) -> None:
    starts = demand(net, make_homes(), 1.0).groupby("zone")["edge"].unique()
    assert starts["west"].tolist() == ["w_x"]
    assert starts["main"].tolist() == ["x_e"]


def test_position_is_beside_the_household(net: sumolib.net.Net) -> None:
    west = demand(net, make_homes(), 1.0).query("zone == 'west'")
    half_m = net.getEdge("w_x").getLength() / 2
    assert west["pos_m"].to_numpy() == pytest.approx(half_m, abs=20)


def test_car_fits_at_the_ends_of_an_edge(net: sumolib.net.Net) -> None:
    at_the_start = demand(net, make_homes(street_lon=9.50, way_id=1, street="West Street"), 1.0)
    at_the_end = demand(net, make_homes(street_lon=9.5099, way_id=1, street="West Street"), 1.0)
    assert (at_the_start["pos_m"] == 5.0).all()
    assert (at_the_end["pos_m"] <= net.getEdge("w_x").getLength() - 1.0).all()


def test_zone_held_to_an_exit_starts_towards_it(net: sumolib.net.Net) -> None:
    choice = {"kind": "assigned", "by_zone": {"main": "north"}}
    vehicles = demand(net, make_homes(), 1.0, exit_choice=choice)
    assert vehicles.groupby("zone")["edge"].unique()["main"].tolist() == ["e_x"]
    assert set(vehicles.loc[vehicles["zone"] == "main", "exit"]) == {"north"}
    assert vehicles.loc[vehicles["zone"] == "west", "exit"].isna().all()


@pytest.mark.parametrize(
    "choice",
    [{"kind": "assigned", "by_zone": {"main": "south"}}, {"kind": "shares", "shares": {"south": 0.5}}],
)
def test_unknown_assigned_exit_is_the_users_mistake(net: sumolib.net.Net, choice: dict[str, object]) -> None:
    with pytest.raises(ScenarioError, match="'south', which isn't among the exits"):
        demand(net, make_homes(), exit_choice=choice)


def test_households_are_bound_for_exits_by_their_shares(net: sumolib.net.Net) -> None:
    names = [exit_edges.name for exit_edges in EXITS]
    choice = {"kind": "shares", "shares": {names[0]: 0.5, names[1]: 0.3}, "by_zone": {"west": names[1]}}
    homes = pd.concat([make_homes()] * 50, ignore_index=True)
    homes["household"] = np.arange(len(homes))
    vehicles = demand(net, homes, 2.0, exit_choice=choice)
    assert vehicles.groupby("household")["exit"].nunique(dropna=False).eq(1).all()
    assert vehicles.loc[vehicles["zone"] == "west", "exit"].eq(names[1]).all()
    drawn = vehicles[vehicles["zone"] != "west"].drop_duplicates("household")["exit"]
    four_sd = 4 * np.sqrt(0.25 / len(drawn))
    assert drawn.eq(names[0]).mean() == pytest.approx(0.5, abs=four_sd)
    assert drawn.isna().mean() == pytest.approx(0.2, abs=four_sd)
    fewer = demand(net, homes, 1.0, exit_choice=choice).set_index("vehicle")["exit"]
    pd.testing.assert_series_equal(fewer, vehicles.set_index("vehicle")["exit"].loc[fewer.index])


def test_no_way_out_is_counted_and_explained(net: sumolib.net.Net) -> None:
    trapped = make_homes(street_lon=9.51, street_lat=47.045, way_id=4, street="Cul-de-sac")
    vehicles = demand(net, trapped)
    assert len(vehicles) == 60
    assert set(vehicles["status"]) == {"no_route"}
    assert set(vehicles["reason"]) == {"no way to an exit from Cul-de-sac"}


def test_unconnected_households_are_planned_too(net: sumolib.net.Net) -> None:
    homes = make_homes(connected=[False, *[True] * 39], reason=["300 m from a street", *[None] * 39])
    first = demand(net, homes, 1.0).iloc[0]
    assert (first["status"], first["reason"]) == ("no_route", "300 m from a street")


def test_zero_car_households_have_no_vehicles(net: sumolib.net.Net) -> None:
    case = VehiclesPerHousehold(name="census", distribution={0: 0.25, 1: 0.75})
    assert demand(net, make_homes(), case)["household"].nunique() == 30


def test_households_survive_a_plan_that_takes_their_way(tmp_path: Path) -> None:
    reversed_only = make_net(tmp_path, without=("e_x",))
    renumbered = make_homes(way_id=99)
    assert set(demand(reversed_only, renumbered, 1.0)["edge"]) == {"w_x", "x_e"}


def test_far_from_every_road_of_the_plan(net: sumolib.net.Net) -> None:
    vehicles = demand(net, make_homes(street_lat=47.052))
    assert set(vehicles["reason"]) == {"no road for cars within 50 m under this plan"}


def test_informed_share_is_as_given(net: sumolib.net.Net) -> None:
    homes = make_homes(2000)
    informed = {share: demand(net, homes, 1.0, driver={"informed_share": share})["informed"] for share in (0.3, 0.8)}
    assert informed[0.3].mean() == pytest.approx(0.3, abs=0.03)
    assert (informed[0.3] <= informed[0.8]).all()


def test_trips_are_sorted_and_load_in_sumo(net: sumolib.net.Net, tmp_path: Path) -> None:
    model = scenario(exit_choice={"kind": "assigned", "by_zone": {"main": "east & out"}})
    vehicles = demand(net, make_homes(), exit_choice=model.exit_choice.model_dump())
    net_file = tmp_path / "n.net.xml"
    make_net(tmp_path)
    write_exit_zones(EXITS, tmp_path / "exits.add.xml")
    routes = tmp_path / "trips.rou.xml"
    write_trips(vehicles, EXITS, routes, driver=model.driver, traffic=model.traffic, capacity_factor=1.0)
    trips = ET.parse(routes).getroot().findall("trip")
    times_s = [float(trip.attrib["depart"]) for trip in trips]
    assert times_s == sorted(times_s)
    assert {trip.attrib["toTaz"] for trip in trips} == {"any_exit", "exit_0"}
    options = ["-n", net_file, "-r", routes, "-a", tmp_path / "exits.add.xml", "--tripinfo-output", tmp_path / "t.xml"]
    sumo.run("sumo", [*options, *routing_options(model.simulation, model.driver), "--no-step-log"])
    done = ET.parse(tmp_path / "t.xml").getroot().findall("tripinfo")
    assert {item.attrib["id"] for item in done} == set(vehicles["vehicle"])
    driven = {item.attrib["id"]: float(item.attrib["speedFactor"]) for item in done}
    assert np.allclose(vehicles["speed_factor"], vehicles["vehicle"].map(driven), atol=0.01)


def test_no_road_admits_a_type_that_nobody_has(net: sumolib.net.Net, tmp_path: Path) -> None:
    """SUMO keeps judged travel times of each type of a class that roads admit, its own default types among them."""
    model = scenario()
    routes = tmp_path / "trips.rou.xml"
    write_trips(
        demand(net, make_homes()), EXITS, routes, driver=model.driver, traffic=model.traffic, capacity_factor=1.0
    )
    defaults = {"VEH": "passenger", "TAXI": "taxi", "BIKE": "bicycle", "PED": "pedestrian", "RAIL": "rail"}
    classes = {f"DEFAULT_{kind}TYPE": vclass for kind, vclass in {**defaults, "CONTAINER": "container"}.items()}
    kinds = ET.parse(routes).getroot().findall("vType")
    classes |= {kind.attrib["id"]: kind.attrib["vClass"] for kind in kinds if kind.attrib["id"] in classes}
    roads = ET.fromstring(resources.files("evac.network").joinpath("roads.typ.xml").read_text()).findall("type")
    admitted = {vclass for road in roads for vclass in road.attrib["allow"].split()}
    assert admitted
    assert admitted.isdisjoint(classes.values())
    driven = [kind.attrib["vClass"] for kind in kinds if kind.attrib["vClass"] in admitted]
    assert len(driven) == len(set(driven)), "of two types of a class SUMO keeps the same times twice"


def test_who_is_not_informed_never_looks_for_another_way(net: sumolib.net.Net, tmp_path: Path) -> None:
    model = scenario()
    vehicles = demand(net, make_homes())
    write_trips(vehicles, EXITS, tmp_path / "r.xml", driver=model.driver, traffic=model.traffic, capacity_factor=1.0)
    periods = {trip.attrib["id"]: trip.find("param") for trip in ET.parse(tmp_path / "r.xml").getroot().iter("trip")}
    going = vehicles[vehicles["status"] == "planned"].set_index("vehicle")["informed"]
    assert 0 < going.mean() < 1
    looks_once = {name for name, item in periods.items() if item is not None}
    assert looks_once == set(going.index[~going])
    assert {item.attrib["value"] for item in periods.values() if item is not None} == {"0"}


def test_same_demand_same_bytes(net: sumolib.net.Net, tmp_path: Path) -> None:
    model = scenario()
    for name in ("one", "other"):
        write_trips(
            demand(net, make_homes()),
            EXITS,
            tmp_path / name,
            driver=model.driver,
            traffic=model.traffic,
            capacity_factor=1.0,
        )
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
