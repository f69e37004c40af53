"""One trust ledger of all simulations: what they have in common is said once, what they differ in from least to most.

The counts of each simulation are in tables/ledger.csv.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from evac.report import text
from evac.report.inputs import ReportInput
from evac.report.ledger_words import ledger_value, ledger_words
from evac.report.results import Result, case_words, programs, result_of
from evac.report.words import say

_TEXTS = ("trusted", "reasons", "caveats", "warnings")
"""What a ledger says in words, beside its counts."""
_ELSEWHERE = ("planned", "vehicles", "junctions_off")
"""What stands in the table of all cases, or among the caveats."""
_MOST_NAMED, _MOST_PLACES = 2, 6
_LIMIT = "limits: "
_TOLD_WHERE_NONE = (
    *("teleports", "gridlock_events", "gridlock_unresolved", "stuck", "collisions", "emergency_stops"),
    *("never_inserted", "no_route", "still_driving", "taken_out", "unconnected_households"),
    *("left_by_another_exit", "lanes_over_limit", "households_counted_twice"),
)
"""What an official wants to read that it never happened; other counts that are nothing stay in the table."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Count:
    """Something that simulations differ in: its name, its least and most, and in which simulations it is most."""

    name: str
    least: str
    most: str
    where: str


@dataclass(frozen=True)
class Said:
    """A sentence that a ledger has, and in which simulations it stands."""

    words: str
    where: str


@dataclass(frozen=True)
class Ledger:
    """The ledgers of all simulations in one.

    Parameters
    ----------
    simulations
        How many there are.
    nothing
        What was counted and never found.
    alike
        What is the same in all, with its value.
    limits
        How much of what a simulation may have and still be trusted.
    differing
        What isn't.
    caveats
        What to bear in mind.
    warnings
        SUMO's warnings by kind; `where` says how many a simulation has.
    """

    simulations: int
    nothing: list[str]
    alike: list[tuple[str, str]]
    limits: list[tuple[str, str]]
    differing: list[Count]
    caveats: list[Said]
    warnings: list[Said]


def ledger(report: ReportInput) -> Ledger:
    """Return the ledgers of all simulations as one."""
    runs = report.runs
    counts = {run.job: dict(_flat(run.ledger)) for run in runs}
    keys = dict.fromkeys(key for run in runs for key in counts[run.job])
    nothing, alike, limits, differing = [], [], [], []
    for key in keys:
        if key.partition(": ")[0] in _ELSEWHERE:
            continue
        values = [counts[run.job].get(key, 0) for run in runs]
        if key.startswith(_LIMIT):
            name = key.removeprefix(_LIMIT).removesuffix("_share")
            limits.append(
                (ledger_words(name), text.percent(max(values)) if key.endswith("_share") else ledger_value(max(values)))
            )
        elif not any(values):
            nothing += [ledger_words(key)] if key in _TOLD_WHERE_NONE else []
        elif all(value == values[0] for value in values):
            alike.append((ledger_words(key), ledger_value(values[0])))
        else:
            differing.append(_count(report, ledger_words(key), values))
    return Ledger(
        simulations=len(runs),
        nothing=nothing,
        alike=alike,
        limits=limits,
        differing=differing,
        caveats=_caveats(report),
        warnings=_warnings(report),
    )


def ledger_table(report: ReportInput) -> pd.DataFrame:
    """Return the counts of each simulation, a row a simulation: what `ledger.json` has, without its sentences."""
    rows = []
    for run in report.runs:
        case = run.case
        named = {"job": run.job, **asdict(case), "trusted": run.ledger["trusted"]}
        counts = {key.replace(": ", "."): _cell(value) for key, value in _flat(run.ledger)}
        rows.append({**named, **counts})
    return pd.DataFrame(rows)


def not_whole(report: ReportInput) -> list[Result]:
    """Return the simulations in which not all planned vehicles are out, that aren't trusted, or that hold others."""
    found = [result_of(run) for run in report.runs]
    return [item for item in found if item.evacuated < item.planned or item.doubt or item.shadow]


def simulation_words(report: ReportInput, result: Result) -> str:
    """Return what tells a simulation from the others of a report: its case, seed, lanes and signals."""
    words = [case_words(report, result), say("seed {seed}", seed=result.seed)]
    if result.capacity_factor != 1.0:
        words.append(say("lane capacity × {factor}", factor=result.capacity_factor))  # noqa: RUF001
    if result.signals:
        words.append(programs(result.signals))
    return ", ".join(words)


def _flat(counts: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in counts.items():
        if key in _TEXTS and not within:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{within}{key}: ")
        else:
            yield f"{within}{key}", value


def _cell(value: object) -> object:
    return ledger_value(value) if isinstance(value, list | tuple) else value


def _count(report: ReportInput, name: str, values: Sequence[Any]) -> Count:
    if any(isinstance(value, list | tuple | str) for value in values):
        found = Counter(ledger_value(value or ()) for value in values)
        several = "; ".join(f"{value} ({number})" for value, number in found.items())
        return Count(name, text.NONE, text.plain(several, 300), text.NONE)
    most = max(values)
    at_most = [run.job for run, value in zip(report.runs, values, strict=True) if value == most]
    return Count(name, ledger_value(min(values)), ledger_value(most), _where(report, at_most, named=True))


def _caveats(report: ReportInput) -> list[Said]:
    """Return the caveats, those of most simulations first; what differs in its numbers, or its place, is one."""
    found = [
        (_one_of(list(having.values()), kind), list(having))
        for kind, having in _having(report, "caveats", _kind).items()
    ]
    about: dict[str, list[tuple[str, list[str]]]] = {}
    for words, having in found:
        place, _, what = words.rpartition(": ")
        about.setdefault(what, []).append((place, having))
    rows = []
    for what, places in about.items():
        jobs = {job for _, having in places for job in having}
        named = [place for place, _ in places if place]
        rows.append((f"{what}: {_some(named)}" if len(named) > 1 else ": ".join([*named, what]), jobs))
    return [Said(words, _where(report, jobs)) for words, jobs in sorted(rows, key=lambda row: -len(row[1]))]


def _some(places: Sequence[str]) -> str:
    shown, more = "; ".join(places[:_MOST_PLACES]), len(places) - _MOST_PLACES
    return say("{places}; and {number} more", places=shown, number=more) if more > 0 else shown


def _kind(words: str) -> str:
    """Return a caveat without numbers where it, or what it says of a place, begins with one: each has its own."""
    place, _, what = words.rpartition(": ")
    if words[:1].isdigit():
        return _NUMBER.sub("…", words)
    return f"{place}: {_NUMBER.sub('…', what)}" if what[:1].isdigit() else words


def _one_of(texts: Sequence[str], kind: str) -> str:
    """Return a text as it is where all are the same, else what they have in common (`some vehicles`)."""
    if len(set(texts)) == 1:
        return texts[0]
    place, colon, what = kind.rpartition(": ")
    return f"{place}{colon}{say('some')}{what[1:]}" if what.startswith("…") else kind


def _having(report: ReportInput, which: str, kind_of: Callable[[str], str]) -> dict[str, dict[str, str]]:
    """Return, for each kind of sentence of the ledgers, the simulations (jobs) that have one, with the sentence."""
    found: dict[str, dict[str, str]] = {}
    for run in report.runs:
        for words in run.ledger[which]:
            found.setdefault(kind_of(words), {})[run.job] = words
    return found


def _where(report: ReportInput, jobs: Collection[str], *, named: bool = False) -> str:
    """Return in which simulations something is: by name where few have it and it matters, else how many."""
    if len(jobs) == len(report.runs):
        return say("in all")
    if named and len(jobs) <= _MOST_NAMED:
        return "; ".join(simulation_words(report, result_of(run)) for run in report.runs if run.job in jobs)
    return say("in {number} of {all}", number=len(jobs), all=len(report.runs))


def _warnings(report: ReportInput) -> list[Said]:
    kinds = dict.fromkeys(kind for run in report.runs for kind in run.ledger["warnings"])
    found = []
    for kind in kinds:
        numbers = [run.ledger["warnings"].get(kind, 0) for run in report.runs]
        low, high = text.count(min(numbers)), text.count(max(numbers))
        each = (
            say("{number} in each", number=high) if low == high else say("{low} to {high} in each", low=low, high=high)
        )
        found.append(Said(kind, each))
    return found
