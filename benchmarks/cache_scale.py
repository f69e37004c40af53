"""Time `evac status`, the start of `evac report`, and the index on a cache of ten thousand runs, and what they use.

    python benchmarks/cache_scale.py [--runs 10000]

The runs are records without simulations: directories with the files that are looked at, as a run writes them, under the
digests of real jobs. The first look reads all of them, which happens as runs are added; the following looks are those
of every start. The start of the report is all that `evac report` does before it draws: imports, the prepared scenario,
and the runs found in the cache.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from common import ROOT

from evac.archive.basis import basis_of
from evac.archive.records import StudyRecord, Wanted, note_study, now
from evac.files import digest_json
from evac.fingerprint import fingerprint
from evac.plan import load_plan
from evac.scenario import load_scenario
from evac.study import with_router
from evac.study.cases import Selection, case_name, cases_of
from evac.study.ground import ground_of
from evac.study.jobs import Jobs
from evac.study.prepare import prepare
from evac.study.under_plan import under_plan

TOWN = ROOT / "tests" / "fixtures" / "town"
_STATUS = "from evac.cli import main; main()"
_INDEX = "import sys; from pathlib import Path; from evac.archive.index import indexed_runs; "
_INDEX += "print(len(indexed_runs(Path(sys.argv[1]))))"
_REPORT = """
import sys
from pathlib import Path
from evac.cli.showing import _study
from evac.report import write_report
from evac.report.from_cache import Asked
from evac.scenario import load_scenario
from evac.study.cases import Selection

seeds = tuple(range(1, int(sys.argv[3]) + 1))
asked = Asked(("baseline",), Selection(vehicles=("1",), seeds=seeds, sensitivity=False))
study = _study(load_scenario(Path(sys.argv[1])), Path(sys.argv[2]), asked)[2]
assert len(study.runs) == len(seeds), study.failures[:1]
"""


def fabricate(cache: Path, runs: int) -> None:
    """Make a cache with run directories, and the study that asks for them."""
    loaded = load_scenario(TOWN)
    prepared = prepare(loaded, cache, lambda _: None)
    plan = load_plan("baseline", loaded.plans_folder)
    plans = {"baseline": under_plan(prepared, plan, cache)}
    jobs = Jobs(ground_of(with_router(prepared, plans), plans["baseline"]).terms)
    selection = Selection(vehicles=("1",), seeds=tuple(range(1, runs + 1)), sensitivity=False)
    wanted = []
    for case in cases_of(loaded.model, selection, "town"):
        job = jobs.of(case).digest
        inputs = {"net": prepared.network.digest, "households": prepared.households.digest}
        _fabricate_run(cache, job, {"case": asdict(case), "inputs": inputs})
        wanted.append(Wanted(job, case_name(case), case.plan, case.vehicles_per_household, case.departure))
    note_study(cache, StudyRecord(loaded.place_id, basis_of(loaded, [plan]), now(), tuple(wanted), ()))


def _fabricate_run(cache: Path, job: str, document: dict[str, object]) -> None:
    """Make what is looked at of a run: its own records, and that it was measured at no lane."""
    counts = dict.fromkeys(("planned", "evacuated", "driving", "waiting", "no_route"), 300)
    times = dict.fromkeys(("t50_s", "t90_s", "t95_s", "t100_s", "end_s", "mean_delay_s"), 3600.0)
    content = {
        "job": document,
        "ledger": {"trusted": True, "reasons": []},
        "manifest": {**counts, **times, "found_bottlenecks": []},
    }
    folder = cache / "runs" / job
    folder.mkdir(parents=True)
    for name, values in content.items():
        (folder / f"{name}.json").write_text(json.dumps(values))
    (cache / "lanes" / digest_json({"job": job, "lanes": [], "version": fingerprint()})).mkdir(parents=True)


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
            "evac report until it draws, of 1 run": [_REPORT, str(TOWN), str(workspace), "1"],
            f"the same, of {given.runs:,} runs": [_REPORT, str(TOWN), str(workspace), str(given.runs)],
        }
        print(f"{given.runs:,} runs in the cache")
        for words, arguments in looks.items():
            wall_s, cpu_s, peak_mb = timed(arguments)
            print(f"  {words:38} {wall_s:6.1f} s wall, {cpu_s:6.1f} CPU s, {peak_mb:6.0f} MB", flush=True)


if __name__ == "__main__":
    main()
