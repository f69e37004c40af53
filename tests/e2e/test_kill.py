"""A run killed at any moment leaves no sumo and nothing that looks finished; started again it ends the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from evac import sumo
from evac.files import digest_file

# One run in a process of its own; it says when it is over.
SCRIPT = """
import signal
import sys
from pathlib import Path
from evac.simulate.job import Case, Job
from evac.simulate import run_job
from evac.simulate.job_inputs import JobInputs

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started with it ignored
folder = Path(sys.argv[1])
job = Job.of(Case(vehicles_per_household="1", departure="all at once", seed=7), settings={}, inputs={})
inputs = JobInputs(folder / "net.net.xml", {"trips.rou.xml": lambda p: p.write_text((folder / "trips").read_text())},
                   end_s=20_000.0, gridlock_after_s=300.0)
print(run_job(job, inputs, folder / sys.argv[2]), flush=True)
"""
VEHICLES = 600


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kill")
    (folder / "n.xml").write_text(
        '<nodes><node id="a" x="0" y="0"/><node id="b" x="4000" y="0"/><node id="c" x="4500" y="0"/></nodes>'
    )
    (folder / "e.xml").write_text(
        '<edges><edge id="in" from="a" to="b" numLanes="3" speed="14"/>'
        '<edge id="out" from="b" to="c" numLanes="2" speed="14"/></edges>'
    )
    sumo.run("netconvert", ["-n", "n.xml", "-e", "e.xml", "-o", "net.net.xml"], cwd=folder)
    trips = "".join(f'<trip id="{n}" depart="{n // 2}" from="in" to="out" departLane="best"/>' for n in range(VEHICLES))
    (folder / "trips").write_text(f"<routes>{trips}</routes>")
    return folder


def start(folder, cache):
    return subprocess.Popen([sys.executable, "-c", SCRIPT, folder, cache], stdout=subprocess.PIPE, text=True)


def run(folder, cache):
    with start(folder, cache) as process:
        output = process.communicate(timeout=300)[0]
    assert process.returncode == 0
    return Path(output.strip())


def simulators(folder):
    """Return the pids of the programs that work in the folder, other than ourselves."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(folder) in (entry / "cmdline").read_bytes() and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def content(run_dir):
    trips = [sorted(trip.attrib.items()) for trip in ET.parse(run_dir / "sumo" / "tripinfo.xml").getroot()]
    assert len(trips) == VEHICLES
    names = ("sumo/lanes.parquet", "gridlock.json", "ending.json", "run.sumocfg", "trips.rou.xml")
    return trips, {name: digest_file(run_dir / name) for name in names}


@pytest.fixture(scope="module")
def reference(road):
    started = time.monotonic()
    run_dir = run(road, "whole")
    return content(run_dir), time.monotonic() - started


def wait_for_none(folder):
    end = time.monotonic() + 10
    while simulators(folder):
        assert time.monotonic() < end, "a simulation outlived its parent"
        time.sleep(0.02)


@pytest.mark.parametrize("seed", range(3))
def test_a_run_killed_at_any_moment_and_started_again_ends_the_same(road, reference, seed):
    expected, whole_s = reference
    cache = f"killed{seed}"
    with start(road, cache) as process:
        time.sleep(random.Random(seed).uniform(0.3, 0.95) * whole_s)
        process.kill()
    wait_for_none(road)
    finished = [path for path in (road / cache / "runs").glob("*") if not path.name.startswith(".")]
    assert all(content(path) == expected for path in finished)
    run_dir = run(road, cache)
    assert content(run_dir) == expected
    assert [path.name for path in run_dir.parent.iterdir()] == [run_dir.name]


def wait_for_simulation(road, cache):
    """Wait until the run in the cache simulates: SUMO opens its lane output when it begins."""
    started = time.monotonic()
    while not list(road.glob(f"{cache}/runs/.*/sumo/lanes.parquet")):
        assert time.monotonic() < started + 60
        time.sleep(0.02)


def test_ctrl_c_ends_a_run_at_once(road):
    with start(road, "interrupted") as process:
        wait_for_simulation(road, "interrupted")
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        process.wait(30)
    assert time.monotonic() - started < 10
    assert process.returncode not in (0, None)
    assert list((road / "interrupted" / "runs").iterdir()) == []
    wait_for_none(road)


def test_two_processes_may_run_the_same_job_at_once(road, reference):
    with start(road, "twice") as one, start(road, "twice") as two:
        outputs = {process.communicate(timeout=300)[0] for process in (one, two)}
    assert len(outputs) == 1
    assert content(Path(outputs.pop().strip())) == reference[0]


def signal_simulator(road, cache, number):
    """Start a run, send its simulator a signal as soon as it simulates, and return the run's exit code."""
    with start(road, cache) as process:
        wait_for_simulation(road, cache)
        for pid in simulators(road):
            if pid != process.pid:
                os.kill(pid, number)
        return process.wait(60)


def test_a_simulator_that_is_killed_is_an_error_not_a_result(road):
    assert signal_simulator(road, "killed", signal.SIGKILL) == 1
    assert list((road / "killed" / "runs").iterdir()) == []
    assert list((road / "killed" / "failed").iterdir())


def test_a_simulator_that_is_told_to_stop_gives_a_whole_result_or_none(road, reference):
    code = signal_simulator(road, "stopped", signal.SIGTERM)
    finished = list((road / "stopped" / "runs").iterdir())
    assert (code, len(finished)) in {(0, 1), (1, 0)}
    assert all(content(run_dir) == reference[0] for run_dir in finished)
