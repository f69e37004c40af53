"""What the page tells of latest safe orders, from the rows that `evac safe-order` leaves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd

from evac.report.hazard_answers import HazardAnswers, SafeOrders
from evac.report.hazard_section import hazard_section, safe_order_table

ABOUT = {
    "plan": "baseline", "vehicles_per_household": "1", "departure": "curve", "share": 0.95, "fidelity": "micro",
    "runs": 12, "step_min": 5.0, "together": True,
}  # fmt: skip


def _row(zone: str, **values: Any) -> dict[str, Any]:
    row = {
        "zone": zone, "latest_safe_order": "found", "latest_safe_order_min": 40.0, "interval": "0:20 to 1:20",
        "formula_min": 38.0, "formula_error_min": -2.0, "together_min": 40.0, "confirmed": None,
        "households_never_out": 0, "households": 100, "hopeless": False,
    }  # fmt: skip
    return {**row, **values}


def _report(rows: list[dict[str, Any]]) -> Any:
    found = SafeOrders(ABOUT, pd.DataFrame(rows), gpd.GeoDataFrame(), gpd.GeoDataFrame())
    return SimpleNamespace(scenario=SimpleNamespace(hazard="a flood"), answers=HazardAnswers(found))


def _section(rows: list[dict[str, Any]]) -> dict[str, Any]:
    section = hazard_section(_report(rows), SimpleNamespace(run=SimpleNamespace(manifest={})))  # type: ignore[arg-type]
    assert section is not None
    return section


def test_zones_that_no_order_makes_safe_are_told_with_the_reason() -> None:
    late = _row(
        "Schaan", latest_safe_order="too late", latest_safe_order_min=None, formula_error_min=None,
        households_never_out=142, households=2565, hopeless=True,
    )  # fmt: skip
    (words,) = _section([late, _row("Vaduz", households_never_out=1)])["hopeless"]
    assert words.startswith("Schaan: 142 of its 2,565 households have no way out at the order already")
    assert "no order is early enough" in words


def test_a_formula_that_is_early_has_a_minus_sign_and_no_hyphen() -> None:
    rows = [_row("A"), _row("B", formula_error_min=5.0), _row("C", formula_error_min=None)]
    errors = [row["error"].replace("\N{NO-BREAK SPACE}", " ") for row in _section(rows)["orders"]]
    assert errors == ["\N{MINUS SIGN}2 min", "+5 min", "\N{EN DASH}"]


def test_the_table_has_the_columns_of_the_docs_and_not_those_of_the_page() -> None:
    columns = set(safe_order_table(_report([_row("A")])).columns)
    assert columns.isdisjoint({"hopeless", "households"})
    assert "households_never_out" in columns
