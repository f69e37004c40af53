"""The streets at set moments, and the same as a short animation: speed on every street that somebody drives on."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.animation import FFMpegWriter
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from PIL import Image, ImageColor

from evac import clock
from evac.projection import utm_of
from evac.report import drawing, maps, text
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, case_words
from evac.report.words import mark, say
from evac.seals import require_file

_SHARES = (0.25, 0.5, 0.75)
_COLOURS = ("#6d0026", "#d1431f", "#f0a03c", "#4a86c4")
_WIDTHS_PT = (4.2, 3.2, 2.4, 1.6)
_WORDS = (
    mark("under a quarter of the limit"),
    mark("a quarter to a half"),
    mark("a half to three quarters"),
    mark("three quarters or more"),
)
"""Classes of speed, as on the page's map; slower is darker and wider, so it reads without colour."""
_WINDOW_S, _KPH = 300, 3.6
_MOST_FRAMES, _FRAME_MS, _LAST_FRAME_MS = 40, 400, 2500
_GIF_COLOURS, _FILM_DPI = 48, 144
_SAME_BYTES = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-threads", "1"]
"""Of ffmpeg: the same frames give the same file, without its version and a date."""
_SPEEDS_ZORDER = 6
_EXIT_SIZE = 42.0
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
        _legend(figure, case, scene)
        maps.write_attribution(figure.axes[-1], report.attribution)
    return figure


def has_video() -> bool:
    """Tell whether an animation is written as MP4 too: ffmpeg, a program of its own, is on the machine."""
    return FFMpegWriter.isAvailable()


def animation(report: ReportInput, case: CaseResult) -> dict[str, bytes]:
    """Return the run as a short film, a frame every five minutes (fewer frames in long runs).

    Returns
    -------
    dict[str, bytes]
        By format: `gif`, and `mp4` where `has_video`.
    """
    scene = _Scene(report, case)
    steps = max(1, math.ceil((case.run.manifest["t100_s"] or case.run.manifest["end_s"]) / _WINDOW_S))
    minutes = [step * _WINDOW_S // clock.MINUTE_S for step in range(0, steps + 1, math.ceil(steps / _MOST_FRAMES))]
    with drawing.styled():
        figure, axes = _film_figure(report, scene, case)
        films = {"gif": _gif(_few_colours([_image(pixels) for pixels in _frames(figure, axes, scene, minutes)]))}
        if has_video():
            films["mp4"] = _mp4(figure, axes, scene, minutes)
    return films


def _film_figure(report: ReportInput, scene: _Scene, case: CaseResult) -> tuple[Figure, Axes]:
    """Return a figure with what all frames share."""
    figure = drawing.new_figure(1.5 * _PANEL_IN, 1.5 * _PANEL_IN * scene.aspect + 2 * _HEAD_IN + _FOOT_IN)
    height = figure.get_figheight()
    axes = figure.add_axes((0.005, _FOOT_IN / height, 0.99, 1.5 * _PANEL_IN * scene.aspect / height))
    scene.draw_ground(axes)
    maps.draw_scale(axes, report.units)
    maps.write_attribution(axes, report.attribution)
    _legend(figure, case, scene)
    words = f"{text.plain(report.scenario.name, 40)}: {case_words(report, case)}"
    figure.text(0.005, 1 - 0.6 * _HEAD_IN / height, words, fontsize=10, fontweight="bold", va="center")
    return figure, axes


def _frames(figure: Figure, axes: Axes, scene: _Scene, minutes: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
    """Draw one moment after the other; yield the pixels of each while they hold.

    What lies below the speeds or outside of the map is the same in all, and drawn once.
    """
    canvas: Any = figure.canvas  # Agg's
    title = axes.set_title("", fontsize=9, loc="left", pad=4)
    over = [title, *(artist for artist in axes.get_children() if artist.get_zorder() > _SPEEDS_ZORDER)]
    for artist in over:
        artist.set_animated(True)  # not drawn with the rest
    canvas.draw()
    ground = canvas.copy_from_bbox(figure.bbox)
    for minute in minutes:
        canvas.restore_region(ground)
        title.set_text(scene.words(minute))
        state = scene.draw_state(axes, minute)
        for artist in sorted([*state, *over], key=lambda artist: artist.get_zorder()):
            axes.draw_artist(artist)
        yield np.asarray(canvas.buffer_rgba())
        for artist in state:
            artist.remove()


def _image(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(pixels).convert("RGB")


def _few_colours(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """Give all frames the same few colours: those with a meaning, and the most common of some of the frames."""
    some = [frames[round(part * (len(frames) - 1) / _MOMENTS)] for part in range(_MOMENTS + 1)]
    width, height = some[0].size
    beside = Image.new("RGB", (width * len(some), height))
    for number, frame in enumerate(some):
        beside.paste(frame, (number * width, 0))
    meant = [part for colour in (*_COLOURS, maps.EXIT_COLOUR) for part in ImageColor.getrgb(colour)]
    common = beside.quantize(_GIF_COLOURS - len(_COLOURS) - 1, dither=Image.Dither.NONE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*meant, *common])
    return [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]


def _gif(frames: Sequence[Image.Image]) -> bytes:
    buffer = io.BytesIO()
    lasting = [*([_FRAME_MS] * (len(frames) - 1)), _LAST_FRAME_MS]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=lasting, loop=0, optimize=False)
    return buffer.getvalue()


class _Writer(FFMpegWriter):
    """Takes frames as they are drawn; matplotlib's draws the figure again for each."""

    def setup(self, fig: Figure, outfile: str | Path, dpi: float | None = None) -> None:
        """Start ffmpeg, and give the figure the whole even number of pixels that it takes."""
        super().setup(fig, outfile, dpi)
        fig.set_size_inches(self._w, self._h)  # type: ignore[attr-defined]  # matplotlib's, before each frame

    def take(self, pixels: NDArray[np.uint8]) -> None:
        """Write a frame."""
        self._proc.stdin.write(pixels.tobytes())  # type: ignore[attr-defined]  # as matplotlib's own writers do


def _mp4(figure: Figure, axes: Axes, scene: _Scene, minutes: Sequence[int]) -> bytes:
    """Return a film as MP4 (H.264, which every browser and slide program plays); the last frame stays for a while."""
    rate: Any = 1000 / _FRAME_MS  # 2.5: ffmpeg takes a fraction, matplotlib's types only whole numbers
    writer = _Writer(fps=rate, codec="h264", extra_args=_SAME_BYTES)
    figure.set_dpi(_FILM_DPI)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "animation.mp4"
        with writer.saving(figure, str(file), _FILM_DPI):
            for minute, pixels in zip(minutes, _frames(figure, axes, scene, minutes), strict=True):
                for _ in range(_LAST_FRAME_MS // _FRAME_MS if minute == minutes[-1] else 1):
                    writer.take(pixels)
        return file.read_bytes()


class _Scene:
    """A place's streets as lines on paper, and a run's speeds on them."""

    def __init__(self, report: ReportInput, case: CaseResult) -> None:
        crs = utm_of(report.zones)
        edges = report.edges.to_crs(crs)
        self._streets = report.streets.to_crs(crs)
        self._lines = dict(zip(edges["edge"], map(shapely.get_coordinates, edges.geometry), strict=True))
        self._exits = _exit_points(report).to_crs(crs)
        self.closed = report.closed_exits(case.shown.plan)
        self._limits = pd.Series((edges["speed_kph"] / _KPH).to_numpy(), index=edges["edge"])
        self._frame = maps.fit_frame(_around(report, crs).tolist())
        table = pd.read_parquet(require_file(case.run.folder / "edges.parquet")).astype({"edge": str})
        self._speeds = table[table["edge"].isin(list(self._lines))]
        self._out = pd.read_parquet(require_file(case.run.folder / "curve.parquet")).set_index("minute")["evacuated"]
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

    def draw_state(self, axes: Axes, minute: int) -> list[Artist]:
        """Draw the five minutes that begin at `minute`: speeds, slow streets on top, and the exits, open and closed."""
        shut = {item.exit for item in self.closed if item.holds(minute * clock.MINUTE_S)}
        drawn = [self._draw_speeds(axes, minute)]
        for closed, same in self._exits.groupby(self._exits["name"].isin(shut)):
            drawn += maps.draw_exits(axes, same.geometry.x, same.geometry.y, _EXIT_SIZE, closed=bool(closed))
        return drawn

    def _draw_speeds(self, axes: Axes, minute: int) -> Artist:
        rows = self._speeds[self._speeds["from_s"] == minute * clock.MINUTE_S]
        share = rows["speed_mps"].to_numpy(dtype=float) / self._limits.loc[rows["edge"]].to_numpy()
        known = ~np.isnan(share)
        kind = np.digitize(share[known], _SHARES)
        order = np.argsort(-kind, kind="stable")
        names = rows["edge"].to_numpy()[known][order]
        lines = [self._lines[name] for name in names]
        colours, widths = to_rgba_array(_COLOURS)[kind[order]], np.array(_WIDTHS_PT)[kind[order]]
        drawn = LineCollection(lines, colors=colours, linewidths=widths, zorder=_SPEEDS_ZORDER)
        axes.add_collection(drawn)
        return drawn

    def words(self, minute: int) -> str:
        """Return the moment in words."""
        out = int(self._out.loc[min(minute, int(self._out.index.max()))])
        share = text.percent(out / max(self._case.shown.planned, 1))
        return say(
            "{time} h after the order: {number} vehicles out ({share})",
            time=clock.hours_minutes(minute * clock.MINUTE_S), number=text.count(out), share=share,
        )  # fmt: skip


def _exit_points(report: ReportInput) -> gpd.GeoDataFrame:
    points = [shapely.Point(item.lon, item.lat) for item in report.exits]
    return gpd.GeoDataFrame({"name": [item.name for item in report.exits]}, geometry=points, crs="EPSG:4326")


def _around(report: ReportInput, crs: Any) -> NDArray[np.float64]:
    found = pd.concat([report.households.geometry, _exit_points(report).geometry])
    bounds: NDArray[np.float64] = found.to_crs(crs).total_bounds
    return bounds


def _legend(figure: Figure, case: CaseResult, scene: _Scene) -> None:
    keys = [
        Line2D([], [], color=colour, linewidth=width, label=say(words))
        for colour, width, words in zip(_COLOURS, _WIDTHS_PT, _WORDS, strict=True)
    ]
    exit_keys = [Line2D([], [], color=maps.EXIT_COLOUR, marker="s", linestyle="", label=say("exit"))]
    if scene.closed:
        exit_keys.append(maps.closed_exit_key())
    height = figure.get_figheight()
    figure.legend(
        handles=[*keys, *exit_keys], title=say("Speed"), ncols=3, loc="lower left", frameon=False, fontsize=8,
        title_fontsize=8, bbox_to_anchor=(0.01, 0.02), borderaxespad=0, alignment="left",
    )  # fmt: skip
    if case.doubt:
        words = text.plain(say("Not trusted: {reason}.", reason=case.doubt), 110)
        figure.text(0.99, 0.06 / height, words, fontsize=7.5, color=drawing.DOUBT, ha="right")


def moments_alt(report: ReportInput, case: CaseResult) -> str:
    """Return the moments in words."""
    scene = _Scene(report, case)
    doubt = " " + say("Not trusted: {reason}.", reason=text.plain(case.doubt)) if case.doubt else ""
    lines = "; ".join(scene.words(minute) for minute in moments(case))
    return f"{say('Speeds on the streets, {case}.', case=case_words(report, case))} {lines}.{doubt}"
