"""Households and their vehicles by census block.

Three sources: the blocks' outlines (TIGERweb), the occupied housing units of each block in the decennial census, which
are its households, and the vehicles available to the households of each block group in the American Community Survey
(ACS, five years, table B25044). How they are put together is in
`spread`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from evac.counted import counted
from evac.errors import CensusKeyError, DataError, Problem, SourceError
from evac.sources.checks import read_json
from evac.sources.endpoints import Endpoints
from evac.sources.fetch import PATIENCE, Patience, ask
from evac.sources.provenance import PUBLIC_DOMAIN, Provenance
from evac.sources.spread import VEHICLES, spread_over_blocks
from evac.sources.tigerweb import fetch_outlines
from evac.sources.transfer import Question, Unusable

_ACS_YEAR = 2023
"""Last year of the five that the ACS' estimates cover."""

_KEY_SIGNUP = "https://api.census.gov/data/key_signup.html"
KEY_VARIABLE = "EVAC_CENSUS_KEY"

_NOTICE = "This product uses the Census Bureau Data API but is not endorsed or certified by the Census Bureau."
"""What the API's terms of service ask to be shown (https://www.census.gov/data/developers/about/terms-of-service.html)."""

_CONNECTICUT, _ITS_LAST_YEAR = "09", 2021
"""From 2022 on the ACS has Connecticut's planning regions for counties, so block groups have other numbers than in the
census (https://www.census.gov/programs-surveys/acs/technical-documentation/table-and-geography-changes/2022/geography-changes.html)."""

_PAGE_CHARACTERS = 8192
_KEY_TROUBLE = re.compile(r"(missing|invalid)[ _]key|valid (<em>)?key(</em>)? must be included", re.IGNORECASE)
_TOTAL, _MARGIN = "B25044_001E", "B25044_001M"
_OWNERS = tuple(f"B25044_{number:03d}E" for number in range(3, 9))  # with 0, 1, 2, 3, 4, 5 or more vehicles
_RENTERS = tuple(f"B25044_{number:03d}E" for number in range(10, 16))


@dataclass(frozen=True)
class _Census:
    """A decennial census: its dataset, its variables, its map service, and the years of the ACS on its block groups."""

    dataset: str
    units: str
    occupied: str
    map_service: str
    first_acs: int
    last_acs: int | None


# https://api.census.gov/data/2020/dec/pl/variables.html, https://api.census.gov/data/2010/dec/sf1/variables.html
_CENSUSES = {
    2020: _Census("2020/dec/pl", "H1_001N", "H1_002N", "tigerWMS_Census2020", 2020, None),
    2010: _Census("2010/dec/sf1", "H003001", "H003002", "tigerWMS_Census2010", 2013, 2019),
}


@dataclass(frozen=True)
class CensusZones:
    """Census blocks with their households.

    Parameters
    ----------
    zones
        A row a block that overlaps the area, whole blocks: `name` (GEOID, 15 digits), `households` (int), `vehicles_0`
        … `vehicles_5plus` (int, they add up to `households`), `vehicles_per_household` (mean; NaN without households),
        `households_counted` (int, by the decennial census), `block_group` (12 digits), `geometry` (WGS 84).
    provenance
        Where it comes from, with what is counted and how sure it is.
    """

    zones: gpd.GeoDataFrame
    provenance: list[Provenance]


def fetch_blocks(
    area_polygon: shapely.Geometry,
    endpoints: Endpoints,
    cache: Path,
    *,
    year: int = 2020,
    acs_year: int = _ACS_YEAR,
    key: str | None = None,
    tell: Callable[[str], None] = print,
    patience: Patience = PATIENCE,
) -> CensusZones:
    """Fetch the census blocks of an area with their households and vehicles.

    Parameters
    ----------
    area_polygon
        The area (WGS 84), in the United States.
    endpoints, cache, patience
        Whom to ask, where answers are kept, how long to wait.
    year
        Decennial census: 2020 or 2010.
    acs_year
        Last year of the ACS' five. Its block groups must be those of the census: from 2020 on, or 2013 to 2019.
    key
        Of the Census Data API; without one it sends a web page.
    tell
        Is given a line for the user now and then.

    Raises
    ------
    CensusKeyError
        The Census Data API wants a key, or doesn't know the one given.
    DataError
        No block overlaps the area, or the years don't fit each other.
    SourceError
        A service doesn't answer, or answers nothing usable.
    """
    census = _census_of(year, acs_year)
    outlines, drawn_on = fetch_outlines(area_polygon, census.map_service, endpoints, cache, patience)
    if outlines.empty:
        raise DataError(Problem("the area", "has no US census block", "outside the US give zones by --households FILE"))
    counties = sorted(set(outlines["name"].str[:5]))
    overlap = counted(len(outlines), "block overlaps", "blocks overlap")
    tell(f"census: {overlap} the area; asking for the households of {', '.join(counties)}")
    api = _Api(endpoints, cache, key, patience)
    blocks = pd.concat([_read_blocks(api, census, county) for county in counties])
    groups = pd.concat([_read_groups(api, _acs_year_of(county, acs_year), county) for county in counties])
    blocks = blocks[blocks["block_group"].isin(outlines["name"].str[:12])]
    zones = _zones(outlines, blocks, groups, f"census ({endpoints.census})")
    drawn = _source("outlines", f"TIGERweb, {census.map_service}", endpoints.tigerweb, drawn_on)
    edition = f"decennial census, {census.dataset}, {census.occupied}"
    occupied = _source("occupied housing units", edition, f"{endpoints.census}/{census.dataset}", blocks["on"].min())
    years = sorted({_acs_year_of(county, acs_year) for county in counties})
    edition = f"American Community Survey {' and '.join(f'{last - 4}-{last}' for last in years)}, table B25044"
    url = f"{endpoints.census}/{years[-1]}/acs/acs5"
    surveyed = _source("households and vehicles available", edition, url, groups["on"].min(), _note(zones, groups))
    return CensusZones(zones, [drawn, occupied, surveyed])


def _zones(outlines: gpd.GeoDataFrame, blocks: pd.DataFrame, groups: pd.DataFrame, where: str) -> gpd.GeoDataFrame:
    if not groups[list(VEHICLES)].to_numpy().any():
        raise SourceError(Problem(where, "has no vehicles in table B25044 for the area's counties", "another ACS year"))
    zones = outlines.merge(spread_over_blocks(blocks, groups), on="name", how="inner", validate="1:1")
    if len(zones) < len(outlines):
        missing = sorted(set(outlines["name"]) - set(zones["name"]))
        what = f"doesn't know {len(missing):,} of the {len(outlines):,} blocks on the map, such as {missing[0]}"
        raise SourceError(Problem(where, what, "later again, or --households FILE"))
    return zones


@dataclass(frozen=True)
class _Api:
    """The Census Data API: where it is, where answers are kept, the key, and the patience."""

    endpoints: Endpoints
    cache: Path
    key: str | None
    patience: Patience

    def table(self, dataset: str, variables: Iterable[str], level: str, county: str) -> pd.DataFrame:
        """Return a county's rows: variables as numbers (missing ones NaN), geography as text, `on` (ISO date)."""
        wanted = [*variables]
        question = Question(
            "census",
            f"{level}s of county {county} in {dataset}",
            f"{self.endpoints.census}/{dataset}",
            params={"get": ",".join(wanted), "for": f"{level}:*", "in": f"state:{county[:2]} county:{county[2:]}"},
            secret={"key": self.key} if self.key else {},
            otherwise="a file of zones by --households FILE",
        )
        answer = ask(question, self.cache, lambda file: _check(file, wanted, given=self.key), patience=self.patience)
        header, *rows = answer.json()
        table = pd.DataFrame(rows, columns=header)
        table[wanted] = table[wanted].apply(pd.to_numeric, errors="coerce")
        return table.assign(on=answer.retrieved[:10])


def _check(file: Path, columns: Iterable[str], *, given: str | None) -> None:
    """Refuse what isn't a table with these columns; without a valid key the API sends a web page with status 200."""
    if _KEY_TROUBLE.search(file.read_text(encoding="utf-8", errors="replace")[:_PAGE_CHARACTERS]):
        what = f"doesn't know the key that was given (…{given[-4:]})" if given else "wants a key, which is free"
        remedy = f"sign up at {_KEY_SIGNUP}, and set {KEY_VARIABLE}, or give zones by --households FILE"
        raise CensusKeyError(Problem("the Census Data API", what, remedy))
    rows = read_json(file)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        raise Unusable("the answer isn't a table")
    if not set(columns) <= set(rows[0]) or any(len(row) != len(rows[0]) for row in rows):
        raise Unusable(f"the answer's table lacks columns, it has {', '.join(map(str, rows[0]))}")


def _read_blocks(api: _Api, census: _Census, county: str) -> pd.DataFrame:
    table = api.table(census.dataset, [census.units, census.occupied], "block", county)
    name = table["state"] + table["county"] + table["tract"] + table["block"]
    counts = table[[census.units, census.occupied]].fillna(0).astype(np.int64)
    return pd.DataFrame(
        {"name": name, "block_group": name.str[:12], "units": counts.iloc[:, 0], "occupied": counts.iloc[:, 1]}
    ).assign(on=table["on"])


def _read_groups(api: _Api, year: int, county: str) -> pd.DataFrame:
    table = api.table(f"{year}/acs/acs5", [_TOTAL, _MARGIN, *_OWNERS, *_RENTERS], "block group", county)
    # Negative numbers stand for "no estimate" (https://www.census.gov/data/developers/data-sets/acs-1yr/notes-on-acs-estimate-and-annotation-values.html).
    numbers = table[[_TOTAL, _MARGIN, *_OWNERS, *_RENTERS]].fillna(0).clip(lower=0)
    groups = pd.DataFrame({"total": numbers[_TOTAL].astype(np.int64), "margin": numbers[_MARGIN]})
    for name, owners, renters in zip(VEHICLES, _OWNERS, _RENTERS, strict=True):
        groups[name] = numbers[owners] + numbers[renters]
    groups["on"] = table["on"]
    groups.index = pd.Index(
        table["state"] + table["county"] + table["tract"] + table["block group"], name="block_group"
    )
    return groups


def _census_of(year: int, acs_year: int) -> _Census:
    """Return the census of a year; refuse an ACS whose block groups aren't the census'."""
    census = _CENSUSES.get(year)
    if census is None:
        years = " or ".join(map(str, sorted(_CENSUSES)))
        raise DataError(Problem("census year", f"found {year}, expected {years}", "take 2020"))
    last = census.last_acs or acs_year
    if not census.first_acs <= acs_year <= last:
        fits = f"{census.first_acs} to {census.last_acs}" if census.last_acs else f"{census.first_acs} or later"
        what = f"found {acs_year}, but the block groups of the census of {year} are in the ACS of {fits}"
        raise DataError(Problem("ACS year", what, f"take {last if census.last_acs else _ACS_YEAR}"))
    return census


def _acs_year_of(county: str, year: int) -> int:
    return min(year, _ITS_LAST_YEAR) if county[:2] == _CONNECTICUT else year


def _source(what: str, edition: str, url: str, on: str, note: str = "") -> Provenance:
    return Provenance(f"census blocks: {what}", f"US Census Bureau, {edition}", url, on, PUBLIC_DOMAIN, note)


def _note(zones: gpd.GeoDataFrame, groups: pd.DataFrame) -> str:
    """Tell what was counted, and how sure it is."""
    near = groups[groups.index.isin(zones["block_group"])]
    margin = float(np.sqrt((near["margin"] ** 2).sum()))  # of a sum: ACS General Handbook (2020), chapter 8
    households, by_census, without = (
        int(zones[name].sum()) for name in ("households", "households_counted", "vehicles_0")
    )
    return (
        f"{households:,} households in these blocks, {without:,} of them without a vehicle. Their block groups have "
        f"{int(near['total'].sum()):,} ± {margin:,.0f} (90 % confidence); each one's are shared out over its blocks by "
        f"the households that the census counted there ({by_census:,} in these blocks). {_NOTICE}"
    )
