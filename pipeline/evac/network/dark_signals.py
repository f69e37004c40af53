"""What holds at a signal that is dark: the law of the country."""

from __future__ import annotations

from typing import Literal

DarkSignal = Literal["unregulated", "all_way_stop"]

# California Vehicle Code 21800 (d) and the like in most states of the US; the drivers' handbooks of Canada's provinces.
# Elsewhere the Vienna Convention on Road Signs and Signals (1968) holds, or what is like it: the signs that stand at
# the junction are in force when its signal isn't.
_ALL_WAY_STOP = frozenset({"US", "CA"})


def dark_signal(country: str | None) -> DarkSignal:
    """Return what holds at dark signals in a country (ISO 3166); the signs where none is given."""
    return "all_way_stop" if country in _ALL_WAY_STOP else "unregulated"
