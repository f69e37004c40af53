"""The study's two figures: how the vehicles get out, and what passes each bottleneck lane.

Form after Google Research, "Improving traffic evacuations: A case study" (2023, arXiv 2307.07108).
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evac import clock
from evac.limits.bound import Bound
from evac.report import drawing, text
from evac.report.results import CaseResult, clearance_s
from evac.report.tables import LaneRate, lane_minutes, lane_rates
from evac.report.words import say
from evac.seals import require_file

PLAN_SHADES = ("#4a90c4", drawing.PLAN, "#00406b", "#001f36")
OTHER_SHADES = ("#8c8c8c", drawing.OTHER, "#4f4f4f", "#262626")
"""Shades of the two plans for the cases of vehicles per household, in the scenario's order."""
_MARKS_PERCENT = (50, 90, 95)
"""Percentages marked on the curves (NUREG/CR-7002, arXiv 2002.06198)."""
SMOOTHING_MIN = 5
"""Minutes of the running mean over the lanes' minute counts."""
_PLANNED_SHARE_DONE = 0.99
"""The departure curve is drawn up to here: some forms never end."""
MOST_LANES = 12
"""Panels of the lanes' figure; further lanes are in the table only."""
_WIDTH_IN, _PLOT_HEIGHT_IN, _AXIS_IN, _NOTE_ROW_IN = 7.6, 3.9, 0.62, 0.34
_LABEL_CHARS, _NOTE_CHARS, _LANE_CHARS = 48, 112, 100


def draw_curves(
    cases: Sequence[CaseResult], leaving: CaseResult | None, plan: str, end_h: float, *, at_best: Bound | None = None
) -> Figure:
    """Draw the share of all planned vehicles that is out against time.

    Dashed: vehicles of the case `leaving` that are ready to leave. Solid and blue: `plan`; dotted and grey: any other
    plan. One line a case; dashes and dots in its colour: those in a refuge, who are safe and not out. Thin: `at_best`,
    the most that can be out. The key stands where the figure is empty, the fastest first.
    """
    doubts = _doubts(cases)
    foot_in = _AXIS_IN + _NOTE_ROW_IN * len(doubts)
    height = foot_in + _PLOT_HEIGHT_IN + 0.12
    with drawing.styled():
        figure = drawing.new_figure(_WIDTH_IN, height)
        axes = figure.add_axes((0.09, foot_in / height, 0.89, _PLOT_HEIGHT_IN / height))
        keys: list[tuple[float, Artist]] = []
        last_h = 0.0
        for case in cases:
            x_h, share = cumulative(case, "evacuated")
            last_h = max(last_h, x_h[-1])
            style = _case_style(cases, case, solid=case.shown.plan == plan)
            axes.plot(x_h, share, zorder=5, **{**style, "marker": None})
            for percent in _MARKS_PERCENT:
                time_s = clearance_s(case.shown, percent)
                if time_s is not None:
                    axes.plot(time_s / clock.HOUR_S, percent / 100, zorder=6, **style)
            words = _curve_label(cases, case, end_h, doubts)
            keys.append((case.shown.t90_s or math.inf, Line2D([], [], label=words, **style)))
            if case.run.manifest["in_refuge"]:
                keys.append((case.shown.t90_s or math.inf, draw_in_refuge(axes, case, style["color"])))
                last_h = max(last_h, cumulative(case, "in_refuge")[0][-1])
        if leaving is not None:
            dashes: dict[str, Any] = {"color": drawing.INK, "linewidth": 1.6, "linestyle": (0, (5, 3))}
            axes.plot(*departing(leaving), zorder=4, **dashes)
            words = say("ready to leave ({case})", case=leaving.label)
            keys.append((math.inf, Line2D([], [], label=words, **dashes)))
        if at_best is not None:
            keys.append((math.inf, draw_at_best(axes, at_best)))
        _dress_curves(axes, last_h)
        _draw_curve_key(axes, keys, low=any(case.run.manifest["in_refuge"] for case in cases))
        _footnotes(figure, doubts, height)
    return figure


def draw_in_refuge(axes: Axes, case: CaseResult, colour: str) -> Line2D:
    """Draw the share that is in a refuge, to the end of the run: safe, and not out; return its key."""
    hours, share = cumulative(case, "in_refuge")
    ends_h = case.run.manifest["end_s"] / clock.HOUR_S
    words = say("in a refuge ({case}): {share}", case=case.label, share=text.percent(share[-1]))
    dots: dict[str, Any] = {"color": colour, "linewidth": 1.6, "linestyle": (0, (6, 1.5, 1, 1.5))}
    (line,) = axes.plot([*hours, ends_h], [*share, share[-1]], zorder=4, label=words, **dots)
    return line


def cumulative(case: CaseResult, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Return hours and share of planned vehicles by a column of `curve.parquet`, up to the last vehicle of it."""
    table = pd.read_parquet(require_file(case.run.folder / "curve.parquet"), columns=["minute", column])
    count = table[column].to_numpy(dtype=float)
    last = int(np.argmax(count >= count[-1])) if len(count) else 0
    hours = table["minute"].to_numpy(dtype=float)[: last + 1] / clock.HOUR_MIN
    return hours, count[: last + 1] / max(case.shown.planned, 1)


def _vehicles_index(cases: Sequence[CaseResult], case: CaseResult) -> int:
    names = list(dict.fromkeys(other.shown.vehicles_per_household for other in cases))
    return names.index(case.shown.vehicles_per_household) % len(drawing.CASE_MARKERS)


def _case_style(cases: Sequence[CaseResult], case: CaseResult, *, solid: bool) -> dict[str, Any]:
    """Return how a case's line looks: colour and dashes tell the plan, shade and marker the vehicles per household."""
    index = _vehicles_index(cases, case)
    colour = shade(index, of_plan=solid)
    return {
        "color": colour,
        "linewidth": 2.2,
        "linestyle": "-" if solid else (0, (1.2, 1.4)),
        "marker": drawing.CASE_MARKERS[index],
        "markerfacecolor": colour if solid else "white",
        "markersize": 6.5,
    }


def shade(number: int, *, of_plan: bool) -> str:
    """Return the colour of the n-th case of vehicles per household, under the plan that is shown or another."""
    shades = PLAN_SHADES if of_plan else OTHER_SHADES
    return shades[number % len(shades)]


def departing(case: CaseResult) -> tuple[np.ndarray, np.ndarray]:
    """Return hours and share of planned vehicles that are ready to leave, up to nearly the last."""
    hours, share = cumulative(case, "departed")
    shown = share <= max(_PLANNED_SHARE_DONE, share[0])
    return hours[shown], share[shown]


def draw_at_best(axes: Axes, bound: Bound) -> Line2D:
    """Draw the share that could be out at best, a thin line; return its key."""
    hours, share = np.arange(len(bound.out)) / clock.HOUR_MIN, bound.out / max(bound.planned, 1)
    (line,) = axes.plot(
        hours,
        share,
        color=drawing.INK,
        linewidth=0.9,
        zorder=3,
        label=say("the most that can be out, on the lanes of this plan"),
    )
    return line


def _curve_label(cases: Sequence[CaseResult], case: CaseResult, end_h: float, doubts: Sequence[str]) -> str:
    shown = case.shown
    name = case.label if len({other.shown.plan for other in cases}) == 1 else f"{case.label}, {shown.plan}"
    doubt = f" {_sign(doubts.index(case.doubt))} {say('not trusted')}" if case.doubt else ""
    out = say(
        "90 % {most}, all {all}", most=text.clearance(shown.t90_s, end_h), all=text.clearance(shown.t100_s, end_h)
    )
    if shown.t100_s is None:
        out += f" ({say('{share} out', share=text.percent(shown.evacuated / max(shown.planned, 1)))})"
    return f"{text.plain(name, _LABEL_CHARS)}: {out}{doubt}"


def _draw_curve_key(axes: Axes, keys: Sequence[tuple[float, Artist]], *, low: bool) -> None:
    """Draw the key where no curve is: at the lower right, or, with `low` curves there, at the upper left."""
    handles = [handle for _, handle in sorted(keys, key=lambda key: key[0])]
    axes.legend(
        handles=handles,
        loc="upper left" if low else "lower right",
        fontsize=8,
        framealpha=0.92,
        edgecolor="none",
        handlelength=2.8,
    )


def _doubts(cases: Sequence[CaseResult]) -> list[str]:
    return list(dict.fromkeys(case.doubt for case in cases if case.doubt))


def _sign(number: int) -> str:
    return "†" * (number + 1) if number < 3 else f"†{number + 1}"  # noqa: PLR2004 - more signs than three can't be told apart


def _footnotes(figure: Figure, doubts: Sequence[str], height_in: float) -> None:
    """Write why numbers aren't trusted at the figure's foot, two lines each at most."""
    for number, doubt in enumerate(doubts):
        words = text.plain(f"{_sign(number)} {say('not trusted')}: {doubt}", 260)
        y = (len(doubts) - number) * _NOTE_ROW_IN / height_in
        figure.text(0.02, y, textwrap.fill(words, _NOTE_CHARS), fontsize=7.8, color=drawing.DOUBT, va="top")


def _dress_curves(axes: Axes, last_h: float) -> None:
    drawing.time_axis(axes, last_h)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(say("time after the evacuation order (h:mm)"))
    axes.set_ylabel(say("share of all planned vehicles"))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 0.9, 0.95, 1], ["0", "25 %", "50 %", "75 %", "90 %", "95 %", "100 %"])
    axes.tick_params(axis="y", labelsize=7.6)
    for percent in _MARKS_PERCENT:
        axes.axhline(percent / 100, color=drawing.SHADE, linewidth=0.8, zorder=1)


def draw_lane_rates(case: CaseResult, other: CaseResult | None) -> Figure:
    """Draw vehicles per minute on each bottleneck lane, a panel a lane: `case` as a blue line, `other` shaded.

    A bar under the curve shows when a queue stands in the lane.
    """
    lanes = lane_rates(case.run)[:MOST_LANES]
    tables = [lane_minutes(one.run) for one in (case, other) if one is not None]
    last_h = max(_last_traffic_h(table) for table in tables)
    doubts = _doubts([one for one in (case, other) if one is not None])
    rows = -(-len(lanes) // 2)
    height = 1.95 * rows + 1.05 + _NOTE_ROW_IN * len(doubts)
    with drawing.styled():
        figure = drawing.new_figure(_WIDTH_IN, height)
        top_rate = max(1.0, *(_smooth(table, lane)["rate"].max() for table in tables for lane in lanes))
        bottom = (0.55 + _NOTE_ROW_IN * len(doubts)) / height
        grid = figure.add_gridspec(
            rows, 2, left=0.07, right=0.98, top=1 - 0.75 / height, bottom=bottom, hspace=0.5, wspace=0.14
        )
        for number, lane in enumerate(lanes):
            axes = figure.add_subplot(grid[number // 2, number % 2])
            drawing.time_axis(axes, last_h)
            axes.set_ylim(-0.08 * top_rate, 1.3 * top_rate)
            _draw_lane(axes, lane, tables)
            if number >= len(lanes) - 2:
                axes.set_xlabel(say("time after the evacuation order (h:mm)"))
        _draw_key(figure, case, other, height)
        figure.supylabel(say("vehicles per minute"), fontsize=9.5, x=0.005)
        _footnotes(figure, doubts, height)
    return figure


def _draw_key(figure: Figure, case: CaseResult, other: CaseResult | None, height_in: float) -> None:
    """Say at the top what line, shade and bar stand for: a figure on a slide has no caption."""
    keys: list[Artist] = [
        Line2D([], [], color=drawing.PLAN, linewidth=1.8, label=text.plain(case.shown.plan, _LABEL_CHARS))
    ]
    if other is not None:
        keys.append(Patch(color=drawing.SHADE, label=text.plain(other.shown.plan, _LABEL_CHARS)))
    keys.append(Line2D([], [], color=drawing.QUEUE, linewidth=5, label=say("a queue stands")))
    figure.legend(
        handles=keys, loc="upper left", bbox_to_anchor=(0.06, 1 - 0.02 / height_in), ncols=3, frameon=False,
        fontsize=8.4, borderaxespad=0.2,
    )  # fmt: skip


def _draw_lane(axes: Axes, lane: LaneRate, tables: Sequence[pd.DataFrame]) -> None:
    for table, shaded in zip(tables, (False, True), strict=False):
        rates = _smooth(table, lane)
        if shaded:
            axes.fill_between(rates["hours"], rates["rate"], color=drawing.SHADE, linewidth=0, zorder=2)
            continue
        axes.plot(rates["hours"], rates["rate"], color=drawing.PLAN, linewidth=1.8, zorder=4)
        _, top = axes.get_ylim()
        axes.fill_between(
            rates["hours"],
            -0.07 * top,
            -0.02 * top,
            where=rates["queued"],
            step="mid",
            color=drawing.QUEUE,
            linewidth=0,
        )
    name = text.plain(lane.name, _LANE_CHARS)
    drawing.write_title(axes, name, size=8.6)
    mean = say("{rate} per min until 95 % are out", rate=text.rate(lane.mean_veh_per_min))
    axes.text(
        0.99, 0.93, mean, transform=axes.transAxes,
        ha="right", va="top", fontsize=7.8, color=drawing.GREY,
    )  # fmt: skip


def _smooth(table: pd.DataFrame, lane: LaneRate) -> pd.DataFrame:
    rows = table[(table["edge"] == lane.edge) & (table["lane"] == lane.lane)]
    return pd.DataFrame(
        {
            "hours": (rows["minute"] + 0.5) / clock.HOUR_MIN,
            "rate": rows["vehicles"].rolling(SMOOTHING_MIN, center=True, min_periods=1).mean(),
            "queued": rows["queued"],
        }
    )


def _last_traffic_h(table: pd.DataFrame) -> float:
    busy = table.loc[table["vehicles"] > 0, "minute"]
    return (float(busy.max()) + 1 + SMOOTHING_MIN) / clock.HOUR_MIN if len(busy) else 1.0
