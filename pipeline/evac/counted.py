"""Numbers of things in sentences: with a comma for each thousand, and one of a thing is one."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number of things in words.

    Parameters
    ----------
    number
        How many.
    one, many
        What follows it, verb and all: of one, and of any other number, which is the same with an s when left out.

    Examples
    --------
    >>> counted(1, "vehicle was", "vehicles were")
    '1 vehicle was'
    >>> counted(7980, "vehicle")
    '7,980 vehicles'
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
