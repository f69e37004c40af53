"""What a search is for, and how long it may take."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from evac.search.city import Budget
from evac.simulate.job import Case

_MOST_FRESH_SEEDS = 5


class TimeIsUp(Exception):  # noqa: N818 - nothing is wrong
    """The time that a search may take is over."""


@dataclass
class Patience:
    """How long a search may still take; for ever where `until_s` (of the steady clock) is None."""

    until_s: float | None = None

    def check(self) -> None:
        """Raise `TimeIsUp` when the time is over."""
        if self.until_s is not None and time.monotonic() >= self.until_s:
            raise TimeIsUp


@dataclass(frozen=True)
class Goal:
    """What a search is for.

    Parameters
    ----------
    vehicles, departure
        The case of the scenario.
    seeds
        The seeds, the first for screening, all for the last plans.
    budget
        What the city has.
    screen
        SUMO's model for screening.
    width
        How many runs go side by side.
    """

    vehicles: str
    departure: str
    seeds: tuple[int, ...]
    budget: Budget
    screen: Literal["micro", "meso"]
    width: int

    @property
    def fresh_seeds(self) -> tuple[int, ...]:
        """Seeds that have no part in choosing a plan: as many as have, five at most."""
        first = self.seeds[-1] + 1
        return tuple(range(first, first + min(len(self.seeds), _MOST_FRESH_SEEDS)))

    def case(self, plan: str, seed: int) -> Case:
        """Return the case of a plan and seed."""
        return Case(vehicles_per_household=self.vehicles, departure=self.departure, seed=seed, plan=plan)
