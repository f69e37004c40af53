"""Corrections: a scenario sets tags that the map lacks, on a street or a way, and a misspelt one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from evac.errors import DataError
from evac.osm import prepare_map
from evac.schema.sources import Correction

TOWN = Path(__file__).parents[1] / "fixtures" / "town" / "town.osm"


def _correction(**keys: object) -> Correction:
    return Correction.model_validate({"because": "seen on site", **keys})


def test_tags_of_a_street_and_of_a_way_are_set(tmp_path: Path) -> None:
    corrections = [
        _correction(street="main street", tags={"lanes": 4, "maxspeed": "60"}),
        _correction(way=105, tags={"motor_vehicle": "no"}),
        _correction(way=103, tags={"maxspeed": None}),
    ]
    plain = prepare_map(TOWN, "service", "LI", tmp_path)
    corrected = prepare_map(TOWN, "service", "LI", tmp_path, corrections)
    streets = corrected.streets().set_index("way_id")
    assert (streets.loc[101, "lanes_forward"], streets.loc[101, "lanes_backward"]) == (2, 2)
    assert not streets.loc[101, "lanes_guessed"]
    assert streets.loc[101, "speed_kph"] == 60
    assert 105 not in streets.index
    assert 105 in plain.streets().set_index("way_id").index
    assert streets.loc[103, "speed_guessed"]
    assert corrected.digest != plain.digest


def test_a_correction_that_fits_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="street 'Mian Street': fits no way"):
        prepare_map(TOWN, "service", "LI", tmp_path, [_correction(street="Mian Street", tags={"lanes": 2})])


def test_a_way_whose_class_is_taken_away_is_no_street(tmp_path: Path) -> None:
    found = prepare_map(TOWN, "service", "LI", tmp_path, [_correction(way=105, tags={"highway": None})])
    assert sorted(found.streets()["way_id"]) == [101, 102, 103, 104]
    assert found.closed_roads().empty
