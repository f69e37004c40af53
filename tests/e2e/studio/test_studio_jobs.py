"""Runs that the studio is asked for: they end as the command's do, can be called off, and outlive the server."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import signal
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

import evac
from evac.cli import run_guarded
from evac.errors import UserError
from evac.studio.workspace import Workspace
from studio_workspace import HAS_ENDED, ROOT, balzers, errors_of, prepare_as_balzers, prepared_balzers, served

WHOLE_TOWN, FEW = 1.5, 0.3


def _simulators(folder: Path) -> list[int]:
    """Return the processes that work in a workspace."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if str(folder).encode() in command or str(process.joinpath("cwd").readlink()).startswith(str(folder)):
                found.append(int(process.name))
        except OSError:
            continue
    return [number for number in found if number != os.getpid()]


def test_what_is_handed_on_gives_the_bytes_of_the_studio_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, elsewhere = prepared_balzers(tmp_path / "studio", FEW), tmp_path / "elsewhere"
    with served(folder) as studio:
        asked = studio.client.post("/api/places/balzers/jobs", json={"plans": ["flood"], "seeds": [7]})
        assert asked.status_code == 202
        job = studio.wait(asked.json()["id"], lambda job: job["state"] in HAS_ENDED)
        assert (job["state"], job["told"]["failures"]) == ("done", [])
        (row,) = studio.client.get("/api/places/balzers/runs").json()
        path = f"/api/places/balzers/runs/{row['job']}"
        shown, queues = studio.client.get(path).json(), studio.client.get(f"{path}/queues").json()
        packed = studio.client.get("/api/places/balzers/folder").content
    assert not list((folder / ".evac" / "studio").glob(".packed.*"))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(elsewhere)
    readme = (elsewhere / "README.md").read_text()
    (command,) = re.findall(r"^    evac (run .*)$", readme, re.MULTILINE)
    prepare_as_balzers(elsewhere)
    monkeypatch.chdir(elsewhere)
    assert run_guarded(["check", "scenarios/balzers"]) == 0
    assert run_guarded(shlex.split(command)) == 0
    run = evac.open(elsewhere / "scenarios" / "balzers").finished(["flood"], seeds=[7]).runs[0]
    assert [run.job] == job["told"]["runs"] == [row["job"]] == pd.read_csv(elsewhere / "runs.csv")["job"].tolist()
    mine = json.loads((folder / ".evac" / "runs" / run.job / "manifest.json").read_text())
    assert mine["tables"] == run.manifest["tables"]
    assert shown["curve"]["evacuated"] == run.curve()["evacuated"].tolist()
    assert (shown["trusted"], tuple(shown["reasons"])) == (run.trusted, run.reasons)
    busiest = run.edges().groupby("from_s")["queue_veh"].sum()
    told = [sum(values) for values in zip(*queues["edges"].values(), strict=True)]
    assert max(told, default=0.0) == pytest.approx(busiest.max(), rel=0.2, abs=3.0)  # but for less than half a car
    assert row["t90_s"] == pytest.approx(run.clearance(0.9).total_seconds())


@pytest.mark.slow
def test_what_was_screened_plan_by_plan_is_the_same_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each plan's own error is a part of its coarse runs: they come again only beside what they were asked for with."""
    folder, elsewhere = prepared_balzers(tmp_path / "studio", FEW), tmp_path / "elsewhere"
    with served(folder) as studio:
        for plan in ("contraflow-south", "flood"):
            asked = studio.client.post("/api/places/balzers/jobs", json={"plans": [plan], "fidelity": "meso"})
            job = studio.wait(asked.json()["id"], lambda job: job["state"] in HAS_ENDED)
            assert (job["state"], job["told"]["failures"]) == ("done", [])
        packed = studio.client.get("/api/places/balzers/folder").content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(elsewhere)
    prepare_as_balzers(elsewhere)
    monkeypatch.chdir(elsewhere)
    commands = re.findall(r"^    evac (run .*)$", (elsewhere / "README.md").read_text(), re.MULTILINE)
    for command in commands:
        assert run_guarded(shlex.split(command)) == 0
    handed_on = pd.read_csv(elsewhere / "runs.csv")
    assert sorted(handed_on["plan"]) == ["baseline", "baseline", "contraflow-south", "flood"]
    for job in handed_on["job"]:
        tables = [
            json.loads((at / ".evac" / "runs" / job / "manifest.json").read_text())["tables"]
            for at in (folder, elsewhere)
        ]
        assert tables[0] == tables[1]


def test_a_server_that_is_killed_loses_no_run(tmp_path: Path) -> None:
    folder = prepared_balzers(tmp_path, WHOLE_TOWN)
    with served(folder) as studio:
        number = studio.client.post("/api/places/balzers/jobs", json={"plans": ["baseline"]}).json()["id"]
        studio.wait(number, lambda job: bool(job.get("minutes")))
        studio.process.kill()
        studio.process.wait()
    until = time.monotonic() + 120
    while left := _simulators(folder):
        assert time.monotonic() < until, f"{left} outlive their server"
        time.sleep(0.2)
    with served(folder) as studio:
        job = studio.wait(number, lambda job: job["state"] != "waiting")
        assert job["state"] == "running"  # taken up by itself
        studio.client.delete(f"/api/jobs/{number}")
        assert studio.wait(number, lambda job: job["state"] in HAS_ENDED)["state"] == "cancelled"
        assert studio.client.get("/api/places/balzers/runs").json() == []
        assert not [left for left in _simulators(folder) if left != studio.process.pid]
    with served(folder) as studio:
        assert studio.job(number)["state"] == "cancelled"  # and isn't begun again


def test_a_server_that_is_killed_while_a_place_is_made_makes_it_at_its_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    (folder / "extracts").mkdir(parents=True)
    shutil.copy(ROOT / "scenarios" / "balzers" / "data" / "balzers.osm.pbf", folder / "extracts")
    corners = [[9.49, 47.06], [9.52, 47.06], [9.52, 47.08], [9.49, 47.08], [9.49, 47.06]]
    area = {"type": "Polygon", "coordinates": [corners]}
    with served(folder) as studio:
        asked = {"name": "Killed", "extract": "balzers.osm.pbf", "area": area, "households": 40}
        number = studio.client.post("/api/new", json=asked).json()["id"]
        studio.wait(number, lambda job: bool(job.get("progress")))
        studio.process.kill()
        studio.process.wait()
    assert not (folder / "scenarios" / "killed" / "scenario.yaml").exists()  # whole, or not there
    with served(folder) as studio:
        job = studio.wait(number, lambda job: job["state"] in HAS_ENDED, 600.0)
        assert (job["state"], job["told"].get("failures")) == ("done", []), job
        assert [place["place"] for place in studio.client.get("/api/places").json()["places"]] == ["killed"]
        assert len(studio.client.get("/api/places/killed/runs").json()) == 1


def test_whoever_waits_when_the_server_ends_is_told_and_it_ends_quietly(tmp_path: Path) -> None:
    folder = balzers(tmp_path / "unprepared")
    with served(folder) as studio, ThreadPoolExecutor() as pool:
        with studio.client.stream("GET", "/api/places/balzers/prepare") as steps:
            next(steps.iter_lines())  # its process is at work
            sent = threading.Event()

            def hear(event: str, _info: object) -> None:
                if event.endswith("send_request_body.complete"):
                    sent.set()

            waiting = pool.submit(studio.client.get, "/api/places/balzers/picture", extensions={"trace": hear})
            assert sent.wait(60)
            time.sleep(0.5)
            studio.client.get("/api/jobs")  # what was sent before it has been read
            studio.process.send_signal(signal.SIGINT)
            answer = waiting.result()
        studio.process.wait(120)
    assert answer.status_code == 500
    assert "has ended" in answer.json()["error"]
    assert "Traceback" not in errors_of(folder).read_text()


@pytest.mark.slow
def test_a_plan_is_searched_and_put_among_the_others(tmp_path: Path) -> None:
    folder = prepared_balzers(tmp_path, WHOLE_TOWN)
    with served(folder) as studio:
        asked = {"officers": 2, "cones": 200, "barricades": 4, "within_min": 3}
        number = studio.client.post("/api/places/balzers/search", json=asked).json()["id"]
        job = studio.wait(number, lambda job: job["state"] in HAS_ENDED, 600.0)
        plans = {plan["plan"]: plan for plan in studio.client.get("/api/places/balzers/plans").json()}
        page = studio.client.post("/api/places/balzers/report", json={"page": "search"}).json()["url"]
        assert studio.client.get(page).status_code == 200
    assert job["state"] == "done", job
    found = plans[job["told"]["plan"]]
    assert found["problems"] == []
    takes = found["resources"]
    assert 0 < takes["officers"] <= 2
    assert all(takes[what] <= asked[what] for what in ("cones", "barricades"))


def test_what_cannot_be_run_is_told_at_once(tmp_path: Path) -> None:
    with served(prepared_balzers(tmp_path, FEW)) as studio:
        for asked, words in (
            ({"plans": []}, "1 to 8"),
            ({"plans": ["nowhere"]}, "known: baseline, bridge-closed"),
            ({"plans": ["../balzers/flood.yaml"]}, "no plan"),
            ({"plans": ["flood"], "vehicles": "9"}, "has no case '9'"),
            ({"plans": ["flood"], "seeds": ["x"]}, "whole numbers"),
            ({"plans": ["flood"], "fidelity": "nano"}, "micro or meso"),
        ):
            answer = studio.client.post("/api/places/balzers/jobs", json=asked)
            assert answer.status_code == 422
            assert words in str(answer.json()["problems"])
        answer = studio.client.post("/api/places/balzers/search", json={"officers": -1, "cones": "many"})
        assert (answer.status_code, len(answer.json()["problems"])) == (422, 2)
        assert studio.client.get("/api/jobs").json() == []
        assert studio.client.delete("/api/jobs/7").status_code == 404


def test_one_studio_a_workspace(tmp_path: Path) -> None:
    first, second = Workspace(tmp_path), Workspace(tmp_path)
    with first.alone(), pytest.raises(UserError, match="open on this workspace"), second.alone():
        pass
    with second.alone():
        pass
