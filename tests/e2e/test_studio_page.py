"""The studio's page in a real browser."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import evac
from studio_page import TIMEOUT_MS, axe_problems, click_at, context_of, look_at, pictured
from studio_workspace import Served, prepared_balzers, served

MOST_SCREENING_S = 60.0
"""For a plan on a town that the coarse model is fitted to: seconds, on a machine that does other things besides."""
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepared_balzers(tmp_path_factory.mktemp("workspace"), 0.2)
    (folder / "plans" / "balzers" / "hostile.yaml").write_text(
        f"name: '{HOSTILE}'\nnote: '{HOSTILE}'\nactions:\n"
        f"  - {{do: signal, label: '{HOSTILE}', mode: officer, with: {{officers: 1}},\n"
        "     where: {street: Neue Churer Strasse, crossing: Palduinstrasse}}\n"
    )
    return folder


@pytest.fixture(scope="module")
def studio(folder: Path) -> Iterator[Served]:
    with served(folder) as studio:
        yield studio


@pytest.fixture
def context(browser: Any, studio: Served) -> Iterator[Any]:
    with context_of(browser, studio) as context:
        yield context


def _is_noise(message: Any) -> bool:
    """Tell whether a message of the browser is none about what the studio has refused, which the page shows itself."""
    return message.type in ("error", "warning") and "status of 422" not in message.text


@pytest.fixture
def page(context: Any, studio: Served) -> Iterator[Any]:
    """Give a page that shows Balzers; it must be quiet, and ask nobody but the studio."""
    page = context.new_page()
    noise: list[str] = []
    address = str(studio.client.base_url)
    known = (address, "data:", "blob:")
    page.on("console", lambda message: noise.append(message.text) if _is_noise(message) else None)
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("dialog", lambda dialog: (noise.append("dialog"), dialog.dismiss()))
    page.on("request", lambda sent: None if sent.url.startswith(known) else noise.append(sent.url))
    page.goto(address)
    page.wait_for_selector("#studio[data-state=ready]")
    yield page
    page.close()
    assert noise == []


def test_the_address_opens_it_once(browser: Any, studio: Served) -> None:
    page = browser.new_page()
    page.goto(studio.url)  # whose token the client has used
    page.wait_for_selector("#studio[data-state=failed]", timeout=TIMEOUT_MS)
    assert "has been used" in page.inner_text("#studio")
    assert "token" not in page.url
    page.close()


def test_a_place_opens_with_its_ways_out_and_findings(page: Any) -> None:
    assert page.locator(".exits li").count() == 3
    assert "1 lane" in page.locator(".exits li").first.inner_text()
    page.locator(".findings button").first.click()
    assert page.locator(".findings [aria-pressed=true]").count() == 1
    assert "What to look at (" in page.inner_text("#tabpanel")
    assert page.locator("canvas.maplibregl-canvas").count() == 1


_SLOW = """async () => {
  const map = document.querySelector('.map').placeMap.map;
  const frame = () => new Promise(requestAnimationFrame);
  const hinder = () => {
    const until = performance.now() + 60;
    while (performance.now() < until);
  };
  for (let i = 0; i < 600 && map.getPixelRatio() < 1; i += 1) await frame(); // it has just been looked at from afar
  const before = map.getPixelRatio();
  map.on("render", hinder);
  for (let i = 0; i < 200 && map.getPixelRatio() === before; i += 1) {
    map.panBy([i % 2 ? 3 : -3, 0], { animate: false });
    await frame();
  }
  const moving = map.getPixelRatio();
  map.off("render", hinder);
  for (let i = 0; i < 600 && map.getPixelRatio() < before; i += 1) await new Promise((done) => setTimeout(done, 50));
  return [before, moving, map.getPixelRatio()];
}"""


def test_from_afar_a_street_has_both_directions_and_a_slow_map_fewer_pixels_while_it_moves(
    page: Any, folder: Path
) -> None:
    roads = (
        evac.open(folder / "scenarios" / "balzers", workspace=folder).roads().query("street == 'Neue Churer Strasse'")
    )
    middle = roads.loc[roads["length_m"].idxmax()].geometry.interpolate(0.5, normalized=True)
    look_at(page, middle.x, middle.y, zoom=12.5)
    box = page.locator("canvas.maplibregl-canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    chosen = page.locator(".chosen li")
    chosen.first.wait_for()
    assert chosen.count() == 2
    assert page.evaluate(_SLOW) == [1, 0.5, 1]


_SEES = """(bounds) => {
  const view = document.querySelector('.map').placeMap.map.getBounds();
  return view.contains([bounds[0], bounds[1]]) && view.contains([bounds[2], bounds[3]]);
}"""


def _comes_into_view(page: Any, bounds: list[float]) -> bool:
    for _ in range(50):
        if page.evaluate(_SEES, bounds):
            return True
        page.wait_for_timeout(100)
    return False


_ZONE_NAMES = """async () => {
  const { map } = document.querySelector(".map").placeMap;
  map.triggerRepaint();
  await map.once("idle");
  return map.queryRenderedFeatures({layers: ["zone-names"]}).map((item) => item.properties.zone);
}"""


def test_a_zone_is_named_once_however_near_one_looks(page: Any, folder: Path) -> None:
    zones = evac.open(folder / "scenarios" / "balzers", workspace=folder).zones().set_index("zone")
    widest = zones.geometry.to_crs(2056).area.idxmax()
    spot = zones.geometry.representative_point()[widest]
    assert sorted(page.evaluate(_ZONE_NAMES)) == sorted(zones.index)
    for zoom in (14.0, 15.0, 16.0):
        look_at(page, spot.x, spot.y, zoom)
        assert page.evaluate(_ZONE_NAMES).count(widest) == 1


_EXITS_ALONE = """() => {
  const { bounds, content: { exits: { features } } } = document.querySelector(".map").placeMap;
  const [lons, lats] = [0, 1].map((axis) => features.map((item) => item.geometry.coordinates[axis]));
  bounds.splice(0, 4, Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats));
}"""
_BELOW_AND_BESIDE_EXITS = """async () => {
  const { map, content: { exits: { features } } } = document.querySelector(".map").placeMap;
  if (map.isMoving()) await map.once("moveend");
  const { clientWidth: width, clientHeight: height } = map.getCanvas();
  const spots = features.map((item) => map.project(item.geometry.coordinates));
  return [Math.min(...spots.map(({ y }) => height - y)), Math.min(...spots.flatMap(({ x }) => [x, width - x]))];
}"""


@pytest.mark.parametrize(("width", "beside_px"), [(1280, 80), (390, 39)])
def test_the_words_of_an_exit_at_the_edge_are_on_the_map(page: Any, width: int, beside_px: int) -> None:
    """Four lines of 13 pixels stand below it; a phone is as narrow as two of its words."""
    page.set_viewport_size({"width": width, "height": 820})
    page.evaluate(_EXITS_ALONE)  # Balzers' own area lies further south than its exits
    page.get_by_role("button", name="The whole place").click()
    below, beside = page.evaluate(_BELOW_AND_BESIDE_EXITS)
    assert below >= 1.2 * 13 + 4 * 1.2 * 13
    assert beside >= beside_px - 1


_DRAWN_AT_REST = """async () => {
  const { map } = document.querySelector(".map").placeMap;
  for (let i = 0; i < 600 && !map.getLayer("cars"); i += 1) await new Promise((done) => setTimeout(done, 50));
  for (let i = 0; i < 2; i += 1) { map.triggerRepaint(); await map.once("idle"); }
  return map.queryRenderedFeatures().length;
}"""
_NEW_PLACE_AT_ONCE = """new MutationObserver((_, watcher) => {
  if (!document.querySelector(".map canvas")) return;
  watcher.disconnect();
  [...document.querySelectorAll("header button")].find((button) => button.textContent === "New place").click();
}).observe(document, {childList: true, subtree: true})"""


def test_who_makes_a_new_place_while_the_map_begins_gets_an_empty_map(page: Any) -> None:
    page.add_init_script(_NEW_PLACE_AT_ONCE)
    page.reload()
    page.locator(".new-place").wait_for()
    assert page.evaluate(_DRAWN_AT_REST) == 0


def test_what_a_plan_changes_comes_into_view_and_then_the_whole_place(page: Any, folder: Path) -> None:
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    changed = [float(value) for value in place.under("contraflow-south").changes().total_bounds]
    whole = page.evaluate("document.querySelector('.map').placeMap.bounds")
    look_at(page, whole[0], whole[1])
    page.click("#tab-plans")
    page.locator("[data-plan=contraflow-south]").get_by_role("button", name="Show what it changes").click()
    page.locator(".changes").first.wait_for()
    assert _comes_into_view(page, changed)
    assert not page.evaluate(_SEES, whole)
    page.get_by_role("button", name="The whole place").click()
    assert _comes_into_view(page, whole)
    page.evaluate("document.querySelector('.side').scrollTop = 500")
    page.click("#tab-runs")
    assert page.evaluate("document.querySelector('.side').scrollTop") == 0


def test_a_way_out_is_limited_refused_and_taken_back_on_the_map(page: Any, folder: Path) -> None:
    path = folder / "scenarios" / "balzers" / "scenario.yaml"
    before = path.read_text()
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    exits = place.exits().set_index("exit")
    bridge, (north,) = exits.geometry["Rhine bridge to Trübbach"], exits["edges"]["North to Triesen"]
    click_at(page, bridge.x, bridge.y)
    page.get_by_label("The road beyond takes at most").fill("700")
    page.get_by_role("button", name="Save").click()
    page.locator(".exits li", has_text="700 vehicles an hour").wait_for()
    page.get_by_role("button", name="Change: North to Triesen").click()
    page.get_by_role("button", name="refuse it").click()
    page.locator(".exits li", has_text="North to Triesen").wait_for(state="detached")
    assert "veh_per_h: 700" in path.read_text()
    assert "North to Triesen" not in path.read_text()
    assert "# farms reach the nearest street by tracks" in path.read_text()
    spot = place.roads().set_index("edge").geometry[north].interpolate(0.5, normalized=True)
    click_at(page, spot.x, spot.y)
    page.locator(".chosen li", has_text="northbound").get_by_role("button", name="make it a way out").click()
    page.get_by_label("What people call it").fill("Triesen")
    page.get_by_role("button", name="Use it as a way out").click()
    page.locator(".exits li", has_text="Triesen").wait_for()
    assert "name: Triesen," in path.read_text()
    for _ in range(3):
        page.get_by_role("button", name="Undo the last change").click()
        page.wait_for_selector("#studio[data-state=preparing]")
        page.wait_for_selector("#studio[data-state=ready]")
    assert path.read_text() == before


def test_a_finding_is_corrected_where_it_is_told(page: Any, folder: Path) -> None:
    path = folder / "scenarios" / "balzers" / "scenario.yaml"
    before = path.read_text()
    finding = page.locator(".findings li", has_text="how many lanes Palduinstrasse has")
    finding.get_by_role("button", name="Correct it").click()
    finding.locator("form .row input").first.fill("2")
    finding.get_by_label("How you know").fill("seen on 3 May")
    pictured(page, "where")
    finding.locator("form").get_by_role("button", name="Correct it").click()
    page.locator("summary", has_text="Corrections of the map (5)").wait_for()
    page.locator(".findings .rank").first.wait_for()
    assert finding.count() == 0
    assert "lanes: 3, lanes:" in path.read_text()
    page.get_by_role("button", name="Undo the last change").click()
    finding.wait_for()
    assert path.read_text() == before


def test_a_plan_shows_what_it_changes(page: Any) -> None:
    page.click("#tab-plans")
    card = page.locator("[data-plan=contraflow-south]")
    card.get_by_role("button", name="Show what it changes").click()
    card.locator(".changes").first.wait_for()
    assert "1 → 2" in card.inner_text()
    assert "2 officers, 4 signs, 120 cones" in card.inner_text()


def _new_plan(page: Any, name: str) -> None:
    page.click("#tab-plans")
    page.get_by_label("Name of the new plan").fill(name)
    page.get_by_role("button", name="New plan").click()
    page.locator(".finder input").wait_for()


def test_a_plan_built_by_clicks_gives_the_bytes_of_its_yaml(page: Any, folder: Path, tmp_path: Path) -> None:
    """Contraflow on the road south and an officer at Palduinstrasse, by clicks, and the same by hand."""
    _new_plan(page, "By clicks")
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    roads = place.roads()
    south = roads[(roads["street"] == "Neue Churer Strasse") & (roads["towards"] == "south")]
    middle = south.loc[south["length_m"].idxmax()].geometry.interpolate(0.5, normalized=True)
    click_at(page, middle.x, middle.y)
    page.get_by_label("How much of the street").select_option("whole")
    page.get_by_role("button", name="Contraflow").click()
    page.get_by_label("Direction of travel").select_option("south")
    page.get_by_label("From, minutes after the order").fill("15")
    page.get_by_role("button", name="Add to the plan").click()
    page.locator(".own-actions li").wait_for()
    junctions = place.junctions()
    named = junctions["streets"].map(lambda names: {"Neue Churer Strasse", "Palduinstrasse"} <= set(names))
    corner = junctions[named].geometry.iloc[0]
    click_at(page, corner.x, corner.y)
    page.get_by_role("button", name="Officer").click()
    page.get_by_role("button", name="Add to the plan").click()
    page.locator(".own-actions li").nth(1).wait_for()
    page.locator(".diff .changes").first.wait_for()
    assert "Takes 3 officers, 4 signs, 100 cones" in page.inner_text("#tabpanel")
    assert "1 → 2" in page.inner_text(".diff")
    page.evaluate("document.querySelector('.map').placeMap.map.zoomTo(13.3, {duration: 0})")
    pictured(page, "what-if")
    page.get_by_role("button", name="Run it").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".runs button", has_text="By clicks").wait_for()
    (tmp_path / "by-hand.yaml").write_text(
        "name: By hand\nactions:\n"
        "  - do: contraflow\n    where: {street: Neue Churer Strasse, towards: south}\n    when: {from_min: 15}\n"
        "  - do: signal\n    mode: officer\n    where: {street: Neue Churer Strasse, crossing: Palduinstrasse}\n"
    )
    by_hand = place.under(tmp_path / "by-hand.yaml").run()
    by_clicks = place.under("by-clicks").run()
    assert by_clicks.manifest["tables"]["vehicles.parquet"] == by_hand.manifest["tables"]["vehicles.parquet"]
    assert by_clicks.curve().equals(by_hand.curve())
    page.click("#tab-compare")
    page.locator("#run-a").wait_for()
    page.locator("#tabpanel tbody tr").first.wait_for()
    assert "No difference to the minute." in page.inner_text("#tabpanel")
    assert page.locator("#tabpanel tbody tr").count() == 5  # zones
    page.get_by_label("Time after the order").fill("2")
    assert "0:10 h after the order" in page.inner_text("#tabpanel")
    for width, scheme in ((1280, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 820})
        page.emulate_media(color_scheme=scheme)
        assert axe_problems(page, width) == []


def test_a_plan_is_renamed_and_removed(page: Any, folder: Path) -> None:
    plans = folder / "plans" / "balzers"
    _new_plan(page, "For a while")
    page.get_by_role("button", name="All plans").click()
    page.locator("[data-plan=for-a-while]").get_by_role("button", name="Rename").click()
    page.get_by_label("New name of the plan").fill("For longer")
    page.get_by_role("button", name="Rename it").click()
    card = page.locator("[data-plan=for-longer]")
    card.wait_for()
    assert not (plans / "for-a-while.yaml").exists()
    card.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    card.wait_for(state="detached")
    assert not (plans / "for-longer.yaml").exists()
    assert "For longer" in (folder / ".evac" / "studio" / "removed" / "balzers" / "for-longer.yaml").read_text()
    built_on = page.locator("[data-plan=bridge-closed]")  # by the flood
    built_on.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    built_on.get_by_text("other plans build on it: flood").wait_for()
    assert (plans / "bridge-closed.yaml").exists()


def test_changes_are_undone_and_done_again(page: Any, folder: Path) -> None:
    _new_plan(page, "Undone")
    path = folder / "plans" / "balzers" / "undone.yaml"
    empty = path.read_text()
    page.locator(".finder input").fill("exit North to Triesen")
    page.locator(".finder input").press("Enter")
    page.get_by_role("button", name="Close the exit").click()
    page.get_by_role("button", name="Add to the plan").click()
    page.locator(".own-actions li").wait_for()
    full = path.read_text()
    assert "exit: North to Triesen" in full
    page.get_by_role("button", name="Undo").click()
    page.locator(".own-actions li").wait_for(state="detached")
    assert path.read_text() == empty
    page.get_by_role("button", name="Redo").click()
    page.locator(".own-actions li").wait_for()
    assert path.read_text() == full


def test_what_is_wrong_stands_beside_its_action(page: Any, folder: Path) -> None:
    (folder / "plans" / "balzers" / "lost.yaml").write_text(
        "name: Lost\nactions:\n  - {do: close, label: fine, where: {street: Lehenwies}, accept_cut_off: true}\n"
        "  - {do: close, label: nowhere, where: {street: Lehenwiese Nord}}\n"
    )
    page.click("#tab-plans")
    page.locator("[data-plan=lost]").get_by_role("button", name="Change", exact=True).click()
    problems = page.locator(".own-actions .problems")
    problems.wait_for()
    assert "Lehenwies" in problems.inner_text()
    assert "nowhere" in page.locator(".own-actions li", has=page.locator(".problems")).inner_text()


def test_two_tabs_change_one_plan_and_nothing_is_lost(page: Any, context: Any, folder: Path) -> None:
    _new_plan(page, "Shared")
    other = context.new_page()
    other.goto(page.url)
    other.locator("[data-plan=shared]").get_by_role("button", name="Change", exact=True).click()
    other.locator(".finder input").fill("zone Iramali")
    other.locator(".finder input").press("Enter")
    other.get_by_role("button", name="Leave later, as a wave").click()
    page.locator(".finder input").fill("exit North to Triesen")
    page.locator(".finder input").press("Enter")
    page.get_by_role("button", name="Close the exit").click()
    page.get_by_role("button", name="Add to the plan").click()
    other.get_by_text("has been changed elsewhere").wait_for()
    other.get_by_role("button", name="Add to the plan").click()  # the form is still as it was
    other.locator(".own-actions li").nth(1).wait_for()
    text = (folder / "plans" / "balzers" / "shared.yaml").read_text()
    assert text.index("exit: North to Triesen") < text.index("offset_min: 30")
    page.locator(".own-actions li").nth(1).wait_for()
    assert page.get_by_role("button", name="Undo").is_disabled()  # what came last is another's
    other.get_by_role("button", name="Undo").click()
    page.locator(".own-actions li").nth(1).wait_for(state="detached")
    assert other.get_by_role("button", name="Undo").is_disabled()
    text = (folder / "plans" / "balzers" / "shared.yaml").read_text()
    assert ("exit: North to Triesen" in text, "offset_min" in text) == (True, False)
    other.close()


def test_names_are_text_and_never_html(page: Any) -> None:
    page.click("#tab-plans")
    card = page.locator("[data-plan=hostile]")
    card.get_by_role("button", name="Show what it changes").click()
    card.locator(".changes").first.wait_for()
    assert HOSTILE in card.inner_text()
    assert page.locator("#studio img, #studio script").count() == 0


def test_a_plan_is_run_by_clicks_and_outlives_a_reload(page: Any, folder: Path) -> None:
    page.click("#tab-runs")
    page.get_by_label("Baseline", exact=True).uncheck()
    page.get_by_label("Contraflow to the south").check()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".job[data-state=running]").wait_for()
    page.reload()
    page.wait_for_selector("#studio[data-state=ready]")
    assert page.locator("#tab-runs").get_attribute("aria-selected") == "true"
    page.locator(".runs [aria-pressed=true]", has_text="Contraflow to the south").wait_for()
    page.locator(".run .verdict").wait_for()
    assert "90 % are out" in page.inner_text(".run")
    assert page.locator(".run svg.chart path").count() == 2
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    best_s = place.under("contraflow-south").bounds().under_plan.earliest_s(90)
    bound = page.locator(".run .bound strong")
    bound.wait_for()
    assert bound.inner_text() == f"{best_s // 3600:.0f}:{best_s // 60 % 60:02.0f}"


@pytest.mark.slow
def test_a_report_is_written_and_opened(page: Any, context: Any) -> None:
    page.click("#tab-runs")
    page.locator(".start summary").click()
    page.get_by_label("and write the report").check()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Open the report").wait_for()
    with context.expect_page() as opened:
        page.get_by_role("button", name="Open the report").click()
    report = opened.value
    report.get_by_role("heading", level=1).wait_for()
    assert "Balzers" in report.title()
    assert "Baseline" in page.inner_text(".report")
    report.close()


def test_a_second_tab_hears_of_a_run_and_calls_it_off(page: Any, context: Any) -> None:
    other = context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#studio[data-state=ready]")
    for tab in (page, other):
        tab.click("#tab-runs")
    page.locator(".start summary").click()
    page.get_by_label("Repeated").select_option("5")
    page.get_by_role("button", name="Run", exact=True).click()
    other.locator(".live-key", has_text="drive").wait_for()
    assert other.evaluate("document.querySelector('.map').placeMap.cars.count") > 0
    other.get_by_role("button", name="Cancel").click()
    for tab in (page, other):
        tab.locator(".job").wait_for(state="detached")
    other.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_every_panel_passes_axe_and_fits(page: Any, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 820})
    page.emulate_media(color_scheme=scheme)
    for tab, content in (("place", ".findings button"), ("plans", ".card"), ("runs", ".plans input")):
        page.click(f"#tab-{tab}")
        page.locator(content).first.wait_for()
        assert axe_problems(page, width) == []


def test_a_tab_is_chosen_by_the_keyboard_alone(page: Any) -> None:
    page.locator("#tab-place").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#tab-plans").get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#tab-compare").get_attribute("aria-selected") == "true"


@pytest.mark.slow
def test_a_whole_town_is_watched_and_compared(browser: Any, tmp_path: Path) -> None:
    with served(prepared_balzers(tmp_path, 1.5)) as studio:
        page = context_of(browser, studio).new_page()
        page.goto(f"{studio.client.base_url}#place=balzers&tab=runs")
        page.get_by_label("Rhine flood, nothing prepared").check()
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator(".live-key", has_text=re.compile(r"[1-9]\d\d drive")).wait_for()
        assert page.evaluate("document.querySelector('.map').placeMap.cars.count") >= 100
        pictured(page, "go")
        page.locator(".runs li").nth(1).wait_for()
        page.locator(".job").wait_for(state="detached")
        page.click("#tab-compare")
        page.locator("#tabpanel tbody tr").first.wait_for()
        assert "min later" in page.inner_text("#tabpanel")  # the flood takes the bridge away
        assert page.evaluate("document.querySelector('.map').placeMap.content.gains.features.length") > 0
        pictured(page, "compare")
        page.context.close()


@pytest.mark.slow
def test_screening_answers_in_seconds_once_it_is_fitted(browser: Any, tmp_path: Path) -> None:
    with served(prepared_balzers(tmp_path, 1.5)) as studio:
        page = context_of(browser, studio).new_page()
        page.goto(f"{studio.client.base_url}#place=balzers&tab=runs")
        took, of_every_car = [], []
        for count, (plan, other) in enumerate((("Baseline", None), ("Contraflow to the south", "Baseline")), start=1):
            if other:
                page.get_by_label(other, exact=True).uncheck()
            page.get_by_label(plan, exact=True).check()
            page.get_by_label("How exactly").select_option("meso")
            began = time.monotonic()
            page.get_by_role("button", name="Run", exact=True).click()
            page.locator(".runs li", has_text="coarse").nth(count - 1).wait_for()
            took.append(time.monotonic() - began)
            page.locator(".job").wait_for(state="detached")
            cases = [json.loads(path.read_text())["case"] for path in (tmp_path / ".evac" / "runs").glob("*/job.json")]
            of_every_car.append(sum(case["fidelity"] == "micro" for case in cases))
        page.context.close()
    assert of_every_car == [2, 3]  # one to fit to, as there is one case; one a plan, to measure the error by
    print(f"screening: {took[0]:.0f} s with fitting, then {took[1]:.1f} s")  # noqa: T201 - figures of docs/studio.md
    assert took[1] < MOST_SCREENING_S


def test_a_page_goes_on_with_a_studio_that_was_killed_and_started_again(browser: Any, tmp_path: Path) -> None:
    folder = prepared_balzers(tmp_path, 1.5)
    with served(folder) as studio, context_of(browser, studio) as context:
        port = str(studio.client.base_url.port)
        page = context.new_page()
        page.goto(f"{studio.client.base_url}#place=balzers&tab=runs")
        page.locator(".start summary").click()
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator(".live-key", has_text="drive").wait_for()
        studio.process.kill()
        status = page.locator("header .status")
        status.filter(has_text="doesn't answer").wait_for()
        assert page.evaluate("document.querySelector('.map').placeMap.cars.count") == 0
        with served(folder, "--port", port) as again:
            status.filter(has_text="open the page by the address").wait_for()
            key = again.client.headers["Authorization"].removeprefix("Bearer ")
            page.evaluate("(key) => localStorage.setItem('evac-studio-key', key)", key)  # as another tab does
            status.filter(has_text="The studio is there again.").wait_for()
            page.locator(".live-key", has_text="drive").wait_for()  # the run goes on
            page.get_by_role("button", name="Cancel").click()
            page.locator(".job").wait_for(state="detached")


_GUARD = """
import os, socket
_connect = socket.socket.connect
def connect(self, address):
    if isinstance(address, tuple) and not address[0].startswith("127."):
        with open(os.environ["ASKED_OUTSIDE"], "a") as file:
            file.write(f"{address}\\n")
        raise OSError("there is no internet")
    return _connect(self, address)
socket.socket.connect = connect
"""


def _read_aloud_when_it_ends(page: Any, run: str) -> str:
    """Let the page hear that a run goes on and then that it has ended, and return what a screen reader reads of it."""
    asked = {"kind": "run", "plans": ["baseline"], "names": ["Baseline"], "vehicles": "0.2"}
    job = {"id": 7, "place": "balzers", "state": "running", "since": 0, "told": {}, "ending": False, "asked": asked}
    heard = iter([job])

    def tell(route: Any) -> None:
        now = next(heard, {**job, "state": "done", "told": {"runs": [run], "failures": []}})
        route.fulfill(body=f"event: jobs\ndata: {json.dumps([now])}\n\n", content_type="text/event-stream")

    page.route("**/api/events", tell)
    page.route("**/api/jobs/7/frames", lambda route: route.fulfill(body="", content_type="text/event-stream"))
    page.reload()
    said = page.get_by_role("status").filter(has_text="until 90 % are out")
    said.wait_for()
    text: str = said.inner_text()
    return text


def test_a_finished_run_is_opened_without_the_internet(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = prepared_balzers(tmp_path / "workspace", 0.2)
    run = evac.open(folder / "scenarios" / "balzers", workspace=folder).under("baseline").run()
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(_GUARD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "guard"))
    monkeypatch.setenv("ASKED_OUTSIDE", str(tmp_path / "asked.txt"))
    outside: list[str] = []
    with served(folder) as studio:
        page = context_of(browser, studio).new_page()
        known = (str(studio.client.base_url), "data:", "blob:")
        page.on("request", lambda sent: None if sent.url.startswith(known) else outside.append(sent.url))
        page.goto(f"{studio.client.base_url}#place=balzers&tab=runs")
        page.locator(".run .verdict").wait_for()
        page.locator(".run .bound strong").wait_for()
        minutes = round(run.clearance(0.9).total_seconds() / 60)
        answer = f"{minutes // 60}:{minutes % 60:02d}"
        assert answer in page.inner_text(".run .big")
        assert f": {answer} h until 90 % are out." in _read_aloud_when_it_ends(page, run.job)
        page.context.close()
    assert outside == []
    assert not (tmp_path / "asked.txt").exists()
