"""`evac safe-order`: until when each zone can still be ordered out, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

import evac
from evac import clock
from evac.cli.common import ScenarioPath, Workspace, console, require_hazard
from evac.cli.studying import DepartureCase, EngineName, Jobs, Seeds, VehiclesCase
from evac.counted import counted
from evac.plans import BASELINE
from evac.progress import show_runs

if TYPE_CHECKING:
    from evac.study.ordering import Answer


def safe_order(
    scenario: ScenarioPath,
    *,
    plan: Annotated[str, typer.Option(help="The plan that orders the other zones, of plans/<place>/.")] = BASELINE,
    share: Annotated[
        float, typer.Option(min=50, max=100, help="Per cent of a zone's vehicles that must be safe.")
    ] = 95,
    step: Annotated[float, typer.Option(min=1, max=60, help="To how many minutes the answer is found.")] = 5,
    vehicles: VehiclesCase = None,
    departure: DepartureCase = None,
    seed: Seeds = None,
    fidelity: Annotated[
        Literal["micro", "meso"],
        typer.Option(help="SUMO's model: micro, or meso for a fast search whose answers micro then tries."),
    ] = "micro",
    engine: EngineName = "local",
    jobs: Jobs = None,
    workspace: Workspace = None,
) -> None:
    """Find the latest safe order of each zone: the last minute at which it gets out before fire or flood is there."""
    place = evac.open(scenario, workspace=workspace)
    require_hazard(place, "nothing limits when people may be ordered out")
    wanted = place.under(plan, vehicles=vehicles, departure=departure)
    from evac.report.safe_order import write_safe_orders  # noqa: PLC0415
    from evac.study.engines import cores, engine_of  # noqa: PLC0415
    from evac.study.ordering import about, safe_orders  # noqa: PLC0415
    from evac.study.trials import Asked, Trials  # noqa: PLC0415

    asked = Asked(
        wanted.vehicles,
        wanted.departure,
        tuple(seed or place.scenario.seeds),
        share / 100.0,
        step,
        coarse=fidelity == "meso",
    )
    runner = engine_of(engine, jobs or cores())
    with show_runs(console) as display:
        prepared = place.prepare(display).stages.prepared()
        trials = Trials(prepared, wanted.loaded, asked, place.cache, runner, display)
        answer = safe_orders(trials)
    _print(answer, share)
    said = {**about(trials), "seeds": list(asked.seeds), "step_min": step}
    for file in write_safe_orders(prepared, answer, said, place.report_folder / "safe-order"):
        console.print(escape(str(file)), highlight=False, soft_wrap=True)


def _print(answer: Answer, share: float) -> None:
    from evac.report.order_words import hopeless_words, interval_words, order_words, sequence_words  # noqa: PLC0415

    title = f"Until when each zone can be ordered out so that {share:g} % are safe (h:mm after the order)"
    table = Table("zone", "latest safe order", "interval", "formula", "formula is off by", "all together", title=title)
    for item in answer.zones:
        latest, error_min = item.order.latest, item.formula_error_min
        doubt = " (micro says: not safe)" if item.confirmed is False else ""
        table.add_row(
            escape(item.order.zone),
            order_words(latest.minute, latest.ending) + doubt,
            interval_words(item.order),
            order_words(item.formula_min),
            "" if error_min is None else clock.change(error_min * clock.MINUTE_S),
            order_words((answer.together or {}).get(item.order.zone)),
        )
    console.print(table)
    for item in answer.zones:
        if item.is_hopeless(share / 100.0):
            why = hopeless_words(item.order.zone, item.never_out, item.households)
            console.print(escape(why), highlight=False, soft_wrap=True)
    if answer.together is None:
        console.print("Even when all are ordered at once, not all zones are safe.")
    elif answer.together:
        order = ", ".join(sequence_words(zone, minute) for zone, minute in answer.together.items())
        console.print(f"In this order all are safe together: {escape(order)}", highlight=False, soft_wrap=True)
    new = "none" if not answer.new_runs else f"{answer.new_runs:,}"
    console.print(f"{counted(answer.runs, 'run')}, {new} of them new", highlight=False)
