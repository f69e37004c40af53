"""Tables of clearance times: by case, by zone, and beside what a plan takes. Times are seconds after the order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, counterpart

PERCENTS = (50, 90, 95, 100)
_DECISIVE_PERCENT = 90


def case_columns(case: CaseResult) -> dict[str, Any]:
    """Return what names a case in every table, and whether it is trusted."""
    shown = case.shown
    return {
        "plan": shown.plan,
        "vehicles_per_household": shown.vehicles_per_household,
        "departure": shown.departure,
        "fidelity": shown.fidelity,
        "trusted": not case.doubt,
        "reasons": case.doubt,
    }


def clearance_table(cases: Sequence[CaseResult]) -> pd.DataFrame:
    """Return clearance times by case: means over the seeds, the ends of their 95 % intervals, and ± 15 % capacity.

    `coarse_runs` are those by which the 90 % time is known besides (`evac.mixed_fidelity`). The times at less, assumed
    and more capacity are those of one seed, `capacity_seed`, not means.
    """
    return pd.DataFrame([_clearance_row(case) for case in cases]).astype({"capacity_seed": "Int64"})


def _clearance_row(case: CaseResult) -> dict[str, Any]:
    coarse = case.estimate(_DECISIVE_PERCENT).coarse
    row = {**case_columns(case), "seeds": len(case.seeds), "coarse_runs": coarse, "planned": case.shown.planned}
    for percent in PERCENTS:
        found = case.estimate(percent)
        row[f"t{percent}_s"] = found.mean
        row[f"t{percent}_low_s"] = found.low
        row[f"t{percent}_high_s"] = found.high
        row[f"t{percent}_at_best_s"] = case.at_best_s(percent)
    less, assumed, more = case.less, case.assumed, case.more
    varied = case.capacity_seed is not None
    return {
        **row,
        "capacity_seed": case.capacity_seed,
        "t90_less_capacity_s": less.t90_s if less else None,
        "less_capacity_reasons": less.doubt if less else "not simulated",
        "t90_assumed_capacity_s": assumed.t90_s if assumed and varied else None,
        "t90_more_capacity_s": more.t90_s if more else None,
        "more_capacity_reasons": more.doubt if more else "not simulated",
    }


_UNDER_HAZARD = ("safe", "in_refuge", "exposed", "exposed_vehicle_min", "households_not_out", "turned_round")
"""What a run's manifest has of each zone where the scenario has a hazard."""


def zone_table(report: ReportInput, cases: Sequence[CaseResult]) -> pd.DataFrame:
    """Return clearance times by zone and case, of the run that is shown, and how much later than without the plan.

    `later_90_s` is this plan's time minus that of the plan that the report compares with, in its run of the same
    `seed`; negative: the zone gains. It is missing where the other plan's shown run is of another seed.
    """
    return pd.DataFrame([row for case in cases for row in _zone_rows(report, cases, case)])


def _zone_rows(report: ReportInput, cases: Sequence[CaseResult], case: CaseResult) -> list[dict[str, Any]]:
    against = counterpart(report, cases, case)
    zones = case.run.manifest["zones"]
    paired = against is not None and against.shown.seed == case.shown.seed
    reference = against.run.manifest["zones"] if against and paired else {}
    exposed = case.run.manifest.get("hazard_zones", {})
    rows = []
    for zone, times in zones.items():
        other = reference.get(zone, {})
        clear = {f"t{percent}_s": times[f"t{percent}_s"] for percent in PERCENTS}
        rows.append(
            {
                "zone": zone,
                **case_columns(case),
                "seed": case.shown.seed,
                "planned": times["planned"],
                "evacuated": times["evacuated"],
                **clear,
                **{name: exposed[zone][name] for name in _UNDER_HAZARD if zone in exposed},
                "compared_with": against.shown.plan if against else None,
                "later_90_s": _minus(times["t90_s"], other.get("t90_s")),
                "later_100_s": _minus(times["t100_s"], other.get("t100_s")),
                "compared_with_reasons": against.doubt if against else "",
            }
        )
    return rows


def resources_table(report: ReportInput, cases: Sequence[CaseResult]) -> pd.DataFrame:
    """Return what each plan takes (officers, signs and so on) beside what it saves in each case.

    `saved_90_s` is the time by which 90 % are out sooner than under the plan that the report compares with (a mean over
    the seeds that both have, with its 95 % interval).
    """
    kinds = list(dict.fromkeys(kind for plan in report.plans.values() for kind in plan.resources))
    rows = []
    for case in cases:
        against = counterpart(report, cases, case)
        plan = report.plans.get(case.shown.plan)
        # Against first: time that the other plan needs longer is time saved.
        saved = against.later_than(case, 90) if against else None
        rows.append(
            {
                **case_columns(case),
                **{kind: plan.resources.get(kind, 0) if plan else None for kind in kinds},
                "compared_with": against.shown.plan if against else None,
                "saved_90_s": saved.mean if saved else None,
                "saved_90_low_s": saved.low if saved else None,
                "saved_90_high_s": saved.high if saved else None,
                "compared_with_reasons": against.doubt if against else "",
            }
        )
    return pd.DataFrame(rows)


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
