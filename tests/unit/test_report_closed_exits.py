"""An exit that a plan or a hazard closes is drawn as closed, with the time, and only then."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

import report_data
from evac.report import alts, maps, moments, moving_map, results, tables
from evac.report.closed_exits import closed_words
from evac.report.inputs import ReportInput, ReportPlan
from evac.study.closed_exits import ClosedExit
from report_data import Case


@pytest.mark.parametrize(
    ("from_s", "until_s", "words"),
    [
        (0.0, math.inf, "closed"),
        (1200.0, math.inf, "closed from 0:20 h on"),
        (0.0, 600.0, "closed until 0:10 h"),
        (1200.0, 4200.0, "closed from 0:20 h until 1:10 h"),
    ],
)
def test_when_in_words(from_s: float, until_s: float, words: str) -> None:
    assert closed_words([ClosedExit("A", from_s, until_s)], "A").replace("\u00a0", " ") == words
    assert closed_words([ClosedExit("A", from_s, until_s)], "B") == ""


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    folder = tmp_path_factory.mktemp("runs")
    runs = tuple(report_data.write_run(folder, Case(plan=plan)) for plan in ("baseline", "flood"))
    plans = {"flood": ReportPlan("flood", "Flood", closed_exits=(ClosedExit("Ridge", 1200.0),))}
    return report_data.report_input(folder, runs, plan="flood", compared_with="baseline", plans=plans)


def _crosses(axes: Any) -> int:
    """Return how many closed exits are drawn."""
    return sum(len(item.get_offsets()) for item in axes.collections if item.get_zorder() == pytest.approx(15.2))


def test_the_map_crosses_it_out_and_says_when(flooded: ReportInput) -> None:
    centre = results.headline(flooded, results.case_results(flooded))
    queued = tables.queues(centre.run, flooded.edges)
    figure = maps.draw_map(flooded, queued, [], "", "flood")
    assert _crosses(figure.axes[0]) == 1
    assert any("closed from 0:20" in item.get_text() for item in figure.axes[0].texts)
    assert any("closed" in item.get_text() for item in figure.legends[0].get_texts())
    open_one = maps.draw_map(flooded, queued, [], "", "baseline")
    assert _crosses(open_one.axes[0]) == 0
    assert not any("closed" in item.get_text() for item in open_one.legends[0].get_texts())
    assert "Ridge (closed from" in alts.map_alt(flooded, queued, "flood")
    assert "closed" not in alts.map_alt(flooded, queued, "baseline")


def test_moments_show_it_open_until_it_closes(flooded: ReportInput) -> None:
    centre = results.headline(flooded, results.case_results(flooded))
    minutes = moments.moments(centre)
    figure = moments.draw_moments(flooded, centre)
    assert [_crosses(axes) for axes in figure.axes] == [int(minute >= 20) for minute in minutes]
    late = replace(flooded.plans["flood"], closed_exits=(ClosedExit("Ridge", 60.0 * (minutes[0] + 1)),))
    figure = moments.draw_moments(replace(flooded, plans={"flood": late}), centre)
    assert [_crosses(axes) for axes in figure.axes] == [0, 1, 1, 1]


def test_the_page_knows_which_exits_each_plan_closes(flooded: ReportInput) -> None:
    cases = results.case_results(flooded)
    content = json.loads(moving_map.map_json(flooded, cases, results.headline(flooded, cases)))
    closed = {plan["plan"]: plan["closed_exits"] for plan in content["plans"]}
    assert closed["baseline"] == []
    (ridge,) = closed["flood"]
    assert (ridge["name"], ridge["from_s"], ridge["until_s"]) == ("Ridge", 1200.0, None)
