"""The engine on a Dask cluster: workers need the toolkit, and nothing of this machine's files.

Terms and input folders travel once to each worker, by the hash of their content; a worker unpacks them into a cache of
its own. The run directory travels back, and is published here, once, under its job's digest. A run is executed again
when its worker is lost (Dask does that), when the worker's machine lets it down (its disk is full: another worker gets
it, `study.roster`), or when the scheduler is started again (the jobs are submitted to the new one).
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import dask
from distributed import Client, Future, LocalCluster

from evac import remote
from evac.errors import Cancelled, EvacError, GivenUp, Problem, SimulationError, UserError
from evac.files import write_text
from evac.simulate.driving import Progress
from evac.simulate.job import Job
from evac.study.jobs import run_folder
from evac.study.parcels import pack, pack_folder, publish_run
from evac.study.roster import Roster
from evac.study.runs import Display
from evac.study.tasks import Outcome, Task
from evac.study.worker import Delivery

_PATIENCE_S = 600.0
"""How long to wait for a scheduler that was lost (s)."""
_CONNECT_S = 15.0
_LOOK_EVERY_S = 0.2
_TRY_AGAIN_S = 2.0


class SchedulerLostError(Exception):
    """The scheduler doesn't know our jobs any more, or can't be reached."""


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
            pending = {task.job.digest: task for task in tasks}
            session = _Session(cache, display, pending, Roster(address, display.tell))
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
                    if time.monotonic() - lost_at_s > _PATIENCE_S:
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
    roster: Roster
    begun: bool = False
    _shown: set[str] = field(default_factory=set)
    _called_off: Cancelled | None = None

    def run(self, client: Client) -> Generator[tuple[Job, Outcome]]:
        """Submit what is pending, and yield each job when it has ended."""
        self.begun = True
        topic = f"evac-{uuid4().hex}"
        client.subscribe_topic(topic, self._show)
        sent = _Sent(client, self.cache, topic)
        self.roster.begin()
        futures = {sent.submit(task): digest for digest, task in self.pending.items()}
        try:
            while self.pending:
                if self._called_off is not None:
                    raise self._called_off
                for future in _ended(client, list(futures)):
                    digest, delivery = futures.pop(future), _received(future)
                    if delivery.of_machine:
                        self.roster.let_down(digest, delivery)
                    else:
                        yield self._end(digest, delivery)
                if self.roster.is_due():
                    self._hand_on(client, sent, futures)
                    for digest, delivery in self.roster.hopeless():
                        yield self._end(digest, delivery)
        finally:
            with suppress(Exception):  # the scheduler may be gone
                client.cancel(list(futures), force=True)

    def _hand_on(self, client: Client, sent: _Sent, futures: dict[Future, str]) -> None:
        """Give other workers the runs that theirs have let down."""
        self.roster.look(client.nthreads())
        for digest in self.roster.stranded([digest for future, digest in futures.items() if not future.done()]):
            future = next(item for item, of in futures.items() if of == digest)
            del futures[future]
            client.cancel([future], force=True)
        for digest, workers in self.roster.placed():
            futures[sent.submit(self.pending[digest], workers)] = digest

    def _end(self, digest: str, delivery: Delivery) -> tuple[Job, Outcome]:
        self.roster.end(digest)
        job = self.pending.pop(digest).job
        return job, self._outcome(job, delivery)

    def give_up(self, message: str) -> Generator[tuple[Job, Outcome]]:
        """Let all that is pending fail."""
        for digest in list(self.pending):
            yield self.pending.pop(digest).job, EvacError(message)

    def _outcome(self, job: Job, delivery: Delivery) -> Outcome:
        if delivery.given_up_s is not None:
            return GivenUp(delivery.given_up_s)
        if delivery.run is None:
            message = f"{delivery.error} (on {delivery.worker})" if delivery.worker else delivery.error
            try:
                if delivery.log:
                    write_text(self.cache / "failed" / f"{job.digest}.log", delivery.log)
            except OSError as error:
                message += f"; its log can't be kept: {error}"
            return EvacError(message)
        try:
            return publish_run(delivery.run, run_folder(job, self.cache), sha256(job.text.encode()).hexdigest())
        except (OSError, SimulationError) as error:
            return error

    def _show(self, event: tuple[float, dict[str, Any]]) -> None:
        """Show what a worker tells of a run; called in a thread of Dask's, where an error would be lost."""
        told = event[1]
        name = told["name"]
        try:
            if "planned" in told and name not in self._shown:
                self._shown.add(name)
                self.display.begin(name, told["planned"])
            elif "progress" in told and name in self._shown:
                self.display.update(name, Progress(**told["progress"]))
        except Cancelled as called_off:
            self._called_off = called_off


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
        asked = {
            "case": asdict(task.job.case),
            "digest": task.job.digest,
            "deadline": asdict(task.deadline) if task.deadline else None,
        }
        return self._client.submit(
            remote.run, parcel, folders, asked, self._topic, key=key, workers=workers, pure=False
        )

    def _parcel(self, task: Task) -> tuple[Future, list[tuple[str, Future]]]:
        terms = task.ground.terms
        if id(terms) not in self._parcels:
            with _our_files(self._cache):
                parcel = pack(terms, self._cache)
            folders = [(name, self._folder(name)) for name in parcel.folders]
            content = pickle.dumps(parcel)
            self._parcels[id(terms)] = self._send("terms", sha256(content).hexdigest(), content), folders
        return self._parcels[id(terms)]

    def _folder(self, name: str) -> Future:
        if name not in self._folders:
            with _our_files(self._cache):
                content = pack_folder(name, self._cache)
            self._folders[name] = self._send("input", sha256(content).hexdigest(), content)
        return self._folders[name]

    def _send(self, kind: str, digest: str, content: bytes) -> Future:
        """Send content: a task that only returns it, so that the scheduler can give it to a worker again."""
        return self._client.submit(remote.same, content, key=f"evac-{kind}-{digest}", pure=True)


@contextmanager
def _our_files(cache: Path) -> Iterator[None]:
    """Tell an error of this machine's files from one of the connection, which is an OSError too and is tried again."""
    try:
        yield
    except OSError as error:
        what = f"what the workers need can't be read here ({error})"
        raise UserError(Problem(str(error.filename or cache), what, "start the command again")) from error


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
