"""`evac report`, `evac watch`, `evac export`: show and hand on what was simulated. Nothing is simulated here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from evac.cli.common import (
    ScenarioPath,
    Workspace,
    console,
    keep_other_report,
    lay_plans_over,
    load_plans,
    prepare_scenario,
    tell_report,
)
from evac.cli.studying import LARGEST_SEED, DepartureCase, VehiclesCase
from evac.errors import Problem, UserError
from evac.plans.reading import BASELINE, plan_names
from evac.scenario import LoadedScenario, load_scenario

if TYPE_CHECKING:
    from evac.report.from_cache import Asked
    from evac.study import Plans, Run, Study
    from evac.study.cases import Selection
    from evac.study.prepare import Prepared

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
    from evac.report import write_report  # noqa: PLC0415
    from evac.report.from_cache import write_asked  # noqa: PLC0415
    from evac.report.from_study import report_input, with_bounds  # noqa: PLC0415

    loaded = load_scenario(scenario)
    folder = workspace or loaded.workspace
    target = folder / "reports" / loaded.place_id
    asked = _asked(loaded, target, plan, seed)
    if compare:
        asked = _comparing(asked, compare)
    prepared, plans, study = _study(loaded, folder, asked)
    _tell_missing(study)
    if not study.runs:
        raise UserError(Problem(str(loaded.path), "the cache has none of these runs", "simulate them with evac run"))
    _require_both(study, asked.compare)
    keep_other_report(asked, target)
    given = with_bounds(report_input(prepared, plans, study, asked.compare), prepared, plans)
    page = write_report(given, target)
    write_asked(asked, target)
    for line in study.imprecise:
        console.print(escape(line.words), highlight=False, soft_wrap=True)
    tell_report(page)


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

    loaded = load_scenario(scenario)
    _, run = _one_run(loaded, workspace or loaded.workspace, plan, _one(vehicles, departure, seed))
    show(run.folder)


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
    from evac.report.export import export_run  # noqa: PLC0415
    from evac.report.from_study import edge_lines  # noqa: PLC0415

    if folder.exists():
        raise UserError(Problem(str(folder), "is there already", "name a folder that isn't"))
    loaded = load_scenario(scenario)
    plans, run = _one_run(loaded, workspace or loaded.workspace, plan, _one(vehicles, departure, seed))
    export_run(run.folder, folder, edge_lines([plans[run.case.plan].net]))
    console.print(f"Run: {escape(str(folder / 'run.sumocfg'))}", highlight=False, soft_wrap=True)


def _asked(loaded: LoadedScenario, target: Path, plans: list[str] | None, seeds: list[int] | None) -> Asked:
    """Return what the report is to be made of: what the options say, else the last study, else all plans."""
    from evac.report.from_cache import Asked, read_asked  # noqa: PLC0415
    from evac.study.cases import Selection  # noqa: PLC0415

    last = read_asked(target)
    if last and not plans and not seeds:
        return last
    named = tuple(plans or ()) or (last.plans if last else tuple(plan_names(loaded.plans_folder)))
    return Asked(named, Selection(seeds=tuple(seeds or ())))


def _comparing(asked: Asked, compare: tuple[str, str]) -> Asked:
    """Return what the report is to be made of, with two plans to compare in it."""
    if compare[0] == compare[1]:
        raise UserError(Problem("--compare", f"names '{compare[0]}' twice", "name two plans"))
    plans = (*asked.plans, *(plan for plan in reversed(compare) if plan not in asked.plans))
    return replace(asked, plans=plans, compare=compare)


def _require_both(study: Study, compare: tuple[str, str] | None) -> None:
    for plan in compare or ():
        if not any(run.case.plan == plan for run in study.runs):
            remedy = "simulate it with evac run, or name others with --compare"
            raise UserError(Problem(f"plan '{plan}'", "is to be compared and has no finished run", remedy))


def _study(loaded: LoadedScenario, folder: Path, asked: Asked) -> tuple[Prepared, Plans, Study]:
    from evac.report.from_cache import read_study  # noqa: PLC0415

    loaded_plans = load_plans(asked.plans, loaded)
    prepared = prepare_scenario(loaded, folder)
    plans = lay_plans_over(prepared, loaded_plans, folder)
    return prepared, plans, read_study(prepared, plans, asked.selection, folder / ".evac")


def _one_run(loaded: LoadedScenario, folder: Path, plan: str, choice: Selection) -> tuple[Plans, Run]:
    """Return one run of a plan, of those that were simulated together with it: plans of a study share a router."""
    from evac.report.from_cache import Asked, pick_run, read_asked  # noqa: PLC0415

    last = read_asked(folder / "reports" / loaded.place_id)
    together = last.plans if last and plan in last.plans else (plan,)
    _, plans, study = _study(loaded, folder, Asked(together, choice))
    return plans, pick_run(study, plan)


def _one(vehicles: str | None, departure: str | None, seed: int | None) -> Selection:
    from evac.study.cases import Selection  # noqa: PLC0415

    parts = ((vehicles,) if vehicles else (), (departure,) if departure else (), () if seed is None else (seed,))
    return Selection(*parts, sensitivity=False)


def _tell_missing(study: Study) -> None:
    from evac.study.cases import case_name  # noqa: PLC0415

    for failure in study.failures[:_MISSING_SHOWN]:
        console.print(f"not simulated: {escape(case_name(failure.case))}", highlight=False, soft_wrap=True)
    if len(study.failures) > _MISSING_SHOWN:
        console.print(f"and {len(study.failures) - _MISSING_SHOWN} more that were not simulated")
