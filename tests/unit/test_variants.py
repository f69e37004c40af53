"""Plans made from a plan: each set of actions once, each failure by itself."""

from __future__ import annotations

import pytest

from evac.network.exits import ResolvedExit
from evac.plans.reading import load_plan
from evac.study.variants import (
    LATE_MIN,
    OFFICERS,
    SIGNALS_ON,
    ablations,
    all_instead_of_dark,
    always_there,
    instead_of_dark,
    stresses,
)

EXITS = (ResolvedExit("North", ("n",), 2, 8.5, 47.1), ResolvedExit("South", ("s",), 1, 8.5, 47.0))
ACTIONS = {
    "officer": "{do: signal, where: {street: A, crossing: B}, mode: officer, label: officer, with: {officers: 2}}",
    "contraflow": "{do: contraflow, where: {street: A}, label: contraflow, when: {from_min: 10, setup_min: 20}}",
    "ban": "{do: ban_turn, where: {street: A, crossing: B}, movement: {from: A}, label: ban}",
    "divert": "{do: divert, zones: [A], to_exit: North, compliance: 0.8, label: divert}",
    "short": "{do: contraflow, where: {street: A}, label: short, when: {from_min: 10, until_min: 35}}",
}
DARK = "{do: signal, where: {street: A, crossing: B}, mode: 'MODE', label: dark}"
ACTIONS |= {mode: DARK.replace("MODE", mode) for mode in ("off", "unregulated", "all_way_stop")}
ALL = ("officer", "contraflow", "ban")


@pytest.fixture
def plan(tmp_path):
    def make(*names):
        text = "".join(f"  - {ACTIONS[name]}\n" for name in names)
        (tmp_path / "p.yaml").write_text(f"name: p\nactions:\n{text}")
        return load_plan("p", tmp_path)

    return make


def sets(plans):
    return {key: [item.label for item in plan.actions] for key, plan in plans.items()}


def test_each_action_is_dropped_and_tried_alone(plan, tmp_path):
    found, plans = ablations(plan(*ALL), load_plan("baseline", tmp_path))
    assert sets(plans) == {
        "baseline": [],
        "p": ["officer", "contraflow", "ban"],
        "p without 1": ["contraflow", "ban"],
        "p only 1": ["officer"],
        "p without 2": ["officer", "ban"],
        "p only 2": ["contraflow"],
        "p without 3": ["officer", "contraflow"],
        "p only 3": ["ban"],
    }
    assert (found[0].action, found[0].without, found[0].alone) == ("officer", "p without 1", "p only 1")
    assert found[0].resources.officers == 2


def test_no_set_of_actions_is_run_twice(plan, tmp_path):
    baseline = load_plan("baseline", tmp_path)
    (only,), plans = ablations(plan("ban"), baseline)
    assert (only.without, only.alone, len(plans)) == ("baseline", "p", 2)
    found, plans = ablations(plan("ban", "officer"), baseline)
    assert len(plans) == 4
    assert found[0].without == found[1].alone


def test_what_may_go_wrong(plan):
    full = plan(*ALL)
    found = {item.failure: item.plan for item in stresses(full, EXITS)}
    assert list(found) == [
        "no officer comes: officer",
        "set-up 30 min late",
        "one lane lost at North",
        "North lost",
        "South lost",
    ]
    assert [item.label for item in found["no officer comes: officer"].actions] == ["contraflow", "ban"]
    late = found["set-up 30 min late"].actions
    assert [item.action.when.ready_min for item in late[:2]] == [LATE_MIN, 30 + LATE_MIN]
    assert late[2] == full.actions[2]
    assert always_there(full) == ["ban"]
    assert len({item.key for item in found.values()}) == len(found)


def test_what_would_be_over_before_it_begins_never_happens_when_it_is_late(plan):
    full = plan("short", "ban")
    (late,) = [item.plan for item in stresses(full, ()) if item.failure == "set-up 30 min late"]
    assert [item.label for item in late.actions] == ["ban"]
    assert always_there(full) == ["ban"]


def test_half_of_those_who_were_to_follow_a_diversion_may_not(plan):
    full = plan("divert", "ban")
    (half,) = [item.plan for item in stresses(full, ()) if item.failure == "only half of them follow: divert"]
    assert half.actions[0].action.compliance == 0.4
    assert half.actions[1] == full.actions[1]


def test_nobody_is_led_to_an_exit_that_is_lost(plan):
    found = {item.failure: item.plan for item in stresses(plan("divert", "ban"), EXITS)}
    assert [item.label for item in found["North lost"].actions] == ["ban", "North lost"]
    assert [item.label for item in found["South lost"].actions] == ["divert", "ban", "South lost"]


BY_SIGNS, BY_STOPS = {"right of way": "unregulated"}, {"all-way stop": "all_way_stop"}


@pytest.mark.parametrize(
    ("mode", "country", "others"),
    [
        ("off", "US", BY_SIGNS),
        ("off", "LI", BY_STOPS),
        ("unregulated", "US", BY_STOPS),
        ("all_way_stop", "LI", BY_SIGNS),
    ],
)
def test_a_dark_signal_is_weighed_against_one_left_on_officers_and_other_rules(plan, mode, country, others):
    full = plan(mode, "ban")
    found = {item.holds: item.plan for item in instead_of_dark(full, country)}
    assert [item.label for item in found.pop(SIGNALS_ON).actions] == ["ban"]
    assert {holds: item.actions[0].action.mode for holds, item in found.items()} == {"officers": "officer", **others}
    assert all(item.actions[1] == full.actions[1] for item in found.values())
    assert instead_of_dark(plan("officer", "ban"), country) == []


def test_all_dark_signals_are_replaced_at_once(plan):
    full = plan("off", "ban")
    on, directed = all_instead_of_dark(full)
    assert (on.holds, directed.holds) == (SIGNALS_ON, OFFICERS)
    assert [item.label for item in on.plan.actions] == ["ban"]
    assert [getattr(item.action, "mode", "") for item in directed.plan.actions] == ["officer", ""]
    assert directed.plan.actions[1] == full.actions[1]
    assert len({full.key, on.plan.key, directed.plan.key}) == 3
    assert all_instead_of_dark(plan("officer", "ban")) == []
