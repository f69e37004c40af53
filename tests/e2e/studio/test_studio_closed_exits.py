"""Ways out that a plan or the hazard closes, in a real browser."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from studio_page import axe_problems, context_of
from studio_workspace import ROOT, prepared_balzers, served

_CLOSED = """() => document.querySelector('.map').placeMap.content.exits.features
  .filter((item) => item.properties.closed).map((item) => item.properties.words)"""


def test_ways_out_that_a_plan_or_the_hazard_closes_are_shown_so(browser: Any, tmp_path: Path) -> None:
    folder = prepared_balzers(tmp_path)
    shutil.copytree(ROOT / "scenarios" / "balzers-flood", folder / "scenarios" / "balzers-flood")
    with served(folder) as studio, context_of(browser, studio) as context:
        page = context.new_page()
        page.goto(f"{studio.client.base_url}#place=balzers&tab=plans")
        card = page.locator("[data-plan=flood]")
        card.get_by_role("button", name="Show what it changes").click()
        told = card.locator(".closing li")
        told.wait_for()
        assert told.inner_text() == "Rhine bridge to Trübbach: closed from 0:20 h on"
        assert page.evaluate(_CLOSED) == ["Rhine bridge to Trübbach\n1 lane\nclosed from 0:20 h on"]
        assert axe_problems(page, 1280) == []
        card.get_by_role("button", name="Hide what it changes").click()
        assert page.evaluate(_CLOSED) == []
        page.get_by_label("Place", exact=True).select_option("balzers-flood")
        by_hazard = page.locator(".exits li .bad", has_text="By the hazard: closed from")
        by_hazard.first.wait_for()
        assert len(page.evaluate(_CLOSED)) == by_hazard.count() > 0
        page.click("#tab-plans")
        assert page.evaluate(_CLOSED) == []
        baseline = page.locator("[data-plan=baseline]")
        baseline.get_by_role("button", name="Show what the hazard closes").click()
        baseline.locator(".closing li").first.wait_for()
        assert len(page.evaluate(_CLOSED)) > 0
