"""How much the guess of the signals' programs matters: the middle case again, with fixed programs or actuated ones.

OpenStreetMap knows where signals are and not how they run. Where one is at a bottleneck the guess may decide more than
a plan does, so its effect is measured as that of lane capacity is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from evac.demand.drivers import LESS_CAPACITY
from evac.schema.scenario import Scenario
from evac.simulate.job import Case
from evac.study.runs import read_manifest

Programs = Literal["actuated", "static"]
_OTHER: Mapping[str, Programs] = {"actuated": "static", "static": "actuated"}


def with_other_signals(scenario: Scenario, cases: Sequence[Case], folders: Mapping[Case, Path]) -> list[Case]:
    """Return the cases whose lane capacity is varied once more, with the other kind of signal programs.

    Parameters
    ----------
    scenario
        The scenario. None are returned where it has its signals off.
    cases
        All cases of a study.
    folders
        Run directories of those that have run: none are returned if no signal holds up a queue in any of them.
    """
    other = _OTHER.get(scenario.traffic.signals)
    varied = [
        replace(case, capacity_factor=1.0)
        for case in cases
        if case.capacity_factor == LESS_CAPACITY and case.fidelity == "micro"
    ]
    if other is None or not any(_has_a_signal_at_a_bottleneck(folders[case]) for case in varied if case in folders):
        return []
    return [replace(case, signals=other) for case in varied]


def _has_a_signal_at_a_bottleneck(run_dir: Path) -> bool:
    return any(found["reason"] == "signal" for found in read_manifest(run_dir)["found_bottlenecks"])
