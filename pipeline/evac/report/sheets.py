"""The files of `tables/`: what each is called and where its rows come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from evac.report import estimates, forms, ledger, movement, nureg, text
from evac.report.assumptions import assumptions
from evac.report.at_best import holding_table
from evac.report.dark_signals import dark_table
from evac.report.development import development_table
from evac.report.hazard_section import chances_table, ends_by_zone, safe_order_table
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult

_CELL_CHARS = 2000


def sheets(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> dict[str, pd.DataFrame]:
    """Return the tables of the report by their file names (without `.csv`)."""
    return {
        "clearance": estimates.clearance_table(cases),
        "clearance_by_zone": estimates.zone_table(report, cases),
        "exits_by_hour": movement.exits_by_hour(cases),
        "trip_generation": movement.trip_generation(cases),
        "states": movement.states(cases, report.edges),
        "street_states": movement.street_states(cases, report.edges),
        "at_best_streets": holding_table(report.bounds),
        "dark_signals": dark_table(report),
        "households": report.accounts,
        "resources": estimates.resources_table(report, cases),
        "plan_changes": _plan_changes(report),
        "assumptions": pd.DataFrame(assumptions(report), columns=["what", "how"]),
        "findings": _findings(report),
        "nureg_cr_7002": pd.DataFrame([asdict(item) for item in nureg.checklist(report, cases)]),
        "ledger": ledger.ledger_table(report),
        "ends_by_zone": ends_by_zone(cases),
        "safe_order": safe_order_table(report),
        "egress": chances_table(report),
        "development": development_table(report.development),
        "routes": forms.routes(cases, centre),
        "forms": pd.DataFrame(
            [
                {"form": title, **asdict(item)}
                for title, items in forms.checklists(report, cases).items()
                for item in items
            ]
        ),
        "missing": _missing(report),
    }


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in which no text is a formula, and no cell has a line break."""
    safe = table.copy()
    for column in safe.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in safe.dtypes]]:
        safe[column] = ["" if pd.isna(cell) else _cell(cell) for cell in safe[column]]
    return safe.to_csv(index=False, lineterminator="\n", float_format="%.6g").encode()


def _cell(cell: object) -> str:
    return text.csv_cell(text.plain(cell, _CELL_CHARS))


def _plan_changes(report: ReportInput) -> pd.DataFrame:
    columns = ["plan", "kind", "place", "before", "after", "when", "length_m", "lon", "lat", "actions"]
    rows = [
        {"plan": plan.key, **change.record(), "actions": "; ".join(change.actions)}
        for plan in report.plans.values()
        for change in plan.changes
    ]
    return pd.DataFrame(rows, columns=columns)


def _findings(report: ReportInput) -> pd.DataFrame:
    columns = ["severity", "kind", "text", "share", "lon", "lat", "map_url"]
    rows = [item.row for item in report.findings]
    return pd.DataFrame(rows, columns=columns)


def _missing(report: ReportInput) -> pd.DataFrame:
    columns = ["plan", "vehicles_per_household", "departure", "seed", "fidelity", "capacity_factor", "signals", "why"]
    return pd.DataFrame([{**asdict(run.case), "why": run.message} for run in report.failed], columns=columns)
