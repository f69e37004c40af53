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
import math
import os
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Literal, Protocol

from traci.connection import Connection

from evac import files
from evac.demand.buses import BusService
from evac.demand.incidents import Breakdowns
from evac.errors import SimulationError
from evac.hazards.refuges import ResolvedRefuge
from evac.network.exits.drive_beyond import DrivesBeyond
from evac.network.exits.resolved import Spell
from evac.plans.stages import Stages
from evac.plans.timetable import Timetable
from evac.seals import has_entry, sealed_directory
from evac.simulate.answers import Car
from evac.simulate.blocked_turns import TOLD_WITHIN_S, BlockedTurns
from evac.simulate.buses import Dispatcher
from evac.simulate.controller import Controller
from evac.simulate.conversation import controlled
from evac.simulate.drive_times import DriveTimes
from evac.simulate.gridlock import GridlockWatch
from evac.simulate.incidents import Breaking
from evac.simulate.job import Job
from evac.simulate.meso import Meso, MesoWatch
from evac.simulate.metering import Metering
from evac.simulate.refuges import Refuges

POLL_S = 60.0
"""Simulated seconds between two looks at a running simulation."""
_CONFIGURATION = "run.sumocfg"
_OUTPUTS = "sumo"
_NET_WITH_DRIVES = "net.net.xml"
# What `measure` reads; fewer attributes make a smaller file.
_LANE_ATTRIBUTES = "sampledSeconds distance timeLoss occupancy left arrived teleported vaporized"
# Where everybody was when: exposure to a hazard is measured by it. With `last-route`, which would leave out the ways
# that were given up, SUMO 1.28 ended some runs ("cannot create std::vector larger than max_size()").
_WAYS = [f"--vehroute-output.{name}" for name in ("exit-times", "write-unfinished")]
# Lanes are measured by the minute; of whole roads results have five minutes.
_EDGES = "edgeData", "edges", 300.0
_LANES = "laneData", "lanes", POLL_S


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    time_s
        Simulated time since the order (s).
    out, driving, waiting
        Vehicles evacuated, in the network, and waiting to enter it after their intended departure.
    speed
        Simulated seconds per second of wall time, since the start.
    cars
        Vehicles on the roads; empty in the mesoscopic model, and in the last look at a run.
    """

    time_s: float
    out: int
    driving: int
    waiting: int
    speed: float
    cars: tuple[Car, ...] = ()


@dataclass(frozen=True)
class JobInputs:
    """What SUMO is given for a job.

    Parameters
    ----------
    net_file
        The net; referred to, not copied.
    write
        Writers of the job's own input files by file name: `*.rou.xml` are route files, others additional files.
    end_s
        When an evacuation that isn't over ends as not cleared (simulated s).
    gridlock_after_s
        Standing time that makes a ring of vehicles a gridlock (s).
    teleport_after_s
        SUMO's teleporting (s); off when None.
    extra_options
        SUMO's options for routing and right of way, as name and value in turn (`--routing-algorithm`, `dijkstra`).
    timetable
        What a plan does while the simulation runs.
    exits
        The last edges of each exit, for those whom the timetable sends another way.
    meso
        Parameters of the mesoscopic model; None for the microscopic one.
    veh_per_h
        The most vehicles an hour of the exits that have such a limit.
    beyond
        When the road behind an exit takes less, by the exit's name.
    drives
        The drives behind the exits, where any takes time; the net is written with them then.
    buses
        Buses for people without a car.
    breakdowns
        Cars that crash or stall; none when None.
    stages
        Roads that the net has once for each set of their lanes that is open at a time (mesoscopic model only).
    refuges
        Where those go who have no way to any exit, or are held to one.
    """

    net_file: Path
    write: Mapping[str, Callable[[Path], object]]
    end_s: float
    gridlock_after_s: float
    teleport_after_s: float | None = None
    extra_options: tuple[str, ...] = ()
    timetable: Timetable = field(default_factory=Timetable)
    exits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    meso: Meso | None = None
    veh_per_h: Mapping[str, float] = field(default_factory=dict)
    beyond: Mapping[str, Sequence[Spell]] = field(default_factory=dict)
    drives: DrivesBeyond | None = None
    buses: BusService | None = None
    breakdowns: Breakdowns | None = None
    stages: Stages = field(default_factory=Stages)
    refuges: tuple[ResolvedRefuge, ...] = ()


class Actor(Protocol):
    """Somebody who does things in a running simulation, at times of their own."""

    @property
    def has_plans(self) -> bool: ...  # noqa: D102  whether the simulation may not end yet
    def next_s(self, now_s: float) -> float: ...  # noqa: D102  when `act` has to be called next
    def act(self, now_s: float) -> None: ...  # noqa: D102  what is due is done


@dataclass(frozen=True)
class Counts:
    """SUMO's own totals (vehicles); loaded = inserted + waiting + not yet due."""

    loaded: int
    inserted: int
    running: int
    waiting: int


@dataclass(frozen=True)
class Ending:
    """Why and when a run ended, SUMO's totals then, and who was on the road: where, and standing for how long (s)."""

    reason: Literal["cleared", "end of time", "standstill"]
    time_s: float
    counts: Counts = field(repr=False)
    left: Mapping[str, tuple[str, float]] = field(repr=False, default_factory=dict)


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
        Called after each simulated minute.
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
        _write_inputs(folder, inputs, job.case.seed)
        try:
            _simulate(folder, inputs, job.case.seed, progress or (lambda _: None))
        except Exception:
            _keep_log(folder / _OUTPUTS, failed_log)
            raise
        if measure is not None:
            measure(folder)
    failed_log.unlink(missing_ok=True)
    return target


def output_options(folder: Path) -> list[str]:
    """Return SUMO's options for the outputs of a run, which go into `folder`.

    They aren't part of `run.sumocfg`, so that opening a finished run in SUMO's tools leaves its results alone.
    """
    names = {
        "--tripinfo-output": "tripinfo.xml",
        "--statistic-output": "statistics.xml",
        "--summary-output": "summary.xml",
        "--error-log": "sumo.log",
    }
    flags = ["--tripinfo-output.write-unfinished", "--tripinfo-output.write-undeparted"]
    options = [*flags, "--summary-output.period", "60", "--output.compression", "zstd", "--precision", "2"]
    return [*options, *(part for option, name in names.items() for part in (option, str(folder / name)))]


def _write_inputs(folder: Path, inputs: JobInputs, seed: int) -> None:
    """Write the job's own input files, and the configuration that makes them a simulation."""
    net_file = inputs.net_file.resolve()
    if inputs.drives is not None:
        net_file = folder.resolve() / _NET_WITH_DRIVES
        inputs.drives.write_net(inputs.net_file, net_file)
    for name, write in inputs.write.items():
        write(folder / name)
    routes = [name for name in inputs.write if name.endswith(".rou.xml")]
    options = {
        "net-file": os.path.relpath(net_file, folder.resolve()),
        "route-files": ",".join(routes),
        "additional-files": ",".join(name for name in inputs.write if name not in routes),
        "begin": "0",
        "end": f"{inputs.end_s:g}",
        "route-steps": "0",  # all at once, so that vehicles that are not yet due at the end are accounted for as well
        "seed": str(seed),
        "time-to-teleport": "-1" if inputs.teleport_after_s is None else f"{inputs.teleport_after_s:g}",
        "collision.action": "warn",  # SUMO's default is a teleport
        "no-step-log": "true",
        # Who waits to get onto a street when the last way out closes, or that to the exit that they are held to, still
        # looks for one from time to time, whatever way the controller gave them; finding none, SUMO 1.28 ends the run.
        **({"ignore-route-errors": "true"} if inputs.timetable.states().of_roads else {}),
        **_by_name((*inputs.extra_options, *(inputs.meso.options() if inputs.meso else ()))),
    }
    root = ET.Element("configuration")
    for option, value in options.items():
        if value:
            ET.SubElement(root, option, value=value)
    ET.indent(root)
    ET.ElementTree(root).write(folder / _CONFIGURATION, encoding="utf-8", xml_declaration=True)
    _write_traffic_output(folder / _OUTPUTS, *(_EDGES if inputs.meso else _LANES))


def _write_traffic_output(folder: Path, kind: str, name: str, period_s: float) -> None:
    folder.mkdir()
    (folder / "lanes.add.xml").write_text(
        f'<additional><{kind} id="{name}" file="{name}.parquet" period="{period_s:g}" excludeEmpty="true" '
        f'writeAttributes="{_LANE_ATTRIBUTES}"/></additional>\n'
    )


def _by_name(options: tuple[str, ...]) -> dict[str, str]:
    """Return command-line options as a configuration has them; one without a value is a flag."""
    named: dict[str, str] = {}
    name = ""
    for part in options:
        if part.startswith("--"):
            name = part.removeprefix("--")
            named[name] = "true"
        else:
            named[name] = part
    return named


def _simulate(folder: Path, inputs: JobInputs, seed: int, report: Callable[[Progress], None]) -> None:
    """Run SUMO to the end, check that it got there, and write what was done on the way."""
    with controlled(_arguments(folder, inputs), folder, folder / _OUTPUTS / "console.log") as connection:
        watch = MesoWatch(connection) if inputs.meso else GridlockWatch(connection, inputs.gridlock_after_s)
        turns = BlockedTurns(connection, watch) if isinstance(watch, GridlockWatch) else None
        coarse = inputs.meso is not None
        refuges = Refuges(connection, inputs.refuges, inputs.exits)
        controller = Controller(
            connection,
            inputs.timetable,
            inputs.exits,
            seed,
            coarse=coarse,
            stages=inputs.stages,
            refuges=refuges,
            drives=inputs.drives,
        )
        metering = Metering(connection, inputs.exits, inputs.veh_per_h, inputs.beyond)
        buses = Dispatcher(connection, inputs.buses)
        times = [DriveTimes(connection, inputs.drives)] if inputs.drives else []
        breaking = Breaking(connection, inputs.breakdowns)
        others: list[Actor] = [buses, refuges, breaking, *times]
        ending = _drive(connection, watch, controller, others, metering, turns=turns, end_s=inputs.end_s, report=report)
    _check_ending(folder / _OUTPUTS / "statistics.xml", ending)
    events = [event.record() for event in watch.events]
    files.write_text(folder / "gridlock.json", json.dumps(events, indent=1) + "\n")
    files.write_text(folder / "controls.json", json.dumps(controller.events, indent=1, ensure_ascii=False) + "\n")
    files.write_text(folder / "buses.json", json.dumps(buses.record(), indent=1, ensure_ascii=False) + "\n")
    files.write_text(folder / "incidents.json", json.dumps(breaking.incidents, indent=1) + "\n")
    ended = {
        "reason": ending.reason,
        "time_s": ending.time_s,
        "vehicles": asdict(ending.counts),
        "left": {vehicle: (inputs.stages.road(edge), stood_s) for vehicle, (edge, stood_s) in ending.left.items()},
        "turned_round": sorted(controller.turned_round),
        "turned_on": refuges.turned_on,
    }
    files.write_text(folder / "ending.json", json.dumps(ended, indent=1) + "\n")


def _arguments(folder: Path, inputs: JobInputs) -> list[str]:
    additional = [name for name in inputs.write if not name.endswith(".rou.xml")]
    ways = ["--vehroute-output", f"{_OUTPUTS}/vehroutes.xml", *_WAYS] if inputs.timetable.under_hazard else []
    return [
        *ways,
        *("--configuration-file", str(folder / _CONFIGURATION)),
        *("--additional-files", ",".join([*additional, f"{_OUTPUTS}/lanes.add.xml"])),
        *output_options(Path(_OUTPUTS)),
    ]


def _drive(
    connection: Connection,
    watch: GridlockWatch | MesoWatch,
    plan: Controller,
    others: Sequence[Actor],
    metering: Metering,
    *,
    turns: BlockedTurns | None,
    end_s: float,
    report: Callable[[Progress], None],
) -> Ending:
    """Step through the simulation until it ends: it may be over although the plan still has lanes to open or close."""
    actors = [plan, *others]
    started_s = time.monotonic()
    now_s = 0.0
    while True:
        if turns and now_s + TOLD_WITHIN_S < end_s and turns.tell():
            now_s = _step(connection, actors, metering, now_s, now_s + TOLD_WITHIN_S)
            turns.end()
        now_s = _step(connection, actors, metering, now_s, min(POLL_S * (now_s // POLL_S + 1.0), end_s))
        counts = _counts(connection)
        speed = now_s / max(time.monotonic() - started_s, 1e-9)
        how_far = Progress(now_s, counts.inserted - counts.running, counts.running, counts.waiting, speed)
        if counts.running == 0 and counts.loaded == counts.inserted and not any(actor.has_plans for actor in others):
            report(how_far)
            return Ending("cleared", now_s, counts)
        if now_s >= end_s:
            report(how_far)
            return Ending("end of time", now_s, counts, watch.left(now_s))
        watch.poll(now_s)
        report(replace(how_far, cars=watch.cars))
        all_due = counts.loaded == counts.inserted + counts.waiting
        if watch.stands_still(now_s) and all_due and not any(actor.has_plans for actor in actors):
            return Ending("standstill", now_s, counts, watch.left(now_s))


def _step(
    connection: Connection,
    actors: Sequence[Actor],
    metering: Metering,
    now_s: float,
    until_s: float,
) -> float:
    """Step to a time, with stops where the plan or the buses have something to do; return the time."""
    for actor in actors:
        actor.act(now_s)
    while (due_s := min(actor.next_s(now_s) for actor in actors)) < until_s:
        _forward(connection, metering, now_s, math.ceil(due_s))
        now_s = float(math.ceil(due_s))
        for actor in actors:
            actor.act(now_s)
    _forward(connection, metering, now_s, until_s)
    return float(until_s)


def _forward(connection: Connection, metering: Metering, now_s: float, until_s: float) -> None:
    """Step to a time, second by second where an exit takes only so many vehicles an hour."""
    while metering.is_needed and now_s + 1.0 < until_s:
        now_s += 1.0
        connection.simulationStep(now_s)
        metering.act(now_s)
    connection.simulationStep(float(until_s))
    metering.act(float(until_s))


def _counts(connection: Connection) -> Counts:
    ask = connection.simulation.getParameter
    return Counts(**{item.name: int(ask("", f"stats.vehicles.{item.name}")) for item in fields(Counts)})


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


def _keep_log(outputs: Path, kept: Path) -> None:
    """Keep what SUMO said in a run that failed."""
    logs = [outputs / name for name in ("console.log", "sumo.log")]
    text = "".join(f"== {log.name}\n{log.read_text(errors='replace')}" for log in logs if log.is_file())
    files.write_text(kept, text)
