"""What dark signals cost or buy, in words: a number only where two simulations show one."""

from __future__ import annotations

from dataclasses import replace

import pytest

import report_data
from evac.report import advice, dark_signals, front, results
from evac.report.inputs import ReportInput, ReportPlan
from evac.study.runs import BesideDark
from report_data import Case

PLAN = "baseline"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    return report_data.report_input(tmp_path_factory.mktemp("runs"))


def row(holds: str = "signals left on", **changes: object) -> BesideDark:
    """A dark plan with 90 % out after two hours, and half an hour sooner with something else."""
    plain = BesideDark(PLAN, holds, Case(), dark_s=7200.0, other_s=5400.0, dark_job="a", other_job="b")
    return replace(plain, **changes)  # type: ignore[arg-type]


def words(report: ReportInput, *rows: BesideDark) -> str:
    centre = results.headline(report, results.case_results(report))
    (found,) = dark_signals.sentences(replace(report, dark=rows), centre)
    return found.words.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "With them left on it takes 1:30 h: off, they cost 30 min."),
        ({"other_s": 9000.0}, "With them left on it takes 2:30 h: off, they buy 30 min."),
        ({"other_s": 7100.0}, "With them left on it takes 1:58 h: no demonstrated difference."),
        ({"other_s": 7300.0}, "With them left on it takes 2:02 h: no demonstrated difference."),
        ({"doubts": ("gridlock",)}, "no number for the difference: a simulation isn't trusted."),
        ({"other_s": None}, "no number for the difference, because 90 % aren't always out by the end."),
        ({"dark_s": None}, "no number for the difference, because 90 % aren't always out by the end."),
        ({"refused": "it failed"}, "With them left on: no number (it failed)."),
    ],
)
def test_a_number_is_told_only_where_two_simulations_show_one(
    report: ReportInput, changes: dict[str, object], told: str
) -> None:
    assert told in words(report, row(**changes))


def test_both_are_told_with_the_case_that_they_are_of(report: ReportInput) -> None:
    other = Case(seed=3, vehicles_per_household="2", departure="night")
    told = words(report, row(case=other), row("officers", case=other, other_s=3600.0))
    assert "90 % are out after 2:00 h (seed 3, 2 vehicles per household, departures “night”, one simulation" in told
    assert "With officers there it takes 1:00 h: off, they cost 1:00 h." in told


def test_signals_are_among_what_moves_the_answer_most(report: ReportInput) -> None:
    cases = results.case_results(report)
    centre = results.headline(report, cases)
    here = Case(vehicles_per_household=centre.shown.vehicles_per_household, departure=centre.shown.departure)
    told = front.front(replace(report, dark=(row(case=here, other_s=600.0),)), cases, centre)
    assert (told.levers[0].name, told.levers[0].size_s) == ("The signals that are off", 6600.0)
    elsewhere = replace(report, dark=(row(case=here, plan="another", other_s=600.0),))
    assert all(lever.name != "The signals that are off" for lever in front.front(elsewhere, cases, centre).levers)


@pytest.mark.parametrize(
    ("rows", "step"),
    [
        ((), "which may cost more than it buys"),
        ((row(refused="it failed"),), "which may cost more than it buys"),
        ((row(),), "Weigh the signals that “Dark” switches off one at a time: “evac ablate SCENARIO baseline”."),
        ((row(other_s=9000.0),), ""),
    ],
)
def test_what_is_to_do_next_follows(report: ReportInput, rows: tuple[BesideDark, ...], step: str) -> None:
    centre = results.headline(report, results.case_results(report))
    dark = replace(report, plans={PLAN: ReportPlan(PLAN, "Dark", signals_off=2)}, dark=rows)
    found = [item for item in advice.next_steps(dark, centre) if "signal" in item]
    assert (len(found) == 1 and step in found[0]) if step else not found


def test_several_plans_with_costly_signals_are_one_step(report: ReportInput) -> None:
    plans = {PLAN: ReportPlan(PLAN, "Dark", signals_off=2), "night": ReportPlan("night", "Night", signals_off=1)}
    dark = replace(report, plans=plans, dark=(row(), row(plan="night")))
    (step,) = advice._weigh(dark)
    assert step.startswith("Weigh the signals that “Dark” and “Night” switch off one at a time: ")
    assert step.endswith("“evac ablate SCENARIO baseline” and “evac ablate SCENARIO night”.")


def test_the_table_has_a_row_a_plan_and_what_holds_instead(report: ReportInput) -> None:
    table = dark_signals.dark_table(replace(report, dark=(row(), row("officers", refused="it failed", other_s=None))))
    assert list(table["instead"]) == ["signals left on", "officers"]
    assert (table["t90_off_s"] - table["t90_instead_s"]).iloc[0] == 1800.0
    assert list(table["refused"]) == ["", "it failed"]
    assert list(dark_signals.dark_table(report).columns) == list(table.columns)


def test_the_first_page_has_room_for_two_plans_and_names_the_rest(report: ReportInput) -> None:
    rows = [row(plan=f"p{number}", other_s=7200.0 - 600.0 * number) for number in range(4)]
    centre = results.headline(report, results.case_results(report))
    found = [item.words for item in dark_signals.on_front(replace(report, dark=(*rows, row())), centre)]
    assert [item.split("”")[0] for item in found[:2]] == ["“baseline", "“p3"], "the headline's, then the dearest"
    assert found[2] == "Plans with signals off beside these: 3, in tables/dark_signals.csv."
    assert len(dark_signals.dark_words(replace(report, dark=(*rows, row())))) == 5
