"""Every kind of action of a plan, by clicks in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import evac
from studio_editor import Editor
from studio_page import TIMEOUT_MS, axe_problems, click_at, context_of, open_plans
from studio_workspace import Served

_NO_FEATURES: dict[str, list[object]] = {"features": []}
NOTHING = json.dumps(
    {"changes": _NO_FEATURES, "cut_off": _NO_FEATURES, "closed_exits": [], "warnings": [], "resources": {}}
)


@pytest.fixture
def page(browser: Any, studio: Served) -> Iterator[Any]:
    """Give a page with the plans of Balzers; what a plan changes is asked of the package, once, at the end."""
    with context_of(browser, studio) as context:
        page = context.new_page()
        page.route("**/diff", lambda route: route.fulfill(body=NOTHING, content_type="application/json"))
        open_plans(page, studio)
        yield page


def _made(folder: Path, plan: str) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = yaml.safe_load((folder / "plans" / "balzers" / f"{plan}.yaml").read_text())[
        "actions"
    ]
    return actions


def test_what_streets_can_do_is_made_by_clicks(page: Any, folder: Path) -> None:
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    editor, roads, closed = Editor(page, "Streets"), place.roads(), place.closed_roads()
    longest = roads.loc[roads[roads["street"] == "Neue Churer Strasse"]["length_m"].idxmax()].geometry
    middle = longest.interpolate(0.5, normalized=True)
    click_at(page, middle.x, middle.y)
    editor.add("Contraflow")
    track = closed[closed["name"] == "Hampfländer"].geometry.iloc[0].interpolate(0.5, normalized=True)
    click_at(page, track.x, track.y)
    editor.add("Open to cars")
    editor.find("street Alte Landstrasse")
    editor.add("Another speed", **{"km/h": "20"})
    editor.find("street Lehenwies")
    editor.add("Close", Still_open_to="residents")
    editor.find("street Landstrasse")
    editor.add("Send who passes to an exit", Exit="North to Triesen", Share_that_follows="0.8")
    made = _made(folder, "streets")
    assert [action["do"] for action in made] == ["contraflow", "open", "speed", "close", "divert"]
    assert (made[3]["admit"], made[4]["compliance"]) == ("residents", 0.8)
    assert {"lanes", "speed", "diversion"} <= set(place.under("streets").changes()["kind"])


def test_what_junctions_and_people_can_do_is_made_by_clicks(page: Any, folder: Path) -> None:
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    editor, junctions = Editor(page, "People"), place.junctions()
    corner = junctions[junctions["streets"].map(" / ".join) == "Landstrasse / Lehenwies"].geometry.iloc[0]
    click_at(page, corner.x, corner.y)
    assert page.locator(".kinds").get_by_role("button", name="Signal off").count() == 0  # there is none
    editor.add("Forbid a turn", From="Lehenwies, southeastbound", Into="Landstrasse, northeastbound")
    editor.find("junction Neue Churer Strasse / Palduinstrasse")
    editor.add("Signal with fixed times")
    editor.find("zone Iramali")
    editor.add("Leave later, as a wave", Minutes_after_the_order="45")
    editor.find("zone Höfle")
    editor.add("Send to an exit", Exit="North to Triesen")
    page.get_by_role("button", name="What everybody does").click()
    editor.add("Fewer cars, or other driving", Share_of_the_households_that_follow="0.7")
    made = _made(folder, "people")
    assert [action["do"] for action in made] == ["ban_turn", "signal", "phase", "divert", "behaviour"]
    assert made[0]["movement"] == {"from": "Lehenwies", "to": "Landstrasse", "leaving": "northeast"}
    assert (made[2]["zones"], made[2]["offset_min"]) == (["Iramali"], 45)
    assert (made[4]["at_most_vehicles"], made[4]["followed_by"]) == (1, 0.7)
    assert {"movement removed", "signal"} <= set(place.under("people").changes()["kind"])


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (900, "dark")])
def test_forms_and_a_new_place_pass_axe_and_fit(page: Any, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 820})
    page.emulate_media(color_scheme=scheme)
    page.locator(".beside summary").click()
    page.locator(".two tbody tr").first.wait_for()
    assert axe_problems(page, width) == []
    editor = Editor(page, f"Forms {scheme}")
    for name, kind in (
        ("street Landstrasse", "Contraflow"),
        ("junction Landstrasse / Lehenwies", "Forbid a turn"),
        ("zone Iramali", "Leave later, as a wave"),
        ("everybody", "Fewer cars, or other driving"),
    ):
        editor.find(name)
        page.locator(".kinds").get_by_role("button", name=kind, exact=True).click()
        assert axe_problems(page, width) == []
    page.get_by_role("button", name="New place").click()
    page.get_by_role("button", name="Make it and run it").click()
    page.locator(".problems").first.wait_for()
    assert axe_problems(page, width) == []
    remedy = "name it with --count, or give people with --people-per-household, or the total with --households NUMBER"
    problem = {"where": "--households", "what": "no column with counts", "remedy": remedy}
    page.route("**/api/new", lambda route: route.fulfill(status=422, json={"problems": [problem]}))
    page.get_by_role("button", name="Make it and run it").click()
    page.get_by_text(
        "Try: name it with “Column of the file with the counts”, or the total with “How many households live there”"
    ).wait_for()
    assert "--" not in page.inner_text("form")


def test_a_search_for_a_plan_is_begun_by_clicks_and_called_off(page: Any, studio: Served) -> None:
    page.locator("summary", has_text="Find me a plan").click()
    page.get_by_label("Officers").fill("2")
    page.get_by_label("Minutes that it may take").fill("5")
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator(".job", has_text="Search for a plan").wait_for()
    (job, *_) = studio.client.get("/api/jobs").json()
    assert (job["asked"]["kind"], job["asked"]["officers"], job["asked"]["within_min"]) == ("search", 2, 5)
    for _ in range(TIMEOUT_MS // 200):  # until it has a page
        if studio.client.post("/api/places/balzers/report", json={"page": "search"}).is_success:
            break
        page.wait_for_timeout(200)
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Open the page of the search").click()
    search = opened.value
    search.get_by_role("heading", name="Balzers").wait_for()
    assert search.evaluate("getComputedStyle(document.querySelector('.steps .now')).fontWeight") == "700"
    assert axe_problems(search, 1280) == []
    again = search.get_by_label("Look again every ten seconds")
    assert again.is_checked()
    with search.expect_navigation():  # by itself
        pass
    search.get_by_label("Look again every ten seconds").uncheck()
    search.reload()
    assert not again.is_checked()  # it stays as it is
    search.close()
    page.get_by_role("button", name="Cancel").click()
    page.locator(".job").wait_for(state="detached")


def test_a_place_that_is_being_made_is_shown_again_after_a_reload(page: Any) -> None:
    job = {"id": 7, "place": "triesen", "state": "running", "since": 0, "told": {}, "ending": False, "planned": {}}
    job |= {"asked": {"kind": "new", "name": "Triesen", "plans": ["baseline"], "names": ["Triesen"], "vehicles": "1.5"}}
    going = {**job, "progress": {"text": "Compiling the network", "fraction": 0.2}, "minutes": {}}

    def told(route: Any) -> None:
        route.fulfill(body=f"event: jobs\ndata: {json.dumps([going])}\n\n", content_type="text/event-stream")

    page.route("**/api/events", told)
    page.reload()
    page.get_by_role("button", name="New place").click()
    page.locator(".new-place .job", has_text="Compiling the network").wait_for()
    assert page.get_by_role("button", name="Make it and run it").is_enabled()
