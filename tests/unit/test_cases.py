"""A report is made of the cases that were run: seeds as asked, and those added to single cases only there."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from evac.report.from_cache import Asked, read_asked, set_aside, write_asked
from evac.simulate.job import Case
from evac.study.cases import Selection, as_run, cases_of, coarse_beside, told_apart
from evac.study.precision import Precision

SCENARIO = SimpleNamespace(vehicles_per_household=(1, 2), departures=(SimpleNamespace(name="quick"),), seeds=(3, 1))
PLANS = ("baseline", "final")


def test_added_seeds_are_looked_for_only_where_they_were_added(tmp_path):
    cases = cases_of(SCENARIO, Selection(), "town", PLANS)
    cases += [
        Case(vehicles_per_household="2", departure="quick", seed=seed, plan=plan) for plan in PLANS for seed in (4, 5)
    ]
    failures_last = sorted(cases, key=lambda case: case.seed)
    selection = as_run(Selection(), SCENARIO, failures_last)
    assert (selection.seeds, selection.added) == ((3, 1), (("2", "quick", 4), ("2", "quick", 5)))
    write_asked(Asked(PLANS, selection), tmp_path)
    asked = read_asked(tmp_path)
    assert asked == Asked(PLANS, selection)
    write_asked(Asked(PLANS, selection, ("final", "baseline")), tmp_path)
    assert read_asked(tmp_path).compare == ("final", "baseline")
    assert cases_of(SCENARIO, asked.selection, "town", PLANS) == cases


def test_coarse_runs_beside_others_are_remembered_and_tell_no_study_apart(tmp_path):
    cases = cases_of(SCENARIO, Selection(sensitivity=False), "town", PLANS)
    coarse = [replace(case, fidelity="meso", seed=7) for case in cases if case.vehicles_per_household == "1"]
    mixed = Selection(fidelity="mixed", until=Precision(0.05, 30))
    asked = Asked(PLANS, as_run(mixed, SCENARIO, cases, coarse))
    write_asked(asked, tmp_path / "town")
    assert read_asked(tmp_path / "town") == asked
    assert set(coarse_beside(asked.selection, PLANS)) == set(coarse)
    assert set_aside(Asked(PLANS, replace(asked.selection, coarse=())), tmp_path / "town") is None


def test_a_study_is_told_by_what_was_selected_but_not_by_parts_and_added_seeds():
    same = (Selection(), Selection(seeds=(3, 1)), Selection(part=(1, 2)), Selection(added=(("2", "quick", 4),)))
    assert [told_apart(item, SCENARIO) == told_apart(Selection(), SCENARIO) for item in same] == [True] * 4
    others = (Selection(seeds=(1,)), Selection(vehicles=("1",)), Selection(until=Precision(0.05, 30)))
    assert [told_apart(item, SCENARIO) == told_apart(Selection(), SCENARIO) for item in others] == [False] * 3


def test_the_precision_that_was_asked_for_is_remembered(tmp_path):
    asked = Asked(PLANS, Selection(until=Precision(0.05, 30)))
    write_asked(asked, tmp_path)
    assert read_asked(tmp_path) == asked


def test_the_report_of_another_study_is_kept_and_one_of_the_same_is_replaced(tmp_path):
    big, quick = Asked(PLANS, Selection(seeds=(1, 2, 3))), Asked(PLANS, Selection(seeds=(1,)))
    report = tmp_path / "town"
    assert set_aside(big, report) is None
    write_asked(big, report)
    grown = Asked(PLANS, Selection(seeds=(1, 2, 3), added=(("2", "quick", 4),)))
    assert set_aside(grown, report) is None
    kept = set_aside(quick, report)
    assert kept.parent == tmp_path
    assert read_asked(kept) == big
    assert not report.exists()
    write_asked(quick, report)
    write_asked(grown, kept)
    write_asked(big, report)
    assert set_aside(quick, report) == kept
    assert read_asked(kept) == big, "the later report of the same study"


def test_a_report_that_nobody_can_tell_does_not_stop_a_run(tmp_path):
    (tmp_path / "study.json").write_text("{}")
    assert set_aside(Asked(PLANS), tmp_path) is None


def test_a_number_may_be_written_in_another_way():
    cases = cases_of(SCENARIO, Selection(vehicles=("2.0",)), "town", PLANS)
    assert {case.vehicles_per_household for case in cases} == {"2"}
