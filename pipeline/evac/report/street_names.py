"""Names of streets on a map, along the streets: main streets first, none over another, a label or a marker."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import geopandas as gpd
import shapely
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox
from shapely.geometry import LineString, box
from shapely.geometry.base import BaseGeometry

from evac.report import drawing, text

_RANKS = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street",
)  # fmt: skip
"""OpenStreetMap `highway` classes, the main ones first; streets of others carry no name."""
_ALONG = (0.5, 0.35, 0.65, 0.2, 0.8)
"""Where on its longest piece a street's name is tried, as shares of the length."""
_NAME_CHARS, _TURN_DEG = 28, 35.0
_PAD_PX = 2.0
_LEAST_EM_A_CHAR = 0.25
"""No letter or digit of DejaVu Sans is narrower: a street that is shorter than its name so is left out at once."""


def write_street_names(
    axes: Axes, streets: gpd.GeoDataFrame, most: int, size: float, taken: Sequence[Bbox] = ()
) -> list[str]:
    """Write the names of at most `most` streets (metres) that are in the frame; return those written.

    Parameters
    ----------
    axes
        The map, framed and with its markers and labels.
    streets
        Columns `name`, `highway` and `geometry`.
    most, size
        How many names, and their size (points).
    taken
        Boxes (pixels) that no name covers.
    """
    covered = list(taken)
    written: list[str] = []
    for name, line in _by_rank(streets, axes):
        if len(written) == most:
            break
        found = _settle(axes, name, line, size, covered)
        if found is not None:
            covered.append(found)
            written.append(name)
    return written


def _by_rank(streets: gpd.GeoDataFrame, axes: Axes) -> Iterator[tuple[str, LineString]]:
    """Yield each named street with its longest piece in the frame: main streets first, then long ones."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    rank = streets["highway"].map({name: number for number, name in enumerate(_RANKS)})
    named = streets[rank.notna() & (streets["name"].fillna("").astype(str) != "")].assign(rank=rank)
    inside = named.clip(box(west, south, east, north))
    lines, ranks = inside.geometry.to_numpy(), inside["rank"].to_numpy()  # a table for each street would take longer
    of_street = inside.groupby("name", sort=True).indices
    pieces = [(ranks[rows].min(), str(name), _longest(lines[rows])) for name, rows in of_street.items()]
    for _, name, line in sorted(pieces, key=lambda piece: (piece[0], -piece[2].length, piece[1])):
        yield name, line


def _longest(lines: Iterable[BaseGeometry]) -> LineString:
    merged = shapely.line_merge(shapely.union_all(list(lines)))
    parts = [part for part in shapely.get_parts(merged) if part.geom_type == "LineString"]
    return max(parts, key=lambda part: part.length, default=LineString())


def _settle(axes: Axes, name: str, line: LineString, size: float, covered: Sequence[Bbox]) -> Bbox | None:
    """Write a name where it covers nothing and its street is straight and long enough; return its box, else None."""
    frame, words = axes.get_window_extent(), text.plain(name, _NAME_CHARS)
    metres_a_pixel = (axes.get_xlim()[1] - axes.get_xlim()[0]) / frame.width
    least_px = drawing.pixels(_LEAST_EM_A_CHAR * size * sum(map(str.isalnum, words)))
    if line.length < least_px * metres_a_pixel:
        return None
    label = axes.text(
        0, 0, words, fontsize=size, color=drawing.INK, ha="center", va="center",
        rotation_mode="anchor", zorder=18, path_effects=[withStroke(linewidth=2.2, foreground="white")],
    )  # fmt: skip
    half_m = drawing.text_box(label).width * metres_a_pixel / 2
    for share in _ALONG:
        middle_m = share * line.length
        if line.is_empty or middle_m < half_m or line.length - middle_m < half_m:
            continue
        tail, middle, tip = (line.interpolate(along) for along in (middle_m - half_m, middle_m, middle_m + half_m))
        if shapely.LineString([tail, middle, tip]).length > math.hypot(tip.x - tail.x, tip.y - tail.y) / math.cos(
            math.radians(_TURN_DEG)
        ):
            continue
        angle = math.degrees(math.atan2(tip.y - tail.y, tip.x - tail.x))
        label.set(position=(middle.x, middle.y), rotation=(angle + 90) % 180 - 90)
        found = drawing.text_box(label).padded(_PAD_PX)
        if _is_free(found, frame, covered):
            return found
    label.remove()
    return None


def _is_free(found: Bbox, frame: Bbox, covered: Sequence[Bbox]) -> bool:
    return drawing.is_inside(found, frame) and not any(Bbox.intersection(found, other) for other in covered)
