"""Zones: what is read, refused, clipped. A grid of streets in metres of UTM zone 32 stands in for the map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pyproj
import pytest
import shapely
from shapely import box

from evac.errors import DataError
from evac.households.clipping import Ground, check_area_has_roads, clip_zones, map_area
from evac.households.zones import read_zones
from evac.inputs import digest_dataset
from evac.overlay.where import polygons_in
from evac.schema.sources import Zones

UTM = "EPSG:32632"
PATH = Path("zones.geojson")
EAST, NORTH = 500_000.0, 5_200_000.0


def at(*numbers: float) -> shapely.Geometry:
    """Return a box from metres east and north of the map's corner."""
    west, south, east, north = numbers
    return box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def streets() -> gpd.GeoDataFrame:
    lines = [[(0, y), (1000, y)] for y in (0, 500, 1000)] + [[(x, 0), (x, 1000)] for x in (0, 1000)]
    shapes = [shapely.LineString([(EAST + x, NORTH + y) for x, y in line]) for line in lines]
    return gpd.GeoDataFrame({"way_id": range(5)}, geometry=shapes, crs=UTM)


def zones(*shapes: shapely.Geometry, households: tuple[float, ...]) -> gpd.GeoDataFrame:
    names = [f"Z{number}" for number in range(len(shapes))]
    frame = {"zone": names, "households_given": households, "repaired": False}
    return gpd.GeoDataFrame(frame, geometry=list(shapes), crs=UTM)


def dwellings(*points: tuple[float, float], known_everywhere: bool = False) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(EAST + x, NORTH + y) for x, y in points]
    return gpd.GeoDataFrame(
        {"measure": 1.0, "known_everywhere": known_everywhere}, index=range(len(shapes)), geometry=shapes, crs=UTM
    )


def clip(given: gpd.GeoDataFrame, area: shapely.Geometry | None = None, **measures: list[gpd.GeoDataFrame]):
    info = {"source": {"declared_bounds": None}}
    on_map = map_area(streets(), info)
    return clip_zones(given, Ground(on_map, area), streets(), measures=measures, path=PATH)


def write(folder: Path, features: gpd.GeoDataFrame, name: str = "zones.gpkg") -> Path:
    features.to_file(folder / name)
    return folder / name


def sample(**columns: list[object]) -> gpd.GeoDataFrame:
    shapes = [
        box(9.5 + 0.01 * step, 47.0, 9.51 + 0.01 * step, 47.01) for step in range(len(next(iter(columns.values()))))
    ]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")


def refused(file: Path, count: str = "households", name: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read_zones(Zones(file=file, count=count, name=name))
    return str(caught.value)


def test_counts_may_be_text_as_in_many_shapefiles(tmp_path: Path) -> None:
    file = write(tmp_path, sample(households=["12", "7"], name=["a", "b"]), "zones.shp")
    found = read_zones(Zones(file=file, count="households", name="name"))
    assert found["households_given"].tolist() == [12.0, 7.0]
    assert found["zone"].tolist() == ["a", "b"]


def test_every_bad_count_is_named(tmp_path: Path) -> None:
    message = refused(write(tmp_path, sample(households=["12", "-5", "many", None])))
    assert "feature 2" in message
    assert "-5" in message
    assert "many" in message
    assert "feature 4" in message
    assert "feature 1," not in message


def test_a_missing_column_lists_the_near_ones(tmp_path: Path) -> None:
    message = refused(write(tmp_path, sample(Tot_Est_HH=[1], name=["a"])), count="tot_est")
    assert "'Tot_Est_HH'" in message


def test_names_must_differ(tmp_path: Path) -> None:
    assert "'a' stands twice" in refused(write(tmp_path, sample(households=[1, 2], name=["a", "a"])), name="name")


def test_points_are_no_zones(tmp_path: Path) -> None:
    features = sample(households=[1])
    assert "is a Point" in refused(write(tmp_path, features.set_geometry(features.representative_point())))


def test_no_crs(tmp_path: Path) -> None:
    features = sample(households=[1])
    file = write(tmp_path, features, "zones.shp")
    file.with_suffix(".prj").unlink()
    assert "no coordinate reference system" in refused(file)


@pytest.mark.parametrize(
    ("label", "shape", "words"),
    [
        ("EPSG:2056", box(9.5, 47.0, 9.6, 47.1), "look like degrees"),
        ("EPSG:4326", box(759_000, 220_000, 760_000, 221_000), "don't fit"),
        ("EPSG:4326", box(34.4, -119.8, 34.5, -119.7), "longitude comes first"),
        ("EPSG:2056", box(-1e300, -1e300, 1e300, 1e300), "don't fit: -1e+300, -1e+300 to 1e+300"),
        ("EPSG:32610", box(2_600_000, 1_200_000, 2_601_000, 1_201_000), "don't fit"),
    ],
)
def test_an_obviously_wrong_crs(tmp_path: Path, label: str, shape: shapely.Geometry, words: str) -> None:
    features = gpd.GeoDataFrame({"households": [1]}, geometry=[shape], crs=label)
    message = refused(write(tmp_path, features))
    assert words in message
    assert label in message


def test_an_empty_file_and_no_file(tmp_path: Path) -> None:
    assert "no features" in refused(write(tmp_path, sample(households=[1]).iloc[:0]))
    assert "no such file" in refused(tmp_path / "missing.gpkg")
    (tmp_path / "broken.geojson").write_text("{")
    assert "can't be read" in refused(tmp_path / "broken.geojson")


def test_a_container_with_nothing_in_it(tmp_path: Path) -> None:
    file = tmp_path / "zones.kml"
    file.write_text('<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>')
    assert "has nothing in it that GDAL can read" in refused(file)


@pytest.mark.parametrize(
    ("ring", "words"),
    [
        ("9.5 47, 9.6 47, 9.6 47.1, 9.5 47.1", "feature 2: its shape can't be read: is a ring not closed?"),
        ("9.5 47, nan 47, 9.6 47.1, 9.5 47", "feature 2: has a coordinate that isn't a number"),
        ("9.5 47, 9.6 1e300, 9.6 47.1, 9.5 47", "its coordinates don't fit: 9.5, 47 to 9.7, 1e+300"),
    ],
)
def test_a_shape_that_is_none_is_named_by_its_feature(tmp_path: Path, ring: str, words: str) -> None:
    file = tmp_path / "zones.csv"
    good = "9.6 47, 9.7 47, 9.7 47.1, 9.6 47"
    file.write_text(f'households,WKT\n5,"POLYGON (({good}))"\n7,"POLYGON (({ring}))"\n')
    file.with_suffix(".prj").write_text(pyproj.CRS("EPSG:4326").to_wkt("WKT1_ESRI"))
    assert words in refused(file)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.with_suffix(".prj").unlink(), "no coordinate reference system"),
        (
            lambda file: file.with_suffix(".prj").write_text(pyproj.CRS("EPSG:2056").to_wkt("WKT1_ESRI")),
            "look like degrees",
        ),
        (lambda file: file.write_text("hello"), "can't be read"),
    ],
)
def test_polygons_of_a_plan_are_read_as_zones_are(tmp_path: Path, spoil: Callable[[Path], object], words: str) -> None:
    file = write(tmp_path, sample(a=[1]), "area.shp")
    assert polygons_in(file, "close.where").area > 0.0
    spoil(file)
    with pytest.raises(DataError, match=words):
        polygons_in(file, "close.where")


def test_a_bow_tie_is_repaired_and_reported(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(9.5, 47.0), (9.51, 47.01), (9.51, 47.0), (9.5, 47.01)])
    file = write(tmp_path, gpd.GeoDataFrame({"households": [4]}, geometry=[bow_tie], crs="EPSG:4326"))
    found = read_zones(Zones(file=file, count="households"))
    assert found["repaired"].tolist() == [True]
    assert found.geometry.is_valid.all()
    assert not found.geometry.is_empty.any()


def test_a_shapefile_has_the_digest_of_all_its_parts(tmp_path: Path) -> None:
    file = write(tmp_path, sample(households=["12"]), "zones.shp")
    before = digest_dataset(file)
    write(tmp_path, sample(households=["13"]), "zones.shp")
    assert digest_dataset(file) != before


def test_zones_are_whole_cut_or_outside() -> None:
    given = zones(at(0, 0, 500, 500), at(500, 0, 1600, 500), at(5000, 0, 6000, 500), households=(10, 110, 99))
    found = clip(given)
    assert found["clipped_by"].tolist() == ["whole", "area", "outside"]
    assert found["households"].tolist() == [10, 60, 0]  # 600 of 1,100 m lie within 100 m of the streets' hull


def test_a_zone_that_is_cut_by_the_ordered_area_gives_its_share_by_dwellings() -> None:
    homes = dwellings((100, 100), (200, 100), (300, 100), (900, 100))
    found = clip(zones(at(0, 0, 1000, 500), households=(100,)), at(0, 0, 500, 500), dwellings=[homes])
    assert found["clipped_by"].tolist() == ["dwellings"]
    assert found["households"].tolist() == [75]


def test_without_dwellings_by_residential_frontage_then_by_area() -> None:
    lines = streets().assign(measure=1.0, known_everywhere=False).iloc[[3]]  # only the street in the west: all inside
    area = at(0, 0, 250, 500)
    assert clip(zones(at(0, 0, 1000, 500), households=(100,)), area, frontage=[lines])["households"].tolist() == [100]
    by_area = clip(zones(at(0, 0, 1000, 500), households=(100,)), area)
    assert (by_area["clipped_by"].iloc[0], by_area["households"].iloc[0]) == ("area", 25)


def test_off_the_map_dwellings_are_not_known_so_a_zone_cut_there_goes_by_area() -> None:
    given = zones(at(600, 0, 1600, 500), households=(100,))
    assert clip(given, dwellings=[dwellings((700, 100))])["households"].tolist() == [50]
    known = dwellings((700, 100), (1500, 100), (1550, 100), (1590, 100), known_everywhere=True)
    found = clip(given, dwellings=[known])
    assert (found["clipped_by"].iloc[0], found["households"].iloc[0]) == ("dwellings", 25)


def test_the_total_after_clipping_is_exact() -> None:
    strips = [at(0, 100 * step, 1000, 100 * step + 100) for step in range(10)]
    found = clip(zones(*strips, households=(1,) * 10), at(0, 0, 330, 1000))
    assert found["households"].sum() == 3


def test_no_zone_on_the_map_is_an_error() -> None:
    with pytest.raises(DataError, match="no zone overlaps the road map"):
        clip(zones(at(9000, 0, 9900, 500), households=(5,)))


def test_swapped_latitude_and_longitude_are_recognised() -> None:
    lon, lat = gpd.GeoSeries([at(100, 100, 200, 200).centroid], crs=UTM).to_crs(4326).get_coordinates().to_numpy()[0]
    swapped = gpd.GeoSeries([shapely.Point(lat, lon).buffer(0.01)], crs="EPSG:4326").to_crs(UTM).iloc[0]
    with pytest.raises(DataError, match="swapped"):
        clip(zones(swapped, households=(5,)))


def test_the_box_that_the_file_declares_is_the_map() -> None:
    info = {"source": {"declared_bounds": [9.0, 46.9, 9.1, 47.0]}}
    west, _, east, _ = gpd.GeoSeries([map_area(streets(), info)], crs=UTM).to_crs(4326).total_bounds
    assert (west, east) == (pytest.approx(9.0, abs=1e-6), pytest.approx(9.1, abs=1e-6))


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (at(0, 0, 2000, 1000), "45% of the area lies off the map"),
        (at(0, 0, 900, 490).union(at(100, 600, 400, 900)), "1 of 2 parts of the area have no roads"),
    ],
)
def test_part_of_the_ordered_area_without_roads(area: shapely.Geometry, words: str) -> None:
    on_map = map_area(streets(), {"source": {"declared_bounds": None}})
    with pytest.raises(DataError, match=words):
        check_area_has_roads(area, on_map, streets(), Path("area.geojson"))


def test_an_ordered_area_with_roads_is_fine() -> None:
    on_map = map_area(streets(), {"source": {"declared_bounds": None}})
    check_area_has_roads(at(-50, -50, 1050, 1050), on_map, streets(), Path("area.geojson"))
