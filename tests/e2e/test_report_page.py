"""The page in a real browser: quiet, without network, readable on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import report_data
from evac.report import write_report
from report_data import Case

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is missing: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a plain report, and one of hostile names with a run that isn't trusted and never ends."""
    folder = tmp_path_factory.mktemp("report")
    plain = write_report(report_data.report_input(folder), folder / "plain")
    run = report_data.write_run(
        folder / "runs", Case(plan=HOSTILE), zones=(HOSTILE,), stranded=9, reasons=(f"too much gridlock {HOSTILE}",)
    )
    report = report_data.report_input(
        folder, (run,), plan=HOSTILE, scenario=report_data.scenario(name="Hostile <b>town", note=HOSTILE),
        findings=(report_data.finding("error", HOSTILE),),
    )  # fmt: skip
    return [plain, write_report(report, folder / "hostile")]


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("number", [0, 1])
def test_the_page_is_quiet_needs_no_network_and_fits(browser: Any, pages: list[Path], number: int, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    noise: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("dialog", lambda dialog: (noise.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(pages[number].as_uri())
    page.wait_for_load_state("networkidle")
    assert noise == []
    assert [url for url in requests if not url.startswith("data:")] == [pages[number].as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    page.close()


def test_reasons_stand_beside_the_numbers(browser: Any, pages: list[Path]) -> None:
    page = browser.new_page()
    page.goto(pages[1].as_uri())
    assert "too much gridlock" in page.locator("p.answer.key").inner_text()
    assert "not cleared by" in page.locator("#clearance").inner_text()
    page.close()


def test_text_stands_out_from_its_ground(browser: Any, pages: list[Path]) -> None:
    """WCAG 2 AA: 4.5 to 1 for every piece of text (https://www.w3.org/TR/WCAG21/#contrast-minimum)."""
    page = browser.new_page()
    page.goto(pages[1].as_uri())
    ratios = page.evaluate(
        """() => {
          const light = rgb => rgb.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
          const rgba = colour => colour.match(/[\\d.]+/g).map(Number);
          const ground = node => { for (; node; node = node.parentElement) {
            const c = rgba(getComputedStyle(node).backgroundColor);
            if (c.length === 3 || c[3] > 0) return c.slice(0, 3); }
            return [255, 255, 255]; };
          return [...document.querySelectorAll('body *')]
            .filter(n => [...n.childNodes].some(c => c.nodeType === 3 && c.textContent.trim()))
            .map(n => { const [a, b] = [light(rgba(getComputedStyle(n).color).slice(0, 3)), light(ground(n))];
              return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), n.tagName + '.' + n.className]; });
        }"""
    )
    assert len(ratios) > 50
    assert min(ratios)[0] >= 4.5, min(ratios)
    page.close()


def test_tables_that_scroll_can_be_reached_by_keyboard(browser: Any, pages: list[Path]) -> None:
    page = browser.new_page(viewport={"width": 400, "height": 900})
    page.goto(pages[0].as_uri())
    scrolling = page.evaluate(
        "[...document.querySelectorAll('body *')].filter(n => n.scrollWidth > n.clientWidth + 1 && "
        "getComputedStyle(n).overflowX === 'auto').map(n => [n.tabIndex, n.getAttribute('role')])"
    )
    assert scrolling
    assert {tuple(item) for item in scrolling} == {(0, "region")}
    page.close()
