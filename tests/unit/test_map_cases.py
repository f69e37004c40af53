"""Small maps with a right value for each tagging: what the street map and SUMO's net make of them."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sumolib.net import Net

from evac.audit import audit_network
from evac.network import build_network, read_net
from evac.network.exits import ResolvedExit
from evac.network.places import way_ids
from evac.osm import StreetMap, prepare_map
from evac.schema.driving import Traffic

CASES = Path(__file__).parents[1] / "fixtures" / "osm" / "cases"


def expected(case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CASES / case / "expected.json").read_text())
    return found


def prepared(file: Path, cache: Path) -> tuple[StreetMap, Net]:
    street_map = prepare_map(file, "service", "LI", cache)
    return street_map, read_net(build_network(street_map, Traffic(country="LI"), cache).net_file)


@pytest.fixture(scope="module")
def tagged_lanes(tmp_path_factory: pytest.TempPathFactory) -> tuple[StreetMap, Net]:
    return prepared(CASES / "lanes" / "map.osm", tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(("way", "case"), expected("lanes").items())
def test_car_lanes(way: str, case: list[Any], tagged_lanes: tuple[StreetMap, Net]) -> None:
    streets = tagged_lanes[0].streets().set_index("way_id")
    what, lanes, source = case
    row = streets.loc[int(way)]
    assert [row["lanes_forward"], row["lanes_backward"]] == lanes, f"{what} ({source})"


def test_the_net_has_the_lanes_of_the_map(tagged_lanes: tuple[StreetMap, Net]) -> None:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for edge in tagged_lanes[1].getEdges(withInternal=False):
        for way in way_ids(edge):
            found[str(way)][edge.getID().startswith("-")] = sum(lane.allows("passenger") for lane in edge.getLanes())
    against = {way for way, (_, lanes, _) in expected("lanes").items() if not lanes[0]}
    assert against == {"5023", "5030"}
    for way, (what, lanes, _) in expected("lanes").items():
        assert sorted(found[way]) == sorted(lanes), what


def test_homes_are_counted_by_building(tmp_path: Path) -> None:
    homes = prepare_map(CASES / "buildings" / "map.osm", "service", "LI", tmp_path).dwellings()
    counted = homes.groupby("osm_id")["weight"].sum()
    for building, (what, units) in expected("buildings").items():
        assert counted.get(building, 0) == units, what


def test_what_stops_a_car_cuts_the_road(tmp_path: Path) -> None:
    streets = prepare_map(CASES / "barriers" / "map.osm", "service", "LI", tmp_path).streets()
    for way, (what, passes) in expected("barriers").items():
        parts = (streets["osm_way_id"] == int(way)).sum()
        assert parts == (1 if passes else 2), what


ALWAYS_OPEN = {"Main Street", "Elm Street", "Oak Street", "Ford Road", "Tide Road", "Four by Four"}


@pytest.mark.parametrize(
    ("at", "others"),
    [
        (None, {"Pass Road", "Winter Road", "Slide Road", "Night Gate Road", "Ice Road", "Seasonal Road"}),
        ("2026-01-15 12:00", {"Slide Road", "Night Gate Road", "Ice Road"}),
        ("2026-01-15 23:00", {"Slide Road", "Ice Road", "Bus Gate Road"}),
        ("2026-07-15 12:00", {"Pass Road", "Winter Road", "Night Gate Road", "Seasonal Road"}),
        ("2027-07-15 23:00", {"Pass Road", "Winter Road", "Slide Road", "Seasonal Road", "Bus Gate Road"}),
    ],
)
def test_what_is_closed_at_times_is_as_it_is_then(at: str | None, others: set[str], tmp_path: Path) -> None:
    moment = datetime.fromisoformat(at) if at else None
    streets = prepare_map(CASES / "closed_at_times" / "map.osm", "service", "LI", tmp_path, at=moment).streets()
    assert set(streets["name"]) == ALWAYS_OPEN | others


def test_what_is_open_at_times_on_the_way_to_an_exit_is_told_though_nobody_drives_there(tmp_path: Path) -> None:
    street_map, net = prepared(CASES / "closed_at_times" / "map.osm", tmp_path)
    network = build_network(street_map, Traffic(country="LI"), tmp_path)
    doubtful = street_map.streets().query("name.str.endswith(' Road') or name == 'Four by Four'").set_index("way_id")
    ends = {way: edge.getID() for edge in net.getEdges(withInternal=False) for way in way_ids(edge)}
    exits = [
        ResolvedExit(str(name), (ends[way],), 1, 9.5, 47.2)
        for way, name in [(101, "Main Street"), *doubtful["name"].items()]
    ]
    findings = audit_network(net, network.edges(), network.warnings(), exits)
    told = {item.text for item in findings if item.kind in {"closed_at_times", "passable_for_few"}}
    assert len(told) == len(doubtful) == 9
    assert all(any(name in text and f"on the way to '{name}'" in text for text in told) for name in doubtful["name"])
    assert any("Bus Gate Road is open to cars at times" in item.text for item in findings)


SIGNALS = {
    "highway=traffic_signals": True,
    "highway=traffic_signals traffic_signals=signal": True,
    "highway=traffic_signals traffic_signals=ramp_meter": True,
    "highway=crossing crossing=traffic_signals": True,
    "highway=traffic_signals traffic_signals=emergency": False,
    "highway=traffic_signals traffic_signals=blinker": False,
    "highway=traffic_signals traffic_signals=blink_mode": False,
    "highway=traffic_signals traffic_signals=tunnel_lane_control": False,
    "highway=traffic_signals traffic_signals=signal disused=yes": False,
    "highway=traffic_signals traffic_signals=level_crossing": False,
    "highway=traffic_signals abandoned=yes": False,
    "railway=level_crossing crossing:barrier=full": False,
    "highway=stop stop=all": False,
}
CROSSING = """<osm version="0.6">
<node id="1" lat="47.2" lon="9.49"/><node id="2" lat="47.2" lon="9.50">{tags}</node><node id="3" lat="47.2" lon="9.51"/>
<node id="4" lat="47.21" lon="9.50"/><node id="5" lat="47.19" lon="9.50"/>
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/></way>
<way id="2"><nd ref="4"/><nd ref="2"/><nd ref="5"/><tag k="highway" v="secondary"/></way>
</osm>"""


@pytest.mark.parametrize(("tags", "is_signal"), SIGNALS.items())
def test_only_signals_for_cars_are_signals(tags: str, *, is_signal: bool, tmp_path: Path) -> None:
    pairs = (pair.split("=") for pair in tags.split())
    file = tmp_path / "map.osm"
    file.write_text(CROSSING.format(tags="".join(f'<tag k="{key}" v="{value}"/>' for key, value in pairs)))
    _, net = prepared(file, tmp_path / "cache")
    assert net.getNode("2").getType().startswith("traffic_light") is is_signal


DOUBTFUL = """<osm version="0.6">
<node id="1" lat="47.2" lon="9.49"/><node id="2" lat="47.2" lon="9.50"/><node id="3" lat="47.2" lon="9.51">
<tag k="barrier" v="lift_gate"/></node><node id="4" lat="47.2" lon="9.52"/>
<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="name" v="Home Street"/>
<tag k="lanes" v="4"/><tag k="lanes:forward" v="1"/><tag k="lanes:backward" v="1"/><tag k="maxspeed" v="50"/></way>
<way id="2"><nd ref="2"/><nd ref="3"/><nd ref="4"/><tag k="highway" v="primary"/><tag k="name" v="Main Street"/>
<tag k="lanes" v="2"/><tag k="maxspeed" v="US:rural"/></way>
</osm>"""


def test_gates_taken_for_open_tags_that_contradict_each_other_and_unknown_laws_are_told_once(tmp_path: Path) -> None:
    file = tmp_path / "map.osm"
    file.write_text(DOUBTFUL)
    street_map, net = prepared(file, tmp_path / "cache")
    network = build_network(street_map, Traffic(country="LI"), tmp_path / "cache")
    findings = audit_network(net, network.edges(), network.warnings(), [ResolvedExit("East", ("2",), 1, 9.52, 47.2)])
    told = {item.kind: item.text for item in findings}
    assert told["open_gate"].startswith("A lift gate stands on Main Street, and counts as open; 100%")
    assert "(lanes=4, lanes:backward=1, lanes:forward=1)" in told["lanes_contradict"]
    assert "US:rural" in told["speed_named"]
    assert not {"lanes_guessed", "speed_guessed"} & told.keys()
