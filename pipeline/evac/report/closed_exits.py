"""Which exits of a report are closed, and when, in words: a map that shows one as open would send people there.

`evac.study.closed_exits` finds them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from evac import clock
from evac.report.words import say


@dataclass(frozen=True)
class ClosedExit:
    """An exit that nobody can leave by for a time.

    Parameters
    ----------
    name
        The exit.
    from_s, until_s
        When (s after the order); infinite when it stays closed.
    """

    name: str
    from_s: float
    until_s: float = math.inf

    def holds(self, time_s: float) -> bool:
        """Return whether it is closed at a time (s after the order)."""
        return self.from_s <= time_s < self.until_s

    @property
    def words(self) -> str:
        """When it is closed, for people."""
        begins, ends = clock.clock(self.from_s), clock.clock(self.until_s) if self.until_s < math.inf else ""
        if not ends:
            return say("closed from {time} on", time=begins) if self.from_s > 0 else say("closed")
        if self.from_s <= 0:
            return say("closed until {time}", time=ends)
        return say("closed from {time} until {end}", time=begins, end=ends)


def closed_words(closed: Iterable[ClosedExit], name: str) -> str:
    """Return when an exit is closed, for people; empty where it never is."""
    return ", ".join(item.words for item in closed if item.name == name)
