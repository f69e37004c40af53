"""Roads without a name, in words."""

from __future__ import annotations

import re

from evac.prose import begun

_ARTICLES = {
    "an": re.compile(r"^unnamed "),
    "the": re.compile(r"^(road|ramp) (to|from) "),
    "a": re.compile(r"^(road|ramp) without a name$"),
}
"""The article of what no sign would show: as `unnamed` and `network.street_names` have it."""


def unnamed(highway: str) -> str:
    """Return what a road without a name is called, by its OpenStreetMap `highway` class.

    Examples
    --------
    >>> unnamed("motorway_link")
    'unnamed motorway link road'
    """
    return f"unnamed {highway.replace('_', ' ')} road"


def in_prose(road: str) -> str:
    """Return a road's name as a sentence has it: with an article where it is none that a sign would show.

    Examples
    --------
    >>> in_prose("unnamed primary road off Schaaner Strasse")
    'an unnamed primary road off Schaaner Strasse'
    >>> in_prose("road to Vaduz")
    'the road to Vaduz'
    >>> in_prose("Main Street")
    'Main Street'
    """
    article = next((article for article, nameless in _ARTICLES.items() if nameless.match(road)), "")
    return f"{article} {road}".strip()


def beginning(road: str) -> str:
    """Return a road's name as it begins a sentence."""
    return begun(in_prose(road))
