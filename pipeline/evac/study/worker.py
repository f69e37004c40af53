"""What a worker does with a job: unpack its inputs into a cache of its own, run it, and give the run directory back."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from distributed import get_worker

from evac.errors import EvacError, GivenUp
from evac.files import passing_directory
from evac.simulate.driving import Progress
from evac.simulate.job import Case
from evac.study.cases import case_name
from evac.study.ground import Ground
from evac.study.jobs import Deadline, job_of, perform
from evac.study.parcels import pack_run, unpack, unpack_folder

_CACHE_VARIABLE = "EVAC_WORKER_CACHE"
"""Environment variable of a worker: where it keeps input folders and runs; Dask's working folder if it isn't set."""
_FOLDER = "evac-worker"
_TAKEN = "taken"
_TELL_EVERY_S = 1.0
_FULL_BYTES = 1 << 20
"""A disk with less space than this is full."""
# Failures of a machine, not of a job: full disk or quota, no memory, too many files, input and output errors.
_OF_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EROFS}


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
    given_up_s
        The deadline that the run has missed; None where it didn't.
    """

    run: bytes | None
    error: str = ""
    of_machine: bool = False
    worker: str = ""
    log: str = ""
    given_up_s: float | None = None


def run_parcel(parcel: bytes, folders: Sequence[tuple[str, bytes]], asked: Mapping[str, Any], topic: str) -> Delivery:
    """Run a case on a worker, and return its run directory, or why there is none.

    Parameters
    ----------
    parcel
        A pickled `parcels.Parcel`.
    folders
        Its input folders, packed, by name.
    asked
        Of the task `case` and `deadline` (their fields; None where it has none), and `digest`, the job's: another
        one here means another version of the toolkit or of SUMO.
    topic
        Dask's topic for telling how far the run is.
    """
    worker = get_worker()
    # A folder of the workers' own: runs don't stay in it, so it must not be the cache of a project.
    cache = Path(os.environ.get(_CACHE_VARIABLE) or worker.local_directory).resolve() / _FOLDER
    try:
        for name, content in folders:
            unpack_folder(name, content, cache)
        return Delivery(_run(_unpacked(parcel, cache), cache, asked, topic))
    except RunDroppedError:
        raise
    except GivenUp as error:
        return Delivery(None, given_up_s=error.by_s)
    except Exception as error:  # noqa: BLE001 - whatever it is, the study must hear of it
        of_machine = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _OF_MACHINE)
        full = _is_full(cache)
        message = str(error) if isinstance(error, EvacError) else f"{type(error).__name__}: {error}"
        log = cache / "failed" / f"{asked['digest']}.log"
        said = log.read_text(errors="replace") if log.is_file() else ""
        return Delivery(None, message, of_machine or full, worker.address, said)


def _run(ground: Ground, cache: Path, asked: Mapping[str, Any], topic: str) -> bytes:
    case = Case(**asked["case"])
    deadline = Deadline(**asked["deadline"]) if asked["deadline"] else None
    job = job_of(ground.terms, case)
    if job.digest != asked["digest"]:
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
            worker.log_event(topic, {"name": name, "progress": asdict(replace(state, cars=()))})

    while True:
        folder = perform(ground, job, cache, begin=begin, update=update, deadline=deadline)
        with passing_directory(folder) as own:
            try:
                folder.rename(own / _TAKEN)
            except FileNotFoundError:
                continue  # a worker that shares the cache was given the same run, and has taken it
            return pack_run(own / _TAKEN)


def _require_wanted(worker: Any) -> None:
    """End a run whose study has been stopped, or that another worker has been given."""
    task = worker.state.tasks.get(worker.get_current_task())
    if task is None or task.state in ("cancelled", "released", "forgotten"):
        raise RunDroppedError


@lru_cache(maxsize=8)
def _unpacked(parcel: bytes, cache: Path) -> Ground:
    """Return what runs stand on: read once by each worker, for all cases of a plan."""
    return unpack(pickle.loads(parcel), cache)  # noqa: S301 - docs/cluster.md: a worker trusts its scheduler


def _is_full(cache: Path) -> bool:
    """Tell whether the disk is full: SUMO ends with an error of its own then."""
    with suppress(OSError):
        return shutil.disk_usage(cache).free < _FULL_BYTES
    return False
