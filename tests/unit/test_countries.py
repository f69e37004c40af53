"""The country from the place: known towns, borders, islands and the high seas."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from evac.audit import audit_country
from evac.countries import country_name, country_of
from evac.driving_side import drives_on_left
from evac.scenario import load_scenario
from evac.study.prepare import prepare

ROOT = Path(__file__).parents[2]
TOWN = ROOT / "tests" / "fixtures" / "town"
BALZERS = ROOT / "scenarios" / "balzers" / "data"


def town(lat: float, lon: float) -> shapely.Geometry:
    return shapely.Point(lon, lat).buffer(0.01)


@pytest.mark.parametrize(
    ("lat", "lon", "code", "left"),
    [
        (51.51, -0.13, "GB", True),  # London
        (54.99, -7.32, "GB", True),  # Derry, at the Irish border, which drives on the left too
        (53.35, -6.26, "IE", True),  # Dublin
        (49.93, -6.30, "GB", True),  # Isles of Scilly, off the simplified shore
        (22.28, 114.16, "HK", True),  # Hong Kong
        (22.53, 114.06, "CN", False),  # Shenzhen, 2 km away from it
        (18.34, -64.93, "VI", True),  # St. Thomas: the one part of the United States that drives on the left
        (39.76, -121.62, "US", False),  # Paradise
        (36.14, -5.35, "GI", False),  # Gibraltar
        (-33.87, 151.21, "AU", True),  # Sydney
    ],
)
def test_a_town_is_in_its_country(lat: float, lon: float, code: str, *, left: bool) -> None:
    found = country_of(town(lat, lon))
    assert found is not None
    assert (found.code, drives_on_left(found.code)) == (code, left)


def test_balzers_lies_in_liechtenstein_and_may_lie_in_switzerland() -> None:
    found = country_of(gpd.read_file(BALZERS / "zones.geojson").union_all())
    assert found is not None
    assert found.code == "LI"
    assert "CH" in found.near


def test_the_high_seas_have_no_country() -> None:
    assert country_of(town(0.0, -30.0)) is None
    assert country_of(shapely.Polygon()) is None


def test_a_border_of_sides_is_a_warning_and_the_middle_of_a_country_none() -> None:
    border, middle = town(22.53, 114.06), town(51.51, -0.13)
    (finding,) = audit_country(country_of(border), border)
    assert finding.severity == "warning"
    assert "China, which drives on the right" in finding.text
    assert "Hong Kong, where one drives on the left" in finding.text
    assert audit_country(country_of(middle), middle) == []
    assert audit_country(None, border) == []  # the scenario gives it


def test_an_unknown_code_is_its_own_name() -> None:
    assert country_name("QQ") == "QQ"
    assert country_name("GB") == "the United Kingdom"


@pytest.mark.parametrize("given", [None, "LI"])
def test_a_scenario_in_england_drives_on_the_left_unless_it_says_otherwise(tmp_path: Path, given: str | None) -> None:
    for name in ("town.osm", "zones.geojson"):
        _moved(TOWN / name, tmp_path / name)
    country = f"traffic: {{country: {given}}}\n" if given else ""
    (tmp_path / "scenario.yaml").write_text(
        "name: Town\nosm: {file: town.osm}\n"
        "households: {zones: {file: zones.geojson, count: households, name: name}}\n" + country
    )
    prepared = prepare(load_scenario(tmp_path), tmp_path / "cache", lambda _: None)
    settings = (prepared.network.folder / "plain.netccfg").read_text()
    assert ('<lefthand value="true"/>' in settings) == (given is None)
    assert prepared.loaded.model.traffic.country == (given or "GB")
    assert (prepared.country is None) == (given is not None)


def _moved(source: Path, target: Path) -> None:
    """Copy a map or zones, four degrees to the north and ten to the west: from Liechtenstein to England."""
    if source.suffix == ".osm":
        text = re.sub(r'lat="([\d.]+)"', lambda found: f'lat="{float(found.group(1)) + 4.0:.7f}"', source.read_text())
        target.write_text(re.sub(r'lon="([\d.]+)"', lambda found: f'lon="{float(found.group(1)) - 10.0:.7f}"', text))
    else:
        zones = gpd.read_file(source)
        zones.geometry = zones.geometry.translate(-10.0, 4.0)
        target.write_text(zones.to_json())
