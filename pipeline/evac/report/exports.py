"""The report's tables and places for other programs: a workbook (XLSX) and a map of placemarks (KML), by GDAL."""

from __future__ import annotations

import html
import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from evac.report import text

_SHEET_CHARS = 31
"""A sheet's name is this long at most (Excel's limit)."""
_CELL_CHARS = 2000
_MOST_ROWS = 100_000
"""Longer tables are in CSV only: a workbook of them opens slowly."""
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""Stands for the time of writing, so that the same results give the same bytes."""
_PLACES = ("zones", "bottlenecks", "exits", "changes")
_NAMES = ("zone", "bottleneck", "exit", "street", "words")
"""Layers that placemarks are made of, and the columns that name them, the first that there is."""


def workbook(sheets: Mapping[str, pd.DataFrame]) -> bytes:
    """Return tables as a workbook, a sheet a table; no text in it is a formula."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tables.xlsx"
        for name, table in sheets.items():
            if 0 < len(table) <= _MOST_ROWS:
                pyogrio.write_dataframe(
                    _cells(table), path, layer=name[:_SHEET_CHARS], driver="XLSX", append=path.exists()
                )
        return _without_times(path.read_bytes())


def placemarks(layers: Mapping[str, gpd.GeoDataFrame]) -> bytes:
    """Return zones, bottlenecks, ways out and changes of plans as placemarks with all that is known of them."""
    parts = [_marks(kind, layers[kind]) for kind in _PLACES if kind in layers]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.kml"
        pyogrio.write_dataframe(
            gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)), path, layer="report", driver="KML"
        )
        return path.read_bytes()


def _marks(kind: str, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    columns = [column for column in layer.columns if column != layer.geometry.name]
    named = next(column for column in _NAMES if column in columns)
    rows = [
        {
            "Name": text.plain(row[named]),
            "Description": f"{kind}. {_described(row, columns)}",
        }
        for _, row in layer.iterrows()
    ]
    return gpd.GeoDataFrame(rows, geometry=list(layer.geometry), crs=layer.crs)


def _described(row: pd.Series, columns: Sequence[str]) -> str:
    """Return a row in words. Viewers take a description for HTML, so other people's text is escaped once more."""
    known = "; ".join(f"{column}: {row[column]}" for column in columns if pd.notna(row[column]))
    return html.escape(text.plain(known, _CELL_CHARS))


def _cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose cells are numbers, or text that a spreadsheet shows and doesn't run."""
    plain = table.copy()
    for column in plain.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in plain.dtypes]]:
        plain[column] = [
            None if pd.isna(cell) else text.csv_cell(text.plain(cell, _CELL_CHARS)) for cell in plain[column]
        ]
    return plain


def _without_times(packed: bytes) -> bytes:
    """Return a ZIP archive with the same files in the same order and no time of writing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(zipfile.ZipInfo(item.filename, _FIXED_TIME), old.read(item), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
