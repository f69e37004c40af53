"""The study's own question: what one car less per household buys."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from evac import clock
from evac.report import drawing, text
from evac.report.answer import Sentence, plan_name
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult
from evac.report.words import say

_WIDTH_IN, _HEIGHT_IN, _MOST_PLANS = 7.6, 3.0, 6


def by_vehicles(cases: Sequence[CaseResult], centre: CaseResult) -> list[CaseResult]:
    """Return the headline plan's cases that differ in their vehicles, the fewest first; none when there is but one."""
    shown = centre.shown
    alike = [
        case
        for case in cases
        if (case.shown.plan, case.shown.departure, case.shown.fidelity) == (shown.plan, shown.departure, shown.fidelity)
    ]
    ordered = sorted(alike, key=lambda case: case.shown.planned)
    return ordered if len(ordered) > 1 else []


def one_car_less(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Sentence | None:
    """Return what a car less per household buys: the most cars that were simulated against the case with one less.

    None where no two cases of the headline's plan are a car apart.
    """
    numbers = [(number, case) for case in by_vehicles(cases, centre) if (number := _number(case)) is not None]
    pairs = [(less, more) for one, less in numbers for other, more in numbers if other - one == 1.0]
    if not pairs:
        return None
    less, more = pairs[-1]
    end_h = report.scenario.simulation.end_h
    values = {
        "plan": plan_name(report, centre.shown.plan),
        "less": less.label,
        "more": more.label,
        "time": text.estimated(less.estimate(90), end_h),
        "other": text.estimated(more.estimate(90), end_h),
    }
    saved = more.later_shown(less, 90)
    words = say("With {less} instead of {more}, 90 % are out after {time} instead of {other} (“{plan}”).", **values)
    if saved.mean is not None and clock.minutes(saved.mean) > 0:
        words = say(
            "One car less per household buys {saved}: with {less} instead of {more}, 90 % are out after {time} instead "
            "of {other} (“{plan}”).",
            **values,
            saved=clock.span(saved.mean),
        )
    return Sentence(words, "; ".join(case.doubt for case in (less, more) if case.doubt))


def draw_by_vehicles(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Figure:
    """Draw the 90 % time against vehicles per household, a line a plan, with the 95 % intervals over the seeds."""
    labels = [case.shown.vehicles_per_household for case in by_vehicles(cases, centre)]
    alike = [
        case
        for case in cases
        if (case.shown.departure, case.shown.fidelity) == (centre.shown.departure, centre.shown.fidelity)
    ]
    estimates = [case.estimate(90) for case in alike]
    plans = list(dict.fromkeys(case.shown.plan for case in alike))[:_MOST_PLANS]
    with drawing.styled():
        figure = drawing.new_figure(_WIDTH_IN, _HEIGHT_IN)
        axes = figure.add_axes((0.3, 0.2, 0.67, 0.76))
        for number, plan in enumerate(reversed(plans)):
            colour = drawing.PLAN if plan == centre.shown.plan else drawing.OTHER
            marker = drawing.CASE_MARKERS[(len(plans) - 1 - number) % len(drawing.CASE_MARKERS)]
            rows = [
                (case.estimate(90), labels.index(case.shown.vehicles_per_household))
                for case in alike
                if case.shown.plan == plan and case.shown.vehicles_per_household in labels
            ]
            known = [(found, place) for found, place in rows if found.mean is not None]
            times = [(found.mean or 0.0) / clock.HOUR_S for found, _ in known]
            half = [(found.half_width or 0.0) / clock.HOUR_S for found, _ in known]
            axes.errorbar(
                times, [place for _, place in known], xerr=half, color=colour, marker=marker, markersize=7,
                linewidth=1.6, capsize=3, label=plan_name(report, plan), zorder=6 if plan == centre.shown.plan else 4,
            )  # fmt: skip
        last_h = max((found.mean or 0.0) + (found.half_width or 0.0) for found in estimates) / clock.HOUR_S
        drawing.time_axis(axes, last_h)
        axes.set_ylim(-0.5, len(labels) - 0.5)
        axes.set_yticks(range(len(labels)), [text.plain(case.label, 30) for case in by_vehicles(cases, centre)])
        axes.set_xlabel(say("90 % out: time after the evacuation order (h:mm)"))
        axes.legend(loc="lower left", frameon=False, fontsize=8)
    return figure


def _number(case: CaseResult) -> float | None:
    """Return a case's vehicles per household; None for a distribution."""
    try:
        return float(case.shown.vehicles_per_household)
    except ValueError:
        return None
