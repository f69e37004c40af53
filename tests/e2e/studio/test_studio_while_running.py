"""What a run shows while it goes on, and what a place is made of that has no bounds, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import osmium

from evac.new_place import extract_roads
from studio_page import axe_problems, context_of
from studio_workspace import ROOT, prepared_balzers, served

BALZERS = ROOT / "scenarios" / "balzers" / "data" / "balzers.osm.pbf"
WIDTHS = ((1280, "light"), (390, "dark"))


def test_a_run_that_goes_on_and_the_comparison_meanwhile_pass_axe_and_fit(browser: Any, tmp_path: Path) -> None:
    with served(prepared_balzers(tmp_path, 1.5)) as studio, context_of(browser, studio) as context:
        page = context.new_page()
        page.goto(f"{studio.client.base_url}#place=balzers&tab=runs")
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator(".live-key", has_text="drive").wait_for()
        page.locator(".job svg.chart").wait_for()
        for tab in ("runs", "compare"):
            page.click(f"#tab-{tab}")
            page.locator("#tabpanel h2, #tabpanel .job, #tabpanel p").first.wait_for()
            for width, scheme in WIDTHS:
                page.set_viewport_size({"width": width, "height": 820})
                page.emulate_media(color_scheme=scheme)
                assert axe_problems(page, width) == [], (tab, width)
        page.click("#tab-runs")
        page.get_by_role("button", name="Cancel").click()
        page.locator(".job").wait_for(state="detached")


def test_an_extract_without_bounds_is_opened(browser: Any, tmp_path: Path) -> None:
    """What JOSM or a filter writes has none: the map looks at its roads."""
    bare = tmp_path / "bare.osm.pbf"
    with osmium.SimpleWriter(bare) as writer:  # without a header's box
        for item in osmium.FileProcessor(BALZERS):
            writer.add(item)
    (tmp_path / "workspace").mkdir()
    with served(tmp_path / "workspace") as studio, context_of(browser, studio) as context:
        page = context.new_page()
        page.goto(str(studio.client.base_url))
        page.get_by_label("Send a map file").set_input_files(bare)
        page.locator(".area-said", has_text="first corner").wait_for()
        assert page.evaluate("document.querySelector('.map').placeMap.content.roads.features.length") == len(
            extract_roads(BALZERS)
        )
        west, south, east, north = (
            page.evaluate("document.querySelector('.map').placeMap.map.getBounds().toArray()")[0]
            + page.evaluate("document.querySelector('.map').placeMap.map.getBounds().toArray()")[1]
        )
        assert west < 9.50 < east
        assert south < 47.06 < north
        assert east - west < 0.5  # it is near enough to draw on
