"""Time the published pipeline's way to the evacuation curves beside ours, on one net and one demand.

    python benchmarks/published_way.py [--vehicles 1.5] [--until-h HOURS] [SCENARIO]

Their way (arXiv 2307.07108, and SUMO's defaults where it says nothing): dynamic routing of every vehicle to the zone of
all exits by Dijkstra's algorithm, travel times brought up to date every second, the position of every vehicle in every
second written as XML (FCD), and parsed for the curves. SUMO writes to a pipe, so no disk slows it down. Ours: the
toolkit's whole run, from the households to the result tables. CPU seconds are compared, end to end.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from common import ROOT, Used, prepared_in, run_cases

from evac import sumo
from evac.measure.clearance import clearance_s
from evac.study import Selection
from evac.study.engines import Serial

_HALF, _MOST = 50, 90


def published(run: Path, end_s: float, folder: Path) -> dict[str, float]:
    """Simulate a finished run's inputs in the published way, and return when each vehicle was last seen (s)."""
    pipe = folder / "fcd.xml"
    os.mkfifo(pipe)
    options = {
        "--configuration-file": run / "run.sumocfg",
        "--routing-algorithm": "dijkstra",
        "--device.rerouting.probability": "1",
        "--device.rerouting.adaptation-interval": "1",
        "--device.rerouting.adaptation-steps": "180",
        "--fcd-output": pipe,
        "--end": f"{end_s:g}",
    }
    command = [str(sumo.binary("sumo")), *(str(part) for option in options.items() for part in option)]
    child = subprocess.Popen(command, env=sumo.child_environment(), stdout=subprocess.DEVNULL, cwd=folder)
    seen_s = {vehicle: time_s for time_s, vehicle in _positions(pipe)}
    if child.wait() != 0:
        raise SystemExit(f"sumo ended with {child.returncode}")
    return seen_s


def _positions(path: Path) -> Iterator[tuple[float, str]]:
    """Parse the positions: the time, and the vehicle."""
    for _, element in ET.iterparse(path, events=("end",)):  # noqa: S314 - SUMO writes it
        if element.tag == "timestep":
            time_s = float(element.get("time", "nan"))
            for vehicle in element:
                yield time_s, vehicle.get("id", "")
            element.clear()


def main() -> None:
    """Parse the command line, run both ways, print the ratio and how far the curves are apart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", type=Path, default=ROOT / "scenarios" / "balzers", metavar="SCENARIO")
    parser.add_argument("--vehicles", default="1.5", help="the vehicles-per-household case")
    parser.add_argument("--until-h", type=float, help="end the simulations after this many simulated hours")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evac-bench-") as name:
        folder = Path(name)
        prepared, plans = prepared_in(folder / ".evac", given.scenario, given.until_h)
        before = Used.so_far()
        selection = Selection(vehicles=(given.vehicles,), sensitivity=False)
        (ours, *_) = run_cases(prepared, plans, folder / ".evac", Serial(), selection).runs
        mine = Used.so_far().since(before)
        before = Used.so_far()
        seen_s = published(ours.folder, ours.manifest()["end_s"], folder)
        theirs = Used.so_far().since(before)
        vehicles = pd.read_parquet(ours.folder / "vehicles.parquet", columns=["vehicle", "evacuated_s"])
    last_s = vehicles["vehicle"].map(seen_s).where(vehicles["vehicle"].isin(list(seen_s)))
    print(f"{given.scenario.name}: {len(vehicles):,} vehicles")
    print(f"  published way  {theirs.cpu_s:8.1f} CPU s ({theirs.children_s:.1f} sumo, {theirs.own_s:.1f} parsing)")
    print(f"  ours           {mine.cpu_s:8.1f} CPU s ({mine.children_s:.1f} sumo, {mine.own_s:.1f} all else)")
    print(f"  published / ours = {theirs.cpu_s / mine.cpu_s:.1f}")
    for percent in (_HALF, _MOST):
        times = [clearance_s(column.to_numpy(dtype=float), percent) for column in (last_s, vehicles["evacuated_s"])]
        print(f"  {percent} % out: published {_hours(times[0])}, ours {_hours(times[1])}")


def _hours(time_s: float | None) -> str:
    return "never" if time_s is None else f"{time_s / 3600:.2f} h"


if __name__ == "__main__":
    main()
