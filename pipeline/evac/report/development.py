"""What new homes do to the clearance times: the same cases with and without them.

California's AB 747 and Colorado's HB23-1075 ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evac import clock
from evac.report import text
from evac.report.answer import Sentence
from evac.report.results import CaseResult
from evac.report.words import say
from evac.statistics import Interval
from evac.study.comparing import Cell, cells_of
from evac.study.runs import Run

_COLUMNS = (
    *("plan", "vehicles_per_household", "departure", "fidelity", "new_homes", "seeds"),
    *("t90_without_s", "t90_with_s", "later_s", "later_half_width_s", "untrusted"),
)


@dataclass(frozen=True)
class Compared:
    """A case without and with the new homes."""

    without: Cell
    with_homes: Cell

    @property
    def later(self) -> Interval:
        """How much later 90 % are out with them, seed by seed (s)."""
        return self.with_homes.less(self.without)

    @property
    def untrusted(self) -> int:
        """Runs of the two that aren't trusted."""
        return len(self.without.untrusted) + len(self.with_homes.untrusted)


@dataclass(frozen=True)
class Development:
    """New homes, and the cases that were simulated with and without them.

    Parameters
    ----------
    homes
        How many, by zone.
    cases
        The cases.
    """

    homes: Mapping[str, int]
    cases: tuple[Compared, ...]

    @property
    def words(self) -> str:
        """The homes in words: `200 new homes in Höfle`."""
        parts = [
            say("{number} new homes in {zone}", number=text.count(number), zone=text.plain(zone))
            for zone, number in self.homes.items()
        ]
        return text.listing(parts)

    def table(self) -> pd.DataFrame:
        """Return a row a case: `tables/development.csv`."""
        rows = [
            {
                **{name: getattr(item.without, name) for name in _COLUMNS[:4]},
                "new_homes": sum(self.homes.values()),
                "seeds": item.later.runs,
                "t90_without_s": item.without.interval.mean,
                "t90_with_s": item.with_homes.interval.mean,
                "later_s": item.later.mean,
                "later_half_width_s": item.later.half_width,
                "untrusted": item.untrusted,
            }
            for item in self.cases
        ]
        return pd.DataFrame(rows, columns=_COLUMNS)


def development_of(homes: Mapping[str, int], without: Sequence[Run], with_homes: Sequence[Run]) -> Development:
    """Return the cases that both studies have."""
    others = {_key(cell): cell for cell in cells_of(with_homes)}
    pairs = [(cell, others[_key(cell)]) for cell in cells_of(without) if _key(cell) in others]
    return Development(dict(homes), tuple(Compared(*pair) for pair in pairs))


def development_table(development: Development | None) -> pd.DataFrame:
    """Return the rows of a report's development; none where it has none."""
    return pd.DataFrame(columns=_COLUMNS) if development is None else development.table()


def in_a_line(development: Development | None, centre: CaseResult, end_h: float) -> Sentence | None:
    """Return what the new homes do in the headline's case; None where that isn't known."""
    shown = centre.shown
    wanted = (shown.plan, shown.vehicles_per_household, shown.departure, shown.fidelity)
    found = next((item for item in development.cases if _key(item.without) == wanted), None) if development else None
    if development is None or found is None:
        return None
    without, with_homes = found.without.interval, found.with_homes.interval
    values = {
        "homes": development.words,
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


def _key(cell: Cell) -> tuple[str, str, str, str]:
    return cell.plan, cell.vehicles_per_household, cell.departure, cell.fidelity
