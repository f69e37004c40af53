"""What new homes do to the clearance times: the same cases with and without them.

California's AB 747 and Colorado's HB23-1075 ask for it.
"""

from __future__ import annotations

import pandas as pd

from evac import clock
from evac.report import text
from evac.report.answer import Sentence
from evac.report.results import CaseResult
from evac.report.words import say
from evac.study.development import Development

_COLUMNS = (
    *("plan", "vehicles_per_household", "departure", "fidelity", "new_homes", "seeds"),
    *("t90_without_s", "t90_with_s", "later_s", "later_half_width_s", "untrusted"),
)


def development_table(development: Development | None) -> pd.DataFrame:
    """Return a row a case of a report's development: `tables/development.csv`; none where it has none."""
    if development is None:
        return pd.DataFrame(columns=_COLUMNS)
    rows = [
        {
            **{name: getattr(item.without, name) for name in _COLUMNS[:4]},
            "new_homes": sum(development.homes.values()),
            "seeds": item.later.runs,
            "t90_without_s": item.without.interval.mean,
            "t90_with_s": item.with_homes.interval.mean,
            "later_s": item.later.mean,
            "later_half_width_s": item.later.half_width,
            "untrusted": item.untrusted,
        }
        for item in development.cases
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def in_a_line(development: Development | None, centre: CaseResult, end_h: float) -> Sentence | None:
    """Return what the new homes do in the headline's case; None where that isn't known."""
    shown = centre.shown
    wanted = (shown.plan, shown.vehicles_per_household, shown.departure, shown.fidelity)
    found = next((item for item in development.cases if item.case == wanted), None) if development else None
    if development is None or found is None:
        return None
    without, with_homes = found.without.interval, found.with_homes.interval
    values = {
        "homes": _in_words(development),
        "time": text.estimated(with_homes, end_h),
        "other": text.estimated(without, end_h),
    }
    words = say("With {homes}, 90 % are out after {time} instead of {other}.", **values)
    if found.later.mean is not None and found.later.low is None:
        words += " " + say("One simulation of each: what chance changes isn't known.")
    if found.later.mean is not None and found.later.low is not None and found.later.high is not None:
        low, high = (clock.span(end) for end in (found.later.low, found.later.high))
        words += " " + say("The difference is {low} to {high} (95 % interval).", low=low, high=high)
    doubt = say("runs that aren't trusted: {number}", number=found.untrusted) if found.untrusted else ""
    return Sentence(words, doubt)


def _in_words(development: Development) -> str:
    """Return the homes in words: `200 new homes in Höfle`."""
    parts = [
        say("{number} new homes in {zone}", number=text.count(number), zone=text.plain(zone))
        for zone, number in development.homes.items()
    ]
    return text.listing(parts)
