"""Writes the report's folder. Everything is made before anything is written; the page, which needs no other file, last.

An interrupted report so leaves the old page whole.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evac import files
from evac.measure.clearance import SHARES_PERCENT
from evac.report import exports, gis, tables
from evac.report.inputs import ReportInput
from evac.report.moments import animation
from evac.report.page import content, page_html, print_html
from evac.report.paper import pdf_bytes
from evac.report.pictures import draw_pictures
from evac.report.results import COUNTS, case_results, headline, results_table
from evac.report.sheets import csv_bytes, sheets
from evac.report.words import speaking

_RESULTS = pa.schema(
    [
        *((name, pa.string()) for name in ("plan", "vehicles_per_household", "departure")),
        ("seed", pa.int64()),
        ("fidelity", pa.string()),
        ("capacity_factor", pa.float64()),
        ("signals", pa.string()),
        *((name, pa.int64()) for name in COUNTS),
        ("exposed_vehicle_min", pa.float64()),
        ("households_not_out", pa.int64()),
        *((f"t{percent}{kind}_s", pa.float64()) for kind in ("", "_at_best") for percent in SHARES_PERCENT),
        ("trusted", pa.bool_()),
        *((name, pa.string()) for name in ("reasons", "caveats", "job")),
    ]
)
"""A row a run. Clearance times are seconds after the order, null when the evacuation wasn't over by the end."""

_SOMETIMES = (
    *("clearance_curves*", "fewer_cars.*", "panels.*", "lane_rates.*", "plan-*", "safe_orders.*"),
    "animation.mp4",
)
"""Figures that one report has and another hasn't."""


def write_report(report: ReportInput, folder: Path) -> Path:
    """Write the page, its figures and tables, and `results.parquet`; docs/results.md has the list of all files.

    Parameters
    ----------
    report
        What the report shows.
    folder
        Where it is written; an older report in it is replaced.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    EvacError
        No run has ended well: there is nothing to report.
    """
    with speaking(report.settings.words):
        written = _files(report)
    for name, data in written.items():
        files.write_bytes(folder / name, data)
    _remove_old_figures(folder / "figures", written)
    return folder / "index.html"


def _files(report: ReportInput) -> dict[str, bytes]:
    """Return the files by their names."""
    cases = case_results(report)
    results = results_table(report)
    centre = headline(report, cases)
    pictures = draw_pictures(report, cases)
    told = content(report, cases, pictures)
    tables_of_report, places = sheets(report, cases, centre), gis.layers(report, cases, centre)
    return {
        **{f"figures/{picture.name}.{kind}": data for picture in pictures for kind, data in picture.formats.items()},
        "results.parquet": _parquet(results),
        "results.csv": csv_bytes(results),
        "bottlenecks.csv": csv_bytes(tables.lane_long_table(report)),
        "bottleneck_summary.csv": csv_bytes(tables.lane_summary_table(report)),
        **{f"tables/{name}.csv": csv_bytes(table) for name, table in tables_of_report.items()},
        "tables/report.xlsx": exports.workbook(tables_of_report),
        "tables/report.gpkg": gis.geopackage(places),
        "tables/report.kml": exports.placemarks(places),
        **{f"figures/animation.{kind}": data for kind, data in animation(report, centre).items()},
        "report.pdf": pdf_bytes(print_html(told)),
        "index.html": page_html(report, cases, told).encode(),
    }


def _remove_old_figures(folder: Path, written: Mapping[str, bytes]) -> None:
    """Remove an older report's figures: one of a case or a plan that is no more must not be taken for this report's."""
    for pattern in _SOMETIMES:
        for path in folder.glob(pattern):
            if f"figures/{path.name}" not in written:
                path.unlink()


def _parquet(results: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table = pa.Table.from_pandas(results, schema=_RESULTS, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
