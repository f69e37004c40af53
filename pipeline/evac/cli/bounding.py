"""`evac bound`: the clearance times that no plan can beat, and the streets that make it so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

import evac
from evac import clock
from evac.cli.common import ScenarioPath, Workspace, console
from evac.cli.studying import LARGEST_SEED, DepartureCase, VehiclesCase
from evac.plans import BASELINE

if TYPE_CHECKING:
    import pandas as pd

_BOUNDS = {
    "as_built": "on the lanes as they are",
    "with_signals": "with their signals",
    "under_plan": "on those of this plan",
    "reversible": "with every lane in either direction",
}
_NORMALLY = {**_BOUNDS, "under_plan": "leaving by the side of the road that they are on"}


def bound(
    scenario: ScenarioPath,
    plan: Annotated[str, typer.Argument(help="A plan of plans/<place>/, or `baseline`.", metavar="PLAN")] = BASELINE,
    *,
    vehicles: VehiclesCase = None,
    departure: DepartureCase = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=LARGEST_SEED, help="The seed.", show_default="the scenario's first")
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Bound: how soon everybody could be out at best, whatever the plan, and which streets decide. Runs nothing."""
    place = evac.open(scenario, workspace=workspace)
    with console.status("Finding what no plan can beat"):
        found = place.under(plan, vehicles=vehicles, departure=departure).bounds(seed=seed)
    console.print(_times(found.table(), _NORMALLY if found.is_normal else _BOUNDS))
    if found.streets:
        console.print(_streets(found.holding(), "as it is" if found.is_normal else "under this plan"))


def _times(rows: pd.DataFrame, words: Mapping[str, str]) -> Table:
    table = Table("nobody can do it sooner", title="The earliest that these people can be out, leaving when they do")
    columns = [name for name in rows.columns if name != "bound"]
    for name in columns:
        table.add_column(f"{name.removeprefix('t').removesuffix('_s')} %", justify="right")
    for row in rows.to_dict("records"):
        table.add_row(words[row["bound"]], *(_hours(row[name]) for name in columns))
    return table


def _streets(rows: pd.DataFrame, how: str) -> Table:
    table = Table("street", title=f"What decides about 90 % {how}: streets that pass all that they can")
    for name in ("lanes", "vehicles", "for", "with one lane more"):
        table.add_column(name, justify="right")
    for row in rows.to_dict("records"):
        gain = f"{clock.span(row['earlier_min'] * clock.MINUTE_S)} earlier" if row["earlier_min"] else "no earlier"
        lasts = clock.span(row["minutes"] * clock.MINUTE_S)
        table.add_row(escape(row["street"]), str(row["lanes"]), f"{row['vehicles']:,}", lasts, gain)
    return table


def _hours(seconds: float | None) -> str:
    if seconds is None or math.isnan(seconds):
        return "never"
    return clock.clock(seconds)
