"""The report's places and measures for geographic information systems: one GeoPackage, a layer a kind of place.

Names are text as they are in the sources, without control characters: a GeoPackage runs no formulas.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from evac.report import estimates, tables, text
from evac.report.closed_exits import closed_words
from evac.report.inputs import Located, ReportInput
from evac.report.results import CaseResult, same_case
from evac.seals import require_file

_WGS84 = "EPSG:4326"
_CELL_CHARS = 2000
_FIXED_DATE = "2000-01-01T00:00:00Z"
"""Stands for the date of writing, so that the same results give the same bytes."""


def layers(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers: zones and streets in the headline's case under each plan, and the places of the scenario."""
    same = same_case(cases, centre)
    found = {
        "zones": _zones(report, same),
        "streets": _streets(report, same),
        "bottlenecks": _points(_bottlenecks(report, same)),
        "exits": _points(pd.DataFrame([_exit_row(report, spot, same) for spot in report.exits])),
        "households": report.households.drop(columns=["street_lon", "street_lat"], errors="ignore"),
        "changes": _changes(report),
        "findings": _points(pd.DataFrame([item.row for item in report.findings])),
    }
    return {name: layer for name, layer in found.items() if len(layer)}


def geopackage(content: Mapping[str, gpd.GeoDataFrame]) -> bytes:
    """Return layers as a GeoPackage."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layers.gpkg"
        # A file that is read at once needn't be on the disk after each layer.
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_DATE, "OGR_SQLITE_SYNCHRONOUS": "OFF"})
        try:
            for name, layer in content.items():
                pyogrio.write_dataframe(_plain(layer), path, layer=name, driver="GPKG", append=path.exists())
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None, "OGR_SQLITE_SYNCHRONOUS": None})
        return path.read_bytes()


def _plain(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer with its texts in one line each, and without what isn't text, number or geometry."""
    plain = layer.copy()
    for column in plain.columns.drop(plain.geometry.name):
        if not (pd.api.types.is_numeric_dtype(plain[column]) or pd.api.types.is_bool_dtype(plain[column])):
            plain[column] = [None if pd.isna(cell) else text.plain(cell, _CELL_CHARS) for cell in plain[column]]
    return plain


def _zones(report: ReportInput, same: Sequence[CaseResult]) -> gpd.GeoDataFrame:
    times = estimates.zone_table(report, same)
    shapes = report.zones[["zone", "households", "geometry"]].astype({"zone": str})
    return shapes[~shapes.geometry.is_empty].merge(times, on="zone")


def _streets(report: ReportInput, same: Sequence[CaseResult]) -> gpd.GeoDataFrame:
    parts = []
    for case in same:
        table = pd.read_parquet(require_file(case.run.folder / "edges.parquet")).astype({"edge": str})
        totals = table.groupby("edge").agg(
            slowest_mps=("speed_mps", "min"),
            highest_flow_veh_per_h=("flow_veh_per_h", "max"),
            highest_density_veh_per_km=("density_veh_per_km", "max"),
            longest_queue_veh=("queue_veh", "max"),
        )
        queued = tables.queues(case.run, report.edges).set_index("edge")[["at_min", "queue_min"]]
        driven = report.edges.merge(totals.join(queued).reset_index(), on="edge")
        parts.append(driven.assign(**estimates.case_columns(case)))
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=_WGS84)


def _bottlenecks(report: ReportInput, same: Sequence[CaseResult]) -> pd.DataFrame:
    places = tables.held_at(report)
    rows = [
        {**vars(lane), "lon": places[lane.edge][0], "lat": places[lane.edge][1], **estimates.case_columns(case)}
        for case in same
        for lane in tables.lane_rates(case.run)
        if lane.edge in places
    ]
    return pd.DataFrame(rows)


def _exit_row(report: ReportInput, spot: Located, same: Sequence[CaseResult]) -> dict[str, object]:
    row: dict[str, object] = {"exit": spot.name, "lon": spot.lon, "lat": spot.lat}
    for case in same:
        plan = text.plain(case.shown.plan, 40)
        row[f"vehicles, {plan}"] = case.run.manifest["exits"].get(spot.name, 0)
        if closed := report.closed_exits(case.shown.plan):
            row[f"closed, {plan}"] = closed_words(closed, spot.name)
    return row


def _changes(report: ReportInput) -> gpd.GeoDataFrame:
    parts = []
    for plan in report.plans.values():
        if plan.picture is None:
            continue
        parts += [layer.assign(plan=plan.key) for layer in (plan.picture.roads, plan.picture.spots)]
    if not parts:
        return gpd.GeoDataFrame({"plan": []}, geometry=[], crs=_WGS84)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=_WGS84)


def _points(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    if rows.empty:
        return gpd.GeoDataFrame(geometry=[], crs=_WGS84)
    points = shapely.points(rows["lon"], rows["lat"])
    return gpd.GeoDataFrame(rows.drop(columns=["lon", "lat"]), geometry=points, crs=_WGS84)
