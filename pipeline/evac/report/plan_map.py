"""The map of a plan: what it changes against normal rules, on the streets where it does."""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from shapely.geometry.base import BaseGeometry
from sumolib.net import Net

from evac.overlay.diff import FOR_RESIDENTS, Change
from evac.projection import utm_of
from evac.report import drawing, maps, text
from evac.report.inputs import PlanPicture
from evac.report.words import mark, say

_WGS84 = "EPSG:4326"
MORE, FEWER, CLOSED, SPEED = "more lanes", "fewer lanes", "closed", "another speed"
RESIDENTS = "residents only"
_ROAD_LABELS = {
    MORE: mark("street with more lanes"),
    FEWER: mark("street with fewer lanes"),
    SPEED: mark("street with another speed"),
    CLOSED: mark("closed to cars"),
    RESIDENTS: mark("closed to through traffic"),
}
_ROAD_STYLES: Mapping[str, tuple[str, Any]] = {
    MORE: ("#0072b2", "-"),
    FEWER: ("#d55e00", (0, (4, 1.2))),
    CLOSED: ("#000000", (0, (1, 0.8))),
    RESIDENTS: ("#000000", (0, (5, 1.2, 1, 1.2))),
    SPEED: ("#a8457f", (0, (3, 1, 1, 1))),
}
"""Colour and line style of each change of a road; Okabe and Ito's colours, as in all figures."""
_OFFICER, _SIGNAL, _DIVERSION = mark("officer"), mark("signal"), mark("diversion")
_LANE_USE, _REMOVED, _ADDED = mark("turn lanes"), mark("turn removed"), mark("turn added")
_SPOT_STYLES: Mapping[str, tuple[str, float, str]] = {
    _REMOVED: ("X", 62, "#9c2a00"),
    _ADDED: ("P", 62, "#007a5a"),
    _LANE_USE: ("s", 62, "#007a5a"),
    _DIVERSION: ("d", 95, "#6b5b00"),
    _SIGNAL: ("h", 130, "#a8457f"),
    _OFFICER: ("*", 210, "#0072b2"),
}
"""Marker, size and colour of each change at a spot; the later ones lie on top."""
_CUT_OFF_COLOUR = "#b00050"
_ROAD_PT, _ASIDE_PT, _BESIDE_PT, _WIDTH_IN, _FOOT_IN, _POINTS_PER_INCH = 3.4, 2.4, 10.0, 5.2, 1.15, 72.0
_LABELLED_STREETS, _LABELLED_TURNS, _NAME_CHARS, _NOTE_CHARS = 12, 6, 38, 88
_LINE_IN, _MOST_TRIES = 0.145, 3
_Label = tuple[float, float, str]
_LEAST_M = 600.0
"""What the map of a small change shows at least, so that one knows where it is."""
_SAME_SPOT_DIGITS = 5  # of a degree: about a metre
_LABEL_CLEAR_M, _ARROWS_ACROSS = 40.0, 14
_STREET = re.compile(r"^(?P<street>.*) (?P<towards>[a-z]+)bound(, reversed roadway)?$")


def roads_of(changes: Sequence[Change], nets: Sequence[Net]) -> gpd.GeoDataFrame:
    """Return the pieces of road that change, as `PlanPicture.roads`.

    Parameters
    ----------
    changes
        The diff.
    nets
        The plan's net, and the baseline's for edges that the plan's no longer has.
    """
    rows = [change for change in changes if change.kind in ("lanes", "speed")]
    return gpd.GeoDataFrame(
        {
            "kind": [_road_kind(row) for row in rows],
            "street": [_street(row)[0] for row in rows],
            "towards": [_street(row)[1] for row in rows],
            "words": [_road_words(row) for row in rows],
        },
        geometry=[_line(row.edges, nets) for row in rows],
        crs=_WGS84,
    )


def spots_of(changes: Sequence[Change]) -> gpd.GeoDataFrame:
    """Return the junctions and approaches that change, as `PlanPicture.spots`: turns of one junction together."""
    spots: dict[tuple[str, float, float], list[str]] = defaultdict(list)
    for row in changes:
        if row.kind in ("lanes", "speed"):
            continue
        when = f", {row.when}" if row.when else ""
        spot = round(row.lon, _SAME_SPOT_DIGITS), round(row.lat, _SAME_SPOT_DIGITS)
        spots[_spot_kind(row), *spot].append(
            row.place if row.kind.startswith("movement") else f"{row.place}: {row.after}{when}"
        )
    return gpd.GeoDataFrame(
        {"kind": [kind for kind, *_ in spots], "words": [_spot_words(key[0], said) for key, said in spots.items()]},
        geometry=[shapely.Point(lon, lat) for _, lon, lat in spots],
        crs=_WGS84,
    )


def draw_plan_map(picture: PlanPicture) -> Figure:
    """Draw a plan's changes in the UTM zone of the place (metres), zoomed to them.

    A label that finds no room on the map is a number there, and stands below it.

    Parameters
    ----------
    picture
        What is shown; not empty.
    """
    figure, left_out = _drawn(picture, [])
    # With numbers in their places others may find no room.
    for _ in range(_MOST_TRIES):
        if not left_out:
            break
        figure, left_out = _drawn(picture, left_out)
    return figure


def _drawn(picture: PlanPicture, numbered: Sequence[_Label]) -> tuple[Figure, list[_Label]]:
    """Return the map, and the labels that are to be numbers on the next one: those of this one, and who has no room."""
    crs = utm_of(pd.concat([picture.roads.geometry, picture.spots.geometry, picture.cut_off.geometry]))
    roads, spots, cut_off = (part.to_crs(crs) for part in (picture.roads, picture.spots, picture.cut_off))
    spots = spots.assign(beside=spots.groupby(spots.geometry.to_wkb()).cumcount())
    frame = maps.fit_frame(pd.concat([roads.geometry, spots.geometry, cut_off.geometry]).total_bounds, least_m=_LEAST_M)
    exits = picture.exits.to_crs(crs).cx[frame[0] : frame[2], frame[1] : frame[3]]
    below = [_below(number, words) for number, (_, _, words) in enumerate(numbered, start=1)]
    with drawing.styled():
        foot_in = _FOOT_IN + _LINE_IN * sum(len(lines) for lines in below)
        figure, axes = maps.new_map(frame, foot_in, _WIDTH_IN)
        maps.draw_streets(axes, picture.streets.to_crs(crs))
        drawn = _draw_roads(axes, roads, lefthand=picture.lefthand)
        _draw_spots(axes, spots, cut_off, exits)
        maps.draw_scale(axes)
        maps.write_attribution(axes, picture.attribution)
        numbers = [(x, y, str(number)) for number, (x, y, _) in enumerate(numbered, start=1)]
        labels = [*_street_labels(roads), *_exit_labels(exits), *_spot_labels(spots)]
        placed = drawing.place_labels(
            axes,
            [*numbers, *(item for item in labels if item not in numbered)],
            size=7.8,
            clear_of=drawing.points_along(drawn, _LABEL_CLEAR_M),
        )
        axes.set(xlabel="", ylabel="")
        left_out = [item for item in placed.left_out if item not in numbers]
        unlabelled = len(placed.left_out) + max(0, roads["street"].nunique() - _LABELLED_STREETS)
        _draw_foot(figure, picture, unlabelled, [line for lines in below for line in lines])
    return figure, [*numbered, *left_out] if left_out else []


def _below(number: int, words: str) -> list[str]:
    """Return the lines that a label has below the map."""
    head = f"{number}  "
    return textwrap.wrap(head + " ".join(words.split()), _NOTE_CHARS, subsequent_indent=" " * len(head))


def _road_kind(row: Change) -> str:
    if row.kind == "speed":
        return SPEED
    if row.after.endswith(FOR_RESIDENTS):
        return RESIDENTS
    before, after = int(row.before), int(row.after)
    if after == 0:
        return CLOSED
    return MORE if after > before else FEWER


def _street(row: Change) -> tuple[str, str]:
    """Return the name of a street and the direction of travel, as `SW`."""
    match = _STREET.match(row.place)
    if match is None:
        return row.place, ""
    letters = re.sub(
        "(north|south)?(east|west)?", lambda part: "".join(w[0] for w in part.groups() if w), match["towards"]
    )
    return match["street"], letters.upper()


def _road_words(row: Change) -> str:
    change = f"{row.before} → {row.after}"
    if row.kind == "lanes":
        change = say("{change} lanes", change=change)
    return f"{change}{f', {row.when}' if row.when else ''}"


def _line(edges: Sequence[str], nets: Sequence[Net]) -> BaseGeometry:
    lines = []
    for name in edges:
        net = next(net for net in nets if net.hasEdge(name))
        shape = net.getEdge(name).getShape(True)  # noqa: FBT003 - sumolib: with its junctions, so that pieces meet
        lines.append(shapely.LineString([net.convertXY2LonLat(*point[:2]) for point in shape]))
    return shapely.line_merge(shapely.MultiLineString(lines), directed=True)


def _spot_kind(row: Change) -> str:
    if row.kind == "signal":
        return _OFFICER if row.after == "officer" else _SIGNAL
    return {"movement removed": _REMOVED, "movement added": _ADDED, "lane use": _LANE_USE}.get(row.kind, _DIVERSION)


def _spot_words(kind: str, said: Sequence[str]) -> str:
    if kind in (_REMOVED, _ADDED) and len(said) > 1:
        return f"{len(said)} turns {kind.split()[1]}"
    return f"{kind}: {said[0]}" if kind in (_REMOVED, _ADDED) else "; ".join(dict.fromkeys(said))


def _draw_roads(axes: Axes, roads: gpd.GeoDataFrame, *, lefthand: bool) -> list[BaseGeometry]:
    """Draw each direction of a road on its own side, and arrows where it gets lanes; return what was drawn."""
    aside_m = _ASIDE_PT * _metres_a_point(axes) * (1 if lefthand else -1)
    drawn = []
    for kind, (colour, style) in _ROAD_STYLES.items():
        rows = roads[roads["kind"] == kind]
        if rows.empty:
            continue
        lines = rows.geometry.offset_curve(aside_m)
        lines.plot(ax=axes, color=colour, linestyle=style, linewidth=_ROAD_PT, aspect=None, zorder=8)
        drawn += list(lines)
        if kind == MORE:
            _draw_arrows(axes, lines, colour)
    return drawn


def _metres_a_point(axes: Axes) -> float:
    return float((axes.get_xlim()[1] - axes.get_xlim()[0]) / (axes.bbox.width / axes.figure.dpi * _POINTS_PER_INCH))


def _draw_arrows(axes: Axes, lines: gpd.GeoSeries, colour: str) -> None:
    """Draw arrows in the direction of travel along lines, one at least on each."""
    step_m = (axes.get_xlim()[1] - axes.get_xlim()[0]) / _ARROWS_ACROSS
    for line in lines.explode().reset_index(drop=True):
        count = max(1, int(line.length // step_m))
        for number in range(count):
            middle_m = (number + 0.5) * line.length / count
            tail, tip = line.interpolate(max(middle_m - 5.0, 0.0)), line.interpolate(middle_m + 5.0)
            axes.annotate(
                "", xy=(tip.x, tip.y), xytext=(tail.x, tail.y), zorder=9,
                arrowprops={"arrowstyle": "-|>", "mutation_scale": 17, "fc": colour, "ec": "white", "lw": 0.8},
            )  # fmt: skip


def _draw_spots(axes: Axes, spots: gpd.GeoDataFrame, cut_off: gpd.GeoDataFrame, exits: gpd.GeoDataFrame) -> None:
    axes.scatter(
        cut_off.geometry.x, cut_off.geometry.y, s=16, color=_CUT_OFF_COLOUR, marker="x", linewidths=1.1, zorder=7
    )
    for closed, same in exits.groupby(exits["closed"] != ""):
        maps.draw_exits(axes, same.geometry.x, same.geometry.y, 90, closed=bool(closed))
    for number, (kind, (marker, size, colour)) in enumerate(_SPOT_STYLES.items()):
        rows = spots[spots["kind"] == kind]
        across = rows.geometry.x + _BESIDE_PT * _metres_a_point(axes) * rows["beside"]
        axes.scatter(
            across, rows.geometry.y, s=size, marker=marker, color=colour, edgecolors="white", linewidths=0.9,
            zorder=15 + number / 10,
        )  # fmt: skip


def _street_labels(roads: gpd.GeoDataFrame) -> list[_Label]:
    """Return a label for each of the longest streets: what changes in which direction, at its longest piece."""
    labels = []
    lengths = roads.geometry.length.groupby(roads["street"]).sum().sort_values(ascending=False)
    for street in lengths.index[:_LABELLED_STREETS]:
        rows = roads[roads["street"] == street]
        lines = [text.plain(street, _NAME_CHARS)]
        for words, same in rows.groupby("words", sort=False):
            towards = ", ".join(sorted(set(same["towards"])))
            lines.append(f"{towards}: {words}" if towards else str(words))
        longest = max(shapely.get_parts(list(rows.geometry)), key=lambda line: line.length)
        middle = longest.interpolate(0.5, normalized=True)
        labels.append((middle.x, middle.y, "\n".join(lines)))
    return labels


def _spot_labels(spots: gpd.GeoDataFrame) -> list[_Label]:
    """Return a label for each signal, officer and diversion, officers first; for turns only where they are few."""
    turns = spots["kind"].isin((_REMOVED, _ADDED))
    shown = spots if turns.sum() <= _LABELLED_TURNS else spots[~turns]
    weight = {kind: number for number, kind in enumerate(_SPOT_STYLES)}
    shown = shown.sort_values("kind", key=lambda kinds: -kinds.map(weight), kind="stable")
    return [
        (row.geometry.x, row.geometry.y, textwrap.fill(text.plain(row.words, 4 * _NAME_CHARS), _NAME_CHARS))
        for row in shown.itertuples()
    ]


def _exit_labels(exits: gpd.GeoDataFrame) -> list[_Label]:
    named = zip(exits["name"], exits["closed"], exits.geometry, strict=True)
    return [
        (spot.x, spot.y, "\n".join(filter(None, (say("exit {name}", name=text.plain(name, _NAME_CHARS)), closed))))
        for name, closed, spot in named
    ]


def _draw_foot(figure: Figure, picture: PlanPicture, unlabelled: int, below: Sequence[str]) -> None:
    """Draw the legend of what is on the map, what its numbers mean, the plan's name, how many changes have no label."""
    below_in = _LINE_IN * len(below)
    keys = [
        Line2D(
            [],
            [],
            color=colour,
            linestyle=style,
            linewidth=_ROAD_PT,
            label=say(_ROAD_LABELS[kind]),
        )
        for kind, (colour, style) in _ROAD_STYLES.items()
        if kind in set(picture.roads["kind"])
    ]
    keys += [
        Line2D([], [], color=colour, marker=marker, markersize=9, linestyle="", label=say(kind))
        for kind, (marker, _, colour) in _SPOT_STYLES.items()
        if kind in set(picture.spots["kind"])
    ]
    if len(picture.cut_off):
        words = say("household without a way out ({number})", number=text.count(len(picture.cut_off)))
        keys.append(Line2D([], [], color=_CUT_OFF_COLOUR, marker="x", linestyle="", label=words))
    keys.append(Line2D([], [], color=maps.EXIT_COLOUR, marker="s", linestyle="", label=say("exit")))
    if (picture.exits["closed"] != "").any():
        keys.append(maps.closed_exit_key())
    figure.legend(
        handles=keys, loc="lower left", ncols=2, frameon=False, fontsize=8.3, borderaxespad=0, handlelength=2.6,
        bbox_to_anchor=(0.01, (0.36 + below_in) / figure.get_figheight()),
    )  # fmt: skip
    figure.text(
        0.012, (0.36 + below_in) / figure.get_figheight(), "\n".join(below), fontsize=7.5, color=drawing.INK, va="top"
    )
    words = say("Plan “{plan}” against normal rules.", plan=text.plain(picture.name, 80))
    if MORE in set(picture.roads["kind"]):
        words += " " + say("Arrows: direction of travel of the added lanes.")
    if unlabelled:
        words += " " + say("{number} more changes have no label.", number=unlabelled)
    lines = textwrap.fill(text.plain(words, 3 * _NOTE_CHARS), _NOTE_CHARS)
    figure.text(0.012, 0.06 / figure.get_figheight(), lines, fontsize=7.5, color=drawing.GREY)
