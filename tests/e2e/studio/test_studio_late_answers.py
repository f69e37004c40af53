"""The studio's page where answers are late, in a real browser: who is quicker than the server loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from studio_editor import Editor
from studio_page import TIMEOUT_MS, context_of, open_plans
from studio_workspace import Served


@pytest.fixture
def page(browser: Any, studio: Served) -> Iterator[Any]:
    """Give a page in which no script fails."""
    with context_of(browser, studio) as context:
        page = context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        yield page
        assert failures == []


def _on_map(page: Any, name: str) -> list[dict[str, Any]]:
    found = page.evaluate("(name) => document.querySelector('.map').placeMap.content[name]?.features ?? []", name)
    return list(found)


def _actions(folder: Path, plan: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((folder / "plans" / "balzers" / f"{plan}.yaml").read_text())["actions"])


class Held:
    """Questions of a page that wait for their answer until a test lets them go."""

    def __init__(self, page: Any, pattern: str, method: str = "GET") -> None:
        self.page, self.method, self.is_over = page, method, False
        self.routes: list[Any] = []
        page.route(pattern, self._hold)

    def _hold(self, route: Any) -> None:
        if self.is_over or route.request.method != self.method:
            route.fallback()
        else:
            self.routes.append(route)

    def wait(self, count: int) -> None:
        """Wait until so many have been asked."""
        for _ in range(TIMEOUT_MS // 50):
            if len(self.routes) >= count:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"asked {len(self.routes)} times, expected {count}")

    def let_go(self) -> None:
        """Let all be answered, now and from now on."""
        self.is_over = True
        for route in self.routes:
            route.continue_()


def test_a_way_out_is_refused_before_the_places_file_has_been_read(page: Any, studio: Served, folder: Path) -> None:
    held = Held(page, "**/api/places/balzers/scenario")
    page.goto(f"{studio.client.base_url}#place=balzers&tab=place")
    page.get_by_role("button", name="Change: South to St. Luzisteig").click()
    page.get_by_role("button", name="Refuse it as a way out").click()
    held.wait(1)
    assert page.locator(".exits .problems").count() == 0
    held.let_go()
    page.locator(".exits li", has_text="South to St. Luzisteig").wait_for(state="detached")
    page.get_by_role("button", name="Undo the last change of the place").click()
    page.locator(".exits li", has_text="South to St. Luzisteig").wait_for()
    assert "South to St. Luzisteig" in (folder / "scenarios" / "balzers" / "scenario.yaml").read_text()


def test_a_reading_that_fails_is_told_and_the_next_try_reads_again(page: Any, studio: Served) -> None:
    page.route("**/api/places/balzers/scenario", lambda route: route.abort())
    page.goto(f"{studio.client.base_url}#place=balzers&tab=place")
    page.get_by_role("button", name="Change: South to St. Luzisteig").click()
    page.get_by_role("button", name="Refuse it as a way out").click()
    page.locator(".exits .problems", has_text="The studio doesn't answer").wait_for()
    page.unroute_all()
    page.get_by_role("button", name="Refuse it as a way out").click()
    page.locator(".exits li", has_text="South to St. Luzisteig").wait_for(state="detached")
    page.get_by_role("button", name="Undo the last change of the place").click()
    page.locator(".exits li", has_text="South to St. Luzisteig").wait_for()


def test_an_action_is_added_before_the_plan_has_been_read(page: Any, studio: Served, folder: Path) -> None:
    open_plans(page, studio)
    held = Held(page, "**/api/places/balzers/plans/quick")
    editor = Editor(page, "Quick")
    editor.find("street Lehenwies")
    editor.fill("Another speed", **{"km/h": "20"})
    page.get_by_role("button", name="Add to the plan").click()
    held.wait(2)
    held.let_go()
    page.locator(".own-actions li").wait_for()
    assert "elsewhere" not in page.inner_text("#tabpanel")
    assert [action["do"] for action in _actions(folder, "quick")] == ["speed"]


def test_what_a_plan_changes_is_not_drawn_for_who_has_left_it(page: Any, studio: Served) -> None:
    open_plans(page, studio)
    held = Held(page, "**/plans/contraflow-south/diff")
    page.locator("[data-plan=contraflow-south]").get_by_role("button", name="Show what it changes").click()
    held.wait(1)
    page.click("#tab-place")
    page.locator(".findings button").first.wait_for()
    with page.expect_response("**/plans/contraflow-south/diff") as answer:
        held.let_go()
    answer.value.finished()
    page.wait_for_timeout(200)  # it would be drawn by now
    assert _on_map(page, "changes") == []
    assert _on_map(page, "marks") != []


def test_a_plan_that_is_made_after_its_panel_was_left_opens_nowhere(page: Any, studio: Served) -> None:
    open_plans(page, studio)
    held = Held(page, "**/api/places/balzers/plans", "POST")
    page.get_by_label("Name of the new plan").fill("Left")
    page.get_by_role("button", name="New plan").dblclick()
    held.wait(1)
    page.click("#tab-runs")
    held.let_go()
    page.locator("form.start .plans .check").first.wait_for()
    page.click("#tab-plans")
    page.locator("[data-plan=left]").wait_for()
    assert len(held.routes) == 1  # for two clicks
    assert page.locator(".finder").count() == 0


def test_two_quick_undos_take_two_actions_back(page: Any, studio: Served, folder: Path) -> None:
    open_plans(page, studio)
    editor = Editor(page, "Undone")
    for kph in ("20", "30"):
        editor.find("street Lehenwies" if kph == "20" else "street Landstrasse")
        editor.add("Another speed", **{"km/h": kph})
    held = Held(page, "**/api/places/balzers/plans/undone", "PATCH")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    held.wait(1)
    held.let_go()
    page.locator(".own-actions li").first.wait_for(state="detached")
    page.get_by_role("button", name="Redo").click()
    page.locator(".own-actions li", has_text="Lehenwies").wait_for()
    assert "elsewhere" not in page.inner_text("#tabpanel")
    assert [action["kph"] for action in _actions(folder, "undone")] == [20]


def test_an_action_is_changed_that_was_meant_though_one_before_it_was_removed(
    page: Any, studio: Served, folder: Path
) -> None:
    open_plans(page, studio)
    editor = Editor(page, "Meant")
    for street in ("Lehenwies", "Landstrasse", "Gagoz"):
        editor.find(f"street {street}")
        editor.add("Another speed", **{"km/h": "40", "Called": street})
    page.get_by_role("button", name="Change: Landstrasse").click()
    page.locator("form.action").get_by_label("km/h").fill("25")
    page.get_by_role("button", name="Remove: Lehenwies").click()
    page.locator(".own-actions li", has_text="Lehenwies").wait_for(state="detached")
    page.get_by_role("button", name="Keep the change").click()
    page.locator("form.action").wait_for(state="detached")
    assert [(action["label"], action["kph"]) for action in _actions(folder, "meant")] == [
        ("Landstrasse", 25),
        ("Gagoz", 40),
    ]
    page.get_by_role("button", name="Change: Gagoz").click()
    page.get_by_role("button", name="Remove: Gagoz").click()
    page.locator(".own-actions li", has_text="Gagoz").wait_for(state="detached")
    page.get_by_role("button", name="Keep the change").click()
    page.locator("form.action .problems", has_text="no longer has this action").wait_for()
    assert [action["label"] for action in _actions(folder, "meant")] == ["Landstrasse"]


def test_undo_of_a_place_never_takes_back_what_others_have_changed(page: Any, studio: Served, folder: Path) -> None:
    path = folder / "scenarios" / "balzers" / "scenario.yaml"
    before = path.read_text()
    page.goto(f"{studio.client.base_url}#place=balzers&tab=place")
    page.get_by_role("button", name="Change: North to Triesen").click()
    page.get_by_label("The road beyond takes at most").fill("700")
    page.get_by_role("button", name="Save").click()
    page.locator(".exits li", has_text="700 vehicles an hour").wait_for()
    path.write_text(path.read_text() + "# from elsewhere\n")
    page.get_by_role("button", name="Undo the last change of the place").click()
    page.locator(".problems", has_text="changed elsewhere").wait_for()
    assert path.read_text().endswith("# from elsewhere\n")
    path.write_text(before)


def test_an_older_list_of_plans_never_hides_a_newer_one_nor_what_is_being_written(page: Any, studio: Served) -> None:
    held = Held(page, "**/api/places/balzers/plans")
    page.goto(f"{studio.client.base_url}#place=balzers&tab=plans")
    held.wait(1)
    studio.client.post("/api/places/balzers/plans", json={"name": "Newest"}).raise_for_status()
    held.wait(2)
    older, newer = held.routes[:2]
    held.routes = []
    held.let_go()
    newer.continue_()
    page.locator("[data-plan=newest]").wait_for()
    flood = page.locator("[data-plan=flood]")
    flood.get_by_role("button", name="Build on it").click()
    flood.get_by_label("Name of the new plan").fill("half wri")
    older.fulfill(json=[])
    studio.client.post("/api/places/balzers/plans", json={"name": "Newer still"}).raise_for_status()
    page.locator("[data-plan=newer-still]").wait_for()
    assert flood.get_by_label("Name of the new plan").input_value() == "half wri"


_LATE = """(() => {
  let seed = SEED;
  const random = () => { // mulberry32
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const ask = window.fetch;
  window.waitsFor = 0;
  window.fetch = async (...given) => {
    window.waitsFor += 1;
    try {
      const answer = await ask(...given);
      await new Promise((done) => setTimeout(done, 1200 * random()));
      return answer;
    } finally {
      window.waitsFor -= 1;
    }
  };
})()"""
"""Lets each answer come up to 1.2 s late, so that they come in other orders than asked."""
_PANELS = {"place": "Ways out", "plans": "Plans", "runs": "Finished runs", "compare": "Hand on"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_quick_hand_on_a_slow_server_leaves_all_in_order(
    browser: Any, studio: Served, folder: Path, seed: int
) -> None:
    """Whatever order the answers come in: the chosen panel is shown, the map is its own, each change is made once."""
    failures: list[str] = []
    random, plan = Random(seed), f"hand-{seed}"
    with context_of(browser, studio) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.add_init_script(_LATE.replace("SEED", str(seed)))
        page.goto(f"{studio.client.base_url}#place=balzers&tab=place")
        page.wait_for_selector("#studio[data-state=ready]")

        def glance(tab: str) -> None:
            page.click(f"#tab-{tab}")
            page.wait_for_timeout(random.uniform(0, 900))
            shown = page.locator("#tabpanel article:has-text('Show what it changes') button:text('Show what it')")
            if tab == "plans" and shown.count():
                shown.nth(random.randrange(shown.count())).click()

        for tab in random.choices(list(_PANELS), k=8):
            glance(tab)
        page.click("#tab-plans")
        page.get_by_label("Name of the new plan").first.fill(plan)
        page.get_by_role("button", name="New plan").dblclick()
        page.locator(".finder input").wait_for()
        editor = Editor(page)
        for kph in ("20", "30"):
            editor.find("street Lehenwies" if kph == "20" else "street Landstrasse")
            editor.fill("Another speed", **{"km/h": kph})
            page.get_by_role("button", name="Add to the plan").dblclick()
            page.locator("form.action").wait_for(state="detached")
        page.get_by_role("button", name="Undo").dblclick()
        page.get_by_role("button", name="Redo").wait_for()
        for tab in random.choices(list(_PANELS), k=6):
            glance(tab)
        last = random.choice(list(_PANELS))
        page.click(f"#tab-{last}")
        while page.evaluate("window.waitsFor"):
            page.wait_for_timeout(100)
        assert page.get_attribute(f"#tab-{last}", "aria-selected") == "true"
        page.locator("#tabpanel", has_text=_PANELS[last]).wait_for()
        assert page.locator(".finder").count() == (last == "place")
        assert (_on_map(page, "changes"), bool(_on_map(page, "marks"))) == ([], last == "place")
        assert page.locator(".problems").count() == 0
    assert failures == []
    assert _actions(folder, plan) == []
    assert len(list((folder / "plans" / "balzers").glob(f"{plan}*"))) == 1
