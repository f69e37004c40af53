"""`evac report`, `evac watch`, `evac export`: show and hand on what was simulated. Nothing is simulated here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

import evac
from evac.cli.common import ScenarioPath, Workspace, console, showing_steps, tell_kept, tell_report
from evac.cli.studying import LARGEST_SEED, DepartureCase, VehiclesCase
from evac.errors import Problem, UserError
from evac.plans import BASELINE

_MISSING_SHOWN = 10

OnePlan = Annotated[str, typer.Option(help="A plan of plans/<place>/, or `baseline`.")]
OneSeed = Annotated[
    int | None, typer.Option(min=0, max=LARGEST_SEED, help="The seed.", show_default="the scenario's first")
]


def report(
    scenario: ScenarioPath,
    *,
    plan: Annotated[
        list[str] | None,
        typer.Option(help="A plan, or `baseline`; may be repeated.", show_default="those of the last study, else all"),
    ] = None,
    seed: Annotated[
        list[int] | None,
        typer.Option(min=0, max=LARGEST_SEED, help="These seeds.", show_default="those of the last study"),
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(
            help="Show one plan against another, such as `final preliminary`.",
            metavar="PLAN OTHER",
            show_default="the last plan against the first",
        ),
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Write the report again, from what has been simulated. Says what is missing; simulates nothing."""
    place = evac.open(scenario, workspace=workspace)
    with showing_steps() as tell:
        study = place.reported(plan or (), seeds=seed or (), compare=compare, on_progress=tell)
    _tell_missing(study)
    if not study.runs:
        problem = Problem(str(place.loaded.path), "the cache has none of these runs", "simulate them with evac run")
        raise UserError(problem)
    written = study.report()
    tell_kept(written.kept)
    for words in study.imprecise:
        console.print(escape(words), highlight=False, soft_wrap=True)
    tell_report(written.page)


def watch(
    scenario: ScenarioPath,
    *,
    plan: OnePlan = BASELINE,
    vehicles: VehiclesCase = None,
    departure: DepartureCase = None,
    seed: OneSeed = None,
    workspace: Workspace = None,
) -> None:
    """Watch one finished run in sumo-gui. Plain SUMO drives it: what a plan does during the run isn't shown."""
    from evac.report.watch import watch as show  # noqa: PLC0415

    place = evac.open(scenario, workspace=workspace)
    show(_one_run(place, plan, vehicles, departure, seed).folder)


def export(
    scenario: ScenarioPath,
    folder: Annotated[Path, typer.Argument(help="A folder that isn't there yet.", metavar="FOLDER")],
    *,
    plan: OnePlan = BASELINE,
    vehicles: VehiclesCase = None,
    departure: DepartureCase = None,
    seed: OneSeed = None,
    workspace: Workspace = None,
) -> None:
    """Hand one run on: a folder that plain SUMO runs by itself, with the results, and a GeoPackage for GIS."""
    if folder.exists():
        raise UserError(Problem(str(folder), "is there already", "name a folder that isn't"))
    place = evac.open(scenario, workspace=workspace)
    _one_run(place, plan, vehicles, departure, seed).export(folder)
    console.print(f"Run: {escape(str(folder / 'run.sumocfg'))}", highlight=False, soft_wrap=True)


def _one_run(place: evac.Place, plan: str, vehicles: str | None, departure: str | None, seed: int | None) -> evac.Run:
    with showing_steps() as tell:
        return place.finished_run(plan, vehicles=vehicles, departure=departure, seed=seed, on_progress=tell)


def _tell_missing(study: evac.Study) -> None:
    missing = study.missing
    for name in missing[:_MISSING_SHOWN]:
        console.print(f"not simulated: {escape(name)}", highlight=False, soft_wrap=True)
    if len(missing) > _MISSING_SHOWN:
        console.print(f"and {len(missing) - _MISSING_SHOWN} more that were not simulated")
