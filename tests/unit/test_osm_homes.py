"""Homes by their tags, after https://wiki.openstreetmap.org/wiki/Key:building: 120 m² each, on residential ground."""

from __future__ import annotations

import pytest

from evac.osm.homes import units, why_no_home

AREA_M2 = 120.0
CASES = [
    ({"building": "house"}, 1),
    ({"building": "static_caravan"}, 1),
    ({"building": "mobile_home"}, 1),
    ({"building": "trailer"}, 1),
    ({"building": "semi"}, 1),
    ({"building": "duplex"}, 2),
    ({"building": "townhouse"}, 1),
    ({"building": "residence"}, 1),
    ({"building": "condominium"}, 2),
    ({"building": "multifamily"}, 2),
    ({"building": "house;yes"}, 1),
    ({"building": "apartments;retail", "building:flats": "6"}, 6),
    ({"building": "commercial", "building:flats": "4"}, 4),
    ({"building": "retail", "building:flats": "4"}, 4),
    ({"building": "mixed_use", "building:flats": "4"}, 4),
    ({"building": "hotel"}, 0),
    ({"building": "ruins"}, 0),
    ({"building": "house", "abandoned": "yes"}, 0),
    ({"building": "collapsed"}, 0),
    ({"building": "construction", "construction": "house"}, 0),
    ({"building": "yes", "shop": "bakery", "building:levels": "3"}, 1),
    ({"building": "yes", "building:use": "residential", "amenity": "cafe"}, 1),
    ({"building": "yes", "amenity": "social_facility"}, 0),
    ({"building": "apartments", "addr:flats": "1-12"}, 12),
    ({"building": "apartments", "building:flats": "12;"}, 12),
    ({"building": "garage"}, 0),
    ({"building": "garages"}, 0),
    ({"building": "shed"}, 0),
    ({"building": "cabin"}, 1),
    ({"building": "bungalow"}, 1),
    ({"building": "farmhouse"}, 1),
    ({"building": "farm_auxiliary"}, 0),
    ({"building": "barn"}, 0),
    ({"building": "dormitory"}, 0),
    ({"building": "church", "building:use": "apartments"}, 2),
    ({"building": "house", "building:use": "office"}, 0),
    ({"building": "garages", "building:flats": "12"}, 0),
    ({"building": "yes", "residential": "apartments"}, 2),
    ({"building": "apartments", "addr:flats": "1;3;A-C"}, 5),
    ({"building": "house", "disused": "yes"}, 0),
    ({"building": "house", "disused": "no"}, 1),
    ({"building": "yes", "shop": "mall", "building:levels": "3"}, 0),
    ({"building": "House"}, 1),
    ({"building": "apartments;yes"}, 2),
    ({"building": "triplex"}, 3),
    ({"building": "barracks"}, 0),
    ({"building": "retail", "building:flats": "0"}, 0),
]


@pytest.mark.parametrize(("tags", "expected"), CASES, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_dwelling_units_by_tags(tags: dict[str, str], expected: int) -> None:
    home = why_no_home(tags, AREA_M2, on_business=False) is None
    assert (units(tags, AREA_M2)[0] if home else 0) == expected


@pytest.mark.parametrize("area_m2", [20.0, 3000.0])
def test_a_plain_building_has_the_size_of_a_home(area_m2: float) -> None:
    assert why_no_home({"building": "yes"}, area_m2, on_business=False) is not None
    assert why_no_home({"building": "house"}, area_m2, on_business=False) is None


def test_a_plain_building_on_business_ground_is_none() -> None:
    assert why_no_home({"building": "yes"}, AREA_M2, on_business=True) is not None
    assert why_no_home({"building": "yes", "building:flats": "4"}, AREA_M2, on_business=True) is None
