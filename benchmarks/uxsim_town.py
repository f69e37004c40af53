"""UXsim beside the toolkit's two models on a town: the 90 % clearance and CPU seconds of each, as Markdown.

    pip install uxsim==1.15.1
    python benchmarks/uxsim_town.py [--plan PLAN] [--vehicles CASE] [--platoon N] [--cache FOLDER] SCENARIO ...

The same roads, the same vehicles at the same times, seed 1: the microscopic run is that of the toolkit, the coarse one
is fitted to it (`evac.study.screening`), and UXsim (Seo, Journal of Open Source Software 10(106), 2025; its C++ engine)
gets the roads with their lengths, limits and lanes; all else is as it comes: how near drivers follow, merge, and choose
their ways. It moves platoons of five, or of `--platoon`, and knows nothing of the signals here. CPU seconds are those
of the simulators alone, the peak of memory is that of this process. Nothing here is part of the toolkit, which doesn't
need UXsim. With `--cache` what `screening.py` has run in that folder isn't run again.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import uxsim
from common import Quiet, Used
from screening import Clocked, Compared
from uxsim_beside import JAM_VEH_PER_M

from evac.clock import HOUR_S
from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.simulate.job import Case
from evac.study import Selection, run_study
from evac.study.prepare import prepare
from evac.study.runs import read_manifest
from evac.study.under_plan import UnderPlan, under_plan

_OUT = "out"
_WIDE, _SHORT_M = 20, 50.0
"""Lanes and length of what leads from each exit line to the one place that all drive to."""
_DECISIVE = 0.9


def world_of(under: UnderPlan, vehicles: pd.DataFrame, end_s: float, platoon: int) -> uxsim.World:
    """Return a town's roads and vehicles in UXsim."""
    world = uxsim.World(cpp=True, deltan=platoon, tmax=end_s, random_seed=1, print_mode=0, save_mode=0)
    net = under.net
    ends = {node.getID(): node.getCoord() for node in net.getNodes()}
    for name, (x, y, *_) in ends.items():
        world.addNode(name, x, y)
    world.addNode(_OUT, 0.0, 0.0)
    for edge in net.getEdges(withInternal=False):
        lanes = sum(lane.allows("passenger") for lane in edge.getLanes())
        if lanes:
            world.addLink(
                edge.getID(), edge.getFromNode().getID(), edge.getToNode().getID(), max(edge.getLength(), 1.0),
                free_flow_speed=edge.getSpeed(), jam_density_per_lane=JAM_VEH_PER_M, number_of_lanes=lanes,
            )  # fmt: skip
    for name in {edge for item in under.exits for edge in item.edges}:
        speed = net.getEdge(name).getSpeed()
        world.addLink(
            f"{_OUT} {name}", net.getEdge(name).getToNode().getID(), _OUT, _SHORT_M, free_flow_speed=speed,
            jam_density_per_lane=JAM_VEH_PER_M, number_of_lanes=_WIDE,
        )  # fmt: skip
    planned = vehicles[vehicles["ordered"] & vehicles["edge"].notna()]
    planned = planned.assign(at=[net.getEdge(str(edge)).getToNode().getID() for edge in planned["edge"]])
    for row in planned.sort_values(["at", "departure_s"]).iloc[platoon // 2 :: platoon].itertuples():
        # A demand in one step of UXsim's is one platoon; a little more, as it is lost where rounding leaves it short.
        step, volume = row.departure_s // world.DELTAT, 1.001 * platoon
        world.adddemand(row.at, _OUT, (step + 0.5) * world.DELTAT, (step + 1.5) * world.DELTAT, volume=volume)
    return world


def clearance_s(world: uxsim.World, platoons: float) -> float:
    """Return when the share that decides is out (s); not a number where it never is."""
    cars = world.VEHICLES.values()
    out_s = np.sort([car.departure_time * world.DELTAT + car.travel_time for car in cars if car.travel_time > 0])
    needed = int(np.ceil(_DECISIVE * platoons))
    return float(out_s[needed - 1]) if len(out_s) >= needed else float("nan")


def compare(compared: Compared, platoon: int, cache: Path) -> None:
    """Run a case in all three, and print its row."""
    clock, loaded = Clocked(cache), load_scenario(compared.scenario)
    update = {"departures": loaded.model.departures[:1]}
    update |= {"vehicles_per_household": compared.vehicles} if compared.vehicles else {}
    loaded = replace(loaded, model=loaded.model.model_copy(update=update))
    prepared = prepare(loaded, cache, lambda _: None)
    plan = load_plan(compared.plans[0], loaded.plans_folder)
    under = under_plan(prepared, plan, cache)
    found: dict[str, tuple[float, float]] = {}
    for fidelity in ("micro", "meso"):
        selection = Selection(seeds=(1,), sensitivity=False, fidelity=fidelity)  # type: ignore[arg-type]
        study = run_study(prepared, {plan.key: under}, selection, cache, engine=clock, display=Quiet())
        run = study.runs[-1]
        found[fidelity] = read_manifest(run.folder)["t90_s"], clock.cpu_s[run.job]
        case: Case = run.case
    vehicles = pd.read_parquet(run.folder / "vehicles.parquet").astype({"edge": str})
    world = world_of(under, vehicles, loaded.model.simulation.end_h * HOUR_S, platoon)
    before = Used.so_far()
    world.exec_simulation()
    cpu_s = Used.so_far().since(before).cpu_s
    fine_s, planned = found["micro"][0], int(vehicles["ordered"].sum())
    cells = [f"{fine_s:,.0f}", f"{found['micro'][1]:.1f}"]
    for time_s, used_s in (found["meso"], (clearance_s(world, planned / platoon), cpu_s)):
        cells += [f"{time_s:,.0f}", f"{time_s / fine_s - 1.0:+.1%}", f"{used_s:.1f}"]
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {loaded.model.name} | {case.plan} | {case.vehicles_per_household} | {planned:,} | "
          f"{' | '.join(cells)} | {peak_mb:,.0f} |", flush=True)  # fmt: skip


def main() -> None:
    """Parse the command line, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="+", type=Path, metavar="SCENARIO")
    parser.add_argument("--plan", default=BASELINE)
    parser.add_argument("--vehicles", type=float, help="default: the scenario's largest case")
    parser.add_argument("--platoon", type=int, default=5)
    parser.add_argument("--cache", type=Path, help="default: one that is removed")
    given = parser.parse_args()
    titles = ("town", "plan", "vehicles a household", "vehicles", "micro 90 % (s)", "CPU s", "coarse 90 % (s)", "error",
              "CPU s", "UXsim 90 % (s)", "error", "CPU s", "peak MB")  # fmt: skip
    print(f"| {' | '.join(titles)} |\n|---|---|{11 * '---:|'}", flush=True)
    with tempfile.TemporaryDirectory(prefix="evac-bench-") as temporary:
        cache = given.cache or Path(temporary) / ".evac"
        cache.mkdir(parents=True, exist_ok=True)
        for scenario in given.scenarios:
            compare(
                Compared(scenario, (given.plan,), (given.vehicles,) if given.vehicles else ()), given.platoon, cache
            )


if __name__ == "__main__":
    main()
