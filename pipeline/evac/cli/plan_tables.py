"""What a plan takes and changes, as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evac import clock
from evac.counted import counted
from evac.network.places import map_url
from evac.plans.model import Resources
from evac.plans.reading import LoadedPlan

if TYPE_CHECKING:
    from evac.overlay.diff import Change
    from evac.study.under_plan import UnderPlan

_TITLES = (
    ("lanes", "Lanes for cars"),
    ("speed", "Speed"),
    ("movement removed", "Movements that are no longer allowed"),
    ("movement added", "Movements that are new"),
    ("lane use", "What lanes lead to (0 is at the kerb)"),
    ("signal", "Signals and officers"),
    ("diversion", "Diversions on the road"),
)
_STREETS_LISTED = 20
_ZOOM = 17


def print_plan(console: Console, under: UnderPlan) -> None:
    """Print what a plan takes, the diff of the roads and signals, the changes of the demand, and who is cut off."""
    plan = under.plan
    console.print(f"[bold]{escape(plan.model.name)}[/bold] ({escape(plan.key)})", highlight=False)
    if plan.model.note:
        console.print(escape(" ".join(plan.model.note.split())), highlight=False)
    if not plan.actions:
        console.print("Normal rules: the plan changes nothing.")
        return
    _print_actions(console, plan)
    numbers = {item.label: str(number) for number, item in enumerate(plan.actions, start=1)}
    for kind, title in _TITLES:
        _print_changes(console, title, [row for row in under.overlay.changes if row.kind == kind], numbers)
    _print_demand(console, plan)
    _print_cut_off(console, under)
    if under.warnings:
        console.print("[bold yellow]To look at[/bold yellow]")
    for warning in under.warnings:
        console.print(f"  {escape(warning)}", highlight=False)


def print_plans(console: Console, plans: Iterable[LoadedPlan]) -> None:
    """Print a row a plan: its name, what it builds on, what it takes, and its note."""
    table = Table("plan", "name", "actions", "takes", "note", title="Plans")
    for plan in plans:
        base = f" (extends {plan.model.extends})" if plan.model.extends else ""
        note = " ".join(plan.model.note.split())
        table.add_row(
            escape(plan.key),
            escape(plan.model.name + base),
            str(len(plan.actions)),
            takes(plan.resources),
            escape(note),
        )
    console.print(table)


def takes(resources: Resources) -> str:
    """Return what a plan or an action takes, in words: `3 officers, 120 cones`."""
    parts = [(count, name.removesuffix("s") if count == 1 else name) for name, count in resources if count]
    return ", ".join(f"{count:,} {name}" for count, name in parts) or "nothing"


def _print_actions(console: Console, plan: LoadedPlan) -> None:
    table = Table("", "action", "takes", title=f"Actions; together they take {takes(plan.resources)}")
    for number, item in enumerate(plan.actions, start=1):
        words = item.action.in_words()
        name = item.label if words == item.label else f"{item.label}: {words}"
        table.add_row(str(number), escape(name), takes(item.action.resources))
    console.print(table)


def _print_changes(console: Console, title: str, rows: Sequence[Change], numbers: Mapping[str, str]) -> None:
    """Print the changes of a kind, and a map link for each below the table: in a column it would be broken.

    `numbers` has the number of each action in their table, by its label.
    """
    if not rows:
        return
    table = Table("", "where", "before → after", "when", title=title)
    of_roads = any(row.length_m for row in rows)
    if of_roads:
        table.add_column("length", justify="right")
    table.add_column("by action")
    for number, row in enumerate(rows, start=1):
        change = f"{row.before} → {row.after}" if row.before else row.after
        length = [f"{row.length_m:,.0f} m"] if of_roads else []
        by = ", ".join(numbers[action] for action in row.actions)
        cells = [str(number), row.place, change, row.when or "from the order on", *length, by]
        table.add_row(*map(escape, cells))
    console.print(table)
    for number, row in enumerate(rows, start=1):
        console.print(f"  {number}  {map_url(row.lon, row.lat, zoom=_ZOOM)}", highlight=False, soft_wrap=True)


def _print_demand(console: Console, plan: LoadedPlan) -> None:
    """Print the actions that change who leaves, when, where to, or how they drive, and no road."""
    changes = [item.action for item in plan.actions if not item.action.changes_roads]
    if changes:
        console.print("[bold]Who leaves, when, and how[/bold]")
    for action in changes:
        console.print(f"  {escape(action.in_words())}", highlight=False)


def _print_cut_off(console: Console, under: UnderPlan) -> None:
    homes = under.cut_off
    if homes.empty:
        console.print("No household loses its way out.")
        return
    streets = homes.groupby(homes["street"].fillna("unnamed street"), sort=False)
    lose = counted(len(homes), "household loses its only way out", "households lose their only way out")
    console.print(f"[bold]{lose}[/bold], on {counted(len(streets), 'street')}:")
    for street, rows in list(streets)[:_STREETS_LISTED]:
        first = rows.iloc[0]
        since = clock.while_words(first["from_s"]) or "from the order on"
        link = map_url(first["lon"], first["lat"], zoom=_ZOOM)
        number = counted(len(rows), "household")
        console.print(
            f"  {escape(str(street))} ({escape(str(first['zone']))}): {number}, {since}, {link}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    if len(streets) > _STREETS_LISTED:
        console.print(f"  and {counted(len(streets) - _STREETS_LISTED, 'more street')}")
