"""An exit's lanes are those of the net: on the terminal, in the scenario that is written, and in the report."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest

from drawn_map import DrawnMap, box, straight
from evac.cli import run_guarded
from evac.report.exits_map import in_words
from evac.scenario import load_scenario
from evac.study.prepare import prepare

AREA = box(-50, -50, 450, 450)
_LANES = r"(\d+) lanes?"


def _high_street() -> DrawnMap:
    """A road of four lanes, one with lanes by direction, and an unnamed road that a sign says the end of."""
    drawn = DrawnMap((-3000.0, -3000.0, 3400.0, 3400.0)).streets(0, 0, 400, 400)
    drawn.road("High Street", "primary", straight((400, 200), (6000, 200)), lanes="4")
    drawn.road("Mill Road", "secondary", straight((0, 200), (-6000, 200)), lanes="3", lanes__forward="2")
    return drawn.road("", "secondary", straight((200, 400), (200, 6000)), destination="Northwick", lanes="2")


def _two_carriageways() -> DrawnMap:
    """A dual carriageway whose way out has three lanes, and a ramp onto a motorway, by which the map is cut."""
    drawn = DrawnMap((-3000.0, -3000.0, 3400.0, 3400.0)).streets(0, 0, 400, 400)
    drawn.road("Ring Road", "trunk", straight((400, 200), (6000, 200)), oneway="yes", lanes="3")
    drawn.road("Ring Road", "trunk", straight((6000, 230), (700, 230), (400, 200)), oneway="yes", lanes="2")
    drawn.road("A 1", "motorway", straight((-6000, -1500), (600, -1500), (6000, -1500)), oneway="yes", lanes="2")
    return drawn.road("", "motorway_link", straight((200, 0), (600, -1500)), oneway="yes", destination="Far")


def _turn_lanes() -> DrawnMap:
    """A road with a bus lane and one for both directions in the middle: neither is a lane on the way out."""
    drawn = DrawnMap((-3000.0, -3000.0, 3400.0, 3400.0)).streets(0, 0, 400, 400)
    drawn.road("Bus Street", "primary", straight((400, 200), (6000, 200)), lanes="4", lanes__bus__forward="1")
    return drawn.road(
        "Middle Lane", "secondary", straight((200, 400), (200, 6000)), lanes="3", lanes__both_ways="1", maxspeed="60"
    )


TOWNS: dict[str, tuple[Callable[[], DrawnMap], str, dict[str, int]]] = {
    "a high street, on the left": (_high_street, "GB", {"High Street": 2, "Mill Road": 2, "to Northwick": 1}),
    "two carriageways": (_two_carriageways, "DE", {"Ring Road": 3, "to Far": 1}),
    "lanes that aren't": (_turn_lanes, "DE", {"Bus Street": 1, "Middle Lane": 1}),
}


@pytest.mark.parametrize("name", TOWNS)
def test_terminal_scenario_and_report_have_the_lanes_of_the_net(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw, country, drawn_lanes = TOWNS[name]
    osm, polygon = draw().write(tmp_path / "map.osm"), tmp_path / "town.geojson"
    gpd.GeoDataFrame(geometry=[AREA], crs="EPSG:4326").to_file(polygon)
    files = ["--polygon", str(polygon), "--osm", str(osm), "--workspace", str(tmp_path)]
    assert run_guarded(["new", *files, "--households", "60", "--country", country]) == 0
    told = dict(re.findall(rf"^exit (.+): {_LANES},", capsys.readouterr().out, re.MULTILINE))
    scenario = tmp_path / "scenarios" / "town"
    text = (scenario / "scenario.yaml").read_text().split("\nexits:")[1].split("\nways_out")[0]
    written = dict(re.findall(rf"^  - {{name: ([^,]+), .*}}  # {_LANES},", text, re.MULTILINE))
    town = prepare(load_scenario(scenario), tmp_path / ".evac", lambda _: None)
    reported = dict(re.findall(rf"\d+ ([^;]+?) \({_LANES}\)", in_words(town.ways_out, town.exits)[0]))
    on_net = {
        item.name: sum(lane.allows("passenger") for edge in item.edges for lane in town.net.getEdge(edge).getLanes())
        for item in town.exits
    }
    assert on_net == drawn_lanes
    for lanes in (told, written, reported):
        assert {exit_name: int(number) for exit_name, number in lanes.items()} == drawn_lanes
