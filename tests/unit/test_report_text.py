from __future__ import annotations

import math

import pytest

from evac import clock
from evac.report import text

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 min"),
        (29.9, "0 min"),
        (30, "1 min"),
        (3569, "59 min"),
        (3570, "1:00 h"),
        (12_600, "3:30 h"),
        (-600, "\u221210 min"),
        (-3900, "\u22121:05 h"),
        (-29, "0 min"),
    ],
)
def test_a_span_is_rounded_to_the_minute(seconds: float, words: str) -> None:
    assert clock.span(seconds) == words.replace(" ", NBSP)


def test_an_evacuation_that_is_not_over_is_said_so() -> None:
    assert text.clearance(None, 24.0) == f"not cleared by 24{NBSP}h"
    assert text.clearance(5400, 24.0) == f"1:30{NBSP}h"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0:00"), (3929, "1:05"), (3991, "1:07"), (2700, "0:45"), (-600, "\u22120:10"), (-29, "0:00")],
)
def test_a_moment_is_hours_and_minutes(seconds: float, words: str) -> None:
    assert clock.hours_minutes(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(720, "+12 min"), (3900, "+1:05 h"), (0, "0 min"), (29, "0 min"), (-240, "\u22124 min")]
)
def test_a_change_of_a_time_has_its_sign(seconds: float, words: str) -> None:
    assert clock.change(seconds) == words.replace(" ", NBSP)


def test_times_that_are_shown_differ_by_what_is_shown() -> None:
    assert clock.between(3991, 3929) == 120.0
    assert clock.between(3989, 3931) == 0.0


@pytest.mark.parametrize(
    ("share", "words"), [(1.0, "100 %"), (0.99999, "99.9 %"), (0.00001, "0.1 %"), (0.0, "0 %"), (0.5, "50.0 %")]
)
def test_only_the_whole_is_100_percent(share: float, words: str) -> None:
    assert text.percent(share) == words.replace(" ", NBSP)


def test_a_rate_that_is_not_there_is_a_dash() -> None:
    assert text.rate(None) == text.rate(math.nan) == text.NONE
    assert text.rate(18.25) == "18.2"


@pytest.mark.parametrize(
    "cell", ['=HYPERLINK("http://x")', "+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "\u00a0=1", "\uff1dSUM(1)"]
)
def test_formulas_become_text(cell: str) -> None:
    assert text.csv_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["East Blithedale", "1.5", "A=B", ""])
def test_harmless_cells_stay(cell: str) -> None:
    assert text.csv_cell(cell) == cell


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\x", "a/b", "", "..", "東京", "slow <b>", "x" * 300, "nul\0l"]
)
def test_file_names_stay_in_their_folder(name: str) -> None:
    safe = text.file_name(name)
    assert safe
    assert len(safe) < 80
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_file_names_keep_names_apart() -> None:
    names = ["a b", "a-b", "a/b", "A-B", "東京", "京東", "x" * 100, "x" * 101]
    assert len({text.file_name(name) for name in names}) == len(names)
    assert text.file_name("a-b") == "a-b"


def test_plain_takes_out_what_moves_other_text() -> None:
    assert text.plain("a\nb\u202ec\x00d\u2066 ") == "a bc d"
    assert text.plain("x" * 30, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//x", "", None, " https://x"])
def test_only_web_addresses_are_linked(url: str | None) -> None:
    assert text.web_link(url) is None


def test_web_addresses_are_linked() -> None:
    assert text.web_link("https://www.openstreetmap.org/#map=18/1/2") is not None


def test_listing() -> None:
    assert [text.listing(list("abc"[:number])) for number in range(4)] == ["", "a", "a and b", "a, b and c"]
