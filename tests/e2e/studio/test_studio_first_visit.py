"""Whoever sees the page for the first time is told what to do next, and gets an answer with its range."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from studio_workspace import HAS_ENDED, Served


def test_from_the_place_to_an_answer_with_its_range(page: Any) -> None:
    """The first button runs the place without a plan, the second two seeds more, which leave what is shown."""
    page.locator(".next").get_by_role("button", name="How long does it take?").click()
    page.locator(".run .answer").wait_for()
    first = page.inner_text(".run .answer strong")
    assert re.fullmatch(r"\d:\d\d", first)
    assert "was run once" in page.inner_text(".range")
    assert page.locator(".run .verdict").count() == 1
    page.get_by_role("button", name="Find out how far it may be off (2 runs more)").click()
    page.locator(".range .between", has_text="in 3 runs").wait_for()
    page.locator(".job").wait_for(state="detached")
    assert page.inner_text(".run .answer strong") == first
    least, most = re.findall(r"\d:\d\d", page.inner_text(".range .between"))
    assert least <= first <= most
    assert "95 % interval" in page.inner_text(".range")
    assert page.get_by_role("button", name="Find out how far").count() == 0
    page.click("#tab-place")
    page.locator(".next", has_text=f"After {first} h 90 % are out, without a plan.").wait_for()
    page.locator(".next").get_by_role("button", name="Try a plan").click()
    page.locator(".card", has_text="Contraflow to the south").get_by_role("button", name="Run it").click()
    assert page.get_by_label("Contraflow to the south").is_checked()


def test_what_was_run_before_a_change_says_so(page: Any, studio: Served, folder: Path) -> None:
    job = studio.client.post("/api/places/balzers/jobs", json={"plans": ["baseline"]}).json()["id"]
    studio.wait(job, lambda job: job["state"] in HAS_ENDED, seconds=300.0)
    page.click("#tab-runs")
    page.locator(".run .answer").wait_for()
    before = page.locator("#tabpanel > .runs > li > button").count()
    path = folder / "scenarios" / "balzers" / "scenario.yaml"
    path.write_text(path.read_text() + "simulation: {end_h: 9}\n")
    page.reload()
    page.locator(".run .range .bad", has_text="From before a change").wait_for()
    assert page.locator(".runs details .time").count() == before
    page.get_by_role("button", name="Run it as it is now").click()
    page.locator(".range", has_text="was run once").wait_for()
    assert page.locator("#tabpanel > .runs > li > button").count() == 1


def test_what_the_dots_on_the_map_mean_stands_on_it(page: Any) -> None:
    page.locator(".findings button").first.wait_for()
    assert page.locator(".dots li").all_inner_texts()[0] == "way out"
    assert "doubtful" in page.inner_text(".dots")
    page.click("#tab-runs")
    assert page.locator(".dots").is_hidden()
