"""Every kind of action that can be clicked, at once in one plan, against the same plan as a person writes it.

The town is drawn: six rows that lead east, and five columns. The plan by hand names streets and crossings where the
page names what was clicked, and says nothing that is so anyway.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import pytest

import evac
from drawn_map import DrawnMap, box, degrees
from studio_editor import Editor
from studio_page import click_in_view, context_of, look_at, open_plans
from studio_workspace import Served

STEP, LAST_ROW, LAST_COLUMN, END = 400.0, 5, 4, 2600.0
ZOOM = 14.05
MIDDLE = 1100.0
"""Zoom, and metres east, at which all junctions are in view and can be clicked."""
LANES = {1: {"lanes": "4"}, 2: {"lanes": "4"}, 3: {"lanes": "3", "lanes__both_ways": "1"}, 5: {"lanes": "2"}}
LIGHTS = ((1, 1), (1, 2), (1, 3), (2, 2), (4, 3))
"""Row and column of the junctions with a signal."""
LIT = 3
"""Programs of the plan: of an officer, a flashing signal and one with fixed times; signals that are off have none."""
ZONES = {"West": (-100.0, 600.0), "Middle": (600.0, 1000.0), "East": (1000.0, 1700.0)}
BY_HAND = """\
name: By hand
actions:
  - {do: contraflow, where: {street: Row 0, towards: east}, when: {from_min: 10, setup_min: 5}}
  - {do: speed, where: {street: Row 1}, kph: 20}
  - {do: take_lane, where: {street: Row 2, towards: east}, lanes: 1, side: middle, when: {until_min: 60}}
  - {do: use_centre_lane, where: {street: Row 3, towards: east}}
  - {do: use_shoulder, where: {street: Row 4, towards: east}, when: {from_min: 5}}
  - {do: close, exit: East 5, when: {from_min: 20, until_min: 40}}
  - {do: close, where: {street: Column 1, from: Row 2, to: Row 3}, admit: residents, when: {from_min: 5, until_min: 25}}
  - {do: close, where: {street: Column 1, from: Row 3, to: Row 2}, admit: residents, when: {from_min: 5, until_min: 25},
     label: back}
  - {do: divert, approach: {street: Column 2, crossing: Row 2, towards: south}, to_exit: East 0, compliance: 0.5}
  - {do: open, where: {street: Fire Road}}
  - {do: signal, mode: officer, where: {street: Row 2, crossing: Column 0}, with: {officers: 1}}
  - {do: signal, mode: "off", where: {street: Row 1, crossing: Column 1}}
  - {do: signal, mode: flashing, where: {street: Row 1, crossing: Column 2}, when: {from_min: 15}}
  - do: signal
    mode: fixed
    where: {street: Row 1, crossing: Column 3}
    stages: [{movements: [{from: Column 3}], green_s: 20}, {movements: [{from: Row 1}], green_s: 40}]
  - {do: signal, mode: all_way_stop, where: {street: Row 4, crossing: Column 3}}
  - {do: ban_turn, where: {street: Row 2, crossing: Column 3}, movement: {from: Row 2, heading: east, to: Column 3,
     leaving: north}}
  - {do: allow_turn, where: {street: Row 3, crossing: Column 3}, movement: {from: Column 3, heading: north, to: Row 3,
     leaving: west}}
  - {do: barricade, where: {street: Row 4, crossing: Column 1}, street: Column 1, heading: north}
  - {do: phase, zones: [Middle], offset_min: 20}
  - {do: divert, zones: [East], to_exit: East 4, compliance: 0.8, label: zone}
  - {do: evacuate_only, zones: [West, Middle, East], shadow_share: 0.25}
  - {do: behaviour, at_most_vehicles: 1, followed_by: 0.7, informed_share: 0.4, profile: calm}
"""


def _write_map(path: Path) -> None:
    drawn, columns = DrawnMap(), [STEP * column for column in range(LAST_COLUMN + 1)]
    for row in range(LAST_ROW + 1):
        for west, east in pairwise([*columns, END]):
            line = [(west, STEP * row), (east, STEP * row)]
            drawn.road(f"Row {row}", "secondary", line, **LANES.get(row, {}))
    for number, x in enumerate(columns):
        for row in range(LAST_ROW):
            drawn.road(f"Column {number}", "residential", [(x, STEP * row), (x, STEP * (row + 1))])
    drawn.road("Fire Road", "track", [(STEP, STEP), (STEP + 100, 1.5 * STEP), (STEP * 2, 2 * STEP)], access="private")
    for row, column in LIGHTS:
        drawn.node((STEP * column, STEP * row), highway="traffic_signals")
    path.write_text(drawn.write(path).read_text().replace("</osm>", f"{_ban(drawn)}</osm>"))


def _ban(drawn: DrawnMap) -> str:
    """Return the relation that forbids the turn to the left from Column 3, northbound, into Row 3."""
    corner = (3 * STEP, 3 * STEP)
    spots = list(dict.fromkeys(spot for _, line in drawn.ways for spot in line))
    from_way = next(
        n for n, (tags, line) in enumerate(drawn.ways, 1) if (tags["name"], line[-1]) == ("Column 3", corner)
    )
    to_way = next(n for n, (tags, line) in enumerate(drawn.ways, 1) if (tags["name"], line[-1]) == ("Row 3", corner))
    members = (("way", from_way, "from"), ("node", spots.index(corner) + 1, "via"), ("way", to_way, "to"))
    listed = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
    tags = '<tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/>'
    return f'<relation id="1">{listed}{tags}</relation>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    data = folder / "scenarios" / "grid" / "data"
    data.mkdir(parents=True)
    (folder / "plans" / "grid").mkdir(parents=True)
    _write_map(data / "grid.osm")
    north = STEP * LAST_ROW + 100
    zones = gpd.GeoDataFrame(
        {"name": [*ZONES, "Far"], "households": 60},
        geometry=[*(box(west, -100, east, north) for west, east in ZONES.values()), box(1700, -100, 2400, north)],
        crs="EPSG:4326",
    )
    zones.to_file(data / "zones.geojson")
    exits = "".join(f"  - {{name: East {row}, street: Row {row}, towards: east}}\n" for row in range(LAST_ROW + 1))
    (folder / "scenarios" / "grid" / "scenario.yaml").write_text(
        "name: Grid\nosm: {file: data/grid.osm}\n"
        "households:\n  zones: {file: data/zones.geojson, count: households, name: name}\n"
        f"exits:\n{exits}traffic: {{country: US}}\nvehicles_per_household: [2]\n"
    )
    (folder / "plans" / "grid" / "by-hand.yaml").write_text(BY_HAND)
    evac.open(folder / "scenarios" / "grid", workspace=folder).prepare()
    return folder


def _click(page: Any, x: float, y: float) -> None:
    """Click a place of the town, in metres: all of it is in view, so that the map need not be drawn for each."""
    click_in_view(page, *degrees(x, y))


def _crossing(page: Any, row: int, column: int) -> None:
    _click(page, STEP * column, STEP * row)


def _whole(page: Any, row: int) -> None:
    """Click a street between two junctions, and take all of it."""
    _click(page, 200.0, STEP * row)
    page.get_by_label("How much of the street").select_option("whole")


_FROM, _UNTIL = "From,_minutes_after_the_order", "Until,_minutes_after_the_order"


def _streets(page: Any, editor: Editor) -> None:
    _whole(page, 0)
    editor.add("Contraflow", Direction_of_travel="eastbound", Minutes_to_set_it_up="5", **{_FROM: "10"})
    _whole(page, 1)
    editor.add("Another speed", **{"km/h": "20"})
    _whole(page, 2)
    editor.add("Take a lane away", Direction_of_travel="eastbound", At_the="middle", **{_UNTIL: "60"})
    _whole(page, 3)
    editor.add("Use the centre turn lane", Direction_of_travel="eastbound")
    _whole(page, 4)
    editor.add("Use the shoulder as a lane", Direction_of_travel="eastbound", **{_FROM: "5"})
    editor.find("exit East 5")
    editor.add("Close the exit", **{_FROM: "20", _UNTIL: "40"})
    _click(page, STEP, 2.5 * STEP)
    editor.add("Close", Still_open_to="residents", **{_FROM: "5", _UNTIL: "25"})
    _click(page, 2 * STEP, 2.5 * STEP)
    editor.add("Send who passes to an exit", Direction_of_travel="southbound", Exit="East 0", Share_that_follows="0.5")
    _click(page, STEP + 100, 1.5 * STEP)
    editor.add("Open to cars")


def _junctions(page: Any, editor: Editor) -> None:
    _crossing(page, 2, 0)
    editor.add("Officer")
    _crossing(page, 1, 1)
    editor.add("Signal off")
    _crossing(page, 1, 2)
    editor.add("Signal flashing", **{_FROM: "15"})
    _crossing(page, 1, 3)
    editor.add(
        "Signal with fixed times", **{"Seconds of green from Row 1": "40", "Seconds of green from Column 3": "20"}
    )
    _crossing(page, 4, 3)
    editor.add("All-way stop")
    _crossing(page, 2, 3)
    editor.add("Forbid a turn", From="Row 2, eastbound", Into="Column 3, northbound")
    _crossing(page, 3, 3)
    editor.add("Allow a turn", From="Column 3, northbound", Into="Row 3, westbound")
    _crossing(page, 4, 1)
    editor.add("Barricade a side street", Side_street="Column 1, northbound")


def _people(page: Any, editor: Editor) -> None:
    _click(page, 2 * STEP + 100, 1.5 * STEP)
    editor.add("Leave later, as a wave", Minutes_after_the_order="20")
    _click(page, 3 * STEP + 200, 1.5 * STEP)
    editor.add("Send to an exit", Exit="East 4", Share_that_follows="0.8")
    _click(page, 100, 1.5 * STEP)
    editor.add("Order only some zones to leave", Middle="", East="", Share_of_the_others_that_leave_unasked="0.25")
    page.get_by_role("button", name="What everybody does").click()
    editor.add(
        "Fewer cars, or other driving",
        Share_of_the_households_that_follow="0.7",
        Share_of_drivers_who_know_of_the_traffic="0.4",
        How_they_drive="calm",
    )


def _kinds(plan: evac.Plan) -> list[tuple[str, str]]:
    """Return what a plan's actions do; the second direction of a closure, which a click takes with the first, aside."""
    return sorted(
        (item.action.do, getattr(item.action, "mode", "")) for item in plan.loaded.actions if item.label != "back"
    )


def _programs(path: Path) -> list[list[str]]:
    """Return the signals' programs of a plan; their numbers follow the words by which the junctions are named."""
    found = ET.parse(path).iter("tlLogic")
    return sorted(
        [item.get("id"), *(f"{phase.get('duration')} {phase.get('state')}" for phase in item)] for item in found
    )


def test_every_action_by_clicks_gives_the_bytes_of_its_yaml(browser: Any, studio: Served, folder: Path) -> None:
    with context_of(browser, studio) as context:
        page = context.new_page()
        page.route("**/diff", lambda route: route.abort())  # asked of the package, once, below
        open_plans(page, studio, "grid")
        editor = Editor(page, "By clicks")
        look_at(page, *degrees(MIDDLE, STEP * LAST_ROW / 2), zoom=ZOOM)
        _streets(page, editor)
        _junctions(page, editor)
        _people(page, editor)
    place = evac.open(folder / "scenarios" / "grid", workspace=folder)
    clicked, written = place.under("by-clicks"), place.under("by-hand")
    kinds = [_kinds(plan) for plan in (clicked, written)]
    assert kinds[0] == kinds[1]
    folders = [plan.laid.overlay.network.folder for plan in (clicked, written)]
    nets = [(item / "net.net.xml").read_bytes() for item in folders]
    assert nets[0] == nets[1]
    programs = [_programs(item / "plan.add.xml") for item in folders]
    assert len(programs[0]) == LIT
    assert programs[0] == programs[1]
    runs = [plan.run() for plan in (clicked, written)]
    assert runs[0].manifest["tables"] == runs[1].manifest["tables"]
    normal = place.under("baseline").run()
    assert runs[0].manifest["tables"]["vehicles.parquet"] != normal.manifest["tables"]["vehicles.parquet"]
