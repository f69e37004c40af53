"""The study's words can be read in several ways: run its plans under each reading, and put the results side by side.

    python scenarios/mill-valley-schematic/readings.py WORKSPACE --vehicles 0.5

What is read in several ways: how signals of normal rules run (`actuated`, or `fixed` programs); what holds at a signal
that is "disabled" (an all-way stop, right of way by the signs, an officer); whether the final plan leads each lane to
its own ramp from Camino Alto on; and how many lanes lead up to Camino Alto (as drawn, or two from downtown: `wide`).

Writes `readings.csv` into WORKSPACE, a row a run: stop it and start it again at any time, `--town` and `--plan` run a
part. Seed and departures are those of the study's own cases.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from study import BASELINE, MIDDLE_RAMPS, NORTHERN, hours, rate, run
from variants import HERE, Parts, drawn, static_signals, wide_blithedale, write_variant

import evac
from evac.report.results import case_results
from evac.schema.scenario import vehicles_label

TOWNS: dict[str, tuple[Callable[[Parts], None], ...]] = {
    "fixed": (static_signals,),
    "actuated": (),
    "fixed-wide": (static_signals, wide_blithedale),
    "actuated-wide": (wide_blithedale,),
}
"""Readings of the town: its signals under normal rules, and its lanes up to Camino Alto."""
DISABLED = {"all-way stop": "", "unregulated": "-unregulated", "officers": "-officers"}
"""Readings of "signals disabled", with the ending of the plans' names; `off` is an all-way stop by the law there."""
PLANS = ("preliminary", "final", "final-led")
PLANS_FOLDER = HERE.parents[1] / "plans" / HERE.name


def main() -> None:
    """Run what hasn't been run, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--vehicles", default="0.5")
    parser.add_argument("--town", choices=TOWNS, action="append")
    parser.add_argument("--plan", action="append", help="by its name; all readings of all plans when left out")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    workspace = options.workspace.resolve()
    plans = options.plan or [BASELINE, *(plan + ending for ending in DISABLED.values() for plan in PLANS)]
    for town in options.town or TOWNS:
        write_town(town, float(options.vehicles), workspace)
        for plan in plans:
            row = run_reading(town, plan, vehicles_label(float(options.vehicles)), workspace, options.jobs)
            folder = workspace / "readings"
            folder.mkdir(exist_ok=True)
            name = f"{town}_{plan}_{options.vehicles}.csv"
            pd.DataFrame([row]).to_csv(folder / name, index=False, float_format="%.4g")
    found = pd.concat([pd.read_csv(file) for file in sorted((workspace / "readings").glob("*.csv"))])
    found.to_csv(workspace / "readings.csv", index=False)
    print(found.to_string(index=False))


def write_town(town: str, vehicles: float, workspace: Path) -> None:
    """Write the scenario of a reading of the town, with all plans of the study."""
    parts = drawn(tuple(path.stem for path in sorted(PLANS_FOLDER.glob("*.yaml"))))
    for change in TOWNS[town]:
        change(parts)
    parts.scenario.update(vehicles_per_household=[vehicles], departures=parts.scenario["departures"][:1])
    write_variant(town, parts, workspace)


def run_reading(town: str, plan: str, vehicles: str, workspace: Path, jobs: int) -> dict[str, Any]:
    """Run a plan; return times (h) and what passes the ramps (veh/min, from the order until 95 % are out)."""
    place = evac.open(workspace / "scenarios" / town, workspace=workspace)
    [case] = case_results(run(place, [plan], vehicles=(vehicles,), jobs=jobs))
    return {
        "town": town,
        "plan": plan,
        "vehicles_per_household": vehicles,
        **{f"t{percent}_h": hours(case, percent) for percent in (50, 90, 100)},
        "middle_veh_per_min": rate(case, MIDDLE_RAMPS),
        "northern_veh_per_min": rate(case, NORTHERN),
        "trusted": case.shown.trusted,
        "job": case.run.job,
    }


if __name__ == "__main__":
    main()
