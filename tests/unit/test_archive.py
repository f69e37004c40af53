"""What the cache knows of its runs and studies, and what of it may go."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from evac.archive import index
from evac.archive.basis import Basis
from evac.archive.cleaning import clean, plan_cleaning
from evac.archive.index import indexed_runs
from evac.archive.records import StudyRecord, Wanted, failure_of, note_failure, note_study, now, read_studies
from evac.archive.status import done_of, status_of, time_left_s, unclaimed
from evac.files import whole_directory
from evac.kept_run import asked_jobs, kept_runs
from evac.seals import seal

CASE = {"vehicles_per_household": "1", "departure": "d", "seed": 1, "plan": "a", "fidelity": "micro"}


def basis(keys=("a",), **changes):
    cases = {"vehicles": {"1": "0"}, "departures": {"d": "0"}}
    parts = {"common": {"net": "0"}, "plans": dict.fromkeys(keys, "0"), **cases}
    return Basis(**{**parts, **changes})


def make_run(cache, job, *, wall_s=60.0, net="n1", t90_s=3600.0, age_days=0.0):
    folder = cache / "runs" / job
    folder.mkdir(parents=True)
    case = {**CASE, "capacity_factor": 1.0}
    (folder / "job.json").write_text(json.dumps({"case": case, "inputs": {"net": net, "households": "h"}}))
    times = dict.fromkeys(("t50_s", "t95_s", "t100_s", "end_s", "mean_delay_s"), 7200.0)
    counts = dict.fromkeys(("planned", "evacuated", "in_refuge", "driving", "waiting", "no_route"), 5)
    (folder / "manifest.json").write_text(json.dumps({**times, **counts, "t90_s": t90_s}))
    (folder / "ledger.json").write_text(json.dumps({"trusted": True, "reasons": []}))
    seal(folder)
    ended = time.time() - age_days * 86_400
    os.utime(folder / "job.json", (ended - wall_s, ended - wall_s))
    os.utime(folder / "manifest.json", (ended, ended))
    os.utime(folder, (ended, ended))
    return folder


def record(jobs, *, place="town", plans=("a",), age_days=0.0, folders=("nets/n1",), selected=None):
    runs = tuple(Wanted(job, f"case {job}", plans[0], "1", "d") for job in jobs)
    return StudyRecord(place, basis(plans), now() - timedelta(days=age_days), runs, folders, selected or {})


def test_index_follows_the_run_directories(tmp_path):
    assert indexed_runs(tmp_path) == []
    make_run(tmp_path, "one")
    make_run(tmp_path, "two", t90_s=None)
    rows = {row["job"]: row for row in indexed_runs(tmp_path)}
    assert rows["one"]["t90_s"] == 3600.0
    assert rows["two"]["t90_s"] is None
    assert rows["one"]["wall_s"] == pytest.approx(60.0)
    (tmp_path / "runs" / "one").rename(tmp_path / "elsewhere")
    make_run(tmp_path, "three")
    assert {row["job"] for row in indexed_runs(tmp_path)} == {"two", "three"}
    assert [row["job"] for row in indexed_runs(tmp_path, ["three", "none"])] == ["three"]


def test_a_run_of_an_older_version_is_a_row_without_what_that_one_did_not_measure(tmp_path):
    """Whoever renews the toolkit keeps the cache: a run of before refuges made every study fail."""
    folder = make_run(tmp_path, "old")
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["in_refuge"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    seal(folder)
    make_run(tmp_path, "new")
    rows = {row["job"]: row for row in indexed_runs(tmp_path)}
    assert (rows["old"]["in_refuge"], rows["old"]["evacuated"], rows["new"]["in_refuge"]) == (None, 5, 5)


def test_index_opens_no_run_that_it_knows(tmp_path, monkeypatch):
    make_run(tmp_path, "one")
    indexed_runs(tmp_path)
    monkeypatch.setattr(index, "_row", lambda folder: pytest.fail(f"{folder} was opened"))
    assert len(indexed_runs(tmp_path)) == 1


def test_a_broken_index_is_made_again(tmp_path):
    make_run(tmp_path, "one")
    (tmp_path / "index.parquet").write_bytes(b"PAR1 nothing")
    assert len(indexed_runs(tmp_path)) == 1


def test_an_index_of_before_a_column_is_made_again(tmp_path):
    make_run(tmp_path, "one")
    path = tmp_path / "index.parquet"
    indexed_runs(tmp_path)
    pd.read_parquet(path).drop(columns="found_bottlenecks").to_parquet(path)
    assert [row["found_bottlenecks"] for row in indexed_runs(tmp_path)] == ["[]"]


def test_status_tells_done_running_failed_and_missing(tmp_path):
    make_run(tmp_path, "done" + "0" * 60, wall_s=100.0)
    jobs = [name + "0" * 60 for name in ("done", "live", "fail", "todo")]
    note_failure(tmp_path, jobs[2], "the disk is full")
    with whole_directory(tmp_path / "runs" / jobs[1]) as folder:
        (folder / "job.json").write_text("{}")
        runs = status_of(record(jobs), tmp_path, basis())
    assert [run.state for run in runs] == ["done", "running", "failed", "to do"]
    assert runs[2].failure == failure_of(tmp_path, jobs[2]) == "the disk is full"
    assert time_left_s(runs) == pytest.approx(200.0, abs=5.0)  # two of 100 s, one at a time as now
    assert time_left_s([run for run in runs if run.state == "to do"]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"common": {"net": "1"}},
        {"common": {}},
        {"plans": {"a": "1"}},
        {"vehicles": {"1": "1"}},
        {"vehicles": {}},
        {"departures": {"d": "1"}},
    ],
)
def test_runs_are_older_when_what_they_stand_on_has_changed(tmp_path, changes):
    make_run(tmp_path, "one", wall_s=100.0)
    found = status_of(record(["one", "two"]), tmp_path, basis(**changes))
    assert [run.state for run in found] == ["older", "to do"]
    assert time_left_s(found, cores=1) == pytest.approx(200.0), "an older run is done again"


def test_runs_are_not_older_when_only_others_have_changed(tmp_path):
    make_run(tmp_path, "one")
    present = basis(plans={"b": "1"}, vehicles={"1": "0", "2": "1"}, departures={"d": "0", "e": "1"})
    assert [run.state for run in status_of(record(["one"]), tmp_path, present)] == ["done"]


def test_finished_runs_say_whether_what_they_stand_on_has_changed(tmp_path):
    for job in ("before", "now", "both"):
        make_run(tmp_path, job)
    note_study(tmp_path, record(["before", "both"], selected={"seeds": [1]}))
    changed = basis(common={"net": "1"})
    note_study(tmp_path, replace(record(["now", "both"], selected={"seeds": [2]}), basis=changed))
    assert dict(kept_runs(tmp_path, "town", changed)[["job", "older"]].to_numpy()) == {
        "before": True,
        "now": False,
        "both": False,  # what has changed is nothing to it, or it would be another job
    }


def test_runs_that_no_study_asks_for_are_counted(tmp_path):
    for job in ("one", "two", "three"):
        make_run(tmp_path, job)
    assert unclaimed([record(["one"]), record(["two"])], tmp_path) == 1
    assert done_of([record(["one", "none"]), record([])], tmp_path) == [1, 0]


def test_a_quick_look_does_not_replace_the_record_of_a_big_study(tmp_path):
    note_study(tmp_path, record(["x", "y"], selected={"seeds": [1, 2]}, age_days=1))
    note_study(tmp_path, record(["x"], selected={"seeds": [1]}))
    note_study(tmp_path, record(["x", "z"], selected={"seeds": [1]}))
    assert [len(item.runs) for item in read_studies(tmp_path)] == [2, 2]
    assert {wanted.job for item in read_studies(tmp_path) for wanted in item.runs} == {"x", "y", "z"}


def test_a_run_of_the_same_selection_stays_listed_when_a_changed_plan_is_run_again(tmp_path):
    make_run(tmp_path, "first", age_days=2)
    note_study(tmp_path, record(["first", "never made"], age_days=2))
    changed = basis(plans={"a": "1"})
    for job in ("second", "third"):  # a job is another under another plan
        note_study(tmp_path, replace(record([job]), basis=changed))
        make_run(tmp_path, job)
    (found,) = read_studies(tmp_path)
    assert (found.earlier, [run.job for run in found.runs]) == (("first", "second"), ["third"])
    runs = kept_runs(tmp_path, "town", changed)
    assert dict(runs[["job", "older"]].to_numpy()) == {"first": True, "second": True, "third": False}
    assert asked_jobs(tmp_path, "town") == {"first", "second", "third"}


def test_a_record_of_an_older_toolkit_is_read_and_its_runs_are_older(tmp_path):
    written = record(["x"])
    document = {**written.document(), "scenario": "0" * 64, "plans": {"a": "0"}}
    for name in ("basis", "selected"):
        del document[name]
    del document["runs"][0]["departure"]
    path = tmp_path / "studies" / f"{written.name}.json"
    path.parent.mkdir()
    path.write_text(json.dumps(document))
    (found,) = read_studies(tmp_path)
    assert (found.name, found.plans) == (written.name, ["a"])
    make_run(tmp_path, "x")
    assert [run.state for run in status_of(found, tmp_path, basis())] == ["older"]


def test_a_record_is_read_as_it_was_written(tmp_path):
    written = record(["x"], plans=("b", "a"))
    note_study(tmp_path, record(["x"], place="other", age_days=1))
    note_study(tmp_path, written)
    assert read_studies(tmp_path)[0] == written
    assert read_studies(tmp_path)[0].plans == ["b", "a"]


@pytest.fixture
def workspace(tmp_path):
    cache = tmp_path / ".evac"
    for job, net, age_days in (("shown", "n1", 90), ("old", "n2", 90), ("new", "n3", 1), ("stray", "n4", 90)):
        make_run(cache, job, net=net, age_days=age_days)
        (cache / "nets" / net).mkdir(parents=True)
        os.utime(cache / "nets" / net, (time.time() - age_days * 86_400,) * 2)
    note_study(cache, record(["shown"], plans=("a",), age_days=90, folders=("nets/n1",)))
    note_study(cache, record(["old"], plans=("b",), age_days=90, folders=("nets/n2", "nets/n1")))
    note_study(cache, record(["new"], plans=("c",), age_days=1, folders=("nets/n3",)))
    (tmp_path / "reports" / "town").mkdir(parents=True)
    pd.DataFrame({"job": ["shown"]}).to_parquet(tmp_path / "reports" / "town" / "results.parquet")
    return tmp_path


def names(cleaning):
    return sorted(f"{path.parent.name}/{path.name}" for path in cleaning.folders)


def test_cleaning_by_age_spares_what_reports_and_younger_studies_need(workspace):
    cache = workspace / ".evac"
    found = plan_cleaning(cache, workspace / "reports", older_than_days=30)
    assert names(found) == ["nets/n2", "nets/n4", "runs/old", "runs/stray"]
    assert [item.plans for item in found.studies] == [["b"]]
    assert [item.plans for item in found.kept] == [["a"]]
    assert (cache / "runs" / "old").is_dir(), "planning removes nothing"
    clean(cache, found)
    assert sorted(path.name for path in (cache / "runs").iterdir()) == ["new", "shown"]
    assert sorted(path.name for path in (cache / "nets").iterdir()) == ["n1", "n3"]
    assert len(read_studies(cache)) == 2


def test_cleaning_spares_what_a_report_shows_whose_study_is_not_known_any_more(workspace):
    cache = workspace / ".evac"
    kept = workspace / "reports" / "town-0a1b2c"
    kept.mkdir()
    pd.DataFrame({"job": ["stray"]}).to_parquet(kept / "results.parquet")
    assert names(plan_cleaning(cache, workspace / "reports", older_than_days=30)) == ["nets/n2", "runs/old"]


def test_cleaning_takes_what_was_fetched_long_ago(tmp_path):
    for name, age_days in (("old", 40), ("new", 20)):
        (tmp_path / "fetched" / name).mkdir(parents=True)
        os.utime(tmp_path / "fetched" / name, (time.time() - age_days * 86_400,) * 2)
    assert names(plan_cleaning(tmp_path, tmp_path / "reports", older_than_days=30)) == ["fetched/old"]


def test_cleaning_a_place_takes_only_what_its_studies_alone_need(workspace):
    found = plan_cleaning(workspace / ".evac", workspace / "reports", older_than_days=30, place="town")
    assert names(found) == ["nets/n2", "nets/n3", "runs/new", "runs/old"]
    assert plan_cleaning(workspace / ".evac", workspace / "reports", 30, place="elsewhere").folders == {}
