"""Runs that a worker's machine let down go to other workers, also when these come and go; an empty cluster is said."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

roster = pytest.importorskip("evac.study.roster", reason="the engine for clusters isn't installed")
FULL = SimpleNamespace(error="the disk is full", worker="tcp://full")


@pytest.fixture
def clock(monkeypatch):
    found = SimpleNamespace(now_s=1000.0)
    monkeypatch.setattr(roster.time, "monotonic", lambda: found.now_s)
    return found


@pytest.fixture
def told():
    return []


@pytest.fixture
def workers(clock, told):  # noqa: ARG001 - the clock stands still
    return roster.Roster("tcp://scheduler:8786", told.append)


def test_a_run_goes_to_the_others_and_on_when_these_have_gone(workers):
    workers.let_down("job", FULL)
    workers.look({"tcp://full": 1, "tcp://one": 1})
    assert list(workers.placed()) == [("job", ["tcp://one"])]
    assert workers.stranded(["job"]) == []
    workers.look({"tcp://full": 1})
    assert workers.stranded(["job"]) == ["job"]
    assert list(workers.placed()) == []
    workers.look({"tcp://full": 1, "tcp://two": 1})
    assert list(workers.placed()) == [("job", ["tcp://two"])]


def test_a_worker_that_comes_later_gets_a_share(workers):
    for number in range(5):
        workers.let_down(f"job {number}", FULL)
    workers.look({"tcp://full": 1, "tcp://one": 1})
    assert [job for job, _ in workers.placed()] == ["job 0", "job 1"]
    workers.look({"tcp://full": 1, "tcp://one": 1, "tcp://two": 1})
    assert [(job, len(names)) for job, names in workers.placed()] == [("job 2", 2), ("job 3", 2)]
    workers.end("job 0")
    assert [job for job, _ in workers.placed()] == ["job 4"]


def test_a_run_fails_when_only_unfit_workers_stay(workers, clock):
    workers.look({"tcp://full": 1})
    workers.let_down("job", FULL)
    assert workers.hopeless() == []
    clock.now_s += roster.OTHER_WORKER_S + 1
    assert workers.hopeless() == [("job", FULL)]
    workers.look({})
    assert workers.hopeless() == [], "an empty cluster is waited for"


def test_an_empty_cluster_is_said_once(workers, clock, told):
    for _ in range(10):
        workers.look({})
        clock.now_s += 1
    assert told == ["no worker at tcp://scheduler:8786; start one with: dask worker tcp://scheduler:8786 --nthreads 1"]
    workers.look({"tcp://one": 1})
    assert told[1:] == ["a worker has come"]
