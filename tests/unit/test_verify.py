"""The verification suite: its files are right, its measures measure, and it tells a wrong value from a right one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evac.errors import ScenarioError
from evac.verify import Checked, Expectation, load_tests, run_test
from evac.verify.measures import MEASURES
from evac.verify.model import COMPONENTS
from evac.verify.running import suite_folder
from evac.verify.table import write_table
from small_studies import town_of


def vehicles(**columns):
    """Ten planned vehicles that leave a minute apart and take five minutes, and one that isn't ordered to leave."""
    minutes = np.arange(11)
    table = {
        "ordered": minutes < 10,
        "departure_s": 60.0 * minutes,
        "entered_s": 60.0 * minutes,
        "evacuated_s": 60.0 * minutes + 300.0,
        "delay_s": 10.0,
        "status": "evacuated",
        "exit": np.where(minutes % 2, "East", "West"),
        "zone": "Town",
        "street": "Home Street",
    }
    return pd.DataFrame({**table, **columns})


def measured(measure, table=None, **which):
    return MEASURES[measure](vehicles() if table is None else table, Expectation(measure=measure, value=0, **which))


def test_the_suite_has_every_component_and_enough_tests():
    tests = load_tests(suite_folder())
    assert len(tests) >= 24
    assert {test.model.component for test in tests} == set(COMPONENTS)


@pytest.mark.parametrize(
    ("measure", "which", "right"),
    [
        ("planned", {}, 10),
        ("leave_unasked", {}, 1),
        ("share_of_vehicles", {"exit": "East"}, 0.5),
        ("departure_min", {"share": 0.5}, 4.5),
        ("departure_mean_min", {}, 4.5),
        ("drive_mean_s", {}, 300),
        ("delay_mean_s", {}, 10),
        ("clearance_min", {}, 14),
        ("clearance_min", {"share": 0.9}, 13),
        ("out_veh", {"from_min": 5, "until_min": 7}, 2),
        ("flow_veh_per_h", {}, 60),
    ],
)
def test_a_measure_of_a_table_that_is_known(measure, which, right):
    assert measured(measure, **which) == pytest.approx(right)


def test_who_is_never_out_counts_against_the_clearance_time():
    stuck = vehicles(status=["driving", *["evacuated"] * 10], evacuated_s=[np.nan, *(60.0 * np.arange(1, 11) + 300.0)])
    assert measured("not_out", stuck) == 1
    assert measured("clearance_min", stuck) == np.inf
    assert measured("clearance_min", stuck, share=0.9) == 14


def test_what_is_expected_has_two_sides():
    expected = Expectation(measure="planned", value=100, tolerance=0.05)
    assert [expected.allows(got) for got in (94.9, 95, 105, 105.1)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("wrong", "named"), [({"measure": "planed"}, "there is no measure"), ({"measure": "departure_min"}, "'share'")]
)
def test_an_expectation_that_makes_no_sense_is_refused(wrong, named):
    with pytest.raises(ValueError, match=named):
        Expectation(value=1, **wrong)


def test_a_test_that_is_not_there_is_told_with_those_that_are(tmp_path):
    with pytest.raises(ScenarioError, match="known: 01-households"):
        load_tests(suite_folder(), ["99"])
    with pytest.raises(ScenarioError, match="holds no verification test"):
        load_tests(tmp_path)


@pytest.mark.parametrize("name", ["01", "13", "16", "17", "22", "25", "27", "40"])
def test_a_test_of_the_suite_passes(name, tmp_path):
    test = load_tests(suite_folder(), [name])[0]
    results = run_test(test, tmp_path / ".evac")
    assert [item for item in results if not item.passed] == []


def test_a_wrong_value_fails_and_stands_in_the_table(tmp_path):
    test = load_tests(suite_folder(), ["15"])[0]
    right = run_test(test, tmp_path / ".evac")
    wrong = Checked(test, right[0].expected, right[0].expected.value + 0.1)
    page = write_table([*right, wrong], tmp_path / "out")
    assert "0 of 1 tests passed" in page.read_text()
    assert page.read_text().count("**FAIL**") == 1
    table = pd.read_csv(tmp_path / "out" / "verification.csv")
    assert table["passed"].tolist() == [True, True, False]


def test_what_is_known_to_miss_is_told_apart_and_may_not_get_worse(tmp_path):
    test = load_tests(suite_folder(), ["15"])[0]
    why = {"because": "why", "up_to": 0.3, "clearance_is": "too short"}
    miss = Expectation(measure="planned", value=100, tolerance=0.05, known_miss=why)
    verdicts = [Checked(test, miss, got).verdict for got in (104, 120, 71, 131, np.nan)]
    assert verdicts == ["pass", "known miss", "known miss", "FAIL", "FAIL"]
    assert Checked(test, miss, 120, "broken").verdict == "FAIL"
    page = write_table([Checked(test, miss, 100), Checked(test, miss, 120)], tmp_path / "out").read_text()
    assert "0 of 1 tests passed, 1 miss theory" in page
    assert "planned: clearance times are too short where this matters. why" in page
    assert "**FAIL**" not in page


def test_a_scenario_that_is_wrong_fails_its_test_with_the_reason(tmp_path):
    folder = tmp_path / "tests" / "broken"
    town_of("15-assigned-exits", folder)
    scenario = folder / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("Main Road", "No Such Road"))
    results = run_test(load_tests(Path(tmp_path / "tests"))[0], tmp_path / ".evac")
    assert not any(item.passed for item in results)
    assert "No Such Road" in results[0].trouble
