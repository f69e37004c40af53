"""The studio's page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio_workspace import Served, balzers, served

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--use-angle=swiftshader",  # WebGL without a graphics card, for the map
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT_MS = 120_000
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is missing: apt-get install chromium")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = balzers(tmp_path_factory.mktemp("workspace"), 0.2)
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


@pytest.fixture(scope="module")
def context(studio: Served) -> Iterator[Any]:
    """Give a browser that has opened the studio by its address, the first time that it is used."""
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1280, "height": 820})
        key = studio.client.headers["Authorization"].removeprefix("Bearer ")
        context.add_init_script(f"localStorage.setItem('evac-studio-key', '{key}')")
        yield context
        browser.close()


@pytest.fixture
def page(context: Any, studio: Served) -> Iterator[Any]:
    """Give a page that shows Balzers; it must be quiet, and ask nobody but the studio."""
    page = context.new_page()
    noise: list[str] = []
    address = str(studio.client.base_url)
    known = (address, "data:", "blob:")
    page.on("console", lambda message: noise.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("dialog", lambda dialog: (noise.append("dialog"), dialog.dismiss()))
    page.on("request", lambda sent: None if sent.url.startswith(known) else noise.append(sent.url))
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(address)
    page.wait_for_selector("#studio[data-state=ready]")
    yield page
    page.close()
    assert noise == []


def test_the_address_opens_it_once(studio: Served) -> None:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_page()
        page.goto(studio.url)  # whose token the client has used
        page.wait_for_selector("#studio[data-state=failed]", timeout=TIMEOUT_MS)
        assert "has been used" in page.inner_text("#studio")
        assert "token" not in page.url
        browser.close()


def test_a_place_opens_with_its_ways_out_and_findings(page: Any) -> None:
    assert page.locator(".exits li").count() == 3
    assert "1 lane" in page.locator(".exits li").first.inner_text()
    page.locator(".findings button").first.click()
    assert page.locator(".findings [aria-pressed=true]").count() == 1
    assert "What to look at (" in page.inner_text("#tabpanel")
    assert page.locator("canvas.maplibregl-canvas").count() == 1


def test_a_plan_shows_what_it_changes(page: Any) -> None:
    page.click("#tab-plans")
    card = page.locator("[data-plan=contraflow-south]")
    card.get_by_role("button").click()
    card.locator(".changes").first.wait_for()
    assert "1 → 2" in card.inner_text()
    assert "2 officers, 4 signs, 120 cones" in card.inner_text()


def test_names_are_text_and_never_html(page: Any) -> None:
    page.click("#tab-plans")
    card = page.locator("[data-plan=hostile]")
    card.get_by_role("button").click()
    card.locator(".changes").first.wait_for()
    assert HOSTILE in card.inner_text()
    assert page.locator("#studio img, #studio script").count() == 0


def test_a_plan_is_run_by_clicks_and_outlives_a_reload(page: Any) -> None:
    page.click("#tab-runs")
    page.get_by_label("Baseline", exact=True).uncheck()
    page.get_by_label("Contraflow to the south").check()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".job[data-state=running]").wait_for()
    page.reload()
    page.wait_for_selector("#studio[data-state=ready]")
    assert page.locator("#tab-runs").get_attribute("aria-selected") == "true"
    page.locator(".run .verdict").wait_for()
    assert "90 % are out" in page.inner_text(".run")
    assert "contraflow-south" in page.inner_text(".runs")
    assert page.locator(".run svg.chart path").count() == 2


def test_a_second_tab_hears_of_a_run_and_calls_it_off(page: Any, context: Any) -> None:
    other = context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#studio[data-state=ready]")
    for tab in (page, other):
        tab.click("#tab-runs")
    page.get_by_label("Repeated").select_option("5")
    page.get_by_role("button", name="Run", exact=True).click()
    other.get_by_role("button", name="Cancel").click()
    page.locator(".job").wait_for(state="detached")
    other.locator(".job").wait_for(state="detached")
    other.close()
