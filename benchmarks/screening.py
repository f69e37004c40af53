"""The coarse simulation beside the microscopic one: 90 % clearance, error and CPU seconds of each case, as Markdown.

    python benchmarks/screening.py [--plan PLAN ...] [--seed SEED ...] [--vehicles CASE ...] [--cache FOLDER]
                                   [--long] [SCENARIO ...]

Without scenarios: Balzers under four plans, and Mission Canyon under two where the folder of real maps is beside the
checkout; with `--long` also the drawing of Mill Valley at half a vehicle per household, Liechtenstein and Paradise (an
hour of CPU time). Both numbers of a row are from one go. The fit (`evac.study.screening`) sees the first seed under the
first plan at the smallest and the largest case, and nothing else; those rows are marked. CPU seconds are those of SUMO.
With `--cache` what was interrupted goes on: the folder keeps the runs and what each took.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from common import REAL_DATA, ROOT, Quiet, Used
from country import write_country

from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.simulate.job import Job
from evac.study import Selection, Study, run_study
from evac.study.engines import Serial
from evac.study.prepare import prepare
from evac.study.runs import Display, read_manifest
from evac.study.tasks import Outcome, Task
from evac.study.under_plan import under_plan


@dataclass(frozen=True)
class Compared:
    """A scenario whose cases are run in both models.

    Parameters
    ----------
    scenario
        Its file or folder.
    plans
        Plans, the one under which the error is measured for the label last.
    vehicles
        Vehicles per household instead of the scenario's own.
    """

    scenario: Path
    plans: tuple[str, ...] = (BASELINE,)
    vehicles: tuple[float, ...] = ()


class Clocked:
    """Runs jobs one after the other, and notes the CPU seconds of each in a file of the cache."""

    def __init__(self, cache: Path) -> None:
        self._path = cache / "cpu.jsonl"
        lines = self._path.read_text().splitlines() if self._path.is_file() else []
        self.cpu_s = {name: seconds for line in lines for name, seconds in json.loads(line).items()}

    def run(self, tasks: Sequence[Task], cache: Path, display: Display) -> Generator[tuple[Job, Outcome]]:
        """Run the tasks in order."""
        for task in tasks:
            before = Used.so_far()
            with closing(Serial().run([task], cache, display)) as outcomes:
                for job, outcome in outcomes:
                    self.cpu_s[job.digest] = Used.so_far().since(before).children_s
                    with self._path.open("a") as file:
                        file.write(json.dumps({job.digest: self.cpu_s[job.digest]}) + "\n")
                    yield job, outcome


def compare(compared: Compared, seeds: tuple[int, ...], cache: Path) -> None:
    """Run the cases of a scenario in both models, and print a row for each."""
    clock = Clocked(cache)
    loaded = load_scenario(compared.scenario)
    if compared.vehicles:
        loaded = replace(loaded, model=loaded.model.model_copy(update={"vehicles_per_household": compared.vehicles}))
    loaded = replace(loaded, model=loaded.model.model_copy(update={"departures": loaded.model.departures[:1]}))
    prepared = prepare(loaded, cache, lambda _: None)
    plans = [load_plan(name, loaded.plans_folder) for name in compared.plans]
    unders = {plan.key: under_plan(prepared, plan, cache) for plan in plans}
    fine, coarse = (
        run_study(
            prepared,
            unders,
            Selection(seeds=seeds, sensitivity=False, fidelity=fidelity),  # type: ignore[arg-type]
            cache,
            engine=clock,
            display=Quiet(),
        )
        for fidelity in ("micro", "meso")
    )
    _print_rows(prepared.loaded.model.name, fine, coarse, clock)


def _print_rows(town: str, fine: Study, coarse: Study, clock: Clocked) -> None:
    known = {replace(run.case, fidelity="micro"): run for run in coarse.runs}
    labels = list(dict.fromkeys(run.case.vehicles_per_household for run in fine.runs))
    first = fine.runs[0].case
    errors, used = [], [0.0, 0.0]
    for run in fine.runs:
        case, other = run.case, known[run.case]
        micro_s, meso_s = (read_manifest(item.folder)["t90_s"] for item in (run, other))
        seen = (case.plan, case.seed) == (first.plan, first.seed) and case.vehicles_per_household in (
            labels[0],
            labels[-1],
        )
        cpu = [clock.cpu_s[item.job] for item in (run, other)]
        used = [total + seconds for total, seconds in zip(used, cpu, strict=True)]
        error = meso_s / micro_s - 1.0 if micro_s and meso_s else float("nan")
        errors += [] if seen else [abs(error)]
        print(
            f"| {town} | {case.plan} | {case.vehicles_per_household} | {case.seed} | {micro_s:,.0f} | {meso_s:,.0f} | "
            f"{error:+.1%}{' (fitted)' if seen else ''} | {cpu[0]:.1f} | {cpu[1]:.1f} |",
            flush=True,
        )
    mean = sum(errors) / max(len(errors), 1)
    print(f"| {town} | all not fitted | | | | | mean {mean:.1%}, worst {max(errors, default=0.0):.1%} | "
          f"{used[0]:.0f} | {used[1]:.0f} |\n\n{coarse.notes[0]}\n", flush=True)  # fmt: skip


def defaults(folder: Path, *, long: bool) -> list[Compared]:
    """Return what is compared where no scenario is named; Liechtenstein's files are written into a folder."""
    real = ROOT / "tests" / "real"
    canyon, paradise = real / "mission_canyon", real / "paradise"
    found = [Compared(ROOT / "scenarios" / "balzers", (BASELINE, "contraflow-south", "flood", "bridge-closed"))]
    if canyon_is_there := (REAL_DATA / "mission-canyon").is_dir():
        found.append(Compared(canyon, (BASELINE, str(canyon / "plans" / "contraflow.yaml"))))
    if long:
        found.append(Compared(ROOT / "scenarios" / "mill-valley-schematic", (BASELINE, "final"), (0.5,)))
    if long and canyon_is_there:
        extract = next((REAL_DATA / "liechtenstein").glob("*.osm.pbf"))
        found.append(Compared(write_country(extract, folder / "liechtenstein")))
        found.append(Compared(paradise, (BASELINE, str(paradise / "plans" / "skyway.yaml"))))
    return found


def main() -> None:
    """Parse the command line, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", type=Path, metavar="SCENARIO")
    parser.add_argument("--plan", action="append", help="of the scenarios that are named; default: the baseline")
    parser.add_argument("--vehicles", action="append", type=float, help="instead of a scenario's own cases")
    parser.add_argument("--long", action="store_true", help="also the large towns")
    parser.add_argument("--seed", action="append", type=int, help="default: 1")
    parser.add_argument("--cache", type=Path, help="default: one that is removed")
    given = parser.parse_args()
    print("| town | plan | vehicles | seed | micro 90 % (s) | coarse (s) | error | micro CPU s | coarse |")
    print("|---|---|---|---|---:|---:|---:|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory(prefix="evac-bench-") as temporary:
        cache = given.cache or Path(temporary) / ".evac"
        cache.mkdir(parents=True, exist_ok=True)
        plans, vehicles = tuple(given.plan or (BASELINE,)), tuple(given.vehicles or ())
        named = [Compared(scenario, plans, vehicles) for scenario in given.scenarios]
        for compared in named or defaults(Path(temporary), long=given.long):
            compare(compared, tuple(given.seed or (1,)), cache)


if __name__ == "__main__":
    main()
