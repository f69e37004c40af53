"""A name means one area, or an error says what it may mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import shapely

from evac.errors import PlaceError
from evac.sources import find_area
from loopback import QUICK, TOWN, Server, World, place, serve

FAR = shapely.box(10.0, 47.0, 10.1, 47.1)
POINT = shapely.Point(-122.5, 38.0)


@contextmanager
def _serving(*places: dict[str, Any]) -> Iterator[Server]:
    with serve(World(places=places)) as server:
        yield server


def _find(server: Server, name: str, cache: Path) -> Any:
    return find_area(name, server.endpoints, cache, patience=QUICK)


def test_finds_the_area_with_its_element_and_country(tmp_path: Path) -> None:
    with _serving(place("Testville, Marin County, California, United States", 5, TOWN)) as server:
        found = _find(server, " Testville, California ", tmp_path)
    assert (found.osm_type, found.osm_id, found.country) == ("relation", 5, "US")
    assert found.geometry.equals(TOWN)
    assert "relation 5: Testville, Marin County" in found.source.source
    assert "OpenStreetMap contributors" in found.source.licence


def test_an_unknown_name_is_told_and_not_kept(tmp_path: Path) -> None:
    with _serving() as server:
        for _ in range(2):
            with pytest.raises(PlaceError, match="'Tsetville': no such place on OpenStreetMap"):
                _find(server, "Tsetville", tmp_path)
        assert server.asked("nominatim") == 2


def test_a_name_that_is_only_a_point_says_so(tmp_path: Path) -> None:
    hamlet = place("Testville, Nowhere County, Nevada, United States", 7, POINT, osm_type="node", category="place")
    with _serving(hamlet) as server, pytest.raises(PlaceError) as caught:
        _find(server, "Testville", tmp_path)
    assert "as a point only, without a boundary: Testville, Nowhere County, Nevada, United States (N7)" in str(
        caught.value
    )
    assert "--polygon FILE or --bbox" in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_building_does_not_stand_for_a_place_that_is_only_a_point(tmp_path: Path) -> None:
    hamlet = place("Testville, Nevada, United States", 7, POINT, osm_type="node", category="place")
    shop = place("Testville Market, Ohio, United States", 8, TOWN, category="building")
    with _serving(hamlet, shop) as server, pytest.raises(PlaceError, match="as a point only"):
        _find(server, "Testville", tmp_path)


def test_an_ambiguous_name_lists_what_it_may_mean(tmp_path: Path) -> None:
    places = (place("Testville, California", 5, TOWN, importance=0.6), place("Testville, Tyrol", 6, FAR))
    with _serving(*places) as server:
        with pytest.raises(PlaceError) as caught:
            _find(server, "Testville", tmp_path)
        assert "means more than one place: Testville, California (R5); Testville, Tyrol (R6)" in str(caught.value)
        assert _find(server, "Testville, Tyrol", tmp_path).osm_id == 6
        assert _find(server, "r5", tmp_path).osm_id == 5


@pytest.mark.parametrize(
    "others",
    [
        [place("Testville County, California", 6, TOWN.buffer(0.1))],  # a city that is a county as well
        [place("Testville Elementary School, Testville, Ohio", 8, FAR, category="amenity")],
        [place("Testville, Ohio", 9, POINT, osm_type="node")],
    ],
)
def test_what_isnt_another_place_doesnt_make_a_name_ambiguous(others: Sequence[dict[str, Any]], tmp_path: Path) -> None:
    with _serving(place("Testville, California", 5, TOWN, importance=0.6), *others) as server:
        assert _find(server, "Testville", tmp_path).osm_id == 5
