"""`evac egress`: how likely each zone is to get out before fire or flood is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

import evac
from evac.cli.common import ScenarioPath, Workspace, console, require_hazard
from evac.cli.studying import DepartureCase, EngineName, Jobs, VehiclesCase
from evac.plans import BASELINE
from evac.progress import show_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evac.study.egress import Egress


def egress(
    scenario: ScenarioPath,
    *,
    plan: Annotated[str, typer.Option(help="The plan, of plans/<place>/.")] = BASELINE,
    members: Annotated[int, typer.Option(min=2, max=1000, help="Runs of the ensemble.")] = 20,
    within: Annotated[
        float, typer.Option(min=0, max=90, help="Per cent by which the hazard may come earlier or later.")
    ] = 30,
    share: Annotated[
        float, typer.Option(min=50, max=100, help="Per cent of a zone's vehicles that must be safe.")
    ] = 95,
    vehicles: VehiclesCase = None,
    departure: DepartureCase = None,
    fidelity: Annotated[
        Literal["micro", "meso"], typer.Option(help="SUMO's model: micro, or meso for a fast look.")
    ] = "micro",
    engine: EngineName = "local",
    jobs: Jobs = None,
    workspace: Workspace = None,
) -> None:
    """Run an ensemble, and tell how likely each zone is to get out before fire or flood is there."""
    place = evac.open(scenario, workspace=workspace)
    hazard = require_hazard(place, "nobody is too late")
    wanted = place.under(plan, vehicles=vehicles, departure=departure)
    from evac.report.egress import write_egress  # noqa: PLC0415
    from evac.study.egress import egress as fare  # noqa: PLC0415
    from evac.study.egress import members_of, variants_of  # noqa: PLC0415
    from evac.study.engines import cores, engine_of  # noqa: PLC0415
    from evac.study.ordering import about  # noqa: PLC0415
    from evac.study.trials import Asked, Trials  # noqa: PLC0415

    asked = Asked(wanted.vehicles, wanted.departure, (), share / 100.0, coarse=fidelity == "meso")
    variants, runner = variants_of(hazard), engine_of(engine, jobs or cores())
    with show_runs(console) as display:
        prepared = place.prepare(display).stages.prepared()
        trials = [
            Trials(prepared.with_hazard(item), wanted.loaded, asked, place.cache, runner, display) for item in variants
        ]
        found = fare(trials, members_of(members, within / 100.0, len(variants)), asked.share)
    _print(found, share, within)
    as_given = Trials(prepared, wanted.loaded, asked, place.cache, runner, display)
    said = {**about(as_given), "members": members, "within": within / 100.0}
    for file in write_egress(prepared, found, said, place.report_folder / "egress" / wanted.key):
        console.print(escape(str(file)), highlight=False, soft_wrap=True)


def _print(found: Sequence[Egress], share: float, within: float) -> None:
    title = (
        f"How likely it is that {share:g} % of a zone's vehicles get out unexposed: {found[-1].members} runs, arrival "
        f"± {within:g} %"
    )
    headings = ("zone", "probability", "95 % interval", "vehicles safe", "at the least", "households not out, at most")
    table = Table(*headings, title=title)
    for item in found:
        low, high = item.interval
        table.add_row(
            escape(item.zone),
            f"{item.probability:.0%}",
            f"{low:.0%} to {high:.0%}",
            f"{item.safe_share:.1%}",
            f"{item.least_safe_share:.1%}",
            str(item.households_not_out[1]),
        )
    console.print(table)
