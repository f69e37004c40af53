"""The streets at set moments, and the same as a short animation: speed on every street that somebody drives on."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from PIL import Image

from evac.report import drawing, maps, text
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, case_words

_SHARES = (0.25, 0.5, 0.75)
_COLOURS = ("#6d0026", "#d1431f", "#f0a03c", "#4a86c4")
_WIDTHS_PT = (4.2, 3.2, 2.4, 1.6)
_WORDS = ("under a quarter of the limit", "a quarter to a half", "a half to three quarters", "three quarters or more")
"""Classes of speed, as on the page's map; slower is darker and wider, so it reads without colour."""
_WINDOW_S, _MINUTE_S, _KPH = 300, 60, 3.6
_MOST_FRAMES, _FRAME_MS, _LAST_FRAME_MS = 40, 400, 2500
_GIF_COLOURS = 48
_PANEL_IN, _FOOT_IN, _HEAD_IN = 4.5, 0.75, 0.3
_MOMENTS = 4


def moments(case: CaseResult) -> list[int]:
    """Return four moments of a run (minutes after the order, in steps of five): evenly spread until 95 % are out."""
    end_s = case.run.manifest["t95_s"] or case.run.manifest["end_s"]
    steps = max(1, math.ceil(end_s / _WINDOW_S))
    return sorted({round(steps * part / _MOMENTS) * 5 for part in range(1, _MOMENTS + 1)})


def draw_moments(report: ReportInput, case: CaseResult) -> Figure:
    """Draw the streets at the four moments, side by side, with how many vehicles are out by then."""
    scene = _Scene(report, case)
    at = moments(case)
    rows = math.ceil(len(at) / 2)
    panel_in = _PANEL_IN * scene.aspect
    height = rows * (panel_in + _HEAD_IN) + _FOOT_IN
    with drawing.styled():
        figure = drawing.new_figure(2 * _PANEL_IN, height)
        for number, minute in enumerate(at):
            top = height - (number // 2) * (panel_in + _HEAD_IN) - _HEAD_IN
            box = (number % 2) * 0.5 + 0.005, (top - panel_in) / height, 0.49, panel_in / height
            axes = figure.add_axes(box)
            scene.draw_ground(axes)
            scene.draw_state(axes, minute)
            axes.set_title(scene.words(minute), fontsize=9, loc="left", pad=4)
        _legend(figure, case)
        maps.write_attribution(figure.axes[-1], report.attribution)
    return figure


def animation(report: ReportInput, case: CaseResult) -> bytes:
    """Return the run as an animated GIF, a frame every five minutes (fewer frames in long runs)."""
    scene = _Scene(report, case)
    steps = max(1, math.ceil((case.run.manifest["t100_s"] or case.run.manifest["end_s"]) / _WINDOW_S))
    stride = math.ceil(steps / _MOST_FRAMES)
    frames = []
    with drawing.styled():
        figure = drawing.new_figure(1.5 * _PANEL_IN, 1.5 * _PANEL_IN * scene.aspect + _HEAD_IN + _FOOT_IN)
        height = figure.get_figheight()
        axes = figure.add_axes((0.005, _FOOT_IN / height, 0.99, 1.5 * _PANEL_IN * scene.aspect / height))
        scene.draw_ground(axes)
        maps.write_attribution(axes, report.attribution)
        _legend(figure, case)
        for step in range(0, steps + 1, stride):
            drawn = scene.draw_state(axes, step * _WINDOW_S // _MINUTE_S)
            axes.set_title(scene.words(step * _WINDOW_S // _MINUTE_S), fontsize=9, loc="left", pad=4)
            frames.append(_pixels(figure))
            drawn.remove()
    return _gif(frames)


def _pixels(figure: Figure) -> Image.Image:
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]  # Agg's canvas has it
    return Image.fromarray(pixels).convert("RGB").quantize(_GIF_COLOURS, dither=Image.Dither.NONE)


def _gif(frames: Sequence[Image.Image]) -> bytes:
    buffer = io.BytesIO()
    lasting = [*([_FRAME_MS] * (len(frames) - 1)), _LAST_FRAME_MS]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=lasting, loop=0, optimize=False)
    return buffer.getvalue()


class _Scene:
    """A place's streets as lines on paper, and a run's speeds on them."""

    def __init__(self, report: ReportInput, case: CaseResult) -> None:
        crs = report.zones.estimate_utm_crs()
        edges = report.edges.to_crs(crs)
        self._streets = report.streets.to_crs(crs)
        self._lines = dict(zip(edges["edge"], edges.geometry, strict=True))
        self._limits = pd.Series((edges["speed_kph"] / _KPH).to_numpy(), index=edges["edge"])
        self._frame = maps.fit_frame(_around(report, crs).tolist())
        self._table = pd.read_parquet(case.run.folder / "edges.parquet").astype({"edge": str})
        self._out = pd.read_parquet(case.run.folder / "curve.parquet").set_index("minute")["evacuated"]
        self._case = case

    @property
    def aspect(self) -> float:
        """Height / width of the map."""
        west, south, east, north = self._frame
        return (north - south) / (east - west)

    def draw_ground(self, axes: Axes) -> None:
        """Draw all streets in grey."""
        maps.frame_axes(axes, self._frame)
        maps.draw_streets(axes, self._streets)
        axes.set(xlabel="", ylabel="")

    def draw_state(self, axes: Axes, minute: int) -> LineCollection:
        """Draw the speeds of the five minutes that begin at `minute`; slow streets lie on top."""
        rows = self._table[(self._table["from_s"] == minute * _MINUTE_S) & self._table["edge"].isin(self._lines)]
        share = rows["speed_mps"].to_numpy(dtype=float) / self._limits.loc[rows["edge"]].to_numpy()
        known = ~np.isnan(share)
        kind = np.digitize(share[known], _SHARES)
        order = np.argsort(-kind, kind="stable")
        names = rows["edge"].to_numpy()[known][order]
        lines = [shapely.get_coordinates(self._lines[name]) for name in names]
        colours, widths = [_COLOURS[k] for k in kind[order]], [_WIDTHS_PT[k] for k in kind[order]]
        drawn = LineCollection(lines, colors=colours, linewidths=widths, zorder=6)
        axes.add_collection(drawn)
        return drawn

    def words(self, minute: int) -> str:
        """Return the moment in words."""
        out = int(self._out.loc[min(minute, int(self._out.index.max()))])
        share = text.percent(out / max(self._case.shown.planned, 1))
        return f"{minute // 60}:{minute % 60:02d} h after the order: {text.count(out)} vehicles out ({share})"


def _around(report: ReportInput, crs: Any) -> NDArray[np.float64]:
    exits = gpd.GeoSeries([shapely.Point(item.lon, item.lat) for item in report.exits], crs="EPSG:4326")
    bounds: NDArray[np.float64] = pd.concat([report.households.geometry, exits]).to_crs(crs).total_bounds
    return bounds


def _legend(figure: Figure, case: CaseResult) -> None:
    keys = [
        Line2D([], [], color=colour, linewidth=width, label=words)
        for colour, width, words in zip(_COLOURS, _WIDTHS_PT, _WORDS, strict=True)
    ]
    height = figure.get_figheight()
    figure.legend(
        handles=keys, title="Speed", ncols=2, loc="lower left", frameon=False, fontsize=8, title_fontsize=8,
        bbox_to_anchor=(0.01, 0.02), borderaxespad=0, alignment="left",
    )  # fmt: skip
    if case.doubt:
        words = text.plain(f"Not trusted: {case.doubt}", 110)
        figure.text(0.99, 0.06 / height, words, fontsize=7.5, color=drawing.DOUBT, ha="right")


def moments_alt(report: ReportInput, case: CaseResult) -> str:
    """Return the moments in words."""
    scene = _Scene(report, case)
    doubt = f" Not trusted: {text.plain(case.doubt)}." if case.doubt else ""
    lines = "; ".join(scene.words(minute) for minute in moments(case))
    return f"Speeds on the streets, {case_words(report, case)}. {lines}.{doubt}"
