"""Contraflow for a time on the only road out: whoever lives there leaves, and nobody ends the simulation.

Lanes change their direction when they are empty, later than the plan says. A car that is due in between would have no
way, and SUMO ends a simulation then; so who has no other way waits until the lanes are his for certain.
"""

from __future__ import annotations

import json

import pytest

from evac.scenario import load_scenario
from small_studies import run_folder_of, town_of

PLAN = """
name: For a time
actions:
  - do: contraflow
    where: {street: Main Road, towards: %s}
    when: {from_min: %s, setup_min: 2, until_min: %s}
"""


@pytest.mark.parametrize(("towards", "span"), [("east", (1, 6)), ("east", (3, 25)), ("west", (1, 8))])
def test_everybody_is_out_when_the_only_road_is_reversed_for_a_time(tmp_path, towards, span):
    town_of("12-time-lost-is-zero-on-an-empty-road", tmp_path)
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("until_min: 90", "until_min: 40"))
    (tmp_path / "for-a-time.yaml").write_text(PLAN % (towards, *span))
    folder = run_folder_of(load_scenario(tmp_path), tmp_path / ".evac", str(tmp_path / "for-a-time.yaml"))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["evacuated"] == manifest["planned"] == 200
