"""`evac search`: the best plan that so many officers, cones and barricades can carry out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

import evac
from evac import clock
from evac.cli.common import ScenarioPath, Workspace, console
from evac.cli.studying import LARGEST_SEED, DepartureCase, EngineName, Jobs, VehiclesCase
from evac.clock import HOUR_S, MINUTE_S
from evac.errors import Problem, UserError
from evac.plans import BASELINE
from evac.progress import show_runs

if TYPE_CHECKING:
    import pandas as pd

    from evac.search.finding import Found

_WITHIN = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h)")
_MOST = 10_000  # of anything, as in a plan
_SECONDS = {"s": 1.0, "min": float(MINUTE_S), "h": float(HOUR_S)}


def search(
    scenario: ScenarioPath,
    *,
    officers: Annotated[int, typer.Option(min=0, max=_MOST, help="How many people can direct traffic.")],
    cones: Annotated[int, typer.Option(min=0, max=_MOST, help="How many cones there are.")] = 0,
    barricades: Annotated[int, typer.Option(min=0, max=_MOST, help="How many barricades there are.")] = 0,
    within: Annotated[
        str | None, typer.Option(help="How long it may take: 30min, 2h.", show_default="until it is done")
    ] = None,
    plan: Annotated[str, typer.Option(help="A plan of plans/<place>/ that holds in any case.")] = BASELINE,
    city: Annotated[
        Path | None, typer.Option(help="A file with what the city forbids (`never:`), and its set-up times.")
    ] = None,
    screen: Annotated[
        Literal["micro", "meso"], typer.Option(help="SUMO's model for the first look: meso for large towns.")
    ] = "micro",
    seeds: Annotated[int, typer.Option(min=1, max=64, help="Seeds for the best plans.")] = 8,
    seed: Annotated[
        int | None, typer.Option(min=0, max=LARGEST_SEED, help="The first seed.", show_default="the scenario's first")
    ] = None,
    vehicles: VehiclesCase = None,
    departure: DepartureCase = None,
    engine: EngineName = "local",
    jobs: Jobs = None,
    workspace: Workspace = None,
) -> None:
    """Search for the best plan with what a city has: a plan to edit, minutes against officers, what it withstands."""
    place = evac.open(scenario, workspace=workspace)
    with show_runs(console) as display:
        search = place.search(
            officers=officers,
            cones=cones,
            barricades=barricades,
            plan=plan,
            city=city,
            within_s=_read_within(within),
            screen=screen,
            seeds=seeds,
            seed=seed,
            vehicles=vehicles,
            departure=departure,
            engine=engine,
            jobs=jobs,
            on_progress=display,
        )
    files = search.write()
    _print(search.found)
    console.print(f"Written: {escape(str(files[0].parent))}", highlight=False, soft_wrap=True)


def _read_within(text: str | None) -> float | None:
    """Return `30min` or `2h` in seconds."""
    if text is None:
        return None
    found = _WITHIN.fullmatch(text.strip())
    if found is None or not float(found[1]):
        raise UserError(Problem("--within", f"'{text}' is no time", "30min, 2h, 90s"))
    return float(found[1]) * _SECONDS[found[2]]


def _print(found: Found) -> None:
    attempts = found.attempts
    _print_frontier(found.frontier())
    tried = f"{len(attempts.scores)} plans of {len(attempts.sets.candidates)} candidates simulated"
    late = f", {len(attempts.late)} given up as too late" if attempts.late else ""
    spared = f", {len(attempts.pruned)} not because of their bound" if attempts.pruned else ""
    console.print(f"{tried}{late}{spared}, {len(attempts.sets.refused)} can't be.", highlight=False)
    console.print(escape(f"Best: {attempts.sets.words(found.best)}"), highlight=False, soft_wrap=True)
    cell = found.finals.cells.get(found.best)
    under_s, any_s = (bound.earliest_s(90) for bound in (found.bounds.under_plan, found.bounds.reversible))
    if cell is not None and cell.interval.mean is not None and under_s and any_s:
        mean_s = cell.interval.mean
        words = (
            f"90 % out after {clock.clock(mean_s)}: {mean_s / under_s:.2f} times the bound on its lanes "
            f"({clock.clock(under_s)}), {mean_s / any_s:.2f} times that of any plan ({clock.clock(any_s)})"
        )
        console.print(words, highlight=False, soft_wrap=True)
    for words in _fresh_words(found):
        console.print(escape(words), highlight=False, soft_wrap=True)
    for chosen in found.finals.stressed:
        worst = found.finals.worst(chosen)
        if worst is not None and worst.cell is not None:
            worst_s = worst.cell.interval.mean
            time = "never gets 90 % out" if worst_s is None else f"has 90 % out after {clock.clock(worst_s)}"
            unknown = sum(row.cell is None for row in found.finals.stressed[chosen])
            but = f" ({unknown} more couldn't be simulated)" if unknown else ""
            words = f"{attempts.sets.plan(chosen).key} {time} in the worst case: {worst.failure}{but}"
            console.print(escape(words), highlight=False, soft_wrap=True)
    safest = found.finals.safest()
    if safest is not None:
        words = f"Best in the worst case: {attempts.sets.plan(safest).key}, {attempts.sets.words(safest)}"
        console.print(escape(words), highlight=False, soft_wrap=True)
    if found.cut_short:
        console.print("Time was up before all was simulated; the same command goes on from here.", highlight=False)


def _fresh_words(found: Found) -> Iterator[str]:
    """Yield what the best two plans are worth by seeds that had no part in choosing them."""
    rows = found.table()
    for row in rows[rows["fresh_t90_min"].notna()].to_dict("records"):
        times = f"90 % out after {_clearance(row, 'fresh_t90')} h; sooner by {_interval(row, 'fresh_saved')} min"
        yield f"{row['plan']} with {row['fresh_seeds']} seeds that had no part in choosing it: {times}"


def _print_frontier(rows: pd.DataFrame) -> None:
    """Print the best plan for each number of officers, and below what each does."""
    table = Table(padding=(0, 0), box=SIMPLE_HEAD)
    for head in ("offi-\ncers", "cones", "barri-\ncades", "90 % out\n(h:mm)", "sooner by\n(min)", "seeds"):
        table.add_column(head, justify="right")
    table.add_column("plan", overflow="fold")
    for row in rows.to_dict("records"):
        counts = (str(row[name]) for name in ("officers", "cones", "barricades"))
        times = _clearance(row, "t90"), _interval(row, "saved"), str(row["seeds"])
        table.add_row(*counts, *times, escape(row["plan"]))
    console.print(table)
    for row in rows[rows["plan"] != rows["actions"]].to_dict("records"):  # the plan without a new action does nothing
        console.print(escape(f"{row['plan']}: {row['actions']}"), highlight=False, soft_wrap=True)


def _clearance(row: Mapping[Hashable, Any], name: str) -> str:
    """Return a time after the order with its interval (h:mm)."""
    return _mean_and_ends(row, name, lambda minutes: clock.hours_minutes(minutes * MINUTE_S), "-")


def _interval(row: Mapping[Hashable, Any], name: str) -> str:
    """Return a difference with its interval (minutes)."""
    return _mean_and_ends(row, name, "{:.1f}".format, " to ")


def _mean_and_ends(row: Mapping[Hashable, Any], name: str, say: Callable[[float], str], to: str) -> str:
    mean, low, high = (row[f"{name}{end}_min"] for end in ("", "_low", "_high"))
    if math.isnan(mean):
        return "not reached"
    return say(mean) if math.isnan(low) else f"{say(mean)} ({say(low)}{to}{say(high)})"
