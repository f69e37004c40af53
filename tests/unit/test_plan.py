"""Plans as files: what they extend and leave out, labels, sums, and actions in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from evac.cli.plan_tables import takes
from evac.errors import ScenarioError
from evac.plans.model import AnyAction, Resources
from evac.plans.reading import load_plan, plan_names

PRELIMINARY = """\
name: Preliminary
actions:
  - {do: signal, label: officer, where: {street: A, crossing: B}, mode: officer, with: {officers: 2, signs: 1}}
  - {do: close, where: {street: C}, with: {barricades: 2}}
"""
FINAL = """\
name: Final
extends: preliminary
without: [officer]
actions:
  - {do: take_lane, where: {street: D}, with: {cones: 30, barricades: 1}}
"""


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    (tmp_path / "preliminary.yaml").write_text(PRELIMINARY)
    (tmp_path / "final.yaml").write_text(FINAL)
    return tmp_path


def test_a_plan_has_the_actions_of_the_one_that_it_extends_first(plans: Path) -> None:
    (plans / "all.yaml").write_text(FINAL.replace("without: [officer]\n", ""))
    plan = load_plan("all", plans)
    assert [item.label for item in plan.actions] == ["officer", "C closed", "1 lane(s) at the kerb taken on D"]
    assert plan.model.name == "Final"


def test_without_leaves_out_by_label(plans: Path) -> None:
    assert [item.action.do for item in load_plan("final", plans).actions] == ["close", "take_lane"]


def test_without_takes_an_action_without_a_label_by_its_description(plans: Path) -> None:
    (plans / "less.yaml").write_text("name: Less\nextends: preliminary\nwithout: [C closed]\n")
    assert [item.label for item in load_plan("less", plans).actions] == ["officer"]


def test_actions_know_their_own_file_and_line(plans: Path) -> None:
    closing, taking = load_plan("final", plans).actions
    assert closing.where == f"{plans / 'preliminary.yaml'}:4: close"
    assert taking.where == f"{plans / 'final.yaml'}:5: take_lane"


def test_resources_are_summed_over_all_plans_that_are_extended(plans: Path) -> None:
    assert load_plan("preliminary", plans).resources == Resources(officers=2, signs=1, barricades=2)
    assert load_plan("final", plans).resources == Resources(cones=30, barricades=3)


def test_a_chain_of_three_is_no_circle(plans: Path) -> None:
    (plans / "last.yaml").write_text("name: Last\nextends: final\n")
    assert len(load_plan("last", plans).actions) == 2


def test_a_label_stands_once(plans: Path) -> None:
    (plans / "twice.yaml").write_text(PRELIMINARY.replace("{do: close,", "{do: close, label: officer,"))
    with pytest.raises(ScenarioError, match="'officer' twice"):
        load_plan("twice", plans)


def test_a_label_that_the_extended_plan_has_too_is_refused_where_both_would_hold(plans: Path) -> None:
    again = FINAL.replace("{do: take_lane,", "{do: take_lane, label: officer,")
    (plans / "again.yaml").write_text(again.replace("without: [officer]\n", ""))
    with pytest.raises(ScenarioError, match=r"again.yaml:4: take_lane: 'preliminary' has .* 'officer' too") as caught:
        load_plan("again", plans)
    assert "'without: [officer]'" in str(caught.value)
    (plans / "instead.yaml").write_text(again)
    assert [item.action.do for item in load_plan("instead", plans).actions] == ["close", "take_lane"]


def test_an_unknown_plan_lists_those_that_are_there(plans: Path) -> None:
    assert plan_names(plans) == ["baseline", "final", "preliminary"]
    with pytest.raises(ScenarioError, match=r"known plans in .*: baseline, final, preliminary"):
        load_plan("finall", plans)


def test_a_file_may_describe_the_baseline(plans: Path) -> None:
    assert load_plan("baseline", plans).model.name == "Baseline"
    (plans / "baseline.yaml").write_text("name: As today\n")
    assert load_plan("baseline", plans).model.name == "As today"


def test_a_single_thing_is_told_in_the_singular() -> None:
    assert takes(Resources(officers=1, cones=1200)) == "1 officer, 1,200 cones"
    assert takes(Resources()) == "nothing"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (
            {"do": "contraflow", "where": {"street": "A", "from": "B"}, "when": {"from_min": 5, "setup_min": 20}},
            "contraflow (all lanes) on A from B, from 0:25\u00a0h on (set up from 0:05\u00a0h)",
        ),
        (
            {"do": "contraflow", "where": {"street": "A", "towards": "south"}, "lanes": 1, "keep_emergency_lane": True},
            "contraflow (1 lane(s) but one for emergency vehicles) on A southbound",
        ),
        ({"do": "close", "exit": "West", "when": {"until_min": 60}}, "exit West closed, until 1:00\u00a0h"),
        ({"do": "close", "where": {"ways": [7]}, "lanes": [0, 1]}, "lanes 1 and 2 from the kerb of way 7 closed"),
        ({"do": "speed", "where": {"point": {"lat": 47, "lon": 9.5}}, "kph": 30}, "30 km/h on (47.00000, 9.50000)"),
        (
            {"do": "speed", "where": {"polygon": "x/smoke.geojson"}, "factor": 0.5},
            "50% of the limit on the roads in smoke.geojson",
        ),
        (
            {
                "do": "ban_turn",
                "where": {"street": "A", "crossing": "B"},
                "movement": {"from": "A", "heading": "north"},
            },
            "no turn from A northbound into anywhere at A / B",
        ),
        ({"do": "divert", "zones": ["Z"], "to_exit": "W", "compliance": 0.5}, "zones Z to exit W (50% follow)"),
        (
            {"do": "divert", "approach": {"street": "A", "crossing": "B"}, "by": {"street": "R"}, "to_exit": "W"},
            "A at B to exit W by R (100% follow)",
        ),
        (
            {"do": "divert", "approach": {"street": "A", "crossing": "B"}, "lanes": [0, 1], "to_exit": "W"},
            "lanes 1 and 2 from the kerb of A at B to exit W (100% follow)",
        ),
        (
            {"do": "dedicate", "where": {"street": "A"}, "lanes": [0], "to": "B", "onto_lanes": [2]},
            "the lane at the kerb of A only into B, onto lane 3 from the kerb",
        ),
        ({"do": "phase", "zones": ["Z", "Y"], "offset_min": 30}, "zones Z, Y leave 30 min later"),
        (
            {"do": "evacuate_only", "zones": ["Z"], "shadow_share": 0.1},
            "only zones Z ordered, 10% of the others leave unasked",
        ),
        (
            {"do": "behaviour", "informed_share": 0.9, "at_most_vehicles": 1, "followed_by": 0.7},
            "90% of drivers informed; at most 1 vehicle(s) a household (70% follow)",
        ),
    ],
)
def test_an_action_in_words(action: dict[str, object], words: str) -> None:
    model: TypeAdapter[AnyAction] = TypeAdapter(AnyAction)
    assert model.validate_python(action).in_words() == words


@pytest.mark.parametrize(
    ("file", "action"),
    [
        ("curve.csv", "{do: phase, zones: [Hill], curve: {form: measured, file: curve.csv}}"),
        ("smoke.geojson", "{do: speed, where: {polygon: smoke.geojson}, factor: 0.5}"),
    ],
)
def test_a_file_counts_by_its_content_and_not_by_its_place(tmp_path: Path, file: str, action: str) -> None:
    documents = []
    for folder, content in (("here", "one"), ("there", "one"), ("changed", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text(content)
        (tmp_path / folder / "plan.yaml").write_text(f"name: P\nactions:\n  - {action}\n")
        documents.append(load_plan("plan", tmp_path / folder).document())
    assert documents[0] == documents[1]
    assert documents[0] != documents[2]


def test_an_unknown_key_is_looked_for_in_its_own_action(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    for key, remedy in (("from_min: 20", "it belongs under 'when'"), ("exits: A", "did you mean 'exit'?")):
        plan.write_text(f"name: P\nactions:\n  - {{do: close, where: {{street: A}}, {key}}}\n")
        with pytest.raises(ScenarioError) as caught:
            load_plan("plan", tmp_path)
        assert caught.value.problems[0].remedy == remedy
