"""`evac plan`: look at plans without simulating them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

import evac
from evac.cli.common import ScenarioPath, Workspace, console, showing_steps
from evac.errors import Problem, ScenarioError, UserError

if TYPE_CHECKING:
    from evac.plans.reading import LoadedPlan

app = typer.Typer(help="Look at plans without simulating them.", no_args_is_help=True)


@app.command("show")
def show_plan(
    scenario: ScenarioPath,
    plan: Annotated[str, typer.Argument(help="A plan of plans/<place>/, by its file name.", metavar="PLAN")],
    *,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="The map's file.", show_default="reports/<place>/plans/<plan>.png")
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Show what a plan takes and what it changes, as tables and on a map. Nothing is simulated."""
    place = evac.open(scenario, workspace=workspace)
    wanted = place.under(plan)
    with showing_steps() as tell:
        wanted.prepare(tell)
    from evac.cli.plan_tables import print_plan  # noqa: PLC0415

    print_plan(console, wanted.laid)
    file = wanted.draw_map(map_file or place.report_folder / "plans" / f"{wanted.key}.png")
    if file is None:
        console.print("The plan changes no road and no signal: there is no map to draw.")
    else:
        console.print(f"Map: {escape(str(file))}", highlight=False, soft_wrap=True)


@app.command("list")
def list_plans(scenario: ScenarioPath) -> None:
    """List the plans of a place, with their notes and what they take; then what is wrong with those that are none."""
    place = evac.open(scenario)
    from evac.cli.plan_tables import print_plans  # noqa: PLC0415

    plans: list[LoadedPlan] = []
    problems: list[Problem] = []
    for name in place.plan_names:
        try:
            plans += place.stages.plans([name])
        except UserError as error:
            problems += error.problems
    print_plans(console, plans)
    console.print(f"Looked in {escape(str(place.loaded.plans_folder))}", highlight=False, soft_wrap=True)
    if problems:
        raise ScenarioError(problems)
