"""The studio's page where answers are late, in a real browser: who is quicker than the server loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from studio_editor import Editor
from studio_page import context_of, open_plans
from studio_workspace import Served, prepared_balzers, served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_balzers(tmp_path_factory.mktemp("workspace"), 0.2)


@pytest.fixture(scope="module")
def studio(folder: Path) -> Iterator[Served]:
    with served(folder) as studio:
        yield studio


@pytest.fixture
def page(browser: Any, studio: Served) -> Iterator[Any]:
    with context_of(browser, studio) as context:
        page = context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        yield page
        assert failures == []


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
        while len(self.routes) < count:
            self.page.wait_for_timeout(50)

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
    made = yaml.safe_load((folder / "plans" / "balzers" / "quick.yaml").read_text())["actions"]
    assert [action["do"] for action in made] == ["speed"]
