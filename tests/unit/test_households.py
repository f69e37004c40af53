"""Households on the test town: two dead-end streets with 12 houses each, off a main street."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from evac.audit import audit_mapping
from evac.errors import DataError
from evac.households import Households, place_households
from evac.households.connect import connect
from evac.osm import StreetMap, prepare_map
from evac.schema import sources

ROOT = Path(__file__).parents[2]
TOWN = ROOT / "tests" / "fixtures" / "town"
BALZERS = ROOT / "scenarios" / "balzers" / "data"
REAL = ROOT.parent / "shared" / "data"
LAT, LON = 47.06, 9.5  # the town's south-west corner
EAST, NORTH = 1 / 75_900, 1 / 111_200  # degrees per metre there


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> StreetMap:
    return prepare_map(TOWN / "town.osm", "service", None, tmp_path_factory.mktemp("cache"))


def settings(
    zones: Path = TOWN / "zones.geojson", *, name: str | None = "name", **dwellings: object
) -> sources.Households:
    return sources.Households(
        zones=sources.Zones(file=zones, count="households", name=name), dwellings=sources.Dwellings(**dwellings)
    )


def spot(east: float, north: float) -> shapely.Point:
    return shapely.Point(LON + east * EAST, LAT + north * NORTH)


def write(path: Path, shapes: list[shapely.Geometry], **columns: list[object]) -> Path:
    gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").to_file(path)
    return path


def zone_file(path: Path, corners: tuple[float, float, float, float], households: float = 0) -> Path:
    """Write a zone between metres west, south, east and north of the town's corner."""
    low, high = spot(*corners[:2]), spot(*corners[2:])
    return write(path, [shapely.box(low.x, low.y, high.x, high.y)], name=["Z"], households=[households])


def test_every_household_is_placed_on_a_house_and_tied_to_its_street(town: StreetMap, tmp_path: Path) -> None:
    found = place_households(settings(), None, town, tmp_path)
    table, zones = found.table(), found.zones()
    given = gpd.read_file(TOWN / "zones.geojson")["households"].sum()
    assert table["household"].tolist() == list(range(given))
    assert set(table["placed_on"]) == {"building"}
    assert set(table["connected_by"]) == {"address"}
    assert set(table["street"]) == {"Hill Road", "Brook Lane"}
    assert table["distance_m"].between(14.5, 15.5).all()  # the houses stand 15 m off the middle of their street
    assert zones["households"].sum() == zones["connected"].sum() == given
    assert found.summary()["unconnected"] == 0


def test_the_same_inputs_give_the_same_bytes(town: StreetMap, tmp_path: Path) -> None:
    first = place_households(settings(), None, town, tmp_path / "a")
    second = place_households(settings(), None, town, tmp_path / "b")
    for name in ("households.parquet", "zones.parquet", "summary.json"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()
    assert first.digest == second.digest
    assert place_households(settings(kind="frontage"), None, town, tmp_path / "a").digest != first.digest


@pytest.mark.parametrize("column", ["name", None], ids=["names", "numbers"])
def test_the_order_of_the_zones_changes_no_household(column: str | None, town: StreetMap, tmp_path: Path) -> None:
    zones = gpd.read_file(TOWN / "zones.geojson")
    boxes = [zones.union_all().envelope.buffer(-step / 5_000) for step in range(4)]  # over each other, too
    frame = gpd.GeoDataFrame({"name": list("ABCD"), "households": [7, 3.5, 3.5, 2]}, geometry=boxes, crs="EPSG:4326")
    found = []
    for name, order in (("given", [0, 1, 2, 3]), ("shuffled", [3, 1, 0, 2])):
        frame.iloc[order].to_file(tmp_path / f"{name}.geojson")
        found.append(place_households(settings(tmp_path / f"{name}.geojson", name=column), None, town, tmp_path))
    first, second = (item.table() for item in found)
    assert first.drop(columns="geometry").equals(second.drop(columns="geometry"))
    assert first.geometry.geom_equals(second.geometry).all()
    assert found[0].accounts().equals(found[1].accounts())


def test_a_finished_folder_is_used_again(town: StreetMap, tmp_path: Path) -> None:
    first = place_households(settings(), None, town, tmp_path)
    before = (first.folder / "households.parquet").stat().st_mtime_ns
    assert place_households(settings(), None, town, tmp_path) == first
    assert (first.folder / "households.parquet").stat().st_mtime_ns == before


def test_fewer_households_than_houses_are_spread_along_the_street(town: StreetMap, tmp_path: Path) -> None:
    zones = zone_file(tmp_path / "zone.geojson", (300, 520, 500, 900), 4)  # around the 12 houses of Hill Road
    table = place_households(settings(zones), None, town, tmp_path).table()
    norths = np.sort((table.geometry.y - LAT) / NORTH)
    assert len(set(norths.round())) == 4
    assert norths[0] < 640
    assert norths[-1] > 750


def test_frontage_has_households_at_equal_distances_on_residential_streets(town: StreetMap, tmp_path: Path) -> None:
    zones = zone_file(tmp_path / "zone.geojson", (300, 450, 500, 950), 8)  # Hill Road, 400 m, and a bit of Main Street
    table = place_households(settings(zones, kind="frontage"), None, town, tmp_path).table()
    norths = np.sort((table.geometry.y - LAT) / NORTH)
    assert norths == pytest.approx(500 + 25 + 50 * np.arange(8), abs=0.5)
    assert set(table["street"]) == {"Hill Road"}
    assert set(table["placed_on"]) == {"frontage"}
    assert (table["distance_m"] == 0.0).all()


def with_houses(count: int, folder: Path) -> StreetMap:
    """Return the town with the first houses of Hill Road only."""
    town = ET.parse(TOWN / "town.osm")
    houses = [way for way in town.getroot().iter("way") if way.find("tag[@k='building']") is not None]
    for way in houses[count:]:
        town.getroot().remove(way)
    town.write(folder / "town.osm")
    return prepare_map(folder / "town.osm", "service", None, folder)


def test_a_zone_with_few_of_its_houses_on_the_map_is_spread_along_its_streets(tmp_path: Path) -> None:
    zones = zone_file(tmp_path / "zones.gpkg", (0, 0, 1600, 900), households=24)
    town = with_houses(3, tmp_path)
    crowded = place_households(settings(zones, kind="buildings"), None, town, tmp_path)
    spread = place_households(settings(zones), None, town, tmp_path)
    assert set(crowded.table()["street"]) == {"Hill Road"}
    assert set(spread.table()["street"]) == {"Hill Road", "Brook Lane", "Mill Lane"}
    for found, severity in ((crowded, "warning"), (spread, "note")):
        (finding,) = audit_mapping(found.zones().assign(residential_m=1200.0))
        assert finding.severity == severity
        assert "3 dwellings" in finding.text


def test_a_few_households_stay_on_their_few_houses(tmp_path: Path) -> None:
    zones = zone_file(tmp_path / "zones.gpkg", (0, 0, 1600, 900), households=6)
    found = place_households(settings(zones), None, with_houses(3, tmp_path), tmp_path)
    assert set(found.table()["placed_on"]) == {"building"}


def test_without_residential_streets_any_street_serves(town: StreetMap, tmp_path: Path) -> None:
    zones = zone_file(tmp_path / "zone.geojson", (1000, 480, 1150, 520), 3)  # a piece of Main Street, a primary road
    table = place_households(settings(zones), None, town, tmp_path).table()
    assert set(table["street"]) == {"Main Street"}


def test_given_points_come_first_and_carry_weights(town: StreetMap, tmp_path: Path) -> None:
    points = write(tmp_path / "points.geojson", [spot(380, 600), spot(380, 700), spot(380, 800)], homes=[3, 1, 0])
    zones = zone_file(tmp_path / "zone.geojson", (300, 520, 500, 900), 8)
    table = place_households(settings(zones, file=points, households="homes"), None, town, tmp_path).table()
    assert set(table["placed_on"]) == {"point"}
    assert sorted(table.groupby(table.geometry.y.round(6)).size()) == [2, 6]


def test_a_bad_weight_of_a_point_is_refused(town: StreetMap, tmp_path: Path) -> None:
    points = write(tmp_path / "points.geojson", [spot(380, 600), spot(380, 700)], homes=[3, -1])
    with pytest.raises(DataError, match=r"feature 2, column 'homes'[\s\S]*-1"):
        place_households(settings(file=points, households="homes"), None, town, tmp_path)
    with pytest.raises(DataError, match="has no column 'flats'"):
        place_households(settings(file=points, households="flats"), None, town, tmp_path)
    assert not (tmp_path / "households").exists()


def test_a_household_far_from_every_street_is_kept_counted_and_explained(town: StreetMap, tmp_path: Path) -> None:
    points = write(tmp_path / "points.geojson", [spot(415, 600), spot(600, 680)])
    zones = zone_file(tmp_path / "zone.geojson", (300, 520, 700, 780), 6)
    near = settings(zones, file=points).model_copy(update={"max_to_street_m": 100.0})
    found = place_households(near, None, town, tmp_path)
    table = found.table()
    lost = table[~table["connected"]]
    assert (len(table), len(lost)) == (6, 3)
    assert lost["reason"].str.contains("within 100 m").all()
    assert lost["distance_m"].between(179, 181).all()
    assert lost[["way_id", "street", "street_lon", "connected_by"]].isna().all(axis=None)
    assert found.summary()["unconnected_by_zone"] == {"Z": 3}
    assert found.zones()["unconnected"].tolist() == [3]


def test_a_zone_without_streets_keeps_its_households(town: StreetMap, tmp_path: Path) -> None:
    zones = zone_file(tmp_path / "zone.geojson", (1000, 600, 1100, 625), 5)
    area = zone_file(tmp_path / "area.geojson", (400, 0, 1200, 630))
    found = place_households(settings(zones), sources.Area(file=area), town, tmp_path)
    assert found.summary()["placed_on"] == {"zone": 5}
    assert found.table()["connected"].all()  # Main Street is 112 m away


def test_an_area_that_reaches_off_the_map_is_refused(town: StreetMap, tmp_path: Path) -> None:
    area = sources.Area(file=zone_file(tmp_path / "zone.geojson", (0, 0, 4000, 900), 0))
    with pytest.raises(DataError, match="no roads"):
        place_households(settings(), area, town, tmp_path)


def _streets(**columns: list[object]) -> gpd.GeoDataFrame:
    lines = [shapely.LineString([(0, y), (100, y)]) for y in (0, 50, 100)]
    frame = {
        "way_id": [1, 2, 3],
        "name": ["Oak Street", "Élm Ave", None],
        "ref": [None, None, "A 3"],
        "may_leave": True,
    }
    return gpd.GeoDataFrame({**frame, **columns}, geometry=lines, crs="EPSG:32632")


def _tie(street: str | None, y: float, limit_m: float = 80.0, **columns: list[object]):
    home = gpd.GeoDataFrame({"street": [street], "way_id": [None]}, geometry=[shapely.Point(30, y)], crs="EPSG:32632")
    return connect(home, _streets(**columns), limit_m).iloc[0]


@pytest.mark.parametrize("written", ["Oak Street", "oak st", "OAK ST."])
def test_the_addressed_street_wins_over_a_nearer_one(written: str) -> None:
    tied = _tie(written, 40.0)
    assert (tied["street"], tied["by"], tied["distance_m"]) == ("Oak Street", "address", 40.0)
    assert tied["on_street"].equals(shapely.Point(30, 0))


@pytest.mark.parametrize("street", [None, "Nowhere Road"])
def test_without_a_known_address_the_nearest_street(street: str | None) -> None:
    tied = _tie(street, 40.0)
    assert (tied["street"], tied["by"], tied["distance_m"]) == ("Élm Ave", "nearest", 10.0)


def test_an_addressed_street_that_is_far_is_not_taken() -> None:
    assert _tie("oak street", 90.0, limit_m=80.0)["street"] == "A 3"


def test_a_street_that_no_car_may_leave_from_is_not_taken() -> None:
    only_the_first = {"may_leave": [True, False, False]}
    assert _tie("Elm Avenue", 60.0, **only_the_first)["street"] == "Oak Street"
    assert not _tie(None, 90.0, **only_the_first)["connected"]
    nowhere = _tie(None, 60.0, may_leave=[False, False, False])
    assert not nowhere["connected"]
    assert np.isnan(nowhere["distance_m"])


def _placed(osm: Path, given: sources.Households, cache: Path) -> Households:
    return place_households(given, None, prepare_map(osm, "service", None, cache), cache)


def test_balzers_has_its_2000_households(tmp_path: Path) -> None:
    summary = _placed(BALZERS / "balzers.osm.pbf", settings(BALZERS / "zones.geojson"), tmp_path).summary()
    assert summary["households"] == 2000
    assert summary["zones_clipped_by"] == {"whole": 5}
    assert summary["placed_on"] == {"building": 2000}
    assert 0 < summary["unconnected"] < 10  # alpine huts without a street


@pytest.mark.real
def test_paradise_keeps_the_households_on_the_map(tmp_path: Path) -> None:
    folder = REAL / "paradise"
    if not folder.is_dir():
        pytest.skip("the folder of real maps isn't there")
    zones = sources.Zones(file=folder / "Butte_tracts_HH.shp", count="Tot_Est_HH", name="NAME")
    osm = folder / "paradise_2018-11-07.osm.gz"
    summary = _placed(osm, sources.Households(zones=zones), tmp_path).summary()
    assert summary["households"] == pytest.approx(12_700, rel=0.01)
    assert len(summary["zones_outside"]) == 40
    assert summary["placed_on"] == {"frontage": summary["households"]}
    assert summary["unconnected"] == 0


@pytest.mark.real
def test_mission_canyon_matches_addresses(tmp_path: Path) -> None:
    folder = REAL / "mission-canyon"
    if not folder.is_dir():
        pytest.skip("the folder of real maps isn't there")
    homes = gpd.read_file(folder / "residential_centroids.geojson")
    zone = write(
        tmp_path / "zone.geojson", [homes.union_all().convex_hull.buffer(0.0003)], name=["Z"], households=[1282]
    )
    found = _placed(folder / "mission_canyon_santa_barbara_2022-08.osm.gz", settings(zone), tmp_path)
    assert found.summary()["connected"] == 1282
    assert found.summary()["connected_by"]["address"] > 750


@pytest.mark.real
def test_a_countrys_households_do_not_crowd_where_its_buildings_were_mapped(tmp_path: Path) -> None:
    source = REAL / "liechtenstein" / "liechtenstein-2013-08-03.osm.pbf"
    if not source.is_file():
        pytest.skip("the map of Liechtenstein isn't in the folder of real maps beside the checkout")
    country = write(tmp_path / "zone.gpkg", [shapely.box(9.47, 47.04, 9.64, 47.27)], name=["Z"], households=[15_000])
    homes = _placed(source, settings(country), tmp_path).table()
    balzers = gpd.read_file(BALZERS / "zones.geojson").union_all()
    assert 1500 < homes.within(balzers).sum() < 2500  # 4,600 people; over a third of the mapped buildings are there
