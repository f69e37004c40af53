"""The workers of a cluster as a study sees them: which are there, and which have let a run down.

Dask gives a run of a lost worker to another, but it leaves us two things. A run that must not go to a worker again
(its disk is full) can only be bound to the others, and Dask keeps it waiting when all of these have gone, also when
they come back under another address. And a cluster without workers is silence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from evac.study.worker import Delivery

OTHER_WORKER_S = 60.0
"""How long a run that its worker's machine has let down waits for another worker, before it has failed (s)."""
_LOOK_EVERY_S = 2.0
_SILENT_S = 5.0
"""How long a cluster may be empty before that is said: workers that are started again come back (s)."""
_BOUND_A_THREAD = 2
"""Runs that are bound to the fit workers at a time, for each of their threads: workers that come later get the rest."""


@dataclass
class Roster:
    """Which workers there are, and the runs that only some of them may have.

    Parameters
    ----------
    address
        The scheduler's.
    tell
        Shows a line to the person who waits.
    """

    address: str
    tell: Callable[[str], None]
    _threads: Mapping[str, int] = field(default_factory=dict)
    _looked_s: float = 0.0
    _empty_since_s: float | None = None
    _said: bool = False
    _unfit: set[str] = field(default_factory=set)
    _let_down: dict[str, Delivery] = field(default_factory=dict)
    _waiting: dict[str, float] = field(default_factory=dict)  # jobs, and since when
    _bound: dict[str, frozenset[str]] = field(default_factory=dict)  # jobs, and their workers

    def begin(self) -> None:
        """Forget where runs are: all are submitted to a scheduler anew."""
        self._waiting.clear()
        self._bound.clear()
        self._looked_s = 0.0

    def let_down(self, job: str, delivery: Delivery) -> None:
        """Note that a worker's machine has let a run down."""
        if delivery.worker not in self._unfit:
            self.tell(f"{delivery.error} (on {delivery.worker}); its runs go to other workers")
        self._unfit.add(delivery.worker)
        self._let_down[job] = delivery
        self._bound.pop(job, None)
        self._waiting[job] = time.monotonic()

    def end(self, job: str) -> None:
        """Forget a run that has ended."""
        self._bound.pop(job, None)
        self._waiting.pop(job, None)

    def is_due(self) -> bool:
        """Tell whether it is time to look which workers are there."""
        return time.monotonic() - self._looked_s > _LOOK_EVERY_S

    def look(self, threads: Mapping[str, int]) -> None:
        """Take note of the workers that are there, with their numbers of threads; say when there is none."""
        now_s = time.monotonic()
        self._looked_s, self._threads = now_s, threads
        if threads:
            if self._said:
                self.tell("a worker has come")
            self._empty_since_s, self._said = None, False
            return
        self._empty_since_s = self._empty_since_s or now_s
        if not self._said and now_s - self._empty_since_s > _SILENT_S:
            self._said = True
            self.tell(f"no worker at {self.address}; start one with: dask worker {self.address} --nthreads 1")

    def stranded(self, jobs: Iterable[str]) -> list[str]:
        """Return those of the jobs whose workers have all gone, and let them wait for others."""
        found = [job for job in jobs if job in self._bound and not self._bound[job] & self._threads.keys()]
        for job in found:
            del self._bound[job]
            self._waiting[job] = time.monotonic()
        return found

    def placed(self) -> Iterator[tuple[str, list[str]]]:
        """Yield jobs that wait, each with the workers that may have it, as many as these have use for."""
        fit = {worker: threads for worker, threads in self._threads.items() if worker not in self._unfit}
        free = _BOUND_A_THREAD * sum(fit.values()) - len(self._bound)
        for job in list(self._waiting)[: max(0, free)]:
            del self._waiting[job]
            self._bound[job] = frozenset(fit)
            yield job, list(fit)

    def hopeless(self) -> list[tuple[str, Delivery]]:
        """Return jobs that have waited long enough, while none but unfit workers was there, with their failures."""
        if not self._threads or any(worker not in self._unfit for worker in self._threads):
            return []
        now_s = time.monotonic()
        return [(job, self._let_down[job]) for job, since in self._waiting.items() if now_s - since > OTHER_WORKER_S]
