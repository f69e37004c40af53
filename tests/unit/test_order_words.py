"""Latest safe orders in words that mean something at three in the morning."""

from __future__ import annotations

import pytest

from evac.report.order_words import interval_words, order_words, sequence_words
from evac.report.words import speaking
from evac.study.ordering import ZoneOrder
from evac.study.safe_order import Latest, Search, over_searches


@pytest.mark.parametrize(
    ("minute", "ending", "words"),
    [
        (40.0, "found", "0:40"),
        (92.5, "found", "1:33"),
        (0.0, "found", "at once"),
        (0.4, "found", "at once"),
        (-0.4, "found", "at once"),
        (-15.0, "found", "too late"),  # the formula subtracts more than there is
        (None, "too late", "too late"),
        (None, "no limit", "no limit"),
        (None, "found", "\N{EN DASH}"),
        (float("nan"), "found", "\N{EN DASH}"),
    ],
)
def test_a_minute_that_is_no_minute_to_wait_for_is_said_in_words(minute: float | None, ending: str, words: str) -> None:
    assert order_words(minute, ending) == words
    assert order_words(minute, ending, unit=True) == (f"{words}\N{NO-BREAK SPACE}h" if ":" in words else words)


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((Latest("found", 0.0), Latest("found", 40.0)), "at once to 0:40"),
        ((Latest("found", 0.0), Latest("found", 0.0)), "at once"),
        ((Latest("too late"), Latest("found", 0.0)), "too late to at once"),
        ((Latest("too late"), Latest("no limit")), "too late to no limit"),
        ((Latest("found", 20.0), Latest("no limit")), "0:20 to no limit"),
        ((Latest("no limit"), Latest("no limit")), "no limit"),
        ((Latest("too late"), Latest("too late")), "too late"),
    ],
)
def test_an_interval_is_said_by_its_ends(ends: tuple[Latest, Latest], words: str) -> None:
    found = {Search("A", seed): latest for seed, latest in enumerate(ends)}
    assert interval_words(over_searches("A", found)) == words


def test_the_sequence_says_at_once_and_speaks_the_report_s_language() -> None:
    assert sequence_words("Hill", 0.0) == "Hill at once"
    assert sequence_words("Hill", 20.0) == "Hill at 0:20\N{NO-BREAK SPACE}h"
    with speaking({"at once": "sofort", "{zone} at once": "{zone} sofort"}):
        assert (order_words(0.0), sequence_words("Hill", 0.0)) == ("sofort", "Hill sofort")


@pytest.mark.parametrize(("never_out", "share"), [(142, 0.95), (6, 1.0)])
def test_a_zone_is_hopeless_where_too_many_have_no_way_out_whatever_comes(never_out: int, share: float) -> None:
    order = over_searches("A", {Search("A", 0): Latest("too late")})
    assert ZoneOrder(order, None, None, None, never_out, 2565).is_hopeless(share)
    assert not ZoneOrder(order, None, None, None, 0, 2565).is_hopeless(share)
    assert not ZoneOrder(order, None, None, None, never_out, 2565).is_hopeless(share - 0.05)
