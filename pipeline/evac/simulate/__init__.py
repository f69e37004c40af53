"""One frozen job, one run directory: SUMO runs as our child, is polled once a minute, and must have reached the end.

The directory `runs/<digest>/` is whole or absent. It holds `job.json`; `run.sumocfg` and the files that it names (the
net by a relative path), which run by themselves in sumo and sumo-gui; SUMO's outputs in `sumo/`; `gridlock.json`, every
intervention; `controls.json`, what a plan did while it ran; `ending.json`, why and when the run ended; and what
`measure` writes.

A run ends when nobody is left (`cleared`), at `end_s` (`end of time`), or when nothing has moved for half an hour, and
nobody has yet to depart (`standstill`). The last two are results: the area was not cleared.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from evac import files
from evac.errors import Cancelled, GivenUp, SimulationError
from evac.seals import has_entry, sealed_directory
from evac.simulate.actors import Actors
from evac.simulate.conversation import controlled
from evac.simulate.driving import Counts, Ending, Progress, drive
from evac.simulate.fates import Fates, Group
from evac.simulate.job import Job
from evac.simulate.job_inputs import OUTPUTS, JobInputs, arguments, write_inputs

TRIALS = "trials"
"""The folder of the cache for what is known of runs that ended when that was known."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a run.

    Parameters
    ----------
    groups
        Vehicles of which it is asked whether enough are safe.
    reached_s
        When the hazard reaches each edge that it ever reaches (s after the order).
    """

    groups: Sequence[Group]
    reached_s: Mapping[str, float]


def run_job(
    job: Job,
    inputs: JobInputs,
    cache: Path,
    progress: Callable[[Progress], None] | None = None,
    measure: Callable[[Path], object] | None = None,
) -> Path:
    """Run a job, once ever, and return its run directory.

    Safe to call from several threads and processes at once, also for the same job: the first that ends publishes its
    directory, and the others' identical one is dropped.

    Parameters
    ----------
    job
        What is run; its digest names the directory.
    inputs
        The same for SUMO.
    cache
        The cache's folder; the run directory is `runs/<digest>` in it.
    progress
        Called after each simulated minute; the run ends, and there is none, when it raises.
    measure
        Called with the directory of the run before it is published; when it raises, there is no run.

    Raises
    ------
    SimulationError
        SUMO ended before its time, or its outputs don't show the end. The log is kept in `failed/<digest>.log`.
    InstallationError
        SUMO lacks a system library.
    """
    target = cache / "runs" / job.digest
    if has_entry(target):
        return target
    failed_log = cache / "failed" / f"{job.digest}.log"
    with sealed_directory(target) as folder:
        files.write_text(folder / "job.json", job.text)
        with _log_kept(folder / OUTPUTS, failed_log):
            _simulate(folder, inputs, job.case.seed, progress or (lambda _: None))
        if measure is not None:
            measure(folder)
    failed_log.unlink(missing_ok=True)
    return target


@contextmanager
def run_until_known(
    job: Job,
    inputs: JobInputs,
    cache: Path,
    asked: Asked,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[tuple[Path, bool]]:
    """Run a job until what is asked is known, and give a directory with SUMO's outputs so far; it goes with the block.

    What comes out is no run: it has no name in `runs/`, and nothing that measures a run reads it. What lanes and roads
    carried isn't written, nor where others drove than those who are asked about. The second value is whether the run
    ended by itself.

    Parameters
    ----------
    job, inputs, cache, progress
        As for `run_job`.
    asked
        What is asked.

    Raises
    ------
    SimulationError, InstallationError
        As `run_job` does.
    """
    lead = inputs.packets.leader_of
    ways_of = tuple({lead.get(name, name): None for group in asked.groups for name in group.leaves_s})
    inputs = replace(inputs, with_roads=False, ways_of=ways_of)
    with files.passing_directory(cache / TRIALS / job.digest) as folder:
        with _log_kept(folder / OUTPUTS, cache / "failed" / f"{job.digest}.log"):
            ending = _simulate(folder, inputs, job.case.seed, progress or (lambda _: None), asked)
        yield folder, ending.reason != "known"


def _simulate(
    folder: Path, inputs: JobInputs, seed: int, report: Callable[[Progress], None], asked: Asked | None = None
) -> Ending:
    """Run SUMO to its end, or until what is asked is known, check that it got there, and write what was done."""
    write_inputs(folder, inputs, seed)
    with controlled(arguments(folder, inputs), folder, folder / OUTPUTS / "console.log") as connection:
        actors = Actors.of(connection, inputs, seed)
        ending = drive(
            connection,
            actors.watch,
            actors.controller,
            actors.others,
            actors.metering,
            turns=actors.turns,
            end_s=inputs.end_s,
            report=report,
            fates=None if asked is None else Fates(connection, asked.groups, asked.reached_s, inputs.packets),
            cars=inputs.packets.size,
        )
    _check_ending(folder / OUTPUTS / "statistics.xml", ending)
    for name, record in actors.records(ending, inputs.stages).items():
        _write(folder / name, record)
    return ending


def _write(path: Path, record: object) -> None:
    """Write what was done in a run."""
    files.write_text(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _check_ending(statistics: Path, ending: Ending) -> None:
    """Refuse outputs that end before the simulation did: SUMO ends well when it is told to stop half-way."""
    try:
        root = ET.parse(statistics).getroot()  # noqa: S314 (SUMO wrote it just now)
        end_s = float(root.find("performance").get("end"))  # type: ignore[union-attr, arg-type]
        vehicles = root.find("vehicles").attrib  # type: ignore[union-attr]
        counts = Counts(**{item.name: int(vehicles[item.name]) for item in fields(Counts)})
    except (OSError, ET.ParseError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise SimulationError(f"{statistics.name}: SUMO's statistics are unreadable ({error!r})") from error
    if (end_s, counts) != (ending.time_s, ending.counts):
        raise SimulationError(
            f"SUMO's outputs end at {end_s:g} s with {counts}, "
            f"the simulation at {ending.time_s:g} s with {ending.counts}"
        )


@contextmanager
def _log_kept(outputs: Path, kept: Path) -> Iterator[None]:
    """Keep what SUMO said in a run that failed."""
    try:
        yield
    except (Cancelled, GivenUp):
        raise
    except Exception:
        logs = [outputs / name for name in ("console.log", "sumo.log")]
        text = "".join(f"== {log.name}\n{log.read_text(errors='replace')}" for log in logs if log.is_file())
        files.write_text(kept, text)
        raise
