"""Zones to report by: whose zone a household is in, what is left of a zone, and people instead of households."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from evac.audit import audit_total
from evac.errors import DataError
from evac.households.reporting import OUTSIDE, read_report_zones, zone_of, zones_table
from evac.households.zones import read_zones
from evac.schema.sources import Expected, ReportZones, Zones

METRES = "EPSG:32632"


@pytest.fixture
def zones() -> gpd.GeoDataFrame:
    """Two squares of 1 km side by side."""
    shapes = [shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)]
    return gpd.GeoDataFrame({"zone": ["A", "B"], "repaired": False}, geometry=shapes, crs=METRES)


@pytest.mark.parametrize(
    ("east", "zone"),
    [(500, "A"), (1500, "B"), (1000, "A"), (-20, "A"), (2024, "B"), (-30, OUTSIDE)],
    ids=["inside", "inside the other", "on the border the first", "at the kerb", "just within 25 m", "outside"],
)
def test_a_household_is_in_the_zone_around_it_or_next_to_it(zones: gpd.GeoDataFrame, east: float, zone: str) -> None:
    assert zone_of([shapely.Point(east, 500)], zones).tolist() == [zone]


def test_every_zone_has_a_row_and_households_in_none_have_one_of_their_own(zones: gpd.GeoDataFrame) -> None:
    table = pd.DataFrame({"zone": ["A", "A", OUTSIDE]})
    rows = zones_table(table, zones, shapely.box(500, 0, 900, 1400)).set_index("zone")
    assert rows["households"].to_dict() == {"A": 2, "B": 0, OUTSIDE: 1}
    assert rows["clipped_by"].to_dict() == {"A": "area", "B": "outside", OUTSIDE: "whole"}
    assert rows.loc["A", "inside_share"] == pytest.approx(0.4)
    assert rows.loc[OUTSIDE, "geometry"].area == pytest.approx(400 * 400)


def test_a_zone_named_like_the_rest_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "zones.geojson"
    gpd.GeoDataFrame({"id": [OUTSIDE]}, geometry=[shapely.box(9, 47, 9.1, 47.1)], crs="EPSG:4326").to_file(file)
    with pytest.raises(DataError, match="name it otherwise"):
        read_report_zones(ReportZones(file=file, name="id"))


def test_people_are_divided_by_those_in_a_household(tmp_path: Path) -> None:
    file = tmp_path / "people.geojson"
    gpd.GeoDataFrame({"people": [230]}, geometry=[shapely.box(9, 47, 9.1, 47.1)], crs="EPSG:4326").to_file(file)
    zones = read_zones(Zones(file=file, count="people", people_per_household=2.3))
    assert zones["households_given"].tolist() == pytest.approx([100.0])


@pytest.mark.parametrize(("found", "warns"), [(89, True), (90, False), (110, False), (111, True)])
def test_another_number_of_households_than_expected_is_a_warning(found: int, *, warns: bool) -> None:
    homes = gpd.GeoDataFrame(geometry=gpd.points_from_xy([9.5] * found, [47.0] * found), crs="EPSG:4326")
    findings = audit_total(homes, Expected(households=100, tolerance=0.1, because="somebody counted"))
    assert [finding.severity for finding in findings] == (["warning"] if warns else [])
    assert audit_total(homes, None) == []
