"""What all figures share: colours, type, files that are the same bytes for the same data, labels that don't overlap.

Figures are made through matplotlib's objects, not pyplot: no global state, no window, safe in threads and workers.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FuncFormatter, MultipleLocator
from matplotlib.transforms import Bbox
from PIL import Image
from shapely.geometry.base import BaseGeometry

from evac.clock import HOUR_S, hours_minutes

INK, GREY, SHADE, DOUBT = "#1a1a1a", "#595959", "#c9c9c9", "#9c2a00"
PLAN, OTHER, QUEUE, EXIT = "#0072b2", "#767676", "#d1431f", "#00614a"
"""One meaning a colour, on page and paper: the plan that is shown, what it is compared with, queues, ways out. Near
Okabe and Ito's colours for the colour-blind (https://jfly.uni-koeln.de/color/), with a contrast of 3 : 1 on white."""
CASE_MARKERS = ("o", "s", "^", "D", "v", "P")

_DPI = 160
_LABEL_PAD_PX = 4.0
_POINTS_PER_INCH, _LAYOUT_DPI = 72, 100
_MOST_TICKS, _LEAST_TITLE_CHARS = 7, 8
_TICKS_H = (0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 12.0, 24.0)
_STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "evac",
    "svg.fonttype": "path",
    "text.parse_math": False,
    "text.usetex": False,
}


class _Canvas(FigureCanvasAgg):
    """Draws when a figure is saved: no window waits for it."""

    def draw_idle(self, *args: Any, **kwargs: Any) -> None:
        """Draw nothing. Geopandas asks for it after each layer of a map, and Agg's would draw all of it each time."""

    def print_png(self, filename_or_obj: Any, **_: Any) -> None:
        """Write a PNG without transparency, which a figure on white has no use for: smaller, and sooner packed."""
        canvas: Any = self  # Agg's methods have no types
        canvas.draw()
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        pixels.save(filename_or_obj, "PNG", dpi=(self.figure.dpi, self.figure.dpi))


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure with a canvas of its own."""
    figure = Figure(figsize=(width_in, height_in), dpi=_LAYOUT_DPI, facecolor="white")
    _Canvas(figure)
    return figure


def styled() -> Any:
    """Return the context in which figures are drawn and saved. Text is taken as it is: `$` starts no formula."""
    return mpl.rc_context(_STYLE)


def png_bytes(figure: Figure) -> bytes:
    """Return the figure as PNG."""
    return _saved(figure, format="png", dpi=_DPI)


def svg_bytes(figure: Figure) -> bytes:
    """Return the figure as SVG: glyphs as outlines, no date."""
    return _saved(figure, format="svg", dpi=_DPI, metadata={"Date": None, "Creator": None})


def _saved(figure: Figure, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with styled(), _any_script():
        figure.savefig(buffer, **options)
    return buffer.getvalue()


@contextmanager
def _any_script() -> Iterator[None]:
    """Let a street name be in a script that the font lacks: the picture has boxes, the page has the name as text."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support .* natively")
        yield


@dataclass(frozen=True)
class Labels:
    """Labels on a map: what they and their points cover (boxes in pixels), and those that found no room."""

    covered: list[Bbox]
    left_out: list[tuple[float, float, str]]


def draw_lines(axes: Axes, lines: Iterable[BaseGeometry], **style: Any) -> None:
    """Draw lines into axes whose limits are set; GeoPandas' `plot` looks at the limits again for each layer."""
    parts = shapely.get_parts(shapely.normalize(np.asarray(lines)))
    points = np.split(shapely.get_coordinates(parts), np.cumsum(shapely.get_num_coordinates(parts))[:-1])
    axes.add_collection(LineCollection(points, **style), autolim=False)


def points_along(lines: Iterable[BaseGeometry], step: float) -> list[tuple[float, float]]:
    """Return points along lines, a step (in the map's units) apart, for labels to keep clear of."""
    points = [
        line.interpolate(number * step)
        for line in shapely.get_parts(list(lines))
        for number in range(int(line.length // step) + 1)
    ]
    return [(point.x, point.y) for point in points]


def place_labels(
    axes: Axes,
    points: Sequence[tuple[float, float, str]],
    size: float = 8.5,
    clear_of: Sequence[tuple[float, float]] = (),
) -> Labels:
    """Write a label beside each point so that labels never cover each other, with a line to the point.

    The first free spot of a few rings around the point is taken; when none is free, the one that covers least of
    `clear_of`, points without a label. A label that would reach out of the map, or cover a point, a label before it (in
    the order of `points`) or what is written there already, is left out: what lies over each other can't be read, what
    is missing can be told.
    """
    clear = [_marker_box(axes, x, y, half_px=3.0) for x, y in clear_of]
    # Scale, north and whose data it is stand there already.
    kept = [text_box(item) for item in axes.texts if item.get_text()]
    kept += [_marker_box(axes, x, y) for x, y, _ in points]
    labels: list[Bbox] = []
    left_out: list[tuple[float, float, str]] = []
    for x, y, text in points:
        label = axes.annotate(
            text, (x, y), xytext=(0, 0), textcoords="offset points", fontsize=size, color=INK, zorder=20, ha="center",
            va="center", bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": GREY, "lw": 0.5},
        )  # fmt: skip
        found = _settle(axes, label, [*kept, *labels], clear)
        if found is None:
            label.remove()
            left_out.append((x, y, text))
            continue
        labels.append(found)
        axes.annotate(  # below all labels, so that no line crosses a text
            "", (x, y), xytext=label.get_position(), textcoords="offset points", zorder=19,
            arrowprops={"arrowstyle": "-", "color": INK, "lw": 0.7, "shrinkA": 0, "shrinkB": 4},
        )  # fmt: skip
    return Labels([*clear, *kept, *labels], left_out)


def _settle(axes: Axes, label: Annotation, kept: Sequence[Bbox], clear: Sequence[Bbox]) -> Bbox | None:
    """Move a label to the best spot around its point; return its box, or None where there is no room for it."""
    frame = axes.get_window_extent()
    best: tuple[float, tuple[float, float], Bbox] | None = None
    for spot in _spots(_label_box(label)):
        label.set_position(spot)
        box = _label_box(label)
        if _covered(box, kept) or not is_inside(box, frame):
            continue
        cost = _covered(box, clear)
        if best is None or cost < best[0]:
            best = (cost, spot, box)
        if cost == 0:
            break
    if best is None:
        return None
    label.set_position(best[1])
    return best[2]


def _spots(box: Bbox) -> list[tuple[float, float]]:
    """Return offsets in points, nearest rings first, so that a box of this size stands clear of its point."""
    points_per_pixel = _POINTS_PER_INCH / _LAYOUT_DPI
    half_width, half_height = box.width / 2 * points_per_pixel, box.height / 2 * points_per_pixel
    directions = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
    return [
        (across * (half_width + ring), up * (half_height + ring))
        for ring in (10, 20, 34, 52, 76, 104)
        for across, up in directions
    ]


def write_title(axes: Axes, words: str, size: float, *, most_lines: int = 2, **style: Any) -> None:
    """Write a title at the upper left of a panel that is no wider than the panel: wrapped, then cut off."""
    title = axes.set_title(words, fontsize=size, loc="left", **style)
    room_px, chars = axes.get_window_extent().width, max((len(line) for line in words.splitlines()), default=0)
    while text_box(title).width > room_px and chars > _LEAST_TITLE_CHARS:
        chars -= 1
        lines = [textwrap.fill(line, chars, max_lines=most_lines, placeholder="…") for line in words.splitlines()]
        title.set_text("\n".join(lines))


def pixels(points: float) -> float:
    """Return how many pixels a length in points takes while a figure is laid out."""
    return points * _LAYOUT_DPI / _POINTS_PER_INCH


def _label_box(label: Annotation) -> Bbox:
    """Return the label's box in pixels, without its line to the point."""
    with _any_script():
        label.update_positions(_renderer(label))
    return text_box(label).padded(_LABEL_PAD_PX)


def text_box(label: Text) -> Bbox:
    """Return the box of a text in pixels."""
    with _any_script():
        return Text.get_window_extent(label, _renderer(label))


def _renderer(label: Text) -> RendererBase:
    figure = label.get_figure(root=True)
    assert figure is not None  # noqa: S101 - a label in axes has a figure
    renderer: RendererBase = figure.canvas.get_renderer()  # type: ignore[attr-defined] # Agg's canvas has one
    return renderer


def time_axis(axes: Axes, last_h: float) -> None:
    """Let the axis across show hours and minutes after the order, up to `last_h`."""
    axes.set_xlim(0, last_h * 1.02 or 1.0)
    step_h = next((step for step in _TICKS_H if last_h / step <= _MOST_TICKS), _TICKS_H[-1])
    axes.xaxis.set_major_locator(MultipleLocator(step_h))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda hours, _: hours_minutes(hours * HOUR_S)))


def _marker_box(axes: Axes, x: float, y: float, half_px: float = 8.0) -> Bbox:
    across, up = axes.transData.transform((x, y))
    return Bbox.from_extents(across - half_px, up - half_px, across + half_px, up + half_px)


def _covered(box: Bbox, taken: Sequence[Bbox]) -> float:
    overlaps = (Bbox.intersection(box, other) for other in taken)
    return sum(overlap.width * overlap.height for overlap in overlaps if overlap is not None)


def is_inside(box: Bbox, frame: Bbox) -> bool:
    """Return whether a box lies whole within another."""
    return bool(frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1)
