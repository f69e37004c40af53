"""The page's words: every sentence stands in its scripts in English, in `say("…")`, and may be said otherwise."""

from __future__ import annotations


def spoken() -> dict[str, str]:
    """Return other words for the page's texts, from the English ones."""
    return {}
