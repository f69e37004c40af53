from __future__ import annotations

import pytest

from evac.errors import PlaceError
from evac.network.place_names import near_names
from evac.network.places import StreetIndex, angle_between_deg, end_bearing_deg
from evac.schema.places import Place, Point
from placed_town import made_up_town


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return made_up_town(tmp_path_factory.mktemp("cache"))


def lonlat(x_m, y_m):
    return Point(lat=47.0 + y_m / 111_200, lon=9.5 + x_m / 75_900)


def found(town, **keys):
    return StreetIndex(town.net, town.streets).find(Place(**keys), "place")


@pytest.mark.parametrize("street", ["Main Street", "MAIN  street", "b 1"])
def test_a_street_is_found_by_name_or_number_in_any_case(town, street):
    (edge,) = found(town, street=street, crossing="Station Road", towards="west")
    assert edge.getToNode().getID() == "4"
    assert angle_between_deg(end_bearing_deg(edge), 270) < 5


def test_the_second_of_several_names_is_a_name(town):
    (edge,) = found(town, street="Old Road", crossing="Main Street")
    assert edge.getToNode().getID() == "4"


def test_traffic_arrives_at_the_first_carriageway_of_a_divided_road(town):
    (eastbound,) = found(town, street="Main Street", crossing="Ring Road", towards="east")
    assert eastbound.getFromNode().getID() == "1"
    assert eastbound.getLength() > 1000


def test_two_directions_ask_for_towards(town):
    with pytest.raises(PlaceError, match="towards") as error:
        found(town, street="Main Street", crossing="Station Road")
    assert str(error.value).count("openstreetmap.org") == 2


def test_an_unknown_street_lists_near_matches(town):
    with pytest.raises(PlaceError, match="did you mean 'Main Street'"):
        found(town, street="Main St", crossing="Station Road")
    with pytest.raises(PlaceError, match="Mühlegasse"):
        found(town, street="Muhlegasse")


def test_streets_that_do_not_meet_list_those_that_do(town):
    with pytest.raises(PlaceError, match=r"'East Lane' meets 'Main Street'"):
        found(town, street="East Lane", crossing="Station Road")


def test_a_street_alone_asks_where_on_it(town):
    with pytest.raises(PlaceError, match="'crossing' or 'point'"):
        found(town, street="Main Street")


@pytest.mark.parametrize("way", [21, 990021])
def test_a_way_is_found_by_its_id_and_by_the_id_before_the_map_was_rebuilt(town, way):
    (edge,) = found(town, way=way, towards="north")
    assert edge.getToNode().getID() == "8"


def test_a_way_that_is_not_on_the_map(town):
    with pytest.raises(PlaceError, match="way 77"):
        found(town, way=77)


def test_a_point_takes_the_direction_asked_for(town):
    (east,) = found(town, point=lonlat(1500, 20), towards="east")
    (west,) = found(town, point=lonlat(1500, 20), towards="northwest")
    assert east.getToNode() is west.getFromNode()
    assert east.getToNode().getID() == "6"


def test_a_point_on_a_two_way_road_asks_for_towards(town):
    with pytest.raises(PlaceError, match="towards"):
        found(town, point=lonlat(1500, 0))


def test_a_point_on_a_one_way_road_needs_none(town):
    (edge,) = found(town, point=lonlat(400, -100))
    assert edge.getToNode().getID() == "17"


def test_a_point_far_from_any_road_says_how_far(town):
    with pytest.raises(PlaceError, match=r"nearest is Main Street, 1\d\d m away"):
        found(town, point=lonlat(1500, 120))


def test_latitude_and_longitude_the_other_way_round_are_recognised(town):
    there = lonlat(1500, 20)
    with pytest.raises(PlaceError, match="swap lat and lon"):
        found(town, point=Point(lat=there.lon, lon=there.lat), towards="east")


def test_a_point_past_the_end_of_the_map_is_told_so_and_one_between_its_roads_is_not(town):
    there = lonlat(1500, 0)
    with pytest.raises(PlaceError, match=r"1\d\d,\d\d\d m before it: give a place .*\(evac new"):
        found(town, point=Point(lat=there.lat + 1, lon=there.lon), towards="east")
    with pytest.raises(PlaceError, match="move the point onto the road"):
        found(town, point=lonlat(1500, 120), towards="east")


def test_a_direction_across_the_road_lists_the_directions_there_are(town):
    with pytest.raises(PlaceError, match="no traffic heads north there"):
        found(town, point=lonlat(1500, 0), towards="north")


def test_a_place_on_a_street_by_point(town):
    (edge,) = found(town, street="Ring Road", point=lonlat(-838, 150), towards="south")
    assert edge.getToNode().getID() == "2"
    with pytest.raises(PlaceError, match="no traffic heads north"):
        found(town, street="Ring Road", point=lonlat(-845, -150), towards="north")


def test_names_by_which_a_street_is_shown(town):
    index = StreetIndex(town.net, town.streets)
    (edge,) = index.find(Place(way=11, towards="east"), "test")
    assert index.names(edge) == ["Main Street", "B 1"]
    assert index.highway(edge) == "primary"
    assert index.describe(edge).startswith("Main Street eastbound at https://www.openstreetmap.org/?mlat=46.9999")


@pytest.mark.parametrize(
    ("wanted", "first"),
    [("E Main St", "East Main Street"), ("Skywey", "Skyway"), ("blithedale", "East Blithedale Avenue")],
)
def test_near_names_know_abbreviations_typing_errors_and_parts(wanted, first):
    names = ["East Main Street", "West Maine Road", "Skyway", "East Blithedale Avenue", "Sky View Drive"]
    assert near_names(wanted, names)[0] == first


def test_nothing_is_like_nonsense():
    assert near_names("xyzzy", ["Main Street", "Skyway"]) == []
