"""Time `evac status`, the start of `evac report`, and the index on a cache of ten thousand runs, and what they use.

    python benchmarks/cache_scale.py [--runs 10000]

The runs are records without simulations: directories with the files that are looked at, as a run writes them, under the
digests of real jobs. The first look reads all of them, which happens as runs are added; the following looks are those
of every start. The start of the report is all that `evac report` does before it draws: imports, the prepared scenario,
and the runs found in the cache.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOWN = Path(__file__).parents[1] / "tests" / "fixtures" / "town"
_STATUS = "from evac.cli import main; main()"
_INDEX = "import sys; from pathlib import Path; from evac.archive.index import indexed_runs; "
_INDEX += "print(len(indexed_runs(Path(sys.argv[1]))))"
_IMPORTS = """
import sys
import evac
evac.Study
from evac.report.publish import write_report
"""
_REPORT = f"""{_IMPORTS}
seeds = range(1, int(sys.argv[3]) + 1)
study = evac.open(sys.argv[1], workspace=sys.argv[2]).finished(vehicles=["1"], seeds=seeds)
assert len(study.runs) == len(seeds), study.failures().head()
"""


def timed(arguments: list[str]) -> tuple[float, float, float]:
    """Run Python; return its wall seconds, CPU seconds and peak memory (MB)."""
    begun_s = time.monotonic()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", *arguments],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"ended with {status}: {arguments}")
    return time.monotonic() - begun_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    """Parse the command line, make the cache, time the looks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evac-bench-") as name:
        workspace = Path(name)
        # In a process of its own: a child's peak memory counts what its parent had when it was started.
        make = [sys.executable, Path(__file__).with_name("big_cache.py"), workspace / ".evac", str(given.runs)]
        subprocess.run(make, check=True)
        status = [_STATUS, "status", str(TOWN), "--workspace", str(workspace)]
        looks = {
            "evac status, all runs new": status,
            "evac status": status,
            "the index alone": [_INDEX, str(workspace / ".evac")],
            "what evac report imports": [_IMPORTS],
            "evac report until it draws, of 1 run": [_REPORT, str(TOWN), str(workspace), "1"],
            f"the same, of {given.runs:,} runs": [_REPORT, str(TOWN), str(workspace), str(given.runs)],
        }
        print(f"{given.runs:,} runs in the cache")
        for words, arguments in looks.items():
            wall_s, cpu_s, peak_mb = timed(arguments)
            print(f"  {words:38} {wall_s:6.1f} s wall, {cpu_s:6.1f} CPU s, {peak_mb:6.0f} MB", flush=True)


if __name__ == "__main__":
    main()
