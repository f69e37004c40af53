"""Units of time, and times as people read them, one way everywhere: `1:07 h` after the order, `12 min` long.

Times are rounded to the minute, and a difference of two times that are shown is the difference of what is shown: 1:05
against 1:07 is two minutes.
"""

from __future__ import annotations

import math

MINUTE_S, HOUR_S = 60, 3600
HOUR_MIN = 60
"""Minutes in an hour."""
NO_BREAK = "\u00a0"
_MINUS = "\u2212"


def minutes(seconds: float) -> int:
    """Return a time in whole minutes, half a minute rounded away from zero."""
    size = math.floor(abs(seconds) / MINUTE_S + 0.5)
    return -size if seconds < 0 else size


def hours_minutes(seconds: float) -> str:
    """Return a time as hours and minutes: `1:07`, `0:45`, `\u22120:10`."""
    whole = minutes(seconds)
    hours, rest = divmod(abs(whole), HOUR_MIN)
    return f"{_MINUS if whole < 0 else ''}{hours}:{rest:02d}"


def clock(seconds: float) -> str:
    """Return a moment after the order: `1:07 h`."""
    return f"{hours_minutes(seconds)}{NO_BREAK}h"


def span(seconds: float) -> str:
    """Return how long something lasts: `45 min`, `1:12 h`, `\u221210 min`."""
    whole = minutes(seconds)
    if abs(whole) >= HOUR_MIN:
        return clock(seconds)
    return f"{_MINUS if whole < 0 else ''}{abs(whole)}{NO_BREAK}min"


def change(seconds: float) -> str:
    """Return by how much a time changes: `+12 min`, `\u22121:05 h`, `0 min`."""
    return f"+{span(seconds)}" if minutes(seconds) > 0 else span(seconds)


def while_words(from_s: float, until_s: float | None = None) -> str:
    """Return from when until when something holds: `from 0:20 h on`, `until 1:30 h`; nothing where it always does."""
    ends = until_s is not None and until_s < math.inf
    if from_s <= 0:
        return f"until {clock(until_s)}" if until_s is not None and ends else ""
    return (
        f"from {clock(from_s)} until {clock(until_s)}" if until_s is not None and ends else f"from {clock(from_s)} on"
    )


def between(after_s: float, before_s: float) -> float:
    """Return how much later one time is than another as both are shown: whole minutes, in seconds."""
    return float((minutes(after_s) - minutes(before_s)) * MINUTE_S)


def next_multiple(now_s: float, every_s: float) -> float:
    """Return the next time after now that is a multiple of a span."""
    return (now_s // every_s + 1.0) * every_s
