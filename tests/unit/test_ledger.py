"""Every limit of trust, passed and kept; what is only a caveat; warnings by kind."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import sumolib

from evac.errors import SimulationError
from evac.measure.control import Control
from evac.measure.facts import RunFacts
from evac.measure.ledger import build_ledger, limits_passed, read_gridlock, warnings_by_kind
from evac.schema.trust import Trust
from small_runs import write_net

END_S = 36_000.0
COUNTS = {
    "vehicles": 1000,
    "planned": 1000,
    "stuck": 0,
    "taken_out": 0,
    "households": 600,
    "unconnected_households": 0,
    "households_lost": {},
    "households_counted_twice": 0.0,
    "teleports": 0,
    "teleports_by_cause": {"jam": 0, "yield": 0, "wrong_lane": 0},
    "gridlock_vehicles": 0,
    "collisions": 0,
    "added_lanes": 2,
    "added_lanes_idle": [],
    "added_lanes_idle_on": {},
}


@pytest.mark.parametrize(
    ("count", "allowed", "words"),
    [
        ("gridlock_vehicles", 5, "resolve gridlock"),
        ("collisions", 1, "collisions"),
        ("unconnected_households", 3, "street"),
        ("households_counted_twice", 30, "zones lie over each other"),
    ],
)
def test_a_limit_holds_up_to_its_share_and_not_beyond(count, allowed, words):
    assert limits_passed({**COUNTS, count: allowed}, Trust()) == []
    (reason,) = limits_passed({**COUNTS, count: allowed + 1}, Trust())
    assert words in reason
    assert str(allowed + 1) in reason


def test_households_without_a_place_are_missing_on_the_roads_and_those_outside_of_the_area_are_not():
    assert limits_passed({**COUNTS, "households_lost": {"off_map": 900.0, "outside_area": 900.0}}, Trust()) == []
    assert limits_passed({**COUNTS, "households_lost": {"no_geometry": 2.0, "no_street": 1.0}}, Trust()) == []
    (reason,) = limits_passed({**COUNTS, "households_lost": {"no_geometry": 30.0, "over_water": 10.0}}, Trust())
    assert reason == (
        "40 of 640 households are given and can't be placed: 30 in zones without a polygon, 10 in zones over water; "
        "the limit is 0.50%"
    )


def test_one_teleport_is_too_many_and_its_cause_is_told():
    counts = {**COUNTS, "teleports": 1, "teleports_by_cause": {"jam": 0, "yield": 0, "wrong_lane": 1}}
    assert limits_passed(counts, Trust()) == ["1 vehicle teleported (1 wrong lane); the limit is 0"]
    assert limits_passed(counts, Trust(teleports=1)) == []


def test_contraflow_lane_that_serves_nobody_is_no_capacity():
    counts = {**COUNTS, "added_lanes_idle": ["-12_1"], "added_lanes_idle_on": {"North Road": 1}}
    (reason,) = limits_passed(counts, Trust())
    assert "1 of 2 pieces of lane that the plan adds serves nobody (1 on North Road)" in reason


def test_lanes_that_somebody_drove_on_are_told_from_idle_ones(tmp_path):
    ledger = _ledger(tmp_path, status=["evacuated"] * 10, facts=RunFacts(10, added_lanes=("b_1", "b_2")))
    assert ledger["added_lanes_idle"] == ["b_2"]
    assert list(ledger["added_lanes_idle_on"].values()) == [1], "by street, as people know it"
    assert ledger["trusted"] is False


def test_warnings_are_counted_by_kind(tmp_path):
    (tmp_path / "log").write_text(
        "Loading done.\n"
        "Warning: Teleporting vehicle 'h1'; waited too long (jam), lane='a_0', time=12.00.\n"
        "Warning: Teleporting vehicle 'h22'; waited too long (jam), lane='b_1', time=1312.50.\n"
        "Warning: Unknown thing.\n"
    )
    assert warnings_by_kind(tmp_path / "log") == {
        "Teleporting vehicle '…'; waited too long (jam), lane='…', time=….": 2,
        "Unknown thing.": 1,
    }


def test_gridlock_counts_events_and_different_vehicles(tmp_path):
    events = [
        {"time_s": 60, "vehicles": ["a", "b"]},
        {"time_s": 120, "vehicles": ["b"]},
        {"time_s": 180, "vehicles": []},
    ]
    (tmp_path / "g.json").write_text(json.dumps(events))
    assert read_gridlock(tmp_path / "g.json") == {
        "gridlock_events": 3,
        "gridlock_unresolved": 1,
        "gridlock_vehicles": 2,
    }
    (tmp_path / "g.json").write_text('{"vehicles": 1}')
    with pytest.raises(SimulationError, match="no list of gridlock events"):
        read_gridlock(tmp_path / "g.json")


def _ledger(
    tmp_path,
    status=("evacuated",),
    *,
    trust=None,
    facts=None,
    highest=1500.0,
    ordered=True,
    ending=None,
    hazard=None,
    background=None,
    **columns,
):
    nodes = {"a": (0, 0), "b": (200, 0, "traffic_light"), "c": (400, 0), "s": (200, 200)}
    edges = [{"id": name, "from": name[0], "to": name[1], "name": f"street {name}"} for name in ("ab", "bc", "sb")]
    net = sumolib.net.readNet(str(write_net(tmp_path, nodes, edges)))
    (tmp_path / "sumo").mkdir()
    (tmp_path / "sumo" / "sumo.log").write_text("")
    (tmp_path / "gridlock.json").write_text("[]")
    (tmp_path / "ending.json").write_text(json.dumps(ending or {"reason": "end of time", "left": {}}))
    statistics = {
        "performance": {"end": END_S},
        "teleports": {"total": 0.0, "jam": 0.0, "yield": 0.0, "wrongLane": 0.0},
        "safety": {"collisions": 0.0, "emergencyStops": 0.0, "emergencyBraking": 4.0},
    }
    done = pd.DataFrame({"household": range(len(status)), "status": list(status), "taken_out": False})
    done["ordered"] = ordered
    done = done.assign(
        vehicle=[f"h{number}v0" for number in range(len(status))],
        departure_s=0.0,
        held_until_s=float("nan"),
        entered_s=[None if one in ("waiting", "no_route") else 60.0 for one in status],
        evacuated_s=[END_S - 60 if one == "evacuated" else None for one in status],
        stop_s=float("nan"),
        stopped_s=0.0,
        edge="ab",
        exit=["north" if one == "evacuated" else None for one in status],
        exit_assigned=None,
    ).assign(**columns)
    rates = pd.DataFrame({"bottleneck": ["Main"], "edge": ["ab"], "lane": [0], "highest_veh_per_h": [highest]})
    facts = facts or RunFacts(households=len(status))
    return build_ledger(
        tmp_path, statistics, done=done, rates=rates, driven={"b_1"}, control=Control(net), trust=trust or Trust(),
        facts=facts, exits=("north", "south"), hazard=hazard, background=background,
    )  # fmt: skip


def test_a_clean_run_is_trusted_and_says_what_is_guessed(tmp_path):
    ledger = _ledger(tmp_path, facts=RunFacts(1, 0, frozenset({"ab"})))
    assert ledger["trusted"] is True
    assert ledger["reasons"] == ()
    assert ledger["caveats"] == (
        "nobody left by the exit 'south'",
        "Main: the number of lanes is guessed",
        "Main: the signal's program is guessed",
    )
    assert ledger["emergency_braking"] == 4


def test_errands_that_nobody_can_make_are_told(tmp_path):
    ledger = _ledger(tmp_path, facts=RunFacts(1, errands_not_made=3))
    assert ledger["errands_not_made"] == 3
    assert any(text.startswith("3 cars leave without the errand") for text in ledger["caveats"])


def test_not_cleared_is_a_result_and_no_lack_of_trust(tmp_path):
    ledger = _ledger(tmp_path, status=("evacuated", "waiting", "driving", "no_route"))
    assert ledger["trusted"] is True
    assert (ledger["never_inserted"], ledger["still_driving"], ledger["no_route"]) == (1, 1, 1)
    assert len([text for text in ledger["caveats"] if text.startswith("1 ")]) == 3


def test_who_stands_when_nothing_moves_any_more_is_a_lack_of_trust_with_the_streets(tmp_path):
    """Forty cars stand behind a signal that never lets them go, and one can't get onto the street behind them."""
    status = ["evacuated"] * 100 + ["driving"] * 40 + ["waiting"]
    left = {f"h{number}v0": ["ab" if number < 131 else "sb", 2000.0] for number in range(100, 140)}
    ledger = _ledger(tmp_path, status=status, ending={"reason": "standstill", "left": left})
    assert ledger["trusted"] is False
    (reason,) = ledger["reasons"]
    assert reason.startswith("41 of 141 vehicles are stuck at the end, and more time would not help: ")
    assert reason.endswith(": 31 on street ab, 9 on street sb, 1 waiting at street ab")
    assert ledger["stuck_on"] == {"street ab": 31, "street sb": 9, "waiting at street ab": 1}


def test_who_has_stood_for_half_an_hour_at_the_end_of_time_is_stuck_and_who_drives_is_not(tmp_path):
    left = {"h1v0": ["ab", 1800.0], "h2v0": ["ab", 1700.0], "h3v0": ["sb", 0.0]}
    ledger = _ledger(tmp_path, status=["evacuated"] + ["driving"] * 3, ending={"reason": "end of time", "left": left})
    assert ledger["stuck_on"] == {"street ab": 1}
    assert ledger["trusted"] is False


def test_where_nobody_gets_out_any_more_all_who_came_before_are_stuck(tmp_path):
    """One stands for good; behind it a car creeps to and fro, one waits at home; a third has only just set out."""
    left = {"h1v0": ["ab", 9000.0], "h2v0": ["ab", 0.0], "h3v0": ["sb", 0.0]}
    ledger = _ledger(
        tmp_path,
        status=["evacuated", "driving", "driving", "driving", "waiting"],
        ending={"reason": "end of time", "left": left},
        evacuated_s=[END_S - 2000, None, None, None, None],
        entered_s=[60.0, 60.0, 60.0, END_S - 600, None],
    )
    assert ledger["stuck_on"] == {"street ab": 2, "waiting at street ab": 1}


def test_a_run_that_ended_as_cleared_with_vehicles_left_is_no_run(tmp_path):
    with pytest.raises(SimulationError, match="all were out, and 1 vehicles aren't"):
        _ledger(tmp_path, status=["evacuated", "driving"], ending={"reason": "cleared", "left": {}})


def test_vehicles_taken_out_and_an_evacuation_of_nobody_are_not_trusted():
    assert "1 vehicle was taken out" in limits_passed({**COUNTS, "taken_out": 1}, Trust())[0]
    assert "no vehicle is planned" in limits_passed({**COUNTS, "planned": 0}, Trust())[0]


def test_exits_that_serve_nobody_and_vehicles_elsewhere_than_held_are_told(tmp_path):
    ledger = _ledger(tmp_path, status=["evacuated"] * 3, exit=["north"] * 3, exit_assigned=["south", "north", None])
    assert ledger["left_by_another_exit"] == 1
    assert ledger["exits_unused"] == ["south"]
    assert "1 vehicle left by another exit than it is held to" in ledger["caveats"]


def test_a_plan_that_sends_somebody_where_no_way_leads_is_not_trusted(tmp_path):
    facts = RunFacts(1000, misdirected={"north": 3})
    ledger = _ledger(tmp_path, status=["evacuated"] * 997 + ["no_route"] * 3, facts=facts)
    (reason,) = ledger["reasons"]
    assert reason.startswith("3 of 1,000 vehicles never leave, sent to an exit")
    assert reason.endswith("3 to 'north'")


def test_unconnected_households_and_loosened_limits_are_told(tmp_path):
    status = ["evacuated"] * 9 + ["no_route"]
    ledger = _ledger(tmp_path, status=status, facts=RunFacts(10, 1), trust=Trust(teleports=5))
    assert ledger["trusted"] is False
    assert ledger["reasons"] == ("1 of 10: households are not connected to a street; the limit is 0.50%",)
    assert "the scenario loosens the limit 'teleports' from 0 to 5" in ledger["caveats"]


def test_whom_the_hazard_cuts_off_at_the_order_is_not_blamed_on_the_map(tmp_path):
    facts = RunFacts(10, households_cut_off_by_hazard=4)
    hazard = {"exposed": 1, "exposed_vehicle_min": 2.0, "households_not_out": 4}
    background = {"background": 9, "background_not_made": 5}
    background |= {f"background_{what}": n for what, n in (("arrived", 4), ("driving", 0), ("waiting", 0))}
    status = ["evacuated"] * 6 + ["no_route"] * 4
    ledger = _ledger(tmp_path, status=status, facts=facts, hazard=hazard, background=background)
    assert (ledger["trusted"], ledger["unconnected_households"], ledger["households_cut_off_by_hazard"]) == (True, 0, 4)
    caveats = "; ".join(ledger["caveats"])
    assert "4 of 10 households have no way out from the order on: the hazard has closed the roads by then" in caveats
    assert "1 vehicle was on roads that the hazard had reached" in caveats
    assert "5 trips of background traffic not made, because the hazard or this plan closes the way" in caveats


def test_who_means_to_leave_after_the_end_waits_for_no_street(tmp_path):
    status = ["evacuated", "waiting", "waiting", "waiting"]
    departure_s = [0.0, 60.0, END_S, END_S + 60.0]
    ledger = _ledger(tmp_path, status=status, departure_s=departure_s)
    assert (ledger["never_inserted"], ledger["leave_after_end"]) == (3, 2)
    caveats = ledger["caveats"]
    assert any(text.startswith("2 planned vehicles leave only after the end of the simulation") for text in caveats)
    assert "1 planned vehicle never got onto the street" in caveats


def test_households_without_a_vehicle_need_a_bus(tmp_path):
    ledger = _ledger(tmp_path, status=["evacuated"] * 7, facts=RunFacts(10))
    assert ledger["households_without_vehicle"] == 3
    assert "3 of 10 households take no vehicle and would need a bus; none is simulated" in ledger["caveats"]
    assert ledger["trusted"] is True


def test_who_stays_though_ordered_is_told_and_needs_no_bus(tmp_path):
    ledger = _ledger(tmp_path, status=["evacuated"] * 7, facts=RunFacts(households=10, households_defying=2))
    assert (ledger["households_defying"], ledger["households_without_vehicle"]) == (2, 1)
    assert any(text.startswith("2 households stay at home though ordered to leave") for text in ledger["caveats"])


def test_where_buses_are_needed_is_told_by_zone(tmp_path):
    ledger = _ledger(tmp_path, status=["evacuated"] * 7, facts=RunFacts(10, without_vehicle={"Hill": 1, "Valley": 2}))
    assert ledger["households_without_vehicle_by_zone"] == {"Hill": 1, "Valley": 2}
    assert any(text.endswith("none is simulated; of these 2 in Valley, 1 in Hill") for text in ledger["caveats"])


def test_who_is_not_ordered_to_leave_is_told_and_never_counted_as_planned(tmp_path):
    status, ordered = ["evacuated"] * 4 + ["waiting", "evacuated", "driving"], [True] * 4 + [False] * 3
    facts = RunFacts(households=20, households_not_ordered=15, vehicles_left_at_home=2)
    ledger = _ledger(tmp_path, status=status, ordered=ordered, facts=facts)
    assert (ledger["vehicles"], ledger["planned"], ledger["shadow"], ledger["shadow_not_evacuated"]) == (7, 4, 3, 2)
    assert (ledger["never_inserted"], ledger["still_driving"]) == (0, 0)
    assert ledger["households_not_ordered"] + ledger["households_without_vehicle"] + 4 == 20
    assert "15 households are not ordered to leave under this plan: 12 stay, 3 leave unasked" in str(ledger["caveats"])
    assert "2 vehicles left unasked and not out at the end" in ledger["caveats"]
    assert "2 vehicles stay at home because this plan asks for it" in ledger["caveats"]


def test_a_lane_that_passes_more_than_a_lane_can_is_told(tmp_path):
    ledger = _ledger(tmp_path, highest=2500.0)
    assert any("2,500 veh/h" in text for text in ledger["caveats"])


def test_thousands_have_a_comma_and_one_of_a_thing_is_one(tmp_path):
    counts = {**COUNTS, "vehicles": 11_400, "stuck": 7980, "stuck_on": {"Main Street": 7979, "waiting at Hill Road": 1}}
    (reason,) = limits_passed(counts, Trust())
    assert reason.startswith("7,980 of 11,400 vehicles are stuck at the end, and more time would not help: ")
    assert reason.endswith("7,979 on Main Street, 1 waiting at Hill Road")
    (reason,) = limits_passed({**counts, "stuck": 1, "stuck_on": {"Main Street": 1}}, Trust())
    assert reason.startswith("1 of 11,400 vehicles is stuck")
    caveats = _ledger(tmp_path, status=["evacuated"] * 1500 + ["driving"])["caveats"]
    assert "1 vehicle was still on the way at the end of the simulation" in caveats
