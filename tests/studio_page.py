"""The studio's page in a real browser, for tests."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from studio_workspace import ROOT, Served

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js"
TIMEOUT_MS = 300_000
_PICTURES = bool(os.environ.get("EVAC_PICTURES"))
TRIESEN = ((9.505, 47.125), (9.545, 47.125), (9.545, 47.095), (9.505, 47.095))


def context_of(browser: Any, studio: Served, **about: Any) -> Any:
    """Return a new user of a browser who has opened the studio: it has the key of the studio's client.

    The page has its whole size, drawn with half the pixels each way: most of the browser's time goes into drawing the
    map without a graphics card. Pictures for the docs have all of them.
    """
    pixels = 1.0 if _PICTURES else 0.5
    context = browser.new_context(
        **{"viewport": {"width": 1280, "height": 820}, "device_scale_factor": pixels, **about}
    )
    context.set_default_timeout(TIMEOUT_MS)
    key = studio.client.headers["Authorization"].removeprefix("Bearer ")
    context.add_init_script(f"localStorage.setItem('evac-studio-key', '{key}')")
    return context


def open_plans(page: Any, studio: Served, place: str = "balzers") -> None:
    """Open the plans of a place, and wait until they are there."""
    page.goto(f"{studio.client.base_url}#place={place}&tab=plans")
    page.wait_for_selector("#studio[data-state=ready]")


def pictured(page: Any, name: str) -> None:
    """Take the picture of docs/studio.md that a test shows, where it is asked for (`EVAC_PICTURES=1`)."""
    if _PICTURES:
        page.wait_for_timeout(800)
        page.screenshot(path=ROOT / "docs" / f"studio-{name}.jpg", type="jpeg", quality=80)


def axe_problems(page: Any, width: int) -> list[tuple[str, str]]:
    """Return what hinders people who can't see or point, and whether the page is wider than it may be."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    wide = page.evaluate("document.documentElement.scrollWidth")
    too_wide = [("too wide", f"{wide} pixels of {width}")] if wide > width else []
    return [(item["id"], item["nodes"][0]["html"]) for item in found] + too_wide


def until(page: Any, script: str, *given: Any) -> None:
    """Wait until a script of the page answers with something true.

    Playwright's function to wait for one would need `eval`, which the page forbids.
    """
    for _ in range(TIMEOUT_MS // 100):
        if page.evaluate(script, *given):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never came true: {script} with {given}")


def look_at(page: Any, lon: float, lat: float, zoom: float = 17.0) -> None:
    """Look at a place of the map from near, and wait until it is drawn."""
    page.evaluate(
        "([lon, lat, zoom]) => document.querySelector('.map').placeMap.map.jumpTo({center: [lon, lat], zoom})",
        [lon, lat, zoom],
    )
    page.wait_for_timeout(100)  # it begins to ask for what it draws
    until(page, "document.querySelector('.map').placeMap.map.loaded()")


def click_at(page: Any, lon: float, lat: float) -> None:
    """Click a place of the map, after a look at it from near."""
    look_at(page, lon, lat)
    at = page.locator("canvas.maplibregl-canvas").bounding_box()
    page.mouse.click(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)


def click_in_view(page: Any, lon: float, lat: float) -> None:
    """Click a place of the map that is in view."""
    box = page.locator("canvas.maplibregl-canvas").bounding_box()
    x, y = page.evaluate(
        "([lon, lat]) => { const at = document.querySelector('.map').placeMap.map.project([lon, lat]);"
        " return [at.x, at.y]; }",
        [lon, lat],
    )
    page.mouse.click(box["x"] + x, box["y"] + y)


def draw_area(page: Any, corners: tuple[tuple[float, float], ...]) -> None:
    """Click the corners of an area, the last one twice."""
    said = page.locator(".area-said")
    box = page.locator("canvas.maplibregl-canvas").bounding_box()
    for number, (lon, lat) in enumerate((*corners, corners[-1]), start=1):
        x, y = page.evaluate(
            "([lon, lat]) => { const at = document.querySelector('.map').placeMap.map.project([lon, lat]);"
            " return [at.x, at.y]; }",
            [lon, lat],
        )
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.wait_for_timeout(100)
        page.mouse.click(box["x"] + x, box["y"] + y)
        page.wait_for_timeout(300)  # no double click, which would zoom
        if number <= len(corners):
            said.filter(has_text="1 corner so far" if number == 1 else f"{number} corners so far").wait_for()


def drawn_town(page: Any, studio: Served, extract: Path) -> float:
    """Make a town from an extract of Liechtenstein by clicks alone, run it, and return the seconds to its answer."""
    began = time.monotonic()
    page.goto(str(studio.client.base_url))
    page.get_by_label("Send a map file").set_input_files(extract)
    page.locator(".area-said", has_text="first corner").wait_for()
    look_at(page, 9.525, 47.11, zoom=13)
    draw_area(page, TRIESEN)
    page.locator(".area-said", has_text="An area with 4 corners").wait_for()
    page.get_by_label("How many households live there").fill("2000")
    page.get_by_label("What to call it").fill("Triesen")
    page.get_by_role("button", name="Make it and run it").click()
    page.locator(".run .verdict").wait_for(timeout=10 * 60_000)
    return time.monotonic() - began
