"""What SUMO is given for a job: its input files, its options, and what it is to write."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evac.demand.buses import BusService
from evac.demand.incidents import Breakdowns
from evac.demand.packets import Packets
from evac.hazards.refuges import ResolvedRefuge
from evac.network.exits.drive_beyond import DrivesBeyond
from evac.network.exits.resolved import Spell
from evac.plans.stages import Stages
from evac.plans.timetable import Timetable
from evac.simulate.driving import POLL_S
from evac.simulate.meso import Meso

_CONFIGURATION = "run.sumocfg"
OUTPUTS = "sumo"
_TRAFFIC = "lanes.add.xml"
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
    with_roads
        Whether SUMO writes what lanes or roads carried.
    ways_of
        The vehicles of which SUMO writes who drove where under a hazard; all when None.
    packets
        Who drives for whom (mesoscopic model only).
    leaves
        When vehicles mean to get onto each edge (s), with their names; needed where a hazard may close it.
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
    with_roads: bool = True
    ways_of: tuple[str, ...] | None = None
    packets: Packets = field(default_factory=Packets)
    leaves: Mapping[str, Sequence[tuple[float, str]]] = field(default_factory=dict)


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


def write_inputs(folder: Path, inputs: JobInputs, seed: int) -> None:
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
        **({"device.vehroute.explicit": ",".join(inputs.ways_of)} if inputs.ways_of else {}),
        **_by_name((*inputs.extra_options, *(inputs.meso.options() if inputs.meso else ()))),
    }
    root = ET.Element("configuration")
    for option, value in options.items():
        if value:
            ET.SubElement(root, option, value=value)
    ET.indent(root)
    ET.ElementTree(root).write(folder / _CONFIGURATION, encoding="utf-8", xml_declaration=True)
    if inputs.packets.followers:
        inputs.packets.write(folder)
    (folder / OUTPUTS).mkdir()
    if inputs.with_roads:
        _write_traffic_output(folder / OUTPUTS, *(_EDGES if inputs.meso else _LANES))


def _write_traffic_output(folder: Path, kind: str, name: str, period_s: float) -> None:
    (folder / _TRAFFIC).write_text(
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


def arguments(folder: Path, inputs: JobInputs) -> list[str]:
    """Return the command line of a run: its configuration, and the outputs, which aren't part of that."""
    additional = [name for name in inputs.write if not name.endswith(".rou.xml")]
    additional += [f"{OUTPUTS}/{_TRAFFIC}"] if inputs.with_roads else []
    ways = ["--vehroute-output", f"{OUTPUTS}/vehroutes.xml", *_WAYS] if inputs.timetable.under_hazard else []
    return [
        *ways,
        *("--configuration-file", str(folder / _CONFIGURATION)),
        *("--additional-files", ",".join(additional)),
        *output_options(Path(OUTPUTS)),
    ]
