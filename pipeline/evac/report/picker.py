"""Any two cases beside each other, chosen on the page: what `templates/compare.js` shows of them.

All numbers and sentences are made here, so that the page doesn't compute what the tables have in another way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from evac import clock
from evac.report import text
from evac.report.comparing import Comparison, compare, later_words
from evac.report.estimates import PERCENTS
from evac.report.figures import cumulative
from evac.report.inputs import ReportInput
from evac.report.movement import evacuated
from evac.report.results import CaseResult, case_words, counterpart, same_case
from evac.report.words import say

MOST_CASES = 24
"""Cases to choose from; further ones are in the tables, and the page says so."""
_STEP_MIN, _MOST_STEPS, _NAME_CHARS = 5, 120, 80


def offered(cases: Sequence[CaseResult]) -> list[CaseResult]:
    """Return the cases that can be chosen; none where there are no two."""
    return list(cases[:MOST_CASES]) if len(cases) > 1 else []


def content(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> dict[str, Any]:
    """Return the cases and what each differs in from each other, ready for JSON."""
    shown = offered(cases)
    step_min = _step_min(shown)
    other = counterpart(report, shown, centre) or next(case for case in shown if case is not centre)
    first = centre if centre in shown else shown[0]
    return {
        "chosen": [shown.index(first), shown.index(other)],
        "step_s": step_min * clock.MINUTE_S,
        "cases": [_case(report, case, step_min) for case in shown],
        "pairs": [[_pair(report, compare(before, after)) for before in shown] for after in shown],
    }


def _step_min(cases: Sequence[CaseResult]) -> int:
    last_h = max(float(cumulative(case, "evacuated")[0][-1]) for case in cases)
    return _STEP_MIN * max(1, math.ceil(last_h * clock.HOUR_MIN / _STEP_MIN / _MOST_STEPS))


def _case(report: ReportInput, case: CaseResult, step_min: int) -> dict[str, Any]:
    hours, share = cumulative(case, "evacuated")
    minutes = np.arange(0, hours[-1] * clock.HOUR_MIN + step_min, step_min)
    out = np.rint(np.interp(minutes, hours * clock.HOUR_MIN, share * case.shown.planned)).astype(int)
    return {
        "words": case_words(report, case),
        "planned": case.shown.planned,
        "doubt": text.plain(case.doubt, 400),
        "times": [text.estimated(case.estimate(percent), report.scenario.simulation.end_h) for percent in PERCENTS],
        "out": out.tolist(),
        "exits": _exits(case, minutes * clock.MINUTE_S),
    }


def _exits(case: CaseResult, at_s: np.ndarray) -> dict[str, list[int]]:
    """Return, for each exit, the planned vehicles that have left by it at each step."""
    table = evacuated(case)
    times = {name: np.sort(table.loc[table["exit"] == name, "evacuated_s"]) for name in case.run.manifest["exits"]}
    return {
        text.plain(name, _NAME_CHARS): np.searchsorted(found, at_s, side="right").tolist()
        for name, found in times.items()
    }


def _pair(report: ReportInput, pair: Comparison) -> dict[str, Any]:
    """Return what one case differs in from another: `after` against `before`."""
    if pair.before is pair.after:
        return {"words": say("This is the same case twice."), "changes": [], "zones": [], "seed": None}
    end_h = report.scenario.simulation.end_h
    return {
        "words": f"{_verdict(report, pair)}{_zones_words(pair)}",
        "changes": [_change(pair, percent) for percent in PERCENTS],
        "zones": [
            [
                text.plain(zone.zone, _NAME_CHARS),
                text.clearance(zone.before_s, end_h),
                text.clearance(zone.after_s, end_h),
                later_words(zone.later_s),
                _gains(zone.later_s),
            ]
            for zone in pair.zones
        ],
        "seed": pair.seed,
    }


def _verdict(report: ReportInput, pair: Comparison) -> str:
    verdict = pair.verdict
    if pair.after not in same_case([pair.after], pair.before):
        verdict = pair.verdict_of(*(case_words(report, case) for case in (pair.after, pair.before)))
    return say("By the 90 % time, {verdict}.", verdict=verdict)


def _zones_words(pair: Comparison) -> str:
    if pair.seed is None:
        return " " + say("Zones and exits aren't compared, because the two cases have no seed in common.")
    return " " + say(
        "Zones with 90 % out sooner by a minute or more: {gaining} of {zones}; later: {losing}.",
        gaining=pair.gaining, losing=pair.losing, zones=len(pair.zones),
    )  # fmt: skip


def _change(pair: Comparison, percent: int) -> str:
    """Return by how much later or sooner a share is out, with the interval over the seeds that both cases have."""
    found = pair.after.later_shown(pair.before, percent)
    if found.mean is None:
        return text.NONE
    words = later_words(found.mean)
    if found.low is None or found.high is None:
        return words
    ends = {"low": clock.span(found.low), "high": clock.span(found.high)}
    return f"{words} {say('(95 % interval {low} to {high})', **ends)}"


def _gains(later_s: float | None) -> str:
    if later_s is None or abs(later_s) < clock.MINUTE_S:
        return ""
    return say("loses") if later_s > 0 else say("gains")
