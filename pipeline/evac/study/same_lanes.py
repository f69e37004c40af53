"""Lanes that held up any run of a study, measured in all of its runs: only the same lanes can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from sumolib.net import Net

from evac import tables
from evac.archive.index import indexed_runs
from evac.files import digest_json, write_text
from evac.fingerprint import fingerprint
from evac.measure import records
from evac.measure.bottlenecks import BottleneckLanes, FoundBottleneck, lane_minutes, mean_rates, measured_lanes
from evac.measure.queues import Links, Queues
from evac.seals import has_entry, require_file, sealed_directory

LANES = "lanes.json"


def measure_same_lanes(
    named: Sequence[BottleneckLanes], runs: Mapping[str, Path], nets: Mapping[str, Net], cache: Path
) -> dict[str, Path]:
    """Measure every run at the named bottlenecks, and at those that were found in any of them.

    Parameters
    ----------
    named
        The scenario's bottlenecks, with the lanes that they have under any of the plans.
    runs
        Run directory of each job.
    nets
        The net that each job drove on; a lane that it doesn't have passes nobody.
    cache
        The cache's folder.

    Returns
    -------
    dict
        For each job a folder with `bottlenecks.parquet`, and `lanes.json`: the mean rates, as `lanes` of a run's
        manifest.
    """
    known = {row["job"]: json.loads(row["found_bottlenecks"]) for row in indexed_runs(cache, runs)}
    found = [[_found(item) for item in known[job]] for job in runs]
    lanes = [_with_added_lanes(item, set(nets.values())) for item in measured_lanes(named, found)]
    key = [[item.name, item.edge, list(item.lanes)] for item in lanes]
    measured = cache / "lanes"
    folders = {job: measured / digest_json({"job": job, "lanes": key, "version": fingerprint()}) for job in runs}
    links: dict[Net, Links] = {}
    for job, target in folders.items():
        if not has_entry(target):
            net = nets[job]
            if net not in links:
                links[net] = Links.of(net)
            minutes, rates = _measure(runs[job], links[net], lanes)
            with sealed_directory(target) as folder:
                tables.write_table(minutes, tables.BOTTLENECKS, folder / "bottlenecks.parquet")
                write_text(folder / LANES, json.dumps({"lanes": rates}, indent=1, ensure_ascii=False) + "\n")
    return folders


def _with_added_lanes(item: BottleneckLanes, nets: Iterable[Net]) -> BottleneckLanes:
    """Return a bottleneck with the lanes that its road has under some of the plans and not under all of them."""
    usable = [
        {lane.getIndex() for lane in net.getEdge(item.edge).getLanes() if lane.allows("passenger")}
        for net in nets
        if net.hasEdge(item.edge)
    ]
    differing = set().union(*usable) - set.intersection(*usable) if usable else set()
    return replace(item, lanes=tuple(sorted({*item.lanes, *differing})))


def _found(record: Mapping[str, Any]) -> FoundBottleneck:
    return FoundBottleneck(**{**record, "lanes": tuple(record["lanes"])})


def _measure(run: Path, links: Links, lanes: Sequence[BottleneckLanes]) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the vehicles of each lane and minute, and the lanes' mean rates."""
    lane_file = run / "sumo" / "lanes.parquet"
    if not lane_file.is_file():  # a mesoscopic run: it knows no lanes
        return tables.empty_table(tables.BOTTLENECKS), []
    manifest = json.loads((run / "manifest.json").read_text())
    driven = tables.read_lanes(require_file(lane_file))
    minutes = lane_minutes(driven, Queues.of(driven, links), lanes, manifest["end_s"])
    return minutes, records(mean_rates(minutes, manifest["t95_s"] or manifest["end_s"]))
