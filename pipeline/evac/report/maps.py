"""The static map: streets, area, households, exits, bottlenecks, and where the longest queues stand."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from shapely.geometry import Point, box

from evac.report import drawing, text
from evac.report.inputs import Located, ReportInput
from evac.report.units import Units
from evac.report.words import say

_STREET_CLASSES = (
    (("motorway", "motorway_link", "trunk", "trunk_link"), 2.4, "#8f8f8f"),
    (("primary", "primary_link", "secondary", "secondary_link"), 1.7, "#a3a3a3"),
    (("tertiary", "tertiary_link", "unclassified"), 1.1, "#b8b8b8"),
)
"""OpenStreetMap `highway` classes, line width (points) and colour; all others are thin."""
_OTHER_STREETS = (0.6, "#cfcfcf")

QUEUE_STEPS_VEH = (5, 20, 50)
"""Longest queue on a street section (vehicles) from which each step of the map's scale begins."""
_QUEUE_STYLES = ((1.8, "#f0a03c"), (3.2, "#d1431f"), (4.8, "#6d0026"))
"""Line width (points) and colour of each step: wider is darker, so it reads without colour."""

EXIT_COLOUR = "#00614a"
_HOUSEHOLD, _CUT_OFF, _BOTTLENECK = "#3b6ea5", "#b00050", "#000000"
_WIDTH_IN, _MARGIN_IN, _FOOT_IN = 9.0, 0.09, 1.25
_LEAST_EXTENT_M = 500.0
_NEAR_SHARE = 0.25
"""How far the map goes on beyond households and exits where the area does, as a share of their extent."""
_MAP_WIDTH_IN = _WIDTH_IN - 2 * _MARGIN_IN
_LEAST_ASPECT, _GREATEST_ASPECT = 0.5, 1.15
"""Map height / width: a long narrow place gets more of its surroundings, so that the page stays readable."""
_NAME_CHARS, _NOTE_CHARS = 34, 128
_NOTE_TOP_IN, _LEGEND_BOTTOM_IN = 0.48, 0.54


def draw_map(report: ReportInput, queues: gpd.GeoDataFrame, bottlenecks: Sequence[Located], note: str) -> Figure:
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
    """
    crs = report.zones.estimate_utm_crs()
    frame = _frame(report, bottlenecks, crs)
    with drawing.styled():
        figure, axes = new_map(frame)
        _draw_area(axes, report, crs)
        draw_streets(axes, report.streets.to_crs(crs))
        _draw_queues(axes, queues.to_crs(crs))
        _draw_households(axes, report.households.to_crs(crs))
        draw_scale(axes, report.units)
        _draw_places(axes, report.exits, bottlenecks, crs)
        axes.set(xlabel="", ylabel="")
        _draw_legend(figure, report, note)
        write_attribution(axes, report.attribution)
    return figure


def _frame(report: ReportInput, bottlenecks: Sequence[Located], crs: Any) -> tuple[float, float, float, float]:
    """Return the map's bounds in metres: households, exits and bottlenecks, and the area around them with a margin.

    Zones of a census may reach far beyond the roads: of them only what is near is shown.
    """
    spots = gpd.GeoSeries([Point(spot.lon, spot.lat) for spot in (*report.exits, *bottlenecks)], crs="EPSG:4326")
    people = pd.concat([report.households.geometry.to_crs(crs), spots.to_crs(crs)], ignore_index=True).total_bounds
    near = box(*people).buffer(_NEAR_SHARE * max(people[2] - people[0], people[3] - people[1]), join_style="mitre")
    area = report.zones.geometry
    if report.area is not None:
        area = gpd.GeoSeries([report.area], crs="EPSG:4326")
    shown = area.to_crs(crs).intersection(near)
    return fit_frame(gpd.GeoSeries([box(*people), *shown], crs=crs).total_bounds.tolist())


def fit_frame(bounds: Sequence[float]) -> tuple[float, float, float, float]:
    """Return bounds in metres (west, south, east, north) with a margin, in a shape that a page has room for."""
    across, up = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    margin = 0.08 * max(bounds[2] - bounds[0], bounds[3] - bounds[1], _LEAST_EXTENT_M)
    half_width, half_height = (bounds[2] - bounds[0]) / 2 + margin, (bounds[3] - bounds[1]) / 2 + margin
    half_width = max(half_width, half_height / _GREATEST_ASPECT)
    half_height = max(half_height, half_width * _LEAST_ASPECT)
    return across - half_width, up - half_height, across + half_width, up + half_height


def new_map(frame: tuple[float, float, float, float], foot_in: float = _FOOT_IN) -> tuple[Figure, Axes]:
    """Return a figure and the axes of a map that fills it, above a foot for the legend."""
    map_height_in = _MAP_WIDTH_IN * (frame[3] - frame[1]) / (frame[2] - frame[0])
    height_in = map_height_in + foot_in + _MARGIN_IN
    figure = drawing.new_figure(_WIDTH_IN, height_in)
    axes = figure.add_axes(
        (_MARGIN_IN / _WIDTH_IN, foot_in / height_in, _MAP_WIDTH_IN / _WIDTH_IN, map_height_in / height_in)
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


def _draw_area(axes: Axes, report: ReportInput, crs: Any) -> None:
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
        rows.plot(ax=axes, color=colour, linewidth=width, aspect=None, zorder=2 + width / 10, rasterized=True)


def _draw_queues(axes: Axes, queues: gpd.GeoDataFrame) -> None:
    step = pd.cut(queues["queue_veh"], [*QUEUE_STEPS_VEH, math.inf], right=False, labels=False)
    for number, (width, colour) in enumerate(_QUEUE_STYLES):
        rows = queues[step == number]
        if len(rows):
            rows.plot(ax=axes, color=colour, linewidth=width, aspect=None, zorder=4 + number / 10, capstyle="round")


def _draw_households(axes: Axes, households: gpd.GeoDataFrame) -> None:
    connected = households["connected"].astype(bool)
    dots, crosses = households[connected].geometry, households[~connected].geometry
    axes.scatter(dots.x, dots.y, s=2.2, color=_HOUSEHOLD, linewidths=0, alpha=0.75, zorder=3, rasterized=True)
    axes.scatter(crosses.x, crosses.y, s=26, color=_CUT_OFF, marker="x", linewidths=1.4, zorder=6)


def _draw_places(axes: Axes, exits: Sequence[Located], bottlenecks: Sequence[Located], crs: Any) -> None:
    labels = []
    for spots, marker, size, colour in ((exits, "s", 110, EXIT_COLOUR), (bottlenecks, "D", 34, _BOTTLENECK)):
        points = _metres(spots, crs)
        axes.scatter(
            [x for x, _ in points], [y for _, y in points], s=size, marker=marker, color=colour, edgecolors="white",
            linewidths=0.9, zorder=15,
        )  # fmt: skip
        first = {spot.name: point for point, spot in reversed(list(zip(points, spots, strict=True)))}
        labels += [
            (x, y, textwrap.fill(text.plain(name, 2 * _NAME_CHARS), _NAME_CHARS)) for name, (x, y) in first.items()
        ]
    drawing.place_labels(axes, labels)


def _metres(spots: Sequence[Located], crs: Any) -> list[tuple[float, float]]:
    points = gpd.GeoSeries([Point(spot.lon, spot.lat) for spot in spots], crs="EPSG:4326").to_crs(crs)
    return [(point.x, point.y) for point in points]


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


def _draw_legend(figure: Figure, report: ReportInput, note: str) -> None:
    bounds = [*QUEUE_STEPS_VEH, None]
    queue_keys = [
        Line2D([], [], color=colour, linewidth=width, label=_step_words(bounds[number], bounds[number + 1]))
        for number, (width, colour) in enumerate(_QUEUE_STYLES)
    ]
    cut_off = int((~report.households["connected"].astype(bool)).sum())
    cut_off_words = say("household without a street ({number})", number=text.count(cut_off))
    keys = [
        Line2D([], [], color=EXIT_COLOUR, marker="s", linestyle="", label=say("exit")),
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
