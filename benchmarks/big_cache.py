"""Make a cache of many runs: records without simulations, under the digests of real jobs (`cache_scale.py`).

python benchmarks/big_cache.py CACHE RUNS
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from common import ROOT

from evac.archive.basis import basis_of
from evac.archive.records import StudyRecord, Wanted, note_study, now
from evac.files import digest_json
from evac.fingerprint import fingerprint
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.seals import seal
from evac.study.cases import Selection, case_name, cases_of
from evac.study.ground import ground_of
from evac.study.jobs import Jobs
from evac.study.prepare import prepare
from evac.study.same_lanes import LANES
from evac.study.under_plan import under_plan

TOWN = ROOT / "tests" / "fixtures" / "town"


def fabricate(cache: Path, runs: int) -> None:
    """Make a cache with run directories, and the study that asks for them."""
    loaded = load_scenario(TOWN)
    prepared = prepare(loaded, cache, lambda _: None)
    plan = load_plan("baseline", loaded.plans_folder)
    plans = {"baseline": under_plan(prepared, plan, cache)}
    jobs = Jobs(ground_of(prepared, plans["baseline"]).terms)
    selection = Selection(vehicles=("1",), seeds=tuple(range(1, runs + 1)), sensitivity=False)
    wanted = []
    for case in cases_of(loaded.model, selection, "town"):
        job = jobs.of(case).digest
        inputs = {"net": prepared.network.digest, "households": prepared.households.digest}
        _fabricate_run(cache, job, {"case": asdict(case), "inputs": inputs})
        wanted.append(Wanted(job, case_name(case), case.plan, case.vehicles_per_household, case.departure))
    note_study(
        cache, StudyRecord(loaded.place_id, basis_of(loaded, {plan.key: plan.document()}), now(), tuple(wanted), ())
    )


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
    lanes = cache / "lanes" / digest_json({"job": job, "lanes": [], "version": fingerprint()})
    lanes.mkdir(parents=True)
    (lanes / LANES).write_text(json.dumps({"lanes": []}))
    for entry in (folder, lanes):
        seal(entry)


if __name__ == "__main__":
    fabricate(Path(sys.argv[1]), int(sys.argv[2]))
