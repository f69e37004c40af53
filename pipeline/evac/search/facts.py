"""What is known of a set without its run, kept in the cache: a search that goes on needn't find it again.

To lay a set over a small town's net takes a second, to bound it half of one; a city's takes ten of each. A run that was
given up leaves nothing but that it is later than some time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evac.files import digest_json
from evac.seals import read_record, write_record
from evac.simulate.job import Job


@dataclass(frozen=True)
class Facts:
    """What is known of a set before it is simulated.

    Parameters
    ----------
    job
        The digest of its job with the first seed; empty where it can't be laid over the net.
    refused
        Why it can't be laid over the net; empty where it can.
    """

    job: str = ""
    refused: str = ""


def known_later_s(cache: Path, job: str) -> float:
    """Return than what the share that decides is known to be later in the run of a job (s); no run where nothing is."""
    known = read_record(_lateness(cache, job), lambda content: float(content["later_than_s"]))
    return -math.inf if known is None else known


def keep_later_s(cache: Path, job: str, later_than_s: float) -> None:
    """Keep that the share that decides is out later than a time (s) in the run of a job."""
    write_record(_lateness(cache, job), {"later_than_s": later_than_s})


def _lateness(cache: Path, job: str) -> Path:
    return cache / "search" / f"late-{job}.json"


def kept_facts(cache: Path, start: Job, actions: list[Any], find: Callable[[], Facts]) -> Facts:
    """Return the facts of a set; they are found once for the same scenario, case, plan and version of the toolkit.

    Parameters
    ----------
    cache
        The cache's folder.
    start
        The job of the plan without candidates: all that the facts depend on but the actions.
    actions
        The actions as plain JSON values.
    find
        Finds them where the cache doesn't have them.
    """
    path = cache / "search" / f"{digest_json({'start': start.digest, 'actions': actions})}.json"
    known = read_record(path, lambda content: Facts(**content))
    if known is None:
        known = find()
        write_record(path, asdict(known))
    return known


def kept_bound_s(cache: Path, job: str, find: Callable[[], float | None]) -> float:
    """Return before when the share that decides can't be out in a job's case (s), infinity where it never can.

    `find` finds it (None: never) where the cache doesn't have it.
    """
    path = cache / "search" / f"bound-{job}.json"
    known = read_record(path, lambda content: (content["earliest_s"],))
    if known is None:
        known = (find(),)
        write_record(path, {"earliest_s": known[0]})
    return math.inf if known[0] is None else float(known[0])
