"""Latest safe orders as an official reads them at night: `0:40 h`, `at once`, `too late`, `no limit`."""

from __future__ import annotations

import pandas as pd

from evac import clock
from evac.report import text
from evac.report.words import mark, say
from evac.study.safe_order import SafeOrder

_ENDINGS = {"no limit": mark("no limit"), "too late": mark("too late")}


def order_words(minute: float | None, ending: str = "found", *, unit: bool = False) -> str:
    """Return when to order in words.

    Parameters
    ----------
    minute
        Minutes after the order; missing where there is none. At 0 it is to order at once, before that it is too late.
    ending
        How the search ended (`study.safe_order.Ending`); `found` for a minute that no search has found.
    unit
        Whether to say the time's unit: `0:40 h` where no table says what `0:40` is.
    """
    if ending in _ENDINGS:
        return say(_ENDINGS[ending])
    if minute is None or pd.isna(minute):
        return text.NONE
    whole = clock.minutes(minute * clock.MINUTE_S)
    if whole <= 0:
        return say("at once") if whole == 0 else say("too late")
    return (clock.clock if unit else clock.hours_minutes)(minute * clock.MINUTE_S)


def interval_words(order: SafeOrder) -> str:
    """Return the interval of a zone's latest safe order in words: `0:20 to 1:20`, `too late to 0:40`, `no limit`."""
    endings: set[str] = {latest.ending for latest in order.searches.values()}
    first = order_words(order.earliest_min, _open_end("too late", "no limit", endings, order.earliest_min))
    last = order_words(order.latest_min, _open_end("no limit", "too late", endings, order.latest_min))
    return first if first == last else say("{first} to {last}", first=first, last=last)


def _open_end(likely: str, other: str, endings: set[str], minute: float | None) -> str:
    """Return how the searches at one end of the interval ended."""
    if minute is not None:
        return "found"
    return likely if likely in endings else other


def hopeless_words(zone: str, never_out: int, households: int) -> str:
    """Return why no order of a zone is early enough: too many have no way out by then; its name is shown as it is."""
    return say(
        "{zone}: {never_out} of its {households} households have no way out at the order already, so that no order is "
        "early enough; “evac check” says where the map has none, and from when on the hazard closes roads.",
        zone=zone,
        never_out=f"{never_out:,}",
        households=f"{households:,}",
    )


def sequence_words(zone: str, minute: float) -> str:
    """Return a zone's place in the sequence: `Hill at once`, `Brook at 0:20 h`; the zone's name is shown as it is."""
    if clock.minutes(minute * clock.MINUTE_S) <= 0:
        return say("{zone} at once", zone=zone)
    return say("{zone} at {time}", zone=zone, time=order_words(minute, unit=True))
