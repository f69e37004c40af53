"""`evac ablate` and `evac stress`: what each change of a plan buys, and how much a plan hangs on things going well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

import evac
from evac import clock
from evac.cli.common import ScenarioPath, Workspace, console
from evac.cli.studying import DepartureCase, EngineName, Jobs, Seeds, VehiclesCase, require_no_failures
from evac.progress import show_runs

if TYPE_CHECKING:
    from evac.statistics import Interval
    from evac.study.buying import Bought, Stressed, Weighed
    from evac.varied import Variants


def ablate(
    scenario: ScenarioPath,
    plan: Annotated[str, typer.Argument(help="A plan of plans/<place>/.", metavar="PLAN")],
    *,
    vehicles: VehiclesCase = None,
    departure: DepartureCase = None,
    seed: Seeds = None,
    engine: EngineName = "local",
    jobs: Jobs = None,
    workspace: Workspace = None,
) -> None:
    """Show what each change of a plan buys: the plan without it, and with nothing else, seed by seed."""
    wanted = evac.open(scenario, workspace=workspace).under(plan, vehicles=vehicles, departure=departure)
    with show_runs(console) as display:
        found = wanted.ablate(seeds=seed or (), engine=engine, jobs=jobs, on_progress=display)
    _print_bought(found.bought)
    _print_weighed(found.weighed)
    _print_doubts(found)
    require_no_failures(len(found.study.failures), len(found.study.runs))


def stress(
    scenario: ScenarioPath,
    plans: Annotated[list[str], typer.Argument(help="Plans of plans/<place>/, or `baseline`.", metavar="PLAN...")],
    *,
    vehicles: VehiclesCase = None,
    departure: DepartureCase = None,
    seed: Seeds = None,
    engine: EngineName = "local",
    jobs: Jobs = None,
    workspace: Workspace = None,
) -> None:
    """Show how much a plan hangs on things going well: the worst 90 % clearance, and what causes it."""
    place = evac.open(scenario, workspace=workspace)
    with show_runs(console) as display:
        found = place.stress(
            plans,
            vehicles=vehicles,
            departure=departure,
            seeds=seed or (),
            engine=engine,
            jobs=jobs,
            on_progress=display,
        )
    _print_stressed(found.plans)
    _print_doubts(found)
    for key, labels in found.always_there.items():
        if labels:
            words = f"{key}: these can't be late in the model, they hold from the order on: {'; '.join(labels)}"
            console.print(escape(words), highlight=False, soft_wrap=True)
    require_no_failures(len(found.study.failures), len(found.study.runs))


def _print_bought(items: Sequence[Bought]) -> None:
    title = "What each change buys: minutes of the 90 % clearance (95 % interval)"
    table = Table("change", "plan without it is slower by", "alone is faster by", title=title)
    for name in ("officers", "signs", "cones", "barricades"):
        table.add_column(name, justify="right")
    for item in items:
        takes = item.ablation.resources
        counts = (takes.officers, takes.signs, takes.cones, takes.barricades)
        table.add_row(escape(item.ablation.action), *_gains(item), *map(str, counts))
    console.print(table)
    for item in items:
        if item.refused:
            console.print(f"no number: {escape(item.refused)}", highlight=False, soft_wrap=True)


def _print_weighed(items: Sequence[Weighed]) -> None:
    """Print what it costs or buys that the plan switches signals off, where it does."""
    if not items:
        return
    title = "Signals that are off: minutes of the 90 % clearance (95 % interval)"
    table = Table("change", "instead", "the plan is slower by", title=title)
    for item in items:
        table.add_row(escape(item.action), item.holds, _minutes(item.slower) + _doubt(item.untrusted))
    console.print(table)
    for item in items:
        if item.refused:
            words = f"no number: {item.action}, {item.holds}: {item.refused}"
            console.print(escape(words), highlight=False, soft_wrap=True)


def _gains(item: Bought) -> tuple[str, str]:
    """Return what the plan loses without the action, and what the action gains alone."""
    return (
        _minutes(item.dropped) + _doubt(item.dropped_untrusted),
        _minutes(item.alone) + _doubt(item.alone_untrusted),
    )


def _print_stressed(plans: Mapping[str, Sequence[Stressed]]) -> None:
    for plan, rows in plans.items():
        table = Table("what goes wrong", "90 % out after", title=f"{escape(plan)}: the worst first")
        seeds = max((len(row.cell.t90_s) for row in rows if row.cell is not None), default=0)
        for row in rows:
            table.add_row(escape(row.failure), _clearance(row) + _fewer_seeds(row, seeds))
        console.print(table)
        worst = rows[0]
        if worst.cell is not None:
            verb = "" if worst.cell.interval.mean is None else "out after "
            words = f"{plan}: 90 % {verb}{_clearance(worst)} in the worst case: {worst.failure}"
            console.print(escape(words), highlight=False, soft_wrap=True)
        if unknown := [row.failure for row in rows if row.cell is None]:
            words = f"{plan}: these have no number, and may be worse: {'; '.join(unknown)}"
            console.print(escape(words), highlight=False, soft_wrap=True)


def _clearance(row: Stressed) -> str:
    if row.cell is None:
        return f"no number: {row.refused}"
    found, doubt = row.cell.interval, _doubt(len(row.cell.untrusted))
    if found.mean is None:
        return f"not reached in {found.missing} of {found.missing + found.runs} runs" + doubt
    width = "" if found.half_width is None else f" ± {clock.span(found.half_width)}"
    return f"{clock.clock(found.mean)}{width}{doubt}"


def _fewer_seeds(row: Stressed, seeds: int) -> str:
    """Say that a mean is of fewer seeds than others of the table: some of its runs failed."""
    has = seeds if row.cell is None else len(row.cell.t90_s)
    return f", of {has} of {seeds} seeds: the other runs failed" if has < seeds else ""


def _print_doubts(found: Variants) -> None:
    """Print why runs aren't trusted, each reason once with the plans that it is of."""
    for reasons, keys in found.doubts().items():
        console.print(escape(f"not trustworthy: {', '.join(keys)}: {reasons}"), highlight=False, soft_wrap=True)


def _doubt(untrusted: int) -> str:
    return f", {untrusted} {'run' if untrusted == 1 else 'runs'} not trustworthy" if untrusted else ""


def _minutes(difference: Interval | None) -> str:
    from evac.statistics import left_out  # noqa: PLC0415

    if difference is None:
        return "no number"
    if difference.mean is None:
        return f"90 % not reached in {difference.missing} of {difference.missing + difference.runs} pairs of runs"
    unpaired = f"; {left_out(difference.unpaired)}" if difference.unpaired else ""
    if difference.low is None or difference.high is None:
        return f"{difference.mean / clock.MINUTE_S:+.1f} (one seed){unpaired}"
    ends = f"{difference.low / clock.MINUTE_S:+.1f} to {difference.high / clock.MINUTE_S:+.1f}"
    return f"{difference.mean / clock.MINUTE_S:+.1f} ({ends}){unpaired}"
