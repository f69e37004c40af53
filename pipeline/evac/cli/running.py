"""`evac run`: simulate every case of a scenario and write the report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

import evac
from evac.cli.common import ScenarioPath, Workspace, console, tell_kept, tell_report
from evac.cli.run_table import print_runs, time_or_never
from evac.cli.studying import (
    Departures,
    EngineName,
    Jobs,
    Plans,
    Seeds,
    Vehicles,
    read_homes,
    read_part,
    read_share,
    require_no_failures,
)
from evac.errors import Problem, UserError
from evac.plans import BASELINE
from evac.progress import RunsDisplay, show_runs

if TYPE_CHECKING:
    import pandas as pd


def run(
    scenario: ScenarioPath,
    *,
    plan: Plans = None,
    vehicles: Vehicles = None,
    departure: Departures = None,
    seed: Seeds = None,
    until: Annotated[
        str | None,
        typer.Option(help="Add seeds until the 95 % interval of the 90 % clearance is this narrow, such as `5%`."),
    ] = None,
    max_seeds: Annotated[int, typer.Option(min=2, help="With --until: seeds at most.")] = 30,
    fidelity: Annotated[
        Literal["micro", "meso", "mixed"],
        typer.Option(
            help="SUMO's model: micro, or meso for a fast look, after a fit to a few micro runs; mixed, with --until: "
            "micro, with fewer seeds: cases tell each other how much they vary, and meso runs help where they can."
        ),
    ] = "micro",
    engine: EngineName = "local",
    jobs: Jobs = None,
    part: Annotated[
        str | None, typer.Option(help="Run only the N-th of M parts, such as `3/10`, and write no report.")
    ] = None,
    add_homes: Annotated[
        list[str] | None,
        typer.Option(
            help="Also with so many new homes in a zone: what a development does to the times; repeatable.",
            metavar="ZONE=NUMBER",
        ),
    ] = None,
    sensitivity: Annotated[
        bool,
        typer.Option(
            help="Also run the middle case at ± 15 % lane capacity, with other signal programs where a queue stands at "
            "a signal, and with signals left on and with officers where a plan switches them off."
        ),
    ] = True,
    workspace: Workspace = None,
) -> None:
    """Evacuate: simulate every case of a scenario and write the report."""
    place = evac.open(scenario, workspace=workspace)
    share, precise = read_part(part), read_share(until, "--until")
    if fidelity == "mixed" and not precise:
        raise UserError(Problem("--fidelity mixed", "adds runs until means are precise", "say how precise: --until 5%"))
    if share and precise:
        raise UserError(Problem("--part", "doesn't go with --until", "run the seeds that you want with --seed"))
    grown = place.with_new_homes(homes) if (homes := read_homes(add_homes or ())) else None

    def simulate(there: evac.Place, display: RunsDisplay) -> evac.Study:
        return there.study(
            plan or [BASELINE],
            vehicles=vehicles or (),
            departures=departure or (),
            seeds=seed or (),
            sensitivity=sensitivity,
            until=precise,
            max_seeds=max_seeds,
            fidelity=fidelity,
            part=share,
            engine=engine,
            jobs=jobs,
            on_progress=display,
        )

    with show_runs(console) as display:
        with_homes = simulate(grown, display) if grown else None
        study = simulate(place, display)
    if not share:
        _report(study, with_homes)
    failed = sum(len(item.failures()) for item in (study, with_homes) if item)
    require_no_failures(failed, len(study.runs) + len(with_homes.runs if with_homes else ()))


def _report(study: evac.Study, with_homes: evac.Study | None) -> None:
    report = study.report(with_homes=with_homes)
    tell_kept(report.kept)
    print_runs(study, console)
    if with_homes is not None:
        _print_homes(report.table("development"), with_homes)
    for line in (*study.notes, *study.sentences(), *report.dark_signals, *filter(None, [report.at_best])):
        console.print(escape(line), highlight=False, soft_wrap=True)
    tell_report(report.page)


def _print_homes(rows: pd.DataFrame, with_homes: evac.Study) -> None:
    """Print the 90 % time of each case without and with the new homes."""
    from evac.schema.scenario import case_label, vehicles_words  # noqa: PLC0415

    homes = with_homes.place.scenario.households.new_homes
    for row in rows.to_dict("records"):
        vehicles = vehicles_words(case_label(row["vehicles_per_household"]))
        case = f"{row['plan']}, {vehicles}, {row['departure']}"
        times = (row["t90_without_s"], row["t90_with_s"])
        without, then = (time_or_never(None if math.isnan(time_s) else time_s) for time_s in times)
        added = " and ".join(f"{number:,} new homes in {zone}" for zone, number in homes.items())
        doubt = "; not trustworthy" if row["untrusted"] else ""
        console.print(escape(f"{case}: 90 % out after {without}; with {added} after {then}{doubt}"), highlight=False)
