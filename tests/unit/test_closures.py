"""Forbidden exits: a street is closed at one point, both carriageways, and nothing beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evac.errors import DataError
from evac.osm import StreetMap, prepare_map
from evac.schema.places import ForbiddenExit

TOWN = Path(__file__).parents[1] / "fixtures" / "town" / "town.osm"
LAT, EAST = 47.0600 + 500 / 111_200, 1 / 75_900  # Main Street


def _closed(street: str, east_m: float, north_deg: float = 0.0) -> ForbiddenExit:
    point = {"lat": LAT + north_deg, "lon": 9.5 + east_m * EAST}
    return ForbiddenExit.model_validate({"name": "closed", "street": street, "point": point, "because": "a test"})


def _map(cache: Path, *forbidden: ForbiddenExit) -> StreetMap:
    return prepare_map(TOWN, "service", "LI", cache, forbidden=forbidden)


def _metres_of_main_street(street_map: StreetMap) -> list[float]:
    streets = street_map.streets()
    main = streets[streets["name"] == "Main Street"]
    return sorted(main.geometry.to_crs(32632).length.round(-1))


def test_a_road_is_cut_near_the_point_and_both_parts_stay(tmp_path: Path) -> None:
    """Main Street is 1,600 m long with a crossing every 400 m; closed at 1,400 m, it is open up to 1,300 m."""
    plain, closed = _map(tmp_path), _map(tmp_path, _closed("main street", 1400))
    assert _metres_of_main_street(plain) == [1600]
    assert _metres_of_main_street(closed) == [100, 1300]
    assert closed.digest != plain.digest
    assert len(closed.info()["counts"]["cut_at_barriers"]) == 1


def test_a_crossing_is_not_cut(tmp_path: Path) -> None:
    """Closed at the crossing at 800 m: the cut lies a quarter of a piece beside it, the side street stays joined."""
    closed = _map(tmp_path, _closed("Main Street", 800))
    assert sum(_metres_of_main_street(closed)) == pytest.approx(1400, abs=20)
    brook = closed.streets().set_index("name").loc["Brook Lane"].geometry
    main = closed.streets().query("name == 'Main Street'").geometry
    assert main.touches(brook).sum() == 1


def test_a_misspelt_street_or_a_far_point_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        _map(tmp_path, _closed("Mian Street", 1400), _closed("Main Street", 1400, north_deg=0.02))
    assert [problem.what for problem in caught.value.problems] == [
        "no street called 'Mian Street' is within 1000 m of the point",
        "no street called 'Main Street' is within 1000 m of the point",
    ]
