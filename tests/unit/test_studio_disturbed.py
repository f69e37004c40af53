"""The studio when its files are changed, taken away or closed to it meanwhile: it says so, and loses nothing."""

from __future__ import annotations

import asyncio
import errno
import shutil
import socket
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from evac.studio.job_child import failure
from evac.studio.journal import Journal
from evac.studio.news import News
from evac.studio.runner import Runner
from evac.studio.workspace import Workspace
from studio_workspace import Served, balzers, client_of, errors_of, served

READ_ONLY = "attempt to write a readonly database"


def test_a_place_that_was_removed_while_it_is_open_is_told_as_such(tmp_path: Path) -> None:
    with client_of(balzers(tmp_path)) as client:
        tag = client.get("/api/places/balzers/plans/flood").headers["etag"]
        shutil.rmtree(tmp_path / "scenarios" / "balzers")
        asked = [
            client.get("/api/places/balzers/picture"),
            client.get("/api/places/balzers/plans"),
            client.get("/api/places/balzers/scenario"),
            client.patch("/api/places/balzers/plans/flood", json={"do": "remove", "at": 0}, headers={"If-Match": tag}),
            client.post("/api/places/balzers/jobs", json={"plans": ["flood"]}),
        ]
        assert client.get("/api/places").json()["places"] == []
    for answer in asked:
        assert answer.status_code == 422
        assert "has no place 'balzers'" in answer.text
    assert (tmp_path / "plans" / "balzers" / "flood.yaml").is_file()


def test_a_plan_that_was_removed_while_it_is_open_is_told_as_such(tmp_path: Path) -> None:
    with client_of(balzers(tmp_path)) as client:
        tag = client.get("/api/places/balzers/plans/flood").headers["etag"]
        (tmp_path / "plans" / "balzers" / "flood.yaml").unlink()
        edit = {"do": "remove", "at": 0}
        answer = client.patch("/api/places/balzers/plans/flood", json=edit, headers={"If-Match": tag})
    assert answer.status_code == 422
    assert "there is no plan 'flood'" in answer.text


def _raising(error: Exception) -> Any:
    def refuse(*_: object, **__: object) -> None:
        raise error

    return refuse


async def _ended(runner: Runner) -> None:
    async with asyncio.timeout(60):
        while runner._tasks:
            await asyncio.wait(runner._tasks.values())


def test_a_run_that_cannot_be_written_down_is_told_and_leaves_room_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, news = Journal(tmp_path / "studio.sqlite"), News()
    runner = Runner(Workspace(tmp_path), journal, news)

    async def ask() -> list[tuple[str, str]]:
        told: list[tuple[str, Any]] = []
        monkeypatch.setattr(news, "tell", lambda kind, content: told.append((kind, content)))
        with monkeypatch.context() as patch:
            patch.setattr(journal, "put", _raising(sqlite3.OperationalError(READ_ONLY)))
            runner.ask("nowhere", {"plans": ["baseline"]})
            await _ended(runner)
        assert runner._live == {}
        return [(content["state"], content["told"].get("error", "")) for kind, content in told if kind == "job"]

    assert asyncio.run(ask()) == [("waiting", ""), ("failed", READ_ONLY)]
    assert [job.state for job in journal.last()] == ["waiting"]  # the next start takes it up
    journal.close()


def test_a_run_is_called_off_while_its_process_begins(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "studio.sqlite")
    runner = Runner(Workspace(tmp_path), journal, News())

    async def ask_and_cancel() -> None:
        number = runner.ask("nowhere", {"plans": ["baseline"]})["id"]
        runner.cancel(number)  # before the task has had its turn
        later = runner.ask("nowhere", {"plans": ["baseline"]})["id"]
        await asyncio.sleep(0)
        runner.cancel(later)  # while the process is being started
        await _ended(runner)

    asyncio.run(ask_and_cancel())
    assert [job.state for job in journal.last()] == ["cancelled", "cancelled"]
    journal.close()


def test_a_folder_that_cannot_be_written_is_told_without_where_it_lies() -> None:
    told = failure(OSError(errno.EROFS, "Read-only file system", "/somebody/scenarios"), Path("/somebody"))["error"]
    assert told.startswith("a file of the workspace can't be read or written (Read-only file system): see that")
    assert "somebody" not in told


def _broken(studio: Served, path: str) -> None:
    """Send the beginning of a file, and hang up."""
    address, key = studio.client.base_url, studio.client.headers["Authorization"]
    with socket.create_connection((address.host, address.port)) as line:
        head = f"PUT {path} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\nAuthorization: {key}\r\n"
        line.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + b"x" * 1000)
        time.sleep(0.5)


def test_a_file_that_is_sent_in_part_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    with served(folder) as studio:
        _broken(studio, "/api/uploads/extract/half.osm.pbf")
        for _ in range(1200):
            left = [path for path in (folder / ".evac" / "studio" / "uploads").rglob("*") if path.is_file()]
            if not left:
                break
            time.sleep(0.1)
        assert left == []
        assert studio.client.get("/api/extracts").json() == []
    assert "Traceback" not in errors_of(folder).read_text()
