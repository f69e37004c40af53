"""What a run costs against its size: time and memory per vehicle-hour, microscopic towns and a mesoscopic county.

    python benchmarks/cost_and_size.py [--until-h HOURS] [--vehicles CASE] [--county-vehicles 100000] [SCENARIO ...]

Each scenario (Balzers, Liechtenstein and Paradise where they are there) is run once, at its largest case of vehicles
per household or at the one given, and the synthetic county (`county.py`) in SUMO's mesoscopic model. A vehicle-hour is
an hour that a vehicle is on the road or waits to get there. Memory is the peak of the toolkit's process, and of SUMO's.
Each is a process of its own, so that the peaks don't mix.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
from common import REAL_DATA, ROOT, Used, Weighing, prepared_in, run_cases
from county import write_county

from evac.plans import BASELINE
from evac.schema.scenario import vehicles_label
from evac.simulate.job import Case
from evac.simulate.meso import Meso
from evac.study import Selection
from evac.study.engines import Serial, run_here
from evac.study.ground import ground_of
from evac.study.jobs import job_of
from evac.study.tasks import Task

COUNTY_MILES = 12


def micro(scenario: Path, cache: Path, until_h: float | None, display: Weighing, vehicles: str | None) -> Path:
    """Run a case of the scenario, its largest when none is given; return its directory."""
    prepared, plans = prepared_in(cache, scenario, until_h)
    largest = vehicles_label(prepared.loaded.model.vehicles_per_household[-1])
    selection = Selection(vehicles=(vehicles or largest,), sensitivity=False)
    return run_cases(prepared, plans, cache, Serial(), selection, display=display).runs[0].folder


def meso(scenario: Path, cache: Path, until_h: float | None, display: Weighing) -> Path:
    """Run the scenario's first case in the mesoscopic model, not fitted to anything; return its directory."""
    prepared, plans = prepared_in(cache, scenario, until_h)
    model = prepared.loaded.model
    ground = ground_of(prepared, plans[BASELINE])
    ground = replace(ground, terms=replace(ground.terms, meso=Meso()))
    label = vehicles_label(model.vehicles_per_household[0])
    case = Case(vehicles_per_household=label, departure=model.departures[0].name, seed=model.seeds[0], fidelity="meso")
    return run_here(Task(job_of(ground.terms, case), ground), cache, display)


def measure(scenario: Path, until_h: float | None, vehicles: str | None, *, coarse: bool) -> None:
    """Run one scenario in this process, and print what it cost."""
    with tempfile.TemporaryDirectory(prefix="evac-bench-") as folder:
        before = Used.so_far()
        display = Weighing()
        cache = Path(folder) / ".evac"
        run = meso(scenario, cache, until_h, display) if coarse else micro(scenario, cache, until_h, display, vehicles)
        used = Used.so_far().since(before)
        columns = ["departure_s", "evacuated_s", "status"]
        demand = pd.read_parquet(run / "vehicles.parquet", columns=columns)
        curve = pd.read_parquet(run / "curve.parquet")
    end_s = 60.0 * float(curve["minute"].max())
    going = demand[demand["status"] != "no_route"]
    hours = (going["evacuated_s"].fillna(end_s) - going["departure_s"]).clip(lower=0).sum() / 3600
    own_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  {scenario.parent.name if scenario.is_file() else scenario.name:16} {'meso' if coarse else 'micro':6}"
        f"{len(demand):9,} vehicles {hours:10,.0f} veh-h {used.cpu_s:9.1f} CPU s "
        f"{1000 * used.cpu_s / max(hours, 1e-9):8.1f} CPU ms/veh-h {own_mb:7.0f} + {display.peak_mb:.0f} MB",
        flush=True,
    )


def default_scenarios() -> list[Path]:
    """Return the scenarios that are there."""
    found = [ROOT / "scenarios" / "balzers", ROOT / "scenarios" / "liechtenstein"]
    found += [ROOT / "tests" / "real" / "paradise"] if (REAL_DATA / "paradise").is_dir() else []
    return [path for path in found if (path / "scenario.yaml").is_file()]


def main() -> None:
    """Parse the command line; start a process for each scenario, or be one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", type=Path, metavar="SCENARIO")
    parser.add_argument("--until-h", type=float, help="end the simulations after this many simulated hours")
    parser.add_argument("--vehicles", help="the vehicles-per-household case (default: the scenario's largest)")
    parser.add_argument("--county-vehicles", type=int, default=100_000, help="0 leaves the county out")
    parser.add_argument("--one", choices=("micro", "meso"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(given.scenarios[0], given.until_h, given.vehicles, coarse=given.one == "meso")
        return
    chosen = ["--until-h", str(given.until_h)] if given.until_h else []
    chosen += ["--vehicles", given.vehicles] if given.vehicles else []
    with tempfile.TemporaryDirectory(prefix="evac-county-") as folder:
        work = [("micro", path) for path in given.scenarios or default_scenarios()]
        if given.county_vehicles:
            work.append(("meso", write_county(Path(folder) / "county", COUNTY_MILES, given.county_vehicles)))
        for kind, path in work:
            subprocess.run([sys.executable, __file__, "--one", kind, str(path), *chosen], check=True)


if __name__ == "__main__":
    main()
