"""Runs in a real browser: started, watched, called off, compared."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

import evac
from studio_page import context_of, pictured
from studio_workspace import prepared_balzers, served

MOST_SCREENING_S = 60.0
"""For a plan on a town that the coarse model is fitted to: seconds, on a machine that does other things besides."""


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
    # While the run goes on being told of, whoever is on the button stays on it.
    other.get_by_role("button", name="Cancel").focus()
    said = other.inner_text(".job .step")
    other.wait_for_function("said => document.querySelector('.job .step').innerText !== said", arg=said)
    assert other.evaluate("document.activeElement.innerText") == "Cancel"
    other.keyboard.press("Enter")
    for tab in (page, other):
        tab.locator(".job").wait_for(state="detached")
    other.close()


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
