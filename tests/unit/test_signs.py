"""Stop and give-way signs of a map decide who waits, and not the class of road."""

from __future__ import annotations

from pathlib import Path

import pytest

from evac.network import build_network, read_net
from evac.osm import prepare_map
from evac.osm.signs import ALL_WAY, GIVE_WAY, STOP, Sign
from evac.schema.driving import Traffic

# Elm Street (way 1, secondary) runs from west to east, Oak Street (way 2, residential) from south to north; they cross
# at node 5. Signs are some 22 m before it.
MAP = """<osm version="0.6">
<node id="1" lat="47.0500" lon="9.4950"/><node id="2" lat="47.0500" lon="9.5050"/>
<node id="3" lat="47.0465" lon="9.5000"/><node id="4" lat="47.0535" lon="9.5000"/>
<node id="5" lat="47.0500" lon="9.5000">{middle}</node>
<node id="11" lat="47.0500" lon="9.4997">{west}</node><node id="12" lat="47.0500" lon="9.5003">{east}</node>
<node id="13" lat="47.0498" lon="9.5000">{south}</node><node id="14" lat="47.0502" lon="9.5000">{north}</node>
<node id="15" lat="47.0520" lon="9.5000">{far}</node>
<way id="1"><nd ref="1"/><nd ref="11"/><nd ref="5"/><nd ref="12"/><nd ref="2"/><tag k="highway" v="secondary"/>
<tag k="name" v="Elm Street"/></way>
<way id="2"><nd ref="3"/><nd ref="13"/><nd ref="5"/><nd ref="14"/><nd ref="15"/><nd ref="4"/>
<tag k="highway" v="residential"/><tag k="name" v="Oak Street"/></way></osm>"""
PLACES = ("middle", "west", "east", "south", "north", "far")
STOPS = '<tag k="highway" v="stop"/>'
GIVES_WAY = '<tag k="highway" v="give_way"/>'


def signs_and_states(folder: Path, **places: str) -> tuple[set[Sign], str, dict[str, set[str]]]:
    """Return the signs, the crossing's kind, and the states of the links of each approach that go straight on."""
    (folder / "town.osm").write_text(MAP.format_map({**dict.fromkeys(PLACES, ""), **places}))
    street_map = prepare_map(folder / "town.osm", "service", "LI", folder)
    net = read_net(build_network(street_map, Traffic(country="LI", merges="priority"), folder).net_file)
    node = net.getNode("5")
    states: dict[str, set[str]] = {}
    for edge in node.getIncoming():
        links = [item for items in edge.getOutgoing().values() for item in items if item.getDirection() == "s"]
        states.setdefault(edge.getName(), set()).update(item.getState() for item in links)
    return set(street_map.signs()), node.getType(), states


def test_without_signs_the_class_of_road_decides(tmp_path: Path) -> None:
    assert signs_and_states(tmp_path) == (set(), "priority", {"Elm Street": {"M"}, "Oak Street": {"m"}})


def test_signs_on_the_higher_road_turn_it_round(tmp_path: Path) -> None:
    signs, kind, states = signs_and_states(tmp_path, west=STOPS, east=STOPS)
    assert signs == {Sign(5, 1, 1, STOP), Sign(5, 1, -1, STOP)}
    assert (kind, states) == ("priority", {"Elm Street": {"m"}, "Oak Street": {"M"}})


def test_give_way_signs_do_the_same(tmp_path: Path) -> None:
    signs, kind, states = signs_and_states(tmp_path, west=GIVES_WAY, east=GIVES_WAY)
    assert {sign.kind for sign in signs} == {GIVE_WAY}
    assert (kind, states) == ("priority", {"Elm Street": {"m"}, "Oak Street": {"M"}})


def test_a_stop_sign_at_each_approach_makes_an_all_way_stop(tmp_path: Path) -> None:
    _, kind, states = signs_and_states(tmp_path, west=STOPS, east=STOPS, south=STOPS, north=STOPS)
    assert (kind, states) == ("allway_stop", {"Elm Street": {"w"}, "Oak Street": {"w"}})


@pytest.mark.parametrize("place", ["middle", "west"])
def test_one_sign_can_speak_for_all(tmp_path: Path, place: str) -> None:
    signs, kind, _ = signs_and_states(tmp_path, **{place: STOPS + '<tag k="stop" v="all"/>'})
    assert {sign.kind for sign in signs} == {ALL_WAY}
    assert kind == "allway_stop"


def test_the_direction_of_a_sign_counts(tmp_path: Path) -> None:
    """A sign beyond the crossing that faces traffic bound for another junction is none of it."""
    away = STOPS + '<tag k="direction" v="backward"/>'
    assert signs_and_states(tmp_path, west=away)[0] == set()
    towards = STOPS + '<tag k="direction" v="forward"/>'
    assert signs_and_states(tmp_path, west=towards)[0] == {Sign(5, 1, 1, STOP)}


def test_a_sign_that_says_its_bearing_stands_for_the_nearer_crossing(tmp_path: Path) -> None:
    bearing = STOPS + '<tag k="direction" v="90"/>'
    assert signs_and_states(tmp_path, west=bearing)[0] == {Sign(5, 1, 1, STOP)}


# High Street (ways 1 and 2) between two crossings, 56 m apart; the sign is 20 m before the eastern one (6) and 36 m
# behind the western one (5).
BETWEEN = """<osm version="0.6">
<node id="1" lat="47.0500" lon="9.4980"/><node id="5" lat="47.0500" lon="9.5000"/>
<node id="7" lat="47.0500" lon="9.500476"><tag k="highway" v="stop"/></node>
<node id="8" lat="47.0500" lon="9.5006"/>
<node id="6" lat="47.0500" lon="9.50074"/><node id="2" lat="47.0500" lon="9.5027"/>
<node id="3" lat="47.0520" lon="9.5000"/><node id="4" lat="47.0520" lon="9.50074"/>
<way id="10"><nd ref="1"/><nd ref="5"/><tag k="highway" v="tertiary"/></way>
{ways}
<way id="13"><nd ref="6"/><nd ref="2"/><tag k="highway" v="tertiary"/></way>
<way id="14"><nd ref="5"/><nd ref="3"/><tag k="highway" v="tertiary"/></way>
<way id="15"><nd ref="6"/><nd ref="4"/><tag k="highway" v="tertiary"/></way></osm>"""


def _way(number: int, nodes: str, tags: str = "") -> str:
    refs = "".join(f'<nd ref="{ref}"/>' for ref in nodes)
    return f'<way id="{number}">{refs}<tag k="highway" v="tertiary"/>{tags}</way>'


ONE_WAY = '<tag k="oneway" v="yes"/>'


@pytest.mark.parametrize(
    ("ways", "sign"),
    [
        (_way(11, "5786"), Sign(6, 11, 1, STOP)),
        (_way(11, "57") + _way(12, "786"), Sign(6, 12, 1, STOP)),
        (_way(11, "57") + _way(12, "687"), Sign(6, 12, -1, STOP)),
        (_way(11, "578") + _way(12, "86"), Sign(6, 12, 1, STOP)),
        (_way(11, "6875", ONE_WAY), Sign(5, 11, 1, STOP)),
        (_way(11, "68", ONE_WAY) + _way(12, "875", ONE_WAY), Sign(5, 12, 1, STOP)),
    ],
)
def test_a_sign_stands_for_the_next_crossing_that_cars_get_to(tmp_path: Path, ways: str, sign: Sign) -> None:
    """Also where the road is cut into ways at the sign or behind it, and where it is one-way to the farther one."""
    (tmp_path / "town.osm").write_text(BETWEEN.replace("{ways}", ways))
    assert prepare_map(tmp_path / "town.osm", "service", "LI", tmp_path).signs() == [sign]


def test_a_sign_far_from_the_crossing_is_not_its(tmp_path: Path) -> None:
    assert signs_and_states(tmp_path, far=STOPS)[0] == set()
