"""The report's words: every sentence stands in the code in English, and a city's `report.yaml` may say it otherwise."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

_Words = TypeVar("_Words", bound=str)
_SPOKEN: ContextVar[Mapping[str, str] | None] = ContextVar("spoken", default=None)


@contextmanager
def speaking(words: Mapping[str, str]) -> Iterator[None]:
    """Say everything inside of the context in these words, from the English ones; what isn't among them in English."""
    token = _SPOKEN.set(words)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def say(english: str, /, **values: object) -> str:
    """Return a sentence in the report's language, with values in the places that it names, such as `{plan}`."""
    words = (_SPOKEN.get() or {}).get(english, english)
    return words.format_map(values) if values else words


def mark(english: _Words, /) -> _Words:
    """Return the text as it is: words of a constant, which `say` says where they are shown."""
    return english


def places(words: str) -> set[str]:
    """Return the places that a sentence has for values: their names, and after a colon a form, if the place has one.

    Raises
    ------
    ValueError
        A brace without its partner.
    """
    return {
        name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        for _, name, form, conversion in string.Formatter().parse(words)
        if name is not None
    }
