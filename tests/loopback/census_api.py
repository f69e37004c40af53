"""The Census Data API: tables of blocks (decennial) and block groups (ACS) of a county, with or without a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

MISSING_KEY = b"""<html style="font-size: 14px;"><head><title>Missing Key</title></head><body>
<h1>Missing Key</h1><p>A valid <em>key</em> must be included with each data API request.</p></body></html>"""
INVALID_KEY = b"""<html style="font-size: 14px;"><head><title>Invalid Key</title></head><body>
<h1>Invalid Key</h1><p>A valid <em>key</em> must be included with each data API request. You included a key with
this request, however, it is not valid.</p></body></html>"""
VEHICLE_SHARES = np.array([0.06, 0.30, 0.38, 0.16, 0.07, 0.03])


@dataclass(frozen=True)
class CensusGrid:
    """Census blocks in a grid.

    Parameters
    ----------
    blocks
        `geoid` (15 digits), `units`, `occupied`, `geometry` (WGS 84).
    groups
        By block group (12 digits): `total`, `margin`, and the twelve columns of B25044 that count households.
    state, state_box
        FIPS code of the state, and the box (degrees) that it fills.
    """

    blocks: gpd.GeoDataFrame
    groups: pd.DataFrame
    state: str
    state_box: tuple[float, float, float, float]


def census_grid(
    box: tuple[float, float, float, float],
    rows: int = 6,
    columns: int = 6,
    *,
    county: str = "06041",
    households_a_block: int = 25,
    growth: float = 1.04,
) -> CensusGrid:
    """Make census blocks over a box (degrees): ten a block group; the ACS has `growth` times the census' households."""
    west, south, east, north = box
    wide, high = (east - west) / columns, (north - south) / rows
    cells = [
        shapely.box(west + c * wide, south + r * high, west + (c + 1) * wide, south + (r + 1) * high)
        for r in range(rows)
        for c in range(columns)
    ]
    numbers = np.arange(len(cells))
    geoids = [f"{county}{100 + n // 50:04d}00{1 + n // 10 % 5}{n % 10:03d}" for n in numbers]
    occupied = households_a_block + (numbers * 7) % 11 - 5
    occupied[numbers % 9 == 4] = 0  # a park, or water
    blocks = gpd.GeoDataFrame(
        {"geoid": geoids, "units": occupied + occupied // 10, "occupied": occupied}, geometry=cells, crs="EPSG:4326"
    )
    return CensusGrid(blocks, _groups(blocks, growth), county[:2], (west - 1, south - 1, east + 1, north + 1))


def _groups(blocks: gpd.GeoDataFrame, growth: float) -> pd.DataFrame:
    rows = {}
    for name, counted in blocks.groupby(blocks["geoid"].str[:12])["occupied"].sum().items():
        total = round(counted * growth)
        classes = np.floor(VEHICLE_SHARES * total).astype(int)
        classes[2] += total - classes.sum()
        owners = classes // 2
        rows[name] = {"B25044_001E": total, "B25044_001M": round(0.1 * total)}
        rows[name] |= {f"B25044_{3 + n:03d}E": int(owners[n]) for n in range(6)}
        rows[name] |= {f"B25044_{10 + n:03d}E": int(classes[n] - owners[n]) for n in range(6)}
    return pd.DataFrame.from_dict(rows, orient="index")


def answer(
    census: CensusGrid | None, key: str | None, path: str, params: Mapping[str, str], address: str
) -> tuple[int, str, bytes, dict[str, str]]:
    """Answer a question. Without a key, or with a wrong one, it redirects to a web page."""
    if path == "missing_key.html":
        return 200, "text/html", MISSING_KEY, {}
    if path == "invalid_key.html":
        return 200, "text/html", INVALID_KEY, {}
    if key is not None and params.get("key") != key:
        page = "invalid_key.html" if "key" in params else "missing_key.html"
        return 302, "text/html", b"", {"Location": f"{address}/{page}", "X_DataWebAPI_KeyError": "1"}
    if census is None or path not in {"2020/dec/pl", "2023/acs/acs5", "2021/acs/acs5"}:
        page = f"<html><body>error: unknown dataset {path}?{params}</body></html>"
        return 404, "text/html", page.encode(), {}
    county = params["in"].replace("state:", "").replace(" county:", "")
    wanted = params["get"].split(",")
    rows = _block_rows(census, county, wanted) if path.endswith("pl") else _group_rows(census, county, wanted)
    return 200, "application/json;charset=utf-8", json.dumps(rows).encode(), {}


def _block_rows(census: CensusGrid, county: str, wanted: list[str]) -> list[list[str]]:
    columns = {"H1_001N": "units", "H1_002N": "occupied"}
    header = [*wanted, "state", "county", "tract", "block"]
    found = census.blocks[census.blocks["geoid"].str.startswith(county)]
    return [header] + [
        [*(str(row[columns[name]]) for name in wanted), county[:2], county[2:], row["geoid"][5:11], row["geoid"][11:]]
        for _, row in found.iterrows()
    ]


def _group_rows(census: CensusGrid, county: str, wanted: list[str]) -> list[list[str]]:
    header = [*wanted, "state", "county", "tract", "block group"]
    found = census.groups[census.groups.index.str.startswith(county)]
    return [header] + [
        [*(str(row[name]) for name in wanted), county[:2], county[2:], group[5:11], group[11:]]
        for group, row in found.iterrows()
    ]
