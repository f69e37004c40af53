"""The table of clearance times that `evac run` prints: a row a run, or a row a case where the runs are many."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import evac
from evac import clock

_LEAST_NAME, _NAME_OF_CASE = 13, 16  # characters of a plan's name in a line
_MOST_WHAT_IF = len("actuated")
_MOST_ROWS = 24
"""With more runs than a screen has lines, the seeds of a case share a row."""
_PERCENTS = (50, 90, 95, 100)
_NARROW = {"per household": "per\nhouse-\nhold", "vehicles": "vehi-\ncles", "trusted": "trust"}
"""Heads of columns that leave room in 80 columns for the many of a study with several seeds."""
_AS_ASSUMED = "as assumed"
_SIGNALS = {"static": "fixed signals", "actuated": "actuated signals"}


def print_runs(study: evac.Study, console: Console) -> None:
    """Print when shares of the vehicles are out in each run; what is the same in all of them isn't repeated.

    Where the runs are more than a screen has lines and have several seeds, a row is a case: the median of its seeds
    from 90 % on, and the earliest and latest 90 % time. A run that isn't cleared counts as later than any other.
    """
    columns = _columns(study.runs)
    by_case = len(study.runs) > _MOST_ROWS and "seed" in columns
    if by_case:
        del columns["seed"]
        if "what if" in columns:
            columns["what if"] = ["" if value == _AS_ASSUMED else value for value in columns["what if"]]
    groups: dict[tuple[str, ...], list[evac.Run]] = {}
    for number, run in enumerate(study.runs):
        # Without seeds two runs may look alike and be apart: their number keeps them so.
        key = tuple(values[number] for values in columns.values())
        groups.setdefault(key if by_case else (*key, str(number)), []).append(run)
    doubts = _Doubts()
    table = _table(study, columns, by_case=by_case)
    for key, runs in groups.items():
        seeds = [str(len(runs))] if by_case else []
        trust = doubts.of_case(runs) if by_case else doubts.of_run(runs[0])
        table.add_row(
            *(escape(value) for value in key[: len(columns)]), *seeds, *_measures(runs, by_case=by_case), trust
        )
    console.print(table)
    for number, doubt in enumerate(doubts.reasons, start=1):
        console.print(f"({number}) not trustworthy: {escape(doubt)}", highlight=False)
    if by_case:
        console.print("Each run: results.csv beside the report", highlight=False)


def time_or_never(seconds: float | None) -> str:
    """Return a clearance time as h:mm, or that there is none."""
    return "never" if seconds is None or math.isinf(seconds) else clock.hours_minutes(seconds)


def _columns(runs: Sequence[evac.Run]) -> dict[str, list[str]]:
    columns = {
        "plan": [run.plan for run in runs],
        "per household": [run.vehicles for run in runs],
        "departures": [run.departure for run in runs],
        "seed": [str(run.seed) for run in runs],
        "what if": [_what_if(run) for run in runs],
    }
    varying = {name: values for name, values in columns.items() if len(set(values)) > 1}
    return varying or {"per household": columns["per household"]}


def _what_if(run: evac.Run) -> str:
    """Return which assumption a run of the middle case changes: one at a time, so one column has them all."""
    if run.signals is not None:
        return _SIGNALS[run.signals]
    return _AS_ASSUMED if run.capacity_factor == 1.0 else f"lanes pass {run.capacity_factor:.0%}"


def _table(study: evac.Study, names: dict[str, list[str]], *, by_case: bool) -> Table:
    of = "of the seeds" if by_case else "of a share of all planned vehicles"
    title = f"{'Median clearance' if by_case else 'Clearance'} time (h:mm after the order) {of}"
    table = Table(title=title, padding=(0, 0), box=SIMPLE_HEAD)
    heads = _NARROW if by_case else {}
    for name, values in names.items():  # a plan's name is folded, never cut: two names that begin alike stay apart
        is_plan = name == "plan"
        table.add_column(
            heads.get(name, name.replace(" ", "\n")),
            overflow="fold",
            # As wide as it is: rich squeezes the widest first, and cuts at the end what a least width gives back.
            width=min(max(map(len, [name, *values])), _NAME_OF_CASE) if is_plan and by_case else None,
            min_width=_LEAST_NAME if is_plan and not by_case else None,
            max_width=_MOST_WHAT_IF if name == "what if" and by_case else None,
        )
    shares = [f"{percent} %" for percent in _PERCENTS]
    if by_case:
        shares = [shares[1], "from-to", *shares[2:]]
    for name in (*(("seeds",) if by_case else ()), "vehicles", *shares):
        table.add_column(heads.get(name, name), justify="right", no_wrap=by_case)
    under_hazard = any("households_not_out" in run.manifest for run in study.runs)
    for name in ("households\nnever safe", "vehicles\nin hazard") if under_hazard else ():
        table.add_column(name, justify="right")
    # Never squeezed out, however many columns vary.
    table.add_column(heads.get("trusted", "trusted"), overflow="fold", min_width=len("NO (1)"))
    return table


def _measures(runs: Sequence[evac.Run], *, by_case: bool) -> list[str]:
    """Return the cells of a row: one run's, or the medians of a case's, with the earliest and latest 90 % time."""
    manifests = [run.manifest for run in runs]
    times = {
        percent: [math.inf if (time_s := item[f"t{percent}_s"]) is None else time_s for item in manifests]
        for percent in _PERCENTS
    }
    cells = [time_or_never(statistics.median(found)) for found in times.values()]
    if by_case:
        cells[:2] = [cells[1], f"{time_or_never(min(times[90]))}-{time_or_never(max(times[90]))}"]
    caught = [
        f"{statistics.median(item[name] for item in manifests):,.0f}"
        for name in ("households_not_out", "exposed")
        if "households_not_out" in manifests[0]
    ]
    planned = statistics.median(item["planned"] for item in manifests)
    return [f"{planned:,.0f}", *cells, *caught]


@dataclass
class _Doubts:
    """The reasons why runs aren't trusted, each once, in the order of their numbers."""

    reasons: list[str] = field(default_factory=list)

    def of_run(self, run: evac.Run) -> str:
        """Return whether a run is trusted, with the number of the reason if not."""
        found = self._number(run)
        return f"NO ({found})" if found else "yes"

    def of_case(self, runs: Sequence[evac.Run]) -> str:
        """Return whether all runs of a case are trusted, else how many, with the numbers of the reasons."""
        found = [number for run in runs if (number := self._number(run))]
        if not found:
            return "yes"
        numbers = ", ".join(str(number) for number in sorted(set(found)))
        return f"NO ({numbers})" if len(found) == len(runs) else f"{len(runs) - len(found)} of {len(runs)} ({numbers})"

    def _number(self, run: evac.Run) -> int:
        """Return the number of the reason, from 1; 0 where there is none."""
        reason = "; ".join(run.reasons)
        if reason and reason not in self.reasons:
            self.reasons.append(reason)
        return self.reasons.index(reason) + 1 if reason else 0
