"""Engines: what runs the jobs of a study. All of them give the same bytes; they differ in where the work is done."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from evac.errors import Cancelled, Problem, UserError
from evac.simulate import process
from evac.simulate.job import Job
from evac.study.cases import case_name
from evac.study.jobs import perform
from evac.study.runs import Display
from evac.study.tasks import Engine, Outcome, Task
from evac.study.verdicts import find_out


@dataclass(frozen=True)
class Serial:
    """One run after the other, in this thread: for debugging."""

    def run(self, tasks: Sequence[Task], cache: Path, display: Display) -> Generator[tuple[Job, Outcome]]:
        """Run the tasks one after the other."""
        process.begin_anew()
        for task in tasks:
            try:
                outcome: Outcome = run_here(task, cache, display)
            except Cancelled:
                raise
            except Exception as error:  # noqa: BLE001 - one run's failure, of whatever kind, must not lose the others
                outcome = error
            yield task.job, outcome


@dataclass(frozen=True)
class Local:
    """Runs side by side on this machine, in threads that each steer a SUMO of their own.

    Parameters
    ----------
    jobs
        Simulations side by side.
    """

    jobs: int

    def run(self, tasks: Sequence[Task], cache: Path, display: Display) -> Generator[tuple[Job, Outcome]]:
        """Run the tasks side by side."""
        process.begin_anew()
        with ThreadPoolExecutor(self.jobs) as pool:
            futures = {pool.submit(run_here, task, cache, display): task.job for task in tasks}
            try:
                for future in as_completed(futures):
                    yield futures[future], _outcome_of(future)
            except Cancelled:  # the others are told so too, within a simulated minute
                pool.shutdown(wait=True, cancel_futures=True)
                raise
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                process.end_all()
                raise


def _outcome_of(future: Future[Path]) -> Outcome:
    """Return what came of a run that has ended; a study that was called off, or interrupted, is raised."""
    error = future.exception()
    return error if isinstance(error, Exception) and not isinstance(error, Cancelled) else future.result()


def run_here(task: Task, cache: Path, display: Display) -> Path:
    """Run a task in this process."""
    name = case_name(task.job.case)
    begin, update = partial(display.begin, name), partial(display.update, name)
    if task.question is not None:
        return find_out(task.ground, task.job, task.question, cache, begin=begin, update=update)
    return perform(task.ground, task.job, cache, begin=begin, update=update, deadline=task.deadline)


def cores() -> int:
    """Return how many simulations run side by side by default."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def engine_of(name: str, jobs: int) -> Engine:
    """Return the engine of the command line's `--engine`.

    Parameters
    ----------
    name
        `local`, `serial`, `dask` (workers on this machine) or `dask://host:port` (a scheduler).
    jobs
        Simulations side by side, where the engine starts them on this machine.

    Raises
    ------
    UserError
        There is no such engine, or its packages aren't installed.
    """
    if name == "serial":
        return Serial()
    if name == "local":
        return Local(jobs)
    if name == "dask" or name.startswith(("dask://", "dask+tls://")):
        try:
            from evac.study.cluster import Cluster  # noqa: PLC0415 - an extra of the installation
        except ImportError as error:
            what = f"the engine needs Dask, which isn't installed ({error})"
            raise UserError(Problem(f"--engine {name}", what, "pip install '.[cluster]'")) from error
        return Cluster.of(name, jobs)
    raise UserError(Problem("--engine", f"there is no engine '{name}'", "local, serial, dask or dask://host:port"))
