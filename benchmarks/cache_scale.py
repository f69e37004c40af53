"""Time `evac status` and the index on a cache of ten thousand runs, and what they use.

    python benchmarks/cache_scale.py [--runs 10000]

The runs are records without simulations: directories with the files that are looked at, as a run writes them. The first
look reads all of them, which happens as runs are added; the following looks are those of every start.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT

from evac.archive.records import StudyRecord, Wanted, digest_plan, note_study, now
from evac.files import digest_file, digest_json

TOWN = ROOT / "tests" / "fixtures" / "town"
_STATUS = "from evac.cli import main; main()"
_INDEX = "import sys; from pathlib import Path; from evac.archive.index import indexed_runs; "
_INDEX += "print(len(indexed_runs(Path(sys.argv[1]))))"


def fabricate(cache: Path, runs: int) -> None:
    """Make a cache with run directories, and the study that asks for them."""
    wanted = []
    for seed in range(1, runs + 1):
        job = digest_json({"seed": seed})
        case = {"vehicles_per_household": "1", "departure": "d", "seed": seed, "plan": "baseline"}
        document = {"case": {**case, "fidelity": "micro", "capacity_factor": 1.0}}
        document["inputs"] = {"net": "0" * 64, "households": "0" * 64}
        counts = dict.fromkeys(("planned", "evacuated", "driving", "waiting", "no_route"), 300)
        times = dict.fromkeys(("t50_s", "t90_s", "t95_s", "t100_s", "end_s", "mean_delay_s"), 3600.0)
        folder = cache / "runs" / job
        folder.mkdir(parents=True)
        (folder / "job.json").write_text(json.dumps(document))
        (folder / "ledger.json").write_text(json.dumps({"trusted": True, "reasons": []}))
        (folder / "manifest.json").write_text(json.dumps({**counts, **times}))
        wanted.append(Wanted(job, f"seed {seed}", "baseline", "1"))
    plans = {"baseline": digest_plan([])}
    note_study(cache, StudyRecord("town", digest_file(TOWN / "scenario.yaml"), plans, now(), tuple(wanted), ()))


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
        fabricate(workspace / ".evac", given.runs)
        status = [_STATUS, "status", str(TOWN), "--workspace", str(workspace)]
        looks = {
            "evac status, all runs new": status,
            "evac status": status,
            "the index alone": [_INDEX, str(workspace / ".evac")],
        }
        print(f"{given.runs:,} runs in the cache")
        for words, arguments in looks.items():
            wall_s, cpu_s, peak_mb = timed(arguments)
            print(f"  {words:28} {wall_s:6.1f} s wall, {cpu_s:6.1f} CPU s, {peak_mb:6.0f} MB", flush=True)


if __name__ == "__main__":
    main()
