from __future__ import annotations

import pytest
import shapely

from evac.errors import DataError, PlaceError
from evac.network.exits import ResolvedExit, require_reachable, resolve_exits
from evac.network.exits.decide import Decision
from evac.network.places import angle_between_deg, end_bearing_deg
from evac.schema.places import Exit, FoundExits, Point
from placed_town import made_up_town, real_town


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return made_up_town(tmp_path_factory.mktemp("cache"))


def resolved(town, area=None, **keys):
    (item,) = resolve_exits(town.ground(area), [Exit(name="out", **keys)])
    return item


def found(town, settings, area=None):
    """Find exits; the area is the middle of the town."""
    area = area or shapely.box(9.495, 46.9985, 9.505, 47.0015)
    record = Decision(town.street_map.web(), area).record(settings)
    return resolve_exits(town.ground(area), settings, ways_out=record)


def end_node(town, item):
    (edge,) = item.edges
    return town.net.getEdge(edge).getToNode().getID()


def test_a_street_leaves_where_the_map_ends(town):
    west = resolved(town, street="Main Street", towards="west")
    assert end_node(town, west) == "1"
    assert west.lanes == 1
    assert west.lat == pytest.approx(47.0, abs=1e-3)
    assert west.lon < 9.475


def test_a_street_with_two_ends_asks_for_towards(town):
    with pytest.raises(PlaceError, match=r"'out': 2 places fit .*\n.*'towards'"):
        resolved(town, street="Main Street")


def test_an_end_inside_the_map_is_no_exit(town):
    assert end_node(town, resolved(town, street="Station Road")) == "7"
    with pytest.raises(PlaceError, match="doesn't leave the map"):
        resolved(town, street="East Lane")


def test_a_way_leads_out_by_itself(town):
    assert end_node(town, resolved(town, way=20)) == "7"


def test_a_point_inside_leads_away_from_the_area(town):
    area = shapely.box(9.489, 46.998, 9.5, 47.002)
    item = resolved(town, area, point=Point(lat=47.0, lon=9.5 + 200 / 75_900))
    assert angle_between_deg(end_bearing_deg(town.net.getEdge(item.edges[0])), 90) < 5


def test_all_problems_with_exits_come_at_once(town):
    exits = [Exit(name="one", street="Nowhere"), Exit(name="two", way=77)]
    with pytest.raises(PlaceError) as error:
        resolve_exits(town.ground(), exits)
    assert len(error.value.problems) == 2


def test_found_exits_are_through_roads_at_the_edge_of_the_map(town):
    exits = found(town, FoundExits())
    assert [item.name for item in exits] == ["Main Street eastbound", "Main Street westbound", "Station Road"]
    assert {end_node(town, item) for item in exits} == {"1", "6", "7"}


def test_found_exits_leave_out_what_is_named(town):
    assert {end_node(town, item) for item in found(town, FoundExits(not_by=("main street",)))} == {"7"}
    with pytest.raises(PlaceError, match="Main Streat"):
        found(town, FoundExits(not_by=("Main Streat",)))


def test_no_road_of_the_class_leaves_the_map(town):
    with pytest.raises(PlaceError, match="motorway"):
        found(town, FoundExits(at_least="motorway"))


def test_an_exit_must_be_reachable_from_some_household(town):
    out = resolved(town, street="Station Road")
    island = [edge.getID() for edge in town.net.getNode("18").getOutgoing()]
    with pytest.raises(DataError, match="no exit reachable"):
        require_reachable(town.net, [out], island)
    home = [edge.getID() for edge in town.net.getNode("9").getOutgoing()]
    require_reachable(town.net, [out], [*island, *home])


@pytest.mark.real
@pytest.mark.slow
def test_the_four_ways_out_of_paradise_by_name_and_by_way(tmp_path):
    town = real_town("paradise/paradise_2018-11-07.osm.gz", "US", tmp_path)
    by_name = [
        Exit(name="Skyway", street="Skyway", towards="southwest"),
        Exit(name="Clark", street="Clark Road"),
        Exit(name="Neal", street="Neal Road"),
        Exit(name="Pentz", street="Pentz Road"),
    ]
    ways = {"Skyway": 27323694, "Clark": 184839999, "Neal": 10293408, "Pentz": 538864403}
    by_way = [Exit(name=name, way=way) for name, way in ways.items()]
    exits: tuple[ResolvedExit, ...] = resolve_exits(town.ground(), by_name)
    assert exits == resolve_exits(town.ground(), by_way)
    # The valley lies south-west; Pentz Road, the easternmost, goes down due south.
    assert all(item.lat < 39.72 for item in exits)
    bearings = [end_bearing_deg(town.net.getEdge(item.edges[0])) for item in exits]
    assert all(angle_between_deg(bearing, 215) < 70 for bearing in bearings)
