"""Time the engines beside each other: two simulations at a time against one, and Dask against local.

    python benchmarks/engines.py [--runs 24] [--vehicles 1] [--until-h HOURS] [SCENARIO]

The same runs (one case, as many seeds as `--runs`) from an empty cache of runs each time, one engine after the other,
in one go. Wall time is compared, because that is what the engines are for: let nothing else run meanwhile.

Dask is timed twice: on a cluster that stands already, started as docs/cluster.md says, and with `--engine dask`, where
the command has to start its workers first.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common import ROOT, prepared_in, run_cases
from distributed import Client

from evac.study import Selection
from evac.study.engines import Local, engine_of
from evac.study.tasks import Engine

AT_A_TIME = 2
_DASK = "distributed.cli.dask_"
_WORKER = ("--nworkers", str(AT_A_TIME), "--nthreads", "1", "--no-dashboard", "--preload", "evac.study.warm")


@contextmanager
def standing_cluster(folder: Path) -> Iterator[str]:
    """Start a scheduler and its workers as docs/cluster.md says, and end them; yields the engine's name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    start = [sys.executable, "-m"]
    scheduler = [*start, f"{_DASK}scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    workers = [*start, f"{_DASK}worker", address, *_WORKER, "--local-directory", str(folder)]
    with (folder / "cluster.log").open("w") as log:
        processes = [subprocess.Popen(command, stdout=log, stderr=log) for command in (scheduler, workers)]
        try:
            with Client(address, timeout=60, set_as_default=False) as client:
                client.wait_for_workers(AT_A_TIME, timeout=120)
            yield f"dask://127.0.0.1:{port}"
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait()


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
    took_s = {}
    with tempfile.TemporaryDirectory(prefix="evac-bench-") as name, standing_cluster(Path(name)) as address:
        engines = {
            "one at a time": Local(1),
            "two at a time": Local(AT_A_TIME),
            "Dask, a standing cluster": engine_of(address, AT_A_TIME),
            "Dask, workers of its own": engine_of("dask", AT_A_TIME),
        }
        cache = Path(name) / ".evac"
        once = Selection(vehicles=(given.vehicles,), seeds=(1,), sensitivity=False)
        wall_s(Local(1), cache, given.scenario, once, given.until_h)  # imports, and the inputs in the cache
        for words, engine in engines.items():
            took_s[words] = wall_s(engine, cache, given.scenario, selection, given.until_h)
            print(f"  {words:26} {took_s[words]:8.1f} s for {given.runs} runs", flush=True)
    one, two, standing, own = took_s.values()
    print(f"  two at a time against one: {one / two:.2f} times the throughput")
    print(
        f"  Dask against local: {standing / two - 1:+.1%} wall time, {own / two - 1:+.1%} with the start of its workers"
    )


if __name__ == "__main__":
    main()
