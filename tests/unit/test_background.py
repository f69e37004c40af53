"""Background traffic: how much there is, when, where it begins, and that it is nobody's evacuation."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from crossing import EXITS, Exit, make_homes, make_net
from evac.demand.background import build_background, check_through, write_background
from evac.demand.starts import FREE_CHOICE, Starts
from evac.errors import PlaceError
from evac.scenario import load_scenario
from evac.schema.background import Background
from evac.schema.driving import Driver
from small_studies import run_folder_of, town_of


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    net = make_net(tmp_path_factory.mktemp("net"))
    homes = make_homes()
    return net, Starts(homes, net, EXITS).when()(FREE_CHOICE)


def traffic(town, seed=1, **given):
    net, starts = town
    background = Background.model_validate(given)
    return build_background(background, starts, net, EXITS, seed=seed, driver=Driver())


def test_nobody_by_default(town):
    assert traffic(town).empty


def through(veh_per_h, start=EXITS[0].name, end=EXITS[1].name):
    return [{"from": start, "to": end, "veh_per_h": veh_per_h}]


def test_a_flow_is_full_until_it_ends(town):
    coming = traffic(town, through=through(600), until_min=60).query("departure_s > 0")
    assert len(coming) == pytest.approx(600, abs=1)
    assert coming["departure_s"].max() <= 3600
    assert np.diff(coming["departure_s"]).mean() == pytest.approx(6.0, rel=0.01)


def test_a_flow_that_fades_has_half_as_many_while_it_does(town):
    coming = traffic(town, through=through(600), until_min=60, fades_min=60).query("departure_s > 0")
    assert len(coming) == pytest.approx(300, abs=1)
    # at a rate that falls evenly to nothing three quarters come in the first half
    assert (coming["departure_s"] < 1800).mean() == pytest.approx(0.75, abs=0.01)


def test_at_the_order_it_stands_along_its_way_an_interval_apart(town):
    net, _ = town
    early = traffic(town, through=through(1800), until_min=1).query("departure_s == 0")
    driven_s = {}
    for row in early.itertuples():
        driven_s.setdefault(row.edge, []).append(row.pos_m / net.getEdge(row.edge).getSpeed())
    gaps = np.concatenate([np.diff(sorted(times)) for times in driven_s.values() if len(times) > 1])
    assert len(early) > 10
    assert gaps.mean() == pytest.approx(2.0, rel=0.25)


def test_more_traffic_moves_no_local_trip_that_there_was(town):
    few = traffic(town, local_trips_per_household_h=0.5)
    both = traffic(town, local_trips_per_household_h=0.5, through=through(300))
    columns = ["departure_s", "edge", "pos_m", "to_edge", "informed", "speed_factor"]
    local = both[both["kind"] == "local"].reset_index(drop=True)
    pd.testing.assert_frame_equal(few[columns].reset_index(drop=True), local[columns])
    assert len(few) > 10
    assert (few["edge"] != few["to_edge"]).all()


def test_an_exit_that_is_not_there_is_told_with_those_that_are(town):
    with pytest.raises(PlaceError, match="there is no exit 'nowhere'"):
        traffic(town, through=through(100, end="nowhere"))


def test_who_can_no_longer_come_in_under_a_plan_is_counted_and_not_made(tmp_path, town):
    _, starts = town
    turned_round = make_net(tmp_path, without=("e_x",))
    table = traffic((turned_round, starts), through=through(600), until_min=60)
    assert len(table) == 600
    assert not table["made"].any()


def test_at_an_exit_that_a_plan_leaves_no_lane_nothing_comes_in_or_goes_out(town):
    net, starts = town
    shut = (Exit(EXITS[0].name, ()), EXITS[1])
    for one, other in (shut, shut[::-1]):
        given = Background.model_validate({"through": through(600, one.name, other.name), "until_min": 60})
        table = build_background(given, starts, net, shut, seed=1, driver=Driver())
        assert not table["made"].any()
        assert len(table) == 600
    with pytest.raises(PlaceError, match="turns every lane out of it round"):
        check_through(Background.model_validate({"through": through(600)}), net, shut)


def test_under_normal_rules_traffic_that_cannot_come_in_is_a_mistake(tmp_path, town):
    net, _ = town
    given = Background.model_validate({"through": through(600)})
    check_through(given, net, EXITS)
    with pytest.raises(PlaceError, match="no traffic can come in at the exit 'east & out'"):
        check_through(given, make_net(tmp_path, without=("e_x",)), EXITS)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"through": [{"from": "a", "to": "a", "veh_per_h": 1}]}, "same exit"),
        ({"until_min": 10, "fades_min": 20}, "longer than"),
    ],
)
def test_what_makes_no_sense_is_refused(given, named):
    with pytest.raises(ValueError, match=named):
        Background.model_validate(given)


def test_the_route_file_names_every_vehicle_once(town, tmp_path):
    vehicles = traffic(town, through=through(300), local_trips_per_household_h=0.5)
    write_background(vehicles, EXITS, tmp_path / "background.rou.xml")
    text = (tmp_path / "background.rou.xml").read_text()
    assert text.count("<trip ") == len(vehicles) == vehicles["vehicle"].nunique()


def test_a_trip_whose_way_the_plan_closes_is_not_made(town):
    net, starts = town
    given = Background.model_validate({"through": through(600), "local_trips_per_household_h": 1, "until_min": 60})
    shut = frozenset(EXITS[1].edges)
    table = build_background(
        given, starts, net, EXITS, seed=1, driver=Driver(), closed=[(0.0, frozenset()), (1200.0, shut)]
    )
    passing = table[table["kind"] == "through"]
    assert passing.loc[passing["departure_s"] < 1200, "made"].all()
    assert not passing.loc[passing["departure_s"] > 1200, "made"].any()
    assert (passing["departure_s"] > 1200).sum() > 100


def test_where_a_hazard_takes_all_roads_in_the_end_nobody_drives_from_home_to_home(town):
    net, starts = town
    given = Background.model_validate({"through": through(600), "local_trips_per_household_h": 1, "until_min": 60})
    everything = frozenset(edge.getID() for edge in net.getEdges())
    table = build_background(
        given, starts, net, EXITS, seed=1, driver=Driver(), closed=[(0.0, frozenset()), (1200.0, everything)]
    )
    assert not table.loc[table["kind"] == "local", "made"].any()
    assert table.loc[(table["kind"] == "through") & (table["departure_s"] < 1200), "made"].all()


def test_a_run_goes_on_when_a_plan_closes_the_exit_that_through_traffic_is_bound_for(tmp_path):
    town_of("25-exit-closes", tmp_path)
    with (tmp_path / "scenario.yaml").open("a") as file:
        file.write("background:\n  through: [{from: East, to: West, veh_per_h: 300}]\n  until_min: 40\n")
        file.write("  local_trips_per_household_h: 0.5\n")
    folder = run_folder_of(load_scenario(tmp_path), tmp_path / ".evac", str(tmp_path / "west-closes.yaml"))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["evacuated"] == manifest["planned"] == 300
    assert manifest["background_not_made"] > 50
    became = ("arrived", "driving", "waiting", "not_made")
    assert sum(manifest[f"background_{what}"] for what in became) == manifest["background"]


def test_in_a_run_it_is_accounted_for_and_in_no_clearance_time(tmp_path):
    town_of("15-assigned-exits", tmp_path)
    scenario = tmp_path / "scenario.yaml"
    with scenario.open("a") as file:
        file.write("background:\n  through: [{from: West, to: East, veh_per_h: 300}]\n  until_min: 30\n")
    manifest = json.loads((run_folder_of(load_scenario(tmp_path), tmp_path / ".evac") / "manifest.json").read_text())
    on_their_way = 3000 / (50 / 3.6) * 300 / 3600  # 3 km at 50 km/h
    assert manifest["background"] == pytest.approx(150 + on_their_way, abs=2)
    assert manifest["background_arrived"] == manifest["background"]
    assert manifest["planned"] == manifest["evacuated"] == 250
    assert manifest["exits"] == {"East": 150, "West": 100}
