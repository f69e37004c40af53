"""Bottlenecks that were found in each run by itself, measured in all runs: only the same lanes can be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from sumolib.net import Net

from evac import tables
from evac.bottlenecks import BottleneckLanes, FoundBottleneck, lane_minutes, mean_rates, union_of_bottlenecks
from evac.files import digest_json, whole_directory, write_text
from evac.measure import records

LANES = "lanes.json"


def measure_same_lanes(runs: Mapping[str, Path], net: Net, cache: Path) -> dict[str, Path]:
    """Measure every run at the bottlenecks that were found in any of them.

    Parameters
    ----------
    runs
        Run directory of each job.
    net
        The net that all of them drove on.
    cache
        The cache's folder.

    Returns
    -------
    dict
        For each job a folder with `bottlenecks.parquet` and `lanes.json`, which holds what the manifest of a run holds
        of its own bottlenecks: `lanes` (the mean rates) and `found_bottlenecks` (the worst that any run had there).
    """
    manifests = {job: json.loads((run / "manifest.json").read_text()) for job, run in runs.items()}
    found = [[_found(item) for item in manifest["found_bottlenecks"]] for manifest in manifests.values()]
    lanes = union_of_bottlenecks(found)
    worst = _worst(lanes, found)
    folders = {}
    for job, run in runs.items():
        target = cache / "lanes" / digest_json({"job": job, "found": worst})
        if not target.is_dir():
            minutes, rates = _measure(run, manifests[job], net, lanes)
            content = {"lanes": rates, "found_bottlenecks": worst}
            with whole_directory(target) as folder:
                tables.write_table(minutes, tables.BOTTLENECKS, folder / "bottlenecks.parquet")
                write_text(folder / LANES, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        folders[job] = target
    return folders


def _found(record: Mapping[str, Any]) -> FoundBottleneck:
    return FoundBottleneck(**{**record, "lanes": tuple(record["lanes"])})


def _worst(lanes: Sequence[BottleneckLanes], runs: Sequence[Sequence[FoundBottleneck]]) -> list[dict[str, Any]]:
    """Return, for each of the lanes, the record of the run that was delayed there most, under the common name."""
    rows = []
    for item in lanes:
        here = [found for run in runs for found in run if found.edge == item.edge]
        worst = max(here, key=lambda found: found.delay_veh_h)
        rows.append({**vars(worst), "name": item.name, "lanes": list(item.lanes)})
    return rows


def _measure(
    run: Path, manifest: Mapping[str, Any], net: Net, lanes: Sequence[BottleneckLanes]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the vehicles of each lane and minute, and the lanes' mean rates."""
    minutes = lane_minutes(tables.read_lanes(run / "sumo" / "lanes.parquet"), net, lanes, manifest["end_s"])
    return minutes, records(mean_rates(minutes, manifest["t95_s"] or manifest["end_s"]))
