"""The studio's page in a real browser: a place with its map, its ways out and its findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import evac
from studio_page import TIMEOUT_MS, axe_problems, click_at, look_at, pictured, until
from studio_workspace import Served


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
  // It has just been looked at from afar.
  for (let i = 0; i < 600 && map.getPixelRatio() < devicePixelRatio; i += 1) await frame();
  const before = map.getPixelRatio();
  map.on("render", hinder);
  for (let i = 0; i < 200 && map.getPixelRatio() === before; i += 1) {
    map.panBy([i % 2 ? 3 : -3, 0], { animate: false });
    await frame();
  }
  const moving = map.getPixelRatio();
  map.off("render", hinder);
  for (let i = 0; i < 600 && map.getPixelRatio() < before; i += 1) await new Promise((done) => setTimeout(done, 50));
  return [before, moving, map.getPixelRatio()].map((pixels) => pixels / devicePixelRatio);
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


_LAYERS = """([source, features]) => {
  const { placeMap } = document.querySelector(".map"), { map } = placeMap;
  placeMap.put(source, { type: "FeatureCollection", features });
  const layers = map.getLayersOrder().map((id) => map.getLayer(id)).filter((layer) => layer.source === source);
  return layers.map((layer) => map.getLayoutProperty(layer.id, "visibility"));
}"""
_QUEUES = "document.querySelector('.map').placeMap.map.queryRenderedFeatures({layers: ['queues']}).length"


def test_what_has_nothing_to_show_costs_no_layer(page: Any) -> None:
    """Tiles are made for a layer that is visible, and clipped in each frame, though nothing is in them."""
    road = page.evaluate("document.querySelector('.map').placeMap.roads[0]")
    queue = {"type": "Feature", "geometry": road["geometry"], "properties": {"queue": 7}}
    assert page.evaluate(_LAYERS, ["queues", []]) == ["none"]
    assert page.evaluate(_LAYERS, ["queues", [queue]]) == ["visible"]
    until(page, f"{_QUEUES} > 0")
    assert page.evaluate(_LAYERS, ["queues", []]) == ["none"]
    until(page, f"{_QUEUES} === 0")


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
        shown = page.query_selector("#tabpanel")
        page.get_by_role("button", name="Undo the last change").click()
        shown.wait_for_element_state("hidden", timeout=TIMEOUT_MS)
        page.wait_for_selector("#studio[data-state=ready]")
    assert path.read_text() == before


def test_a_finding_is_corrected_where_it_is_told(page: Any, folder: Path) -> None:
    path = folder / "scenarios" / "balzers" / "scenario.yaml"
    before = path.read_text()
    finding = page.locator(".findings li", has_text="how many lanes Palduinstrasse has")
    page.locator(".folded summary").click()
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
    finding.wait_for(state="attached")
    assert path.read_text() == before


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
