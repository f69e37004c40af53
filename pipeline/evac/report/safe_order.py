"""The latest safe order as files: a table, zones and trigger lines for a GIS, a map by colour, and for the report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from shapely.geometry.base import BaseGeometry

from evac.errors import DataError
from evac.files import write_bytes, write_text
from evac.hazards.arrivals import front_of
from evac.hazards.lines import front_lines
from evac.osm import ATTRIBUTION
from evac.projection import utm_of
from evac.report import drawing, maps
from evac.report.hazard_answers import ANSWER
from evac.report.order_words import interval_words, order_words
from evac.report.sheets import csv_bytes
from evac.report.text import plain
from evac.report.words import say
from evac.study.ordering import Answer, ZoneOrder
from evac.study.prepare import Prepared

_COLOURS = "RdYlGn"
_LATE, _NO_LIMIT = "#5e0010", "#d9d9d9"
_LINE_COLOUR = "#8a2be2"
_HALO = (withStroke(linewidth=2.5, foreground="white"),)
"""Around labels, which lie on dark zones and on lines."""


def table(answer: Answer) -> pd.DataFrame:
    """Return a row a zone, the most urgent first: the columns of docs/hazards.md."""
    return pd.DataFrame([_row(item, answer.together) for item in answer.zones])


def _row(item: ZoneOrder, together: Mapping[str, float] | None) -> dict[str, Any]:
    order = item.order
    return {
        "zone": order.zone,
        "latest_safe_order": order.latest.ending,
        "latest_safe_order_min": order.latest.minute,
        "interval_low_min": order.earliest_min,
        "interval_high_min": order.latest_min,
        "formula_min": item.formula_min,
        "formula_error_min": item.formula_error_min,
        "way_cut_min": item.way_cut_min,
        "clearance_min": item.clearance_min,
        "together_min": (together or {}).get(order.zone),
        "confirmed": item.confirmed,
        "households_never_out": item.never_out,
    }


def write_safe_orders(prepared: Prepared, answer: Answer, about: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write `safe_order.csv`, `zones.geojson`, `trigger_lines.geojson` and `map.png`, and return them.

    A trigger line of a zone is where the front is at the zone's latest safe order: when it crosses the line, the zone
    has to be ordered out. `answer.json` is for the report: `about`, which says of what the answer is, how many `runs`
    it stands on and how many of these were new, the `zones`, each with its interval in words and whether too many have
    no way out at the order already (`hopeless`), and whether all of them can be safe `together`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = table(answer)
    zones = prepared.households.zones()[["zone", "geometry"]].astype({"zone": str}).merge(rows, on="zone")
    lines = trigger_lines(prepared, rows)
    files = [folder / name for name in ("safe_order.csv", "zones.geojson", "trigger_lines.geojson", "map.png")]
    write_bytes(files[0], csv_bytes(rows))
    write_text(files[1], zones.to_json(drop_id=True) + "\n")
    write_text(files[2], lines.to_json(drop_id=True) + "\n")
    draw(prepared.street_map.streets(), zones, lines).savefig(files[3], dpi=130)
    records = [row | _told(item, about["share"]) for row, item in zip(json_records(rows), answer.zones, strict=True)]
    runs = {"runs": answer.runs, "new_runs": answer.new_runs}
    content = {**about, **runs, "together": answer.together is not None, "zones": records}
    write_text(folder / ANSWER, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return files


def _told(item: ZoneOrder, share: float) -> dict[str, Any]:
    """Return what the report tells of a zone beside the table's row."""
    return {
        "interval": interval_words(item.order),
        "households": item.households,
        "hopeless": item.is_hopeless(share),
    }


def json_records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as JSON has them: what is missing is null."""
    plain_rows = rows.astype(object).where(rows.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain_rows.to_dict("records")]


def trigger_lines(prepared: Prepared, rows: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a line a zone that has a latest safe order: `zone`, `minute`, `geometry` (WGS 84)."""
    hazard = prepared.loaded.model.hazard
    found = rows[rows["latest_safe_order_min"].notna()]
    none = gpd.GeoDataFrame({"zone": [], "minute": []}, geometry=[], crs="EPSG:4326")
    if hazard is None or found.empty:
        return none
    bounds = tuple(prepared.street_map.streets().to_crs("EPSG:4326").total_bounds)
    try:
        lines = front_lines(front_of(hazard), bounds, found["latest_safe_order_min"].tolist())
    except DataError:  # a source that knows the roads, and nothing between them
        return none
    lines.insert(0, "zone", found["zone"].to_numpy())
    return lines[~lines.is_empty]


def draw(streets: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> Figure:
    """Draw the zones by their latest safe order, with the trigger lines, over the map's streets."""
    crs = utm_of(zones)
    shown, drawn = zones.to_crs(crs), lines.to_crs(crs)
    nearest = shapely.shortest_line(drawn.geometry.values, shown.set_index("zone").geometry[drawn["zone"]].values)
    frame = maps.fit_frame(gpd.GeoSeries([*shown.geometry, *nearest], crs=crs).total_bounds.tolist())
    with drawing.styled():
        figure, axes = maps.new_map(frame, foot_in=0.6)
        maps.draw_streets(axes, streets.to_crs(crs))
        shown.plot(ax=axes, color=_colours(shown), ec="#444444", lw=0.8, alpha=0.75, zorder=4)
        if len(drawn):
            drawn.plot(ax=axes, color=_LINE_COLOUR, lw=2.0, ls="--", zorder=6)
        _write_zones(axes, shown)
        _write_lines(axes, drawn["zone"], nearest)
        maps.frame_axes(axes, frame)
        maps.write_attribution(axes, ATTRIBUTION.split(",", maxsplit=1)[0])
        axes.set(xlabel="", ylabel="")
        foot = say(
            "How long after the order (h:mm) each zone can still be ordered out. Dashed: where the front is then."
        )
        figure.text(0.012, 0.08 / figure.get_size_inches()[1], plain(foot), fontsize=8)
    return figure


def _colours(shown: gpd.GeoDataFrame) -> list[str]:
    """Return the colour of each zone: by its minute, where it has one."""
    times = shown["latest_safe_order_min"]
    norm = mpl.colors.Normalize(0.0, max(float(times.max()) if times.notna().any() else 1.0, 1.0))
    ends = {"no limit": _NO_LIMIT, "too late": _LATE}
    return [
        ends.get(ending) or mpl.colors.to_hex(mpl.colormaps[_COLOURS](norm(minute)))
        for ending, minute in zip(shown["latest_safe_order"], times, strict=True)
    ]


def _write_zones(axes: Axes, shown: gpd.GeoDataFrame) -> None:
    """Write each zone's name and until when it can be ordered out."""
    for row, spot in zip(shown.itertuples(), shown.representative_point(), strict=True):
        words = order_words(row.latest_safe_order_min, row.latest_safe_order, unit=True)
        axes.annotate(
            plain(f"{row.zone}: {words}"), (spot.x, spot.y), ha="center", va="center", zorder=8, fontsize=8,
            path_effects=_HALO,
        )  # fmt: skip


def _write_lines(axes: Axes, zones: Iterable[str], nearest: Iterable[BaseGeometry]) -> None:
    """Write whose each trigger line is, where it comes nearest to its zone."""
    for zone, way in zip(zones, nearest, strict=True):
        at = shapely.get_point(way, 0)
        axes.annotate(
            say("trigger line of {zone}", zone=plain(zone)), (at.x, at.y), color=_LINE_COLOUR, ha="center",
            va="bottom", zorder=8, fontsize=7, path_effects=_HALO,
        )  # fmt: skip
