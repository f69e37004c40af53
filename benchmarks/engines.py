"""Time the engines beside each other: two simulations at a time against one, and Dask against local.

    python benchmarks/engines.py [--runs 24] [--vehicles 1] [--until-h HOURS] [SCENARIO]

The same runs (one case, as many seeds as `--runs`) from an empty cache of runs each time, one engine after the other,
in one go. Wall time is compared, because that is what the engines are for: let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from common import ROOT, prepared_in, run_cases

from evac.study import Selection
from evac.study.engines import Engine, Local, engine_of

AT_A_TIME = 2


def wall_s(engine: Engine, cache: Path, scenario: Path, selection: Selection, until_h: float | None) -> float:
    """Return how long an engine takes for the runs (s)."""
    prepared, plans = prepared_in(cache, scenario, until_h)
    for name in ("runs", "lanes"):
        shutil.rmtree(cache / name, ignore_errors=True)
    begun_s = time.monotonic()
    run_cases(prepared, plans, cache, engine, selection)
    return time.monotonic() - begun_s


def main() -> None:
    """Parse the command line, time the engines, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", type=Path, default=ROOT / "scenarios" / "balzers", metavar="SCENARIO")
    parser.add_argument("--runs", type=int, default=24)
    parser.add_argument("--vehicles", default="1", help="the vehicles-per-household case")
    parser.add_argument("--until-h", type=float, help="end the simulations after this many simulated hours")
    given = parser.parse_args()
    seeds = tuple(range(1, given.runs + 1))
    selection = Selection(vehicles=(given.vehicles,), seeds=seeds, sensitivity=False)
    engines = {"one at a time": Local(1), "two at a time": Local(AT_A_TIME), "Dask, two workers": engine_of("dask", 2)}
    took_s = {}
    with tempfile.TemporaryDirectory(prefix="evac-bench-") as folder:
        for name, engine in engines.items():
            took_s[name] = wall_s(engine, Path(folder) / ".evac", given.scenario, selection, given.until_h)
            print(f"  {name:20} {took_s[name]:8.1f} s for {given.runs} runs", flush=True)
    one, two, dask = took_s.values()
    print(f"  two at a time against one: {one / two:.2f} times the throughput")
    print(f"  Dask against local: {dask / two - 1:+.1%} wall time")


if __name__ == "__main__":
    main()
