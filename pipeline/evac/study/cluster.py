"""The engine on a Dask cluster: workers need the toolkit, and nothing of this machine's files.

Terms and input folders travel once to each worker, by the hash of their content; a worker unpacks them into a cache of
its own. The run directory travels back, and is published here, once, under its job's digest. A run is executed again
when its worker is lost (Dask does that), when the worker's machine lets it down (its disk is full: another worker gets
it), or when the scheduler is started again (the jobs are submitted to the new one).
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import dask
from distributed import Client, Future, LocalCluster, get_worker

from evac.errors import EvacError, Problem, SimulationError, UserError
from evac.files import write_text
from evac.simulate import Progress
from evac.simulate.job import Case, Job
from evac.study.cases import case_name
from evac.study.engines import Outcome, Task
from evac.study.jobs import job_of, perform, run_folder
from evac.study.parcels import Parcel, pack, pack_folder, pack_run, publish_run, unpack, unpack_folder
from evac.study.runs import Display

CACHE_VARIABLE = "EVAC_WORKER_CACHE"
"""Environment variable of a worker: where it keeps input folders and runs; Dask's working folder if it isn't set."""
PATIENCE_S = 600.0
"""How long to wait for a scheduler that was lost (s)."""
_CONNECT_S = 15.0
_LOOK_EVERY_S = 0.2
_TELL_EVERY_S = 1.0
_TRY_AGAIN_S = 2.0
_FULL_BYTES = 1 << 20
"""A disk with less space than this is full."""
# Failures of a machine, not of a job: full disk or quota, no memory, too many files, input and output errors.
_OF_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EROFS}


class SchedulerLostError(Exception):
    """The scheduler doesn't know our jobs any more, or can't be reached."""


class RunDroppedError(Exception):
    """Nobody wants this run any more."""


@dataclass(frozen=True)
class Delivery:
    """What a worker gives back.

    Parameters
    ----------
    run
        The run directory, packed; None when the run failed.
    error
        Why it failed.
    of_machine
        Whether the worker's machine let it down.
    worker
        The worker's address.
    log
        What SUMO said in a run that failed.
    """

    run: bytes | None
    error: str = ""
    of_machine: bool = False
    worker: str = ""
    log: str = ""


@dataclass(frozen=True)
class Cluster:
    """Runs on the workers of a Dask scheduler.

    Parameters
    ----------
    address
        The scheduler's; None for a cluster of processes on this machine, that ends with the study.
    workers
        How many processes on this machine.
    """

    address: str | None
    workers: int

    @classmethod
    def of(cls, name: str, jobs: int) -> Cluster:
        """Return the engine of `dask`, `dask://host:port` or `dask+tls://host:port`."""
        scheme, _, host = name.partition("://")
        return cls(None if not host else f"{'tls' if scheme.endswith('tls') else 'tcp'}://{host}", jobs)

    def run(self, tasks: Sequence[Task], cache: Path, display: Display) -> Generator[tuple[Job, Outcome]]:
        """Run the tasks on the workers."""
        if not tasks:
            return
        with self._scheduler() as address:
            session = _Session(cache, display, {task.job.digest: task for task in tasks})
            lost_at_s = None
            while session.pending:
                try:
                    with _client(address) as client:
                        lost_at_s = None
                        yield from session.run(client)
                except (SchedulerLostError, OSError) as error:
                    lost_at_s = lost_at_s or time.monotonic()
                    if not session.begun:
                        raise _unreachable(address, error) from error
                    if time.monotonic() - lost_at_s > PATIENCE_S:
                        yield from session.give_up(f"the scheduler at {address} was lost: {error}")
                    time.sleep(_TRY_AGAIN_S)

    @contextmanager
    def _scheduler(self) -> Iterator[str]:
        if self.address is not None:
            yield self.address
            return
        options = {"n_workers": self.workers, "threads_per_worker": 1, "dashboard_address": None}
        with LocalCluster(**options) as cluster:
            yield cluster.scheduler_address


@dataclass
class _Session:
    """The jobs that are not done, over all connections to the scheduler."""

    cache: Path
    display: Display
    pending: dict[str, Task]
    begun: bool = False
    _unfit: dict[str, str] = field(default_factory=dict)
    _shown: set[str] = field(default_factory=set)

    def run(self, client: Client) -> Generator[tuple[Job, Outcome]]:
        """Submit what is pending, and yield each job when it has ended."""
        self.begun = True
        topic = f"evac-{uuid4().hex}"
        client.subscribe_topic(topic, self._show)
        sent = _Sent(client, self.cache, topic)
        futures = {sent.submit(task): digest for digest, task in self.pending.items()}
        try:
            while futures:
                for future in _ended(client, list(futures)):
                    digest = futures.pop(future)
                    task = self.pending[digest]
                    delivery = _received(future)
                    if delivery.of_machine and (others := self._others(client, delivery)):
                        futures[sent.submit(task, others)] = digest
                        continue
                    del self.pending[digest]
                    yield task.job, self._outcome(task.job, delivery)
        finally:
            with suppress(Exception):  # the scheduler may be gone
                client.cancel(list(futures), force=True)

    def give_up(self, message: str) -> Generator[tuple[Job, Outcome]]:
        """Let all that is pending fail."""
        for digest in list(self.pending):
            yield self.pending.pop(digest).job, EvacError(message)

    def _others(self, client: Client, delivery: Delivery) -> list[str]:
        """Return the workers whose machines haven't let us down."""
        self._unfit[delivery.worker] = delivery.error
        return [worker for worker in client.scheduler_info(n_workers=-1)["workers"] if worker not in self._unfit]

    def _outcome(self, job: Job, delivery: Delivery) -> Outcome:
        if delivery.run is None:
            if delivery.log:
                write_text(self.cache / "failed" / f"{job.digest}.log", delivery.log)
            return EvacError(f"{delivery.error} (on {delivery.worker})" if delivery.worker else delivery.error)
        try:
            return publish_run(delivery.run, run_folder(job, self.cache), sha256(job.text.encode()).hexdigest())
        except (OSError, SimulationError) as error:
            return error

    def _show(self, event: tuple[float, dict[str, Any]]) -> None:
        """Show what a worker tells of a run."""
        told = event[1]
        name = told["name"]
        if "planned" in told and name not in self._shown:
            self._shown.add(name)
            self.display.begin(name, told["planned"])
        elif "progress" in told and name in self._shown:
            self.display.update(name, Progress(**told["progress"]))


class _Sent:
    """What has been sent over one connection: each parcel and each folder once."""

    def __init__(self, client: Client, cache: Path, topic: str) -> None:
        self._client = client
        self._cache = cache
        self._topic = topic
        self._parcels: dict[int, tuple[Future, list[tuple[str, Future]]]] = {}
        self._folders: dict[str, Future] = {}

    def submit(self, task: Task, workers: list[str] | None = None) -> Future:
        """Submit a task, to certain workers only where they are given."""
        parcel, folders = self._parcel(task)
        key = f"evac-run-{task.job.digest[:16]}-{uuid4().hex}"
        arguments = (parcel, folders, task.job.case, task.job.digest, self._topic)
        return self._client.submit(run_parcel, *arguments, key=key, workers=workers, pure=False)

    def _parcel(self, task: Task) -> tuple[Future, list[tuple[str, Future]]]:
        terms = task.ground.terms
        if id(terms) not in self._parcels:
            parcel = pack(terms, self._cache)
            folders = [(name, self._folder(name)) for name in parcel.folders]
            self._parcels[id(terms)] = self._send("terms", sha256(parcel.terms).hexdigest(), parcel), folders
        return self._parcels[id(terms)]

    def _folder(self, name: str) -> Future:
        if name not in self._folders:
            content = pack_folder(name, self._cache)
            self._folders[name] = self._send("input", sha256(content).hexdigest(), content)
        return self._folders[name]

    def _send(self, kind: str, digest: str, content: object) -> Future:
        """Send content: a task that only returns it, so that the scheduler can give it to a worker again."""
        return self._client.submit(_same, content, key=f"evac-{kind}-{digest}", pure=True)


def _same(content: object) -> object:
    return content


def run_parcel(parcel: Parcel, folders: Sequence[tuple[str, bytes]], case: Case, digest: str, topic: str) -> Delivery:
    """Run a case on a worker, and return its run directory, or why there is none."""
    worker = get_worker()
    cache = Path(os.environ.get(CACHE_VARIABLE) or Path(worker.local_directory) / "evac").resolve()
    try:
        for name, content in folders:
            unpack_folder(name, content, cache)
        return Delivery(_run(_unpacked(_Key(parcel), cache), cache, case, digest, topic))
    except RunDroppedError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the study must hear of it
        of_machine = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _OF_MACHINE)
        full = _is_full(cache)
        message = str(error) if isinstance(error, EvacError) else f"{type(error).__name__}: {error}"
        log = cache / "failed" / f"{digest}.log"
        said = log.read_text(errors="replace") if log.is_file() else ""
        return Delivery(None, message, of_machine or full, worker.address, said)


def _run(ground: Any, cache: Path, case: Case, digest: str, topic: str) -> bytes:
    job = job_of(ground.terms, case)
    if job.digest != digest:
        raise EvacError("the worker has another version of the toolkit or of SUMO than this machine")
    name = case_name(case)
    worker = get_worker()
    told_s = 0.0

    def begin(planned: int) -> None:
        worker.log_event(topic, {"name": name, "planned": planned})

    def update(state: Progress) -> None:
        nonlocal told_s
        _require_wanted(worker)
        if time.monotonic() - told_s > _TELL_EVERY_S:
            told_s = time.monotonic()
            worker.log_event(topic, {"name": name, "progress": asdict(state)})

    folder = perform(ground, job, cache, begin=begin, update=update)
    try:
        return pack_run(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_wanted(worker: Any) -> None:
    """End a run whose study has been stopped, or that another worker has been given."""
    task = worker.state.tasks.get(worker.get_current_task())
    if task is None or task.state in ("cancelled", "released", "forgotten"):
        raise RunDroppedError


@dataclass(frozen=True)
class _Key:
    """A parcel that is known by its content."""

    parcel: Parcel

    def __hash__(self) -> int:
        return hash(self.parcel.terms)


@lru_cache(maxsize=8)
def _unpacked(key: _Key, cache: Path) -> Any:
    """Return what runs stand on: read once by each worker, for all cases of a plan."""
    return unpack(key.parcel, cache)


def _is_full(cache: Path) -> bool:
    """Tell whether the disk is full: SUMO ends with an error of its own then."""
    with suppress(OSError):
        return shutil.disk_usage(cache).free < _FULL_BYTES
    return False


@contextmanager
def _client(address: str) -> Iterator[Client]:
    large = {"distributed.admin.large-graph-warning-threshold": "1 GiB"}  # a net is, and it is sent once
    with dask.config.set(large), Client(address, timeout=_CONNECT_S, set_as_default=False, name="evac") as client:
        yield client


def _ended(client: Client, futures: list[Future]) -> list[Future]:
    """Return the futures that have ended; perhaps none."""
    time.sleep(_LOOK_EVERY_S)
    if client.status != "running" or any(future.status in ("cancelled", "lost") for future in futures):
        raise SchedulerLostError("the connection has broken")
    return [future for future in futures if future.done()]


def _received(future: Future) -> Delivery:
    """Return what a worker delivered; a run that killed its workers is a failure."""
    if future.status == "error":
        error = future.exception()
        return Delivery(None, f"{type(error).__name__}: {error}")
    delivery: Delivery = future.result()
    return delivery


def _unreachable(address: str, error: Exception) -> UserError:
    what = f"no Dask scheduler answers at {address} ({error})"
    return UserError(Problem("--engine", what, "start one with 'dask scheduler', and workers with 'dask worker'"))
