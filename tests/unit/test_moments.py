"""Conditions of the map, decided for a date and hour, or handed back in the map's words."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from pydantic import ValidationError

from evac.osm.moments import Moment, tags_at
from evac.schema.sources import OsmSource

SUMMER_NOON, WINTER_NIGHT, APRIL = (
    datetime.fromisoformat(text) for text in ("2026-07-01 12:00", "2026-01-10 23:00", "2026-04-10 12:00")
)
NORTH, SOUTH = 47.0, -33.0


@pytest.mark.parametrize(
    ("condition", "summer", "winter"),
    [
        ("Nov 01-May 15", False, True),
        ("22:00-06:00", False, True),
        ("(22:00-06:00)", False, True),
        ("Mo-Fr 07:00-19:00", True, False),  # a Wednesday, and a Saturday
        ("Sa,Su", False, True),
        ("weight>7.5", False, False),
        ("weight>7.5 AND 22:00-06:00", False, False),
        ("length<6 AND 22:00-06:00", False, True),
        ("hgv", False, False),
        ("hgv_articulated", False, False),
        ("hgv;bus", False, False),
        ("weightrating>3.5", False, False),
        ("maxweightrating>3.5 AND 22:00-06:00", False, False),
        ("occupants<2", False, False),  # families who leave share a car
        ("motorcar", True, True),
        ("residents", True, True),
        ("winter", False, True),
        ("wet", None, None),
        ("sunset-sunrise", None, None),
        ("SH Mo-Fr", None, None),
        ("width>2.5 and wet", False, False),
        ("gibberish !", None, None),
        ("", None, None),
    ],
)
def test_conditions(condition: str, *, summer: bool | None, winter: bool | None) -> None:
    tags = {"highway": "tertiary", "motor_vehicle:conditional": f"no @ {condition}"}
    for at, expected in ((SUMMER_NOON, summer), (WINTER_NIGHT, winter)):
        found = tags_at(tags, Moment(at, "CH"), NORTH)
        assert (found.tags.get("motor_vehicle") == "no") is (expected is True)
        assert bool(found.undecided) is (expected is None)


def test_a_holiday_is_that_of_the_country() -> None:
    tags = {"access:conditional": "no @ (PH)"}
    national_day = datetime.fromisoformat("2026-08-01 12:00")
    assert tags_at(tags, Moment(national_day, "CH")).tags.get("access") == "no"
    assert "access" not in tags_at(tags, Moment(national_day, "US")).tags
    assert tags_at(tags, Moment(national_day)).undecided


def test_the_last_condition_that_holds_counts() -> None:
    tags = {"access": "yes", "access:conditional": "no @ (Jan-Dec); destination @ (Jul)"}
    assert tags_at(tags, Moment(SUMMER_NOON)).tags["access"] == "destination"
    assert tags_at(tags, Moment(WINTER_NIGHT)).tags["access"] == "no"


def test_conditions_that_change_nothing_for_cars_are_no_doubt() -> None:
    for tags in (
        {"access:conditional": "destination @ (22:00-06:00)"},
        {"bicycle:conditional": "no @ (winter)"},
        {"maxweight:conditional": "3.5 @ (wet)"},
        {"motor_vehicle": "no", "motor_vehicle:conditional": "agricultural @ (summer)"},
    ):
        assert not tags_at(tags, Moment()).undecided


@pytest.mark.parametrize(
    ("tags", "lat", "at", "closed"),
    [
        ({"seasonal": "summer"}, NORTH, SUMMER_NOON, False),
        ({"seasonal": "summer"}, NORTH, WINTER_NIGHT, True),
        ({"seasonal": "summer"}, NORTH, APRIL, None),
        ({"seasonal": "summer"}, SOUTH, SUMMER_NOON, True),
        ({"seasonal": "summer;autumn"}, NORTH, datetime.fromisoformat("2026-10-01 12:00"), False),
        ({"seasonal": "yes"}, NORTH, SUMMER_NOON, None),
        ({"seasonal": "no"}, NORTH, SUMMER_NOON, False),
        ({"ice_road": "yes"}, NORTH, SUMMER_NOON, True),
        ({"winter_road": "yes"}, NORTH, WINTER_NIGHT, False),
        ({"highway": "unclassified", "tidal": "yes"}, NORTH, SUMMER_NOON, None),
        ({"highway": "unclassified", "tidal": "no"}, NORTH, SUMMER_NOON, False),
    ],
)
def test_seasons(tags: dict[str, str], lat: float, at: datetime, *, closed: bool | None) -> None:
    found = tags_at(tags, Moment(at), lat)
    assert (found.tags.get("motorcar") == "no") is (closed is True)
    assert bool(found.undecided) is (closed is None)


def test_lanes_for_buses_at_peak_hours() -> None:
    tags = {"lanes": "4", "lanes:psv:conditional": "2 @ (Mo-Fr 11:00-13:00)"}
    assert tags_at(tags, Moment(SUMMER_NOON)).tags["lanes:psv"] == "2"
    assert "lanes:psv" not in tags_at(tags, Moment(WINTER_NIGHT)).tags
    assert tags_at(tags, Moment()).undecided == ("lanes:psv:conditional=2 @ (Mo-Fr 11:00-13:00)",)


@pytest.mark.parametrize("given", ["2026-08-15 18:00", "2026-08-15T18:00:00", SUMMER_NOON])
def test_a_scenario_gives_date_and_hour(given: object) -> None:
    assert OsmSource.model_validate({"file": "map.osm", "at": given}).at is not None


@pytest.mark.parametrize("given", ["2026-08-15", date(2026, 8, 15), "18:00", "2026-08-15 18:00+02:00", 5, True])
def test_a_date_without_an_hour_or_with_a_zone_is_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        OsmSource.model_validate({"file": "map.osm", "at": given})
