"""Workers that share a cache: each delivers whole runs, also when several were given the same one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from evac.files import whole_directory
from evac.simulate.job import Case

worker = pytest.importorskip("evac.study.worker", reason="the engine for clusters isn't installed")
CASE = Case(vehicles_per_household="1", departure="d", seed=1)
FILES = 8
TURNS = 8


def run_as_the_stages_do(_ground, job, cache, **_):
    target = cache / "runs" / job.digest
    if not target.is_dir():
        with whole_directory(target) as folder:
            for number in range(FILES):
                (folder / str(number)).write_text("x")
    return target


def test_several_workers_with_one_cache_deliver_whole_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "get_worker", lambda: None)
    monkeypatch.setattr(worker, "job_of", lambda *_: SimpleNamespace(digest="job"))
    monkeypatch.setattr(worker, "perform", run_as_the_stages_do)
    monkeypatch.setattr(worker, "pack_run", lambda folder: sorted(path.name for path in folder.iterdir()))

    asked = {"case": asdict(CASE), "deadline": None, "digest": "job"}

    def deliver(_):
        return [worker._run(SimpleNamespace(terms=None), tmp_path, asked, "topic") for _ in range(TURNS)]

    with ThreadPoolExecutor(4) as pool:
        delivered = [names for names_of_one in pool.map(deliver, range(4)) for names in names_of_one]
    assert [len(names) for names in delivered] == [FILES] * (4 * TURNS)
    assert list((tmp_path / "runs").iterdir()) == [], "a worker keeps no run"
