"""A development: the same cases with and without new homes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evac.statistics import Interval
from evac.study.comparing import Cell, cells_of
from evac.study.runs import Run


@dataclass(frozen=True)
class Compared:
    """A case without and with the new homes."""

    without: Cell
    with_homes: Cell

    @property
    def case(self) -> tuple[str, str, str, str]:
        """The case of both: plan, vehicles per household, departure curve and fidelity."""
        return _case(self.without)

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


def development_of(homes: Mapping[str, int], without: Sequence[Run], with_homes: Sequence[Run]) -> Development:
    """Return the cases that both studies have."""
    others = {_case(cell): cell for cell in cells_of(with_homes)}
    pairs = [(cell, others[_case(cell)]) for cell in cells_of(without) if _case(cell) in others]
    return Development(dict(homes), tuple(Compared(*pair) for pair in pairs))


def _case(cell: Cell) -> tuple[str, str, str, str]:
    return cell.plan, cell.vehicles_per_household, cell.departure, cell.fidelity
