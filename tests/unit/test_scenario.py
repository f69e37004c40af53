"""Scenarios: a ten-line file works, and every problem is named with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evac.errors import ScenarioError
from evac.scenario import load_scenario

ROOT = Path(__file__).parents[2]
TOWN = ROOT / "tests" / "fixtures" / "town"


def _write(folder: Path, text: str) -> Path:
    (folder / "roads.osm").write_text("")
    (folder / "zones.geojson").write_text("")
    path = folder / "scenario.yaml"
    path.write_text(text)
    return path


SHORTEST = """\
name: Small town
osm: {file: roads.osm}
households:
  zones: {file: zones.geojson, count: homes}
"""


def test_four_keys_are_a_scenario(tmp_path: Path) -> None:
    scenario = load_scenario(_write(tmp_path, SHORTEST)).model
    assert scenario.vehicles_per_household == (1.0, 1.5, 2.0)
    assert scenario.departures[0].curve.form == "rayleigh"
    assert scenario.simulation.teleport_after_s is None


def test_a_folder_stands_for_its_scenario_file() -> None:
    loaded = load_scenario(TOWN)
    assert loaded.path == TOWN / "scenario.yaml"
    assert loaded.place_id == "town"
    assert loaded.model.osm.file == TOWN / "town.osm"


def test_every_problem_is_named_with_its_line(tmp_path: Path) -> None:
    text = SHORTEST + "seeds: [1, -2]\ndriver: {profil: calm}\nvehicles_per_household: [0]\n"
    with pytest.raises(ScenarioError) as caught:
        load_scenario(_write(tmp_path, text))
    message = str(caught.value)
    assert "scenario.yaml:5: 'seeds.1'" in message
    assert "scenario.yaml:6: unknown key 'driver.profil'" in message
    assert "did you mean 'profile'?" in message
    assert "scenario.yaml:7: 'vehicles_per_household.0'" in message
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing"),
        ("- a\n", "a list"),
        ("name: a\nname: b\n", "the key 'name' stands twice"),
        ("name: [\n", "isn't valid YAML"),
    ],
)
def test_a_file_that_is_no_mapping_is_explained(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        load_scenario(_write(tmp_path, text))


def test_vehicles_per_household_may_be_a_distribution(tmp_path: Path) -> None:
    text = SHORTEST + "vehicles_per_household: [1.5, {name: census, distribution: {0: 0.1, 1: 0.4, 2: 0.5}}]\n"
    cases = load_scenario(_write(tmp_path, text)).model.vehicles_per_household
    assert cases[0] == 1.5
    assert not isinstance(cases[1], float)
    assert cases[1].distribution == {0: 0.1, 1: 0.4, 2: 0.5}


def test_off_and_no_are_words(tmp_path: Path) -> None:
    text = SHORTEST.replace("{file: roads.osm}", "{file: roads.osm, corrections: [%s]}") + "traffic: {signals: off}\n"
    scenario = load_scenario(_write(tmp_path, text % "{way: 1, tags: {access: no}, because: seen}")).model
    assert scenario.traffic.signals == "off"
    assert scenario.osm.corrections[0].tags == {"access": "no"}


def test_an_assigned_exit_must_exist(tmp_path: Path) -> None:
    text = SHORTEST + "exits: [{name: A, way: 1}]\nexit_choice: {kind: assigned, by_zone: {Hill: B}}\n"
    with pytest.raises(ScenarioError, match="zone 'Hill' is assigned unknown exit 'B'"):
        load_scenario(_write(tmp_path, text))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("kind: shares, shares: {A: 0.5, B: 0.5}", "a share of the households is bound for unknown exit 'B'"),
        ("kind: shares, shares: {A: 0.7, C: 0.7}", "add up to 1.4, expected 1 or less"),
        ("kind: shares", "'shares' and 'kind: shares' go together"),
        ("shares: {A: 1}", "'shares' and 'kind: shares' go together"),
        ("by_zone: {Hill: A}", "'by_zone' needs 'kind: assigned'"),
    ],
)
def test_shares_of_exits_must_make_sense(tmp_path: Path, choice: str, said: str) -> None:
    text = SHORTEST + f"exits: [{{name: A, way: 1}}, {{name: C, way: 2}}]\nexit_choice: {{{choice}}}\n"
    with pytest.raises(ScenarioError, match=re.escape(said)):
        load_scenario(_write(tmp_path, text))
