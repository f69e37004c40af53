"""Numbers of things in sentences: with a comma for each thousand, and one of a thing is one."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """Return a number of things in words.

    Parameters
    ----------
    number
        How many.
    one, many
        What follows it, verb and all: of one, and of any other number.

    Examples
    --------
    >>> counted(1, "vehicle was", "vehicles were")
    '1 vehicle was'
    >>> counted(7980, "vehicle was", "vehicles were")
    '7,980 vehicles were'
    """
    return f"{number:,} {one if number == 1 else many}"
