"""Many cases at a glance: a small panel for each plan, all with the same axes, beside what they are compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evac.report import drawing, text
from evac.report.figures import cumulative
from evac.report.results import CaseResult

_COLUMNS, _PANEL_IN, _HEAD_IN, _FOOT_IN = 3, 2.3, 0.35, 0.75
_MOST_PANELS = 18
_LABEL_SHARES = (0.8, 0.65, 0.5, 0.35)
"""Where lines carry their labels: each on another height, so that they don't cover each other."""


def draw_panels(cases: Sequence[CaseResult], reference: str | None, end_h: float) -> Figure:
    """Draw the share of vehicles that are out against hours, a panel for each plan but `reference`.

    Solid: the panel's plan; dotted: `reference`; a line for each case of vehicles per household.
    """
    plans = [plan for plan in dict.fromkeys(case.shown.plan for case in cases) if plan != reference][:_MOST_PANELS]
    columns = min(_COLUMNS, len(plans))
    rows = math.ceil(len(plans) / columns)
    height = rows * (_PANEL_IN + _HEAD_IN) + _FOOT_IN
    last_h = max(cumulative(case, "evacuated")[0][-1] for case in cases)
    compared = [case for case in cases if case.shown.plan == reference]
    with drawing.styled():
        figure = drawing.new_figure(9.0, height)
        grid = figure.add_gridspec(
            rows, columns, left=0.07, right=0.99, top=1 - _HEAD_IN / height, bottom=_FOOT_IN / height,
            hspace=0.38, wspace=0.12,
        )  # fmt: skip
        for number, plan in enumerate(plans):
            axes = figure.add_subplot(grid[number // columns, number % columns])
            mine = [case for case in cases if case.shown.plan == plan]
            _draw_panel(axes, mine, compared, end_h)
            axes.set(xlim=(0, last_h * 1.02 or 1.0), ylim=(0, 1.0))
            axes.xaxis.set_major_formatter("{x:g}")
            shares = ["0", "50 %", "90 %", "100 %"] if number % columns == 0 else []
            axes.set_yticks([0, 0.5, 0.9, 1], shares or [""] * 4)
        figure.supxlabel("hours after the evacuation order", fontsize=9.5, y=0.28 / height)
    return figure


def _draw_panel(axes: Axes, mine: Sequence[CaseResult], compared: Sequence[CaseResult], end_h: float) -> None:
    labels = list(dict.fromkeys(case.shown.vehicles_per_household for case in (*compared, *mine)))
    axes.axhline(0.9, color=drawing.SHADE, linewidth=0.8, zorder=1)
    for cases, style in ((compared, (0, (1.2, 1.4))), (mine, "-")):
        for case in cases:
            hours, share = cumulative(case, "evacuated")
            colour = drawing.CASE_COLOURS[labels.index(case.shown.vehicles_per_household) % len(drawing.CASE_COLOURS)]
            axes.plot(hours, share, color=colour, linestyle=style, linewidth=1.6, zorder=4)
            if cases is mine:
                _label(axes, case, labels.index(case.shown.vehicles_per_household), colour)
    doubt = any(case.doubt for case in mine)
    times = " · ".join(text.clearance(case.estimate(90).mean, end_h) for case in mine)
    title = f"{text.plain(mine[0].shown.plan, 34)}{' † not trusted' if doubt else ''}\n90 %: {text.plain(times, 60)}"
    axes.set_title(title, fontsize=7.6, loc="left", color=drawing.DOUBT if doubt else drawing.INK)


def _label(axes: Axes, case: CaseResult, number: int, colour: str) -> None:
    """Write the case on its line."""
    hours, share = cumulative(case, "evacuated")
    wanted = _LABEL_SHARES[number % len(_LABEL_SHARES)]
    at = int((share >= min(wanted, share[-1])).argmax())
    axes.annotate(
        case.shown.vehicles_per_household, (hours[at], share[at]), fontsize=7.8, color=colour, ha="center", va="center",
        zorder=9, bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": colour, "lw": 0.6},
    )  # fmt: skip


def panels_alt(cases: Sequence[CaseResult], end_h: float) -> str:
    """Return the panels in words: each plan's 90 % times."""
    lines = []
    for case in cases:
        doubt = f" (not trusted: {text.plain(case.doubt)})" if case.doubt else ""
        lines.append(f"{case.shown.plan}, {case.label}: {text.clearance(case.estimate(90).mean, end_h)}{doubt}")
    return text.plain(f"90 % of the vehicles are out after: {'; '.join(lines)}.", 4000)
