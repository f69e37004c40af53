"""Children end with their block, with their parent, and with an interrupt; leftovers of the dead are cleared away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from evac import files
from evac.simulate import process
from evac.study import engines

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


@pytest.fixture(autouse=True)
def _children_may_start():
    yield
    process.begin_anew()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(true, seconds=10.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def child(tmp_path, command):
    return process.running(command, env=os.environ, cwd=tmp_path, output=tmp_path / "out")


def test_a_child_ends_with_an_interrupted_block(tmp_path):
    pids = []

    def interrupted():
        with child(tmp_path, SLEEP) as sleeper:
            pids.append(sleeper.pid)
            wait_until(lambda: (tmp_path / "out").read_text() == "up\n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not alive(pids[0])


def test_a_child_that_ignores_sigterm_is_killed(tmp_path):
    with child(tmp_path, STUBBORN) as stubborn:
        wait_until(lambda: (tmp_path / "out").read_text() == "up\n")
    assert stubborn.returncode == -signal.SIGKILL


def test_children_of_other_threads_end_at_once(tmp_path):
    codes = []

    def wait():
        with child(tmp_path, SLEEP) as sleeper:
            codes.append(sleeper.wait())

    thread = threading.Thread(target=wait)
    thread.start()
    wait_until(lambda: (tmp_path / "out").exists() and (tmp_path / "out").read_text() == "up\n")
    process.end_all()
    thread.join(10)
    assert codes == [-signal.SIGKILL]


def test_no_child_starts_between_the_end_of_all_and_a_new_beginning(tmp_path):
    process.end_all()
    with pytest.raises(KeyboardInterrupt), child(tmp_path, SLEEP):
        pass
    assert (tmp_path / "out").read_text() == ""
    process.begin_anew()
    with child(tmp_path, SLEEP) as sleeper:
        assert alive(sleeper.pid)


def test_a_run_whose_demand_is_still_built_does_not_start_after_an_interrupt(tmp_path, monkeypatch):
    building, interrupted, ended = threading.Event(), threading.Event(), []

    def run_here(task, *_):
        if task.job == "first":
            return Path("done")
        building.set()
        interrupted.wait(10)
        try:
            with child(tmp_path, SLEEP) as sleeper:
                ended.append(sleeper.wait(5))
        except KeyboardInterrupt:
            ended.append("not started")
            raise

    monkeypatch.setattr(engines, "run_here", run_here)
    outcomes = engines.Local(2).run([engines.Task(job, None) for job in ("first", "second")], tmp_path, None)
    assert next(outcomes) == ("first", Path("done"))
    assert building.wait(10)
    end_all = process.end_all
    monkeypatch.setattr(process, "end_all", lambda: (end_all(), interrupted.set()))
    with pytest.raises(KeyboardInterrupt):
        outcomes.throw(KeyboardInterrupt)
    assert ended == ["not started"]


def test_a_child_dies_with_a_killed_parent(tmp_path):
    script = (
        "import os, sys; from pathlib import Path; from evac.simulate import process\n"
        f"with process.running({SLEEP!r}, env=os.environ, cwd=Path('.'), output=Path('out')) as child:\n"
        "    print(child.pid, flush=True); child.wait()"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        wait_until(lambda: (tmp_path / "out").read_text() == "up\n")
        assert alive(pid)
        parent.kill()
    wait_until(lambda: not alive(pid))


def test_a_child_whose_parent_has_gone_does_not_start():
    launcher = Path(process.__file__).with_name("launcher.py")
    command = [sys.executable, "-I", "-S", launcher, "1", sys.executable, "-c", "print('started')"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the parent has ended" in done.stderr


def test_leftovers_of_a_killed_process_go_and_those_of_a_live_one_stay(tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from evac import files\n"
        "with files.whole_directory(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'half').touch(); print(folder, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        left = Path(other.stdout.readline().strip())
        files.remove_leftovers(tmp_path)
        assert (left / "half").exists()
        other.kill()
    with files.whole_directory(tmp_path / "another"):
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["another"]


def test_leftovers_of_another_machine_stay(tmp_path, monkeypatch):
    for host in ("node1.cluster.org", "node1", "org"):
        monkeypatch.setattr(files.socket, "gethostname", lambda host=host: host)
        left, lock = files._locked_directory(tmp_path / "run")
        os.close(lock)  # as when its process has died, or where locks stay on their machine
        (left / host).touch()
    files.remove_leftovers(tmp_path)
    found = {item.name for path in tmp_path.iterdir() for item in path.iterdir()}
    assert found == {"node1.cluster.org", "node1"}
    monkeypatch.setattr(files.socket, "gethostname", lambda: "node1")
    files.remove_leftovers(tmp_path)
    found = {item.name for path in tmp_path.iterdir() for item in path.iterdir()}
    assert found == {"node1.cluster.org"}


def test_a_directory_that_is_removed_goes_as_a_whole(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "part").touch()
    files.remove_directory(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
