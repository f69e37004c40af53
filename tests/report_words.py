"""A report in which every text of the catalogue is replaced by a mark, to find what doesn't come from there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evac.report.catalogue import catalogue
from evac.report.inputs import ReportInput
from evac.report.words import places

MARK = "¤"
_WORD = re.compile(r"[A-Za-z]{3,}")
_SYMBOLS = {"min", "mph", "SUMO", "evac", "OpenStreetMap"}
"""Units and names that are the same in every language."""


def marks() -> dict[str, str]:
    """Return, for every text of the catalogue, a mark around the places for its values."""
    return {
        english: MARK + MARK.join(f"{{{name}}}" for name in sorted(places(english))) + MARK for english in catalogue()
    }


def data_of(report: ReportInput) -> list[str]:
    """Return other people's text in a report: names from files and from the map, and what earlier stages wrote."""
    runs = report.runs
    found = {report.scenario.name, report.scenario.note, report.attribution}
    found |= {spot.name for spot in report.exits} | set(report.edges["name"]) | set(report.zones["zone"])
    found |= set(report.streets["name"])
    found |= {item.text for item in report.findings} | {*report.sources.values()}
    found |= {run.case.plan for run in runs} | {run.case.departure for run in runs}
    found |= {text for run in runs for kind in ("reasons", "caveats", "warnings") for text in run.ledger[kind]}
    found |= {lane["bottleneck"] for run in runs for lane in run.manifest["lanes"]}
    found |= {report.scenario.households.zones.file.name, report.scenario.households.zones.count}
    found |= {
        str(getattr(report.scenario.exits, "at_least", "")),
        report.scenario.driver.profile,
        *(run.case.fidelity for run in runs),
    }
    if report.ways_out is not None:
        found |= {item.name for item in report.ways_out.exits}
        found |= {words for item in report.ways_out.record.none for words in (item.label, item.reason)}
    for plan in report.plans.values():
        found |= {plan.key, plan.name, plan.note, *plan.actions, *(change.place for change in plan.changes)}
    return sorted(found - {""}, key=len, reverse=True)


def english_left(texts: Iterable[str], data: Iterable[str]) -> list[str]:
    """Return the texts with a word that is neither data nor a symbol: something that can't be translated."""
    known = list(data)
    left = []
    for text in texts:
        rest = " ".join(text.split())
        for words in known:
            rest = rest.replace(" ".join(words.split()), " ")
        if set(_WORD.findall(rest)) - _SYMBOLS:
            left.append(rest)
    return left
