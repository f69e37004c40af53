"""What is wrong with a plan, in the page: beside its action and on the map, in words for whoever never saw its file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio_editor import Editor
from studio_page import context_of, open_plans, until
from studio_workspace import Served

KEY = re.compile(r"'\w+_\w+'|actions[.\[]|\bwhere:|\{lat|https?://|'(?:towards|from|to|point|close|label|without)'")
"""What only a file's author knows, or a link that leaves the page."""


@pytest.fixture
def page(browser: Any, studio: Served) -> Iterator[Any]:
    with context_of(browser, studio) as context:
        page = context.new_page()
        open_plans(page, studio)
        yield page


def _beside(page: Any, number: int) -> str:
    """Return what stands beside an action, without a word of its file."""
    problem = page.locator(".own-actions > li").nth(number).locator(".problems")
    problem.wait_for()
    words = problem.inner_text()
    assert not KEY.search(words), words
    return str(words)


_MARKS = "document.querySelector('.map').placeMap.content.marks.features.map((item) => item.properties.text)"


def test_what_cannot_be_together_is_told_at_both_actions(page: Any) -> None:
    editor = Editor(page, "Both speeds")
    editor.find("street Lehenwies")
    editor.add("Another speed", **{"km/h": "20", "Called": "slow"})
    editor.find("street Lehenwies")
    editor.add("Another speed", **{"km/h": "30", "Called": "faster"})
    for number in (0, 1):
        words = _beside(page, number)
        assert "'slow' and 'faster' contradict each other on Lehenwies" in words
        assert "Try: leave one out, or give them times that don't overlap" in words
    assert len(page.evaluate(_MARKS)) == 2
    before = page.evaluate("document.querySelector('.map').placeMap.map.getCenter().lng")
    page.locator(".own-actions .problems").first.get_by_role("button", name="this place").first.click()
    until(page, "(before) => document.querySelector('.map').placeMap.map.getCenter().lng !== before", before)


def test_who_is_cut_off_is_told_with_the_box_to_tick(page: Any) -> None:
    editor = Editor(page, "Cut off")
    editor.find("street Gagoz")
    editor.add("Close")
    words = _beside(page, 0)
    assert "only way out" in words
    assert "tick “Also where it takes the only way out”" in words
    page.get_by_role("button", name=re.compile("^Change: ")).click()
    page.get_by_label("Also where it takes the only way out").check()
    page.get_by_role("button", name="Keep the change").click()
    page.locator(".own-actions .problems").wait_for(state="detached")
    page.locator(".diff .bad", has_text="lose their only way out").wait_for()


def test_an_end_before_the_beginning_and_a_name_twice_are_told_in_the_form(page: Any) -> None:
    editor = Editor(page, "Too short")
    editor.find("street Neue Churer Strasse")
    editor.fill("Contraflow", **{"Minutes_to_set_it_up": "60", "Until,_minutes_after_the_order": "30"})
    page.get_by_role("button", name="Add to the plan").click()
    problem = page.locator("form.action .problems")
    problem.wait_for()
    words = problem.inner_text()
    assert "“Until, minutes after the order” must be later than 60" in words
    assert not KEY.search(words)
    editor.find("street Lehenwies")
    editor.add("Another speed", Called="slow")
    editor.find("street Landstrasse")
    editor.fill("Another speed", Called="slow")
    page.get_by_role("button", name="Add to the plan").click()
    problem = page.locator("form.action .problems", has_text="slow")
    problem.wait_for()
    assert not KEY.search(problem.inner_text())


def test_a_file_that_was_broken_by_hand_is_mended_by_clicks(page: Any, folder: Path) -> None:
    editor = Editor(page, "By hand")
    editor.find("street Lehenwies")
    editor.add("Another speed", Called="slow")
    path = folder / "plans" / "balzers" / "by-hand.yaml"
    whole = path.read_text()
    path.write_text(f"{whole}  - do: speed\n    label: broken\n    where: {{street: Landstrasse}}\n    kph: fast\n")
    page.get_by_role("button", name="All plans").click()
    card = page.locator("[data-plan=by-hand]")
    assert "Action 2, km/h, line" in card.inner_text()
    card.get_by_role("button", name="Change", exact=True).click()
    assert "km/h\nexpected a number, found 'fast'" in _beside(page, 1)
    page.get_by_role("button", name="Remove: broken").click()
    page.locator(".own-actions .problems").wait_for(state="detached")
    assert path.read_text() == whole
    path.write_text("name: By hand\nactions: [\n")  # no YAML at all
    page.get_by_role("button", name="All plans").click()
    card.get_by_role("button", name="Change", exact=True).click()
    page.get_by_text("isn't valid YAML").wait_for()
    assert "of by-hand.yaml" in page.inner_text("#tabpanel")
    assert str(folder) not in page.inner_text("#tabpanel")
