"""When exits are closed, in words: a map that shows one as open would send people there."""

from __future__ import annotations

import math
from collections.abc import Iterable

from evac import clock
from evac.report.words import say
from evac.study.closed_exits import ClosedExit


def when_closed(item: ClosedExit) -> str:
    """Return when an exit is closed, for people."""
    begins, ends = clock.clock(item.from_s), clock.clock(item.until_s) if item.until_s < math.inf else ""
    if not ends:
        return say("closed from {time} on", time=begins) if item.from_s > 0 else say("closed")
    if item.from_s <= 0:
        return say("closed until {time}", time=ends)
    return say("closed from {time} until {end}", time=begins, end=ends)


def closed_words(closed: Iterable[ClosedExit], name: str) -> str:
    """Return when the exit of a name is closed, for people; empty where it never is."""
    return ", ".join(when_closed(item) for item in closed if item.exit == name)
