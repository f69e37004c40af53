"""`evac status` and `evac clean`: what the cache has of a study, and how to free it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

import evac
from evac import clock
from evac.cli.common import ScenarioPath, Workspace, console, nearest_workspace
from evac.cli.studying import Plans

if TYPE_CHECKING:
    from evac.archive.basis import Basis
    from evac.archive.records import StudyRecord
    from evac.archive.status import RunStatus

_BYTES_A_MEGABYTE = 1e6
_MODELS = {"meso": "mesoscopic", "mixed": "microscopic and mesoscopic"}
_CHOSEN = {"vehicles per household": "vehicles", "departures": "departures", "seeds": "seeds"}


def status(scenario: ScenarioPath, *, plan: Plans = None, workspace: Workspace = None) -> None:
    """Show how far the study of a scenario is: done, of older inputs, running, failed and why, and the time left."""
    from evac.archive.records import read_studies  # noqa: PLC0415
    from evac.archive.status import status_of, time_left_s  # noqa: PLC0415

    place = evac.open(scenario, workspace=workspace)
    cache = place.cache
    wanted = {item.key for item in place.stages.plans(plan or ())}
    known = read_studies(cache)
    studies = [item for item in known if item.place == place.key and wanted <= set(item.plans)]
    if not studies:
        console.print("No study of it has begun. Start one with: evac run")
        raise typer.Exit
    record = studies[0]
    console.print(f"Study of {escape(_words(record))}", highlight=False, soft_wrap=True)
    present = _present(record, place)
    _print_changes(record.basis, present)
    runs = status_of(record, cache, present)
    _print_states(runs)
    left_s = time_left_s(runs)
    if any(run.state in ("older", "running", "to do") for run in runs):
        words = "not known before the first run has ended" if left_s is None else f"about {_duration(left_s)}"
        console.print(f"Time left: {words}", highlight=False)
    _print_others(studies[1:], known, cache)


def clean(
    *,
    older_than: Annotated[
        float,
        typer.Option(min=0.0, max=36_500.0, help="Studies last started, and unneeded content made, more days ago."),
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
            f"kept of {escape(record.place)}: {escape(_words(record))}: what a report in reports/ shows of it",
            highlight=False,
            soft_wrap=True,
        )
    for record in found.studies:
        console.print(f"study: {escape(record.place)}: {escape(_words(record))}", highlight=False, soft_wrap=True)
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
    """Return what tells a study from others: plans, what was selected, when."""
    chosen = record.selected
    parts = [", ".join(record.plans)]
    parts += [f"{name} {', '.join(map(str, chosen[key]))}" for name, key in _CHOSEN.items() if chosen.get(key)]
    parts += [_MODELS[chosen["fidelity"]]] if chosen.get("fidelity") in _MODELS else []
    parts += [f"until ± {chosen['until']['relative']:.1%}".replace("%", " %")] if chosen.get("until") else []
    runs = "1 run" if len(record.runs) == 1 else f"{len(record.runs):,} runs"
    return "; ".join([*parts, runs, f"last started {record.begun:%Y-%m-%d %H:%M} UTC"])


def _present(record: StudyRecord, place: evac.Place) -> Basis:
    """Return what the runs of a study would stand on now."""
    from evac.archive.basis import basis_of  # noqa: PLC0415

    there = [key for key in record.plans if key in place.plan_names]
    return basis_of(place.loaded, {plan.key: plan.document() for plan in place.stages.plans(there)})


def _print_changes(then: Basis, now: Basis) -> None:
    """Say what has changed since the study was started: runs that stand on it are done again at the next start."""
    from evac.archive.basis import changed, changed_plans  # noqa: PLC0415

    for name in changed(then, now):
        words = f"Changed since: {escape(name)}: the next start does again what stands on it"
        console.print(words, highlight=False, soft_wrap=True)
    for key in changed_plans(then, now):
        console.print(f"The plan {escape(key)} has changed since: the next start runs it again", highlight=False)


def _print_others(earlier: Sequence[StudyRecord], known: Sequence[StudyRecord], cache: Path) -> None:
    """Say what else the cache has of the place, and what no study asks for any more."""
    from evac.archive.status import done_of, unclaimed  # noqa: PLC0415

    for record, done in zip(earlier, done_of(earlier, cache), strict=True):
        console.print(f"Earlier: {escape(_words(record))}; {done:,} of them done", highlight=False, soft_wrap=True)
    if number := unclaimed(known, cache):
        words = "is 1 more finished run" if number == 1 else f"are {number:,} more finished runs"
        console.print(
            f"In the cache there {words} that no study asks for now, mostly of older inputs: evac clean frees them",
            highlight=False,
            soft_wrap=True,
        )


def _print_states(runs: list[RunStatus]) -> None:
    from evac.archive.status import STATES  # noqa: PLC0415

    table = Table("plan", *STATES)
    for plan in dict.fromkeys(run.wanted.plan for run in runs):
        of_plan = [run.state for run in runs if run.wanted.plan == plan]
        table.add_row(escape(plan), *(str(of_plan.count(state)) for state in STATES))
    console.print(table)
    if any(run.state == "older" for run in runs):
        console.print("older: done before what has changed; the next start does these again", highlight=False)
    for run in runs:
        if run.state == "failed":
            console.print(f"failed: {escape(run.wanted.name)}: {escape(run.failure)}", highlight=False, soft_wrap=True)
        elif run.state == "running":
            console.print(f"running for {_duration(run.since_s)}: {escape(run.wanted.name)}", highlight=False)


def _duration(seconds: float) -> str:
    return clock.span(seconds) if clock.minutes(seconds) else f"{seconds:.0f} s"
