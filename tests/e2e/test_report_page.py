"""The page in a real browser: quiet, without network, readable on a desk and on a phone."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image, ImageColor, ImageSequence

import report_data
import report_words
from chromium import is_complaint
from evac import clock
from evac.report import moments, publish
from evac.report.inputs import ReportPlan
from evac.report.publish import write_report
from evac.report.settings import ReportSettings
from report_data import Case

TIMEOUT_MS = 120_000
AXE = Path(__file__).parents[1] / "vendor" / "axe-core-4.14.1.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""As published: npm, axe-core 4.14.1, axe.min.js (MPL-2.0)."""
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a plain report, and one of hostile names with a run that isn't trusted and never ends."""
    folder = tmp_path_factory.mktemp("report")
    runs = tuple(
        report_data.write_run(folder, Case(plan=plan), speedup=speedup)
        for plan, speedup in (("baseline", 1.0), ("final", 1.25))
    )
    both = report_data.report_input(folder, runs, plan="final", compared_with="baseline")
    plain = write_report(both, folder / "plain")
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
    page.on("console", lambda message: noise.append(message.text) if is_complaint(message) else None)
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("dialog", lambda dialog: (noise.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(pages[number].as_uri())
    page.wait_for_selector("#map-app[data-state=ready]", timeout=TIMEOUT_MS)
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Any, pages: list[Path], scheme: str) -> None:
    """WCAG 2 AA: 4.5 to 1 for every piece of text (https://www.w3.org/TR/WCAG21/#contrast-minimum)."""
    page = browser.new_page(color_scheme=scheme)
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
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
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


@pytest.fixture(scope="module")
def town(browser: Any, pages: list[Path]) -> Iterator[Any]:
    """Return the plain report, open once for all tests of its map."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(pages[0].as_uri())
    page.wait_for_selector("#map-app[data-state=ready]", timeout=TIMEOUT_MS)
    yield page
    page.close()


def _picture(page: Any) -> bytes:
    """Return the map when the step that its slider shows has been drawn."""
    step = page.locator("#map-step").input_value()
    page.wait_for_selector(f'#map-app[data-drawn="{step}"]', timeout=TIMEOUT_MS)
    page.wait_for_timeout(1500)  # a frame that was under way before may come first
    return bytes(page.locator("#map-canvas").screenshot(timeout=TIMEOUT_MS))


def test_the_slider_moves_the_map_and_its_numbers(town: Any) -> None:
    town.select_option("#map-measure", "queue")  # in the made-up town all speeds are the same
    town.locator("#map-step").focus()
    town.keyboard.press("Home")
    assert town.locator("#map-clock").inner_text() == "0:00 h"
    first, words = _picture(town), town.locator("#map-status").inner_text()
    for _ in range(12):
        town.keyboard.press("ArrowRight")
    assert town.locator("#map-clock").inner_text() == "1:00 h"
    assert town.locator("#map-status").inner_text() != words
    assert _picture(town) != first


def test_the_map_has_the_numbers_of_the_run(town: Any, pages: list[Path]) -> None:
    town.locator("#map-step").focus()
    town.keyboard.press("End")
    row = pd.read_parquet(pages[0].parent / "results.parquet").set_index("plan").loc["final"]
    assert f"{row['evacuated']:,} of {row['planned']:,} out" in town.locator("#map-status").inner_text()


def test_plans_are_switched_and_stand_side_by_side(town: Any) -> None:
    assert "final" in town.locator("#map-status").inner_text()
    alone = _picture(town)
    town.select_option("#map-plan", label="baseline")
    assert "baseline" in town.locator("#map-status").inner_text()
    town.select_option("#map-beside", label="final")
    status = town.locator("#map-status").inner_text()
    assert "baseline" in status
    assert "final" in status
    assert _picture(town) != alone
    town.select_option("#map-plan", label="final")
    town.select_option("#map-beside", label="nothing")


def test_play_plays_and_stops(town: Any) -> None:
    town.locator("#map-step").focus()
    town.keyboard.press("Home")
    town.locator("#map-play").click()
    for _ in range(TIMEOUT_MS // 500):
        town.wait_for_timeout(500)
        if int(town.locator("#map-step").input_value()) >= 2:
            break
    town.locator("#map-play").click()
    stopped = town.locator("#map-step").input_value()
    assert int(stopped) >= 2
    assert town.locator("#map-play").get_attribute("aria-pressed") == "false"
    town.wait_for_timeout(1000)
    assert town.locator("#map-step").input_value() == stopped


def test_bottlenecks_exits_and_streets_show_their_numbers_from_the_keyboard(town: Any) -> None:
    for name, words in (("bottlenecks", "vehicles per minute"), ("exits", "Vehicles that have left by")):
        town.locator(f"#map-{name} button").first.focus()
        town.keyboard.press("Enter")
        assert words in town.locator("#map-detail").inner_text()
        assert town.locator("#map-detail svg polyline").count() > 0
    town.locator("#map-slowest button").first.click()
    assert "longest queue" in town.locator("#map-detail").inner_text()


def _texts(page: Any, selector: str) -> list[str]:
    return [words.replace("\u00a0", " ") for words in page.locator(selector).all_inner_texts()]


def test_any_two_cases_are_picked_from_the_keyboard(town: Any, pages: list[Path]) -> None:
    table = pd.read_parquet(pages[0].parent / "results.parquet").set_index("plan")
    times = [clock.clock(table.loc[plan, "t90_s"]).replace("\u00a0", " ") for plan in ("final", "baseline")]
    assert _texts(town, "#compare-times tr:nth-child(2) td")[:2] == times
    assert "final is" in town.locator("#compare-words").inner_text()
    town.locator("#compare-swap").focus()
    town.keyboard.press("Enter")
    assert _texts(town, "#compare-times tr:nth-child(2) td")[:2] == times[::-1]
    assert "baseline is" in town.locator("#compare-words").inner_text()
    assert set(_texts(town, "#compare-zones td:last-child")) == {"loses"}
    assert town.locator("#compare-charts svg polyline").count() == 2 * (1 + len(set(report_data.EXITS)))
    town.locator("#compare-one").focus()
    town.keyboard.press("ArrowUp")
    assert "the same case twice" in town.locator("#compare-words").inner_text()
    assert not town.locator("#compare-zones-box").is_visible()


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out of reports what takes longest, where a test looks at none of it."""
    monkeypatch.setattr(publish, "pdf_bytes", lambda _: b"%PDF")
    monkeypatch.setattr(publish, "animation", lambda *_: {"gif": b"GIF89a"})


@pytest.mark.usefixtures("light")
def test_front_and_smoke_move_with_the_queues(browser: Any, tmp_path: Path) -> None:
    run = report_data.write_run(tmp_path, Case(plan="final"))
    plans = {"final": ReportPlan("final", "Final")}
    report = report_data.under_fire(report_data.report_input(tmp_path, (run,), plan="final", plans=plans))
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text) if is_complaint(message) else None)
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.goto(write_report(report, tmp_path / "report").as_uri())
    page.wait_for_selector("#map-app[data-state=ready]", timeout=TIMEOUT_MS)
    said = []
    for step in (0, 3, 9):  # five minutes each
        page.eval_on_selector("#map-step", f"box => {{ box.value = {step}; box.dispatchEvent(new Event('input')); }}")
        said.append(page.inner_text("#map-status"))
    assert "Grass fire: pieces of road reached: 1, slowed: 0." in said[0]
    assert "Grass fire: pieces of road reached: 1, slowed: 1." in said[1]
    assert "Grass fire: pieces of road reached: 2, slowed: 1." in said[2]
    assert "slowed by smoke" in page.inner_text("#map-legend")
    assert noise == []
    page.close()


def test_doubt_stands_on_the_map(browser: Any, pages: list[Path]) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(pages[1].as_uri())
    page.wait_for_selector("#map-app[data-state=ready]", timeout=TIMEOUT_MS)
    assert "too much gridlock" in page.locator("#map-doubt").inner_text()
    page.close()


@pytest.mark.parametrize("number", [0, 1])
def test_axe_finds_nothing(browser: Any, pages: list[Path], number: int) -> None:
    """WCAG 2.1 A and AA, and good practice, by https://github.com/dequelabs/axe-core: map, picker and doubts."""
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_SHA256
    page = browser.new_page(viewport={"width": 1200, "height": 900}, bypass_csp=True)
    page.goto(pages[number].as_uri())
    page.wait_for_selector("#map-app[data-state=ready]", timeout=TIMEOUT_MS)
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run().then(found => found.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html]))")
    assert found == []
    page.close()


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is missing: apt-get install poppler-utils")
def test_the_pdf_has_the_same_numbers_and_hostile_names_as_text(pages: list[Path]) -> None:
    words = []
    for page in pages:
        done = subprocess.run(
            ["pdftotext", "-layout", str(page.parent / "report.pdf"), "-"], capture_output=True, text=True, check=True
        )
        words.append(" ".join(done.stdout.replace("\u00a0", " ").split()))
    table = pd.read_parquet(pages[0].parent / "results.parquet").set_index("plan")
    for plan in ("baseline", "final"):
        assert clock.clock(table.loc[plan, "t90_s"]).replace("\u00a0", " ") in words[0]
    assert "<script>alert(1)</script>" in words[1]
    for page in pages:
        second = ["pdftotext", "-f", "2", "-l", "2", str(page.parent / "report.pdf"), "-"]
        assert (
            "All cases" in subprocess.run(second, capture_output=True, text=True, check=True).stdout.split("\n", 2)[0]
        )
    assert "too much gridlock" in words[1]


def test_the_animation_runs_to_the_end(pages: list[Path]) -> None:
    with Image.open(pages[0].parent / "figures" / "animation.gif") as picture:
        end_s = pd.read_parquet(pages[0].parent / "results.parquet").set_index("plan").loc["final", "t100_s"]
        assert picture.n_frames >= min(40, end_s // 300)  # type: ignore[attr-defined]


def test_colours_of_the_animation_are_the_same_in_all_frames(pages: list[Path]) -> None:
    legends: list[set[Any]] = []
    with Image.open(pages[0].parent / "figures" / "animation.gif") as picture:
        for frame in ImageSequence.Iterator(picture):
            legend = frame.convert("RGB").crop((0, frame.height - 60, frame.width, frame.height))
            legends.append({colour for _, colour in legend.getcolors(10_000) or ()})
    assert all(colours == legends[0] for colours in legends)
    assert legends[0] >= {ImageColor.getrgb(speed) for speed in moments._COLOURS}


@pytest.mark.skipif(not moments.has_video(), reason="ffmpeg is missing: apt-get install ffmpeg")
def test_the_video_has_the_frames_of_the_animation(pages: list[Path]) -> None:
    figures = pages[0].parent / "figures"
    done = subprocess.run(
        ["ffmpeg", "-i", str(figures / "animation.mp4"), "-f", "null", "-"], capture_output=True, text=True, check=True
    )
    frames = [int(found) for found in re.findall(r"frame=\s*(\d+)", done.stderr)]
    with Image.open(figures / "animation.gif") as picture:
        held = 2500 // 400 - 1  # the last frame stays
        assert frames[-1] == picture.n_frames + held  # type: ignore[attr-defined]
    assert "h264" in done.stderr


def test_without_ffmpeg_there_is_no_old_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "has_video", lambda: False)
    monkeypatch.setattr(publish, "pdf_bytes", lambda _: b"%PDF")
    run = report_data.write_run(tmp_path / "runs", Case())
    old = tmp_path / "report" / "figures" / "animation.mp4"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"of another run")
    write_report(report_data.report_input(tmp_path, (run,)), tmp_path / "report")
    assert not old.exists()
    assert (old.parent / "animation.gif").exists()


@pytest.mark.usefixtures("light")
def test_no_english_is_left_in_what_the_scripts_write(browser: Any, tmp_path: Path) -> None:
    runs = tuple(report_data.write_run(tmp_path, Case(plan=plan), reasons=("r",)) for plan in ("p1", "p2"))
    report = report_data.report_input(
        tmp_path, runs, plan="p2", compared_with="p1",
        settings=ReportSettings(words=report_words.marks(), units="miles", language="de"),
    )  # fmt: skip
    page = browser.new_page()
    page.goto(write_report(report, tmp_path / "report").as_uri())
    page.wait_for_selector("#map-app[data-state=ready]", timeout=TIMEOUT_MS)
    page.check("#map-zones")
    texts = []
    for button in ("#map-slowest button", "#map-bottlenecks button", "#map-exits button"):
        page.locator(button).first.click()
        texts.append(page.locator("#map-detail").inner_text())
    for measure in ("speed", "queue", "density"):
        page.select_option("#map-measure", measure)
        texts.append(page.locator("#map-legend").inner_text())
    texts += [page.locator(part).inner_text() for part in ("#map-app", "section:has(#any-two)")]
    texts += page.evaluate(
        "[...document.querySelectorAll('[aria-valuetext]')].map(n => n.getAttribute('aria-valuetext'))"
    )
    assert all(report_words.MARK in text for text in texts)
    lines = [line for text in texts for line in text.splitlines()]
    assert report_words.english_left(lines, report_words.data_of(report)) == []
    page.close()
