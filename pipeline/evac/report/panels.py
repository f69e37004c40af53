"""Many cases at a glance: a small panel for each plan and departure curve, all with the same axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evac.clock import HOUR_S
from evac.report import drawing, text
from evac.report.alts import untrusted
from evac.report.figures import cumulative, shade
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, case_words
from evac.report.words import say

_COLUMNS, _PANEL_IN, _HEAD_IN, _FOOT_IN = 3, 2.3, 0.35, 0.75
MOST_PANELS = 18
"""Panels of the figure; further cases are in the tables only."""
_LABEL_SHARES = (0.8, 0.65, 0.5, 0.35)
"""Where lines carry their labels: each on another height, so that they don't cover each other."""


def panels_of(cases: Sequence[CaseResult], reference: str | None) -> list[tuple[str, str]]:
    """Return the panels as pairs of a plan and a departure curve: all but those of the plan compared with."""
    pairs = list(dict.fromkeys((case.shown.plan, case.shown.departure) for case in cases))
    return [pair for pair in pairs if pair[0] != reference] or pairs


def draw_panels(cases: Sequence[CaseResult], reference: str | None, end_h: float) -> Figure:
    """Draw the share of vehicles that are out against hours, a panel for each plan and departure curve.

    Solid: the panel's plan, a line for each case of vehicles per household, with a marker at 90 %; dotted: the same
    under `reference`; dashed: vehicles that are ready to leave.
    """
    pairs = panels_of(cases, reference)[:MOST_PANELS]
    curves = len({departure for _, departure in pairs})
    columns = curves if 1 < curves <= _COLUMNS else min(_COLUMNS, len(pairs))  # a column a departure curve, if it fits
    rows = math.ceil(len(pairs) / columns)
    height = rows * (_PANEL_IN + _HEAD_IN) + _FOOT_IN
    last_h = max(cumulative(case, "evacuated")[0][-1] for case in cases)
    with drawing.styled():
        figure = drawing.new_figure(9.0, height)
        grid = figure.add_gridspec(
            rows, columns, left=0.07, right=0.99, top=1 - _HEAD_IN / height, bottom=_FOOT_IN / height,
            hspace=0.38, wspace=0.12,
        )  # fmt: skip
        for number, pair in enumerate(pairs):
            axes = figure.add_subplot(grid[number // columns, number % columns])
            _draw_panel(axes, *_lines(cases, pair, reference))
            _title(axes, cases, pair, end_h)
            drawing.time_axis(axes, last_h)
            axes.set_ylim(0, 1.0)
            shares = ["0", "50 %", "90 %", "100 %"] if number % columns == 0 else []
            axes.set_yticks([0, 0.5, 0.9, 1], shares or [""] * 4)
        figure.supxlabel(say("time after the evacuation order (h:mm)"), fontsize=9.5, y=0.28 / height)
    return figure


def _lines(
    cases: Sequence[CaseResult], pair: tuple[str, str], reference: str | None
) -> tuple[list[CaseResult], list[CaseResult]]:
    """Return the cases of a panel, and those that it compares them with."""
    mine = [case for case in cases if (case.shown.plan, case.shown.departure) == pair]
    others = [case for case in cases if (case.shown.plan, case.shown.departure) == (reference, pair[1])]
    return mine, [] if pair[0] == reference else others


def _draw_panel(axes: Axes, mine: Sequence[CaseResult], compared: Sequence[CaseResult]) -> None:
    labels = list(dict.fromkeys(case.shown.vehicles_per_household for case in (*compared, *mine)))
    axes.axhline(0.9, color=drawing.SHADE, linewidth=0.8, zorder=1)
    hours, share = cumulative(mine[0], "departed")
    axes.plot(hours, share, color=drawing.INK, linestyle=(0, (5, 3)), linewidth=1.0, zorder=3)
    for cases, style in ((compared, (0, (1.2, 1.4))), (mine, "-")):
        for case in cases:
            hours, share = cumulative(case, "evacuated")
            number = labels.index(case.shown.vehicles_per_household)
            colour = shade(number, of_plan=cases is mine)
            axes.plot(hours, share, color=colour, linestyle=style, linewidth=1.6, zorder=4)
            if cases is mine:
                _mark(axes, case, number, colour)
                _label(axes, case, number, colour)


def _title(axes: Axes, cases: Sequence[CaseResult], pair: tuple[str, str], end_h: float) -> None:
    """Write what a panel shows, as far as it tells panels apart, and its 90 % times."""
    mine = [case for case in cases if (case.shown.plan, case.shown.departure) == pair]
    several = [len({getattr(case.shown, name) for case in cases}) > 1 for name in ("plan", "departure")]
    name = ", ".join(part for part, tells in zip(pair, several, strict=True) if tells) or pair[0]
    doubt = any(case.doubt for case in mine)
    times = " · ".join(text.clearance(case.estimate(90).mean, end_h) for case in mine)
    sign = f"† {say('not trusted')} · " if doubt else ""
    title = f"{text.plain(name, 46)}\n{sign}90 %: {text.plain(times, 60)}"
    drawing.write_title(axes, title, size=7.6, most_lines=1, color=drawing.DOUBT if doubt else drawing.INK)


def _mark(axes: Axes, case: CaseResult, number: int, colour: str) -> None:
    """Mark when 90 % are out, so that lines can be told apart without colour."""
    if case.shown.t90_s is not None:
        marker = drawing.CASE_MARKERS[number % len(drawing.CASE_MARKERS)]
        axes.plot(case.shown.t90_s / HOUR_S, 0.9, marker, color=colour, markersize=4.5, zorder=6)


def _label(axes: Axes, case: CaseResult, number: int, colour: str) -> None:
    """Write the case on its line."""
    hours, share = cumulative(case, "evacuated")
    wanted = _LABEL_SHARES[number % len(_LABEL_SHARES)]
    at = int((share >= min(wanted, share[-1])).argmax())
    axes.annotate(
        case.shown.vehicles_per_household, (hours[at], share[at]), fontsize=7.8, color=colour, ha="center", va="center",
        zorder=9, bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": colour, "lw": 0.6},
    )  # fmt: skip


def panels_alt(report: ReportInput, cases: Sequence[CaseResult]) -> str:
    """Return the panels in words: the 90 % times of each case."""
    end_h = report.scenario.simulation.end_h
    lines = [
        f"{case_words(report, case)}: {text.clearance(case.estimate(90).mean, end_h)}{untrusted(case.doubt)}"
        for case in cases
    ]
    return text.plain(say("90 % of the vehicles are out after: {times}.", times="; ".join(lines)), 4000)
