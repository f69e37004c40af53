"""What it costs or buys that a plan switches signals off, beside signals left on and officers: words and a table.

Told as what plans buy is (`effects`): one simulation of each shows no difference of less than two minutes, and none
where one of them isn't trusted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import pandas as pd

from evac import clock
from evac.report import text
from evac.report.answer import Sentence, plan_name
from evac.report.effects import LEAST_TOLD_S, Lever
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, case_results, headline, vehicles_text
from evac.report.words import mark, say
from evac.simulate.job import Case
from evac.study.runs import BesideDark
from evac.study.variants import OFFICERS, SIGNALS_ON

_INSTEAD = {SIGNALS_ON: mark("With them left on"), OFFICERS: mark("With officers there")}
_LEVER = {SIGNALS_ON: mark("left on"), OFFICERS: mark("officers there")}
_WORDS = {
    "costs": mark("{instead} it takes {time}: off, they cost {size}."),
    "buys": mark("{instead} it takes {time}: off, they buy {size}."),
    "not shown": mark("{instead} it takes {time}: no demonstrated difference."),
    "not trusted": mark("{instead} it takes {time}; no number for the difference: a simulation isn't trusted."),
    "no number": mark("{instead}: {time}; no number for the difference, because 90 % aren't always out by the end."),
    "refused": mark("{instead}: no number ({reason})."),
}
_MOST_ON_FRONT = 2
_CASE = ("vehicles_per_household", "departure", "seed")
_COLUMNS = ("plan", "instead", *_CASE, "t90_off_s", "t90_instead_s", "off_job", "instead_job", "reasons", "refused")

State = Literal["costs", "buys", "not shown", "not trusted", "no number", "refused"]


def state_of(row: BesideDark) -> State:
    """Return what can be said of dark signals beside something else."""
    if row.refused:
        return "refused"
    if row.doubts:
        return "not trusted"
    if row.cost_s is None:
        return "no number"
    if abs(row.cost_s) < LEAST_TOLD_S:
        return "not shown"
    return "costs" if row.cost_s > 0.0 else "buys"


def sentences(report: ReportInput, centre: CaseResult) -> list[Sentence]:
    """Return what dark signals cost or buy, for each plan that has some: the headline's first, then the dearest."""
    by_plan: dict[str, list[BesideDark]] = {}
    for row in report.dark:
        by_plan.setdefault(row.plan, []).append(row)
    ordered = sorted(by_plan, key=lambda plan: (plan != centre.shown.plan, -_dearest_s(by_plan[plan])))
    return [_of_plan(report, by_plan[plan], centre) for plan in ordered]


def on_front(report: ReportInput, centre: CaseResult) -> list[Sentence]:
    """Return as many of these as the first page has room for, and where the others are."""
    found = sentences(report, centre)
    more = len(found) - _MOST_ON_FRONT
    if more <= 0:
        return found
    where = say("Plans with signals off beside these: {number}, in tables/dark_signals.csv.", number=text.count(more))
    return [*found[:_MOST_ON_FRONT], Sentence(where)]


def _dearest_s(rows: Sequence[BesideDark]) -> float:
    """Return the most that dark signals cost (s); minus infinity where no number is told."""
    return max((row.cost_s for row in rows if row.cost_s is not None), default=-math.inf)


def dark_words(report: ReportInput) -> tuple[str, ...]:
    """Return the same for a terminal, with why a simulation isn't trusted."""
    if not report.dark:
        return ()
    found = sentences(report, headline(report, case_results(report)))
    return tuple(f"{item.words} ({item.doubt})" if item.doubt else item.words for item in found)


def _of_plan(report: ReportInput, rows: Sequence[BesideDark], centre: CaseResult) -> Sentence:
    end_h, ran = report.scenario.simulation.end_h, [row for row in rows if not row.refused]
    words = [say("“{plan}” switches signals off.", plan=plan_name(report, rows[0].plan))]
    if ran:
        time, case = text.clearance(ran[0].dark_s, end_h), _case_words(ran[0].case, centre)
        words.append(
            say("With them off, 90 % are out after {time} ({case}, one simulation of each).", time=time, case=case)
        )
    words += [_beside(row, end_h) for row in rows]
    return Sentence(" ".join(words), "; ".join(dict.fromkeys(reason for row in ran for reason in row.doubts)))


def levers(report: ReportInput, centre: CaseResult) -> list[Lever]:
    """Return how the headline's 90 % time moves with what holds at the signals that its plan switches off."""
    shown = centre.shown
    rows = [
        row
        for row in report.dark
        if (row.plan, row.case.vehicles_per_household, row.case.departure)
        == (shown.plan, shown.vehicles_per_household, shown.departure)
    ]
    moves = [
        (say(_LEVER[row.holds]), clock.between(row.other_s, row.dark_s))
        for row in rows
        if row.other_s is not None and row.dark_s is not None
    ]
    doubt = "; ".join(dict.fromkeys(reason for row in rows for reason in row.doubts))
    return [Lever(say("The signals that are off"), tuple(moves), doubt)] if moves else []


def _beside(row: BesideDark, end_h: float) -> str:
    later_s = 0.0 if row.dark_s is None or row.other_s is None else clock.between(row.dark_s, row.other_s)
    return say(
        _WORDS[state_of(row)],
        instead=say(_INSTEAD[row.holds]),
        time=text.clearance(row.other_s, end_h),
        size=clock.span(abs(later_s)),
        reason=text.plain(row.refused, 160),
    )


def _case_words(case: Case, centre: CaseResult) -> str:
    """Return what tells the case from the headline's: its seed, and the rest where that is another."""
    words = [say("seed {seed}", seed=case.seed)]
    if case.vehicles_per_household != centre.shown.vehicles_per_household:
        words.append(text.plain(vehicles_text(case.vehicles_per_household)))
    if case.departure != centre.shown.departure:
        words.append(say("departures “{departure}”", departure=text.plain(case.departure)))
    return ", ".join(words)


def dark_table(report: ReportInput) -> pd.DataFrame:
    """Return a row a plan and what holds instead: the file `dark_signals.csv`."""
    rows = [
        {
            "plan": row.plan,
            "instead": row.holds,
            **{name: getattr(row.case, name) for name in _CASE},
            "t90_off_s": row.dark_s,
            "t90_instead_s": row.other_s,
            "off_job": row.dark_job,
            "instead_job": row.other_job,
            "reasons": "; ".join(row.doubts),
            "refused": row.refused,
        }
        for row in report.dark
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)
