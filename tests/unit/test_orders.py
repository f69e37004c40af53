"""A plan moves, holds back, adds and diverts exactly whom it names; all others are as under normal rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sumolib
from pydantic import TypeAdapter

from crossing import EXITS, make_homes, make_net, scenario
from evac.demand import build_demand
from evac.demand.departures import left_by
from evac.demand.misdirected import misdirected
from evac.demand.order_checks import check_orders
from evac.demand.orders import NORMAL_RULES, Orders, driver_under, is_staged, orders_of, staying
from evac.demand.starts import FREE_CHOICE, Starts, StartsOf
from evac.plans.model import AnyAction
from evac.plans.reading import load_plan
from evac.schema.demand import Compliance, Departure
from evac.schema.driving import Driver

HOUSEHOLDS = 400
ZONES, NAMES = ("west", "main"), tuple(item.name for item in EXITS)
_ACTION: TypeAdapter[Any] = TypeAdapter(AnyAction)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> sumolib.net.Net:
    return make_net(tmp_path_factory.mktemp("net"))


@pytest.fixture(scope="module")
def usual(net: sumolib.net.Net) -> pd.DataFrame:
    return demand(net)


def orders(*actions: dict[str, Any]) -> Orders:
    return orders_of([_ACTION.validate_python(action) for action in actions])


def demand(
    net: sumolib.net.Net,
    *actions: dict[str, Any],
    case: float = 1.5,
    starts: Sequence[tuple[float, StartsOf]] | None = None,
    **changes: Any,
) -> pd.DataFrame:
    """Return the demand under the actions, by vehicle; `changes` are of the scenario."""
    model = scenario(**changes)
    vehicles = build_demand(
        make_homes(HOUSEHOLDS),
        vehicles_per_household=case,
        departure=model.departures[0],
        seed=1,
        scenario=model,
        net=net,
        exits=EXITS,
        orders=orders(*actions),
        starts=starts,
    )
    return vehicles.set_index("vehicle")


def same(one: pd.DataFrame, other: pd.DataFrame, but: Sequence[str] = ()) -> None:
    pd.testing.assert_frame_equal(one.drop(columns=list(but)), other.drop(columns=list(but)))


def phase(offset_min: float = 30, **more: Any) -> dict[str, Any]:
    return {"do": "phase", "zones": ["west"], "offset_min": offset_min, **more}


def only(*zones: str, shadow_share: float = 0.0) -> dict[str, Any]:
    return {"do": "evacuate_only", "zones": zones, "shadow_share": shadow_share}


def behaviour(**changes: Any) -> dict[str, Any]:
    return {"do": "behaviour", **changes}


def divert(**changes: Any) -> dict[str, Any]:
    return {"do": "divert", "zones": ["main"], "to_exit": "north", **changes}


def test_no_orders_are_normal_rules(usual: pd.DataFrame) -> None:
    assert orders() == NORMAL_RULES
    assert usual["ordered"].all()


def test_roads_and_approaches_are_no_orders() -> None:
    close = {"do": "close", "exit": "north"}
    assert orders(close, {"do": "divert", "approach": {"street": "Main Street"}, "to_exit": "north"}) == NORMAL_RULES


def test_a_phase_moves_its_zone_and_nobody_else(net: sumolib.net.Net, usual: pd.DataFrame) -> None:
    held_back = demand(net, phase(30))
    same(usual, held_back, but=["departure_s"])
    moved_s = held_back["departure_s"] - usual["departure_s"]
    assert moved_s[usual["zone"] == "west"].to_numpy() == pytest.approx(1800.0, abs=1e-6)
    assert (moved_s[usual["zone"] == "main"] == 0.0).all()


def test_a_phase_with_its_own_curve_keeps_the_order_of_departures(net: sumolib.net.Net, usual: pd.DataFrame) -> None:
    curve = {"form": "uniform", "until_min": 10}
    own = demand(net, phase(30, curve=curve))["departure_s"][usual["zone"] == "west"]
    before = usual["departure_s"][usual["zone"] == "west"]
    assert own.between(1800, 2400).all()
    assert own.mean() == pytest.approx(2100, abs=60)
    assert (own.rank() - before.rank()).abs().max() < 3  # to 0.1 s, neighbours may tie
    whole = Departure.model_validate({"name": "own", "curve": curve})
    assert own.median() / 60 == pytest.approx(30 + left_by(whole, 0.5), abs=1)


def test_zones_not_ordered_stay_at_home(net: sumolib.net.Net, usual: pd.DataFrame) -> None:
    same(usual[usual["zone"] == "west"], demand(net, only("west")))


def test_shadow_evacuees_are_nested_and_as_they_would_be_if_ordered(net: sumolib.net.Net, usual: pd.DataFrame) -> None:
    few, many, everybody = (demand(net, only("west", shadow_share=share)) for share in (0.2, 0.5, 1.0))
    assert set(few.index) < set(many.index) < set(everybody.index) == set(usual.index)
    assert (few["ordered"] == (few["zone"] == "west")).all()
    for some in (few, many, everybody):
        same(usual.loc[some.index], some, but=["ordered"])
    unasked = few.loc[~few["ordered"], "household"].nunique()
    assert unasked == pytest.approx(0.2 * HOUSEHOLDS / 2, abs=3 * np.sqrt(HOUSEHOLDS / 2 * 0.2 * 0.8))


def test_a_household_leaves_unasked_with_all_its_vehicles(net: sumolib.net.Net, usual: pd.DataFrame) -> None:
    some = demand(net, only("west", shadow_share=0.5))
    pd.testing.assert_series_equal(
        some.groupby("household").size(), usual.groupby("household").size().loc[some["household"].unique()]
    )


def test_campaign_leaves_the_last_vehicles_at_home_and_all_else_as_it_is(
    net: sumolib.net.Net, usual: pd.DataFrame
) -> None:
    sizes = {}
    for share in (0.3, 0.7, 1.0):
        kept = demand(net, behaviour(at_most_vehicles=1, followed_by=share))
        same(usual.loc[kept.index], kept)
        sizes[share] = set(kept.index)
        left = staying(make_homes(HOUSEHOLDS)["zone"], 1.5, 1, orders(behaviour(at_most_vehicles=1, followed_by=share)))
        assert (left.households_not_ordered, left.vehicles_left_at_home) == (0, len(usual) - len(kept))
    assert sizes[0.3] > sizes[0.7] > sizes[1.0]
    assert len(sizes[1.0]) == HOUSEHOLDS


def test_all_households_and_vehicles_are_accounted_for(net: sumolib.net.Net, usual: pd.DataFrame) -> None:
    actions = (only("west", shadow_share=0.4), behaviour(at_most_vehicles=1, followed_by=0.5))
    vehicles = demand(net, *actions)
    left = staying(make_homes(HOUSEHOLDS)["zone"], 1.5, 1, orders(*actions))
    ordered = vehicles.loc[vehicles["ordered"], "household"].nunique()
    assert ordered + left.households_not_ordered == HOUSEHOLDS
    leaving = usual[usual["household"].isin(vehicles["household"])]
    assert len(vehicles) + left.vehicles_left_at_home == len(leaving)


def test_who_defies_the_order_stays_is_counted_and_changes_nobody_else(
    net: sumolib.net.Net, usual: pd.DataFrame
) -> None:
    homes, leaving = make_homes(HOUSEHOLDS), {}
    for share in (0.3, 0.8):
        given = {"share": share, "by_zone": {"west": 1.0}}
        vehicles = demand(net, compliance=given)
        same(usual.loc[vehicles.index], vehicles)
        leaving[share] = set(vehicles["household"])
        left = staying(homes["zone"], 1.5, 1, NORMAL_RULES, Compliance(**given))
        assert len(leaving[share]) + left.households_defying == HOUSEHOLDS
        assert (left.without_vehicle, left.vehicles_left_at_home) == ({}, 0)
        assert homes.loc[homes["zone"] == "west", "household"].isin(leaving[share]).all()
        main = homes.loc[homes["zone"] == "main", "household"]
        assert main.isin(leaving[share]).mean() == pytest.approx(share, abs=0.1)
    assert leaving[0.3] < leaving[0.8]


def test_who_is_not_ordered_defies_nothing() -> None:
    left = staying(make_homes(HOUSEHOLDS)["zone"], 1.5, 1, orders(only("west")), Compliance(share=0.0))
    assert (left.households_not_ordered, left.households_defying) == (HOUSEHOLDS // 2, HOUSEHOLDS // 2)


def test_informed_share_and_profile_are_the_plans(net: sumolib.net.Net, usual: pd.DataFrame) -> None:
    changed = demand(net, behaviour(informed_share=0.2), behaviour(profile="aggressive"))
    same(usual, changed, but=["informed", "speed_factor"])
    assert (changed["informed"] <= usual["informed"]).all()
    assert changed["informed"].mean() == pytest.approx(0.2, abs=0.06)
    assert (changed["speed_factor"] - usual["speed_factor"]).to_numpy() == pytest.approx(0.1, abs=2e-3)
    driver = driver_under(orders(behaviour(informed_share=0.2), behaviour(profile="aggressive")), Driver())
    assert driver == Driver(informed_share=0.2, profile="aggressive")


def test_diverted_households_go_together_and_start_towards_their_exit(
    net: sumolib.net.Net, usual: pd.DataFrame
) -> None:
    few, most = (demand(net, divert(compliance=share)) for share in (0.3, 0.8))
    told = few["exit"].eq("north")
    same(usual[~told], few[~told])
    same(usual, few, but=["exit", "edge", "pos_m"])
    assert set(few.loc[told, "edge"]) == {"e_x"}
    assert set(few.loc[told, "zone"]) == {"main"}
    assert few.groupby("household")["exit"].nunique(dropna=False).eq(1).all()
    assert (told <= most["exit"].eq("north")).all()
    assert told[few["zone"] == "main"].mean() == pytest.approx(0.3, abs=0.1)


def test_a_diversion_holds_for_those_who_leave_meanwhile(net: sumolib.net.Net, usual: pd.DataFrame) -> None:
    when = {"from_min": 10, "setup_min": 5, "until_min": 40}
    diverted = demand(net, divert(when=when))["exit"].eq("north")
    expected = usual["zone"].eq("main") & usual["departure_s"].ge(900) & usual["departure_s"].lt(2400)
    assert diverted.equals(expected)
    assert 0 < diverted.sum() < usual["zone"].eq("main").sum()


def test_vehicles_start_by_the_roads_that_are_open_when_they_leave(net: sumolib.net.Net, usual: pd.DataFrame) -> None:
    homes = make_homes(HOUSEHOLDS)
    starts = [(0.0, Starts(homes, net, EXITS).when())]
    same(usual, demand(net, starts=starts))
    trapped = make_homes(HOUSEHOLDS, connected=False, reason="the bridge is closed")
    nobody = Starts(trapped, net, EXITS).when()(FREE_CHOICE)
    some = demand(net, starts=[*starts, (1800.0, lambda _: nobody)])
    after = some["departure_s"] >= 1800
    assert 0 < after.sum() < len(some)
    same(usual[~after], some[~after])
    assert set(some.loc[after, "status"]) == {"no_route"}
    assert set(some.loc[after, "reason"]) == {"the bridge is closed"}


def test_who_is_sent_where_no_way_leads_is_counted_where_another_way_is_open(net: sumolib.net.Net) -> None:
    homes = make_homes(HOUSEHOLDS)
    normally = Starts(homes, net, EXITS).when()
    nowhere = Starts(make_homes(HOUSEHOLDS, connected=False), net, EXITS).when()(FREE_CHOICE)
    starts = [(0.0, lambda name: nowhere if name == "north" else normally(name))]
    sent = demand(net, divert(), starts=starts)
    assert misdirected(sent, homes, starts) == {"north": int(sent["zone"].eq("main").sum())}
    assert misdirected(demand(net, divert()), homes, [(0.0, normally)]) == {}
    all_shut = [(0.0, lambda _: nowhere)]
    assert misdirected(demand(net, divert(), starts=all_shut), homes, all_shut) == {}


def test_starts_must_begin_with_the_order(net: sumolib.net.Net) -> None:
    starts = Starts(make_homes(HOUSEHOLDS), net, EXITS).when()
    with pytest.raises(ValueError, match="expected 0 and rising"):
        demand(net, starts=[(60.0, starts)])


def test_starts_are_found_once_for_each_exit(net: sumolib.net.Net) -> None:
    starts = Starts(make_homes(), net, EXITS).when()
    assert starts("north") is starts("north")
    assert set(starts("north")["edge"]) == {"w_x", "e_x"}


@pytest.mark.parametrize(
    ("actions", "where", "what", "remedy"),
    [
        ([phase(zones=["wset"])], "phase wset", "no zone 'wset'", "did you mean 'west'"),
        ([only("port")], "evacuate_only port", "no zone 'port'", "the zones are main, west"),
        ([divert(to_exit="nroth")], "divert main", "no exit 'nroth'", "did you mean 'north'"),
        ([phase(10), phase(20, label="late")], "", "zones west leave in two waves: 'phase west' and 'late'", "one of"),
        ([divert(), divert(to_exit="east & out")], "", "zones main are sent to two exits at the same time", "one of"),
        ([only("west"), only("main")], "", "more than once who is ordered to leave", "join them"),
        ([only("main"), phase()], "phase west", "zones west, which 'evacuate_only main' doesn't order", "leave them"),
        ([only("west"), divert()], "divert main", "zones main, which 'evacuate_only west' doesn't order", "leave them"),
        ([behaviour(profile="calm"), behaviour(profile="normal")], "", "'profile' more than once: calm and", "leave"),
        ([behaviour()], "behaviour", "changes nothing", "informed_share"),
        ([behaviour(informed_share=0.5, followed_by=0.5)], "behaviour", "without 'at_most_vehicles'", "leave"),
    ],
)
def test_what_makes_no_sense_is_told(actions: list[dict[str, Any]], where: str, what: str, remedy: str) -> None:
    (problem,) = check_orders(orders(*actions), ZONES, NAMES, "plan.yaml")
    assert problem.where == (f"plan.yaml, '{where}'" if where else "plan.yaml")
    assert what in problem.what
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    "actions",
    [
        [phase(10), phase(20, zones=["main"])],
        [divert(when={"until_min": 30}), divert(to_exit="east & out", when={"from_min": 30})],
        [only("west", shadow_share=0.1), divert()],
        [behaviour(profile="calm"), behaviour(at_most_vehicles=1, followed_by=0.5)],
    ],
)
def test_what_makes_sense_is_accepted(actions: list[dict[str, Any]]) -> None:
    assert check_orders(orders(*actions), ZONES, NAMES, "plan.yaml") == []


def test_a_driving_style_from_a_plan_file_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "calm.yaml").write_text("name: Calm\nactions:\n  - {do: behaviour, profile: calm}\n")
    actions = [item.action for item in load_plan("calm", tmp_path).actions]
    assert check_orders(orders_of(actions), ZONES, NAMES, "calm.yaml") == []


@pytest.mark.parametrize(
    ("phases", "only", "staged"),
    [
        ({}, None, False),
        ({("A", "B", "C"): 30}, None, False),
        ({("A", "B"): 30, ("C",): 30}, None, False),
        ({("A", "B"): 30}, None, True),
        ({("A",): 0, ("B",): 0}, None, False),
        ({("A",): 10, ("B", "C"): 30}, None, True),
        ({("A", "B"): 30}, ("A", "B"), False),
        ({("A",): 30}, ("A", "B"), True),
    ],
)
def test_waves_are_staged_only_where_zones_are_told_at_different_times(
    phases: dict[tuple[str, ...], int], only: tuple[str, ...] | None, *, staged: bool
) -> None:
    """A NUREG table's row: all of the zones half an hour later together is no staged evacuation."""
    some: list[dict[str, Any]] = [
        {"do": "phase", "zones": zones, "offset_min": offset_min} for zones, offset_min in phases.items()
    ]
    some += [{"do": "evacuate_only", "zones": only}] if only else []
    orders = orders_of([TypeAdapter(AnyAction).validate_python(item) for item in some])
    assert is_staged(orders, ("A", "B", "C")) == staged
