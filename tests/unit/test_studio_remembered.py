"""Answers that are given again are those that would be worked out now."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from evac.studio.remembered import Remembered
from evac.studio.serving import _listening
from studio_workspace import balzers, client_of


def test_an_answer_is_worked_out_anew_when_what_it_is_made_of_has_changed() -> None:
    remembered, made = Remembered(), iter(range(10))
    first = remembered.answer("what", "as it was", lambda: next(made))
    assert remembered.answer("what", "as it was", lambda: next(made)) is first
    second = remembered.answer("what", "as it is", lambda: next(made))
    assert [json.loads(answer.body) for answer in (first, second)] == [0, 1]
    assert first.tag != second.tag
    assert remembered.answer("something else", "as it is", lambda: next(made)).content == 2


def test_whoever_asks_meanwhile_waits_for_the_same() -> None:
    remembered, together, made = Remembered(), Barrier(4), []

    def ask(_number: int) -> object:
        together.wait(10)
        return remembered.answer("what", "stamp", lambda: made.append(1))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert (made, len(set(map(id, answers)))) == ([1], 1)


def test_what_failed_is_tried_again() -> None:
    remembered = Remembered()
    tried = iter((ZeroDivisionError, None))

    def make() -> str:
        if (error := next(tried)) is not None:
            raise error
        return "there"

    for words in ("", "there"):
        try:
            assert remembered.answer("what", "stamp", make).content == words
        except ZeroDivisionError:
            assert not words


def test_a_browser_that_has_the_plans_is_told_so_until_one_changes(tmp_path: Path) -> None:
    folder = balzers(tmp_path)
    with client_of(folder) as client:
        first = client.get("/api/places/balzers/plans")
        seen = {"If-None-Match": first.headers["etag"]}
        assert client.get("/api/places/balzers/plans", headers=seen).status_code == 304
        path = folder / "plans" / "balzers" / "flood.yaml"
        path.write_text(path.read_text().replace("name: Rhine flood, answered", "name: Rhine flood, met"))
        second = client.get("/api/places/balzers/plans", headers=seen)
    assert second.status_code == 200
    names = [{plan["plan"]: plan["name"] for plan in answer.json()}["flood"] for answer in (first, second)]
    assert names == ["Rhine flood, answered", "Rhine flood, met"]


def test_small_answers_are_sent_at_once() -> None:
    """By `proto`, asyncio decides whether a connection waits for more to send (Nagle's algorithm)."""
    with _listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP
