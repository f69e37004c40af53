"""Plans in a real browser: shown, built by clicks, changed, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import evac
from studio_editor import Editor
from studio_page import axe_problems, click_at, look_at, pictured, until
from studio_workspace import prepared_balzers

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepared_balzers(tmp_path_factory.mktemp("workspace"), 0.2)
    (folder / "plans" / "balzers" / "hostile.yaml").write_text(
        f"name: '{HOSTILE}'\nnote: '{HOSTILE}'\nactions:\n"
        f"  - {{do: signal, label: '{HOSTILE}', mode: officer, with: {{officers: 1}},\n"
        "     where: {street: Neue Churer Strasse, crossing: Palduinstrasse}}\n"
    )
    return folder


_SEES = """(bounds) => {
  const view = document.querySelector('.map').placeMap.map.getBounds();
  return view.contains([bounds[0], bounds[1]]) && view.contains([bounds[2], bounds[3]]);
}"""


def test_what_a_plan_changes_comes_into_view_and_then_the_whole_place(page: Any, folder: Path) -> None:
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    changed = [float(value) for value in place.under("contraflow-south").changes().total_bounds]
    whole = page.evaluate("document.querySelector('.map').placeMap.bounds")
    look_at(page, whole[0], whole[1])
    page.click("#tab-plans")
    page.locator("[data-plan=contraflow-south]").get_by_role("button", name="Show what it changes").click()
    page.locator(".changes").first.wait_for()
    until(page, _SEES, changed)
    assert not page.evaluate(_SEES, whole)
    page.get_by_role("button", name="The whole place").click()
    until(page, _SEES, whole)
    page.evaluate("document.querySelector('.side').scrollTop = 500")
    page.click("#tab-runs")
    assert page.evaluate("document.querySelector('.side').scrollTop") == 0


def test_a_plan_shows_what_it_changes(page: Any) -> None:
    page.click("#tab-plans")
    card = page.locator("[data-plan=contraflow-south]")
    card.get_by_role("button", name="Show what it changes").click()
    card.locator(".changes").first.wait_for()
    assert "1 → 2" in card.inner_text()
    assert "2 officers, 4 signs, 120 cones" in card.inner_text()


def _new_plan(page: Any, name: str) -> None:
    page.click("#tab-plans")
    page.get_by_label("Name of the new plan").fill(name)
    page.get_by_role("button", name="New plan").click()
    page.locator(".finder input").wait_for()


def test_a_plan_built_by_clicks_gives_the_bytes_of_its_yaml(page: Any, folder: Path, tmp_path: Path) -> None:
    """Contraflow on the road south and an officer at Palduinstrasse, by clicks, and the same by hand."""
    _new_plan(page, "By clicks")
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    roads = place.roads()
    south = roads[(roads["street"] == "Neue Churer Strasse") & (roads["towards"] == "south")]
    middle = south.loc[south["length_m"].idxmax()].geometry.interpolate(0.5, normalized=True)
    click_at(page, middle.x, middle.y)
    page.get_by_label("How much of the street").select_option("whole")
    page.get_by_role("button", name="Contraflow").click()
    page.get_by_label("Direction of travel").select_option("south")
    page.get_by_label("From, minutes after the order").fill("15")
    page.get_by_role("button", name="Add to the plan").click()
    page.locator(".own-actions li").wait_for()
    junctions = place.junctions()
    named = junctions["streets"].map(lambda names: {"Neue Churer Strasse", "Palduinstrasse"} <= set(names))
    corner = junctions[named].geometry.iloc[0]
    click_at(page, corner.x, corner.y)
    page.get_by_role("button", name="Officer").click()
    page.get_by_role("button", name="Add to the plan").click()
    page.locator(".own-actions li").nth(1).wait_for()
    page.locator(".diff .changes").first.wait_for()
    assert "Takes 3 officers, 4 signs, 100 cones" in page.inner_text("#tabpanel")
    assert "1 → 2" in page.inner_text(".diff")
    page.evaluate("document.querySelector('.map').placeMap.map.zoomTo(13.3, {duration: 0})")
    pictured(page, "what-if")
    page.get_by_role("button", name="Run it").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".runs button", has_text="By clicks").wait_for()
    (tmp_path / "by-hand.yaml").write_text(
        "name: By hand\nactions:\n"
        "  - do: contraflow\n    where: {street: Neue Churer Strasse, towards: south}\n    when: {from_min: 15}\n"
        "  - do: signal\n    mode: officer\n    where: {street: Neue Churer Strasse, crossing: Palduinstrasse}\n"
    )
    by_hand = place.under(tmp_path / "by-hand.yaml").run()
    by_clicks = place.under("by-clicks").run()
    assert by_clicks.manifest["tables"]["vehicles.parquet"] == by_hand.manifest["tables"]["vehicles.parquet"]
    assert by_clicks.curve().equals(by_hand.curve())
    page.click("#tab-compare")
    page.locator("#run-a").wait_for()
    page.locator("#tabpanel tbody tr").first.wait_for()
    assert "No difference to the minute." in page.inner_text("#tabpanel")
    assert page.locator("#tabpanel tbody tr").count() == 5  # zones
    page.get_by_label("Time after the order").fill("2")
    assert "0:10 h after the order" in page.inner_text("#tabpanel")
    for width, scheme in ((1280, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 820})
        page.emulate_media(color_scheme=scheme)
        assert axe_problems(page, width) == []


def test_a_street_is_found_by_its_mere_name_and_who_misspells_it_is_told(page: Any) -> None:
    page.click("#tab-plans")
    editor = Editor(page, "By name")
    told = page.locator(".finder [role=status]")
    editor.find("gagotz")
    told.get_by_text("Nothing here has this name.").wait_for()
    editor.find("strasse")
    told.get_by_text("Which one: ").wait_for()
    editor.find("gagoz")
    page.locator(".form h3", has_text="Gagoz").wait_for()
    assert told.inner_text() == ""


def test_a_plan_is_renamed_and_removed(page: Any, folder: Path) -> None:
    plans = folder / "plans" / "balzers"
    _new_plan(page, "For a while")
    page.get_by_role("button", name="All plans").click()
    page.locator("[data-plan=for-a-while]").get_by_role("button", name="Rename").click()
    page.get_by_label("New name of the plan").fill("For longer")
    page.get_by_role("button", name="Rename it").click()
    card = page.locator("[data-plan=for-longer]")
    card.wait_for()
    assert not (plans / "for-a-while.yaml").exists()
    card.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    card.wait_for(state="detached")
    assert not (plans / "for-longer.yaml").exists()
    assert "For longer" in (folder / ".evac" / "studio" / "removed" / "balzers" / "for-longer.yaml").read_text()
    built_on = page.locator("[data-plan=bridge-closed]")  # by the flood
    built_on.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    built_on.get_by_text("other plans build on it: flood").wait_for()
    assert (plans / "bridge-closed.yaml").exists()


def test_changes_are_undone_and_done_again(page: Any, folder: Path) -> None:
    _new_plan(page, "Undone")
    path = folder / "plans" / "balzers" / "undone.yaml"
    empty = path.read_text()
    page.locator(".finder input").fill("exit North to Triesen")
    page.locator(".finder input").press("Enter")
    page.get_by_role("button", name="Close the exit").click()
    page.get_by_role("button", name="Add to the plan").click()
    page.locator(".own-actions li").wait_for()
    full = path.read_text()
    assert "exit: North to Triesen" in full
    page.get_by_role("button", name="Undo").click()
    page.locator(".own-actions li").wait_for(state="detached")
    assert path.read_text() == empty
    page.get_by_role("button", name="Redo").click()
    page.locator(".own-actions li").wait_for()
    assert path.read_text() == full


def test_what_is_wrong_stands_beside_its_action(page: Any, folder: Path) -> None:
    (folder / "plans" / "balzers" / "lost.yaml").write_text(
        "name: Lost\nactions:\n  - {do: close, label: fine, where: {street: Lehenwies}, accept_cut_off: true}\n"
        "  - {do: close, label: nowhere, where: {street: Lehenwiese Nord}}\n"
    )
    page.click("#tab-plans")
    page.locator("[data-plan=lost]").get_by_role("button", name="Change", exact=True).click()
    problems = page.locator(".own-actions .problems")
    problems.wait_for()
    assert "Lehenwies" in problems.inner_text()
    assert "nowhere" in page.locator(".own-actions li", has=page.locator(".problems")).inner_text()


def test_two_tabs_change_one_plan_and_nothing_is_lost(page: Any, context: Any, folder: Path) -> None:
    _new_plan(page, "Shared")
    other = context.new_page()
    other.goto(page.url)
    other.locator("[data-plan=shared]").get_by_role("button", name="Change", exact=True).click()
    other.locator(".finder input").fill("zone Iramali")
    other.locator(".finder input").press("Enter")
    other.get_by_role("button", name="Leave later, as a wave").click()
    page.locator(".finder input").fill("exit North to Triesen")
    page.locator(".finder input").press("Enter")
    page.get_by_role("button", name="Close the exit").click()
    page.get_by_role("button", name="Add to the plan").click()
    other.get_by_text("has been changed elsewhere").wait_for()
    other.get_by_role("button", name="Add to the plan").click()  # the form is still as it was
    other.locator(".own-actions li").nth(1).wait_for()
    text = (folder / "plans" / "balzers" / "shared.yaml").read_text()
    assert text.index("exit: North to Triesen") < text.index("offset_min: 30")
    page.locator(".own-actions li").nth(1).wait_for()
    assert page.get_by_role("button", name="Undo").is_disabled()  # what came last is another's
    other.get_by_role("button", name="Undo").click()
    page.locator(".own-actions li").nth(1).wait_for(state="detached")
    assert other.get_by_role("button", name="Undo").is_disabled()
    text = (folder / "plans" / "balzers" / "shared.yaml").read_text()
    assert ("exit: North to Triesen" in text, "offset_min" in text) == (True, False)
    other.close()


def test_names_are_text_and_never_html(page: Any) -> None:
    page.click("#tab-plans")
    card = page.locator("[data-plan=hostile]")
    card.get_by_role("button", name="Show what it changes").click()
    card.locator(".changes").first.wait_for()
    assert HOSTILE in card.inner_text()
    assert page.locator("#studio img, #studio script").count() == 0
