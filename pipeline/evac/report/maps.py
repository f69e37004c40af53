"""The static maps: streets with their names, area, households, exits, bottlenecks, and where the longest queues stand.

A map shows the ordered area; a way out beyond it stands at the map's edge as an arrow.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.path import Path
from shapely.geometry import LineString, Point, box

from evac.projection import utm_of
from evac.report import drawing, text
from evac.report.closed_exits import closed_words
from evac.report.inputs import Located, ReportInput
from evac.report.street_names import write_street_names
from evac.report.units import Units
from evac.report.words import say
from evac.study.closed_exits import ClosedExit

_STREET_CLASSES = (
    (("motorway", "motorway_link", "trunk", "trunk_link"), 2.4, "#8f8f8f"),
    (("primary", "primary_link", "secondary", "secondary_link"), 1.7, "#a3a3a3"),
    (("tertiary", "tertiary_link", "unclassified"), 1.1, "#b8b8b8"),
)
"""OpenStreetMap `highway` classes, line width (points) and colour; all others are thin."""
_OTHER_STREETS = (0.6, "#cfcfcf")

_QUEUE_STEPS_VEH = (5, 20, 50)
"""Longest queue on a street section (vehicles) from which each step of the map's scale begins."""
LONG_QUEUE_VEH = _QUEUE_STEPS_VEH[1]
"""From how many vehicles on a queue is long: labels of the first page keep off it."""
_QUEUE_STYLES = ((1.8, "#f0a03c"), (3.2, "#d1431f"), (4.8, "#6d0026"))
"""Line width (points) and colour of each step: wider is darker, so it reads without colour."""

EXIT_COLOUR = drawing.EXIT
_HOUSEHOLD, _CUT_OFF, _BOTTLENECK, _CLOSED = "#8a8a8a", "#b00050", drawing.INK, drawing.INK
_CROSSED = Path(
    [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1), (-0.6, -0.6), (0.6, 0.6), (-0.6, 0.6), (0.6, -0.6)],
    [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY, *[Path.MOVETO, Path.LINETO] * 2],
)
"""A crossed-out square."""
_CROSS_SHARE = 0.4
"""The cross in a closed exit, as a share of its area."""
_WIDTH_IN, _MARGIN_IN, _FOOT_IN = 7.6, 0.09, 1.45
_LEAST_EXTENT_M = 500.0
_NEAR_SHARE = 0.25
"""How far the map goes on beyond the households where the area does, as a share of their extent."""
_FOOT_SHARE = 0.09
"""The part of a map's height in which scale and attribution stand: no arrow of a way out is drawn into it."""
_EDGE_SHARE = 0.025
"""How far from the map's edge the arrow of a way out beyond it stands, as a share of the map's width."""
_LEAST_ASPECT, _GREATEST_ASPECT = 0.5, 1.15
"""Map height / width: a long narrow place gets more of its surroundings, so that the page stays readable."""
_NAME_CHARS, _NOTE_CHARS = 34, 108
_STREET_NAMES, _STREET_PT = 16, 6.8
_NOTE_TOP_IN, _LEGEND_BOTTOM_IN = 0.48, 0.54


def draw_map(
    report: ReportInput, queues: gpd.GeoDataFrame, bottlenecks: Sequence[Located], note: str, plan: str
) -> Figure:
    """Draw the map in the scenario's own UTM zone (metres).

    Parameters
    ----------
    report
        Streets, zones, households, exits.
    queues
        As from `tables.queues`.
    bottlenecks
        Measured spots.
    note
        Names the run that queues and bottlenecks are from.
    plan
        The plan of that run: the exits that it closes are drawn as closed.
    """
    closed = report.closed_exits(plan)
    crs = utm_of(report.zones)
    frame = area_frame(report, bottlenecks, crs)
    with drawing.styled():
        figure, axes = new_map(frame)
        draw_area(axes, report, crs)
        draw_streets(axes, report.streets.to_crs(crs))
        draw_queues(axes, queues.to_crs(crs))
        _draw_households(axes, report.households.to_crs(crs))
        draw_scale(axes, report.units)
        write_attribution(axes, report.attribution)
        placed = draw_places(axes, report, bottlenecks, crs, closed=closed)
        write_street_names(axes, report.streets.to_crs(crs), _STREET_NAMES, _STREET_PT, placed.covered)
        axes.set(xlabel="", ylabel="")
        if placed.left_out:
            note += " " + say("{number} names found no room.", number=len(placed.left_out))
        _draw_legend(figure, report, note, closed)
    return figure


def area_frame(
    report: ReportInput, spots: Sequence[Located], crs: Any, aspect: float = _GREATEST_ASPECT
) -> tuple[float, float, float, float]:
    """Return the map's bounds in metres: the ordered area with a margin, its households, and the spots.

    Zones of a census may reach far beyond the households: of them only what is near is shown. The map is at most
    `aspect` times as high as wide.
    """
    people = pd.concat([report.households.geometry.to_crs(crs), _located(spots, crs)], ignore_index=True).total_bounds
    near = box(*people).buffer(_NEAR_SHARE * max(people[2] - people[0], people[3] - people[1]), join_style="mitre")
    area = report.zones.geometry
    if report.area is not None:
        area = gpd.GeoSeries([report.area], crs="EPSG:4326")
    shown = area.to_crs(crs).intersection(near)
    return fit_frame(gpd.GeoSeries([box(*people), *shown], crs=crs).total_bounds.tolist(), aspect)


def fit_frame(
    bounds: Sequence[float], aspect: float = _GREATEST_ASPECT, *, least_m: float = 0.0
) -> tuple[float, float, float, float]:
    """Return bounds in metres (west, south, east, north) with a margin, in a shape that a page has room for.

    Not less than `least_m` across and up.
    """
    across, up = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    margin = 0.08 * max(bounds[2] - bounds[0], bounds[3] - bounds[1], _LEAST_EXTENT_M)
    half_width, half_height = (bounds[2] - bounds[0]) / 2 + margin, (bounds[3] - bounds[1]) / 2 + margin
    half_width, half_height = max(half_width, least_m / 2), max(half_height, least_m / 2)
    half_width = max(half_width, half_height / aspect)
    half_height = max(half_height, half_width * _LEAST_ASPECT)
    return across - half_width, up - half_height, across + half_width, up + half_height


def new_map(
    frame: tuple[float, float, float, float], foot_in: float = _FOOT_IN, width_in: float = _WIDTH_IN
) -> tuple[Figure, Axes]:
    """Return a figure and the axes of a map that fills it, above a foot for the legend."""
    map_width_in = width_in - 2 * _MARGIN_IN
    map_height_in = map_width_in * (frame[3] - frame[1]) / (frame[2] - frame[0])
    height_in = map_height_in + foot_in + _MARGIN_IN
    figure = drawing.new_figure(width_in, height_in)
    axes = figure.add_axes(
        (_MARGIN_IN / width_in, foot_in / height_in, map_width_in / width_in, map_height_in / height_in)
    )
    frame_axes(axes, frame)
    return figure, axes


def write_attribution(axes: Axes, attribution: str) -> None:
    """Write whose map data it is (lower right)."""
    axes.text(
        0.995, 0.006, attribution, transform=axes.transAxes, ha="right", va="bottom", fontsize=7.5,
        color=drawing.INK, zorder=30, bbox={"fc": "white", "ec": "none", "alpha": 0.85, "pad": 1.5},
    )  # fmt: skip


def frame_axes(axes: Axes, frame: tuple[float, float, float, float]) -> None:
    """Fix the axes to the frame, which has their shape, so that a metre is as long across as up."""
    axes.set_xlim(frame[0], frame[2])
    axes.set_ylim(frame[1], frame[3])
    axes.set_autoscale_on(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.patch.set_facecolor("#fbfbf9")
    axes.spines[:].set(visible=True, color=drawing.GREY, linewidth=0.6)


def draw_area(axes: Axes, report: ReportInput, crs: Any) -> None:
    """Draw the ordered area and its zones."""
    zones = report.zones.to_crs(crs)
    area = (
        zones.union_all() if report.area is None else gpd.GeoSeries([report.area], crs="EPSG:4326").to_crs(crs).iloc[0]
    )
    gpd.GeoSeries([area]).plot(ax=axes, facecolor="#f3ecdc", edgecolor="none", aspect=None, zorder=0)
    zones.boundary.plot(ax=axes, color="#b9a983", linewidth=0.5, linestyle=":", aspect=None, zorder=1)
    gpd.GeoSeries([area]).boundary.plot(ax=axes, color="#7d6b3f", linewidth=1.2, linestyle="--", aspect=None, zorder=7)


def draw_streets(axes: Axes, streets: gpd.GeoDataFrame) -> None:
    """Draw the streets (in metres) that are in the frame: the main ones wider."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    inside = streets[streets.intersects(box(west, south, east, north))]
    classes = {name: (width, colour) for names, width, colour in _STREET_CLASSES for name in names}
    for (width, colour), rows in inside.groupby(inside["highway"].map(lambda name: classes.get(name, _OTHER_STREETS))):
        style = {"color": colour, "linewidth": width, "zorder": 2 + width / 10}
        drawing.draw_lines(axes, rows.geometry, rasterized=True, **style)


def draw_queues(axes: Axes, queues: gpd.GeoDataFrame) -> None:
    """Draw the longest queues (metres): wider and darker where they are longer."""
    step = pd.cut(queues["queue_veh"], [*_QUEUE_STEPS_VEH, math.inf], right=False, labels=False)
    for number, (width, colour) in enumerate(_QUEUE_STYLES):
        rows = queues[step == number]
        if len(rows):
            style = {"color": colour, "linewidth": width, "zorder": 4 + number / 10}
            drawing.draw_lines(axes, rows.geometry, capstyle="round", **style)


def _draw_households(axes: Axes, households: gpd.GeoDataFrame) -> None:
    connected = households["connected"].astype(bool)
    dots, crosses = households[connected].geometry, households[~connected].geometry
    axes.scatter(dots.x, dots.y, s=2.2, color=_HOUSEHOLD, linewidths=0, alpha=0.75, zorder=3, rasterized=True)
    axes.scatter(crosses.x, crosses.y, s=26, color=_CUT_OFF, marker="x", linewidths=1.4, zorder=6)


def draw_places(
    axes: Axes,
    report: ReportInput,
    bottlenecks: Sequence[Located],
    crs: Any,
    size: float = 8.5,
    *,
    closed: Sequence[ClosedExit] = (),
    clear_of: Sequence[tuple[float, float]] = (),
) -> drawing.Labels:
    """Draw bottlenecks and ways out with their names, the ways out first; return what they cover.

    A way out beyond the map is an arrow at the map's edge, with how far it is from there. One that is closed, for the
    whole run or a part of it, is crossed out, and its name says when. Names keep off the points `clear_of` if they can.
    """
    labels = [*_draw_exits(axes, report, crs, closed), *_draw_bottlenecks(axes, bottlenecks, crs)]
    return drawing.place_labels(axes, labels, size, clear_of)


def _draw_bottlenecks(axes: Axes, spots: Sequence[Located], crs: Any) -> list[tuple[float, float, str]]:
    points = _located(spots, crs)
    axes.scatter(points.x, points.y, s=44, marker="D", color=_BOTTLENECK, edgecolors="white", linewidths=0.9, zorder=16)
    first = {spot.name: point for spot, point in reversed(list(zip(spots, points, strict=True)))}
    return [(point.x, point.y, _wrapped(name)) for name, point in first.items()]


def _draw_exits(
    axes: Axes, report: ReportInput, crs: Any, closed: Sequence[ClosedExit]
) -> list[tuple[float, float, str]]:
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    edge_m = _EDGE_SHARE * (east - west)
    foot_m = max(edge_m, _FOOT_SHARE * (north - south))  # above scale and attribution
    seen = box(west, south, east, north).buffer(-edge_m)
    arrows = box(west + edge_m, south + foot_m, east - edge_m, north - edge_m)
    middle = Point((west + east) / 2, (south + north) / 2)
    first: dict[str, tuple[float, float, str]] = {}
    for spot, point in zip(report.exits, _located(report.exits, crs), strict=True):
        shown, words = point, spot.name
        marker: Any = "s"
        if not seen.contains(point):
            shown = Point(LineString([middle, point]).intersection(arrows).coords[-1])
            marker = (3, 0, math.degrees(math.atan2(point.y - shown.y, point.x - shown.x)) - 90)
            away = report.units.length(shown.distance(point))
            words = say("{exit}, {length} from here", exit=spot.name, length=away)
        shut = closed_words(closed, spot.name)
        draw_exits(axes, [shown.x], [shown.y], 120, marker, closed=bool(shut))
        label = "\n".join(_wrapped(line) for line in (words, shut) if line)
        first.setdefault(spot.name, (shown.x, shown.y, label))
    return list(first.values())


def draw_exits(
    axes: Axes, across: Sequence[float], up: Sequence[float], size: float, marker: Any = "s", *, closed: bool = False
) -> list[Artist]:
    """Draw ways out, or closed ones: white and crossed out, so that it reads without colour."""
    if not closed:
        style: Any = {"color": EXIT_COLOUR, "edgecolors": "white", "linewidths": 0.9}
        return [axes.scatter(across, up, s=size, marker=marker, zorder=15, **style)]
    return [
        axes.scatter(across, up, s=size, marker=marker, color="white", edgecolors=_CLOSED, linewidths=1.3, zorder=15.1),
        axes.scatter(across, up, s=size * _CROSS_SHARE, marker="x", color=_CLOSED, linewidths=1.5, zorder=15.2),
    ]


def closed_exit_key() -> Line2D:
    """Return the legend's key of a closed exit."""
    return Line2D(
        [], [], color=_CLOSED, marker=_CROSSED, markerfacecolor="white", markersize=9, linestyle="",
        label=say("exit that is closed, at times or for good"),
    )  # fmt: skip


def _wrapped(words: str) -> str:
    return textwrap.fill(text.plain(words, 3 * _NAME_CHARS), _NAME_CHARS)


def _located(spots: Sequence[Located], crs: Any) -> gpd.GeoSeries:
    """Return spots as points in metres."""
    return gpd.GeoSeries([Point(spot.lon, spot.lat) for spot in spots], crs="EPSG:4326").to_crs(crs)


def draw_scale(axes: Axes, units: Units = Units()) -> None:  # noqa: B008 - frozen
    """Draw a scale bar of a round length (lower left) and an arrow to the north (upper left)."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    length, words = units.round_length((east - west) / 5)
    x, y = west + 0.03 * (east - west), south + 0.03 * (north - south)
    axes.plot([x, x + length], [y, y], color=drawing.INK, linewidth=3, solid_capstyle="butt", zorder=25)
    axes.text(x + length / 2, y + 0.012 * (north - south), words, ha="center", va="bottom", fontsize=8.5, zorder=25)
    axes.annotate(
        say("N"), xy=(0.03, 0.985), xytext=(0.03, 0.905), xycoords="axes fraction", ha="center", va="center",
        fontsize=10,
        arrowprops={"arrowstyle": "-|>", "color": drawing.INK, "lw": 1.4}, zorder=25,
    )  # fmt: skip


def _draw_legend(figure: Figure, report: ReportInput, note: str, closed: Sequence[ClosedExit]) -> None:
    bounds = [*_QUEUE_STEPS_VEH, None]
    queue_keys = [
        Line2D([], [], color=colour, linewidth=width, label=_step_words(bounds[number], bounds[number + 1]))
        for number, (width, colour) in enumerate(_QUEUE_STYLES)
    ]
    cut_off = int((~report.households["connected"].astype(bool)).sum())
    cut_off_words = say("household without a street ({number})", number=text.count(cut_off))
    keys = [
        Line2D([], [], color=EXIT_COLOUR, marker="s", linestyle="", label=say("exit")),
        *([closed_exit_key()] if closed else []),
        Line2D([], [], color=_BOTTLENECK, marker="D", linestyle="", label=say("measured bottleneck")),
        Line2D([], [], color=_HOUSEHOLD, marker="o", markersize=2.5, linestyle="", label=say("household")),
        Line2D(
            [],
            [],
            color=_CUT_OFF,
            marker="x",
            linestyle="",
            label=cut_off_words,
        ),
        Patch(facecolor="#f3ecdc", edgecolor="#7d6b3f", linestyle="--", label=say("area ordered to leave")),
        Line2D([], [], color="#8f8f8f", linewidth=2.4, label=say("street (wider: main road)")),
    ]
    figure.legend(
        handles=[*keys, *queue_keys], loc="lower left", ncols=3, frameon=False,
        bbox_to_anchor=(0.01, _LEGEND_BOTTOM_IN / figure.get_figheight()), fontsize=8.3, borderaxespad=0,
        handlelength=2.2,
    )  # fmt: skip
    words = textwrap.fill(text.plain(note, 3 * _NOTE_CHARS), _NOTE_CHARS)
    figure.text(0.012, _NOTE_TOP_IN / figure.get_figheight(), words, fontsize=8, color=drawing.GREY, va="top")


def _step_words(low: int | None, high: int | None) -> str:
    if high is None:
        return say("queue of {low} vehicles or more", low=low)
    return say("queue of {low} to {high} vehicles", low=low, high=high - 1)
