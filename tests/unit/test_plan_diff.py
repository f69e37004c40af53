"""The diff of a plan on a crafted town, in the table and on the map."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from evac.errors import ScenarioError
from evac.network import read_net
from evac.overlay import Overlay
from evac.plans.timetable import edge_of
from evac.report import drawing, plan_map
from evac.report.plan_map import PlanPicture, roads_of, spots_of
from plan_town import STREETS, Town, town

NODES = {"w": (0, 0), "a": (1500, 0), "b": (2500, 0), "n": (2500, 300), "d": (3500, 0)}
Row = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Wide Road has two lanes, Main Street one; Side Street comes in from the left, half-way."""
    streets = [("w a", "Wide Road", 2), ("a b d", "Main Street", 1), ("n b", "Side Street", 1)]
    return town(tmp_path_factory.mktemp("diff"), NODES, streets, {"east": "bd"})


def _rows(overlay: Overlay, kind: str) -> dict[str, Row]:
    return {
        row.place: (row.before, row.after, row.when, f"{row.length_m:.0f}")
        for row in overlay.changes
        if row.kind == kind
    }


def test_lanes_that_close_and_open_again(place: Town) -> None:
    overlay = place.under(
        "  - {do: take_lane, where: {street: Wide Road, towards: east}, when: {from_min: 10, until_min: 40}}", "take"
    )
    assert set(_rows(overlay, "lanes")) == {"Wide Road eastbound"}
    assert _rows(overlay, "lanes")["Wide Road eastbound"][:3] == ("2", "1", "from 0:10\u00a0h until 0:40\u00a0h")
    assert len(overlay.changes) == 1


def test_contraflow_gives_and_takes_on_the_whole_stretch(place: Town) -> None:
    overlay = place.under(
        "  - {do: contraflow, where: {street: Main Street, towards: east}, when: {setup_min: 20}}", "turn"
    )
    rows = _rows(overlay, "lanes")
    assert rows["Main Street eastbound"][:3] == ("1", "2", "from 0:20\u00a0h on")
    assert rows["Main Street westbound"][:3] == ("1", "0", "")  # nobody enters from the order on: the set-up begins
    lengths = [float(row[3]) for row in rows.values()]
    assert lengths == pytest.approx([2000.0, 2000.0], abs=60.0)  # without the junctions


def test_a_dedicated_lane_has_a_row_with_what_each_lane_leads_to(place: Town) -> None:
    where = "{street: Wide Road, crossing: Main Street}"
    overlay = place.under(
        f"  - {{do: dedicate, where: {where}, lanes: [1], to: Main Street, exclusive: true}}", "dedicate"
    )
    row = _rows(overlay, "lane use")["Wide Road eastbound"]
    assert row[0] != row[1] == "the lane at the kerb to nothing; lane 2 from the kerb to Main Street eastbound"


def test_a_road_closed_to_through_traffic_is_drawn_so(place: Town) -> None:
    overlay = place.under("  - {do: close, where: {street: Side Street}, admit: residents}", "residents")
    assert {row[:2] for row in _rows(overlay, "lanes").values()} == {("1", "1 for residents")}
    nets = read_net(overlay.network.net_file), read_net(place.network.net_file)
    assert set(roads_of(overlay.changes, nets)["kind"]) == {plan_map.RESIDENTS}


def test_contraflow_that_ends_in_fewer_lanes_is_warned_of(place: Town) -> None:
    ends = "  - {do: contraflow, label: half, where: {street: Main Street, to: Side Street, towards: east}}"
    assert place.under(ends, "half").warnings == (
        "half: where it ends, 2 lanes go on in 1: what they gain waits there",
    )
    whole = "  - {do: contraflow, where: {street: Main Street, towards: east}}"
    assert place.under(whole, "whole").warnings == ()


def test_lanes_that_few_can_use_are_told_beforehand(place: Town) -> None:
    """Wide Road begins where the map does, and goes on in Main Street, which has one lane."""
    shoulder = "  - {do: use_shoulder, label: kerb, where: {street: Wide Road, towards: east}}"
    assert place.under(shoulder, "kerb").warnings == (
        "kerb: its 3 lanes are fed by no other road: what they gain serves only who lives along it",
        "kerb: where it ends, 2 lanes go on in 1: what they gain waits there",
    )
    fed = "  - {do: use_shoulder, label: kerb, where: {street: Main Street, towards: east}}"
    assert place.under(fed, "fed").warnings == ()


def test_a_lane_shorter_than_a_block_is_told_beforehand(tmp_path: Path) -> None:
    nodes = {"w": (0, 0), "a": (600, 0), "b": (660, 0), "c": (1400, 0), "n": (600, 300), "m": (660, 300)}
    streets = [("w a b c", "Main Street", 1), ("n a", "North Road", 1), ("m b", "Mill Road", 1)]
    short = town(tmp_path, nodes, streets, {"east": "bc"})
    stretch = "{street: Main Street, from: North Road, to: Mill Road}"
    told = short.under(f"  - {{do: contraflow, label: short, where: {stretch}}}").warnings
    assert told[0] == "short: is 60 m long: hardly anybody changes onto a lane that ends so soon"
    assert told[1:] == ("short: where it ends, 2 lanes go on in 1: what they gain waits there",)


def test_each_change_names_the_actions_that_do_it(place: Town) -> None:
    """Of two that close one road one after the other both are named, and nobody else's."""
    overlay = place.under(
        """\
  - {do: close, label: first, where: {street: Wide Road, towards: west}, when: {from_min: 5, until_min: 10}}
  - {do: close, label: second, where: {street: Wide Road, towards: west}, when: {from_min: 10, until_min: 20}}
  - {do: take_lane, label: narrow, where: {street: Wide Road, towards: east}}
  - {do: ban_turn, label: ban, where: {street: Main Street, crossing: Side Street},
     movement: {from: Side Street, leaving: west}}
  - {do: signal, label: officer, where: {street: Main Street, crossing: Side Street}, mode: officer}""",
        "named",
    )
    assert {(row.place, row.kind): tuple(row.actions) for row in overlay.changes} == {
        ("Wide Road westbound", "lanes"): ("first", "second"),
        ("Wide Road eastbound", "lanes"): ("narrow",),
        ("Side Street southbound → Main Street westbound", "movement removed"): ("ban",),
        ("Main Street / Side Street", "signal"): ("officer",),
    }


def test_a_turn_a_speed_and_an_officer_have_a_row_each(place: Town) -> None:
    overlay = place.under(
        """\
  - {do: ban_turn, where: {street: Main Street, crossing: Side Street}, movement: {from: Side Street, leaving: west}}
  - {do: speed, where: {street: Wide Road, towards: west}, kph: 30}
  - {do: signal, where: {street: Main Street, crossing: Side Street}, mode: officer, when: {from_min: 5}}
  - {do: divert, approach: {street: Side Street, crossing: Main Street}, to_exit: east, compliance: 0.5}""",
        "several",
    )
    assert _rows(overlay, "movement removed") == {
        "Side Street southbound → Main Street westbound": ("allowed", "none", "", "0")
    }
    assert _rows(overlay, "speed")["Wide Road westbound"][:3] == ("50 km/h", "30 km/h", "")
    assert _rows(overlay, "signal") == {
        "Main Street / Side Street": ("right of way", "officer", "from 0:05\u00a0h on", "0")
    }
    (diversion,) = (row for row in overlay.changes if row.kind == "diversion")
    assert diversion.after == "50% sent there"
    lon, lat = read_net(place.network.net_file).convertXY2LonLat(*NODES["b"])
    assert (diversion.lon, diversion.lat) == pytest.approx((lon, lat), abs=0.0005)


def test_a_plan_of_the_demand_alone_changes_no_road(place: Town) -> None:
    overlay = place.under("  - {do: behaviour, at_most_vehicles: 1}", "demand")
    assert overlay.changes == ()
    assert overlay.network.digest == place.network.digest


def test_the_map_has_what_the_diff_has(place: Town) -> None:
    overlay = place.under(
        """\
  - {do: contraflow, where: {street: Main Street, towards: east}}
  - {do: take_lane, where: {street: Wide Road, towards: west}}
  - {do: speed, where: {street: Side Street}, kph: 20}
  - {do: signal, where: {street: Main Street, crossing: Side Street}, mode: officer}""",
        "map",
    )
    nets = read_net(overlay.network.net_file), read_net(place.network.net_file)
    roads = roads_of(overlay.changes, nets)
    kinds = {(row.street, row.towards, row.kind) for row in roads.itertuples()}
    assert kinds == {
        ("Main Street", "E", plan_map.MORE),
        ("Main Street", "W", plan_map.CLOSED),
        ("Wide Road", "W", plan_map.FEWER),
        ("Side Street", "N", plan_map.SPEED),
        ("Side Street", "S", plan_map.SPEED),
    }
    eastbound = roads[(roads["street"] == "Main Street") & (roads["towards"] == "E")].geometry.iloc[0]
    assert eastbound.geom_type == "LineString", "the pieces of a street are one line, in the direction of travel"
    assert eastbound.coords[0][0] < eastbound.coords[-1][0]
    spots = spots_of(overlay.changes)
    assert "officer" in set(spots["kind"])
    figure = plan_map.draw_plan_map(_picture(roads, spots))
    labels = {item.get_text() for item in figure.axes[0].texts}
    assert "Main Street\nE: 1 → 2 lanes\nW: 1 → 0 lanes" in labels
    assert any("OpenStreetMap" in label for label in labels)
    assert drawing.png_bytes(figure).startswith(b"\x89PNG")


def test_a_label_without_room_is_a_number_on_the_map_and_stands_below_it() -> None:
    """Turn lanes of a junction have long labels, and there are several of them beside each other."""
    when = "lanes 1 and 2 only into the ramp to the highway, from 0:10 h until 1:30 h"
    told = [f"Long Valley Boulevard {way}bound at Crossing {n}: {when}" for n in range(6) for way in ("east", "west")]
    points = [shapely.Point(9.046 + 0.0002 * number, 46.95 + 0.0001 * (number % 3)) for number in range(len(told))]
    spots = gpd.GeoDataFrame({"kind": ["turn lanes"] * len(told), "words": told}, geometry=points, crs="EPSG:4326")
    figure = plan_map.draw_plan_map(_picture(roads_of((), ()), spots))
    on_map = [" ".join(item.get_text().split()) for item in figure.axes[0].texts]
    below = " ".join(" ".join(item.get_text().split()) for item in figure.texts)
    numbers = [words for words in on_map if words.isdigit()]
    assert numbers, "the map is too small for all of them"
    assert len(set(told) & set(on_map)) + len(numbers) == len(told)
    assert all(words in on_map or words in below for words in told)
    assert "have no label" not in below
    assert "added lanes" not in below, "this plan adds none"


def test_nothing_to_see_is_told() -> None:
    assert _picture(roads_of((), ()), spots_of(())).is_empty


def _picture(roads: gpd.GeoDataFrame, spots: gpd.GeoDataFrame) -> PlanPicture:
    nobody = gpd.GeoDataFrame(pd.DataFrame(), geometry=[], crs="EPSG:4326")
    east = shapely.Point(9.046, 46.95)
    exits = gpd.GeoDataFrame({"name": ["east"], "closed": [""]}, geometry=[east], crs="EPSG:4326")
    streets = gpd.GeoDataFrame(STREETS, geometry=[], crs="EPSG:4326")
    return PlanPicture("Tried", roads, spots, nobody, exits, streets)


@pytest.mark.parametrize("speed", ["kph: 0.9", "kph: 1.0e-9", "factor: 0.01"])
@pytest.mark.parametrize("when", ["{}", "{from_min: 5}"])
def test_a_speed_at_which_nobody_gets_on_is_refused(place: Town, speed: str, when: str) -> None:
    with pytest.raises(ScenarioError, match="km/h: cars would stand there"):
        place.under(f"  - {{do: speed, where: {{street: Wide Road}}, {speed}, when: {when}}}", "slow")


CONTRAFLOW = "  - {do: contraflow, where: {street: Main Street, towards: east}, when: {%s}}\n"


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        (CONTRAFLOW % "", set()),
        (CONTRAFLOW % "from_min: 5, setup_min: 10, until_min: 60", set()),
        ("  - {do: use_shoulder, where: {street: Wide Road, towards: west}, when: {from_min: 5}}\n", set()),
        ("  - {do: speed, where: {street: Wide Road}, kph: 20}\n", set()),
        ("  - {do: take_lane, where: {street: Wide Road, towards: west}}\n", {"aw"}),
        ("  - {do: close, where: {street: Side Street, towards: north}, admit: residents}\n", {"bn"}),
        (
            CONTRAFLOW % "from_min: 5, until_min: 60"
            + "  - {do: close, where: {street: Main Street, towards: west}, when: {from_min: 60, until_min: 70}}\n",
            {"ba", "db"},
        ),
    ],
)  # fmt: skip
def test_what_traffic_loses_is_what_closes_and_not_what_goes_the_other_way(
    place: Town, text: str, lost: set[str]
) -> None:
    name = f"lost-{abs(hash(text))}"
    assert {edge_of(lane) for lane in place.under(text, name).timetable.states().lost} == lost
