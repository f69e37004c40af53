"""The studio in a real browser with the keyboard alone: a new place, its ways out, a plan; and what goes wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from studio_page import axe_problems, context_of, open_plans, until
from studio_workspace import Served, prepared_balzers

WIDTH = 1280
_FOCUSED = """() => {
  const at = document.activeElement;
  return at?.getAttribute("aria-label") || at?.labels?.[0]?.textContent || at?.textContent || "";
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepared_balzers(tmp_path_factory.mktemp("workspace"), 0.2)
    (folder / "extracts").mkdir()
    shutil.copy(folder / "scenarios" / "balzers" / "data" / "balzers.osm.pbf", folder / "extracts")
    return folder


@pytest.fixture
def page(browser: Any, studio: Served) -> Iterator[Any]:
    with context_of(browser, studio) as context:
        page = context.new_page()
        open_plans(page, studio)
        yield page


def _tab_to(page: Any, name: str, key: str = "Tab") -> None:
    """Press Tab until the focus is on what is called so."""
    for _ in range(150):
        if page.evaluate(_FOCUSED).startswith(name):
            return
        page.keyboard.press(key)
    raise AssertionError(f"no {key} leads to {name!r}")


def _press(page: Any, name: str) -> None:
    _tab_to(page, name)
    page.keyboard.press("Enter")


def _write(page: Any, name: str, text: str) -> None:
    _tab_to(page, name)
    page.keyboard.type(text)


def _corner(page: Any, *arrows: str) -> None:
    """Move the map, and take its middle."""
    for arrow in arrows:
        page.keyboard.press(arrow)
        until(page, "!document.querySelector('.map').placeMap.map.isMoving()")  # it glides
    page.keyboard.press("Enter")


def _on_tab(page: Any, name: str) -> None:
    """Go to a tab from where the page is: back to the tabs, then by arrows."""
    page.locator("[role=tab][aria-selected=true]").wait_for()
    chosen = page.locator("[role=tab][aria-selected=true]").inner_text()
    _tab_to(page, chosen, "Shift+Tab")
    for _ in range(3):
        if page.locator("[role=tab][aria-selected=true]").inner_text() == name:
            return
        page.keyboard.press("ArrowRight")


_IS_DRAWN = """() => {
  const { map } = document.querySelector(".map").placeMap;
  return map.loaded() && map.getSource("td-polygon") && map.getLayer("cars");
}"""


def _draw(page: Any) -> None:
    """Draw an area of four corners, one of which is taken back meanwhile."""
    said = page.locator(".area-said")
    _tab_to(page, "Map: arrow keys")
    _corner(page, "ArrowUp", "ArrowLeft")
    _corner(page, "ArrowRight", "ArrowRight")
    _corner(page, "ArrowDown", "ArrowDown")
    said.get_by_text("3 corners so far").wait_for()
    page.keyboard.press("Backspace")
    said.get_by_text("2 corners so far").wait_for()
    for colours in ("dark", "light"):  # as at sunset: the map has another style, and still what is being drawn
        page.emulate_media(color_scheme=colours)
        until(page, _IS_DRAWN)
    assert page.get_by_role("button", name="The area is complete").is_disabled()
    page.keyboard.press("Enter")
    _corner(page, "ArrowLeft", "ArrowLeft")
    said.get_by_text("4 corners so far").wait_for()
    assert page.locator(".map .middle").is_visible()
    assert axe_problems(page, WIDTH) == []
    _press(page, "The area is complete")
    said.get_by_text("An area with 4 corners: ").wait_for()


def test_a_new_place_is_drawn_run_and_given_its_ways_out(page: Any, folder: Path) -> None:
    _press(page, "New place")
    page.locator(".area-said", has_text="Click the first corner").wait_for()
    assert axe_problems(page, WIDTH) == []
    _draw(page)
    _write(page, "How many households live there", "40")
    _press(page, "Make it and run it")
    page.locator(".new-place .problems", has_text="is empty").wait_for()
    assert axe_problems(page, WIDTH) == []
    _tab_to(page, "What to call it", "Shift+Tab")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    page.locator(".new-place .job").wait_for()
    assert page.locator(".new-place .job").evaluate("(job) => job.getBoundingClientRect().top < innerHeight")
    assert axe_problems(page, WIDTH) == []
    page.locator(".run .verdict").wait_for()
    assert "All 60 vehicles are out" in page.inner_text(".run")
    assert page.evaluate("document.activeElement.id") == "tabpanel"  # not at the page's head again
    _on_tab(page, "Where")
    _press(page, "Change: Gagoz")
    _write(page, "The road beyond takes at most", "600")
    assert axe_problems(page, WIDTH) == []
    page.keyboard.press("Enter")
    page.locator(".exits li", has_text="600 vehicles an hour").wait_for()
    _press(page, "Change: Landstrasse")
    _press(page, "Refuse it as a way out")
    page.locator(".exits li", has_text="Landstrasse").wait_for(state="detached")
    page.wait_for_selector("#studio[data-state=ready]")
    _write(page, "A street by its name", "Landstrasse")
    page.keyboard.press("Enter")
    _press(page, "People are out at its end: make it a way out, northbound")
    assert axe_problems(page, WIDTH) == []
    _press(page, "Use it as a way out")
    page.locator(".exits li", has_text="Landstrasse").wait_for()
    exits = yaml.safe_load((folder / "scenarios" / "by-keyboard" / "scenario.yaml").read_text())["exits"]
    assert [item["name"] for item in exits] == ["Gagoz", "Neue Churer Strasse", "Landstrasse"]
    assert exits[0]["veh_per_h"] == 600
    _on_tab(page, "Go")
    _press(page, "Run")
    page.locator(".run .verdict").wait_for()


def _send_area(page: Any, folder: Path, name: str, corners: list[list[float]]) -> None:
    path = folder / f"{name}.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [[*corners, corners[0]]]}))
    page.get_by_label("or send a file", exact=True).set_input_files(path)
    page.locator(".area-said", has_text=f"The area of {name}.geojson: ").wait_for()


def test_what_is_wrong_with_a_new_place_is_told_where_it_is(page: Any, tmp_path: Path) -> None:
    """An area elsewhere, one that crosses itself, one that no road leads out of, and a map that is none."""
    page.emulate_media(reduced_motion="reduce")  # the map jumps
    page.get_by_role("button", name="New place").click()
    page.locator(".area-said", has_text="Click the first corner").wait_for()
    _send_area(page, tmp_path, "sea", [[5.0, 43.0], [5.2, 43.0], [5.2, 43.1], [5.0, 43.1]])
    page.get_by_text("This isn't where the map is").wait_for()
    page.get_by_role("button", name="Draw it").click()
    page.locator(".area-said", has_text="Click the first corner").wait_for()
    centre = page.evaluate("document.querySelector('.map').placeMap.map.getCenter().lat")
    assert 47.0 < centre < 47.2  # back where the roads are
    _send_area(page, tmp_path, "bow", [[9.49, 47.06], [9.52, 47.08], [9.52, 47.06], [9.49, 47.08]])
    page.get_by_text("The outline crosses itself where the red mark is").wait_for()
    _send_area(page, tmp_path, "garden", [[9.5, 47.065], [9.5001, 47.065], [9.5001, 47.0651], [9.5, 47.0651]])
    assert " 84 m²" in page.inner_text(".area-said")
    problem = {
        "where": "scenario.yaml: exits",
        "what": "no road leads out of the area and on",
        "remedy": "name --exits",
    }
    page.route("**/api/new", lambda route: route.fulfill(status=422, json={"problems": [problem]}))
    page.get_by_role("button", name="Make it and run it").click()
    page.locator(".problems", has_text="draw it so that a road crosses its outline and leads on").wait_for()
    (tmp_path / "none.osm.pbf").write_bytes(b"nothing")
    page.get_by_label("Send a map file").set_input_files(tmp_path / "none.osm.pbf")
    page.locator(".problems", has_text="none.osm.pbf").wait_for()
    assert str(tmp_path.parent.parent) not in page.inner_text(".new-place")  # whose folder is nobody's business
    assert page.locator("#homes").get_attribute("min") == "1"
    page.get_by_role("button", name="Back, without a new place").click()
    page.locator(".exits li").first.wait_for()


def test_a_studio_that_has_ended_says_so_in_words(page: Any) -> None:
    page.route("**/api/places/balzers/runs", lambda route: route.abort())
    page.click("#tab-runs")
    page.get_by_text("The studio doesn't answer. Is it still running in its terminal?").wait_for()


def test_a_plan_is_built(page: Any, folder: Path) -> None:
    _write(page, "Name of the new plan", "By keyboard")
    page.keyboard.press("Enter")
    page.locator(".finder input").wait_for()
    _write(page, "A street, junction, zone or exit", "street Neue Churer Strasse")
    page.keyboard.press("Enter")
    page.locator(".kinds").wait_for()
    _press(page, "Contraflow")
    direction = page.get_by_label("Direction of travel")
    assert direction.input_value() == "southeast"  # the way out, of its longest piece
    _tab_to(page, "Direction of travel")
    page.keyboard.type("southb")
    assert direction.input_value() == "south"
    _tab_to(page, "From, minutes after the order")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    _tab_to(page, "Until, minutes after the order")
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    _press(page, "Add to the plan")
    page.locator(".own-actions li").wait_for()
    page.keyboard.type("junction Neue Churer Strasse / Palduinstrasse")  # the next can be written at once
    page.keyboard.press("Enter")
    page.locator(".kinds").wait_for()
    _press(page, "Officer")
    _press(page, "Add to the plan")
    page.locator(".own-actions li").nth(1).wait_for()
    page.keyboard.type("zone Iramali")
    page.keyboard.press("Enter")
    page.locator(".kinds").wait_for()
    _press(page, "Leave later, as a wave")
    _tab_to(page, "Minutes after the order")
    page.keyboard.press("Control+a")
    page.keyboard.type("45")
    _press(page, "Add to the plan")
    page.locator(".own-actions li").nth(2).wait_for()
    page.locator(".diff .changes").first.wait_for()
    assert axe_problems(page, WIDTH) == []
    made = yaml.safe_load((folder / "plans" / "balzers" / "by-keyboard.yaml").read_text())["actions"]
    assert [action["do"] for action in made] == ["contraflow", "signal", "phase"]
    assert made[0]["where"] == {"street": "Neue Churer Strasse", "towards": "south"}
    assert made[0]["when"] == {"from_min": 15, "until_min": 420}
    assert made[1]["mode"] == "officer"
    assert (made[2]["zones"], made[2]["offset_min"]) == (["Iramali"], 45)
