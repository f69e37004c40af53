"""The command `evac`: parse, call one stage, show progress, explain errors in a line.

The stages are imported when a command needs them: with pandas, matplotlib and the rest they take seconds, and a mistake
in a scenario file should be told at once.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evac import __version__, sumo
from evac.errors import EvacError, Problem, ScenarioError
from evac.files import write_bytes
from evac.plan import BASELINE, LoadedPlan, load_plan, plan_names
from evac.progress import show_runs
from evac.reference import SCHEMAS, json_schema_text
from evac.scenario import LoadedScenario, load_scenario

if TYPE_CHECKING:
    from evac.audit.findings import Finding
    from evac.study import Run, Study
    from evac.study.prepare import Prepared
    from evac.study.under_plan import UnderPlan

_INTERRUPTED = 128 + signal.SIGINT
_FINDINGS_SHOWN = 30

app = typer.Typer(
    name="evac",
    help="How long until everyone is out, which lane holds the city up, and how sure are you?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
plan_app = typer.Typer(help="Look at plans without simulating them.", no_args_is_help=True)
app.add_typer(plan_app, name="plan")
console = Console()

ScenarioPath = Annotated[Path, typer.Argument(help="A scenario.yaml, or the folder that holds it.", metavar="SCENARIO")]
Workspace = Annotated[
    Path | None,
    typer.Option(
        help="Where reports/ and the cache .evac/ are.",
        show_default="the folder that holds scenarios/, else here",
        resolve_path=True,  # SUMO runs in a folder of its own
    ),
]


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_guarded(sys.argv[1:]))


def run_guarded(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code: 0, 2 for a mistake in the input, 1 for a failure of ours.

    An error is one readable message on standard error; `--debug` adds Python's traceback.
    """
    debug = "--debug" in arguments
    rest = [argument for argument in arguments if argument != "--debug"]
    logging.basicConfig(force=True)
    logging.getLogger("evac").setLevel(logging.DEBUG if debug else logging.ERROR)
    try:
        app(rest)
    except EvacError as error:
        if debug:
            traceback.print_exc()
        sys.stderr.write(f"evac: {error}\n")
        return error.exit_code
    except SystemExit as ended:  # how typer ends
        if ended.code == _INTERRUPTED:
            sys.stderr.write("evac: interrupted; finished runs are kept, and the next start goes on from there\n")
        return ended.code if isinstance(ended.code, int) else 0
    return 0


@app.callback(invoke_without_command=True)
def _options(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the versions of evac and SUMO.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show Python's traceback when something fails.")] = False,  # noqa: ARG001 - read in run_guarded
) -> None:
    if version:
        console.print(f"evac {__version__} · SUMO {sumo.version()}", highlight=False)
        raise typer.Exit


@app.command()
def run(
    scenario: ScenarioPath,
    *,
    plan: Annotated[
        list[str] | None, typer.Option(help="A plan of plans/<place>/, or `baseline`; may be repeated.")
    ] = None,
    vehicles: Annotated[list[str] | None, typer.Option(help="Only this vehicles-per-household case.")] = None,
    departure: Annotated[list[str] | None, typer.Option(help="Only this departure curve.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="This seed instead of the scenario's.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Simulations side by side.", show_default="all cores")] = None,
    sensitivity: Annotated[bool, typer.Option(help="Also run the middle case at ± 15 % lane capacity.")] = True,
    workspace: Workspace = None,
) -> None:
    """Evacuate: simulate every case of a scenario and write the report."""
    loaded = load_scenario(scenario)
    folder = workspace or _workspace(loaded)
    from evac.report import write_report  # noqa: PLC0415
    from evac.report.from_study import report_input  # noqa: PLC0415
    from evac.study import Selection, run_study  # noqa: PLC0415

    selection = Selection(tuple(vehicles or ()), tuple(departure or ()), tuple(seed or ()), sensitivity=sensitivity)
    loaded_plans = _load_plans(plan or [BASELINE], loaded)
    prepared = _prepare(loaded, folder)
    plans = _under_plans(prepared, loaded_plans, folder)
    with show_runs(console) as display:
        study = run_study(
            prepared, plans, selection, folder / ".evac", jobs=jobs or os.cpu_count() or 1, display=display
        )
    _require_runs(study)
    page = write_report(report_input(prepared, plans, study), folder / "reports" / loaded.place_id)
    _print_results(study)
    console.print(f"Report: {escape(str(page))}", highlight=False, soft_wrap=True)
    if study.failures:
        raise EvacError(f"{len(study.failures)} of {len(study.failures) + len(study.runs)} runs failed; see above")


@app.command()
def check(scenario: ScenarioPath, *, workspace: Workspace = None) -> None:
    """Check a scenario without simulating it: roads, exits, households, and what to look at first."""
    loaded = load_scenario(scenario)
    prepared = _prepare(loaded, workspace or _workspace(loaded))
    _print_summary(prepared)
    _print_findings(prepared.findings)


@plan_app.command("show")
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
    folder = workspace or _workspace(loaded)
    (loaded_plan,) = _load_plans([plan], loaded)
    prepared = _prepare(loaded, folder)
    under = _under_plans(prepared, [loaded_plan], folder)[loaded_plan.key]
    from evac.plan_show import print_plan  # noqa: PLC0415
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


@plan_app.command("list")
def list_plans(scenario: ScenarioPath) -> None:
    """List the plans of a place, with their notes and what they take."""
    loaded = load_scenario(scenario)
    from evac.plan_show import print_plans  # noqa: PLC0415

    print_plans(console, _load_plans(plan_names(plans_folder(loaded)), loaded))


@app.command()
def schema(
    of: Annotated[Literal["scenario", "plan"], typer.Argument(help="Of which files.", metavar="FILES")] = "scenario",
) -> None:
    """Print the JSON schema of scenario files, or of plan files, for editors."""
    sys.stdout.write(json_schema_text(SCHEMAS[of]))


def _workspace(loaded: LoadedScenario) -> Path:
    """Return the folder that holds `scenarios/<place>/`, else the working folder."""
    place = loaded.folder.resolve()
    return place.parents[1] if place.parent.name == "scenarios" else Path.cwd()


def _prepare(loaded: LoadedScenario, folder: Path) -> Prepared:
    with console.status("Preparing") as status:
        from evac.study.prepare import prepare  # noqa: PLC0415

        return prepare(loaded, folder / ".evac", lambda step: status.update(escape(step)))


def plans_folder(loaded: LoadedScenario) -> Path:
    """Return `plans/<place>/` beside `scenarios/<place>/`; for a scenario elsewhere, `plans/` in its own folder."""
    place = loaded.folder.resolve()
    return place.parents[1] / "plans" / place.name if place.parent.name == "scenarios" else loaded.folder / "plans"


def _load_plans(names: Sequence[str], loaded: LoadedScenario) -> list[LoadedPlan]:
    """Read the plans before any work is done; all problems of one plan come in one message."""
    found = [load_plan(name, plans_folder(loaded)) for name in names]
    twice = sorted({item.key for item in found if [other.key for other in found].count(item.key) > 1})
    if twice:
        raise ScenarioError(Problem("--plan", f"names {', '.join(map(repr, twice))} twice", "name each plan once"))
    return found


def _under_plans(prepared: Prepared, plans: Sequence[LoadedPlan], folder: Path) -> dict[str, UnderPlan]:
    with console.status("Laying the plans over the network"):
        from evac.study.under_plan import under_plan  # noqa: PLC0415

        return {plan.key: under_plan(prepared, plan, folder / ".evac") for plan in plans}


def _require_runs(study: Study) -> None:
    if not study.runs:
        raise EvacError("no run has ended well: " + "; ".join({failure.message for failure in study.failures}))


def _print_results(study: Study) -> None:
    """Print a row a run; what is the same in all of them isn't repeated."""
    columns = {
        "plan": [item.case.plan for item in study.runs],
        "vehicles per household": [item.case.vehicles_per_household for item in study.runs],
        "departures": [item.case.departure for item in study.runs],
        "seed": [str(item.case.seed) for item in study.runs],
        "lane capacity": [f"{item.case.capacity_factor:.0%}" for item in study.runs],
    }
    varying = {name: values for name, values in columns.items() if len(set(values)) > 1}
    varying = varying or {"vehicles per household": columns["vehicles per household"]}
    table = Table(*varying, title="Clearance time: how long after the order a share of all planned vehicles is out")
    for name in ("vehicles", "50 %", "90 %", "95 %", "100 %"):
        table.add_column(name, justify="right")
    table.add_column("trusted")
    doubts: list[str] = []
    for number, item in enumerate(study.runs):
        table.add_row(*(escape(values[number]) for values in varying.values()), *_measures(item), _trust(item, doubts))
    console.print(table)
    for number, doubt in enumerate(doubts, start=1):
        console.print(f"({number}) not trustworthy: {escape(doubt)}", highlight=False)


def _measures(item: Run) -> list[str]:
    manifest = item.manifest()
    return [f"{manifest['planned']:,}", *(_hours(manifest[f"t{percent}_s"]) for percent in (50, 90, 95, 100))]


def _trust(item: Run, doubts: list[str]) -> str:
    """Return whether a run is trusted, with the number of the reason in `doubts` if not."""
    reasons = "; ".join(item.ledger()["reasons"])
    if not reasons:
        return "yes"
    if reasons not in doubts:
        doubts.append(reasons)
    return f"NO ({doubts.index(reasons) + 1})"


def _hours(seconds: float | None) -> str:
    if seconds is None:
        return "not cleared"
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02d} h"


def _print_summary(prepared: Prepared) -> None:
    from evac.network.places import map_url  # noqa: PLC0415

    homes = prepared.homes
    console.print(
        f"{len(homes):,} households in {homes['zone'].nunique()} zones, {int(homes['connected'].sum()):,} on a street"
    )
    for item in prepared.exits:
        console.print(
            f"exit {escape(item.name)}: {item.lanes} lane{'s' if item.lanes > 1 else ''}, "
            f"{map_url(item.lon, item.lat, zoom=17)}",
            highlight=False,
            soft_wrap=True,
        )


def _print_findings(findings: Sequence[Finding]) -> None:
    console.print(f"{len(findings)} findings, those that touch most vehicles first:")
    for finding in findings[:_FINDINGS_SHOWN]:
        console.print(
            f"{finding.severity:>8}  {escape(finding.text)}\n          {finding.map_url}",
            highlight=False,
            soft_wrap=True,
        )
