"""`evac plan`: look at plans without simulating them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from evac.cli.common import ScenarioPath, Workspace, console, lay_plans_over, load_plans, prepare_scenario
from evac.errors import Problem, ScenarioError, UserError
from evac.files import write_bytes
from evac.plans.reading import LoadedPlan, plan_names
from evac.scenario import load_scenario

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
    loaded = load_scenario(scenario)
    folder = workspace or loaded.workspace
    (loaded_plan,) = load_plans([plan], loaded)
    prepared = prepare_scenario(loaded, folder)
    under = lay_plans_over(prepared, [loaded_plan], folder)[loaded_plan.key]
    from evac.cli.plan_tables import print_plan  # noqa: PLC0415
    from evac.report import drawing, plan_map  # noqa: PLC0415
    from evac.report.from_study import plan_picture  # noqa: PLC0415

    print_plan(console, under)
    picture = plan_picture(prepared, under)
    if picture.is_empty:
        console.print("The plan changes no road and no signal: there is no map to draw.")
        return
    file = map_file or folder / "reports" / loaded.place_id / "plans" / f"{loaded_plan.key}.png"
    write_bytes(file, drawing.png_bytes(plan_map.draw_plan_map(picture)))
    console.print(f"Map: {escape(str(file))}", highlight=False, soft_wrap=True)


@app.command("list")
def list_plans(scenario: ScenarioPath) -> None:
    """List the plans of a place, with their notes and what they take; then what is wrong with those that are none."""
    loaded = load_scenario(scenario)
    from evac.cli.plan_tables import print_plans  # noqa: PLC0415

    plans: list[LoadedPlan] = []
    problems: list[Problem] = []
    for name in plan_names(loaded.plans_folder):
        try:
            plans += load_plans([name], loaded)
        except UserError as error:
            problems += error.problems
    print_plans(console, plans)
    console.print(f"Looked in {escape(str(loaded.plans_folder))}", highlight=False, soft_wrap=True)
    if problems:
        raise ScenarioError(problems)
