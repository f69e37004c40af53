"""How many households, and where: from the census, from a file or grid, from a total, or estimated from buildings.

Each source writes its files into the scenario's `data/`, and gives the scenario's section `households`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from evac.acquire import BLOCK_COUNT, BLOCK_NAME, GROUP_NAME, block_groups, vehicle_shares, write_geojson
from evac.counted import counted
from evac.errors import DataError, Problem
from evac.households.geometry import WGS84, read_counts, read_vector
from evac.households.reporting import OUTSIDE, read_report_zones, zone_of
from evac.households.zones import check_totals, read_zones
from evac.new import grids
from evac.new.request import OrderedArea, Request, extent, from_file
from evac.projection import utm_of
from evac.schema.sources import ReportZones, Zones
from evac.sources import CensusZones, Provenance

_DECIMALS = 6  # of people: what dividing by the size of a household and multiplying again leaves
_SAME_PLACE = "give an area and households of the same place"
ZONES, REPORT_ZONES, HOMES = "zones.geojson", "report_zones.geojson", "homes.geojson"


@dataclass(frozen=True)
class Counted:
    """Households as a scenario describes them.

    Parameters
    ----------
    section
        The section `households` of the scenario, file names relative to it.
    about
        Where the number comes from, in a sentence for people.
    provenance
        The sources of the files.
    shares
        Share of households by vehicles available, where they were counted.
    zone_shares
        The same by zone to report by, of those whose vehicles are known.
    """

    section: dict[str, Any]
    about: str
    provenance: list[Provenance] = field(default_factory=list)
    shares: dict[int, float] | None = None
    zone_shares: dict[str, dict[int, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportedBy:
    """The zones to report by: the scenario's section (empty without), and their source."""

    section: dict[str, Any]
    provenance: list[Provenance]


def from_file_or_total(request: Request, area: OrderedArea, data: Path) -> Counted:
    """Return the households of a request that gives a file or a total.

    Raises
    ------
    DataError
        The file can't be used, or has no household in the area.
    """
    if isinstance(request.households, int):
        return _from_total(request, request.households, area, data)
    if request.households is None:
        raise ValueError("a request without households")
    if request.households.suffix.lower() in grids.SUFFIXES:
        return _from_grid(request, request.households, area, data)
    features = read_vector(request.households, "--households")
    if (features.geom_type.isin(["Point", "MultiPoint"])).all():
        return _from_points(request, request.households, features, area, data)
    return _from_polygons(request, request.households, features, area, data)


def estimated(request: Request, area: OrderedArea, dwellings: gpd.GeoDataFrame, data: Path) -> Counted:
    """Return an estimate from the dwelling units of the map (`osm.StreetMap.dwellings`).

    Raises
    ------
    DataError
        The map has no dwelling in the area.
    """
    inside = dwellings[dwellings.intersects(area.geometry)]
    buildings = inside[inside["kind"] == "building"]
    units = float((buildings if len(buildings) else inside)["weight"].sum())
    total = round(units * request.households_per_dwelling)
    if total == 0:
        where = str(request.osm) if request.osm is not None else "OpenStreetMap"
        what = f"no households found: the map has neither residential buildings nor addresses in {area.name}"
        raise DataError(Problem(where, what, "give their number with --households NUMBER, or a file"))
    about = (
        f"AN ESTIMATE: {counted(total, 'household')}, {request.households_per_dwelling:g} for each of the "
        f"{units:,.0f} dwelling units that the map has; nobody has counted them"
    )
    return _whole_area(area, total, data, about)


def _from_total(request: Request, given: int, area: OrderedArea, data: Path) -> Counted:
    people = request.people_per_household
    total = round(given / (people or 1.0))
    if total == 0:
        raise DataError(Problem("--households", f"found {given}, which is no household", "give their total, or a file"))
    whole = gpd.GeoDataFrame({"zone": [area.name], "households_given": [total]}, geometry=[area.geometry], crs=WGS84)
    check_totals(whole, "--households", "give the number of households, or of people with --people-per-household")
    how = (
        f"{counted(given, 'person', 'people')}, given as a total, at {people:g} people per household"
        if people
        else "given as a total"
    )
    return _whole_area(area, total, data, f"{counted(total, 'household')}, {how}, spread over the area's homes")


def _whole_area(area: OrderedArea, total: int, data: Path, about: str) -> Counted:
    zone = gpd.GeoDataFrame({"name": [area.name], "households": [total]}, geometry=[area.geometry], crs="EPSG:4326")
    write_geojson(zone, data / ZONES)
    today = datetime.now(UTC).date().isoformat()
    source = Provenance(f"{ZONES}: households", about, "", today, "that of the area and the count")
    return Counted({"zones": {"file": f"data/{ZONES}", "count": "households", "name": "name"}}, about, [source])


def _from_polygons(request: Request, file: Path, features: gpd.GeoDataFrame, area: OrderedArea, data: Path) -> Counted:
    count = _count_column(request, features, file)
    each = request.people_per_household
    settings = Zones(file=file, count=count, name=request.count_name, people_per_household=each)
    unit = "people" if each else "households"
    zones = read_zones(settings).rename(columns={"zone": "name", "households_given": unit})
    zones[unit] = (zones[unit] * (each or 1.0)).round(_DECIMALS)
    zones = zones[["name", unit, "geometry"]]
    given = float(zones[unit].sum())
    zones = zones[zones.intersects(area.geometry)]
    lost = given - float(zones[unit].sum())
    if not zones[unit].sum() > 0.0:
        raise _nobody(file, features.geometry, area, f"column '{count}'")
    write_geojson(zones, data / ZONES)
    section: dict[str, Any] = {"file": f"data/{ZONES}", "count": unit, "name": "name"}
    about = f"{unit} of {counted(len(zones), 'polygon')} of {file.name}, column '{count}'"
    if lost > 0.0:
        about += f" ({lost:,.0f} of {given:,.0f} {unit} are of polygons outside the area, and left out)"
    if request.people_per_household:
        section["people_per_household"] = request.people_per_household
        about += f", at {request.people_per_household:g} people per household"
    return Counted({"zones": section}, about, [from_file(f"{ZONES}: households by zone", file)])


def _from_grid(request: Request, file: Path, area: OrderedArea, data: Path) -> Counted:
    people_per_household = request.people_per_household
    if people_per_household is None or request.count or request.count_name:
        what = "is a grid of people: it has no columns, and doesn't say how many people live in a household"
        raise DataError(Problem(str(file), what, "give --people-per-household 2.3, say, and no --count or --name"))
    cells = grids.read_cells(file, area.geometry)
    if cells.empty:
        raise DataError(Problem(str(file), f"nobody lives in {area.name} on this grid", _SAME_PLACE))
    write_geojson(cells, data / ZONES)
    outline = gpd.GeoDataFrame({"name": [area.name]}, geometry=[area.geometry], crs="EPSG:4326")
    if request.zones is None:  # results by cell say nothing to anybody
        write_geojson(outline, data / REPORT_ZONES)
    zones = {"file": f"data/{ZONES}", "count": "people", "name": "name", "people_per_household": people_per_household}
    section = {"zones": zones, "report_zones": {"file": f"data/{REPORT_ZONES}", "name": GROUP_NAME}}
    about = f"people of {counted(len(cells), 'cell')} of {file.name}, at {people_per_household:g} people per household"
    return Counted(section, about, [from_file(f"{ZONES}: people by cell", file)])


def _from_points(request: Request, file: Path, features: gpd.GeoDataFrame, area: OrderedArea, data: Path) -> Counted:
    counts = _counts_of_points(request, features, file)
    points = gpd.GeoDataFrame({"households": counts}, geometry=features.geometry, crs=features.crs)
    points = points.explode(ignore_index=True)
    homes = points[points.intersects(area.geometry)]
    total = round(float(homes["households"].sum()))
    if total == 0:
        raise _nobody(file, points.geometry, area, "their count")
    write_geojson(homes, data / HOMES)
    about = f"{counted(total, 'household')} at {counted(len(homes), 'point')} of {file.name}"
    whole = _whole_area(area, total, data, about)
    section = {**whole.section, "dwellings": {"kind": "points", "file": f"data/{HOMES}", "households": "households"}}
    return Counted(section, about, [*whole.provenance, from_file(f"{HOMES}: homes", file)])


def _counts_of_points(request: Request, features: gpd.GeoDataFrame, file: Path) -> pd.Series:
    """Return the households at each point of a feature: its count shared by its points, or one each without counts."""
    people = request.people_per_household
    if request.count is None and people is None and "households" not in features.columns:
        return pd.Series(1.0, index=features.index)
    column = _count_column(request, features, file)
    counts = read_counts(features[column], f"{file}", column)
    return pd.Series(counts / (people or 1.0) / features.geometry.count_geometries().to_numpy(), index=features.index)


def _count_column(request: Request, features: gpd.GeoDataFrame, file: Path) -> str:
    columns = [str(name) for name in features.columns if name != "geometry"]
    wanted = request.count or "households"
    if wanted not in columns:
        listed = f"it has {', '.join(map(repr, columns))}" if columns else "it has no columns"
        remedy = "name it with --count, or give the total with --households NUMBER"
        raise DataError(Problem(str(file), f"has no column '{wanted}' with counts; {listed}", remedy))
    return wanted


def _nobody(file: Path, shapes: gpd.GeoSeries, area: OrderedArea, counts: str) -> DataError:
    """Tell why a file has no household in the area: empty counts, another place, or latitude for longitude."""
    touching = int(shapes.intersects(area.geometry).sum())
    what = f"no households found in {area.name}: "
    if touching:
        what += f"{touching:,} of its {len(shapes):,} features touch the area, and {counts} adds up to 0 there"
        return DataError(Problem(str(file), what, "look at the counts, or name another column with --count"))
    bounds = shapes.total_bounds
    what += f"it covers {extent(shapely.box(*bounds))}, the area {extent(area.geometry)}"
    swapped = shapely.box(*bounds[[1, 0, 3, 2]]).intersects(area.geometry)
    remedy = "latitude and longitude are swapped in one of them: the longitude comes first" if swapped else _SAME_PLACE
    return DataError(Problem(str(file), what, remedy))


def from_census(census: CensusZones, area: OrderedArea, data: Path, *, zones_given: bool) -> Counted:
    """Return the households of census blocks, reported by block groups unless the city's own zones are given."""
    overlaps = shapely.area(shapely.intersection(census.zones.geometry.to_numpy(), area.geometry)) > 0.0
    blocks = census.zones[overlaps]  # asked for the whole area, also for parts that no road leads to
    write_geojson(blocks, data / ZONES)
    if not zones_given:
        write_geojson(block_groups(blocks), data / REPORT_ZONES)
    inside = blocks[blocks.representative_point().intersects(area.geometry)]
    section = {
        "zones": {"file": f"data/{ZONES}", "count": BLOCK_COUNT, "name": BLOCK_NAME},
        "report_zones": {"file": f"data/{REPORT_ZONES}", "name": GROUP_NAME},
    }
    shares = vehicle_shares(inside if len(inside) else blocks)
    about = (
        f"US census, {counted(len(blocks), 'block')}; results are by {'your zones' if zones_given else 'block group'}"
    )
    return Counted(section, about, census.provenance, shares, _zone_shares(blocks, data))


def _zone_shares(blocks: gpd.GeoDataFrame, data: Path) -> dict[str, dict[int, float]]:
    """Return the shares by vehicles available in each zone to report by, of the blocks whose middle lies in it."""
    zones = read_report_zones(ReportZones(file=data / REPORT_ZONES, name=GROUP_NAME))
    zones = zones.to_crs(utm_of(zones))
    names = zone_of(blocks.representative_point().to_crs(zones.crs).to_numpy(), zones)
    by_zone = {str(zone): vehicle_shares(part) for zone, part in blocks.groupby(names) if zone != OUTSIDE}
    return {zone: shares for zone, shares in by_zone.items() if shares}


def report_zones(request: Request, data: Path) -> ReportedBy:
    """Write the city's zones of a request, and return the scenario's section; nothing without zones."""
    if request.zones is None or request.zone_name is None:
        return ReportedBy({}, [])
    zones = read_report_zones(ReportZones(file=request.zones, name=request.zone_name))
    write_geojson(zones.rename(columns={"zone": "name"})[["name", "geometry"]], data / REPORT_ZONES)
    section = {"report_zones": {"file": f"data/{REPORT_ZONES}", "name": "name"}}
    return ReportedBy(section, [from_file(f"{REPORT_ZONES}: zones to report by", request.zones)])
