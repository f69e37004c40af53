"""`evac status` and `evac clean`: what the cache has of a study, and how to free it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from evac.cli.common import ScenarioPath, Workspace, console, load_plans, nearest_workspace
from evac.cli.studying import Plans
from evac.files import digest_file
from evac.scenario import LoadedScenario, load_scenario

if TYPE_CHECKING:
    from evac.archive.records import StudyRecord
    from evac.archive.status import RunStatus

_SECONDS_A_MINUTE = 60
_BYTES_A_MEGABYTE = 1e6


def status(scenario: ScenarioPath, *, plan: Plans = None, workspace: Workspace = None) -> None:
    """Show how far the study of a scenario is: done, running, failed and why, and the time left."""
    from evac.archive.records import read_studies  # noqa: PLC0415
    from evac.archive.status import status_of, time_left_s  # noqa: PLC0415

    loaded = load_scenario(scenario)
    cache = (workspace or loaded.workspace) / ".evac"
    wanted = {item.key for item in load_plans(plan or [], loaded)}
    studies = [item for item in read_studies(cache) if item.place == loaded.place_id and wanted <= set(item.plans)]
    if not studies:
        console.print("No study of it has begun. Start one with: evac run")
        raise typer.Exit
    record = studies[0]
    console.print(
        f"Study of {', '.join(record.plans)}, last started {record.begun:%Y-%m-%d %H:%M} UTC", highlight=False
    )
    _print_changes(record, loaded)
    runs = status_of(record, cache)
    _print_states(runs)
    left_s = time_left_s(runs)
    if any(run.state in ("running", "to do") for run in runs):
        words = "not known before the first run has ended" if left_s is None else f"about {_duration(left_s)}"
        console.print(f"Time left: {words}", highlight=False)


def clean(
    *,
    older_than: Annotated[
        float, typer.Option(min=0.0, help="Studies last started, and unneeded content made, more days ago.")
    ] = 30.0,
    study: Annotated[str | None, typer.Option(help="Instead: the studies of this place, however old.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without this it is only listed.")] = False,
    workspace: Workspace = None,
) -> None:
    """Free the cache, but for what a report shows. Lists what would go; `--yes` removes it."""
    from evac.archive.cleaning import CONTENT, plan_cleaning  # noqa: PLC0415
    from evac.archive.cleaning import clean as remove  # noqa: PLC0415

    folder = workspace or nearest_workspace()
    found = plan_cleaning(folder / ".evac", folder / "reports", older_than, study)
    for record in found.kept:
        console.print(
            f"kept of {escape(_words(record))}: what reports/{escape(record.place)} shows of it", highlight=False
        )
    for record in found.studies:
        console.print(f"study: {escape(_words(record))}", highlight=False)
    for kind in CONTENT:
        sizes = [size for path, size in found.folders.items() if path.parent.name == kind]
        if sizes:
            console.print(f"{kind}: {len(sizes):,}, {sum(sizes) / _BYTES_A_MEGABYTE:,.1f} MB", highlight=False)
    if not found.folders and not found.studies:
        console.print("Nothing to remove.")
    elif yes:
        remove(folder / ".evac", found)
        console.print("Removed.")
    else:
        console.print("Nothing has been removed; --yes does it.")


def _words(record: StudyRecord) -> str:
    return f"{record.place}: {', '.join(record.plans)}, last started {record.begun:%Y-%m-%d}"


def _print_changes(record: StudyRecord, loaded: LoadedScenario) -> None:
    """Say what has changed since the study was started: its runs are done again at the next start."""
    from evac.archive.records import digest_plan  # noqa: PLC0415

    if digest_file(loaded.path) != record.scenario:
        console.print(f"{escape(str(loaded.path))} has changed since: the next start does again what it touches")
    for item in load_plans([key for key in record.plans if (loaded.plans_folder / f"{key}.yaml").is_file()], loaded):
        if digest_plan(item.document()) != record.plans[item.key]:
            console.print(f"The plan {escape(item.key)} has changed since: the next start runs it again")


def _print_states(runs: list[RunStatus]) -> None:
    from evac.archive.status import STATES  # noqa: PLC0415

    table = Table("plan", *STATES)
    for plan in dict.fromkeys(run.wanted.plan for run in runs):
        of_plan = [run.state for run in runs if run.wanted.plan == plan]
        table.add_row(escape(plan), *(str(of_plan.count(state)) for state in STATES))
    console.print(table)
    for run in runs:
        if run.state == "failed":
            console.print(f"failed: {escape(run.wanted.name)}: {escape(run.failure)}", highlight=False, soft_wrap=True)
        elif run.state == "running":
            console.print(f"running for {_duration(run.since_s)}: {escape(run.wanted.name)}", highlight=False)


def _duration(seconds: float) -> str:
    minutes = round(seconds / _SECONDS_A_MINUTE)
    return f"{minutes // 60}:{minutes % 60:02d} h" if minutes else f"{seconds:.0f} s"
