"""Refuges on the net, and who is bound for one from home."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import sumolib
from pydantic import ValidationError

from crossing import EXITS, make_homes, make_net, scenario
from evac.demand import build_demand
from evac.demand.starts import ANY_REFUGE, Starts
from evac.errors import PlaceError
from evac.hazards.refuges import ResolvedRefuge, refuges_under, resolve_refuges
from evac.network.places import StreetIndex
from evac.schema.refuge import Refuge
from evac.schema.scenario import Scenario
from plan_town import STREETS

SHELTER = ResolvedRefuge("shelter", ("x_w",), 10, 9.50, 47.05)  # from the crossing back along West Street


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> sumolib.net.Net:
    return make_net(tmp_path_factory.mktemp("net"))


def _found(net: sumolib.net.Net, *refuges: Refuge) -> tuple[ResolvedRefuge, ...]:
    lines = {(item.name, edge) for item in EXITS for edge in item.edges}
    return resolve_refuges(StreetIndex(net, STREETS), refuges, lines, "scenario.yaml: refuges")


def test_a_refuge_is_reached_on_the_road_beside_its_point_from_both_sides(net: sumolib.net.Net) -> None:
    (found,) = _found(net, Refuge.model_validate({"name": "S", "at": {"lat": 47.0501, "lon": 9.505}, "vehicles": 5}))
    assert found == ResolvedRefuge("S", ("w_x", "x_w"), 5, 9.505, 47.0501)


def test_a_refuge_s_area_is_entered_by_the_roads_that_end_in_it_or_else_by_the_nearest(
    net: sumolib.net.Net, tmp_path: Path
) -> None:
    shapes = {"in": shapely.box(9.495, 47.045, 9.505, 47.055), "beside": shapely.box(9.503, 47.0502, 9.507, 47.052)}
    found = []
    for name, shape in shapes.items():
        file = tmp_path / f"{name}.geojson"
        gpd.GeoDataFrame(geometry=[shape], crs="EPSG:4326").to_file(file)
        found += _found(net, Refuge(name=name, area=file, vehicles=5))
    assert [item.edges for item in found] == [("x_w",), ("w_x", "x_w")]


def test_a_refuge_that_cant_be_is_refused_with_the_reason(net: sumolib.net.Net) -> None:
    at = {"lat": 47.0501, "lon": 9.505}
    wrong = {
        "no road for cars within 50 m": {"name": "far", "at": {"lat": 47.06, "lon": 9.50}},
        "an exit has the same name": {"name": "north", "at": at},
        "at the same piece of road as at the exit 'east & out'": {"name": "line", "at": {"lat": 47.05, "lon": 9.52}},
    }
    for words, item in wrong.items():
        with pytest.raises(PlaceError, match=words):
            _found(net, Refuge.model_validate({**item, "vehicles": 5}))
    twice = [Refuge.model_validate({"name": name, "at": at, "vehicles": 5}) for name in ("one", "two")]
    with pytest.raises(PlaceError, match="at the same piece of road as at the refuge 'one'"):
        _found(net, *twice)
    with pytest.raises(ValidationError, match="either with 'at' or with 'area'"):
        Refuge.model_validate({"name": "nowhere", "vehicles": 5})


def test_a_refuge_whose_roads_a_plan_has_taken_is_none(net: sumolib.net.Net) -> None:
    gone = ResolvedRefuge("gone", ("not there",), 10, 9.5, 47.0)
    assert refuges_under([SHELTER, gone], net) == (SHELTER,)


def test_an_exit_and_a_refuge_have_different_names() -> None:
    refuge = {"name": "East", "at": {"lat": 47.0, "lon": 9.0}, "vehicles": 5}
    given = {"name": "x", "osm": {"file": "x.osm"}, "households": {"zones": {"file": "z.gpkg", "count": "n"}}}
    with pytest.raises(ValidationError, match="'exits and refuges' has 'East' twice"):
        Scenario.model_validate({**given, "exits": [{"name": "East", "street": "M"}], "refuges": [refuge]})


def _demand(net: sumolib.net.Net, closed: list[tuple[float, frozenset[str]]], **changes: object) -> pd.DataFrame:
    """Return the cars of the crossing's homes, one each, with roads closed from a second on."""
    model, homes = scenario(**changes), make_homes()
    where = Starts(homes, net, EXITS, [SHELTER])
    starts = [(s, where.when(edges)) for s, edges in closed]
    return build_demand(
        homes,
        vehicles_per_household=1.0,
        departure=model.departures[0],
        seed=1,
        scenario=model,
        net=net,
        exits=EXITS,
        starts=starts,
        refuges=[SHELTER],
    )


def test_who_has_no_way_out_any_more_leaves_for_a_refuge(net: sumolib.net.Net) -> None:
    cut_s = 1200.0
    vehicles = _demand(net, [(0.0, frozenset()), (cut_s, frozenset({"x_e", "x_n"}))])
    late = vehicles["departure_s"] >= cut_s
    assert late.any()
    assert not late.all()
    assert (vehicles["status"] == "planned").all()
    assert vehicles.loc[~late, "exit"].isna().all()
    assert (vehicles.loc[late, "exit"] == ANY_REFUGE).all()
    main = vehicles["zone"] == "main"
    assert set(vehicles.loc[late & main, "edge"]) == {"e_x"}  # the way to the crossing, and on to the shelter
    assert vehicles["held_until_s"].isna().all()


def test_who_gets_a_way_out_later_waits_for_it_at_home(net: sumolib.net.Net) -> None:
    vehicles = _demand(net, [(0.0, frozenset({"x_e", "x_n"})), (1200.0, frozenset())])
    early = vehicles["departure_s"] < 1200.0
    assert (vehicles.loc[early, "held_until_s"] == 1200.0).all()
    assert vehicles["exit"].isna().all()


def test_a_zone_can_be_bound_for_a_refuge_and_takes_an_exit_when_that_cant_be_reached(net: sumolib.net.Net) -> None:
    bound = {"kind": "assigned", "by_zone": {"main": "shelter"}}
    vehicles = _demand(net, [(0.0, frozenset())], exit_choice=bound)
    main = vehicles["zone"] == "main"
    assert (vehicles.loc[main, "exit"] == "shelter").all()
    assert set(vehicles.loc[main, "edge"]) == {"e_x"}
    assert vehicles.loc[~main, "exit"].isna().all()
    without = _demand(net, [(0.0, frozenset({"x_w"}))], exit_choice=bound)
    assert without["exit"].isna().all()
    assert set(without.loc[without["zone"] == "main", "edge"]) == {"x_e"}
    assert (without["status"] == "planned").all()
