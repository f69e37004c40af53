"""Files that others change are told to all pages; what the studio has told itself isn't told twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evac.studio.news import News
from evac.studio.watched import Watched
from evac.studio.workspace import Workspace
from evac.studio.yaml_text import tag_of

PLAN = {"place": "town", "plan": "flood"}
NEW = "name: Flood, answered\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in (("scenarios/town/scenario.yaml", "name: Town\n"), ("plans/town/flood.yaml", "name: Flood\n")):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def _heard(folder: Path, *changes: Callable[[News], Any]) -> list[tuple[str, Any]]:
    """Look, make each change and look again; return what a page hears."""

    async def heard() -> list[tuple[str, Any]]:
        news = News()
        watched = Watched(Workspace(folder), news)
        await watched.look()
        page = news.hear()
        for change in changes:
            change(news)
            await watched.look()
        news.tell("end", {})
        found = []
        async for kind, text in page:
            if kind == "end":
                return found
            found.append((kind, json.loads(text)))
        return found

    return asyncio.run(heard())


def _tag(text: str) -> str:
    return f'"{tag_of(text)}"'


def test_a_plan_that_is_changed_in_an_editor_is_told_with_what_it_is(folder: Path) -> None:
    path = folder / "plans" / "town" / "flood.yaml"
    assert _heard(folder, lambda _: path.write_text(NEW), lambda _: None) == [("plan", {**PLAN, "tag": _tag(NEW)})]


def test_a_scenario_that_is_changed_in_an_editor_is_told(folder: Path) -> None:
    path = folder / "scenarios" / "town" / "scenario.yaml"
    assert _heard(folder, lambda _: path.write_text(NEW)) == [("scenario", {"place": "town", "tag": _tag(NEW)})]


def test_a_plan_that_is_removed_and_put_back_is_told_twice(folder: Path) -> None:
    path = folder / "plans" / "town" / "flood.yaml"
    told = _heard(folder, lambda _: path.unlink(), lambda _: path.write_text("name: Flood\n"))
    assert told == [("plan", {**PLAN, "tag": None}), ("plan", {**PLAN, "tag": _tag("name: Flood\n")})]


@pytest.mark.parametrize("tag", [_tag(NEW), None])
def test_what_the_studio_has_told_is_not_told_again(folder: Path, tag: str | None) -> None:
    """It tells of a new plan without what it is: whoever made it reads it."""

    def change(news: News) -> None:
        (folder / "plans" / "town" / "flood.yaml").write_text(NEW)
        news.tell("plan", {**PLAN, "tag": tag})

    assert _heard(folder, change, lambda _: None) == [("plan", {**PLAN, "tag": tag})]


def test_a_file_that_is_no_text_is_told_as_well(folder: Path) -> None:
    path = folder / "plans" / "town" / "flood.yaml"
    ((kind, content),) = _heard(folder, lambda _: path.write_bytes(b"\xff\xfe"))
    assert (kind, content["plan"]) == ("plan", "flood")
