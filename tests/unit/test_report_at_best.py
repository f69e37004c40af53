"""What no plan can beat, in the report: the sentence, the line in the figure, and the streets that make it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import report_data
from evac.limits.bound import Bound
from evac.report import answer, figures, results
from evac.report.at_best import holding_table
from evac.report.inputs import ReportInput
from evac.report.page import content, page_html
from evac.report.pictures import draw_pictures
from evac.study.bounds import Bounds
from report_data import Case

PLANNED = 1200


def bounds(as_built_min: int, reversible_min: int) -> Bounds:
    """Return bounds by which all are out at once after some minutes."""
    late, soon = (
        Bound(PLANNED, np.concatenate([np.zeros(minutes, dtype=int), [PLANNED]]))
        for minutes in (as_built_min, reversible_min)
    )
    return Bounds("final", as_built=late, with_signals=late, under_plan=late, reversible=soon)


def sentences(report: ReportInput) -> list[answer.Sentence]:
    cases = results.case_results(report)
    return [item for item in answer.ranges(report, cases, cases[0]) if "Whatever drivers" in item.words]


@pytest.fixture
def run(tmp_path: Path) -> report_data.ReportRun:
    return report_data.write_run(tmp_path, Case())


def test_the_first_page_says_before_when_no_plan_has_them_out(tmp_path: Path, run: report_data.ReportRun) -> None:
    report = report_data.report_input(tmp_path, (run,), bounds=bounds(4, 2))
    (sentence,) = sentences(report)
    # Out by minute 4: not before minute 3 has passed.
    assert "before 0:03\u00a0h on the lanes as they are, before 0:03\u00a0h on those of this plan" in sentence.words
    assert sentence.words.endswith("before 0:01\u00a0h with every lane in either direction.")


def test_without_bounds_nothing_is_said(tmp_path: Path, run: report_data.ReportRun) -> None:
    assert sentences(report_data.report_input(tmp_path, (run,))) == []


def test_of_the_baseline_no_lanes_of_a_plan_are_told(tmp_path: Path, run: report_data.ReportRun) -> None:
    report = report_data.report_input(tmp_path, (run,), bounds=replace(bounds(4, 2), plan="baseline"))
    (sentence,) = sentences(report)
    assert "this plan" not in sentence.words
    assert sentence.words.endswith(
        "before 0:03\u00a0h on the lanes as they are, and not before 0:01\u00a0h with every lane in either direction."
    )


def test_where_turning_lanes_round_buys_nothing_one_time_is_told(tmp_path: Path, run: report_data.ReportRun) -> None:
    report = report_data.report_input(tmp_path, (run,), bounds=replace(bounds(4, 4), plan="baseline"))
    (sentence,) = sentences(replace(report, bounds=replace(report.bounds, under_plan=bounds(6, 6).as_built)))
    assert sentence.words.endswith("can't be out before 0:03\u00a0h, however the lanes are used.")


def test_the_figure_has_the_line_that_no_plan_is_above(tmp_path: Path, run: report_data.ReportRun) -> None:
    cases = results.case_results(report_data.report_input(tmp_path, (run,)))
    figure = figures.draw_curves(cases, None, "baseline", 24.0, at_best=bounds(30, 20).as_built)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 31]
    assert [line.get_ydata().tolist() for line in lines] == [[0.0] * 30 + [1.0]]


def test_the_page_says_what_a_lane_more_along_each_street_is_worth(tmp_path: Path, run: report_data.ReportRun) -> None:
    report = report_data.report_input(tmp_path, (run,), bounds=report_data.bounds("Mill Street", "Shore Road"))
    cases = results.case_results(report)
    page = page_html(report, cases, content(report, cases, draw_pictures(report, cases)))
    rows = page[page.index("where a lane more would move it") :]
    assert rows.index("Mill Street") < rows.index("no earlier: others hold as many up") < rows.index("Shore Road")
    assert rows.index("Shore Road") < rows.index("1\u00a0min earlier")
    assert holding_table(report.bounds)["earlier_min"].tolist() == [0, 1]
