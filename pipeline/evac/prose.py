"""Words as a sentence has them."""

from __future__ import annotations


def begun(text: str) -> str:
    """Return a text with a capital letter at its beginning.

    Examples
    --------
    >>> begun("the road to Vaduz")
    'The road to Vaduz'
    """
    return text[:1].upper() + text[1:]
