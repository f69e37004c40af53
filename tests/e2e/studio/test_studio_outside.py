"""Files that are changed, moved and removed outside of the page while it is open: it is told, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BY_HAND = "  - {do: phase, zones: [Iramali], offset_min: 45}  # by hand\n"


def test_a_plan_that_is_changed_in_an_editor_is_shown_so_and_what_is_being_filled_in_stays(
    page: Any, folder: Path
) -> None:
    path = folder / "plans" / "balzers" / "in-an-editor.yaml"
    path.write_text("name: In an editor\nactions:\n  - {do: close, exit: North to Triesen}\n")
    page.click("#tab-plans")
    page.locator("[data-plan=in-an-editor]").get_by_role("button", name="Change", exact=True).click()
    page.locator(".own-actions li").wait_for()
    page.locator(".finder input").fill("zone Brüel")
    page.locator(".finder input").press("Enter")
    page.get_by_role("button", name="Leave later, as a wave").click()
    page.get_by_label("Minutes after the order").fill("25")
    path.write_text(path.read_text() + BY_HAND)
    page.locator(".told", has_text="has been changed elsewhere").wait_for()
    page.locator(".own-actions li").nth(1).wait_for()
    page.get_by_role("button", name="Add to the plan").click()
    page.locator(".own-actions li").nth(2).wait_for()
    text = path.read_text()
    assert BY_HAND in text
    assert "offset_min: 25" in text


def test_a_plan_that_appears_and_goes_is_in_the_list_and_no_longer(page: Any, folder: Path) -> None:
    page.click("#tab-plans")
    page.locator(".card").first.wait_for()
    path = folder / "plans" / "balzers" / "by-a-command.yaml"
    path.write_text("name: By a command\nactions: []\n")
    page.locator("[data-plan=by-a-command]").wait_for()
    path.unlink()
    page.locator("[data-plan=by-a-command]").wait_for(state="detached")


def test_a_place_that_is_changed_in_an_editor_says_so_and_is_shown_as_it_is(page: Any, folder: Path) -> None:
    path = folder / "scenarios" / "balzers" / "scenario.yaml"
    path.write_text(path.read_text().replace("name: Balzers", "name: Balzers today"))
    page.get_by_role("button", name="Show it as it is now").click()
    page.locator("#tabpanel h2", has_text="Balzers today").wait_for()


def test_a_place_whose_map_is_gone_says_what_to_do_and_comes_back(page: Any, folder: Path) -> None:
    path = folder / "scenarios" / "balzers" / "data" / "balzers.osm.pbf"
    path.rename(folder / "elsewhere.pbf")
    page.reload()
    page.wait_for_selector("#studio[data-state=failed]")
    said = page.inner_text(".problems")
    assert "balzers.osm.pbf" in said
    assert "put it back where it was" in said
    (folder / "elsewhere.pbf").rename(path)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("#studio[data-state=ready]")
    page.locator(".exits li").first.wait_for()
