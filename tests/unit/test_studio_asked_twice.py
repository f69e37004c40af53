"""What is asked for twice, by two clicks or in two tabs, is done once; two places never get the same name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evac.errors import UserError
from evac.studio.journal import Journal
from evac.studio.news import News
from evac.studio.runner import Runner
from evac.studio.workspace import SENDING, Workspace

RUN = {"plans": ["baseline"], "vehicles": "1.5", "departure": "alert", "seeds": [1], "fidelity": "micro"}
PLACE = {"kind": "new", "name": "Triesen", "area": "one.geojson"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "studio.sqlite")
    yield journal
    journal.close()


@pytest.fixture
def waiting(tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Give a runner that begins with nothing."""
    runner = Runner(Workspace(tmp_path), journal, News())
    monkeypatch.setattr(runner, "_fill", lambda: None)
    return runner


def _ids(journal: Journal) -> list[int]:
    return [job.id for job in journal.last()]


def test_a_run_that_waits_is_not_asked_for_twice(waiting: Runner, journal: Journal) -> None:
    first = waiting.ask("balzers", RUN)
    assert waiting.ask("balzers", dict(RUN)) == first
    others = [waiting.ask("elsewhere", RUN)["id"], waiting.ask("balzers", {**RUN, "seeds": [2]})["id"]]
    assert sorted(_ids(journal)) == [first["id"], *others]


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_a_run_that_has_ended_may_be_asked_for_again(waiting: Runner, journal: Journal, state: Any) -> None:
    first = waiting.ask("balzers", RUN)["id"]
    journal.put(first, state)
    assert waiting.ask("balzers", RUN)["id"] != first


def test_a_run_that_is_being_called_off_may_be_asked_for_again(tmp_path: Path, journal: Journal) -> None:
    runner = Runner(Workspace(tmp_path), journal, News())

    async def ask() -> tuple[int, int, int]:
        first = runner.ask("nowhere", RUN)["id"]
        again = runner.ask("nowhere", RUN)["id"]
        runner.cancel(first)
        later = runner.ask("nowhere", RUN)["id"]
        await runner.end()
        return first, again, later

    first, again, later = asyncio.run(ask())
    assert first == again != later


def test_two_tabs_make_no_two_places_of_one_name(waiting: Runner, journal: Journal) -> None:
    """The second would be run on the area of the first, and shown as if it were its own."""
    first = waiting.ask("triesen", PLACE)
    assert waiting.ask("triesen", PLACE) == first
    with pytest.raises(UserError, match="'triesen' is being made"):
        waiting.ask("triesen", {**PLACE, "area": "another.geojson"})
    assert _ids(journal) == [first["id"]]
    journal.put(first["id"], "failed")
    assert waiting.ask("triesen", {**PLACE, "area": "another.geojson"})["id"] != first["id"]


def test_what_was_sent_in_part_when_the_server_was_killed_goes_at_its_next_start(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    folder = workspace.own / "uploads" / "extract"
    folder.mkdir(parents=True)
    for name in (f"{SENDING}abc", "whole.osm.pbf"):
        (folder / name).write_bytes(b"x")
    workspace.prune()
    assert [path.name for path in folder.iterdir()] == ["whole.osm.pbf"]
