"""A bank of finished runs in both models, paired by seed: a row a run, added to a CSV file as it is done.

    python benchmarks/fidelity_bank.py BANK.csv SCENARIO [--plan PLAN] [--vehicles CASE] [--micro N] [--meso N]
                                       [--cache FOLDER]

Runs seeds 1 to N of one plan and case. The coarse model is the one that `evac run --fidelity meso` fits; with
`--meso 0` none is. What the file has isn't run again. CPU seconds are those of SUMO and of what the toolkit does for
the run.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from common import ROOT, Quiet, Used

from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.schema.scenario import vehicles_label
from evac.simulate.job import Case
from evac.study.cases import middle_vehicles
from evac.study.engines import Serial
from evac.study.ground import Ground, ground_of
from evac.study.jobs import job_of
from evac.study.prepare import prepare
from evac.study.runs import read_manifest
from evac.study.screening import Town, calibrate, screened
from evac.study.tasks import Task
from evac.study.under_plan import under_plan

COLUMNS = ("town", "plan", "vehicles_per_household", "fidelity", "seed", "t90_s", "cpu_s")
_Fidelity = Literal["micro", "meso"]


@dataclass(frozen=True)
class Grounds:
    """What a plan's runs in each model stand on; None where the coarse one isn't wanted."""

    micro: Ground
    meso: Ground | None
    town: str
    plan: str
    departure: str
    middle: str


def grounds(scenario: Path, plan: str, cache: Path, *, coarse: bool) -> Grounds:
    """Prepare a scenario under a plan; where coarse runs are wanted, fit their model to its baseline."""
    prepared = prepare(load_scenario(scenario), cache, lambda _: None)
    folder = ROOT / "plans" / prepared.loaded.place_id
    by_plan = {
        name: ground_of(prepared, under_plan(prepared, load_plan(name, folder), cache)) for name in (BASELINE, plan)
    }
    model = prepared.loaded.model
    labels = [vehicles_label(case) for case in model.vehicles_per_household]
    first = Case(vehicles_per_household=labels[0], departure=model.departures[0].name, seed=1)
    meso = None
    if coarse:
        town = Town(by_plan[BASELINE], by_plan[plan], plan, cache, Serial(), Quiet())
        meso = screened(by_plan, calibrate(town, labels, first), cache)[plan]
    return Grounds(by_plan[plan], meso, prepared.loaded.place_id, plan, first.departure, middle_vehicles(model, labels))


def fill(bank: Path, stood_on: Grounds, vehicles: str, seeds: dict[_Fidelity, int], cache: Path) -> None:
    """Run the seeds that the bank doesn't have."""
    there = {tuple(row[name] for name in COLUMNS[:5]) for row in _rows(bank)}
    for fidelity, number in seeds.items():
        for seed in range(1, number + 1):
            key = stood_on.town, stood_on.plan, vehicles, fidelity, str(seed)
            if key not in there:
                case = Case(
                    vehicles_per_household=vehicles,
                    departure=stood_on.departure,
                    seed=seed,
                    plan=stood_on.plan,
                    fidelity=fidelity,
                )
                ground = stood_on.micro if fidelity == "micro" else stood_on.meso
                if ground is not None:
                    _add(bank, (*key, *_run(case, ground, cache)))


def _run(case: Case, ground: Ground, cache: Path) -> tuple[float | None, str]:
    before = Used.so_far()
    with closing(Serial().run([Task(job_of(ground.terms, case), ground)], cache, Quiet())) as outcomes:
        ((_, outcome),) = list(outcomes)
    if not isinstance(outcome, Path):
        raise outcome
    return read_manifest(outcome)["t90_s"], f"{Used.so_far().since(before).cpu_s:.2f}"


def _rows(bank: Path) -> Iterator[dict[str, str]]:
    if bank.is_file():
        with bank.open(newline="") as file:
            yield from csv.DictReader(file)


def _add(bank: Path, row: tuple[object, ...]) -> None:
    is_new = not bank.is_file()
    with bank.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(COLUMNS)
        writer.writerow(row)


def main() -> None:
    """Parse the command line, and fill the bank."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", type=Path)
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--plan", default=BASELINE)
    parser.add_argument("--vehicles", help="default: the middle case")
    parser.add_argument("--micro", type=int, default=24)
    parser.add_argument("--meso", type=int, default=200)
    parser.add_argument("--cache", type=Path, help="default: one that is removed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evac-bank-") as temporary:
        cache = given.cache or Path(temporary) / ".evac"
        cache.mkdir(parents=True, exist_ok=True)
        stood_on = grounds(given.scenario, given.plan, cache, coarse=given.meso > 0)
        fill(
            given.bank,
            stood_on,
            given.vehicles or stood_on.middle,
            {"micro": given.micro, "meso": given.meso},
            cache,
        )


if __name__ == "__main__":
    main()
