"""What a search leaves: plans that a person can read and edit, tables, and the figure of minutes against officers."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evac import clock
from evac.clock import MINUTE_S
from evac.files import write_bytes, write_text
from evac.plans import BASELINE
from evac.plans.model import AnyAction
from evac.prose import begun
from evac.report import drawing
from evac.report.sheets import csv_bytes
from evac.schema.scenario import vehicles_words
from evac.search.finding import Found
from evac.search.lazy import Chosen
from evac.study.bounds import Bounds
from evac.study.comparing import Cell

_COLUMNS = 110


def write_found(found: Found, folder: Path) -> list[Path]:
    """Write what a search found: `best.yaml` and the other last plans, tables and the figure; return the files.

    Parameters
    ----------
    found
        The search.
    folder
        Where; files of an older search there are replaced.
    """
    for old in folder.glob("search-*.yaml"):
        old.unlink()
    written = [folder / "best.yaml"]
    write_text(written[0], _plan_text(found, found.best))
    for chosen in found.finals.ranked():
        if chosen and chosen != found.best:
            path = folder / f"{found.attempts.sets.plan(chosen).key}.yaml"
            write_text(path, _plan_text(found, chosen))
            written.append(path)
    tables = {
        "frontier": found.frontier(),
        "plans": found.table(),
        "candidates": found.candidates(),
        "robustness": found.robustness(),
    }
    for name, table in tables.items():
        written.append(folder / f"{name}.csv")
        write_bytes(written[-1], csv_bytes(table))
    if len(found.frontier()):
        written.append(folder / "frontier.png")
        write_bytes(written[-1], drawing.png_bytes(_draw_frontier(found)))
    return written


def _plan_text(found: Found, chosen: Chosen) -> str:
    """Return a plan as YAML, with the reason for each action, to be copied into `plans/<place>/` and edited."""
    attempts = found.attempts
    plan = attempts.sets.plan(chosen)
    head: dict[str, Any] = {"name": _name(found, chosen), "note": _note(found, chosen)}
    if attempts.sets.base.key != BASELINE:
        head["extends"] = attempts.sets.base.key
    lines = [_dumped(head).rstrip(), "actions:" if chosen else "actions: []"]
    for number in sorted(chosen):
        item = attempts.sets.candidates[number]
        lines += [
            f"  # {line}" for line in textwrap.wrap(f"{_sentence(item.reason)} {_alone(found, number)}", _COLUMNS)
        ]
        dumped = _dumped([_content(item.action)]).rstrip().splitlines()
        lines += [f"  {line}" for line in dumped]
    return f"# Found by evac search as {plan.key}; yours to edit. `evac plan show` says what it changes.\n" + "\n".join(
        [*lines, ""]
    )


def _name(found: Found, chosen: Chosen) -> str:
    officers = found.attempts.sets.officers(chosen)
    number = "1 officer" if officers == 1 else f"{officers} officers"
    return f"{'Best' if chosen == found.best else 'Found'} with {number}"


def _note(found: Found, chosen: Chosen) -> str:
    goal = found.attempts.sets.goal
    case = f'{vehicles_words(goal.vehicles)}, departures "{goal.departure}"'
    cell = found.finals.cells.get(chosen)
    if cell is None or cell.interval.mean is None:
        return f"Found by evac search for {case}; not simulated with several seeds."
    then, fresh = f"{clock.hours_minutes(cell.interval.mean)} h", found.finals.fresh.get(chosen)
    if fresh is None or fresh.interval.mean is None:
        return f"Found by evac search for {case}: 90 % out after {then} in {_seeds(cell)}."
    now = f"{clock.hours_minutes(fresh.interval.mean)} h"
    return (
        f"Found by evac search for {case}: 90 % out after {now} in {_seeds(fresh)} that had no part in choosing it, "
        f"after {then} in the {_seeds(cell)} that it was chosen by."
    )


def _seeds(cell: Cell) -> str:
    return f"{len(cell.t90_s)} seeds" if len(cell.t90_s) > 1 else "one seed"


def _sentence(text: str) -> str:
    return f"{begun(text)}."


def _alone(found: Found, number: int) -> str:
    score = found.attempts.scores.get(frozenset({number}))
    if score is None:
        return "It wasn't simulated alone."
    saved_min = (found.attempts.scores[frozenset()] - score) / MINUTE_S
    if saved_min < 0:
        return f"Alone it costs {-saved_min:.1f} min (one seed): it helps with the others only."
    return f"Alone it saves {saved_min:.1f} min (one seed)."


def _content(action: AnyAction) -> dict[str, Any]:
    """Return an action as a file has it: what it does first, nothing that is as when left out."""
    content = action.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    first = {"do": action.do, "label": action.label}
    return {**first, **{key: _plain(value) for key, value in content.items() if key not in first}}


def _plain(value: Any) -> Any:
    """Return a value with whole numbers as people write them: 5, not 5.0."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _dumped(content: Any) -> str:
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=_COLUMNS))


def _draw_frontier(found: Found) -> Figure:
    """Return the figure of minutes against officers: each of the last plans, and the best for each number."""
    nothing = found.attempts.sets.base.key
    return _drawn(found.table(), found.frontier(), nothing, found.attempts.sets.goal.budget.officers, found.bounds)


def _drawn(table: pd.DataFrame, frontier: pd.DataFrame, nothing: str, officers: int, bounds: Bounds) -> Figure:
    figure = Figure(figsize=(7.0, 4.2), layout="constrained")
    axes = figure.add_subplot()
    others = table[~table["plan"].isin([*frontier["plan"], nothing])]
    axes.plot(others["officers"], others["t90_min"], "o", color="0.7", label="other plans of the last ten")
    start = table[table["plan"] == nothing]
    axes.plot(start["officers"], start["t90_min"], "D", color="0.3", fillstyle="none", label="no new action")
    axes.errorbar(
        frontier["officers"], frontier["t90_min"], yerr=_spread(frontier, "t90"), fmt="o", color="C0", capsize=4,
        label="the best with so many, 95 % interval",
    )  # fmt: skip
    steps = [*zip(frontier["officers"], frontier["t90_min"], strict=True), (officers, frontier["t90_min"].min())]
    axes.step(*zip(*steps, strict=True), where="post", color="C0", alpha=0.5)
    for officer, time_min in steps[:-1]:
        axes.annotate(f"{time_min:.1f}", (officer, time_min), (7, 7), textcoords="offset points", color="C0")
    fresh = table[table["fresh_t90_min"].notna() & table["plan"].isin(frontier["plan"])]
    if len(fresh):
        axes.errorbar(
            fresh["officers"] + 0.08, fresh["fresh_t90_min"], yerr=_spread(fresh, "fresh_t90"), fmt="s", color="C1",
            fillstyle="none", capsize=4, label="by seeds that had no part in choosing",
        )  # fmt: skip
    reversible_s = bounds.reversible.earliest_s(90)
    if reversible_s is not None:
        axes.axhline(reversible_s / MINUTE_S, color="0.2", linestyle=":", label="no plan can be quicker")
    axes.set_xlabel("Officers")
    axes.set_ylabel("90 % out (min after the order)")
    axes.set_xlim(table["officers"].min() - 0.3, officers + 0.3)
    axes.margins(y=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, loc="upper right", fontsize="small")
    return figure


def _spread(rows: pd.DataFrame, name: str) -> Any:
    """Return how far the intervals of times reach down and up (min, 2 x rows); not at all where there is none."""
    mean = rows[f"{name}_min"]
    ends = [mean - rows[f"{name}_low_min"], rows[f"{name}_high_min"] - mean]
    return pd.concat(ends, axis=1).fillna(0.0).clip(lower=0.0).to_numpy().T
