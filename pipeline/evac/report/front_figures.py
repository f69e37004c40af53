"""The two pictures of the first page: how the vehicles get out under each plan, and where the city is held up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evac import clock
from evac.projection import utm_of
from evac.report import drawing, maps, text
from evac.report.answer import plan_name
from evac.report.figures import cumulative, departing, draw_at_best, draw_in_refuge
from evac.report.inputs import Located, ReportInput
from evac.report.results import CaseResult
from evac.report.street_names import write_street_names
from evac.report.words import say

_WIDTH_IN, _CURVES_IN, _KEY_IN, _MAP_ASPECT = 4.3, 2.2, 0.16, 0.72
_AXES = 0.105, 0.185, 0.885, 0.795  # left, bottom, width, height, as shares of the figure without its key
_MOST_CURVES = 5
_DASHES = ((0, (4, 1.4)), (0, (1.2, 1.2)), (0, (6, 1.4, 1.2, 1.4)), (0, (2.5, 1)))
_CLEAR_STEPS = 100  # across the map
_NAME_CHARS, _STREET_NAMES, _STREET_PT, _LABEL_PT = 30, 10, 6.4, 7.4


def draw_front_curves(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Figure:
    """Draw the share of vehicles that is out against time, a line a plan, with a dot where 90 % are out.

    Thick and blue: the plan that is shown; dashes and dots in blue: those in a refuge under it; grey: the one compared
    with; others dashed. The key stands below the curves, where the figure is empty, the fastest plan first.
    """
    others = [case for case in cases if case is not centre][: _MOST_CURVES - 1]
    dashes = iter(_DASHES)
    with drawing.styled():
        figure = drawing.new_figure(_WIDTH_IN, _CURVES_IN)
        axes = figure.add_axes(_AXES)
        # The plan that is shown is drawn last, so that it lies over the others.
        keys = [_draw_plan(axes, report, case, centre, dashes) for case in reversed([centre, *others])]
        hours = [cumulative(case, "evacuated")[0] for case in (centre, *others)]
        keys.append((math.inf, _draw_departures(axes, centre)))
        if centre.run.manifest["in_refuge"]:
            keys.append((math.inf, draw_in_refuge(axes, centre, drawing.PLAN)))
            hours.append(cumulative(centre, "in_refuge")[0])
        if report.bounds is not None:
            keys.append((math.inf, draw_at_best(axes, report.bounds.under_plan)))
        _dress(axes, max(float(one[-1]) for one in hours))
        _write_key(figure, axes, [key for _, key in sorted(keys, key=lambda key: key[0])])
    return figure


def _draw_plan(
    axes: Axes, report: ReportInput, case: CaseResult, centre: CaseResult, dashes: Iterator[Any]
) -> tuple[float, Line2D]:
    """Draw the curve of a plan; return when 90 % are out (s), by which the key is in order, and its line of the key."""
    hours, share = cumulative(case, "evacuated")
    is_reference = case.shown.plan == report.compared_with
    style = "-" if case is centre or is_reference else next(dashes)
    colour = drawing.PLAN if case is centre else drawing.OTHER if is_reference else drawing.INK
    width = 2.8 if case is centre else 1.7
    axes.plot(hours, share, color=colour, linestyle=style, linewidth=width, zorder=6 if case is centre else 4)
    time_s = case.shown.t90_s
    if time_s is not None:
        axes.plot(time_s / clock.HOUR_S, 0.9, "o", color=colour, markersize=6, markeredgecolor="white", zorder=8)
    name = text.plain(plan_name(report, case.shown.plan), _NAME_CHARS)
    words = f"{clock.hours_minutes(time_s) if time_s is not None else text.NONE}  {name}"
    return time_s or math.inf, Line2D([], [], color=colour, ls=style, lw=width, label=words)


def _draw_departures(axes: Axes, centre: CaseResult) -> Line2D:
    """Draw who is ready to leave; return its line of the key."""
    hours, share = departing(centre)
    look: dict[str, Any] = {"color": drawing.INK, "linewidth": 1.0, "linestyle": (0, (5, 3))}
    axes.plot(hours, share, zorder=3, **look)
    return Line2D([], [], label=say("ready to leave"), **look)


def _write_key(figure: Figure, axes: Axes, keys: Sequence[Line2D]) -> None:
    """Write the key below the curves, where it covers none of them: the figure grows by it."""
    foot_in = _KEY_IN * (len(keys) + 1)
    height_in = _CURVES_IN + foot_in
    left, bottom, width, height = _AXES
    figure.set_size_inches(_WIDTH_IN, height_in)
    axes.set_position((left, (bottom * _CURVES_IN + foot_in) / height_in, width, height * _CURVES_IN / height_in))
    legend = figure.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(left, 0.015), frameon=False, fontsize=_LABEL_PT,
        title=say("90 % out"), title_fontsize=_LABEL_PT, alignment="left", borderaxespad=0.0, borderpad=0.0,
        handlelength=2.2,
    )  # fmt: skip
    legend.get_title().set_fontweight("bold")


def _dress(axes: Axes, last_h: float) -> None:
    drawing.time_axis(axes, last_h)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 0.9, 1], ["0", "25", "50", "75", "90", say("100 %")])
    axes.set_xlabel(say("time after the order (h:mm)"), fontsize=8)
    axes.tick_params(labelsize=7.6)
    axes.axhline(0.9, color=drawing.SHADE, linewidth=0.8, zorder=1)


def draw_front_map(report: ReportInput, queues: gpd.GeoDataFrame, worst: Located | None, plan: str) -> Figure:
    """Draw the ordered area: main streets, queues, ways out under a plan, and the lane that holds it up."""
    crs = utm_of(report.zones)
    spots = [worst] if worst is not None else []
    frame = maps.area_frame(report, spots, crs, _MAP_ASPECT)
    streets = report.streets.to_crs(crs)
    with drawing.styled():
        figure, axes = maps.new_map(frame, foot_in=0.09, width_in=_WIDTH_IN)
        maps.draw_area(axes, report, crs)
        maps.draw_streets(axes, streets)
        maps.draw_queues(axes, queues.to_crs(crs))
        maps.draw_scale(axes, report.units)
        maps.write_attribution(axes, report.attribution)
        closed = report.closed_exits(plan)
        long = queues[queues["queue_veh"] >= maps.LONG_QUEUE_VEH].geometry.to_crs(crs)
        clear = drawing.points_along(long, (frame[2] - frame[0]) / _CLEAR_STEPS)
        taken = maps.draw_places(axes, report, spots, crs, _LABEL_PT, closed=closed, clear_of=clear).covered
        write_street_names(axes, streets, _STREET_NAMES, _STREET_PT, taken)
        axes.set(xlabel="", ylabel="")
    return figure
