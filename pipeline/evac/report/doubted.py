"""Why cases aren't trusted, for the foot of the first page: each reason once, with the cases that have it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from evac.report import text
from evac.report.answer import plan_name
from evac.report.inputs import ReportInput
from evac.report.ledger import Said
from evac.report.results import CaseResult, case_words
from evac.report.words import say

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_AND = "; "
"""What stands between the reasons of a case."""
_TOLD = "†"
_MOST_REASONS, _MOST_NAMED = 4, 4


def doubted(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> list[Said]:
    """Return why cases aren't trusted: what the headline's case has, then the reasons of most cases first.

    Reasons that differ in their numbers are one. Those of the headline's case stand beside its number already, and are
    told by the sign that they have there.
    """
    told = {_kind(reason) for result in centre.seeds for reason in result.reasons}
    found: dict[str, dict[int, str]] = {}
    for number, case in enumerate(cases):
        for reason in (reason for result in case.seeds for reason in result.reasons):
            kind = _kind(reason)
            found.setdefault(_TOLD if kind in told else kind, {}).setdefault(number, reason)
    kinds = sorted(found, key=lambda kind: (kind != _TOLD, -len(found[kind])))
    rows = [Said(_words(kind, found[kind].values()), _where(report, cases, found[kind])) for kind in kinds]
    more = len(rows) - _MOST_REASONS
    if more > 0:
        rows[_MOST_REASONS:] = [Said(say("more reasons, each beside its number"), text.count(more))]
    return rows


def is_told(reason: str, told: str) -> bool:
    """Return whether all that a reason says has been told by another, in whatever numbers."""
    return set(map(_kind, reason.split(_AND))) <= set(map(_kind, told.split(_AND)))


def _kind(reason: str) -> str:
    """Return a reason without its numbers, and without the seed that it is of."""
    return _NUMBER.sub("…", reason).removeprefix(_NUMBER.sub("…", say("seed {seed}", seed=0)) + ": ")


def _words(kind: str, texts: Collection[str]) -> str:
    """Return one reason for all of its kind."""
    if kind == _TOLD:
        return say("† as at the answer")
    first = text.plain(next(iter(texts)), 300)
    return first if len(set(texts)) == 1 else say("{reason}, or other numbers", reason=first)


def _where(report: ReportInput, cases: Sequence[CaseResult], having: Collection[int]) -> str:
    if len(having) == len(cases):
        return say("all cases")
    if len(having) <= _MOST_NAMED:
        return "; ".join(_named(report, case) for number, case in enumerate(cases) if number in having)
    return say("{number} of {all} cases", number=len(having), all=len(cases))


def _named(report: ReportInput, case: CaseResult) -> str:
    """Return a case in words, its plan by what people call it."""
    return case_words(report, replace(case.shown, plan=plan_name(report, case.shown.plan)))
