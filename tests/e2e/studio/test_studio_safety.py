"""What people flee from, where they find refuge and what fetches them stands in the page, and on the map."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from studio_page import axe_problems, context_of, until
from studio_workspace import ROOT, Served, prepare_as_balzers, served

REFUGE = {"name": "School yard", "at": {"lat": 47.06663, "lon": 9.50387}, "vehicles": 300, "people": 900}
STOP = {"name": "Church", "at": {"lat": 47.06663, "lon": 9.50387}}
FLEET = {"name": "Post bus", "exit": "North to Triesen", "number": 4, "capacity": 60, "beyond_min": 30}
MORE = {
    "refuges": [REFUGE],
    "buses": {"people_per_household": 1.5, "stops": [STOP], "fleets": [FLEET]},
    "walking": {"people_per_household": 1.5},
}
_REACHED = "document.querySelector('.map').placeMap.content.changes.features.length"
_SAFE = "document.querySelector('.map').placeMap.content.safe.features.map((item) => item.properties.words)"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a studio on Balzers under a flood, with a refuge and buses."""
    folder = tmp_path_factory.mktemp("workspace")
    for place in ("balzers", "balzers-flood"):
        shutil.copytree(ROOT / "scenarios" / place, folder / "scenarios" / place)
    path = folder / "scenarios" / "balzers-flood" / "scenario.yaml"
    text = path.read_text()
    cases = "vehicles_per_household: [1]\n"
    assert cases in text
    text = text.replace(cases, "vehicles_per_household: [{name: census, distribution: {0: 0.2, 1: 0.8}}]\n")
    path.write_text(text + "".join(f"{name}: {json.dumps(section)}\n" for name, section in MORE.items()))
    prepare_as_balzers(folder)
    with served(folder) as studio:
        yield studio


def test_hazard_refuge_and_buses_are_told_and_drawn(browser: Any, studio: Served) -> None:
    with context_of(browser, studio) as context:
        page = context.new_page()
        page.goto(f"{studio.client.base_url}#place=balzers-flood")
        page.wait_for_selector("#studio[data-state=ready]")
        page.get_by_label("Time after the order").wait_for()
        said = page.inner_text("#tabpanel")
        assert "Flood of the Rhine (made up)" in said
        assert "room for 300 vehicles and 900 people on foot" in said
        assert "Post bus: 4 buses with 60 seats each, by North to Triesen, 30 min after the order" in said
        assert page.evaluate(_SAFE) == [
            "Refuge School yard: room for 300 vehicles and 900 people on foot",
            "Bus stop Church",
        ]
        assert "closes 576 pieces of road" in said
        reached = page.evaluate(_REACHED)
        assert reached > 0
        page.get_by_label("Time after the order").fill("30")  # the first are reached 35 minutes after it
        assert "Reached up to 0:30 h" in page.inner_text("#tabpanel")
        assert page.evaluate(_REACHED) == 0
        assert {"refuge", "bus stop"} <= set(page.locator(".dots li").all_inner_texts())
        assert "By the hazard: closed" in page.inner_text(".exits")
        assert axe_problems(page, 1280) == []


_AT_READY = """() => {
  const root = document.getElementById("studio"), { map } = document.querySelector(".map").placeMap;
  const safe = () => map.queryRenderedFeatures({layers: ["safe"]}).length;
  window.atReady = [];
  new MutationObserver(() => {
    if (root.dataset.state === "ready") window.atReady.push([map.loaded(), safe()]);
  }).observe(root, { attributeFilter: ["data-state"] });
}"""


def test_a_place_that_is_changed_to_is_drawn_when_the_page_says_so(browser: Any, studio: Served) -> None:
    """Both places lie over each other: the tiles of the one are no sign that the other is drawn."""
    with context_of(browser, studio) as context:
        page = context.new_page()
        page.goto(f"{studio.client.base_url}#place=balzers")
        page.wait_for_selector("#studio[data-state=ready]")
        page.evaluate(_AT_READY)
        for place, safe in (("balzers-flood", 2), ("balzers", 0)):
            page.select_option("#place", place)
            page.wait_for_selector("#studio[data-state=preparing]", state="detached")
            until(page, "place => location.hash.includes(`place=${place}&`)", place)
            until(page, "window.atReady.length > 0")
            assert page.evaluate("window.atReady.splice(0)") == [[True, safe]]


def test_a_place_without_any_of_these_says_nothing_of_them(browser: Any, studio: Served) -> None:
    with context_of(browser, studio) as context:
        page = context.new_page()
        page.goto(f"{studio.client.base_url}#place=balzers")
        page.wait_for_selector("#studio[data-state=ready]")
        assert page.locator("#tabpanel h3").filter(has_text="Hazard").count() == 0
        assert page.evaluate(_SAFE) == []


def test_whom_the_hazard_reached_stands_beside_the_answer(browser: Any, studio: Served) -> None:
    """As a finished run would say it: the answer to what is asked about it is made here."""
    run = {"job": "1", "plan": "baseline", "plan_name": "Baseline", "seed": 1, "vehicles_per_household": "census"}
    run |= {"departure": "d", "fidelity": "meso", "capacity_factor": 1.0, "signals": None, "t90_s": None}
    run |= {"trusted": True, "older": True, "range": None}
    counts = {"evacuated": 80, "in_refuge": 9, "exposed": 7, "exposed_vehicle_min": 12.4, "households_not_out": 11}
    content: dict[str, Any] = {"job": "1", "planned": 100, "counts": counts, "trusted": True}
    content |= {"times_s": dict.fromkeys(("50", "90", "95", "100"))}
    content |= {"curve": {"minute": [0], "departed": [0], "entered": [0], "evacuated": [0]}}
    content |= {name: [] for name in ("lanes", "bottlenecks", "reasons", "caveats")}
    with context_of(browser, studio) as context:
        page = context.new_page()
        page.route("**/api/places/balzers-flood/runs", lambda route: route.fulfill(json=[run]))
        page.route("**/api/places/balzers-flood/runs/1", lambda route: route.fulfill(json=content))
        page.route("**/api/places/balzers-flood/runs/1/bound", lambda route: route.fulfill(json={}))
        page.goto(f"{studio.client.base_url}#place=balzers-flood&tab=runs")
        page.locator(".run .answer").wait_for()
        said = page.inner_text(".run")
    assert "Not cleared: 80 of 100 vehicles are out at the end." in said
    assert "11 households never get to safety." in said
    assert "7 vehicles were on roads that the hazard had reached, for 12 vehicle minutes." in said
    assert "9 vehicles are in a refuge: safe, and not out." in said
