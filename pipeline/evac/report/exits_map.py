"""A small map of the ways out: exits, roads that leave and are none with the reason, and where the map ends."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evac.clock import MINUTE_S
from evac.network.exits import ResolvedExit
from evac.network.exits.record import WaysOutRecord
from evac.projection import utm_of
from evac.report import drawing, maps
from evac.report.text import plain
from evac.report.words import mark, say

_NONE_COLOUR, _AREA_COLOUR, _EDGE_COLOUR = "#b00050", "#3b6ea5", "#6b6b6b"
_WIDTH_IN, _LINE_IN, _CHARS, _LISTED = 5.2, 0.17, 78, 14
_SIDES = {
    "north": mark("{km} km north"),
    "east": mark("{km} km east"),
    "south": mark("{km} km south"),
    "west": mark("{km} km west"),
}


def draw_exits(
    record: WaysOutRecord, exits: Sequence[ResolvedExit], streets: gpd.GeoDataFrame, area: shapely.Geometry, notice: str
) -> Figure:
    """Draw the map, with a list below it.

    Parameters
    ----------
    record
        What was decided.
    exits
        The scenario's exits.
    streets
        `StreetMap.streets`.
    area
        The area ordered to leave (WGS 84).
    notice
        Whose map data it is.
    """
    crs = utm_of(gpd.GeoSeries([area], crs="EPSG:4326"))
    outline, whole = gpd.GeoSeries([area, record.outline], crs="EPSG:4326").to_crs(crs)
    lines = [line for words in in_words(record, exits) for line in textwrap.wrap(words, _CHARS)]
    spots = _points([*((item.lon, item.lat) for item in exits), *((item.lon, item.lat) for item in record.none)], crs)
    frame = maps.fit_frame(gpd.GeoSeries([outline, *spots], crs=crs).total_bounds.tolist())
    with drawing.styled():
        figure, axes = maps.new_map(frame, 0.25 + _LINE_IN * len(lines), _WIDTH_IN)
        maps.draw_streets(axes, streets.to_crs(crs))
        gpd.GeoSeries([outline], crs=crs).plot(ax=axes, fc=_AREA_COLOUR, ec=_AREA_COLOUR, alpha=0.25, lw=1.2, zorder=4)
        gpd.GeoSeries([whole.boundary], crs=crs).plot(ax=axes, color=_EDGE_COLOUR, lw=1.4, ls="--", zorder=5)
        maps.frame_axes(axes, frame)
        _mark(axes, spots[: len(exits)], "s", maps.EXIT_COLOUR, "")
        _mark(axes, spots[len(exits) :], "X", _NONE_COLOUR, "")
        axes.set(xlabel="", ylabel="")
        height_in = figure.get_size_inches()[1]
        figure.text(
            0.012,
            (0.08 + _LINE_IN * len(lines)) / height_in,
            "\n".join(lines),
            va="top",
            fontsize=8.5,
            linespacing=1.25,
        )
        maps.write_attribution(axes, notice)
    return figure


def _points(places: Sequence[tuple[float, float]], crs: Any) -> list[shapely.Point]:
    return list(gpd.GeoSeries([shapely.Point(place) for place in places], crs="EPSG:4326").to_crs(crs))


def _mark(axes: Axes, spots: Sequence[shapely.Point], marker: str, colour: str, prefix: str) -> None:
    for number, spot in enumerate(spots, 1):
        axes.scatter([spot.x], [spot.y], s=190, marker=marker, color=colour, edgecolors="white", zorder=20)
        label = f"{prefix}{number}" if marker == "s" else chr(ord("a") + (number - 1) % 26)
        axes.annotate(
            label, (spot.x, spot.y), ha="center", va="center", color="white", fontsize=7, weight="bold", zorder=21
        )


def in_words(record: WaysOutRecord, exits: Sequence[ResolvedExit]) -> list[str]:
    """Return what the map shows, a sentence each: the exits, the roads that are none, and how far the map reaches."""
    found = [f"{number} {plain(item.name)} ({_takes(item)})" for number, item in enumerate(exits, 1)]
    lines = [say("Exits: {exits}", exits="; ".join(found) or say("none"))]
    for number, item in enumerate(record.none[:_LISTED]):
        letter = chr(ord("a") + number % 26)
        lines.append(
            say("{letter} no exit: {road}, {reason}", letter=letter, road=plain(item.label), reason=plain(item.reason))
        )
    if len(record.none) > _LISTED:
        lines.append(say("and {number} more roads that are none", number=len(record.none) - _LISTED))
    return [*lines, reach_in_words(record)]


def _takes(item: ResolvedExit) -> str:
    spells = [
        say(
            "{number} vehicles an hour from minute {start} to {end}",
            number=f"{spell.veh_per_h:g}",
            start=f"{spell.from_s / MINUTE_S:g}",
            end=f"{spell.until_s / MINUTE_S:g}",
        )
        for spell in item.beyond
        if spell.veh_per_h is not None
    ]
    drives = [
        say(
            "a drive of {number} min beyond it from minute {start} to {end}",
            number=f"{spell.drive_s / MINUTE_S:g}",
            start=f"{spell.from_s / MINUTE_S:g}",
            end=f"{spell.until_s / MINUTE_S:g}",
        )
        for spell in item.beyond
        if spell.drive_s is not None
    ]
    always = [say("a drive of {number} min beyond it", number=f"{item.drive_s / MINUTE_S:g}")] if item.drive_s else []
    return ", ".join([_takes_always(item), *spells, *always, *drives])


def _takes_always(item: ResolvedExit) -> str:
    if item.veh_per_h:
        return say("{number} vehicles an hour", number=f"{item.veh_per_h:g}")
    return say("1 lane") if item.lanes == 1 else say("{number} lanes", number=item.lanes)


def reach_in_words(record: WaysOutRecord) -> str:
    """Return on which sides the whole map reaches how far beyond the area, and where it ends inside."""
    km = {side: round(record.reach_m[side] / 1000.0, 1) for side in _SIDES}
    beyond, inside = (
        ", ".join(say(words, km=f"{abs(km[side]):.1f}") for side, words in _SIDES.items() if (km[side] < 0.0) == ends)
        for ends in (False, True)
    )
    if not inside:
        return say("The map reaches beyond the area: {beyond}", beyond=beyond)
    if not beyond:
        return say("The map ends inside the area: {inside}", inside=inside)
    return say(
        "The map reaches beyond the area: {beyond}; it ends inside the area: {inside}", beyond=beyond, inside=inside
    )
