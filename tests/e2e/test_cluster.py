"""A Dask cluster that loses workers, network, disk space and its scheduler gives what the serial engine gives."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import dask
import pytest

from evac.errors import UserError
from evac.files import digest_file
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.simulate.driving import Progress
from evac.study import Selection, Study, run_study
from evac.study.engines import Serial, engine_of
from evac.study.prepare import prepare
from evac.study.tasks import Engine
from evac.study.under_plan import under_plan

pytestmark = pytest.mark.slow

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
SELECTION = Selection(vehicles=("1",), seeds=(1, 2), sensitivity=False)
TABLES = ("vehicles.parquet", "curve.parquet", "bottlenecks.parquet", "edges.parquet", "ledger.json", "manifest.json")
FILES = (*TABLES, "job.json", "run.sumocfg", "trips.rou.xml", "gridlock.json", "controls.json", "ending.json")
TIMEOUT_S = 500


@dataclass
class Watcher:
    """Says when a run simulates, and keeps what the study says of itself."""

    simulating: Event = field(default_factory=Event)
    told: list[str] = field(default_factory=list)

    def begin(self, name: str, planned: int) -> None:
        pass

    def update(self, name: str, state: Progress) -> None:  # noqa: ARG002
        self.simulating.set()

    def finish(self, name: str, result: str) -> None:
        pass

    def tell(self, text: str) -> None:
        self.told.append(text)

    def wait_for(self, words: str) -> None:
        end_s = time.monotonic() + 120
        while not any(words in text for text in self.told):
            assert time.monotonic() < end_s, f"{words!r} was never said, only {self.told}"
            time.sleep(0.05)


def study(cache: Path, engine: Engine, watcher: Watcher | None = None) -> Study:
    loaded = load_scenario(TOWN)
    prepared = prepare(loaded, cache, lambda _: None)
    plans = {"waves": under_plan(prepared, load_plan("waves", loaded.plans_folder), cache)}
    return run_study(prepared, plans, SELECTION, cache, engine=engine, display=watcher or Watcher())


def content(cache: Path) -> dict[str, str]:
    return {f"{run.name}/{name}": digest_file(run / name) for run in (cache / "runs").iterdir() for name in FILES}


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    cache = tmp_path_factory.mktemp("serial") / ".evac"
    assert len(study(cache, Serial()).runs) == 2
    return cache, content(cache)


@dataclass
class Cluster:
    """A scheduler and workers, each a process of its own."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    scheme: str = "tcp"
    settings: dict[str, str] = field(default_factory=dict)
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def start_scheduler(self) -> None:
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        options = ["--host", self.host, "--port", str(self.port), "--no-dashboard", "--protocol", self.scheme]
        self.scheduler = self._start("scheduler", options)
        end_s = time.monotonic() + 120
        while True:
            try:
                socket.create_connection((self.host, self.port), 1).close()
            except OSError:
                assert time.monotonic() < end_s, "the scheduler didn't start"
                time.sleep(0.2)
            else:
                return

    def start_worker(self, name: str, before: tuple[str, ...] = (), cache: Path | None = None) -> None:
        folder = self.folder / name
        options = [f"{self.scheme}://{self.address}", "--nthreads", "1", "--no-dashboard", "--no-nanny", "--name", name]
        worker = self._start("worker", [*options, "--local-directory", str(folder)], before, cache or folder / "cache")
        self.workers.append(worker)

    def _start(
        self, what: str, options: list[str], before: tuple[str, ...] = (), cache: Path | None = None
    ) -> subprocess.Popen[bytes]:
        command = [*before, sys.executable, "-m", f"distributed.cli.dask_{what}", *options]
        quick = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "30s", "EVAC_WORKER_CACHE": str(cache)}
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(command, env={**os.environ, **quick, **self.settings}, stdout=log, stderr=log)

    def busy_worker(self) -> subprocess.Popen[bytes]:
        """Return a worker that simulates."""
        end_s = time.monotonic() + 60
        while time.monotonic() < end_s:
            for number, worker in enumerate(self.workers):
                if simulators(self.folder / f"w{number}"):
                    return worker
            time.sleep(0.02)
        raise AssertionError("no worker simulates")

    def stop(self) -> None:
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            process.kill()
            process.wait()


def simulators(folder: Path) -> list[int]:
    """Return the pids of simulators whose command line or working folder lies in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "comm").read_text().strip() == "sumo" and str(folder) in str((entry / "cwd").readlink()):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    found = Cluster(tmp_path)
    try:
        yield found
    finally:
        found.stop()


def run_with_fault(
    cluster: Cluster,
    serial: tuple[Path, dict[str, str]],
    fault: Callable[[], None],
    engine: str = "",
    before: Callable[[Watcher], None] = lambda _: None,
) -> dict[str, str]:
    """Run the study on the cluster, let something happen while it simulates, and return what it has published.

    `before` is called when the study has been started, and must see to it that something simulates.
    """
    cache = cluster.folder / ".evac"
    shutil.copytree(serial[0], cache, ignore=shutil.ignore_patterns("runs", "lanes", "index.parquet"))
    watcher = Watcher()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(study, cache, engine_of(engine or f"dask://{cluster.address}", 2), watcher)
        before(watcher)
        assert watcher.simulating.wait(TIMEOUT_S), "nothing simulates"
        fault()
        done = running.result(TIMEOUT_S)
    assert [failure.message for failure in done.failures] == []
    assert len(done.runs) == 2
    end_s = time.monotonic() + 60
    while simulators(cluster.folder):
        assert time.monotonic() < end_s, "a simulation outlived its worker"
        time.sleep(0.1)
    return content(cache)


def test_a_worker_killed_in_mid_run(cluster: Cluster, serial: tuple[Path, dict[str, str]]) -> None:
    cluster.start_scheduler()
    for number in range(2):
        cluster.start_worker(f"w{number}")

    def kill() -> None:
        cluster.busy_worker().send_signal(signal.SIGKILL)

    assert run_with_fault(cluster, serial, kill) == serial[1]


def test_a_scheduler_killed_and_started_again(cluster: Cluster, serial: tuple[Path, dict[str, str]]) -> None:
    cluster.start_scheduler()
    cluster.start_worker("w0")

    def restart() -> None:
        assert cluster.scheduler is not None
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        cluster.workers[0].wait(120)  # it ends by itself when its scheduler is gone
        cluster.start_scheduler()
        cluster.start_worker("w1")

    assert run_with_fault(cluster, serial, restart) == serial[1]


def test_an_empty_cluster_is_said_and_goes_on_with_the_first_worker(
    cluster: Cluster, serial: tuple[Path, dict[str, str]]
) -> None:
    cluster.start_scheduler()

    def start(watcher: Watcher) -> None:
        watcher.wait_for(f"no worker at tcp://{cluster.address}; start one with: dask worker")
        cluster.start_worker("w0")

    assert run_with_fault(cluster, serial, lambda: None, before=start) == serial[1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_worker_whose_disk_is_full(cluster: Cluster, serial: tuple[Path, dict[str, str]], small_disk: Path) -> None:
    cluster.start_scheduler()
    cluster.start_worker("w0", cache=small_disk)
    cluster.start_worker("w1")

    def fill() -> None:
        end_s = time.monotonic() + 20
        while not simulators(small_disk) and time.monotonic() < end_s:
            time.sleep(0.02)
        with (small_disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * 1024)

    assert run_with_fault(cluster, serial, fill) == serial[1]


def test_a_run_goes_on_when_the_worker_that_it_was_bound_to_is_started_again(
    cluster: Cluster, serial: tuple[Path, dict[str, str]], small_disk: Path
) -> None:
    with (small_disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 1024)
    cluster.start_scheduler()
    cluster.start_worker("w0", cache=small_disk)

    def start(watcher: Watcher) -> None:
        watcher.wait_for("its runs go to other workers")
        cluster.start_worker("w1")  # both runs are bound to it now

    def restart() -> None:
        cluster.workers[1].kill()
        cluster.workers[1].wait()
        cluster.start_worker("w2")  # under another address

    assert run_with_fault(cluster, serial, restart, before=start) == serial[1]


@pytest.fixture
def wire() -> Iterator[tuple[str, str]]:
    """A network namespace on a wire of its own: the wire's name and the namespace's, as 10.77.0.1 and 10.77.0.2."""
    near, space = f"ev{os.getpid() % 100_000}", f"evac{os.getpid()}"
    commands = [
        f"ip netns add {space}",
        f"ip link add {near} type veth peer name {near}b",
        f"ip link set {near}b netns {space}",
        f"ip addr add 10.77.0.1/30 dev {near}",
        f"ip link set {near} up",
        f"ip -n {space} addr add 10.77.0.2/30 dev {near}b",
        f"ip -n {space} link set {near}b up",
        f"ip -n {space} link set lo up",
    ]
    try:
        for command in commands:
            if (
                shutil.which("ip") is None
                or subprocess.run(command.split(), capture_output=True, check=False).returncode
            ):
                pytest.skip("no right to make a network namespace here")
        yield near, space
    finally:
        for command in (f"ip link del {near}", f"ip netns del {space}"):
            subprocess.run(command.split(), capture_output=True, check=False)


def test_a_worker_cut_off_the_network(
    cluster: Cluster, serial: tuple[Path, dict[str, str]], wire: tuple[str, str]
) -> None:
    near, space = wire
    cluster.host = "10.77.0.1"
    cluster.start_scheduler()
    cluster.start_worker("w0", before=("ip", "netns", "exec", space))

    def cut() -> None:
        subprocess.run(["ip", "-n", space, "link", "set", f"{near}b", "down"], check=True)
        cluster.start_worker("w1")

    assert run_with_fault(cluster, serial, cut) == serial[1]


def test_workers_of_its_own(tmp_path: Path, serial: tuple[Path, dict[str, str]]) -> None:
    assert run_with_fault(Cluster(tmp_path), serial, lambda: None, engine="dask") == serial[1]


def make_certificates(folder: Path) -> dict[str, str]:
    """Make an authority and one certificate, as docs/cluster.md says; return Dask's settings."""
    commands = [
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca-key.pem -out ca.pem",
        "req -newkey rsa:2048 -nodes -subj /CN=evac -keyout key.pem -out cert.csr",
        "x509 -req -in cert.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -out cert.pem",
    ]
    for command in commands:
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    settings = {"distributed.comm.require-encryption": "true", "distributed.comm.tls.ca-file": str(folder / "ca.pem")}
    for who in ("scheduler", "worker", "client"):
        settings |= {f"distributed.comm.tls.{who}.{part}": str(folder / f"{part}.pem") for part in ("cert", "key")}
    return settings


def test_with_tls_only_those_with_a_certificate_take_part(
    cluster: Cluster, serial: tuple[Path, dict[str, str]]
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl isn't installed")
    settings = make_certificates(cluster.folder)
    names = {name: f"DASK_{name.upper().replace('.', '__').replace('-', '_')}" for name in settings}
    cluster.settings = {names[name]: value for name, value in settings.items()}
    cluster.scheme = "tls"
    cluster.start_scheduler()
    cluster.start_worker("w0")
    with pytest.raises(UserError, match="no Dask scheduler answers"):
        study(cluster.folder / "stranger", engine_of(f"dask://{cluster.address}", 1))
    with dask.config.set(settings):
        engine = f"dask+tls://{cluster.address}"
        assert run_with_fault(cluster, serial, lambda: None, engine=engine) == serial[1]
