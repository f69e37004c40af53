"""Households of `evac new` from a total and from points: people are divided, counts are kept."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from evac.errors import DataError
from evac.new.counts import HOMES, Counted, from_file_or_total
from evac.new.request import OrderedArea, Request

AREA = OrderedArea("Town", shapely.box(9.50, 47.00, 9.52, 47.02), "LI")
HERE, THERE, OUTSIDE = shapely.Point(9.505, 47.005), shapely.Point(9.515, 47.015), shapely.Point(9.6, 47.2)


def _counted(folder: Path, shapes: list[shapely.Geometry], people: float | None = None, **columns: object) -> Counted:
    file = folder / "homes.gpkg"
    gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").to_file(file)
    return from_file_or_total(Request(households=file, people_per_household=people), AREA, folder)


def _homes(folder: Path) -> list[float]:
    return gpd.read_file(folder / HOMES)["households"].tolist()


def test_a_total_of_people_is_divided_into_households(tmp_path: Path) -> None:
    counted = from_file_or_total(Request(households=34_000, people_per_household=2.3), AREA, tmp_path)
    assert counted.about.startswith("14,783 households, 34,000 people, given as a total, at 2.3 people per household")
    assert gpd.read_file(tmp_path / "zones.geojson")["households"].tolist() == [14_783]


def test_a_total_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no household"):
        from_file_or_total(Request(households=0), AREA, tmp_path)


@pytest.mark.parametrize(
    ("total", "people", "words"),
    [(20_000_000, None, "adds up to 20,000,000"), (600_000, None, "more than 100,000 per km²"), (600_000, 2.0, None)],
)
def test_a_total_that_cant_be_is_refused_by_the_option_that_gave_it(
    tmp_path: Path, total: int, people: float | None, words: str | None
) -> None:
    """The area has 3.4 km²: 600,000 households would be 178,000 on each, half as many 89,000."""
    request = Request(households=total, people_per_household=people)
    if words is None:
        assert from_file_or_total(request, AREA, tmp_path).about.startswith("300,000 households")
        return
    with pytest.raises(DataError, match=words) as caught:
        from_file_or_total(request, AREA, tmp_path)
    assert str(caught.value).startswith("--households")


def test_people_of_a_dense_district_are_no_households(tmp_path: Path) -> None:
    """130,000 people live on a km² of Mong Kok."""
    people = [130_000.0 * 3.38]
    counted = _counted(tmp_path, [AREA.geometry], people=3.0, households=people)
    assert "people of 1 polygon of" in counted.about
    assert gpd.read_file(tmp_path / "zones.geojson")["people"].tolist() == people


def test_points_with_a_column_households_keep_its_counts(tmp_path: Path) -> None:
    assert _counted(tmp_path, [HERE, THERE, OUTSIDE], households=[3, 4, 50]).about.startswith(
        "7 households at 2 points"
    )
    assert _homes(tmp_path) == [3.0, 4.0]


def test_points_without_counts_are_a_household_each(tmp_path: Path) -> None:
    _counted(tmp_path, [HERE, shapely.MultiPoint([HERE, THERE, OUTSIDE])], other=["a", "b"])
    assert _homes(tmp_path) == [1.0, 1.0, 1.0]


def test_the_count_of_several_points_is_shared_by_them(tmp_path: Path) -> None:
    _counted(tmp_path, [HERE, shapely.MultiPoint([HERE, THERE])], people=2.0, households=[4, 12])
    assert _homes(tmp_path) == [2.0, 3.0, 3.0]


def test_people_per_household_needs_people_at_the_points(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no column 'households' with counts; it has 'other'"):
        _counted(tmp_path, [HERE], people=2.0, other=["a"])


@pytest.mark.parametrize(("wrong", "words"), [(float("nan"), "no value"), (float("inf"), "inf"), (-1.0, "-1.0")])
def test_a_point_without_its_count_is_refused(tmp_path: Path, wrong: float, words: str) -> None:
    with pytest.raises(DataError, match=f"feature 2, column 'households': found {words}, expected a number"):
        _counted(tmp_path, [HERE, THERE], households=[3.0, wrong])


def test_of_many_wrong_counts_the_first_are_listed(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        _counted(tmp_path, [HERE] * 400, households=["many"] * 400)
    assert len(caught.value.problems) == 11
    assert "column 'households': 390 more such values" in str(caught.value)


def _refused(folder: Path, shapes: list[shapely.Geometry], **columns: object) -> str:
    with pytest.raises(DataError) as caught:
        _counted(folder, shapes, **columns)
    return str(caught.value)


def test_households_elsewhere_are_told_with_both_places(tmp_path: Path) -> None:
    text = _refused(tmp_path, [OUTSIDE.buffer(0.01)], households=[5])
    assert "it covers lat 47.1900 to 47.2100, lon 9.5900 to 9.6100, the area lat 47.0000 to 47.0200" in text
    assert "of the same place" in text


def test_latitude_for_longitude_is_found_out(tmp_path: Path) -> None:
    swapped = shapely.Point(HERE.y, HERE.x).buffer(0.001)
    assert "latitude and longitude are swapped" in _refused(tmp_path, [swapped], households=[5])


def test_counts_that_add_up_to_nobody_are_told(tmp_path: Path) -> None:
    text = _refused(tmp_path, [HERE.buffer(0.001), OUTSIDE.buffer(0.001)], households=[0, 7])
    assert "1 of its 2 features touch the area, and column 'households' adds up to 0 there" in text
